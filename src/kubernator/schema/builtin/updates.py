"""What cannot change in an object of a kind that has rules of its own for it.

Each function yields what a manifest says that the live object cannot become. Source: the functions ``Validate…Update``
in k8s.io/kubernetes, package ``pkg/apis``, of Kubernetes 1.34 to 1.37.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.difference import GONE, difference
from kubernator.schema.fault import Fault, Reason
from kubernator.schema.quantity import amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["UPDATES"]

_FIELD: Final = "Invalid value: field is immutable"
_ONCE: Final = "Invalid value: may not change once set"
_FROZEN: Final = "Forbidden: field is immutable when `immutable` is set"
_CLAIM: Final = (
    "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
    "claims"
)
_POD: Final = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
    "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_STORAGE: Final = ("spec", "resources", "requests", "storage")
#: Fields of the spec of a Pod that may change, some of them in one direction.
_FREE_IN_POD: Final = frozenset({"activeDeadlineSeconds", "schedulingGates", "tolerations"})
#: Fields of the spec of a PersistentVolume that are not its source.
_NOT_SOURCE: Final = frozenset(
    {
        *("accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy"),
        *("storageClassName", "volumeAttributesClassName", "volumeMode"),
    }
)
_JOB: Final = (
    *("backoffLimitPerIndex", "completionMode", "managedBy", "podFailurePolicy", "successPolicy"),
    "selector",
)


def _job(new: Manifest, live: Manifest) -> Iterator[Fault]:
    spec, was = _map(new.get("spec")), _map(live.get("spec"))
    for key in _JOB:
        yield from _changed(spec.get(key), was.get(key), ("spec", key), _FIELD)
    if was.get("completionMode") != "Indexed":
        yield from _changed(spec.get("completions"), was.get("completions"), ("spec", "completions"), _FIELD)
    if was.get("suspend") is not True:  # one that waits may still be given other nodes and resources
        yield from _changed(spec.get("template"), was.get("template"), ("spec", "template"), _FIELD)


def _pod(new: Manifest, live: Manifest) -> Iterator[Fault]:
    spec, was = _map(new.get("spec")), _map(live.get("spec"))
    gated = bool(was.get("schedulingGates"))
    for key, value in spec.items():
        if key in _FREE_IN_POD or (gated and key in {"affinity", "nodeSelector"}):
            continue
        if key == "terminationGracePeriodSeconds" and value == 1 and str(was.get(key)).startswith("-"):
            continue
        said = [_without_image(each) for each in value] if _is_containers(key, value) else value
        yield from _changed(said, was.get(key), ("spec", key), _POD)
    deadline, before = spec.get("activeDeadlineSeconds"), was.get("activeDeadlineSeconds")
    if isinstance(deadline, int) and isinstance(before, int) and deadline > before:
        message = "Invalid value: must be less than or equal to previous value"
        yield Fault(("spec", "activeDeadlineSeconds"), Reason.IMMUTABLE, message)


def _is_containers(key: str, value: Any) -> bool:
    return key in {"containers", "initContainers"} and isinstance(value, list)


def _without_image(container: Any) -> Any:
    return {**container, "image": None} if isinstance(container, dict) else container


def _service(new: Manifest, live: Manifest) -> Iterator[Fault]:
    spec, was = _map(new.get("spec")), _map(live.get("spec"))
    kind, kind_was = spec.get("type") or was.get("type"), was.get("type")
    if "ExternalName" in (kind, kind_was):
        return
    addresses = _list(was.get("clusterIPs"))
    said = _list(spec.get("clusterIPs"))
    for path, address in ((("spec", "clusterIP"), spec.get("clusterIP")), (("spec", "clusterIPs", 0), _first(said))):
        if address and addresses and address != addresses[0]:
            yield Fault(path, Reason.IMMUTABLE, _ONCE)
    families = _list(was.get("ipFamilies"))
    family = _first(spec.get("ipFamilies"))
    if family is not None and families and family != families[0] and _first(addresses) != "None":
        yield Fault(("spec", "ipFamilies", 0), Reason.IMMUTABLE, _ONCE)
    if kind == kind_was == "LoadBalancer":
        place = ("spec", "loadBalancerClass")
        yield from _changed(spec.get(place[1]), was.get(place[1]), place, _ONCE)
        port, before = spec.get("healthCheckNodePort"), was.get("healthCheckNodePort")
        local = spec.get("externalTrafficPolicy", "Local") == was.get("externalTrafficPolicy") == "Local"
        if port and before and local and port != before:
            yield Fault(("spec", "healthCheckNodePort"), Reason.IMMUTABLE, "Forbidden: field is immutable")


def _claim(new: Manifest, live: Manifest) -> Iterator[Fault]:
    spec, was, status = _map(new.get("spec")), _map(live.get("spec")), _map(live.get("status"))
    bound = status.get("phase") == "Bound"
    free = {"volumeName"} if not was.get("volumeName") else set()
    free |= {"storageClassName"} if was.get("storageClassName") is None else set()
    free |= {"volumeAttributesClassName"} if bound else set()
    for key, value in spec.items():
        if key in free or (key == "resources" and bound):
            continue
        yield from _changed(value, was.get(key), ("spec", key), _CLAIM, whole=key == "selector")
    if bound:
        yield from _shrunk(spec, was, status)


def _shrunk(spec: Mapping[str, Any], was: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[Fault]:
    size, before = _size(_map(spec.get("resources")).get("requests")), _size(_map(was.get("resources")).get("requests"))
    there = _size(status.get("capacity"))
    if size is not None and before is not None and size < before and (there is None or size <= there):
        yield Fault(_STORAGE, Reason.IMMUTABLE, "Forbidden: field can not be less than status.capacity")


def _volume(new: Manifest, live: Manifest) -> Iterator[Fault]:
    spec, was = _map(new.get("spec")), _map(live.get("spec"))
    yield from _changed(spec.get("volumeMode"), was.get("volumeMode"), ("spec", "volumeMode"), _FIELD)
    for key, value in spec.items():
        if key in _NOT_SOURCE or value is None:
            continue
        source, before = value, was.get(key)
        if key == "csi" and _map(before).get("controllerExpandSecretRef") is None:
            source = {**_map(source), "controllerExpandSecretRef": None}
        message = "Forbidden: spec.persistentvolumesource is immutable after creation"
        yield from _changed(source, before, ("spec", key), message)


def _config_map(new: Manifest, live: Manifest) -> Iterator[Fault]:
    if live.get("immutable") is True:
        yield from _frozen(new, live, ("data", "binaryData"))


def _secret(new: Manifest, live: Manifest) -> Iterator[Fault]:
    if live.get("immutable") is not True:
        return
    yield from _frozen(new, live, ("data",))
    data = _map(live.get("data"))
    for key, value in _map(new.get("stringData")).items():
        if isinstance(value, str) and _decoded(data.get(key)) != value.encode("utf-8", "surrogatepass"):
            yield Fault(("stringData", key), Reason.IMMUTABLE, _FROZEN)


def _frozen(new: Manifest, live: Manifest, parts: Iterable[str]) -> Iterator[Fault]:
    marker = new.get("immutable")
    if marker is False or marker is GONE:
        yield Fault(("immutable",), Reason.IMMUTABLE, _FROZEN)
    for part in parts:
        before = _map(live.get(part))
        for key, value in _map(new.get(part)).items():
            if value is GONE or (
                isinstance(value, str) and not _as_before(value, before.get(key), plain=part == "data")
            ):
                yield Fault((part, key), Reason.IMMUTABLE, _FROZEN)


def _as_before(value: str, before: object, *, plain: bool) -> bool:
    if before is None:
        return False
    return value == before or (not plain and _decoded(value) == _decoded(before))


def _decoded(value: object) -> bytes | None:
    try:
        return base64.b64decode(str(value).replace("\n", ""), validate=True) if isinstance(value, str) else None
    except (binascii.Error, ValueError):
        return None


def _definition(new: Manifest, live: Manifest) -> Iterator[Fault]:
    conditions = _list(_map(live.get("status")).get("conditions"))
    if not any(_map(each).get("type") == "Established" and _map(each).get("status") == "True" for each in conditions):
        return
    spec, was = _map(new.get("spec")), _map(live.get("spec"))
    yield from _changed(spec.get("scope"), was.get("scope"), ("spec", "scope"), _FIELD)
    kind, kind_was = _map(spec.get("names")).get("kind"), _map(was.get("names")).get("kind")
    yield from _changed(kind, kind_was, ("spec", "names", "kind"), _FIELD)


def _stateful_set(new: Manifest, live: Manifest) -> Iterator[Fault]:
    place = ("spec", "volumeClaimTemplates")
    said, was = _map(new.get("spec")).get(place[1]), _map(live.get("spec")).get(place[1])
    if isinstance(said, list) and len(said) < len(_list(was)):
        yield Fault(place, Reason.IMMUTABLE, _FIELD)


def _service_range(new: Manifest, live: Manifest) -> Iterator[Fault]:
    said, was = _list(_map(new.get("spec")).get("cidrs")), _list(_map(live.get("spec")).get("cidrs"))
    for index, (each, before) in enumerate(zip(said, was, strict=False)):
        if each != before:
            yield Fault(("spec", "cidrs", index), Reason.IMMUTABLE, _FIELD)


def _node(new: Manifest, live: Manifest) -> Iterator[Fault]:
    spec, was = _map(new.get("spec")), _map(live.get("spec"))
    if was.get("podCIDRs"):
        message = 'Forbidden: node updates may not change podCIDR except from "" to valid'
        yield from _changed(spec.get("podCIDR"), was.get("podCIDR"), ("spec", "podCIDR"), message)
    if was.get("providerID"):
        message = "Invalid value: field cannot be modified once set"
        yield from _changed(spec.get("providerID"), was.get("providerID"), ("spec", "providerID"), message)


#: Kind -> what says what a manifest changes that cannot change.
UPDATES: Final[Mapping[tuple[str, str], Callable[[Manifest, Manifest], Iterable[Fault]]]] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    ("", "ConfigMap"): _config_map,
    ("", "Node"): _node,
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("", "Secret"): _secret,
    ("", "Service"): _service,
    ("networking.k8s.io", "ServiceCIDR"): _service_range,
}


def _changed(said: Any, live: Any, path: Path, message: str, *, whole: bool = False) -> Iterator[Fault]:
    found = difference(said, live, path, whole=whole)
    if found is not None:
        yield Fault(found, Reason.IMMUTABLE, message)


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(value: object) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _size(value: object) -> Any:
    return amount(_map(value).get("storage"))
