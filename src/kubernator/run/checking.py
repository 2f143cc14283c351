"""Checking what a walk brought: by schemas alone, with what a cluster holds, or only what no server has seen."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.model.change import ChangeKind
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import DEFINITION, NAMESPACE, GroupKind
from kubernator.model.ref import ResourceRef
from kubernator.run import premises

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.cluster.api import Cluster
    from kubernator.model.change import Change
    from kubernator.model.diagnostics import Diagnostics
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.plan import Plan
    from kubernator.model.resource import Manifest, Resource
    from kubernator.run.against import Against
    from kubernator.run.coming import Coming
    from kubernator.run.host import RunHost
    from kubernator.run.options import RunOptions
    from kubernator.run.planning import Walked
    from kubernator.schema.documents import Documents
    from kubernator.schema.policies import Policies
    from kubernator.schema.policyfiles import PolicyFiles
    from kubernator.schema.validation import Validation

__all__ = ["Checking"]

_ADMISSION: Final = "admissionregistration.k8s.io"
_POLICY_KINDS: Final = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
#: What the planner says itself of what it asks the server about.
_PLANNED: Final = frozenset({"kind", "version"})


class Checking:
    """Checks the resources of a walk.

    ``everywhere`` are directories of policies for all of them. With ``cluster`` it is asked what it holds: policies,
    their parameters, and namespaces.
    """

    def __init__(
        self,
        host: RunHost,
        diagnostics: Diagnostics,
        *,
        walked: Walked,
        everywhere: Sequence[PolicyFiles] = (),
        cluster: Cluster | None = None,
        options: RunOptions,
    ) -> None:
        self._host = host
        self._diagnostics = diagnostics
        self._resources = walked.resources
        self._everywhere = everywhere
        self._cluster = cluster
        self._options = options
        self._plan: Plan | None = None
        #: Definitions that the cluster has, of kinds that the tree has no definition of.
        self._there: list[Manifest] = []
        brought = [found for change in walked.plugin_changes for found in change.brings]
        #: What there will be: a plugin's before what the tree says itself, which may be another thing.
        self._manifests = [*brought, *(each.manifest for each in walked.resources)]

    def everything(self, live: Mapping[ResourceRef, Manifest] | None = None) -> list[Diagnostic]:
        """Return what is wrong with each resource.

        ``live`` are the objects that are there, with the definitions of what is `undeclared`.
        """
        known = live or {}
        self._there = [each for ref, each in known.items() if ref.group_kind == DEFINITION]
        if self._host.documents is None:
            self._host.workers.map(self._documents.is_custom, self.undeclared)  # reads all their schemas at once
        found = [one for each in self._resources for one in self._checked(each, known.get(each.ref))]
        unread = self._documents.warnings
        return [*found, *(Diagnostic(severity=Severity.WARNING, message=each, code="schema") for each in unread)]

    def _checked(self, resource: Resource, live: Manifest | None) -> list[Diagnostic]:
        return self._validation.check(resource) if live is None else self._against.check(resource, live)

    @functools.cached_property
    def _against(self) -> Against:
        from kubernator.run.against import Against  # noqa: PLC0415 - only with a cluster

        return Against(self._host.cluster, self._validation, manager=self._options.manager)

    @functools.cached_property
    def undeclared(self) -> list[GroupVersionKind]:
        """The kinds of the resources that no definition of the tree makes, sorted."""
        from kubernator.schema import custom  # noqa: PLC0415 - most runs leave checking to the server

        declared = {kind.gvk for each in self._definitions for kind, _ in custom.versions(each)}
        return sorted({each.gvk for each in self._resources} - declared)

    def of_plan(self, plan: Plan) -> Plan:
        """Return a plan in which what is wrong is refused: by rules of ours, or where the server was not asked.

        What the server was asked about it knows better, so only rules of ours are asked about that, and policies that
        come with the plan.
        """
        self._plan = plan
        changed = {change.ref: self._of_change(change) for change in plan.changes}
        if all(changed[change.ref] is change for change in plan.changes):
            return plan
        phases = [
            replace(phase, changes=tuple(changed.get(change.ref, change) for change in phase.changes))
            for phase in plan.phases
        ]
        return replace(plan, phases=tuple(phases))

    def _of_change(self, change: Change) -> Change:
        resource = change.resource
        if resource is None:
            return change
        if change.kind is ChangeKind.REFUSED:
            return self._explained(change, resource)
        unasked = not self._options.preflight and change.kind is ChangeKind.CREATE
        unproven = change.writes and (change.deferred or unasked)
        found: list[Diagnostic] = []
        if unproven:
            told = (each for each in self._validation.check(resource) if each.code not in _PLANNED)
            found += (each for each in told if each.severity is not Severity.INFO)
        elif change.fresh:  # what it says now may be nothing that there will be, and be lost without a write
            beside = self._validation.check(resource, live=change.live)
            found += (each for each in beside if each.code == "schema" and each.severity is not Severity.INFO)
        if self._ruled and not unproven:
            found += self._validation.rules(resource, live=change.live)
        if self._coming:
            found += self._coming.findings(change, self._validation, unproven=unproven)
        wrong = [each for each in found if each.severity is Severity.ERROR]
        self._diagnostics.extend(each for each in found if each.severity is not Severity.ERROR)
        return _refused(change, resource, wrong) if wrong else change

    def _explained(self, change: Change, resource: Resource) -> Change:
        """Return a refusal with all that is wrong and what was meant, where the server stopped at a field's name."""
        from kubernator.planning import policy  # noqa: PLC0415 - an empty tree does without

        if not policy.undeclared(change.detail):
            return change
        found = [each for each in self._validation.check(resource, live=change.live) if each.code == "schema"]
        wrong = [each for each in found if each.severity is not Severity.INFO]
        return replace(change, detail=_lines(wrong)) if wrong else change

    # What checks go by

    @functools.cached_property
    def _rules(self) -> Any:
        entry = self._host.roster.anywhere("k8s")
        rules: Any = getattr(entry.plugin, "rules", None) if entry is not None else None
        return rules(self._everywhere, self._parameters) if rules is not None else None

    @functools.cached_property
    def _found(self) -> dict[ResourceRef, Manifest]:
        return {ResourceRef.of(each): each for each in self._manifests}

    @functools.cached_property
    def _ruled(self) -> bool:
        """Whether there are rules of ours at all, which takes a look at the scope of every resource."""
        return bool(self._rules)

    @functools.cached_property
    def _coming(self) -> Coming | None:
        from kubernator.run.coming import Coming  # noqa: PLC0415 - an empty tree does without

        return Coming(self._plan, self._parameters) if self._plan is not None else None

    @functools.cached_property
    def _documents(self) -> Documents:
        from kubernator.schema import documents  # noqa: PLC0415 - most runs leave checking to the server
        from kubernator.tools.cache import Cache  # noqa: PLC0415 - the same

        return self._host.documents or documents.of_cluster(self._host.cluster, Cache())

    @functools.cached_property
    def _validation(self) -> Validation:
        from kubernator.schema.validation import Validation  # noqa: PLC0415 - as for the documents

        return Validation(
            self._documents,
            definitions=self._definitions,
            there=self._there,
            policies=self._policies(),
            rules=self._rules if self._ruled else None,
            namespaces=self._namespace,
            mutators=self._mutators,
            complete=self._host.documents is None,
        )

    @functools.cached_property
    def _definitions(self) -> list[Manifest]:
        return premises.definitions_of(self._host, self._manifests)

    def _policies(self) -> Policies | None:
        """Return the policies in force; with a plan it depends on the change which those are, see `Coming`."""
        if self._plan is not None:
            return None
        found = [each for each in self._manifests if each.get("kind") in _POLICY_KINDS]
        found += self._of_cluster(*_POLICY_KINDS)
        if not found:
            return None
        from kubernator.schema.policies import Policies  # noqa: PLC0415 - brings CEL with it, and few trees have any

        return Policies(found, self._parameters)

    def _mutators(self) -> Sequence[Manifest]:
        return self._all_mutators

    @functools.cached_property
    def _all_mutators(self) -> Sequence[Manifest]:
        from kubernator.schema import mutating  # noqa: PLC0415 - as for the documents

        ours = [each for ref, each in self._found.items() if ref.group == _ADMISSION and ref.kind in mutating.KINDS]
        return [*ours, *self._of_cluster(*mutating.KINDS)]

    def _of_cluster(self, *kinds: str) -> list[Manifest]:
        """Return all objects of kinds of policies that the cluster holds."""
        return [found for name in kinds for found in self._listed(GroupKind(_ADMISSION, name))]

    @property
    def _asked(self) -> Cluster | None:
        """The cluster where it may be asked what it holds; of a plan it is asked only for the sake of an error."""
        return self._host.cluster if self._plan is not None and self._host.documents is None else self._cluster

    def _listed(self, group_kind: GroupKind) -> list[Manifest]:
        cluster = self._asked
        kind = cluster.kinds().preferred(group_kind) if cluster is not None else None
        if kind is None or cluster is None:
            return []
        try:
            items = cluster.list(kind).items
        except errors.Forbidden as refused:
            self._unlisted(group_kind, refused)
            return []
        # items of a list do not say what they are
        return [{**each, "apiVersion": kind.gvk.api_version, "kind": kind.gvk.kind} for each in items]

    def _unlisted(self, group_kind: GroupKind, refused: errors.Forbidden) -> None:
        """Say what is left to the server because the user may not see it; of a plan the server says it by itself."""
        if self._plan is None:
            message = f"those of the cluster are not known here, because you may not list {group_kind}"
            detail = (("server", refused.title),)
            self._diagnostics.extend(
                [Diagnostic(severity=Severity.INFO, message=message, detail=detail, code="policy")]
            )

    @functools.cached_property
    def _namespaces(self) -> dict[str, Manifest]:
        from kubernator.schema.merged import merged  # noqa: PLC0415 - as for the documents

        ours = {ref.name: each for ref, each in self._found.items() if ref.group_kind == NAMESPACE}
        for change in self._plan.changes if self._plan is not None else ():
            if change.ref.group_kind == NAMESPACE and change.predicted is not None:
                ours[change.ref.name] = change.predicted
        listed = self._listed(NAMESPACE) if self._cluster is not None else ()
        there = {each["metadata"]["name"]: each for each in listed}
        # labels that others gave it stay
        return {**there, **{name: merged(each, there.get(name), None) for name, each in ours.items()}}

    def _namespace(self, name: str) -> Manifest | None:
        return self._namespaces.get(name)

    def _parameters(
        self, api_version: str, kind: str, reference: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]] | None:
        """Return what a binding means by its parameters; None for what is not known here."""
        group = api_version.rpartition("/")[0]
        name, namespace = reference.get("name"), reference.get("namespace") or ""
        if not isinstance(name, str) or not isinstance(namespace, str):
            return None
        found = self._found.get(ResourceRef(group, kind, namespace, name))
        if found is None and self._cluster is not None:
            served = self._cluster.kinds().preferred(GroupKind(group, kind))
            if served is not None and (namespace or not served.namespaced):
                try:
                    found = self._cluster.get(served, namespace=namespace, name=name)
                except errors.Forbidden:
                    return None
                return [found] if found is not None else []
        return [found] if found is not None else None


def _refused(change: Change, resource: Resource, found: Sequence[Diagnostic]) -> Change:
    """Return the refusal of a change for all that was found."""
    from kubernator.planning import changes  # noqa: PLC0415 - as for the cluster

    if len(found) == 1:
        reason = f"`{found[0].field}`: {found[0].message}" if found[0].field else found[0].message
        detail: tuple[tuple[str, str], ...] = ()
        origin = found[0].origin or change.origin
    else:
        reason = f"{len(found)} fields are wrong"
        detail = _lines(found)
        origin = change.origin
    refused = changes.refused(resource, reason=reason, live=change.live, detail=detail, hint=found[0].hint)
    return replace(refused, origin=origin)


def _lines(found: Sequence[Diagnostic]) -> tuple[tuple[str, str], ...]:
    return tuple(("field", f"`{each.field}` at {each.origin}: {each.message}") for each in found)
