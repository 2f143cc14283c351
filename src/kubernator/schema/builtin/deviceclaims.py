"""What the API server checks of claims for devices, templates of them, and classes of devices.

Source: k8s.io/kubernetes, package ``pkg/apis/resource/validation``, of
Kubernetes 1.37.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from kubernator.schema import metadata, names
from kubernator.schema.builtin import amounts, parts
from kubernator.schema.fault import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS", "check_qualified"]

_MOST: Final = 32
_MOST_ALTERNATIVES: Final = 8
_MOST_TOLERATIONS: Final = 16
_LONGEST_EXPRESSION: Final = 10 * 1024
_LONGEST_PARAMETERS: Final = 10 * 1024
_LONGEST_ID: Final = 32
_MODES: Final = ("All", "ExactCount")
_EFFECTS: Final = ("NoExecute", "NoSchedule", "None")
_OPERATORS: Final = ("Equal", "Exists")
_NO_REQUEST: Final = (
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
)
#: Before this version of Kubernetes, servers drop some fields, and do not look at what was in them.
_WHOLE_SINCE: Final = 36
#: This version writes requests in another way, and is served by few.
_OTHER: Final = "resource.k8s.io/v1beta1"


def _claim(root: Field) -> None:
    if root["apiVersion"].text != _OTHER:
        _check_devices(root["spec"]["devices"])


def _template(root: Field) -> None:
    spec = root["spec"]
    for key, each in spec["metadata"].entries():
        if key not in {"annotations", "labels"} and not parts.is_missing(each):
            each.forbidden("cannot be set for a resource claim template")
    metadata.check_fields(spec["metadata"], free=True)
    if root["apiVersion"].text != _OTHER:
        _check_devices(spec["spec"]["devices"])


def _class(root: Field) -> None:
    spec = root["spec"]
    _check_selectors(spec["selectors"])
    if not parts.too_many(spec["config"], _MOST):
        for each in spec["config"].items():
            _check_config(each)
    name = spec["extendedResourceName"]
    if name and name.minor >= _WHOLE_SINCE and not amounts.is_extended(name.text):
        name.invalid("must be a valid extended resource name")


def _check_devices(field: Field) -> None:
    requests = field["requests"]
    known = set()
    for each in requests.items():
        known.add(each["name"].text)
        known |= {f"{each['name'].text}/{other['name'].text}" for other in each["firstAvailable"].items()}
    if not parts.too_many(requests, _MOST):
        parts.check_once(requests, "name")
        for each in requests.items():
            _check_request(each)
    if not parts.too_many(field["constraints"], _MOST):
        for each in field["constraints"].items():
            _check_constraint(each, known)
    if not parts.too_many(field["config"], _MOST):
        for each in field["config"].items():
            _check_references(each["requests"], known)
            _check_config(each)


def _check_request(field: Field) -> None:
    parts.check_text(field["name"], names.dns_label)
    exactly, others = field["exactly"], field["firstAvailable"]
    if exactly and others.size:
        field.invalid("exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set")
    elif exactly:
        _check_exactly(exactly)
    elif not others.size:
        field.required("exactly one of `exactly` or `firstAvailable` is required")
    elif not parts.too_many(others, _MOST_ALTERNATIVES):
        parts.check_once(others, "name")
        for each in others.items():
            name = each["name"]
            name.complain(names.dns_label(name.text))
            if parts.is_missing(each["deviceClassName"]):
                each["deviceClassName"].required()
            _check_exactly(each)


def _check_exactly(field: Field) -> None:
    parts.check_text(field["deviceClassName"], names.dns_subdomain)
    _check_selectors(field["selectors"])
    mode, count = field["allocationMode"], field["count"]
    parts.check_word(mode, _MODES)
    if mode.text == "All" and count.number:
        count.invalid("must not be specified when allocationMode is 'All'")
    elif mode.text != "All" and count.number is not None and count.number < 0:
        count.invalid("must be greater than zero")
    if field.minor >= _WHOLE_SINCE:
        parts.too_many(field["tolerations"], _MOST_TOLERATIONS)
        for each in field["tolerations"].items():
            _check_toleration(each)


def _check_selectors(field: Field) -> None:
    if parts.too_many(field, _MOST):
        return
    for each in field.items():
        if not each["cel"]:
            each["cel"].required()
        expression = each["cel"]["expression"]
        parts.check_length(expression, _LONGEST_EXPRESSION)
        if 0 < len(expression.text) <= _LONGEST_EXPRESSION:
            from kubernator.schema.builtin import expressions  # noqa: PLC0415 - few trees have devices

            expression.complain(expressions.of_device(expression.text, minor=field.minor))


def _check_toleration(field: Field) -> None:
    operator, value = field["operator"], field["value"]
    parts.check_text(field["key"], names.qualified_name)
    if operator.text == "Exists":
        if value.text:
            value.invalid("must be empty for operator `Exists`")
    elif operator.text in {"", "Equal"}:
        value.complain(names.label_value(value.text))
    parts.check_word(operator, _OPERATORS)
    parts.check_word(field["effect"], _EFFECTS)


def _check_constraint(field: Field, known: set[str]) -> None:
    _check_references(field["requests"], known)
    match, distinct = field["matchAttribute"], field["distinctAttribute"]
    if match:
        _check_attribute(match)
    if distinct and field.minor >= _WHOLE_SINCE:
        _check_attribute(distinct)
    if not match and not distinct:
        what = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
        field.required(what)


def _check_attribute(field: Field) -> None:
    check_qualified(field, field.text)
    if "/" not in field.text:
        field.invalid("a fully qualified name must be a domain and a name separated by a slash")


def check_qualified(field: Field, text: str) -> None:
    """Say so if a text is no name of an attribute or a capacity, which may have a domain before it."""
    domain, slash, name = text.rpartition("/")
    if "/" in domain:
        return  # the server looks at no more than two parts
    if slash:
        field.complain(names.dns_subdomain(domain.lower()) if domain else "the domain must not be empty")
        if parts.length(domain) > 63:  # noqa: PLR2004
            parts.too_long(field, 63)
    if not name and slash:
        field.invalid("the name must not be empty")
        return
    if parts.length(name) > _LONGEST_ID:
        parts.too_long(field, _LONGEST_ID)
    field.complain(names.c_identifier(name))


def _check_references(field: Field, known: set[str]) -> None:
    if parts.too_many(field, _MOST):
        return
    parts.check_unique(field.items())
    for each in field.items():
        if each.text not in known:
            each.invalid(_NO_REQUEST)


def _check_config(field: Field) -> None:
    opaque = field["opaque"]
    if not opaque:
        opaque.required()
        return
    parts.check_driver(opaque["driver"])
    parameters = opaque["parameters"]
    if not parameters:
        return
    if not isinstance(parameters.value, dict):
        parameters.invalid("must be a valid JSON object")
        return
    written = json.dumps(parameters.value, separators=(",", ":"), ensure_ascii=False, default=str)
    if parts.length(written) > _LONGEST_PARAMETERS:
        parameters.fault(Reason.TOO_LONG, f"Too long: may not be more than {_LONGEST_PARAMETERS} bytes")


_GROUP: Final = "resource.k8s.io"
CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    (_GROUP, "ResourceClaim"): _claim,
    (_GROUP, "ResourceClaimTemplate"): _template,
    (_GROUP, "DeviceClass"): _class,
}
