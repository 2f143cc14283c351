"""What policies of a tree say of its plan: an error where they are in force by then, else a warning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import Any

import pytest

from kubernator.model.change import Change, ChangeKind
from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.plan import Phase, Plan
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.run.coming import Coming
from kubernator.schema.documents import bundled
from kubernator.schema.validation import Validation

_GROUP = "admissionregistration.k8s.io/v1"
_KIND = "ValidatingAdmissionPolicy"
_RULES = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}]


def _change(kind: str, name: str, spec: dict[str, Any] | None, how: ChangeKind, **more: Any) -> Change:
    manifest: dict[str, Any] = {"apiVersion": _GROUP if spec else "v1", "kind": kind, "metadata": {"name": name}}
    if spec is not None:
        manifest["spec"] = spec
    resource = Resource(
        manifest=manifest,
        ref=ResourceRef.of(manifest),
        gvk=GroupVersionKind.of(manifest["apiVersion"], kind),
        origin=Origin(path=PurePath("a.yaml")),
    )
    live = None if how is ChangeKind.CREATE else manifest
    return replace(Change.of(resource, how, live=live), predicted=manifest, **more)


def _policy(how: ChangeKind, **spec: Any) -> Change:
    validation = {"expression": "has(object.data)", "message": "there is no data"}
    spec = {"matchConstraints": {"resourceRules": _RULES}, "validations": [validation], **spec}
    return _change(_KIND, "p", spec, how)


def _binding(how: ChangeKind, *, action: str = "Deny", policy: str = "p", **spec: Any) -> Change:
    return _change(f"{_KIND}Binding", "b", {"policyName": policy, "validationActions": [action], **spec}, how)


def _map(how: ChangeKind = ChangeKind.CREATE, *, name: str = "a", **more: Any) -> Change:
    return _change("ConfigMap", name, None, how, **more)


def _told(*phases: tuple[Change, ...], unproven: bool = False) -> list[Severity]:
    """Return how bad what is said of the ConfigMap `a` is."""
    plan = Plan(phases=tuple(Phase(name=str(number), changes=changes) for number, changes in enumerate(phases)))
    coming = Coming(plan, lambda *_: [{"min": 1}])
    (change,) = (each for each in plan.changes if each.ref.kind == "ConfigMap" and each.ref.name == "a")
    return [each.severity for each in coming.findings(change, Validation(bundled(37)), unproven=unproven)]


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        # in one phase the policy comes last
        (((_map(), _policy(ChangeKind.CREATE), _binding(ChangeKind.CREATE)),), Severity.WARNING),
        (((_map(),), (_policy(ChangeKind.CREATE), _binding(ChangeKind.CREATE))), Severity.WARNING),
        (((_policy(ChangeKind.CREATE), _binding(ChangeKind.CREATE)), (_map(),)), Severity.ERROR),
        (((_policy(ChangeKind.CREATE),), (_map(), _binding(ChangeKind.CREATE))), Severity.WARNING),
        (((_policy(ChangeKind.UNCHANGED), _binding(ChangeKind.UPDATE)), (_map(),)), Severity.ERROR),
        # what stays as it is is never sent, and so never denied
        (((_policy(ChangeKind.UPDATE), _binding(ChangeKind.UPDATE)), (_map(ChangeKind.UNCHANGED),)), Severity.WARNING),
        # the dry run has asked these
        (((_policy(ChangeKind.UNCHANGED), _binding(ChangeKind.UNCHANGED)), (_map(),)), None),
        (((_policy(ChangeKind.CREATE),), (_map(),)), None),
        (((_policy(ChangeKind.CREATE), _binding(ChangeKind.CREATE, policy="other")), (_map(),)), None),
        (((_policy(ChangeKind.REFUSED), _binding(ChangeKind.CREATE)), (_map(),)), None),
        (((_policy(ChangeKind.CREATE), _binding(ChangeKind.CREATE, action="Audit")), (_map(),)), None),
        (((_policy(ChangeKind.CREATE), _binding(ChangeKind.CREATE, action="Warn")), (_map(),)), Severity.WARNING),
    ],
)
def test_it_counts_when_a_policy_comes_into_force(
    phases: tuple[tuple[Change, ...], ...], expected: Severity | None
) -> None:
    """Denied is what is written after the policy and its binding are."""
    assert _told(*phases) == ([] if expected is None else [expected])


def test_nobody_has_asked_those_in_force_about_what_is_not_proven() -> None:
    """They deny it as soon as it is written."""
    phases = ((_policy(ChangeKind.UNCHANGED), _binding(ChangeKind.UNCHANGED)), (_map(),))
    assert _told(*phases, unproven=True) == [Severity.ERROR]


@pytest.mark.parametrize(
    ("how", "expected"),
    [(ChangeKind.UNCHANGED, []), (ChangeKind.UPDATE, [Severity.WARNING]), (ChangeKind.CREATE, [Severity.WARNING])],
)
def test_parameters_are_a_part_of_a_policy(how: ChangeKind, expected: list[Severity]) -> None:
    """One that changes in the run has its say from then on."""
    policy = _policy(ChangeKind.UNCHANGED, paramKind={"apiVersion": "v1", "kind": "ConfigMap"})
    binding = _binding(ChangeKind.UNCHANGED, paramRef={"name": "limits"})
    assert _told((policy, binding, _map(), _map(how, name="limits"))) == expected


def test_what_the_server_makes_of_an_object_is_judged() -> None:
    """The data may come on the way, as a dry run tells."""
    made = _map()
    predicted = {**made.resource.manifest, "data": {"a": "b"}} if made.resource else {}
    assert _told((_policy(ChangeKind.CREATE), _binding(ChangeKind.CREATE)), (replace(made, predicted=predicted),)) == []


def test_what_only_the_server_knows_is_left_to_it() -> None:
    """Nothing is said of it, since the server says it itself."""
    asks = {"expression": "request.userInfo.username == 'me'"}
    assert _told((_policy(ChangeKind.CREATE, validations=[asks]), _binding(ChangeKind.CREATE)), (_map(),)) == []


def test_a_plan_without_policies_is_not_looked_at() -> None:
    """As nearly all are."""
    assert not Coming(Plan(phases=(Phase(name="a", changes=(_map(),)),)), lambda *_: None)
