"""CustomResourceDefinitions: which kinds they make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kubernator.cluster import api
from kubernator.model import gvk as gvks
from kubernator.pipeline.fields import mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kubernator.model.resource import Manifest

__all__ = ["deprecations", "scaled", "versions"]

#: A version as Kubernetes orders them; all others are older than these.
_VERSION: Final = re.compile(r"v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?")
#: What the API server serves for a definition without asking anybody.
_VERBS: Final = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})


def versions(crd: Manifest) -> Iterator[tuple[api.Kind, Mapping[str, Any]]]:
    """Yield the served kinds of a CRD of ``v1`` or, with one schema for all versions, ``v1beta1``, and their schemas.

    Nonsense in it yields nothing.
    """
    spec = mapping(crd.get("spec"))
    names = mapping(spec.get("names"))
    kind = names.get("kind")
    if not isinstance(kind, str):
        return
    for version in _version_entries(spec):
        own = mapping(version.get("schema")) or mapping(spec.get("validation"))
        short = names.get("shortNames")
        yield (
            api.Kind(
                gvk=gvks.GroupVersionKind(str(spec.get("group", "")), str(version["name"]), kind),
                plural=str(names.get("plural", "")),
                singular=str(names.get("singular") or kind.lower()),
                namespaced=spec.get("scope", "Namespaced") == "Namespaced",
                verbs=_VERBS,
                short_names=tuple(map(str, short)) if isinstance(short, list) else (),
                subresources=frozenset(_subresources(spec, version)),
            ),
            mapping(own.get("openAPIV3Schema")),
        )


def deprecations(crd: Manifest) -> Iterator[tuple[gvks.GroupVersionKind, str]]:
    """Yield the served kinds of a CRD that it calls deprecated, and what the API server warns of them."""
    spec = mapping(crd.get("spec"))
    entries = {version["name"]: version for version in _version_entries(spec)}
    newest = max(
        (name for name, version in entries.items() if version.get("deprecated") is not True), key=_age, default=""
    )
    for kind, _ in versions(crd):
        version = entries[kind.gvk.version]
        if version.get("deprecated") is not True:
            continue
        instead = kind.gvk._replace(version=newest) if newest and _age(newest) > _age(kind.gvk.version) else None
        told = f"{kind.gvk} is deprecated" + (f"; use {instead}" if instead else "")
        own = version.get("deprecationWarning")
        yield kind.gvk, own if isinstance(own, str) else told


def scaled(crd: Manifest) -> Iterator[tuple[gvks.GroupVersionKind, tuple[str, ...]]]:
    """Yield the served kinds of a CRD that can be scaled, and where the wanted number of replicas stands in each."""
    spec = mapping(crd.get("spec"))
    entries = {version["name"]: version for version in _version_entries(spec)}
    for kind, _ in versions(crd):
        where = mapping(_subresources(spec, entries[kind.gvk.version]).get("scale")).get("specReplicasPath")
        if isinstance(where, str) and where:
            yield kind.gvk, tuple(where.removeprefix(".").split("."))


def _age(version: str) -> tuple[int, int, int]:
    """Return what orders versions from old to new."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return (0, 0, 0)
    major, stage, minor = found.groups()
    return (["alpha", "beta", None].index(stage) + 1, int(major), int(minor or 0))


def _subresources(spec: Mapping[str, Any], version: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(version.get("subresources")) or mapping(spec.get("subresources"))


def _version_entries(spec: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found = spec.get("versions")
    if isinstance(found, list):
        return [
            version
            for version in found
            if isinstance(version, dict) and isinstance(version.get("name"), str) and version.get("served", True)
        ]
    return [{"name": spec["version"]}] if isinstance(spec.get("version"), str) else []
