"""The Kubernetes plugin, and the names scripts of the reference import from here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kubernator.model.ref import ResourceRef
from kubernator.plugins.k8s.plugin import KubernetesPlugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubernator.plugins.k8s.resource import K8SResource, K8SResourceKey

__all__ = ["KubernetesPlugin", "final_resource_validator", "normalize_pkg_version"]


def final_resource_validator(
    resources: dict[K8SResourceKey, K8SResource],  # noqa: ARG001 - the signature of validators
    resource: K8SResource,
    error: Callable[..., ValueError],
) -> Iterator[Any]:
    """Yield what is wrong with a resource's identity and namespace; every resource is checked for this anyway."""
    namespace = resource.namespace or ""
    added = ResourceRef(resource.group, resource.kind, namespace, resource.name)
    now = ResourceRef.of(resource.manifest)
    if now != added:
        yield error("%s in the manifest is no longer %s, as which it was added", now, added)
    elif resource.rdef.namespaced and not namespace:
        yield error("%s is namespaced and has no namespace", resource)


def normalize_pkg_version(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, so that versions can be compared: ``"29.0.0b1"`` is ``(29, 0, 0)``."""
    numbers = (re.match(r"\d+", part) for part in version.removeprefix("v").split("."))
    return tuple(int(found.group()) for found in numbers if found)
