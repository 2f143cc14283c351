"""Which kinds there are, by which schema each is read, and what is to be said of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import GroupKind
from kubernator.schema import custom, suggesting
from kubernator.schema.fault import Fault, Reason, is_builtin_group
from kubernator.schema.versions import check_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.cluster.api import Kind
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest, Resource
    from kubernator.schema.documents import Documents
    from kubernator.schema.node import Node

__all__ = ["Knowledge", "Known"]


class Known(NamedTuple):
    """A kind: ``node`` is its schema, None where that is not known here.

    ``replicas`` is where a custom kind that can be scaled says how many it wants, empty where that is not known.
    """

    kind: Kind
    node: Node | None
    custom: bool
    replicas: tuple[str, ...] = ()

    @property
    def keeps_status(self) -> bool:
        """Whether the server drops the ``status`` of a manifest, after a look at its types only."""
        return self.custom and "status" in self.kind.subresources


class Knowledge:
    """What is known of kinds, each looked up once.

    ``definitions`` are CustomResourceDefinitions of the tree, which go before those of ``documents``. ``there`` are
    definitions of the cluster, for what its schemas do not tell: which versions are deprecated, and what can be scaled.
    ``complete`` says that ``documents`` know all kinds there are, those of a cluster; else a custom kind that they do
    not know may be defined there.
    """

    def __init__(
        self,
        documents: Documents,
        *,
        definitions: Sequence[Manifest] = (),
        there: Sequence[Manifest] = (),
        complete: bool = False,
    ) -> None:
        self._documents = documents
        self._complete = complete
        self._known: dict[GroupVersionKind, Known | None] = {}
        self._versions: dict[GroupVersionKind, Fault | None] = {}
        self._replicas = {gvk: path for definition in there for gvk, path in custom.scaled(definition)}
        for definition in definitions:
            from kubernator.schema.definitions import nodes  # noqa: PLC0415 - many trees have none

            schemas, replicas = nodes(definition), dict(custom.scaled(definition))
            for kind, _ in custom.versions(definition):
                gvk = kind.gvk
                self._known[gvk] = Known(kind, schemas.get(gvk), custom=True, replicas=replicas.get(gvk, ()))
        self._declared = frozenset(self._known)
        self._made = frozenset(map(GroupKind.defined_by, definitions))
        self._deprecated = {
            gvk: told
            for source in (there, definitions)
            for definition in source
            for gvk, told in custom.deprecations(definition)
            if source is definitions or gvk not in self._declared
        }

    def of(self, gvk: GroupVersionKind) -> Known | None:
        """Return what is known of a kind; None where nobody knows it."""
        if gvk not in self._known:
            documents = self._documents
            kind = documents.kinds().get(gvk) or documents.optional().get(gvk)
            replicas = self._replicas.get(gvk, ())
            self._known[gvk] = (
                None
                if kind is None
                else Known(kind, documents.root(gvk), custom=documents.is_custom(gvk), replicas=replicas)
            )
        return self._known[gvk]

    def version(self, gvk: GroupVersionKind) -> Fault | None:
        """Return what is to be said of the version of a kind; that it is gone only where nobody knows it."""
        if gvk not in self._versions:
            self._versions[gvk] = self._told(gvk)
        return self._versions[gvk]

    def unknown(self, resource: Resource) -> Diagnostic:
        """Return what is said of a resource whose kind is not known: an error where it cannot be known elsewhere."""
        served = [kind.gvk for kind in self._documents.kinds()]
        wrong = self._complete or is_builtin_group(resource.gvk.group) or resource.gvk.group_kind in self._made
        what = f"`{resource.gvk.api_version}/{resource.gvk.kind}`"
        declared = any(gvk.group_kind == resource.gvk.group_kind for gvk in self._declared)
        unserved = resource.gvk.group_kind in self._made and not declared
        return Diagnostic(
            severity=Severity.ERROR if wrong else Severity.WARNING,
            message=suggesting.unknown(resource.gvk) if wrong else f"{what} is not known here, so this is not checked",
            origin=resource.place(("kind",)),
            resource=str(resource),
            changed_by=tuple(map(str, resource.touched_by)),
            hint="its CustomResourceDefinition serves no version of it"
            if unserved
            else suggesting.meant(resource.gvk, [*served, *self._declared]),
            code="kind",
        )

    def _told(self, gvk: GroupVersionKind) -> Fault | None:
        if gvk in self._declared or gvk in self._deprecated:
            told = self._deprecated.get(gvk)
            return Fault(("apiVersion",), Reason.DEPRECATED, told, Severity.WARNING) if told else None
        known = self.of(gvk)
        fault = check_version(gvk, self._documents.minor)
        if fault is None and known is not None and self._documents.optional().get(gvk) is not None:
            message = f"{gvk} is served only where the API server is told to"
            return Fault(("apiVersion",), Reason.UNSUPPORTED, message, Severity.WARNING)
        gone = fault is not None and fault.severity is Severity.ERROR
        return None if gone and known is not None else fault
