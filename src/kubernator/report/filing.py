"""What the file of an object is called, in a directory of manifests. Pure.

A name says which object it is and depends on no other one: nothing moves when an object comes or goes. Letters that
mean something to a file system, capitals among them since some take them for small ones, are written as ``%`` and
their number, so two objects never have one name.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.model.origin import Origin
    from kubernator.model.resource import Resource

__all__ = ["WAYS", "name"]

#: Where objects without a namespace are; no namespace has such a name.
CLUSTER: Final = "_cluster"
#: Where the directories of repositories are.
REMOTE: Final = "_remote"

_ODD: Final = re.compile(r"[^a-z0-9.-]")
#: No file system of today takes a longer name, and we put a few letters around it while we write.
_LONGEST: Final = 200

_Way: TypeAlias = "Callable[[Resource], tuple[str, ...]]"


def name(resource: Resource, *, by: str, ending: str) -> str:
    """Return the path of the file of an object, with slashes; ``by`` is one of `WAYS`."""
    *directories, last = WAYS[by](resource)
    return "/".join([*map(_short, directories), f"{_short(last)}.{ending}"])


def _kind(resource: Resource) -> str:
    group = resource.ref.group
    return _safe(resource.ref.kind.lower()) + (f".{_safe(group)}" if group else "")


def _by_namespace(resource: Resource) -> tuple[str, ...]:
    ref = resource.ref
    return _safe(ref.namespace) or CLUSTER, f"{_kind(resource)}_{_safe(ref.name)}"


def _by_kind(resource: Resource) -> tuple[str, ...]:
    ref = resource.ref
    return _kind(resource), f"{_safe(ref.namespace)}_{_safe(ref.name)}" if ref.namespace else _safe(ref.name)


def _by_nothing(resource: Resource) -> tuple[str, ...]:
    ref = resource.ref
    return ("_".join([*([_safe(ref.namespace)] if ref.namespace else []), _kind(resource), _safe(ref.name)]),)


def _by_directory(resource: Resource) -> tuple[str, ...]:
    """Put it where its file is, or what asked for its chart or template."""
    chain = list(resource.origin.chain)
    origin = next((each for each in chain if not each.maker), chain[0])
    return *_directories(origin), *_by_nothing(resource)


def _directories(origin: Origin) -> tuple[str, ...]:
    found = tuple("%2e%2e" if part == ".." else _safe(part) for part in origin.path.parent.parts)
    return found if origin.repository is None else (REMOTE, _safe(origin.repository), *found)


WAYS: Final[Mapping[str, _Way]] = {
    "namespace": _by_namespace,
    "kind": _by_kind,
    "directory": _by_directory,
    "none": _by_nothing,
}
"""What divides the files of a directory among its sub-directories."""


def _safe(text: str) -> str:
    """Return a text as part of the name of a file; different ones stay different."""
    return _ODD.sub(lambda found: "".join(f"%{byte:02x}" for byte in found[0].encode("utf-8", "surrogatepass")), text)


def _short(text: str) -> str:
    """Return a name no longer than file systems take it; what is cut off is told apart by a checksum."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 17]}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"
