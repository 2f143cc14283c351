"""All that can be known to be wrong with a resource before the API server is asked, as findings with their places.

In this order: the version of its kind, whether the kind is known, what the schema says, the rules of its definition,
what Go code of the server checks in built-in kinds, what must not change in the live object, and policies. What needs
right types comes only after types were found right, so that one mistake is said once. What only the server can decide
is said once for each rule, and left to it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, Protocol

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import DEFINITION
from kubernator.model.resource import NEVER
from kubernator.schema import mutating, structural, telling
from kubernator.schema.builtin import kinds, ranges
from kubernator.schema.builtin.field import Field
from kubernator.schema.defaults import defaulted
from kubernator.schema.fault import Fault, Reason
from kubernator.schema.knowledge import Knowledge
from kubernator.schema.matching import Request
from kubernator.schema.merged import emptied, merged, with_allocated
from kubernator.schema.metadata import check_metadata
from kubernator.schema.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest, Resource
    from kubernator.model.sourcemap import Path
    from kubernator.schema.documents import Documents
    from kubernator.schema.knowledge import Known
    from kubernator.schema.policies import Policies

__all__ = ["Rules", "Validation"]

_ADMISSION: Final = "admissionregistration.k8s.io"
_POLICIES: Final = frozenset({"ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"})


class Rules(Protocol):
    """Rules that no server knows, such as `kubernator.schema.policyfiles.PolicyFiles`."""

    def check(self, request: Request) -> list[Fault]:
        """Return what they say of a resource."""


class Validation:
    """Checks resources. Not safe to use from several threads.

    ``definitions``, ``there`` and ``complete`` are those of `Knowledge`. ``namespaces`` gives the manifest of a
    Namespace by its name, None where it is not known. ``mutators`` gives the manifests of those who may change objects
    on their way (`mutating.KINDS`), and is asked when there is something to mend.
    """

    def __init__(
        self,
        documents: Documents,
        *,
        definitions: Sequence[Manifest] = (),
        there: Sequence[Manifest] = (),
        policies: Policies | None = None,
        rules: Rules | None = None,
        namespaces: Callable[[str], Mapping[str, Any] | None] | None = None,
        mutators: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
        complete: bool = False,
    ) -> None:
        self._minor = documents.minor
        self._knowledge = Knowledge(documents, definitions=definitions, there=there, complete=complete)
        self._policies = policies
        self._rules = rules
        self._namespaces = namespaces or (lambda _: None)
        self._mutators = mutators or (lambda: ())
        self._said: set[tuple[GroupVersionKind, str]] = set()

    def check(
        self, resource: Resource, *, live: Manifest | None = None, left: Manifest | None = None
    ) -> list[Diagnostic]:
        """Return what is wrong with a resource, in the order of the checks.

        ``live`` is the object as the cluster has it: then only what would be wrong with what comes of both is told.
        ``left`` is what stays of it beside what the manifest says, where that is known (`planning.remaining`); else all
        that the manifest leaves out is taken for kept.
        """
        if left is not None and live is not None and left is not live:
            left = with_allocated(left, live)
        told = Telling(resource)
        known = self._knowledge.of(resource.gvk)
        version = self._knowledge.version(resource.gvk)
        found = [*told.all([version] if version is not None else (), "version")]
        if known is None:
            gone = any(each.severity is Severity.ERROR for each in found)
            return found if gone else [*found, self._knowledge.unknown(resource)]
        faults = self._standing(resource, known, live, left)
        mender = self._mender(resource, known, faults) if faults else ""
        found += told.all(self._once(resource.gvk, faults), "schema", mender=mender)
        if live is not None:
            found += told.all(self._unchangeable(resource, known, live, left), "schema", mender=mender)
        if any(fault.reason is Reason.TYPE for fault in faults):
            return found
        return [
            *found,
            *self.rules(resource, live=live),
            *self.admission(resource, self._policies, live=live, left=left),
        ]

    def rules(self, resource: Resource, *, live: Manifest | None = None) -> list[Diagnostic]:
        """Return only what rules of Kubernator's own say, which no server knows."""
        known = self._knowledge.of(resource.gvk) if self._rules is not None else None
        if self._rules is None or known is None:
            return []
        faults = self._once(resource.gvk, self._rules.check(self._request(resource, known, resource.manifest, live)))
        return list(Telling(resource).all(faults, "policy"))

    def admission(
        self,
        resource: Resource,
        policies: Policies | None,
        *,
        live: Manifest | None = None,
        left: Manifest | None = None,
        predicted: Manifest | None = None,
    ) -> list[Diagnostic]:
        """Return what ValidatingAdmissionPolicies say of a resource.

        ``predicted`` is what comes of it, where a server has said so; else that is guessed, and may be mended.
        """
        known = self._knowledge.of(resource.gvk) if policies else None
        if not policies or known is None:
            return []
        manifest = self._sent(resource, known, left or live) if predicted is None else predicted
        faults = policies.check(self._request(resource, known, manifest, live))
        mender = self._mender(resource, known, faults) if predicted is None else ""
        told = Telling(resource)
        return list(told.all(self._once(resource.gvk, faults), "policy", mender=mender))

    # What is wrong with a manifest

    def _standing(self, resource: Resource, known: Known, live: Manifest | None, left: Manifest | None) -> list[Fault]:
        """Return the faults of a manifest; beside a live object, those that what is live does not make good."""
        manifest = resource.manifest
        if left is not None and left is not live:
            manifest = emptied(manifest, left, known.node)
        found = _once_taken(list(self._faults(manifest, resource.gvk, known, live)))
        if live is None or not found:
            return found
        both = set(self._faults(merged(manifest, left or live, known.node), resource.gvk, known, live))
        met = [fault for fault in found if _is_met(fault, both)]
        same = [fault for fault in met if fault.reason not in telling.STRUCTURE and _same(fault, manifest, live)]
        if same and left is not None:  # what is as it was may be wrong by what goes
            before = {_anywhere(fault) for fault in self._faults(live, resource.gvk, known, None)}
            same = [fault for fault in same if fault.path[0] == "metadata" or _anywhere(fault) in before]
        return [fault for fault in met if fault not in same]

    def _faults(
        self, manifest: Manifest, gvk: GroupVersionKind, known: Known, live: Manifest | None
    ) -> Iterator[Fault]:
        node, minor = known.node, self._minor
        wrong: list[Fault] = []
        asked: list[Fault] = []
        if node is not None:
            wrong, asked = structural.look(manifest, node, custom=known.custom, minor=minor)
            if known.keeps_status:
                wrong = [fault for fault in wrong if not _is_of_dropped_status(fault, manifest)]
                manifest = {key: value for key, value in manifest.items() if key != "status"}
            yield from wrong
        broken = bool(wrong) and any(fault.severity is Severity.ERROR for fault in wrong)
        if known.custom and node is not None and not broken:
            from kubernator.schema.cel.rules import check_rules  # noqa: PLC0415 - many trees have no kinds of their own

            yield from check_rules(defaulted(manifest, node), node, live)
        if broken and any(fault.reason is Reason.TYPE for fault in wrong):
            return
        if known.custom:
            root = Field(manifest, minor=minor)
            check_metadata(root, gvk, custom=True, stored=live is not None)
            if known.replicas:
                ranges.check_within(functools.reduce(Field.__getitem__, known.replicas, root), 0, ranges.LARGEST)
            yield from root.faults
        else:
            kept = structural.as_kept(manifest, wrong, node)
            yield from kinds.check(kept, gvk, asked=asked, minor=minor, stored=live is not None)
        if gvk.group_kind == DEFINITION:
            from kubernator.schema.cel.definition import check_schema  # noqa: PLC0415 - few trees have definitions
            from kubernator.schema.definitions import check_definition  # noqa: PLC0415 - the same

            yield from check_definition(manifest, rules=lambda root: check_schema(root, minor=minor), minor=minor)
        elif gvk.group == _ADMISSION and gvk.kind in _POLICIES:
            from kubernator.schema.policies import check_policy_manifest  # noqa: PLC0415 - the same of policies

            yield from check_policy_manifest(manifest)

    def _unchangeable(self, resource: Resource, known: Known, live: Manifest, left: Manifest | None) -> Iterator[Fault]:
        """Yield what cannot change in the live object; a warning where it may be replaced instead."""
        from kubernator.schema import immutable  # noqa: PLC0415 - without a cluster there is no live object

        replaced = _may_be_replaced(resource)
        for fault in immutable.check_update(resource.manifest, live, resource.gvk, left=left, node=known.node):
            if replaced:
                message = f"{fault.message}; the object is going to be deleted and made anew"
                yield fault._replace(severity=Severity.WARNING, message=message)
            else:
                yield fault

    # What policies say

    def _sent(self, resource: Resource, known: Known, live: Manifest | None) -> Manifest:
        """Return about what a server makes of a manifest before it asks policies."""
        manifest = resource.manifest
        if known.custom and known.node is not None:
            manifest = defaulted(manifest, known.node)
        return manifest if live is None else merged(manifest, live, known.node)

    def _mender(self, resource: Resource, known: Known, faults: Iterable[Fault]) -> str:
        """Return who may put right what is wrong, for people; nobody is looked for where nothing can be."""
        if not any(map(telling.may_be_mended, faults)):
            return ""
        return mutating.changes(self._mutators(), resource.gvk, known.kind.plural)

    def _request(self, resource: Resource, known: Known, manifest: Manifest, live: Manifest | None) -> Request:
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
    if not faults:
        return faults
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


def _is_met(fault: Fault, faults: Collection[Fault]) -> bool:
    """Say whether a fault is among others; what is missing with all that is in it may be there without some of it."""
    if fault in faults:
        return True
    depth = len(fault.path)
    missing = (each for each in faults if each.reason is fault.reason is Reason.REQUIRED)
    return any(each.path[:depth] == fault.path for each in missing)


def _same(fault: Fault, manifest: Manifest, live: Manifest) -> bool:
    """Say whether what a fault is about is as it was, which the server takes as it took it then."""
    for path in (fault.path, fault.path[:-1]):
        value = _at(manifest, path)
        if path and value is not None and value == _at(live, path):
            return True
    return False


def _anywhere(fault: Fault) -> tuple[object, ...]:
    """Return what is the same of a fault wherever in a list it is."""
    return tuple(step for step in fault.path if isinstance(step, str)), fault.reason, fault.message


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
