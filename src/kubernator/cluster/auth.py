"""Who we say that we are: headers and a client certificate, and what to do when the server does not believe them."""

from __future__ import annotations

import base64
import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from kubernator.cluster.kubeconfig import UserEntry
    from kubernator.redaction import Secrets
    from kubernator.transport import ClientCertificate

__all__ = ["Credentials", "Fixed", "Login", "TokenFile", "basic", "bearer", "impersonation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Credentials as they go into one request."""

    headers: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, repr=False)
    certificate: ClientCertificate | None = None


class Credentials(Protocol):
    """A source of credentials. Safe to use from several threads.

    Raises `errors.Unauthorized` when they cannot be had.
    """

    def login(self) -> Login:
        """Return credentials that should be good now."""

    def rejected(self, login: Login) -> bool:
        """Hear that the server answered 401, and say whether `login` may return better ones from now on."""


class Fixed:
    """Credentials that never change."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def login(self) -> Login:
        """Return them."""
        return self._login

    def rejected(self, login: Login) -> bool:  # noqa: ARG002 - there is nothing better
        """Say that there is nothing better."""
        return False


class TokenFile:
    """A token in a file that somebody else renews, as a pod's service account token is.

    It is read again after a minute, and after a 401.
    """

    INTERVAL: Final = 60.0

    def __init__(
        self, path: Path, *, base: Login, secrets: Secrets, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._base = base
        self._secrets = secrets
        self._clock = clock
        self._lock = threading.Lock()
        self._login: Login | None = None
        self._read_at = 0.0

    def login(self) -> Login:
        """Return the token, read again when it is a minute old; when that fails the old one goes on to be used."""
        with self._lock:
            if self._login is None or self._clock() - self._read_at >= self.INTERVAL:
                self._read()
            assert self._login is not None  # noqa: S101 - or _read raised
            return self._login

    def rejected(self, login: Login) -> bool:
        """Read the file again and say whether the token is another."""
        with self._lock:
            if self._login == login:
                self._read()
            return self._login != login

    def _read(self) -> None:
        try:
            token = self._path.read_text(encoding="utf-8").strip()
            reason = "" if token else "it is empty"
        except (OSError, UnicodeDecodeError) as error:
            token, reason = "", (error.strerror or "") if isinstance(error, OSError) else "it is not UTF-8"
        if not token and self._login is None:
            raise errors.Unauthorized(f"the token file `{self._path}` cannot be read: {reason}")
        self._read_at = self._clock()
        if token:
            headers = {**self._base.headers, **bearer(token, secrets=self._secrets)}
            self._login = Login(headers=headers, certificate=self._base.certificate)


def bearer(token: str, *, secrets: Secrets) -> dict[str, str]:
    """Return the header for a token, and declare it a secret."""
    token = token.strip()
    secrets.add(token)
    return {"Authorization": f"Bearer {token}"}


def basic(username: str, password: str, *, secrets: Secrets) -> dict[str, str]:
    """Return the header for a name and a password, and declare it a secret in both its forms."""
    secrets.add(password)
    secrets.add(f"{username}:{password}")  # what stands base64-coded in the header
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


_NOT_TOKEN: Final = re.compile(rb"[^!#$&'*+\-.^_`|~0-9A-Za-z]")


def impersonation(user: UserEntry) -> dict[str, str | tuple[str, ...]]:
    """Return the headers of *user impersonation* (API concept of that name)."""
    if not user.impersonate:
        return {}
    headers: dict[str, str | tuple[str, ...]] = {"Impersonate-User": user.impersonate}
    if user.impersonate_uid:
        headers["Impersonate-Uid"] = user.impersonate_uid
    if user.impersonate_groups:
        headers["Impersonate-Group"] = user.impersonate_groups
    for key, values in user.impersonate_extra:
        name = _NOT_TOKEN.sub(lambda match: b"%%%02X" % match.group()[0], key.encode()).decode()
        headers[f"Impersonate-Extra-{name}"] = values
    return headers
