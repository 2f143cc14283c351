"""What plugins of the reference that hold resources inherit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubernator.plugins.k8s.adding import Manifests, Source
    from kubernator.plugins.k8s.rdef import K8SResourceDef, K8SResourceDefKey
    from kubernator.plugins.k8s.resource import K8SResource, K8SResourceKey
    from kubernator.plugins.k8s.state import State

__all__ = ["K8SResourcePluginMixin"]


class K8SResourcePluginMixin:
    """Resources, definitions, and adding to them; ``state`` is the run's."""

    state: State

    @property
    def resources(self) -> dict[K8SResourceKey, K8SResource]:
        """The resources added so far, in order."""
        return self.state.adding.resources

    @property
    def resource_definitions(self) -> dict[K8SResourceDefKey, K8SResourceDef]:
        """The kinds that CustomResourceDefinitions of the tree define."""
        return self.state.definitions.registered

    def add_resource(self, manifest: Mapping[str, Any], source: Source = None) -> K8SResource | list[K8SResource]:
        """Add one manifest."""
        return self.state.adding.add_any(manifest, source)

    def add_resources(self, manifests: Manifests, source: Source = None) -> K8SResource | list[K8SResource]:
        """Add manifests; see ``ktor.k8s.add_resources``."""
        return self.state.adding.add_any(manifests, source)

    def create_resource(self, manifest: Mapping[str, Any], source: Source = None) -> K8SResource:
        """Return a resource that is checked and not added."""
        return self.state.adding.one(manifest, source)

    def add_crds(self, manifests: Iterable[Mapping[str, Any]] | str) -> list[K8SResourceDef]:
        """Make the kinds known that CustomResourceDefinitions define, without adding those."""
        return self.state.loading.register(self.state.adding.documents(manifests))
