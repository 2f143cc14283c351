"""CustomResourceDefinitions: which kinds they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.cluster import api
from kubernator.model import gvk as gvks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kubernator.model.resource import Manifest

__all__ = ["versions"]

#: What the API server serves for a definition without asking anybody.
_VERBS: Final = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})


def versions(crd: Manifest) -> Iterator[tuple[api.Kind, Mapping[str, Any]]]:
    """Yield the served kinds of a CRD of ``v1`` or, with one schema for all versions, ``v1beta1``, and their schemas.

    Nonsense in it yields nothing.
    """
    spec = _mapping(crd.get("spec"))
    names = _mapping(spec.get("names"))
    kind = names.get("kind")
    if not isinstance(kind, str):
        return
    for version in _version_entries(spec):
        own = _mapping(version.get("schema")) or _mapping(spec.get("validation"))
        subresources = _mapping(version.get("subresources")) or _mapping(spec.get("subresources"))
        short = names.get("shortNames")
        yield (
            api.Kind(
                gvk=gvks.GroupVersionKind(str(spec.get("group", "")), str(version["name"]), kind),
                plural=str(names.get("plural", "")),
                singular=str(names.get("singular") or kind.lower()),
                namespaced=spec.get("scope", "Namespaced") == "Namespaced",
                verbs=_VERBS,
                short_names=tuple(map(str, short)) if isinstance(short, list) else (),
                subresources=frozenset(subresources),
            ),
            _mapping(own.get("openAPIV3Schema")),
        )


def _version_entries(spec: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found = spec.get("versions")
    if isinstance(found, list):
        return [
            version
            for version in found
            if isinstance(version, dict) and isinstance(version.get("name"), str) and version.get("served", True)
        ]
    return [{"name": spec["version"]}] if isinstance(spec.get("version"), str) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
