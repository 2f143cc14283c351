"""All that can be known to be wrong with a resource before the API server is asked, as findings with their places.

In this order: the version of its kind, whether the kind is known, what the schema says, the rules of its definition,
what Go code of the server checks in built-in kinds, what must not change in the live object, and policies. What needs
right types comes only after types were found right, so that one mistake is said once. What only the server can decide
is said once for each rule, and left to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import DEFINITION
from kubernator.model.resource import NEVER
from kubernator.schema import custom, immutable, mutating, structural, suggesting, telling
from kubernator.schema.builtin import kinds
from kubernator.schema.builtin.field import Field
from kubernator.schema.defaults import defaulted
from kubernator.schema.definitions import check_definition, nodes
from kubernator.schema.fault import Fault, Reason, is_builtin_group
from kubernator.schema.matching import Request
from kubernator.schema.merged import merged
from kubernator.schema.metadata import check_metadata
from kubernator.schema.telling import Telling
from kubernator.schema.versions import check_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kubernator.cluster.api import Kind
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest, Resource
    from kubernator.model.sourcemap import Path
    from kubernator.schema.documents import Documents
    from kubernator.schema.node import Node
    from kubernator.schema.policies import Policies

__all__ = ["Rules", "Validation"]

_ADMISSION: Final = "admissionregistration.k8s.io"
_POLICIES: Final = frozenset({"ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"})


class Rules(Protocol):
    """Rules that no server knows, such as `kubernator.schema.policyfiles.PolicyFiles`."""

    def check(self, request: Request) -> list[Fault]:
        """Return what they say of a resource."""


class _Known(NamedTuple):
    """A kind: ``node`` is its schema, None where that is not known here."""

    kind: Kind
    node: Node | None
    custom: bool

    @property
    def keeps_status(self) -> bool:
        """Whether the server drops the ``status`` of a manifest, after a look at its types only."""
        return self.custom and "status" in self.kind.subresources


class Validation:
    """Checks resources. Not safe to use from several threads.

    ``definitions`` are CustomResourceDefinitions of the tree, which go before those of ``documents``. ``namespaces``
    gives the manifest of a Namespace by its name, None where it is not known. ``mutators`` gives the manifests of those
    who may change objects on their way (`mutating.KINDS`), and is asked when there is something to mend. ``complete``
    says that ``documents`` know all kinds there are, those of a cluster; else a custom kind that they do not know may
    be defined there. ``writes`` says that warnings about fields do not end the run, as in ``apply --yes``.
    """

    def __init__(
        self,
        documents: Documents,
        *,
        definitions: Sequence[Manifest] = (),
        policies: Policies | None = None,
        rules: Rules | None = None,
        namespaces: Callable[[str], Mapping[str, Any] | None] | None = None,
        mutators: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
        complete: bool = False,
        writes: bool = False,
    ) -> None:
        self._documents = documents
        self._policies = policies
        self._rules = rules
        self._namespaces = namespaces or (lambda _: None)
        self._mutators = mutators or (lambda: ())
        self._complete = complete
        self._writes = writes
        self._known: dict[GroupVersionKind, _Known | None] = {}
        self._versions: dict[GroupVersionKind, Fault | None] = {}
        self._said: set[tuple[GroupVersionKind, str]] = set()
        for definition in definitions:
            schemas = nodes(definition)
            for kind, _ in custom.versions(definition):
                self._known[kind.gvk] = _Known(kind, schemas.get(kind.gvk), custom=True)
        self._declared = frozenset(self._known)
        self._deprecated = {gvk: told for definition in definitions for gvk, told in custom.deprecations(definition)}

    def check(self, resource: Resource, *, live: Manifest | None = None) -> list[Diagnostic]:
        """Return what is wrong with a resource, in the order of the checks.

        ``live`` is the object as the cluster has it: then only what would be wrong with what comes of both is told.
        """
        told = Telling(resource, writes=self._writes)
        known = self._of(resource.gvk)
        if resource.gvk not in self._versions:
            self._versions[resource.gvk] = self._version(resource.gvk, known)
        version = self._versions[resource.gvk]
        found = [*told.all([version] if version is not None else (), "version")]
        if known is None:
            gone = any(each.severity is Severity.ERROR for each in found)
            return found if gone else [*found, self._unknown(resource)]
        faults = self._standing(resource, known, live)
        if any(map(telling.may_be_mended, faults)):
            told.mender = mutating.changes(self._mutators(), resource.gvk, known.kind.plural)
        found += told.all(self._once(resource.gvk, faults), "schema")
        if live is not None:
            found += told.all(self._unchangeable(resource, live), "schema")
        if not any(fault.reason is Reason.TYPE for fault in faults):
            found += told.all(self._once(resource.gvk, self._ruled(resource, known, live)), "policy")
        return found

    def rules(self, resource: Resource, *, live: Manifest | None = None) -> list[Diagnostic]:
        """Return only what rules of Kubernator's own say, which no server knows."""
        known = self._of(resource.gvk)
        if self._rules is None or known is None:
            return []
        faults = self._once(resource.gvk, self._rules.check(self._request(resource, known, resource.manifest, live)))
        return list(Telling(resource, writes=self._writes).all(faults, "policy"))

    # What is known of a kind

    def _of(self, gvk: GroupVersionKind) -> _Known | None:
        if gvk not in self._known:
            documents = self._documents
            kind = documents.kinds().get(gvk) or documents.optional().get(gvk)
            self._known[gvk] = (
                None if kind is None else _Known(kind, documents.root(gvk), custom=documents.is_custom(gvk))
            )
        return self._known[gvk]

    def _version(self, gvk: GroupVersionKind, known: _Known | None) -> Fault | None:
        """Return what is to be said of the version of a kind; that it is gone only where nobody knows it."""
        if gvk in self._declared:
            told = self._deprecated.get(gvk)
            return Fault(("apiVersion",), Reason.DEPRECATED, told, Severity.WARNING) if told else None
        fault = check_version(gvk, self._documents.minor)
        if fault is None and known is not None and self._documents.optional().get(gvk) is not None:
            message = f"{gvk} is served only where the API server is told to"
            return Fault(("apiVersion",), Reason.UNSUPPORTED, message, Severity.WARNING)
        gone = fault is not None and fault.severity is Severity.ERROR
        return None if gone and known is not None else fault

    def _unknown(self, resource: Resource) -> Diagnostic:
        served = [kind.gvk for kind in self._documents.kinds()]
        wrong = (
            self._complete
            or is_builtin_group(resource.gvk.group)
            or any(gvk.group_kind == resource.gvk.group_kind for gvk in self._declared)
        )
        what = f"`{resource.gvk.api_version}/{resource.gvk.kind}`"
        return Diagnostic(
            severity=Severity.ERROR if wrong else Severity.WARNING,
            message=suggesting.unknown(resource.gvk) if wrong else f"{what} is not known here, so this is not checked",
            origin=resource.place(("kind",)),
            resource=str(resource),
            changed_by=tuple(map(str, resource.touched_by)),
            hint=suggesting.meant(resource.gvk, [*served, *self._declared]),
            code="kind",
        )

    # What is wrong with a manifest

    def _standing(self, resource: Resource, known: _Known, live: Manifest | None) -> list[Fault]:
        """Return the faults of a manifest; beside a live object, those that what is live does not make good."""
        manifest = resource.manifest
        found = _once_taken(list(self._faults(manifest, resource.gvk, known, live)))
        if live is None or not found:
            return found
        both = set(self._faults(merged(manifest, live, known.node), resource.gvk, known, live))
        return [
            fault
            for fault in found
            if fault in both and (fault.reason in telling.STRUCTURE or not _same(fault, manifest, live))
        ]

    def _faults(
        self, manifest: Manifest, gvk: GroupVersionKind, known: _Known, live: Manifest | None
    ) -> Iterator[Fault]:
        node, minor = known.node, self._documents.minor
        wrong: list[Fault] = []
        if node is not None:
            wrong = structural.check(manifest, node, custom=known.custom, minor=minor)
            if known.keeps_status:
                wrong = [fault for fault in wrong if not _is_of_dropped_status(fault, manifest)]
                manifest = {key: value for key, value in manifest.items() if key != "status"}
            yield from wrong
        broken = any(fault.severity is Severity.ERROR for fault in wrong)
        if known.custom and node is not None and not broken:
            from kubernator.schema.cel.rules import check_rules  # noqa: PLC0415 - many trees have no kinds of their own

            yield from check_rules(defaulted(manifest, node), node, live)
        if broken and any(fault.reason is Reason.TYPE for fault in wrong):
            return
        if known.custom:
            root = Field(manifest, minor=minor)
            check_metadata(root, gvk, custom=True, stored=live is not None)
            yield from root.faults
        else:
            kept = structural.as_kept(manifest, wrong)
            yield from kinds.check(kept, gvk, node=node, minor=minor, stored=live is not None)
        if gvk.group_kind == DEFINITION:
            from kubernator.schema.cel.definition import check_schema  # noqa: PLC0415 - few trees have definitions

            yield from check_definition(manifest, rules=lambda root: check_schema(root, minor=minor), minor=minor)
        elif gvk.group == _ADMISSION and gvk.kind in _POLICIES:
            from kubernator.schema.policies import check_policy_manifest  # noqa: PLC0415 - the same of policies

            yield from check_policy_manifest(manifest)

    def _unchangeable(self, resource: Resource, live: Manifest) -> Iterator[Fault]:
        """Yield what cannot change in the live object; a warning where it may be replaced instead."""
        replaced = _may_be_replaced(resource)
        for fault in immutable.check_update(resource.manifest, live, resource.gvk):
            if replaced:
                message = f"{fault.message}; the object is going to be deleted and made anew"
                yield fault._replace(severity=Severity.WARNING, message=message)
            else:
                yield fault

    # What policies say

    def _ruled(self, resource: Resource, known: _Known, live: Manifest | None) -> Iterator[Fault]:
        if self._rules is not None:
            yield from self._rules.check(self._request(resource, known, resource.manifest, live))
        if self._policies:
            manifest = resource.manifest
            if known.custom and known.node is not None:
                manifest = defaulted(manifest, known.node)
            if live is not None:
                manifest = merged(manifest, live, known.node)
            yield from self._policies.check(self._request(resource, known, manifest, live))

    def _request(self, resource: Resource, known: _Known, manifest: Manifest, live: Manifest | None) -> Request:
        namespace = resource.ref.namespace
        return Request(
            manifest=manifest,
            gvk=resource.gvk,
            resource=known.kind.plural,
            namespaced=known.kind.namespaced,
            namespace=namespace,
            old=live,
            namespace_object=self._namespaces(namespace) if namespace else None,
        )

    def _once(self, gvk: GroupVersionKind, faults: Iterable[Fault]) -> Iterator[Fault]:
        """Leave out what is left to the server and was said of the kind before."""
        for fault in faults:
            if fault.reason is Reason.UNDECIDED:
                if (gvk, fault.message) in self._said:
                    continue
                self._said.add((gvk, fault.message))
            yield fault


