"""Where pods may run: near and far from others, on which nodes, and how they are spread.

Source: ``validateAffinity``, ``validateTopologySpreadConstraints`` and what they use of Kubernetes' package
``core/validation``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import nodeterms, parts, ranges

if TYPE_CHECKING:
    from collections.abc import Collection

    from kubernator.schema.builtin.field import Field

__all__ = ["check_scheduling"]

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_HEAVIEST: Final = 100


def check_scheduling(spec: Field, labels: Collection[str]) -> None:
    """Add what is wrong with where a pod may run; ``labels`` are the keys that the server adds to its selectors."""
    labelling.check(spec["nodeSelector"])
    if "affinity" in spec:
        _check_node_affinity(spec["affinity"]["nodeAffinity"])
        for name in ("podAffinity", "podAntiAffinity"):
            _check_pod_affinity(spec["affinity"][name], labels)
    nodeterms.check_tolerations(spec["tolerations"], compares=True)
    _check_spread(spec["topologySpreadConstraints"], labels)
    _check_gates(spec)


def _check_pod_affinity(field: Field, labels: Collection[str]) -> None:
    for each in field[_REQUIRED].items():
        _check_term(each, labels)
    for each in field[_PREFERRED].items():
        _check_weight(each)
        _check_term(each["podAffinityTerm"], labels)


def _check_node_affinity(field: Field) -> None:
    nodeterms.check_node_selector(field[_REQUIRED])
    for each in field[_PREFERRED].items():
        _check_weight(each)
        nodeterms.check_node_term(each["preference"], any_values=True)


def _check_weight(field: Field) -> None:
    weight = field["weight"]
    if not 1 <= (weight.number or 0) <= _HEAVIEST:
        weight.invalid("must be in the range 1-100")


def _check_term(field: Field, labels: Collection[str]) -> None:
    for name in ("labelSelector", "namespaceSelector"):
        labelling.check_selector(field[name])
    for each in field["namespaces"].items():
        each.complain(names.dns_label(each.text))
    for name in ("matchLabelKeys", "mismatchLabelKeys"):
        _check_keys(field[name], field["labelSelector"])
    _check_repeated(field, labels)
    mismatched = set(parts.texts(field["mismatchLabelKeys"]))
    for each in field["matchLabelKeys"].items():
        if each.text in mismatched:
            each.invalid("exists in both matchLabelKeys and mismatchLabelKeys")
    parts.check_text(field["topologyKey"], names.qualified_name)


def _check_keys(field: Field, selector: Field) -> None:
    if field.size and not selector:
        field.forbidden("must not be specified when labelSelector is not set")
        return
    for each in field.items():
        each.complain(names.qualified_name(each.text))


def _check_repeated(field: Field, labels: Collection[str]) -> None:
    """Say so for keys that are to be taken from the pod, and asked for in the selector as well.

    Of a pod the server has already added to the selector what it takes from its labels.
    """
    selector = field["labelSelector"]
    if not selector:
        return
    told = [key for key, _ in selector["matchLabels"].entries()]
    asked = [each["key"].text for each in selector["matchExpressions"].items()]
    for each in field["matchLabelKeys"].items():
        if each.text in labels:
            repeated = each.text in told or each.text in asked
        else:
            repeated = asked.count(each.text) + (each.text in told) > 1 and each.text in asked
        if repeated:
            each.invalid("exists in both matchLabelKeys and labelSelector")


def _check_spread(field: Field, labels: Collection[str]) -> None:
    kinds = [(each["topologyKey"].text, each["whenUnsatisfiable"].text) for each in field.items()]
    for index, each in enumerate(field.items()):
        ranges.check_positive(each["maxSkew"])
        if kinds[index] in kinds[index + 1 :]:
            each.duplicate()
        domains, unsatisfied = each["minDomains"], kinds[index][1]
        ranges.check_positive(domains)
        if domains and unsatisfied != "DoNotSchedule":
            domains.invalid(f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {unsatisfied}")
        _check_keys(each["matchLabelKeys"], each["labelSelector"])
        _check_repeated(each, labels)
        labelling.check_selector(each["labelSelector"])


def _check_gates(spec: Field) -> None:
    seen: set[str] = set()
    for each in spec["schedulingGates"].items():
        name = each["name"].text
        each.complain(names.qualified_name(name))
        if name in seen:
            each.duplicate()
        seen.add(name)
    for each in spec["readinessGates"].items():
        parts.check_text(each["conditionType"], names.qualified_name)
