"""What the API server checks of ResourceSlices, which say what devices there are, and of rules that taint them.

Source: k8s.io/kubernetes, package ``pkg/apis/resource/validation``, of Kubernetes 1.34 to 1.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import deviceclaims, nodeterms, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_MOST_DEVICES: Final = 128
_MOST_WITH_TAINTS: Final = 64
_MOST_ATTRIBUTES: Final = 32
_MOST_COUNTER_SETS: Final = 8
_MOST_COUNTERS: Final = 32
_MOST_TAINTS: Final = 16
_MOST_CONDITIONS: Final = 4
_LONGEST_POOL: Final = 253
_LONGEST_VALUE: Final = 64
_EFFECTS: Final = ("NoExecute", "NoSchedule", "None")
_NODES: Final = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
_VALUES: Final = ("bool", "int", "string", "version")
#: Values that a server drops, unless it is told to keep them.
_LISTS: Final = ("bools", "ints", "strings", "versions")
_VERSION: Final = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
#: Before this version of Kubernetes, servers drop much of what a device may have, and look at none of it.
_WHOLE_SINCE: Final = 36
#: This version keeps what a device has one level further down, and is served by few.
_OTHER: Final = "resource.k8s.io/v1beta1"


def _slice(root: Field) -> None:
    if root["apiVersion"].text == _OTHER or not root["spec"]:
        return
    spec = root["spec"]
    parts.check_driver(spec["driver"])
    _check_pool(spec["pool"])
    _check_nodes(spec)
    devices, counters = spec["devices"], spec["sharedCounters"]
    if root.minor >= _WHOLE_SINCE and devices.size and counters.size:
        spec.invalid("only one of `sharedCounters` or `devices` is allowed")
    special = any(each["taints"].size or each["consumesCounters"].size for each in devices.items())
    if not parts.too_many(devices, _MOST_WITH_TAINTS if special else _MOST_DEVICES):
        parts.check_once(devices, "name")
        for each in devices.items():
            _check_device(each, chosen=spec["perDeviceNodeSelection"].flag)
    if root.minor >= _WHOLE_SINCE and not parts.too_many(counters, _MOST_COUNTER_SETS):
        parts.check_once(counters, "name")
        for each in counters.items():
            _check_counters(each, "name")


def _check_pool(field: Field) -> None:
    if not field:
        return
    name = field["name"]
    parts.check_length(name, _LONGEST_POOL)
    if name.text:
        for each in name.text.split("/"):
            name.complain(names.dns_subdomain(each))
    count, generation = field["resourceSliceCount"], field["generation"]
    if count.number is not None and count.number <= 0:
        count.invalid("must be greater than zero")
    if generation.number is not None and generation.number < 0:
        generation.invalid("must be greater than or equal to zero")


def _check_nodes(spec: Field) -> None:
    # older servers drop the last one, and then ask for one of the others
    given = _given(spec, _NODES if spec.minor >= _WHOLE_SINCE else _NODES[:-1])
    terms = spec["nodeSelector"]["nodeSelectorTerms"]
    if spec["nodeSelector"] and terms.size != 1:
        terms.invalid("must have exactly one node selector term")
    which = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
    if not given:
        spec.required(which)
    elif len(given) > 1:
        spec.invalid(f"{which}, but multiple fields are set")


def _given(field: Field, keys: tuple[str, ...]) -> list[str]:
    """Return what says on which nodes devices are; say so for what says nothing."""
    given = []
    for key in keys:
        each = field[key]
        if not each:
            continue
        if each.value is False:
            each.invalid("must be either unset or set to true")
        elif each.value == "":
            each.invalid("must be either unset or set to a non-empty string")
        else:
            given.append(key)
    parts.check_text(field["nodeName"], names.dns_subdomain)
    nodeterms.check_node_selector(field["nodeSelector"])
    return given


def _check_device(field: Field, *, chosen: bool) -> None:
    parts.check_text(field["name"], names.dns_label)
    attributes, capacity, whole = field["attributes"], field["capacity"], field.minor >= _WHOLE_SINCE
    if attributes.size + capacity.size > _MOST_ATTRIBUTES:
        field.invalid(f"the total number of attributes and capacities must not exceed {_MOST_ATTRIBUTES}")
    for name, each in attributes.entries():
        deviceclaims.check_qualified(attributes, name)
        _check_attribute(each)
    for name, each in capacity.entries():
        deviceclaims.check_qualified(capacity, name)
        if each["requestPolicy"] and whole and not field["allowMultipleAllocations"].flag:
            each["requestPolicy"].forbidden("allowMultipleAllocations must be true")
    if whole:
        _check_more(field, chosen=chosen)


def _check_more(field: Field, *, chosen: bool) -> None:
    """Check what older servers do not keep of a device."""
    if not parts.too_many(field["taints"], _MOST_TAINTS):
        for each in field["taints"].items():
            _check_taint(each)
    parts.check_once(field["consumesCounters"], "counterSet")
    for each in field["consumesCounters"].items():
        _check_counters(each, "counterSet")
    _check_own_nodes(field, chosen=chosen)
    _check_binding(field)


def _check_binding(field: Field) -> None:
    """Check what must be so, and must not be so, before a device is bound."""
    wanted, failures = field["bindingConditions"], field["bindingFailureConditions"]
    for each, other in ((wanted, failures), (failures, wanted)):
        if each.size and not other.size:
            other.invalid(f"{other.path[-1]} are required to use {each.path[-1]}")
        parts.check_unique(each.items())
        if not parts.too_many(each, _MOST_CONDITIONS):
            for item in each.items():
                item.complain(names.qualified_name(item.text))
    for each in failures.items():
        if each.text in parts.texts(wanted):
            each.invalid("bindingFailureConditions must not overlap with bindingConditions")


def _check_own_nodes(field: Field, *, chosen: bool) -> None:
    if not chosen:
        if any(field[key] for key in _NODES[:3]):
            field.invalid(
                "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true "
                "in the ResourceSlice spec"
            )
        return
    which = (
        "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to "
        "true in the ResourceSlice spec"
    )
    given = _given(field, _NODES[:3])
    if not given:
        field.required(which)
    elif len(given) > 1:
        field.invalid(which)


def _check_attribute(field: Field) -> None:
    given = sum(bool(field[key]) for key in _VALUES)
    if given > 1 or not (given or any(field[key] for key in _LISTS)):
        field.invalid("exactly one value must be specified")
    version = field["version"]
    for each in (field["string"], version):
        parts.check_length(each, _LONGEST_VALUE)
    if version and not _VERSION.fullmatch(version.text):
        version.invalid("must be a string compatible with semver.org spec 2.0.0")


def _check_taint(field: Field) -> None:
    key = field["key"]
    key.complain(names.qualified_name(key.text))
    parts.check_text(field["value"], names.label_value)
    parts.check_word(field["effect"], _EFFECTS, required=True)


def _check_counters(field: Field, key: str) -> None:
    name, counters = field[key], field["counters"]
    if name.text:
        name.complain(names.dns_label(name.text))
    else:
        name.required()
    if not counters.size:
        counters.required()
    if not parts.too_many(counters, _MOST_COUNTERS):
        for each, _ in counters.entries():
            counters.complain(names.dns_label(each))


def _taint_rule(root: Field) -> None:
    spec = root["spec"]
    selector = spec["deviceSelector"]
    if selector["driver"]:
        parts.check_driver(selector["driver"])
    parts.check_text(selector["device"], names.dns_label)
    if spec["taint"]:
        _check_taint(spec["taint"])


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("resource.k8s.io", "ResourceSlice"): _slice,
    ("resource.k8s.io", "DeviceTaintRule"): _taint_rule,
}
