"""Looking into a chart without running helm: what it is, what it depends on, and whether it renders alike each time."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator import errors
from kubernator.load import yamldoc
from kubernator.model.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Chart", "Dependency", "look", "unsteady"]

MAX_FILE: Final = 64 * 1024 * 1024
"""Bytes of one file of an archive; helm itself refuses far smaller ones."""

_DEPTH: Final = 8

#: An action of a template that is no comment.
_ACTION: Final = re.compile(rb"\{\{-?+\s*+(?!/\*).*?\}\}", re.DOTALL)

#: Template functions of helm whose result is another one each time, or depends on the machine.
_UNSTEADY: Final = re.compile(
    rb"\b(?:rand[A-Z]\w*|uuidv4|gen(?:PrivateKey|CA|SelfSignedCert|SignedCert)\w*|now|ago|date\w*|htmlDate\w*|htpasswd"
    rb"|bcrypt|encryptAES|shuffle|getHostByName)\b"
)
_ASKS_VERSIONS: Final = re.compile(rb"APIVersions|\.Capabilities\b(?!\.)")


class Dependency(NamedTuple):
    """What a chart says it needs. ``version`` may be a range."""

    name: str
    version: str
    repository: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart that is there. ``path`` is a directory or an archive.

    ``digest`` is of its content, of an archive of the file itself. ``asks_versions`` says that it looks at the
    cluster's API versions, ``steady`` that the same inputs give the same output. ``missing`` are dependencies that it
    names and does not hold.
    """

    path: Path
    digest: str
    name: str
    version: str
    asks_versions: bool = False
    steady: bool = True
    missing: tuple[Dependency, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def look(path: Path, *, origin: Origin) -> Chart:
    """Read a chart. Raises `errors.SourceError` for what is none, or is damaged."""
    try:
        if path.is_dir():
            files = dict(_directory(path))
            digest = _digest(files)
        else:
            content = path.read_bytes()
            files = dict(_archive(content))
            digest = hashlib.sha256(content).hexdigest()
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        raise errors.SourceError(f"the chart `{path.name}` cannot be read: {why}", origin=origin) from error
    about = _yaml(files, "Chart.yaml", path, origin)
    templates = list(_templates(files))
    return Chart(
        path=path,
        digest=digest,
        name=str(about.get("name") or path.name),
        version=str(about.get("version") or ""),
        asks_versions=any(_ASKS_VERSIONS.search(text) for text in templates),
        steady=not any(_UNSTEADY.search(action) for text in templates for action in _ACTION.findall(text)),
        missing=_missing(files, about, path, origin),
    )


def unsteady(text: str) -> bool:
    """Return whether values hold an action that gives something else each time; charts render some of their values."""
    return any(_UNSTEADY.search(action) for action in _ACTION.findall(text.encode("utf-8", "replace")))


def _directory(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files below a directory, links followed as helm does, in a fixed order."""
    seen: set[str] = set()
    for directory, names, files in os.walk(root, followlinks=True):
        real = os.path.realpath(directory)
        if real in seen:
            names.clear()
            continue
        seen.add(real)
        names[:] = sorted(name for name in names if name != ".git")
        for name in sorted(files):
            file = Path(directory, name)
            if file.is_file():
                yield file.relative_to(root).as_posix(), file.read_bytes()


def _archive(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an archive, without the directory that all of them are in."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as opened:
        for member in opened:
            if not member.isreg():
                continue
            if member.size > MAX_FILE:
                raise tarfile.TarError(f"`{member.name}` is larger than {MAX_FILE} bytes")
            file = opened.extractfile(member)
            name = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            if file is not None:
                yield str(name), file.read()


def _digest(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode("utf-8", "surrogateescape"))
        total.update(files[name])
    return total.hexdigest()


def _templates(files: Mapping[str, bytes], depth: int = 0) -> Iterator[bytes]:
    """Yield what may be rendered: templates, values, files that templates may read; of subcharts in archives too."""
    for name, content in files.items():
        parts = PurePosixPath(name).parts
        if name.endswith(".tgz") and "charts" in parts[:-1]:
            if depth < _DEPTH:
                yield from _templates(dict(_archive(content)), depth + 1)
        elif "crds" not in parts[:-1]:
            yield content


def _yaml(files: Mapping[str, bytes], name: str, path: Path, origin: Origin) -> Mapping[str, Any]:
    content = files.get(name)
    if content is None:
        if name != "Chart.yaml":
            return {}
        raise errors.SourceError(f"`{path.name}` is no chart: it has no `Chart.yaml`", origin=origin)
    documents = yamldoc.parse(
        content, origin=Origin(path=PurePath(path.name, name), maker="chart", via=origin), repeated="last"
    )
    value = documents[0].value if documents else None
    return value if isinstance(value, dict) else {}


def _missing(
    files: Mapping[str, bytes], about: Mapping[str, Any], path: Path, origin: Origin
) -> tuple[Dependency, ...]:
    wanted = _dependencies(about)
    lock = "Chart.lock"
    if about.get("apiVersion") == "v1":
        wanted = wanted or _dependencies(_yaml(files, "requirements.yaml", path, origin))
        lock = "requirements.lock"
    if not wanted:
        return ()
    locked = {
        (found.name, found.repository): found.version for found in _dependencies(_yaml(files, lock, path, origin))
    }
    held = _held(files)
    missing = [
        found._replace(version=locked.get((found.name, found.repository), found.version))
        for found in wanted
        if found.name not in held
    ]
    return tuple(dict.fromkeys(missing))


def _dependencies(about: Mapping[str, Any]) -> list[Dependency]:
    found = about.get("dependencies")
    return [
        Dependency(str(each["name"]), str(each.get("version") or ""), str(each.get("repository") or ""))
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, dict) and each.get("name")
    ]


def _held(files: Mapping[str, bytes]) -> set[str]:
    """Return the names of the charts in ``charts/``, as directories or archives."""
    held: set[str] = set()
    for name, content in files.items():
        parts = PurePosixPath(name).parts
        if parts[0] != "charts":
            continue
        if len(parts) == 3 and parts[2] == "Chart.yaml":  # noqa: PLR2004 - charts/NAME/Chart.yaml
            held |= {parts[1], _named(content) or parts[1]}
        elif len(parts) == 2 and name.endswith(".tgz"):  # noqa: PLR2004 - charts/NAME-1.0.0.tgz
            inner = dict(_archive(content)).get("Chart.yaml", b"")
            held.add(_named(inner) or parts[1])
    return held


def _named(content: bytes) -> str:
    found = re.search(rb"^name:[ \t]*[\"']?([^\s\"'#]+)", content, re.MULTILINE)
    return found[1].decode("utf-8", "replace") if found else ""
