"""What the API server checks of the workloads that keep pods running.

Source: Kubernetes' package ``apps/validation`` and ``ValidateReplicationController`` of ``core/validation``, after what
``apps/v1/defaults.go`` and ``core/v1/defaults.go`` fill in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import claims, parts, pods, ranges, selectors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_ALWAYS: Final = ("Always",)
_RETENTIONS: Final = ("Delete", "Retain")
_DEFAULT_DEADLINE: Final = 600
#: A quarter, where nothing is said; how much does not matter as long as it is not zero.
_SOME: Final = 25
#: Before this version of Kubernetes the server leaves out how many pods of a set may be missing.
_UNAVAILABLE_SINCE: Final = 37


def _deployment(root: Field) -> None:
    spec = root["spec"]
    _check_numbers(spec, "replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    _check_selected(spec, "deployment", "ReplicaSet")
    _check_strategy(spec["strategy"])
    deadline, ready = spec["progressDeadlineSeconds"], spec["minReadySeconds"].number or 0
    if spec and (_DEFAULT_DEADLINE if deadline.number is None else deadline.number) <= ready:
        deadline.invalid("must be greater than minReadySeconds")


def _check_strategy(field: Field) -> None:
    rolling = field["rollingUpdate"]
    if field["type"].text == "Recreate":
        if rolling:
            rolling.forbidden("may not be specified when strategy `type` is 'Recreate'")
        return
    missing, surge = rolling["maxUnavailable"], rolling["maxSurge"]
    unavailable = ranges.amount_or_share(missing, bounded=True) if missing else _SOME
    more = ranges.amount_or_share(surge) if surge else _SOME
    if unavailable == 0 and more == 0:
        missing.invalid("may not be 0 when `maxSurge` is 0")


def _replica_set(root: Field) -> None:
    spec = root["spec"]
    _check_numbers(spec, "replicas", "minReadySeconds")
    _check_selected(spec, "deployment", "ReplicaSet", needs_template=True)


def _daemon_set(root: Field) -> None:
    spec = root["spec"]
    _check_numbers(spec, "minReadySeconds", "revisionHistoryLimit")
    _check_selected(spec, "daemonset", "DaemonSet")
    strategy = spec["updateStrategy"]
    if strategy["type"].text == "OnDelete":
        return
    missing, surge = strategy["rollingUpdate"]["maxUnavailable"], strategy["rollingUpdate"]["maxSurge"]
    unavailable = ranges.amount_or_share(missing, bounded=True) if missing else 1
    more = ranges.amount_or_share(surge, bounded=True) if surge else 0
    if unavailable and more:
        surge.invalid("may not be set when maxUnavailable is non-zero")
    elif unavailable == 0 and more == 0:
        missing.required("cannot be 0 when maxSurge is 0")


def _stateful_set(root: Field) -> None:
    spec = root["spec"]
    _check_numbers(spec, "replicas", "minReadySeconds")
    parts.check_signed(spec["ordinals"]["start"])
    parts.check_text(spec["serviceName"], names.dns_label)
    strategy = spec["updateStrategy"]
    rolling = strategy["rollingUpdate"]
    if strategy["type"].text == "OnDelete" and rolling:
        rolling.invalid("only allowed for updateStrategy 'RollingUpdate'")
    elif strategy["type"].text in {"", "RollingUpdate"}:
        parts.check_signed(rolling["partition"])
        if rolling["maxUnavailable"] and spec.minor >= _UNAVAILABLE_SINCE:
            _check_unavailable(rolling["maxUnavailable"])
    for each in spec["volumeClaimTemplates"].items():
        claims.check_claim_spec(each["spec"])
        name = each["metadata"]["name"]
        name.complain(names.dns_label(name.text))  # it is the name of a volume too
    for event in ("whenDeleted", "whenScaled"):
        parts.check_word(spec["persistentVolumeClaimRetentionPolicy"][event], _RETENTIONS)
    _check_selected(spec, "statefulset", "StatefulSet", template=_with_claims(spec))


def _check_unavailable(field: Field) -> None:
    if ranges.amount_or_share(field, bounded=True) == 0:
        field.invalid("cannot be 0")


def _with_claims(spec: Field) -> Field:
    """Return the template of a set with its claims as volumes, and without names that the set gives each pod."""
    template = spec["template"]
    of_pod = template["spec"].value
    if not isinstance(of_pod, dict):
        return template
    made = {each["metadata"]["name"].text for each in spec["volumeClaimTemplates"].items()}
    made = {name for name in made if not names.dns_label(name)}
    # A volume whose place a claim takes is not looked at, but stays, so that the others keep their places.
    kept = [
        {"name": each["name"].text, "emptyDir": {}} if each["name"].text in made else each.value
        for each in template["spec"]["volumes"].items()
    ]
    known = {each["name"].text for each in template["spec"]["volumes"].items()}
    more = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in sorted(made - known)]
    shown = {key: value for key, value in of_pod.items() if key not in {"hostname", "subdomain"}}
    shown["volumes"] = [*kept, *more]
    return template.instead({**template.value, "spec": shown})


def _replication_controller(root: Field) -> None:
    spec = root["spec"]
    template, selector = spec["template"], spec["selector"]
    _check_numbers(spec, "replicas", "minReadySeconds")
    labels = template["metadata"]["labels"]
    if not selector.size and not labels.size:
        selector.required()
    if not template:
        template.required()
        return
    wanted = {key: each.text for key, each in selector.entries()}
    if any(labels[key].value != value for key, value in wanted.items()):
        labels.invalid("`selector` does not match template `labels`")
    _check_template(template, "ReplicationController")


def _controller_revision(root: Field) -> None:
    parts.check_signed(root["revision"])


def _check_numbers(spec: Field, *fields: str) -> None:
    for each in spec.given(fields):
        parts.check_signed(each)


def _check_selected(
    spec: Field, kind: str, owner: str, *, template: Field | None = None, needs_template: bool = False
) -> None:
    """Add what is wrong with a selector and the template of the pods that it must select."""
    selector, labels = spec["selector"], spec["template"]["metadata"]["labels"]
    told = len(spec.faults)
    labelling.check_selector(selector)
    if selector and selectors.is_empty(selector):
        selector.invalid(f"empty selector is invalid for {kind}")
    elif selector and spec["template"] and told == len(spec.faults):
        selectors.check_selects(selector, labels)
    if spec["template"] or (spec and needs_template):
        _check_template(template or spec["template"], owner)


def _check_template(template: Field, owner: str) -> None:
    pods.check_template(template)
    spec = template["spec"]
    if spec["restartPolicy"].text not in {"", "Always"}:
        spec["restartPolicy"].unsupported(_ALWAYS)
    if spec["activeDeadlineSeconds"]:
        spec["activeDeadlineSeconds"].forbidden(f"activeDeadlineSeconds in {owner} is not Supported")


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("apps", "ControllerRevision"): _controller_revision,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("", "ReplicationController"): _replication_controller,
}
