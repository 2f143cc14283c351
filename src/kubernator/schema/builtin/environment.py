"""The environment of containers, and what it may be taken from.

Source: ``ValidateEnv``, ``ValidateEnvFrom`` and what they use of Kubernetes' package ``core/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import paths
from kubernator.schema.builtin.rounding import rounded
from kubernator.schema.fault import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.schema.builtin.field import Field

__all__ = [
    "FILE_FIELDS",
    "check_environment",
    "check_environment_from",
    "check_field_reference",
    "check_resource_reference",
]

_FIELDS: Final = frozenset(
    {
        *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
        *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
    }
)
FILE_FIELDS: Final = frozenset(
    {"metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"}
)
#: All that can be meant, also where it is not allowed.
_KNOWN_FIELDS: Final = _FIELDS | FILE_FIELDS | {"spec.restartPolicy", "spec.schedulerName", "status.phase"}
_SUBSCRIPTED: Final = frozenset({"metadata.annotations", "metadata.labels"})
_RESOURCES: Final = frozenset(
    f"{part}.{name}" for part in ("limits", "requests") for name in ("cpu", "memory", "ephemeral-storage")
)
_HUGE_PAGES: Final = ("limits.hugepages-", "requests.hugepages-")
_DIVISORS: Final = frozenset(
    amount
    for suffix in ("", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
    if (amount := rounded(f"1{suffix}")) is not None
)
_SOURCES: Final = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
#: Before this version of Kubernetes the server drops such a source.
_SINCE: Final = {"fileKeyRef": 35}
_NAMED: Final = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
_VARIABLE: Final = "a valid environment variable name must consist only of printable ASCII characters other than '='"
_PRINTABLE: Final = re.compile("[ -<>-~]*")


def check_environment(field: Field, volumes: Mapping[str, Field]) -> None:
    """Add what is wrong with ``env`` of a container in a pod with these volumes."""
    for each in field.items():
        name = each["name"]
        if not name.text:
            name.required()
        _check_variable(name)
        if each["valueFrom"]:
            _check_source(each, volumes)


def check_environment_from(field: Field) -> None:
    """Add what is wrong with ``envFrom`` of a container."""
    for each in field.items():
        _check_variable(each["prefix"])
        given = [source for source in (each["configMapRef"], each["secretRef"]) if source]
        for source in given:
            _check_name(source["name"])
        if not given:
            each.invalid("must specify one of: `configMapRef` or `secretRef`")
        elif len(given) > 1:
            each.invalid("may not have more than one field specified at a time")


def _check_variable(field: Field) -> None:
    if not _PRINTABLE.fullmatch(field.text):
        field.invalid(_VARIABLE)


def _check_source(variable: Field, volumes: Mapping[str, Field]) -> None:
    source = variable["valueFrom"]
    given = [name for name in _SOURCES if source[name] and source.minor >= _SINCE.get(name, 0)]
    for name in given:
        match name:
            case "fieldRef":
                check_field_reference(source[name], _FIELDS)
            case "resourceFieldRef":
                check_resource_reference(source[name])
            case "fileKeyRef":
                _check_file_key(source[name], volumes)
            case _:
                _check_key(source[name])
    if not given:
        source.invalid(f"must specify one of: {_NAMED}")
    elif variable["value"].text:
        source.invalid("may not be specified when `value` is not empty")
    elif len(given) > 1:
        source.invalid("may not have more than one field specified at a time")


def _check_name(field: Field) -> None:
    if not field.text:
        field.required()
    else:
        field.complain(names.dns_subdomain(field.text.removesuffix("-")))


def _check_key(field: Field) -> None:
    field["name"].complain(names.dns_subdomain(field["name"].text))
    if not field["key"].text:
        field["key"].required()
    else:
        field["key"].complain(names.config_map_key(field["key"].text))


def _check_file_key(field: Field, volumes: Mapping[str, Field]) -> None:
    for name in ("key", "volumeName", "path"):
        if not field[name].text:
            field[name].required()
    _check_variable(field["key"])
    paths.check_no_way_up(field["path"])
    volume = volumes.get(field["volumeName"].text)
    if volume is None:
        field["volumeName"].fault(Reason.INVALID, f'Not found: "{field["volumeName"].text}"')
    elif not volume["emptyDir"]:
        field["volumeName"].invalid("referenced volume must be of type emptyDir")


def check_field_reference(field: Field, allowed: frozenset[str]) -> None:
    """Add what is wrong with a reference to a field of the pod."""
    path = field["fieldPath"]
    if not path.text:
        path.required()
        return
    if field["apiVersion"].text not in {"", "v1"}:
        path.invalid(f"error converting fieldPath: unsupported pod version: {field['apiVersion'].text}")
        return
    head, bracket, rest = path.text.partition("['")
    if head and bracket and path.text.endswith("']"):
        key = rest.removesuffix("']")
        if head not in _SUBSCRIPTED:
            path.invalid(f"error converting fieldPath: field label does not support subscript: {path.text}")
        else:
            field.complain(names.qualified_name(key.lower() if head == "metadata.annotations" else key))
        return
    meant = "spec.nodeName" if path.text == "spec.host" else path.text
    if meant not in _KNOWN_FIELDS:
        path.invalid(f"error converting fieldPath: field label not supported: {path.text}")
    elif meant not in allowed:
        path.unsupported(allowed)


def check_resource_reference(field: Field, *, of_container: bool = False) -> None:
    """Add what is wrong with a reference to a resource of a container, whose name is needed with ``of_container``."""
    name = field["resource"]
    if of_container and not field["containerName"].text:
        field["containerName"].required()
    elif not name.text:
        name.required()
    elif name.text not in _RESOURCES and not name.text.startswith(_HUGE_PAGES):
        name.unsupported(_RESOURCES)
    divisor = rounded(field["divisor"].value)
    if not divisor:
        return
    if name.text.endswith(".cpu"):
        if str(divisor) not in {"1.000", "0.001"}:
            field["divisor"].invalid("only divisor's values 1m and 1 are supported with the cpu resource")
    elif (name.text in _RESOURCES or name.text.startswith(_HUGE_PAGES)) and divisor not in _DIVISORS:
        field["divisor"].invalid(
            "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported"
        )
