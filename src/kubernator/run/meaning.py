"""What is known of the kinds of a tree without asking anybody: names, and schemas for what is not written."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from kubernator.report import fieldpath, lineage, selection
from kubernator.report.comparing import ABSENT
from kubernator.run import premises
from kubernator.schema import custom, definitions
from kubernator.schema.defaults import defaulted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from kubernator.cluster.api import Kind
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest, Resource
    from kubernator.run.host import RunHost
    from kubernator.schema.documents import Documents
    from kubernator.schema.node import Node

__all__ = ["Meaning", "Unset"]

#: Defaults that mean nothing: what is there anyway.
_NOTHING: tuple[Any, ...] = (None, {}, "")


class Unset(NamedTuple):
    """A field that a kind has and a manifest does not set. ``default`` is `ABSENT` where the schema names none."""

    text: str
    default: Any


class Meaning:
    """Kinds by what the tree defines, then by what every server of a version has."""

    def __init__(self, found: Iterable[Manifest], documents: Documents | None) -> None:
        """Take the CustomResourceDefinitions of a tree, and the schemas of a server."""
        self._definitions = list(found)
        self._documents = documents

    @classmethod
    def of(cls, host: RunHost, resources: Sequence[Resource]) -> Meaning:
        """Return what is known in a run."""
        return cls(premises.definitions_of(host, (each.manifest for each in resources)), host.documents)

    def words(self, resource: Resource) -> Collection[str]:
        """Return what the kind of a resource may be called."""
        found: Collection[str] = self._words(resource.gvk)
        return found

    def unset(self, text: str, resource: Resource) -> Unset | None:
        """Return what the schema says of a field that a manifest does not set, None for one that the kind has not."""
        root = self._root(resource.gvk)
        if root is None:
            return None
        manifest = resource.manifest
        found = _below(root, text, manifest)
        if found is None:
            return None
        node, there = found
        name = text.removeprefix(".")
        if node.builtin:
            known = there and not any(node.default == nothing for nothing in _NOTHING)
            return Unset(name, node.default if known else ABSENT)
        whole = defaulted(manifest, root)
        filled = fieldpath.find(text, whole)
        return Unset(name, ABSENT if filled.rest else lineage.value_at(whole, filled.path))

    def fields(self, text: str, resource: Resource) -> list[str]:
        """Return the fields that the schema has where the name of a field ends to mean something."""
        node = self._root(resource.gvk)
        for word in fieldpath.words(text):
            below = _child(node, word) if node is not None else None
            if below is None:
                break
            node = below
        return list(node.properties) if node is not None else []

    @functools.cached_property
    def _words(self) -> Any:
        return functools.cache(lambda gvk: selection.kind_words(gvk, self._kind(gvk)))

    def _kind(self, gvk: GroupVersionKind) -> Kind | None:
        own = self._kinds.get(gvk)
        return own if own is not None or self._documents is None else self._documents.kinds().get(gvk)

    @functools.cached_property
    def _kinds(self) -> dict[GroupVersionKind, Kind]:
        return {kind.gvk: kind for definition in self._definitions for kind, _ in custom.versions(definition)}

    def _root(self, gvk: GroupVersionKind) -> Node | None:
        own = self._nodes.get(gvk)
        return own if own is not None or self._documents is None else self._documents.root(gvk)

    @functools.cached_property
    def _nodes(self) -> dict[GroupVersionKind, Node]:
        return {gvk: node for definition in self._definitions for gvk, node in definitions.nodes(definition).items()}


def _below(node: Node, text: str, value: Any) -> tuple[Node, bool] | None:
    """Return the schema of what a name means, and whether what it stands in is there; an item of a list has to be."""
    found: Node | None = node
    parent: Any = None
    for word in fieldpath.words(text):
        if found is None:
            return None
        parent = value
        if word not in found.properties and not (isinstance(value, dict | list) and word in value) and word[:1] != "[":
            return None  # a key of a map that may have any: nothing speaks of one that is not there
        if word.startswith("["):
            step = fieldpath.find(f"{word}]", value)
            if step.rest:
                return None
            value = value[step.path[0]]
        else:
            value = value.get(word) if isinstance(value, dict) else None
        found = _child(found, word)
    return (found, isinstance(parent, dict | list)) if found is not None else None


def _child(node: Node, word: str) -> Node | None:
    return node.items if word.startswith("[") else node.child(word)
