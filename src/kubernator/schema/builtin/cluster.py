"""What the API server checks of small kinds: budgets, priorities, runtimes, leases, namespaces, nodes and events.

Source: k8s.io/kubernetes, packages ``pkg/apis/*/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import addresses, amounts, nodeterms, parts, ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_HIGHEST: Final = 1_000_000_000
_SYSTEM: Final = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
_EVICTIONS: Final = ("AlwaysAllow", "IfHealthyBudget")
_FINALIZERS: Final = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_LONGEST: Final = 128
_LONGEST_NOTE: Final = 1024
_ZERO_TIME: Final = re.compile(r"0001-01-01T00:00:00(\.0+)?Z")


def _budget(root: Field) -> None:
    spec = root["spec"]
    if spec["minAvailable"] and spec["maxUnavailable"]:
        spec.invalid("minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        ranges.amount_or_share(spec[name], bounded=True)
    labelling.check_selector(spec["selector"])
    parts.check_word(spec["unhealthyPodEvictionPolicy"], _EVICTIONS)


def _priority(root: Field) -> None:
    name, value = root["metadata"]["name"], root["value"]
    if name.text.startswith("system-"):
        known = _SYSTEM.get(name.text)
        if known is None or value.number != known or root["globalDefault"].flag:
            name.forbidden("priority class names with 'system-' prefix are reserved for system use only")
    elif value.number is not None and value.number > _HIGHEST:
        value.forbidden(f"maximum allowed value of a user defined priority is {_HIGHEST}")
    parts.check_word(root["preemptionPolicy"], ("Never", "PreemptLowerPriority"))


def _runtime(root: Field) -> None:
    if root["handler"].value == "":
        root["handler"].required()
    parts.check_text(root["handler"], names.dns_label)
    fixed = root["overhead"]["podFixed"]
    amounts.check_container_limits(fixed)
    given = {name for name, _ in fixed.entries()}
    if any(name.startswith("hugepages-") for name in given) and not given & {"cpu", "memory"}:
        root["overhead"].forbidden("HugePages require cpu or memory")
    scheduling = root["scheduling"]
    labelling.check(scheduling["nodeSelector"])
    nodeterms.check_tolerations(scheduling["tolerations"])
    seen: set[tuple[str, ...]] = set()
    for each in scheduling["tolerations"].items():
        key = tuple(each[part].text for part in ("key", "operator", "value", "effect"))
        if key in seen:
            each.duplicate()
        seen.add(key)


def _lease(root: Field) -> None:
    spec = root["spec"]
    if spec["leaseDurationSeconds"].number is not None and spec["leaseDurationSeconds"].number <= 0:
        spec["leaseDurationSeconds"].invalid("must be greater than 0")
    parts.check_signed(spec["leaseTransitions"])


def _namespace(root: Field) -> None:
    for each in root["spec"]["finalizers"].items():
        complaint = names.qualified_name(each.text)
        if not complaint and "/" not in each.text and each.text not in _FINALIZERS:
            complaint = "name is neither a standard finalizer name nor is it fully qualified"
        each.complain(complaint)


def _node(root: Field) -> None:
    spec, status = root["spec"], root["status"]
    seen: set[tuple[str, str]] = set()
    for each in spec["taints"].items():
        key, effect = each["key"], each["effect"]
        key.complain(names.qualified_name(key.text))
        parts.check_text(each["value"], names.label_value)
        if not effect.text:
            effect.required()
        nodeterms.check_taint_effect(effect)
        if (key.text, effect.text) in seen:
            each.duplicate()
        seen.add((key.text, effect.text))
    for part in ("capacity", "allocatable"):
        for name, each in status[part].entries():
            amounts.check_amount(each, name)
    if spec["podCIDRs"].size:
        _check_pod_ranges(spec["podCIDRs"])
    elif spec["podCIDR"].text:
        addresses.check_range(spec["podCIDR"])


def _check_pod_ranges(field: Field) -> None:
    right = [addresses.check_range(each) for each in field.items()]
    families = [addresses.family(text) for text in parts.texts(field)]
    if all(right) and len(families) > 1 and sorted(families) != ["IPv4", "IPv6"]:
        field.invalid("may specify no more than one CIDR for each IP family")


def _event(root: Field) -> None:
    """Check an event of the core group, or what is the same in the newer group."""
    time = root["eventTime"].text
    timed = bool(time) and not _ZERO_TIME.fullmatch(time)
    _check_where(root, timed=timed)
    if not timed:
        return
    for name in ("reportingInstance", "action", "reason"):
        if not root[name].text:
            root[name].required()
        if parts.length(root[name].text) > _LONGEST:
            root[name].invalid(f"can have at most {_LONGEST} characters")
    for name in ("reportingComponent", "reportingController"):
        parts.check_text(root[name], names.qualified_name)
    for name in ("message", "note"):
        if parts.length(root[name].text) > _LONGEST_NOTE:
            root[name].invalid(f"can have at most {_LONGEST_NOTE} characters")


def _check_where(root: Field, *, timed: bool) -> None:
    """Say so if an event is in another namespace than what it is about; those without one have theirs in two."""
    namespace = root["metadata"]["namespace"].text
    about = root["involvedObject"]["namespace"] if root["involvedObject"] else root["regarding"]["namespace"]
    if not namespace:
        return
    if about.text:
        wrong = not timed and about.text != namespace
    else:
        wrong = namespace != "default" and not (timed and namespace == "kube-system")
    if wrong:
        about.invalid("does not match event.namespace")


def _core_event(root: Field) -> None:
    _event(root)
    if root["eventTime"].text and not root["reportingComponent"].text:
        root["reportingComponent"].required()


def _new_event(root: Field) -> None:
    if not root["eventTime"].text:  # one that was made in the core group, which the server shows in this one as well
        return
    _event(root)
    if not root["reportingController"].text:
        root["reportingController"].required()
    if root["type"].text not in {"Normal", "Warning"}:
        root["type"].invalid(f"has invalid value: {root['type'].text}")
    series = root["series"]
    if series["count"].number is not None and series["count"].number < 2:  # noqa: PLR2004 - else it is no series
        series["count"].invalid("should be at least 2")


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("policy", "PodDisruptionBudget"): _budget,
    ("scheduling.k8s.io", "PriorityClass"): _priority,
    ("node.k8s.io", "RuntimeClass"): _runtime,
    ("coordination.k8s.io", "Lease"): _lease,
    ("", "Namespace"): _namespace,
    ("", "Node"): _node,
    ("", "Event"): _core_event,
    ("events.k8s.io", "Event"): _new_event,
}