def _may_be_replaced(resource: Resource) -> bool:
    own = resource.policy.replace
    return own != NEVER if own else (resource.ref.group, resource.ref.kind) in resource.policy.immutable_changes


def _once_taken(faults: list[Fault]) -> list[Fault]:
    """Leave out what Go code says again of an item that the schema found to be there twice, or the other way round."""
    twice = [fault for fault in faults if fault.reason is Reason.DUPLICATE]
    again = {
        id(one)
        for one in twice
        for other in twice
        if one.path == other.path[:-1] or (one.path == other.path and one.message < other.message)
    }
    return [fault for fault in faults if id(fault) not in again]


def _is_of_dropped_status(fault: Fault, manifest: Manifest) -> bool:
    """Say whether a fault is of a status that the server drops before it would find it."""
    if fault.path[:1] != ("status",):
        return False
    typed = fault.reason in {Reason.TYPE, Reason.UNKNOWN, Reason.DUPLICATE}
    return not typed or _at(manifest, fault.path) is None


def _same(fault: Fault, manifest: Manifest, live: Manifest) -> bool:
    """Say whether what a fault is about is as it was, which the server takes as it took it then."""
    for path in (fault.path, fault.path[:-1]):
        value = _at(manifest, path)
        if path and value is not None and value == _at(live, path):
            return True
    return False


def _at(value: object, path: Path) -> object:
    for step in path:
        match value:
            case dict():
                value = value.get(step)
            case list() if isinstance(step, int) and step < len(value):
                value = value[step]
            case _:
                return None
    return value
