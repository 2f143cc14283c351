"""What the API server checks of HorizontalPodAutoscalers, of ``autoscaling/v1`` and ``v2``.

Source: k8s.io/kubernetes, packages ``pkg/apis/autoscaling/validation`` and ``pkg/registry/autoscaling``, of Kubernetes
1.34 to 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import amounts, parts, ranges
from kubernator.schema.quantity import amount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_LONGEST_PERIOD: Final = 1800
_LONGEST_WINDOW: Final = 3600
_POLICY_SELECTS: Final = ("Disabled", "Max", "Min")
_POLICIES: Final = ("Percent", "Pods")
_TARGETS: Final = ("Utilization", "Value", "AverageValue")
#: Where each type of metric has its source, in the order in which the server looks.
_SOURCES: Final = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}


def _autoscaler(root: Field) -> None:
    spec = root["spec"]
    least, most, target = spec["minReplicas"], spec["maxReplicas"], spec["scaleTargetRef"]
    if least.number is not None and least.number < 0:  # servers may be told to take none as well
        least.invalid("must be greater than or equal to 0")
    if most.number == 0:
        most.required("must be set and greater than 0")
    elif most.number is not None and most.number < 0:
        most.invalid("must be greater than or equal to 1")
    if most.number is not None and most.number < (1 if least.number is None else least.number):
        most.invalid("must be greater than or equal to `minReplicas`")
    _check_reference(target, grouped=target["kind"].text != "ReplicationController")
    _check_metrics(spec["metrics"], least.number)
    for part in ("scaleUp", "scaleDown"):
        if spec["behavior"][part]:
            _check_rules(spec["behavior"][part])
    share = spec["targetCPUUtilizationPercentage"]
    if share.number is not None and share.number < 1:
        share.invalid("must be greater than 0")


def _check_reference(field: Field, *, grouped: bool) -> None:
    if not field:
        return
    for key in ("kind", "name"):
        if field[key].value == "":
            field[key].required()
        parts.check_object_path(field[key])
    version = field["apiVersion"]
    slashes = version.text.count("/")
    if slashes > 1:
        version.invalid(f"unexpected GroupVersion string: {version.text}")
    elif grouped and not version.text.rpartition("/")[0]:
        version.invalid("apiVersion must specify API group")


def _check_metrics(field: Field, least: int | None) -> None:
    kinds = [each["type"].text for each in field.items()]
    for each in field.items():
        _check_metric(each)
    if least == 0 and not {"Object", "External"} & set(kinds):
        field.forbidden("must specify at least one Object or External metric to support scaling to zero replicas")


def _check_metric(field: Field) -> None:
    kind = field["type"]
    if kind and kind.text not in _SOURCES:
        kind.unsupported(_SOURCES)
    given = [name for name in _SOURCES.values() if field[name]]
    expected = _SOURCES.get(kind.text, "")
    if given:
        _CHECKS_OF[given[0]](field[given[0]])
    if expected and not field[expected]:
        field[expected].required("must populate information for the given metric source")
    if len(given) > 1:
        for name in given:
            if name != expected:
                field[name].forbidden("must populate the given metric source only")


def _object(field: Field) -> None:
    _check_reference(field["describedObject"], grouped=False)
    _check_identifier(field["metric"])
    _check_target(field["target"])
    target = field["target"]
    if not target["value"] and not target["averageValue"]:
        target["averageValue"].required("must set either a target value or averageValue")


def _external(field: Field) -> None:
    _check_identifier(field["metric"])
    target = field["target"]
    _check_target(target)
    if not target["value"] and not target["averageValue"]:
        target["averageValue"].required("must set either a target value for metric or a per-pod target")
    if target["value"] and target["averageValue"]:
        target["value"].forbidden("may not set both a target value for metric and a per-pod target")


def _pods(field: Field) -> None:
    _check_identifier(field["metric"])
    _check_target(field["target"])
    if not field["target"]["averageValue"]:
        field["target"]["averageValue"].required("must specify a positive target averageValue")


def _resource(field: Field) -> None:
    if field["name"].value == "":
        field["name"].required("must specify a resource name")
    target = field["target"]
    _check_target(target)
    if not target["averageUtilization"] and not target["averageValue"]:
        target["averageUtilization"].required("must set either a target raw value or a target utilization")
    if target["averageUtilization"] and target["averageValue"]:
        target["averageValue"].forbidden("may not set both a target raw value and a target utilization")


def _container_resource(field: Field) -> None:
    if field["name"].text:
        amounts.check_container_name(field["name"], field["name"].text)
    if field["container"].value == "":
        field["container"].required("must specify a container")
    parts.check_text(field["container"], names.dns_label)
    _resource(field)


def _check_identifier(field: Field) -> None:
    if field["name"].value == "":
        field["name"].required("must specify a metric name")
    parts.check_object_path(field["name"])


def _check_target(field: Field) -> None:
    if field["type"] and field["type"].text not in _TARGETS:
        field["type"].invalid("must be either Utilization, Value, or AverageValue")
    for key in ("value", "averageValue"):
        amounts.check_positive(field[key], "must be positive")
    share = field["averageUtilization"]
    if share.number is not None and share.number < 1:
        share.invalid("must be greater than 0")


def _check_rules(field: Field) -> None:
    window, select, policies = field["stabilizationWindowSeconds"], field["selectPolicy"], field["policies"]
    _check_below(window, _LONGEST_WINDOW)
    if window.number is not None and window.number < 0:
        window.invalid("must be greater than or equal to zero")
    if select and select.text not in _POLICY_SELECTS:
        select.unsupported(_POLICY_SELECTS)
    if policies.value == []:
        policies.required("must specify at least one Policy")
    for each in policies.items():
        if each["type"] and each["type"].text not in _POLICIES:
            each["type"].unsupported(_POLICIES)
        ranges.check_positive(each["value"])
        ranges.check_positive(each["periodSeconds"])
        _check_below(each["periodSeconds"], _LONGEST_PERIOD)
    tolerance = amount(field["tolerance"].value)
    if tolerance is not None and tolerance < 0:
        field["tolerance"].invalid("must be greater than or equal to 0")


def _check_below(field: Field, most: int) -> None:
    if field.number is not None and field.number > most:
        field.invalid(f"must be less than or equal to {most}")


_CHECKS_OF: Final[Mapping[str, Callable[[Field], None]]] = {
    "object": _object,
    "external": _external,
    "pods": _pods,
    "resource": _resource,
    "containerResource": _container_resource,
}
CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
}
