"""A resource as scripts, transformers and validators hold it: one mutable object until the walk ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from kubernator.model.origin import Origin
from kubernator.model.resource import PropagationPolicy
from kubernator.model.sourcemap import SourceMap
from kubernator.plugins.k8s import crds
from kubernator.scope import containers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kubernator.model.resource import Manifest, Touch
    from kubernator.plugins.k8s.rdef import K8SResourceDef
    from kubernator.scope.scope import Scope

__all__ = [
    "K8SPropagationPolicy",
    "K8SResource",
    "K8SResourceKey",
    "K8SResourcePatchType",
    "Record",
]

#: The reference's mark of the project an object belongs to.
PROJECT_ANNOTATION = "kubernator.io/project"


class K8SResourceKey(NamedTuple):
    """Identity of an object: never the version. ``namespace`` is None where none is set."""

    group: str
    kind: str
    name: str
    namespace: str | None

    def __str__(self) -> str:
        """Return ``group/Kind/name[.namespace]``; the core group shows as ``v1``."""
        return f"{self.group or 'v1'}/{self.kind}/{self.name}{f'.{self.namespace}' if self.namespace else ''}"


class K8SResourcePatchType(Enum):
    """How `K8SResource.patch` reads its body."""

    JSON_PATCH = "application/json-patch+json"
    SERVER_SIDE_PATCH = "application/apply-patch+yaml"


class K8SPropagationPolicy(StrEnum):
    """What becomes of the dependents of a deleted object."""

    BACKGROUND = "Background"
    FOREGROUND = "Foreground"
    ORPHAN = "Orphan"

    @property
    def policy(self) -> PropagationPolicy:
        """The string of the Kubernetes API."""
        return PropagationPolicy(self.value)


@dataclass(slots=True, kw_only=True)
class Record:
    """What the run knows of a resource beyond its manifest. ``renamed`` is told when its identity has changed.

    ``turn`` and ``awaited`` are those of `model.resource.Resource`, for plugins that add resources; ``written`` is too.
    """

    origin: Origin
    scope: Scope
    directory: int
    turn: int = 0
    awaited: bool = False
    source_map: SourceMap = field(default_factory=SourceMap)
    touched_by: tuple[Touch, ...] = ()
    renamed: Callable[[K8SResource, K8SResourceKey], None] | None = None
    written: str = ""


class K8SResource:
    """One object of the run: a manifest of its own, its kind, where it comes from, and calls to the cluster.

    Change ``manifest`` in place, ``name`` and ``namespace`` through their setters: identity is not read from the
    manifest again, and a manifest that disagrees with it is refused. When the walk is over the object can be read only.
    Calls (`get`, `create`, `patch`, `delete`, `watch`) happen at once; those that write are dry runs unless told
    otherwise.
    """

    __slots__ = ("_closed", "_manifest", "_name", "_namespace", "rdef", "record", "source")

    def __init__(
        self, manifest: Manifest, rdef: K8SResourceDef, source: str | None = None, *, record: Record | None = None
    ) -> None:
        metadata = manifest["metadata"]
        self._closed = False
        self._manifest = manifest
        self._name: str = metadata["name"]
        self._namespace: str | None = metadata.get("namespace") or None
        self.rdef = rdef
        self.record = record
        self.source = source if source is not None else str(record.origin if record else "")

    @property
    def manifest(self) -> Manifest:
        """The live manifest; one that refuses to be written once the walk is over."""
        if self._closed and not isinstance(self._manifest, containers.FrozenDict):
            self._manifest = containers.freeze(self._manifest)
        return self._manifest

    @manifest.setter
    def manifest(self, manifest: Manifest) -> None:
        self._writable()
        self._manifest = manifest

    @property
    def name(self) -> str:
        """``metadata.name``; setting it changes the manifest too."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._writable()
        before = self.key
        self._manifest["metadata"]["name"] = name
        self._name = name
        self._rename(before)

    @property
    def namespace(self) -> str | None:
        """``metadata.namespace`` or None; setting it changes the manifest too, None removes it."""
        return self._namespace

    @namespace.setter
    def namespace(self, namespace: str | None) -> None:
        self._writable()
        before = self.key
        if namespace:
            self._manifest["metadata"]["namespace"] = namespace
        else:
            self._manifest["metadata"].pop("namespace", None)
        self._namespace = namespace or None
        self._rename(before)

    @property
    def origin(self) -> Origin:
        """Where it comes from, and who asked for it."""
        return self.record.origin if self.record else Origin(path=PurePath(self.source))

    @property
    def key(self) -> K8SResourceKey:
        """The identity."""
        return K8SResourceKey(self.rdef.group, self.rdef.kind, self._name, self._namespace)

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.rdef.group

    @property
    def version(self) -> str:
        """The version in its group."""
        return self.rdef.version

    @property
    def kind(self) -> str:
        """The kind."""
        return self.rdef.kind

    @property
    def api_version(self) -> str:
        """The value of ``apiVersion``: group and version."""
        return self.rdef.key.gvk.api_version

    @property
    def schema(self) -> Mapping[str, Any]:
        """The OpenAPI v3 schema of the kind; the cluster may be asked for it."""
        return self.rdef.schema

    @property
    def is_crd(self) -> bool:
        """Whether it is a CustomResourceDefinition."""
        return self.rdef.group == crds.GROUP and self.rdef.kind == crds.KIND

    @property
    def project(self) -> str | None:
        """The dotted path of the project it belongs to, from the annotation ``kubernator.io/project``, or None."""
        annotations = self._manifest["metadata"].get("annotations")
        return annotations.get(PROJECT_ANNOTATION) if isinstance(annotations, dict) else None

    def get(self) -> Manifest:
        """Return the live object; raises `errors.NotFound` when it is not there."""
        return self.rdef.get(self.name, self.namespace)

    def create(self, dry_run: bool = True) -> Manifest:  # noqa: FBT001, FBT002 - the reference's signature
        """Create the object and return it as the server holds it."""
        return self.rdef.create(self._manifest, dry_run=dry_run)

    def patch(
        self, body: Any, *, patch_type: K8SResourcePatchType, force: bool = False, dry_run: bool = True
    ) -> Manifest:
        """Patch the object: a list of JSON Patch operations, or a manifest for server-side apply."""
        return self.rdef.patch(
            self.name, body, patch_type=patch_type, namespace=self.namespace, force=force, dry_run=dry_run
        )

    def delete(
        self,
        *,
        dry_run: bool = True,
        propagation_policy: K8SPropagationPolicy | str = K8SPropagationPolicy.BACKGROUND,
        wait: bool = True,
    ) -> Manifest:
        """Delete the object; with ``wait`` return when it is gone."""
        return self.rdef.delete(
            self.name, namespace=self.namespace, dry_run=dry_run, propagation_policy=propagation_policy, wait=wait
        )

    def watch(self, *, timeout_seconds: float | None = None) -> Iterator[dict[str, Any]]:
        """Yield what happens to this object, as ``{"type": …, "object": …, "raw_object": …}``.

        Without ``timeout_seconds`` it goes on until the caller stops reading.
        """
        return self.rdef.watch(self.name, namespace=self.namespace, timeout_seconds=timeout_seconds)

    def close(self) -> None:
        """Refuse changes from now on: the walk is over."""
        self._closed = True

    def _writable(self) -> None:
        if self._closed:
            raise RuntimeError(f"the walk is over and `{self}` can only be read now")

    def _rename(self, before: K8SResourceKey) -> None:
        if self.record is not None and self.record.renamed is not None and before != self.key:
            self.record.renamed(self, before)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, K8SResource):
            return NotImplemented
        return self.key == other.key and self._manifest == other._manifest

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        """Return ``apiVersion/Kind/name[.namespace]``."""
        return f"{self.api_version}/{self.kind}/{self.name}{f'.{self.namespace}' if self.namespace else ''}"

    def __repr__(self) -> str:
        return f"K8SResource({self}, {self.source!r})"
