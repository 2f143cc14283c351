"""The reference's importable names for resources, re-exported and nothing more."""

from __future__ import annotations

from kubernator.plugins.k8s.mixin import K8SResourcePluginMixin
from kubernator.plugins.k8s.rdef import K8SResourceDef, K8SResourceDefKey, to_group_and_version
from kubernator.plugins.k8s.resource import (
    K8SPropagationPolicy,
    K8SResource,
    K8SResourceKey,
    K8SResourcePatchType,
)

__all__ = [
    "K8SPropagationPolicy",
    "K8SResource",
    "K8SResourceDef",
    "K8SResourceDefKey",
    "K8SResourceKey",
    "K8SResourcePatchType",
    "K8SResourcePluginMixin",
    "to_group_and_version",
]
