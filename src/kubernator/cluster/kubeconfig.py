"""Kubeconfig files: reading, merging, and choosing one context.

The rules are client-go's. Of several files the first that has a name wins, whole entries, never parts of them; the
first ``current-context`` that is set counts; a relative path is relative to the file that names it. Everything wrong is
`errors.Unreachable` with the file and the key, and never with a value, which may be a credential.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator import errors
from kubernator.model.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["ClusterEntry", "Entry", "ExecEntry", "Kubeconfig", "Selection", "UserEntry", "load", "parse"]

_EXEC_EXTENSION: Final = "client.authentication.k8s.io/exec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A named entry as it stands in a file. Knows how to say where."""

    file: Path
    section: str
    name: str
    values: Mapping[str, Any] = field(repr=False)

    def wrong(self, key: str, problem: str, *, hint: str = "") -> errors.Unreachable:
        """Return the error about a key."""
        return errors.Unreachable(
            f"`{key}` of {self.section} `{self.name}` in the kubeconfig {problem}",
            detail=[("at", str(self.file))],
            hint=hint,
        )

    def text(self, key: str) -> str:
        """Return a string, empty when it is not there."""
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(key, "is not a string", hint="put it in quotes")
        return value

    def flag(self, key: str) -> bool:
        """Return a boolean, False when it is not there."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, "is not `true` or `false`")
        return bool(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "is not a list of strings")
        return tuple(value)

    def path(self, key: str) -> Path | None:
        """Return a path, relative ones resolved against the directory of the file."""
        value = self.text(key)
        return self.file.parent / value if value else None

    def content(self, key: str) -> bytes | None:
        """Return ``key-data`` (base64), or what stands in the file that ``key`` names; the former wins."""
        encoded = self.text(f"{key}-data")
        if encoded:
            try:
                return base64.b64decode("".join(encoded.split()), validate=True)
            except (binascii.Error, ValueError):
                raise self.wrong(f"{key}-data", "is not base64") from None
        path = self.path(key)
        return self.read(key, path) if path else None

    def read(self, key: str, path: Path) -> bytes:
        """Return the content of a file that a key names."""
        try:
            return path.read_bytes()
        except OSError as error:
            raise self.wrong(key, f"names `{path}`, which cannot be read: {error.strerror}") from None

    def below(self, key: str) -> Entry | None:
        """Return the map under a key as an entry of its own."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, "is not a map")
        return Entry(file=self.file, section=f"`{key}` of {self.section}", name=self.name, values=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterEntry:
    """Where a cluster is and how to know it. ``exec_config`` is what an exec plugin may be told about it."""

    server: str
    authority: bytes | None = None
    insecure: bool = False
    server_name: str = ""
    proxy_url: str = field(default="", repr=False)
    compression: bool = True
    exec_config: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecEntry:
    """A program that hands out credentials."""

    api_version: str
    command: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = "IfAvailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEntry:
    """Who we say that we are. Several at once are possible: a certificate in TLS and a token in the request."""

    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    program: ExecEntry | None = None
    impersonate: str = ""
    impersonate_uid: str = ""
    impersonate_groups: tuple[str, ...] = ()
    impersonate_extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Selection(NamedTuple):
    """One context with what it names."""

    context: str
    namespace: str
    cluster: ClusterEntry
    user: UserEntry
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubeconfig:
    """What several files say together. ``files`` are those that were there."""

    files: tuple[Path, ...] = ()
    current_context: str = ""
    contexts: Mapping[str, Entry] = field(default_factory=dict)
    clusters: Mapping[str, Entry] = field(default_factory=dict)
    users: Mapping[str, Entry] = field(default_factory=dict)

    def select(self, context: str | None = None) -> Selection:
        """Return a context by name, or the current one."""
        name = context or self.current_context
        where = [("at", str(file)) for file in self.files]
        available = (
            f"contexts are {', '.join(f'`{known}`' for known in sorted(self.contexts))}" if self.contexts else ""
        )
        if not name:
            raise errors.Unreachable("the kubeconfig has no current context", detail=where, hint=available)
        entry = self.contexts.get(name)
        if entry is None:
            raise errors.Unreachable(f"the kubeconfig has no context `{name}`", detail=where, hint=available)
        cluster = self._referred(entry, "cluster", self.clusters)
        if cluster is None:
            raise entry.wrong("cluster", "is missing")
        user = self._referred(entry, "user", self.users)
        return Selection(
            context=name,
            namespace=entry.text("namespace"),
            cluster=_cluster(cluster),
            user=_user(user) if user else UserEntry(),
            source=f"context `{name}` of {', '.join(str(file) for file in self.files)}",
        )

    @staticmethod
    def _referred(entry: Entry, key: str, entries: Mapping[str, Entry]) -> Entry | None:
        name = entry.text(key)
        if not name:
            return None
        if name not in entries:
            raise entry.wrong(key, f"names `{name}`, which is not there")
        return entries[name]


def load(paths: Sequence[Path], *, must_exist: bool) -> Kubeconfig:
    """Read and merge files, the first first; one that is missing is an error with ``must_exist``, else passed over."""
    merged: list[Kubeconfig] = []
    for path in dict.fromkeys(paths):
        try:
            content = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            if must_exist:
                raise errors.Unreachable(f"the kubeconfig `{path}` is not there") from None
            continue
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise errors.Unreachable(f"the kubeconfig `{path}` cannot be read: {reason}") from None
        merged.append(parse(content, file=Path(os.path.abspath(path))))  # noqa: PTH100 - links stay as they are
    return Kubeconfig(
        files=tuple(file for one in merged for file in one.files),
        current_context=next((one.current_context for one in merged if one.current_context), ""),
        contexts=_first_wins(one.contexts for one in merged),
        clusters=_first_wins(one.clusters for one in merged),
        users=_first_wins(one.users for one in merged),
    )


def parse(content: str, *, file: Path) -> Kubeconfig:
    """Read one file; an empty one has nothing in it."""
    value = _yaml(content, file)
    if value is None:
        return Kubeconfig(files=(file,))
    if not isinstance(value, dict):
        raise errors.Unreachable(f"the kubeconfig `{file}` is not a map")
    current = value.get("current-context")
    return Kubeconfig(
        files=(file,),
        current_context=current if isinstance(current, str) else "",
        contexts=_section(value, "context", file),
        clusters=_section(value, "cluster", file),
        users=_section(value, "user", file),
    )


def _section(value: Mapping[str, Any], section: str, file: Path) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    items = value.get(f"{section}s")
    if items is None:
        return found
    if not isinstance(items, list):
        raise errors.Unreachable(f"`{section}s` in the kubeconfig is not a list", detail=[("at", str(file))])
    for position, item in enumerate(items):
        name = item.get("name") if isinstance(item, dict) else None
        content = item.get(section) if isinstance(item, dict) else None
        if not isinstance(name, str) or not isinstance(content, dict | None):
            raise errors.Unreachable(
                f"`{section}s[{position}]` in the kubeconfig has no `name` or no map `{section}`",
                detail=[("at", str(file))],
            )
        if name in found:
            raise errors.Unreachable(f"the kubeconfig has {section} `{name}` twice", detail=[("at", str(file))])
        found[name] = Entry(file=file, section=section, name=name, values=content or {})
    return found


def _first_wins(sections: Iterable[Mapping[str, Entry]]) -> dict[str, Entry]:
    merged: dict[str, Entry] = {}
    for section in sections:
        for name, entry in section.items():
            merged.setdefault(name, entry)
    return merged


def _cluster(entry: Entry) -> ClusterEntry:
    server = entry.text("server")
    if not server:
        raise entry.wrong("server", "is missing")
    insecure = entry.flag("insecure-skip-tls-verify")
    authority = entry.content("certificate-authority")
    if insecure and authority is not None:
        raise entry.wrong("insecure-skip-tls-verify", "contradicts `certificate-authority`", hint="keep one of the two")
    return ClusterEntry(
        server=server,
        authority=authority,
        insecure=insecure,
        server_name=entry.text("tls-server-name"),
        proxy_url=entry.text("proxy-url"),
        compression=not entry.flag("disable-compression"),
        exec_config=_exec_config(entry),
    )


def _exec_config(entry: Entry) -> Any:
    for extension in entry.values.get("extensions") or ():
        if isinstance(extension, dict) and extension.get("name") == _EXEC_EXTENSION:
            return extension.get("extension")
    return None


def _user(entry: Entry) -> UserEntry:
    if entry.values.get("auth-provider") is not None:
        raise entry.wrong(
            "auth-provider",
            "is not supported",
            hint="Kubernetes removed most of these: use the provider's exec plugin (`user.exec`) instead",
        )
    certificate = entry.content("client-certificate")
    key = entry.content("client-key")
    if (certificate is None) != (key is None):
        missing = "client-key" if key is None else "client-certificate"
        raise entry.wrong(missing, "is missing beside the other half")
    token, token_file = entry.text("token"), entry.path("tokenFile")
    username, password = entry.text("username"), entry.text("password")
    if (token or token_file) and (username or password):
        raise entry.wrong("token", "and `username` exclude each other")
    program = entry.below("exec")
    who = entry.text("as")
    uid, groups, extra = entry.text("as-uid"), entry.texts("as-groups"), _extra(entry)
    if not who and (uid or groups or extra):
        raise entry.wrong("as", "is missing beside `as-uid`, `as-groups` or `as-user-extra`")
    return UserEntry(
        certificate=certificate,
        key=key,
        token=token,
        token_file=token_file,
        username=username,
        password=password,
        program=_exec(program) if program else None,
        impersonate=who,
        impersonate_uid=uid,
        impersonate_groups=groups,
        impersonate_extra=extra,
    )


def _extra(entry: Entry) -> tuple[tuple[str, tuple[str, ...]], ...]:
    extra = entry.below("as-user-extra")
    return tuple((key, extra.texts(key)) for key in extra.values) if extra else ()


_API_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_MODES: Final = ("Never", "IfAvailable", "Always")


def _exec(entry: Entry) -> ExecEntry:
    command = entry.text("command")
    if not command:
        raise entry.wrong("command", "is missing")
    version = entry.text("apiVersion")
    if version not in _API_VERSIONS:
        raise entry.wrong(
            "apiVersion",
            f"is `{version}`, which is not supported" if version else "is missing",
            hint=f"use `{_API_VERSIONS[0]}`; the program must know it too",
        )
    mode = entry.text("interactiveMode")
    if not mode and version == _API_VERSIONS[0]:
        raise entry.wrong(
            "interactiveMode", f"is missing, and `{version}` asks for it", hint=f"one of {', '.join(_MODES)}"
        )
    if mode and mode not in _MODES:
        raise entry.wrong("interactiveMode", f"is `{mode}`", hint=f"one of {', '.join(_MODES)}")
    if os.sep in command:  # relative to the file; a bare name is looked up in PATH
        command = str(entry.file.parent / command)
    return ExecEntry(
        api_version=version,
        command=command,
        args=entry.texts("args"),
        env=_environment(entry),
        install_hint=entry.text("installHint"),
        provide_cluster_info=entry.flag("provideClusterInfo"),
        interactive_mode=mode or "IfAvailable",
    )


def _environment(entry: Entry) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for item in entry.values.get("env") or ():
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise entry.wrong("env", "is not a list of `name` and `value`")
        value = item.get("value")
        if not isinstance(value, str | None):
            raise entry.wrong(
                "env", f"has a value under `{item['name']}` that is not a string", hint="put it in quotes"
            )
        found.append((item["name"], value or ""))
    return tuple(found)


def _yaml(content: str, file: Path) -> Any:
    from kubernator.load import yamldoc  # noqa: PLC0415 - a pod's own cluster needs no YAML

    try:
        documents = yamldoc.parse(content, origin=Origin(path=file), repeated="warn")
    except errors.LoadError as error:
        # The words of the parser may quote the text, which may be a credential; only the place is passed on.
        place = str(error.origin or file)
        raise errors.Unreachable(f"the kubeconfig `{file}` is not YAML", detail=[("at", place)]) from None
    return documents[0].value if documents else None
