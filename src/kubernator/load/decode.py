"""Documents to manifests: lists are unwrapped, envelopes checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kubernator.load import envelope, places
from kubernator.load.document import Document
from kubernator.model.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubernator.model.sourcemap import Path

__all__ = ["manifests"]


def manifests(
    documents: Iterable[Document], *, problems: list[Diagnostic], plain_lists: bool = False
) -> list[Document]:
    """Return one document for each manifest, with its own origin and source map.

    ``kind: List`` and typed lists (``ConfigMapList`` and the like) are unwrapped, however deep; items of a typed list
    get the kind and version the list's name tells, as in client-go. With ``plain_lists`` a document may be a list of
    manifests, which JSON files may be. What is no manifest is left out and said in ``problems``; the notes of a
    document stay with its first manifest.
    """
    good: list[Document] = []
    for document in documents:
        notes = document.notes
        for item in _items(document, problems, plain=plain_lists):
            if found := envelope.check(item):
                problems.extend(found)
            else:
                good.append(replace(item, notes=notes) if item.notes != notes else item)
            notes = ()
    return good


def _items(document: Document, problems: list[Diagnostic], *, plain: bool) -> Iterator[Document]:
    value = document.value
    if plain and isinstance(value, list):
        for position in range(len(value)):
            yield from _items(_part(document, (position,), value[position]), problems, plain=False)
        return
    if not _is_list(value):
        yield document
        return
    items = value.get("items")
    if items is not None and not isinstance(items, list):
        problems.append(
            Diagnostic(
                severity=Severity.ERROR,
                message=f"`items` of a `{value['kind']}` must be a list",
                origin=document.place(("items",)),
                code="envelope",
            )
        )
        return
    for position, item in enumerate(items or ()):
        _inherit(value, item)
        yield from _items(_part(document, ("items", position), item), problems, plain=False)


def _is_list(value: Any) -> bool:
    """Return whether a value is a list of objects, not an object whose kind only ends like one."""
    if not isinstance(value, dict) or not isinstance(kind := value.get("kind"), str):
        return False
    if kind == "List":
        return value.get("apiVersion") in {"v1", None}
    metadata = value.get("metadata")
    named = isinstance(metadata, dict) and metadata.get("name")
    return kind.endswith("List") and "items" in value and not named and "spec" not in value


def _inherit(holder: dict[str, Any], item: Any) -> None:
    kind = holder["kind"].removesuffix("List")
    if kind and isinstance(item, dict) and not item.get("kind"):
        item["kind"] = kind
        item.setdefault("apiVersion", holder.get("apiVersion"))


def _part(document: Document, path: Path, value: Any) -> Document:
    return Document(value=value, origin=document.place(path), source_map=places.under(document.source_map, path))
