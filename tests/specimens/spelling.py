"""The same manifest with one thing said otherwise: left out, empty, zero, null, in another notation, or another value.

Which fields there are is read from the server's OpenAPI documents, so that every field of every kind comes up.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

__all__ = ["Probe", "Schemas", "probes"]

Path = tuple[str | int, ...]

#: Fields that only the server writes, or that name the object.
_NOT_TRIED: Final = frozenset(
    {"apiVersion", "kind", "managedFields", "name", "namespace", "generateName", "uid", "resourceVersion", "status"}
)
_NOTATIONS: Final = {
    "100m": "0.1",
    "0.1": "100m",
    "1": "1000m",
    "1000m": "1",
    "2": "2.0",
    "1Gi": "1024Mi",
    "1024Mi": "1Gi",
    "0.5Gi": "512Mi",
    "512Mi": "0.5Gi",
    "64Mi": "67108864",
    "1G": "1000M",
    "250m": "0.25",
    "600": "6e2",
}


class Probe(NamedTuple):
    """A manifest that differs in one thing, and what that is."""

    manifest: dict[str, Any]
    what: str


class Schemas:
    """The OpenAPI documents of a server, read as they are asked for."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._read = read
        self._documents: dict[str, dict[str, Any]] = {}

    def of(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a manifest's kind."""
        api_version, kind = manifest["apiVersion"], manifest["kind"]
        group, _, version = api_version.rpartition("/")
        document = self._document(api_version)
        for found in document.values():
            for each in found.get("x-kubernetes-group-version-kind", ()):
                if (each["group"], each["version"], each["kind"]) == (group, version, kind) and "properties" in found:
                    return found
        raise KeyError(f"{api_version} {kind}")

    def _document(self, api_version: str) -> dict[str, Any]:
        if api_version not in self._documents:
            path = f"/openapi/v3/{'apis' if '/' in api_version else 'api'}/{api_version}"
            self._documents[api_version] = self._read(path)["components"]["schemas"]
        return self._documents[api_version]

    def resolved(self, schema: dict[str, Any], api_version: str) -> dict[str, Any]:
        """Return a schema itself where it is a reference to one."""
        reference = schema.get("$ref") or next((part["$ref"] for part in schema.get("allOf", ()) if "$ref" in part), "")
        if not reference:
            return schema
        return {**schema, **self.resolved(self._document(api_version)[reference.rpartition("/")[2]], api_version)}


def _empty(schema: dict[str, Any]) -> list[Any]:
    match schema.get("type"):
        case "string":
            return ["", None]
        case "boolean":
            return [False, None]
        case "integer" | "number":
            return [0, None]
        case "array":
            return [[], None]
        case "object":
            return [{}, None]
        case _:
            return ["0", None] if "oneOf" in schema or "anyOf" in schema else [{}, None]


def _others(value: Any) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
            yield str(value)
        case float():
            yield value * 2
        case str():
            if value in _NOTATIONS:
                yield _NOTATIONS[value]
            yield f"{value}x"
        case list() if value:
            yield value[1:]
            yield [*value[1:], value[0]]
            yield [*value, copy.deepcopy(value[-1])]


def _set(manifest: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    result = copy.deepcopy(manifest)
    holder: Any = result
    for step in path[:-1]:
        holder = holder[step]
    if value is _GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return result


_GONE: Final = object()


def _changes(
    value: Any, schema: dict[str, Any], schemas: Schemas, version: str, path: Path
) -> Iterator[tuple[Path, Any]]:
    """Return a place and what may stand there instead, for this value and all below it."""
    schema = schemas.resolved(schema, version)
    if path:
        for other in [_GONE, *_others(value), *_empty(schema)]:
            yield path, other
    if isinstance(value, dict):
        known, free = schema.get("properties", {}), schema.get("additionalProperties")
        yield from _additions(value, known, schemas, version, path)
        for name in sorted(value):
            if name not in _NOT_TRIED or path:
                below = known.get(name, free if isinstance(free, dict) else {})
                yield from _changes(value[name], below, schemas, version, (*path, name))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _changes(item, schema.get("items", {}), schemas, version, (*path, at))


def _additions(
    value: dict[str, Any], known: dict[str, Any], schemas: Schemas, version: str, path: Path
) -> Iterator[tuple[Path, Any]]:
    """Return the fields that are not there yet, with what says nothing."""
    for name in sorted(known.keys() - value.keys() - _NOT_TRIED):
        for other in _empty(schemas.resolved(known[name], version)):
            yield (*path, name), other


def probes(manifest: dict[str, Any], schemas: Schemas, random: Random, *, most: int = 0) -> list[Probe]:
    """Return the manifest said otherwise in one thing each; ``most`` of them, drawn at random, 0 for all."""
    body = {key: value for key, value in manifest.items() if key not in {"apiVersion", "kind"}}
    found = [
        (path, value)
        for path, value in _changes(body, schemas.of(manifest), schemas, manifest["apiVersion"], ())
        if path[0] != "metadata" or (len(path) > 1 and path[1] in {"labels", "annotations", "finalizers"})
    ]
    if most and len(found) > most:
        found = random.sample(found, most)
    return [
        Probe(
            _set(manifest, path, value),
            f"{'.'.join(map(str, path))} = {'(gone)' if value is _GONE else repr(value)[:60]}",
        )
        for path, value in found
    ]
