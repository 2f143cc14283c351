"""What goes well together in a tree and what does not: an autoscaler, and replicas in what it scales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.model.annotations import CONFLICTS
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import GroupKind
from kubernator.model.ref import ResourceRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kubernator.model.resource import Resource

__all__ = ["scaled"]

#: Kinds that set the replicas of another object -> what that is where they do not say it.
_SCALERS: Final = {
    GroupKind("autoscaling", "HorizontalPodAutoscaler"): {},
    GroupKind("keda.sh", "ScaledObject"): {"apiVersion": "apps/v1", "kind": "Deployment"},
}


def scaled(resources: Collection[Resource]) -> Iterator[Diagnostic]:
    """Yield a warning for each workload that says `spec.replicas` while an autoscaler of the tree sets them."""
    scalers = [(found, _SCALERS[found.ref.group_kind]) for found in resources if found.ref.group_kind in _SCALERS]
    if not scalers:
        return
    by_ref = {found.ref: found for found in resources}
    for scaler, defaults in scalers:
        target = by_ref.get(_target(scaler, defaults))
        if target is None or _spec(target).get("replicas") is None or _given_up(target):
            continue
        yield Diagnostic(
            severity=Severity.WARNING,
            message=f"`spec.replicas` is set here and by the {scaler.ref.kind} `{scaler.ref.name}`",
            origin=target.place(("spec", "replicas")),
            resource=str(target),
            changed_by=tuple(map(str, target.touched_by)),
            detail=(("scaled by", f"{scaler} at {scaler.place(('spec', 'scaleTargetRef'))}"),),
            hint=f"drop `spec.replicas`, its live value stays; or annotate `{CONFLICTS}: leave /spec/replicas`",
            code="replicas",
        )


def _target(scaler: Resource, defaults: dict[str, str]) -> ResourceRef:
    named = _spec(scaler).get("scaleTargetRef")
    target = {**defaults, **(named if isinstance(named, dict) else {})}
    group = str(target.get("apiVersion") or "").rpartition("/")[0]
    return ResourceRef(group, str(target.get("kind")), scaler.ref.namespace, str(target.get("name")))


def _spec(resource: Resource) -> dict[str, Any]:
    spec = resource.manifest.get("spec")
    return spec if isinstance(spec, dict) else {}


def _given_up(target: Resource) -> bool:
    """Say whether a rule leaves the replicas to whoever owns them."""
    from kubernator.planning import conflicts, fields  # noqa: PLC0415 - few trees have autoscalers

    path = ("spec", "replicas")
    if fields.Patterns(target.policy.ignored).match(path, target.manifest):
        return True
    leaving = [rule for rule in target.policy.conflicts if rule.decision == conflicts.LEAVE]
    return any(fields.Patterns(rule.fields or ("/",)).match(path, target.manifest) for rule in leaving)
