"""Definitions of kinds: what scripts see of them, and where they are known from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kubernator import errors
from kubernator.model import gvk as gvks
from kubernator.plugins.k8s import crds
from kubernator.schema import suggesting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.cluster import api
    from kubernator.model.resource import Manifest
    from kubernator.plugin import Host
    from kubernator.plugins.k8s.imperative import Calls

__all__ = ["Definitions", "K8SResourceDef", "K8SResourceDefKey", "to_group_and_version"]


def to_group_and_version(api_version: str) -> tuple[str, str]:
    """Split ``apps/v1`` into group and version; the core group is the empty string."""
    return gvks.split_api_version(api_version)


class K8SResourceDefKey(NamedTuple):
    """A kind in one version of its group."""

    group: str
    version: str
    kind: str

    def __str__(self) -> str:
        return f"{self.group}/{self.version}/{self.kind}" if self.group else f"{self.version}/{self.kind}"

    @property
    def gvk(self) -> gvks.GroupVersionKind:
        """The same as the rest of the program says it."""
        return gvks.GroupVersionKind(*self)


class K8SResourceDef:
    """One kind, as ``resource.rdef`` shows it.

    What the manifest says (group, version, kind) is there at once. The rest comes from the definition in the tree or
    from the cluster, which is asked when it is first needed; a kind that neither knows raises `ProjectError` then.
    """

    def __init__(self, key: K8SResourceDefKey, definitions: Definitions, *, known: api.Kind | None = None) -> None:
        self.key = key
        self._definitions = definitions
        self._known = known
        self._schema: Mapping[str, Any] | None = None

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.key.group

    @property
    def version(self) -> str:
        """The version in its group."""
        return self.key.version

    @property
    def kind(self) -> str:
        """The kind, ``Deployment``."""
        return self.key.kind

    @property
    def served(self) -> api.Kind:
        """What is known of the kind; raises `ProjectError` when nobody knows it."""
        if self._known is None:
            self._known = self._definitions.kind(self.key.gvk)
        return self._known

    @property
    def for_calls(self) -> api.Kind:
        """The kind as the cluster serves it now; a kind it did not have is asked for once more."""
        return self._definitions.served(self.key.gvk)

    @property
    def singular(self) -> str:
        """The singular name, ``deployment``."""
        return self.served.singular

    @property
    def plural(self) -> str:
        """The plural name as it stands in URLs, ``deployments``."""
        return self.served.plural

    @property
    def namespaced(self) -> bool:
        """Whether objects of this kind live in namespaces."""
        return self.served.namespaced

    @property
    def custom(self) -> bool:
        """Whether a CustomResourceDefinition of the tree defines it."""
        return self.key in self._definitions.registered

    @property
    def schema(self) -> Mapping[str, Any]:
        """The OpenAPI v3 schema: the definition's own, or the cluster's; empty where there is none."""
        if self._schema is None:
            self._schema = self._definitions.schema(self.key.gvk)
        return self._schema

    @property
    def has_api(self) -> bool:
        """Whether calls can be made; always, since they go through the client of the run."""
        return True

    def populate_api(self, _module: object = None, _client: object = None) -> None:
        """Accept what the reference needs to bind its calls; ours go through the client of the run already."""

    def get(self, name: str, namespace: str | None = None) -> Manifest:
        """Return the live object; raises `errors.NotFound` when it is not there."""
        return self._definitions.calls.get(self, name=name, namespace=namespace)

    def list(
        self, namespace: str | None = None, *, label_selector: str = "", field_selector: str = ""
    ) -> list[Manifest]:
        """Return all live objects, of one namespace or of all."""
        return self._definitions.calls.list(
            self, namespace=namespace, label_selector=label_selector, field_selector=field_selector
        )

    def create(self, manifest: Manifest, *, dry_run: bool = True) -> Manifest:
        """Create an object and return it as the server holds it."""
        return self._definitions.calls.create(self, manifest, dry_run=dry_run)

    def patch(
        self,
        name: str,
        body: Any,
        *,
        patch_type: Any,
        namespace: str | None = None,
        force: bool = False,
        dry_run: bool = True,
    ) -> Manifest:
        """Patch an object and return it as the server holds it."""
        return self._definitions.calls.patch(
            self, body, name=name, namespace=namespace, patch_type=patch_type, force=force, dry_run=dry_run
        )

    def delete(
        self,
        name: str,
        *,
        namespace: str | None = None,
        dry_run: bool = True,
        propagation_policy: Any = "Background",
        wait: bool = True,
    ) -> Manifest:
        """Delete an object; with ``wait`` return when it is gone."""
        return self._definitions.calls.delete(
            self,
            name=name,
            namespace=namespace,
            dry_run=dry_run,
            propagation_policy=propagation_policy,
            wait=wait,
        )

    def watch(
        self, name: str, *, namespace: str | None = None, timeout_seconds: float | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield what happens to one object; without ``timeout_seconds`` until the caller stops reading."""
        return self._definitions.calls.watch(self, name=name, namespace=namespace, timeout_seconds=timeout_seconds)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, K8SResourceDef):
            return NotImplemented
        return self.key == other.key and self._definitions is other._definitions

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return str(self.key)

    def __repr__(self) -> str:
        return f"K8SResourceDef({self.key})"


