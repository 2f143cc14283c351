"""What the API server checks of policies for admission and their bindings.

Whether expressions compile is told by :func:`kubernator.schema.policies.check_policy_manifest`, except those of
mutations. Source:
k8s.io/kubernetes, package ``pkg/apis/admissionregistration/validation``, of 1.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import parts, webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_ACTIONS: Final = ("Audit", "Deny", "Warn")
_NOT_FOUND: Final = ("Allow", "Deny")
_REASONS: Final = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_MUTATED: Final = ("*", "CONNECT", "CREATE", "UPDATE")
#: Type of patch -> what its expression gives.
_PATCHES: Final = {"ApplyConfiguration": "Object", "JSONPatch": "list(JSONPatch)"}
_MOST_ANNOTATIONS: Final = 20
_LONGEST_VALUE: Final = 5 * 1024
_IDENTIFIER: Final = re.compile("[_a-zA-Z][_a-zA-Z0-9]*")
_RESERVED: Final = frozenset(
    {
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"),
        *("import", "let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)


def _policy(root: Field) -> None:
    spec = root["spec"]
    _check_common(spec)
    validations, annotations = spec["validations"], spec["auditAnnotations"]
    if not validations.size and not annotations.size:
        for field in (validations, annotations):
            field.required("validations or auditAnnotations must contain at least one item")
        return
    for each in validations.items():
        _check_validation(each)
    if annotations.size > _MOST_ANNOTATIONS:
        annotations.invalid(f"must not have more than {_MOST_ANNOTATIONS} auditAnnotations")
    parts.check_unique(annotations.items(), "key")
    for each in annotations.items():
        _check_annotation(each, root["metadata"]["name"].text)


def _check_common(spec: Field) -> None:
    """Check what policies that validate and that change have alike."""
    parts.check_word(spec["failurePolicy"], ("Fail", "Ignore"))
    if spec["paramKind"]:
        _check_kind(spec["paramKind"])
    constraints = spec["matchConstraints"]
    if not constraints:
        constraints.required()
    elif not constraints["resourceRules"].size:
        constraints["resourceRules"].required()
    _check_match(constraints)
    webhooks.check_conditions(spec["matchConditions"])
    for each in spec["variables"].items():
        name = each["name"]
        if isinstance(name.value, str) and not name.text.strip():
            name.required("name is not specified")
        elif name.text and (not _IDENTIFIER.fullmatch(name.text) or name.text in _RESERVED):
            name.invalid("must be a valid CEL identifier")
        _check_expression(each["expression"])


def _check_expression(field: Field) -> None:
    if isinstance(field.value, str) and not field.text.strip():
        field.required("expression is not specified")


def _check_kind(field: Field) -> None:
    version, kind = field["apiVersion"], field["kind"]
    if not version.text:
        version.required()
    elif version.text.count("/") > 1:
        version.invalid(f"unexpected GroupVersion string: {version.text}")
    else:
        group, _, number = version.text.rpartition("/")
        if group:
            version.complain(names.dns_subdomain(group))
        version.complain(names.dns_1035_label(number) if number else "version must be specified")
    if not kind.text:
        kind.required()
    elif complaint := names.dns_1035_label(kind.text.lower()):
        kind.invalid(f"may have mixed case, but should otherwise match: {complaint}")


def _check_match(field: Field) -> None:
    parts.check_word(field["matchPolicy"], ("Equivalent", "Exact"))
    for name in ("namespaceSelector", "objectSelector"):
        labelling.check_selector(field[name])
    for name in ("resourceRules", "excludeResourceRules"):
        for rule in field[name].items():
            parts.check_unique(rule["resourceNames"].items())
            for each in rule["resourceNames"].items():
                parts.check_object_path(each)
            webhooks.check_rule(rule)


def _check_validation(field: Field) -> None:
    _check_expression(field["expression"])
    for name in ("messageExpression", "message"):
        if field[name].text and not field[name].text.strip():
            field[name].invalid("must be non-empty if specified")
    if re.search("[\n\r]", field["message"].text.strip()):
        field["message"].invalid("must not contain line breaks")
    if field["reason"] and field["reason"].text not in _REASONS:
        field["reason"].unsupported(_REASONS)


def _check_annotation(field: Field, policy: str) -> None:
    key, value = field["key"], field["valueExpression"]
    if policy:
        key.complain(names.qualified_name(f"{policy}/{key.text}"))
    if not value.text.strip():
        value.required("valueExpression is not specified")
    elif parts.length(value.text.strip()) > _LONGEST_VALUE:
        value.required(f"must not exceed {_LONGEST_VALUE} bytes in length")


def _mutating(root: Field) -> None:
    spec = root["spec"]
    _check_common(spec)
    _check_mutated(spec["matchConstraints"])
    mutations = spec["mutations"]
    if not mutations.size:
        mutations.required("mutations must contain at least one item")
    for each in mutations.items():
        _check_mutation(each)
    if not spec["reinvocationPolicy"].text:
        spec["reinvocationPolicy"].required()
    parts.check_word(spec["reinvocationPolicy"], ("IfNeeded", "Never"))


def _check_mutated(match: Field) -> None:
    """Say so if something is to be changed that is only deleted."""
    for rule in match["resourceRules"].items():
        for each in rule["operations"].items():
            parts.check_word(each, _MUTATED)


def _check_mutation(field: Field) -> None:
    kind = field["patchType"]
    keys = {"JSONPatch": ("jsonPatch", "applyConfiguration"), "ApplyConfiguration": ("applyConfiguration", "jsonPatch")}
    if kind.text not in keys:
        if kind.text:
            kind.unsupported(keys)
        return
    wanted, other = keys[kind.text]
    if not field[wanted]:
        field[wanted].required(f"must be specified when patchType is {kind.text}")
    else:
        _check_patch(field[wanted]["expression"], _PATCHES[kind.text])
    if field[other]:
        field[other].invalid(f"must not be specified when patchType is {kind.text}")


def _check_patch(field: Field, wanted: str) -> None:
    text = field.text.strip()
    if not text:
        field.required()
        return
    from kubernator.schema.builtin import expressions  # noqa: PLC0415 - few trees have such policies

    field.complain(expressions.of_mutation(text, wanted=wanted, minor=field.minor))


def _binding(root: Field) -> None:
    _check_binding(root["spec"])
    actions = root["spec"]["validationActions"]
    given = parts.texts(actions)
    if actions.value == []:
        actions.required("at least one validation action is required")
    parts.check_unique(actions.items())
    for each in actions.items():
        parts.check_word(each, _ACTIONS)
    if {"Deny", "Warn"} <= set(given):
        actions.invalid(
            "must not contain both Deny and Warn (repeating the same validation failure information in the API "
            "response and headers serves no purpose)"
        )


def _mutating_binding(root: Field) -> None:
    _check_binding(root["spec"])
    _check_mutated(root["spec"]["matchResources"])


def _check_binding(spec: Field) -> None:
    if not spec["policyName"].text:
        spec["policyName"].required()
    parts.check_text(spec["policyName"], names.dns_subdomain)
    _check_match(spec["matchResources"])
    reference = spec["paramRef"]
    if not reference:
        return
    name, selector, action = reference["name"], reference["selector"], reference["parameterNotFoundAction"]
    parts.check_object_path(name)
    labelling.check_selector(selector)
    if name.text and selector:
        for each in (name, selector):
            each.forbidden("name and selector are mutually exclusive")
    elif not name.text and not selector:
        reference.required("one of name or selector must be specified")
    if not action.text:
        action.required()
    parts.check_word(action, _NOT_FOUND)


_GROUP: Final = "admissionregistration.k8s.io"
CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    (_GROUP, "ValidatingAdmissionPolicy"): _policy,
    (_GROUP, "ValidatingAdmissionPolicyBinding"): _binding,
    (_GROUP, "MutatingAdmissionPolicy"): _mutating,
    (_GROUP, "MutatingAdmissionPolicyBinding"): _mutating_binding,
}
