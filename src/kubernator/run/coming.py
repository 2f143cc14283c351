"""What ValidatingAdmissionPolicies of a tree are going to say of its objects, where no server has said it yet.

A dry run asks the policies that are in force, and those that a run brings are not in force before they are written. So
what they deny is looked for here, in the light of when that is.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kubernator.model.change import ChangeKind
from kubernator.model.diagnostics import Severity
from kubernator.model.ref import ResourceRef
from kubernator.pipeline import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.change import Change
    from kubernator.model.diagnostics import Diagnostic
    from kubernator.model.plan import Plan
    from kubernator.model.resource import Manifest
    from kubernator.schema.policies import Parameters, Policies
    from kubernator.schema.validation import Validation

__all__ = ["Coming"]

_GROUP: Final = "admissionregistration.k8s.io"
_POLICY: Final = "ValidatingAdmissionPolicy"
_BINDING: Final = "ValidatingAdmissionPolicyBinding"
#: When what stays as it is came into force: before any phase.
_IN_FORCE: Final = -1


class Coming:
    """The policies of a tree whose bindings are in the tree too, each with the phase in which it comes into force."""

    def __init__(self, plan: Plan, parameters: Parameters) -> None:
        self._phases = {
            change.ref: number for number, phase in enumerate(plan.phases) for change in phase.changes if change.writes
        }
        self._policies = dict(self._by_phase(plan, parameters))

    def __bool__(self) -> bool:
        """Say whether there are any, which most trees have not."""
        return bool(self._policies)

    def findings(self, change: Change, validation: Validation, *, unproven: bool) -> Iterator[Diagnostic]:
        """Yield what they say of a change; ``unproven`` says that no dry run has asked those in force.

        What is denied is an error where the policy is in force when the object is written. Else the server takes the
        object this time, so it is a warning.
        """
        if change.resource is None:
            return
        for phase, policies in self._policies.items():
            if phase == _IN_FORCE and not unproven:
                continue
            found = validation.admission(
                change.resource,
                policies,
                live=None if change.kind is ChangeKind.REPLACE else change.live,
                predicted=None if unproven else change.predicted,
            )
            denied = phase < self._phases.get(change.ref, _IN_FORCE)
            # what is left to the server it says itself
            yield from (self._told(each, phase, denied=denied) for each in found if each.severity > Severity.INFO)

    @staticmethod
    def _told(found: Diagnostic, phase: int, *, denied: bool) -> Diagnostic:
        if found.severity is not Severity.ERROR or phase == _IN_FORCE:
            return found
        if denied:
            return replace(found, hint="the policy comes with this run, and is written before the object is")
        hint = "the policy comes with this run, and not before the object is written: the next change of it is denied"
        return replace(found, severity=Severity.WARNING, hint=hint)

    def _by_phase(self, plan: Plan, parameters: Parameters) -> Iterator[tuple[int, Policies]]:
        policies, bindings = _manifests(plan, _POLICY), _manifests(plan, _BINDING)
        by_name = {ResourceRef.of(policy).name: policy for policy in policies}
        grouped: dict[int, list[Manifest]] = defaultdict(list)
        for binding in bindings:
            policy = by_name.get(str(fields.at(binding, "spec", "policyName")))
            if policy is not None:
                grouped[self._phase(policy, binding)].append(binding)
        if not grouped:
            return
        from kubernator.schema.policies import Policies  # noqa: PLC0415 - brings CEL with it, and few trees have any

        for phase in sorted(grouped):
            yield phase, Policies([*policies, *grouped[phase]], parameters)

    def _phase(self, policy: Manifest, binding: Manifest) -> int:
        """Return the last phase in which a part of what decides is written."""
        parts = [ResourceRef.of(policy), ResourceRef.of(binding)]
        kind = fields.mapping(fields.at(policy, "spec", "paramKind"))
        reference = fields.mapping(fields.at(binding, "spec", "paramRef"))
        if kind and reference:
            named = (str(reference.get(key) or "") for key in ("namespace", "name"))
            parts.append(ResourceRef(fields.group_of(kind.get("apiVersion")), str(kind.get("kind")), *named))
        return max(self._phases.get(part, _IN_FORCE) for part in parts)


def _manifests(plan: Plan, kind: str) -> list[Manifest]:
    return [
        change.resource.manifest
        for change in plan.changes
        if change.resource is not None
        and change.kind is not ChangeKind.REFUSED
        and (change.ref.group, change.ref.kind) == (_GROUP, kind)
    ]
