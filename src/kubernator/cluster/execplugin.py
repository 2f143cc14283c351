"""Credentials from a program: client-go's *exec credential plugins*, ``client.authentication.k8s.io`` v1 and v1beta1.

The program is run when credentials are first needed, when they have expired, and once after a 401; by one thread, the
others wait for what it gets. Source: Kubernetes documentation, *Authenticating*, "client-go credential plugins".
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.cluster import auth
from kubernator.transport import ClientCertificate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.cluster.kubeconfig import ClusterEntry, ExecEntry
    from kubernator.redaction import Secrets

__all__ = ["ExecPlugin", "execute"]

#: A plugin may wait for a person who logs in at a browser.
TIMEOUT: Final = 300.0


def execute(argv: list[str], env: Mapping[str, str], *, interactive: bool, hint: str, secrets: Secrets) -> str:
    """Run a plugin and return what it wrote to stdout; its stderr goes to ours, as people are asked things there.

    Raises `errors.ToolError` and its kin, `errors.TimedOut` after five minutes.
    """
    from kubernator.tools import process  # noqa: PLC0415 - most clusters need no program

    if not interactive:
        return process.run(
            argv,
            env=env,
            timeout=TIMEOUT,
            secrets=secrets,
            hint=hint,
            on_stderr=lambda line: _say(secrets.redact(line)),
        ).stdout
    lines: list[str] = []
    # In our process group, or it could not read from the terminal.
    running = process.spawn(
        argv, env=env, stdin=sys.stdin, stdout=lines.append, stderr=sys.stderr, group=False, hint=hint
    )
    try:
        code = running.wait(TIMEOUT)
    except process.TimeoutExpired:
        raise errors.TimedOut(f"`{os.path.basename(argv[0])}` did not end within {TIMEOUT:g} s") from None  # noqa: PTH119
    finally:
        running.terminate()
    if code:
        raise errors.ToolFailed(f"`{argv[0]}` failed", argv=argv, code=code)
    return "".join(lines)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class ExecPlugin:
    """See `auth.Credentials`. ``run`` is `execute`; ``terminal`` says whether a person can be asked."""

    def __init__(
        self,
        entry: ExecEntry,
        *,
        cluster: ClusterEntry,
        base: auth.Login,
        secrets: Secrets,
        run: Callable[..., str] = execute,
        terminal: Callable[[], bool] = lambda: sys.stdin is not None and sys.stdin.isatty(),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._entry = entry
        self._cluster = cluster
        self._base = base
        self._secrets = secrets
        self._run = run
        self._terminal = terminal
        self._clock = clock
        self._lock = threading.Lock()
        self._login: auth.Login | None = None
        self._expires: datetime | None = None

    def login(self) -> auth.Login:
        """Return what the plugin gave, asking it again when that has expired."""
        with self._lock:
            if self._login is None or (self._expires is not None and self._clock() >= self._expires):
                self._refresh()
            assert self._login is not None  # noqa: S101 - or _refresh raised
            return self._login

    def rejected(self, login: auth.Login) -> bool:
        """Ask the plugin again, unless another thread has done so since these credentials were handed out."""
        with self._lock:
            if self._login is login:  # the same token may come again, and is not asked for once for each thread
                self._refresh()
            return True

    def _refresh(self) -> None:
        entry = self._entry
        interactive = self._interactive()
        try:
            said = self._run(
                [entry.command, *entry.args],
                {**os.environ, **dict(entry.env), "KUBERNETES_EXEC_INFO": self._info(interactive=interactive)},
                interactive=interactive,
                hint=entry.install_hint,
                secrets=self._secrets,
            )
        except errors.ToolNotFound as error:
            raise self._failed(
                "is missing", detail=[("reason", error.title)], hint=entry.install_hint or error.hint
            ) from None
        except (errors.ToolError, errors.TimedOut) as error:
            # The command line stays out: arguments of plugins have been seen to hold credentials.
            detail = [pair for pair in error.detail if pair[0] != "command"]
            raise self._failed("failed", detail=detail or [("reason", error.title)], hint=entry.install_hint) from None
        self._take(self._parsed(said))

    def _interactive(self) -> bool:
        match self._entry.interactive_mode:
            case "Never":
                return False
            case "Always" if not self._terminal():
                raise self._failed("needs a terminal to ask you something (`interactiveMode: Always`)")
            case "Always":
                return True
            case _:
                return self._terminal()

    def _info(self, *, interactive: bool) -> str:
        spec: dict[str, Any] = {"interactive": interactive}
        if self._entry.provide_cluster_info:
            spec["cluster"] = self._cluster_info()
        return json.dumps({"apiVersion": self._entry.api_version, "kind": "ExecCredential", "spec": spec})

    def _cluster_info(self) -> dict[str, Any]:
        cluster = self._cluster
        authority = base64.b64encode(cluster.authority).decode() if cluster.authority else None
        info = {
            "server": cluster.server,
            "tls-server-name": cluster.server_name,
            "insecure-skip-tls-verify": cluster.insecure,
            "certificate-authority-data": authority,
            "proxy-url": cluster.proxy_url,
            "disable-compression": not cluster.compression,
            "config": cluster.exec_config,
        }
        return {key: value for key, value in info.items() if value}

    def _parsed(self, said: str) -> dict[str, Any]:
        try:
            credential = json.loads(said)
        except ValueError:
            # Not shown: what is nearly an ExecCredential has credentials in it.
            raise self._failed("did not write JSON to its standard output") from None
        if not isinstance(credential, dict) or credential.get("kind") != "ExecCredential":
            raise self._failed("did not write an object of kind `ExecCredential`")
        version = credential.get("apiVersion")
        if version != self._entry.api_version:
            raise self._failed(
                f"answered in version `{version}`, not `{self._entry.api_version}`",
                hint="set `apiVersion` of the user's `exec` in the kubeconfig to what the program speaks",
            )
        status = credential.get("status")
        if not isinstance(status, dict):
            raise self._failed("answered without a `status`")
        return status

    def _take(self, status: dict[str, Any]) -> None:
        token = status.get("token")
        certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
        if not token and not certificate and not key:
            raise self._failed("gave neither a token nor a certificate")
        if bool(certificate) != bool(key):
            raise self._failed("gave half a certificate: `clientCertificateData` and `clientKeyData` belong together")
        if any(value is not None and not isinstance(value, str) for value in (token, certificate, key)):
            raise self._failed("gave credentials that are not strings")
        headers = dict(self._base.headers)
        if token:
            headers.update(auth.bearer(token, secrets=self._secrets))
        client = self._base.certificate
        if certificate and key:
            self._secrets.add(key)
            client = ClientCertificate(certificate=certificate.encode(), key=key.encode())
        self._expires = self._expiry(status.get("expirationTimestamp"))
        self._login = auth.Login(headers=headers, certificate=client)

    def _expiry(self, text: Any) -> datetime | None:
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            raise self._failed("gave an `expirationTimestamp` that is not a time of RFC 3339") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _failed(
        self, problem: str, *, detail: list[tuple[str, str]] | None = None, hint: str = ""
    ) -> errors.Unauthorized:
        name = os.path.basename(self._entry.command)  # noqa: PTH119 - maybe no path at all
        return errors.Unauthorized(
            f"the exec plugin `{name}` of the kubeconfig {problem}", detail=detail or [], hint=hint
        )
