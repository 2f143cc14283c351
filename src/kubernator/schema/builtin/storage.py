"""What the API server checks of classes of storage, drivers, and what they attach.

Source: k8s.io/kubernetes, package ``pkg/apis/storage/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import claims, parts
from kubernator.schema.fault import Reason
from kubernator.schema.quantity import amount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_LARGEST_PARAMETERS: Final = 256 * 1024
_MOST_PARAMETERS: Final = 512
_LONGEST_NODE_ID: Final = 256
_LONGEST_MESSAGE: Final = 1024
_SHORTEST_TOKEN: Final = 600
_LONGEST_TOKEN: Final = 2**32
_SHORTEST_PERIOD: Final = 10
#: Older servers drop it.
_PERIOD_SINCE: Final = 35
_GROUP_POLICIES: Final = ("File", "None", "ReadWriteOnceWithFSType")


def _class(root: Field) -> None:
    _check_provisioner(root["provisioner"])
    _check_parameters(root["parameters"])
    parts.check_word(root["reclaimPolicy"], ("Delete", "Retain"))
    parts.check_word(root["volumeBindingMode"], ("Immediate", "WaitForFirstConsumer"))
    _check_topologies(root["allowedTopologies"])


def _check_provisioner(field: Field) -> None:
    if field.value == "":
        field.required()
    parts.check_text(field, lambda text: names.qualified_name(text.lower()))


def _check_parameters(field: Field) -> None:
    if field.size > _MOST_PARAMETERS:
        parts.too_long(field, _MOST_PARAMETERS)
        return
    size = 0
    for key, each in field.entries():
        if not key:
            each.invalid("field can not be empty.")
        size += parts.length(key) + parts.length(each.text)
    if size > _LARGEST_PARAMETERS:
        parts.too_long(field, _LARGEST_PARAMETERS)


def _check_topologies(field: Field) -> None:
    seen: list[dict[str, frozenset[str]]] = []
    for term in field.items():
        wanted: dict[str, frozenset[str]] = {}
        for each in term["matchLabelExpressions"].items():
            key, values = each["key"], each["values"]
            if values.value == []:
                values.required()
            parts.check_unique(values.items())
            if key:
                key.complain(names.qualified_name(key.text))
            if key.text in wanted:
                key.duplicate()
            wanted[key.text] = frozenset(parts.texts(values))
        if wanted in seen or not wanted:  # to the server a term that asks for nothing is like none at all
            term["matchLabelExpressions"].duplicate()
        seen.append(wanted)


def _attachment(root: Field) -> None:
    spec, status = root["spec"], root["status"]
    parts.check_driver(spec["attacher"])
    if spec["nodeName"]:
        spec["nodeName"].complain(names.dns_subdomain(spec["nodeName"].text))
    source = spec["source"]
    inline, volume = source["inlineVolumeSpec"], source["persistentVolumeName"]
    if inline and volume:
        source.forbidden("must specify exactly one of inlineVolumeSpec and persistentVolumeName")
    elif inline:
        claims.check_volume_spec(inline, inline=True)
    elif not volume:
        if source:
            source.required("must specify exactly one of inlineVolumeSpec and persistentVolumeName")
    elif not volume.text:
        volume.required("must specify non empty persistentVolumeName")
    parts.check_text(volume, names.dns_subdomain)
    for name in ("attachError", "detachError"):
        parts.check_length(status[name]["message"], _LONGEST_MESSAGE)
        parts.check_signed(status[name]["errorCode"])


def _node(root: Field) -> None:
    drivers = root["spec"]["drivers"]
    parts.check_unique(drivers.items(), "name")
    for each in drivers.items():
        parts.check_driver(each["name"])
        node = each["nodeID"]
        for field in (each["name"], node):
            if not field.text:
                field.required()
        if parts.length(node.text) > _LONGEST_NODE_ID:
            node.invalid(f"must be {_LONGEST_NODE_ID} characters or less")
        parts.check_signed(each["allocatable"]["count"])
        _check_keys(each)


def _check_keys(driver: Field) -> None:
    seen: set[str] = set()
    for key in parts.texts(driver["topologyKeys"]):
        if not key:
            driver.required()
        if key in seen:
            driver.duplicate()
        seen.add(key)
        driver.complain(names.qualified_name(key))


def _driver(root: Field) -> None:
    spec = root["spec"]
    parts.check_word(spec["fsGroupPolicy"], _GROUP_POLICIES)
    if spec["fsGroupPolicy"].value == "":
        spec["fsGroupPolicy"].unsupported(_GROUP_POLICIES)
    modes = spec["volumeLifecycleModes"]
    if set(parts.texts(modes)) - {"Persistent", "Ephemeral"}:
        modes.unsupported(("Ephemeral", "Persistent"))
    period = spec["nodeAllocatableUpdatePeriodSeconds"]
    if period.minor >= _PERIOD_SINCE and period.number is not None and period.number < _SHORTEST_PERIOD:
        period.invalid(f"must be greater than or equal to {_SHORTEST_PERIOD} seconds")
    requests, in_secrets = spec["tokenRequests"], spec["serviceAccountTokenInSecrets"]
    if in_secrets and not requests.size:
        in_secrets.invalid("serviceAccountTokenInSecrets is set but no tokenRequests are specified")
    seen: set[str] = set()
    for each in requests.items():
        if each["audience"].text in seen:
            each["audience"].duplicate()
            continue
        seen.add(each["audience"].text)
        seconds = each["expirationSeconds"]
        if seconds.number is None:
            continue
        if seconds.number < _SHORTEST_TOKEN:
            seconds.invalid("may not specify a duration less than 10 minutes")
        if seconds.number > _LONGEST_TOKEN:
            seconds.invalid("may not specify a duration larger than 2^32 seconds")


def _capacity(root: Field) -> None:
    labelling.check_selector(root["nodeTopology"])
    if root["storageClassName"]:
        root["storageClassName"].complain(names.dns_subdomain(root["storageClassName"].text))
    found = amount(root["capacity"].value)
    if found is not None and found < 0:
        root["capacity"].invalid("must be greater than or equal to 0")


def _attributes(root: Field) -> None:
    _check_provisioner(root["driverName"])
    _check_parameters(root["parameters"])
    if not root["parameters"].size:
        root["parameters"].fault(Reason.REQUIRED, "Required value: must contain at least one key/value pair")


_GROUP: Final = "storage.k8s.io"
CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    (_GROUP, "StorageClass"): _class,
    (_GROUP, "VolumeAttachment"): _attachment,
    (_GROUP, "CSINode"): _node,
    (_GROUP, "CSIDriver"): _driver,
    (_GROUP, "CSIStorageCapacity"): _capacity,
    (_GROUP, "VolumeAttributesClass"): _attributes,
}