class Definitions:
    """The kinds of a run: those that CRDs of the tree define, then those the cluster serves."""

    def __init__(self, host: Host, calls: Calls) -> None:
        self._host = host
        self.calls = calls
        self.registered: dict[K8SResourceDefKey, K8SResourceDef] = {}
        self._open: dict[K8SResourceDefKey, K8SResourceDef] = {}
        self._custom: dict[gvks.GroupVersionKind, tuple[api.Kind, Mapping[str, Any]]] = {}
        #: The CustomResourceDefinitions that were registered, in their order.
        self.manifests: list[Manifest] = []

    def of(self, api_version: str, kind: str) -> K8SResourceDef:
        """Return the definition of a kind, known or not yet; the cluster is not asked."""
        key = K8SResourceDefKey(*to_group_and_version(api_version), kind)
        found = self.registered.get(key) or self._open.get(key)
        if found is None:
            found = self._open[key] = K8SResourceDef(key, self)
        return found

    def register(self, crd: Manifest) -> list[K8SResourceDef]:
        """Take the served versions of a CustomResourceDefinition; those it does not serve are unknown."""
        added = []
        self.manifests.append(crd)
        for kind, schema in crds.versions(crd):
            key = K8SResourceDefKey(*kind.gvk)
            self._custom[kind.gvk] = (kind, schema)
            self.registered[key] = K8SResourceDef(key, self, known=kind)
            added.append(self.registered[key])
        return added

    def find(self, gvk: gvks.GroupVersionKind) -> api.Kind | None:
        """Return what the tree or the cluster knows of a kind, or None. The tree goes first: it is what will be."""
        custom = self._custom.get(gvk)
        if custom is not None:
            return custom[0]
        found = self._host.cluster.kinds().get(gvk)
        if found is None and self._host.documents is not None:
            return self._host.documents.optional().get(gvk)  # which some clusters serve
        return found

    def declared(self, gvk: gvks.GroupVersionKind) -> api.Kind | None:
        """Return what the tree alone says of a kind, or None."""
        custom = self._custom.get(gvk)
        return None if custom is None else custom[0]

    def served(self, gvk: gvks.GroupVersionKind) -> api.Kind:
        """Return a kind for a request: the cluster is asked once more for a kind it did not have."""
        kinds = self._host.cluster.kinds()
        found = kinds.get(gvk) or self._host.cluster.kinds(refresh=True).get(gvk)
        return found if found is not None else self.kind(gvk)

    def kind(self, gvk: gvks.GroupVersionKind) -> api.Kind:
        """Return what is known of a kind; raises `ProjectError` with a suggestion when it is unknown."""
        found = self.find(gvk)
        if found is None:
            raise errors.ProjectError(suggesting.unknown(gvk), hint=self.suggest(gvk))
        return found

    def suggest(self, gvk: gvks.GroupVersionKind) -> str:
        """Say which kind was probably meant, or how an unknown one becomes known."""
        return suggesting.meant(gvk, [*(kind.gvk for kind in self._host.cluster.kinds()), *self._custom])

    def schema(self, gvk: gvks.GroupVersionKind) -> Mapping[str, Any]:
        """Return the OpenAPI v3 schema of a kind; empty where the cluster publishes none."""
        custom = self._custom.get(gvk)
        if custom is not None:
            return custom[1]
        if self._host.documents is not None:
            return self._host.documents.raw(gvk)
        path = f"apis/{gvk.group}/{gvk.version}" if gvk.group else f"api/{gvk.version}"
        try:
            document = self._host.cluster.raw("GET", f"/openapi/v3/{path}")
        except errors.NotFound:
            return {}
        wanted = {"group": gvk.group, "version": gvk.version, "kind": gvk.kind}
        schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
        return next(
            (schema for schema in schemas.values() if wanted in schema.get("x-kubernetes-group-version-kind", ())), {}
        )

    def api_versions(self) -> list[str]:
        """Every ``group/version`` of the cluster and of the definitions in the tree, sorted."""
        return sorted({*self._host.cluster.kinds().api_versions, *(gvk.api_version for gvk in self._custom)})
