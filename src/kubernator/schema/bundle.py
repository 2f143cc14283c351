"""Schemas of Kubernetes' own kinds that come with the package: a file for each minor version.

A file holds all that a server of the version serves, also what is off unless asked for. It is an index, then schemas
by the package of their Go types, each part compressed by itself: a kind costs the parts that it refers to.
"""

from __future__ import annotations

import functools
import json
import pkgutil
import zlib
from typing import TYPE_CHECKING, Any, Final

from kubernator.cluster.api import Kind, Kinds, ServerVersion
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema.node import Node, Nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["MINORS", "Bundle", "encode", "load", "resource"]

MINORS: Final = (34, 35, 36, 37)
"""The minor versions whose schemas there are."""

#: Bytes of the length of the index, at the beginning of a file.
_LENGTH: Final = 4


class Bundle:
    """The schemas of one version of Kubernetes. Safe to use from several threads; nothing of it changes."""

    def __init__(self, content: bytes) -> None:
        """``content`` is what `encode` made."""
        self._parts = _LENGTH + int.from_bytes(content[:_LENGTH], "big")
        self._content = content
        index = json.loads(zlib.decompress(content[_LENGTH : self._parts]))
        self.version = _version(index["version"])
        self.warnings: tuple[str, ...] = ()
        self._where: dict[str, tuple[int, int]] = index["packages"]
        self._packages: dict[str, Mapping[str, Any]] = {}
        self._names: dict[GroupVersionKind, str] = {}
        usual: list[Kind] = []
        optional: list[Kind] = []
        for name, on, written in index["kinds"]:
            kind = _read(written)
            self._names[kind.gvk] = name
            (usual if on else optional).append(kind)
        self._usual, self._optional = Kinds(usual), Kinds(optional)
        self._nodes = Nodes(self.component)

    @property
    def minor(self) -> int:
        """The minor version."""
        return self.version.minor

    def kinds(self) -> Kinds:
        """Return what a server of this version serves unless told otherwise."""
        return self._usual

    def optional(self) -> Kinds:
        """Return what it serves besides when it is told to: alpha and beta versions, and kinds behind feature gates."""
        return self._optional

    def root(self, gvk: GroupVersionKind) -> Node | None:
        """Return the schema of objects of a kind, one of `optional` too."""
        name = self._names.get(gvk)
        return None if name is None else self._nodes.named(name)

    def raw(self, gvk: GroupVersionKind) -> Mapping[str, Any]:
        """Return the schema of a kind as it is published, without descriptions; empty for an unknown kind."""
        name = self._names.get(gvk)
        return (self.component(name) if name else None) or {}

    def is_custom(self, gvk: GroupVersionKind) -> bool:  # noqa: ARG002 - the same for all
        """Say no: no definition made these kinds."""
        return False

    def component(self, name: str) -> Mapping[str, Any] | None:
        """Return a schema by its name, or None."""
        package = name.rpartition(".")[0]
        found = self._packages.get(package)
        if found is None:
            if package not in self._where:
                return None
            begin, length = self._where[package]
            part = self._content[self._parts + begin : self._parts + begin + length]
            found = self._packages.setdefault(package, json.loads(zlib.decompress(part)))
        return found.get(name)


def encode(version: str, kinds: Iterable[tuple[Kind, str, bool]], components: Mapping[str, Any]) -> bytes:
    """Return the content of a file.

    ``kinds`` are the kinds of a server, each with the name of its component and whether it is served by default.
    """
    by_package: dict[str, dict[str, Any]] = {}
    for name, schema in sorted(components.items()):
        by_package.setdefault(name.rpartition(".")[0], {})[name] = schema
    packages, parts = {}, b""
    for package, schemas in by_package.items():
        part = _pack(schemas)
        packages[package] = (len(parts), len(part))
        parts += part
    listed = [(name, on, _written(kind)) for kind, name, on in kinds]
    index = _pack({"version": version, "packages": packages, "kinds": listed})
    return len(index).to_bytes(_LENGTH, "big") + index + parts


def resource(minor: int) -> str:
    """Return where the file of a minor version is, from this package on."""
    return f"bundled/1.{minor}.schemas"


@functools.cache
def load(minor: int) -> Bundle:
    """Return the bundle of one of `MINORS`, the same one each time: what is compiled of it is compiled once."""
    content = pkgutil.get_data("kubernator.schema", resource(minor))
    if content is None:
        raise FileNotFoundError(resource(minor))  # the package was put together wrongly
    return Bundle(content)


def _pack(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 9)


def _written(kind: Kind) -> list[Any]:
    names = [*kind.gvk, kind.plural, kind.singular, kind.namespaced, list(kind.short_names), list(kind.categories)]
    return [*names, sorted(kind.verbs), sorted(kind.subresources)]


def _read(written: list[Any]) -> Kind:
    group, version, kind, plural, singular, namespaced, short_names, categories, verbs, subresources = written
    return Kind(
        gvk=GroupVersionKind(group, version, kind),
        plural=plural,
        singular=singular,
        namespaced=namespaced,
        verbs=frozenset(verbs),
        short_names=tuple(short_names),
        categories=tuple(categories),
        subresources=frozenset(subresources),
    )


def _version(text: str) -> ServerVersion:
    major, minor, _ = text.split(".")
    return ServerVersion(f"v{text}", int(major), int(minor))
