"""Our bundled schemas as JSON Schema, as kubeconform reads it: a file for each kind, which needs no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema import bundle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kubernator.model.gvk import GroupVersionKind

__all__ = ["LOCATION", "write"]

LOCATION: Final = "{{.ResourceKind}}{{.KindSuffix}}.json"
"""How kubeconform finds the file of a kind: its template for the names that `write` gives."""

_REFERENCE: Final = "#/components/schemas/"


def write(directory: Path, kinds: Iterable[GroupVersionKind]) -> None:
    """Write the files of these kinds of the newest version of Kubernetes that comes with us."""
    directory.mkdir(parents=True, exist_ok=True)
    found = bundle.load(bundle.MINORS[-1])
    for gvk in kinds:
        root = found.raw(gvk)
        needed: dict[str, Any] = {}
        wanted = list(_references(root))
        while wanted:
            name = wanted.pop()
            if name in needed or (schema := found.component(name)) is None:
                continue
            needed[name] = _strict(schema)
            wanted += _references(schema)
        whole = {**_strict(root), "components": {"schemas": needed}}
        group = gvk.group.partition(".")[0]
        name = "-".join(filter(None, [gvk.kind, group, gvk.version])).lower()
        (directory / f"{name}.json").write_text(json.dumps(whole))


def _strict(schema: Any) -> Any:
    """Return a schema that takes no field besides those that it names, as kubeconform's own are for ``-strict``."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _strict(each) for name, each in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            yield target.removeprefix(_REFERENCE)
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
