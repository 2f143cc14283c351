"""What the API server checks of webhooks for admission, and of the rules that say what is admitted by whom.

Source: k8s.io/kubernetes, package ``pkg/apis/admissionregistration/validation``; k8s.io/apiserver, package
``pkg/util/webhook``; k8s.io/kube-aggregator, package ``pkg/apis/apiregistration/validation``, all of 1.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS", "check_conditions", "check_rule"]

_VERSIONS: Final = ("v1", "v1beta1")
_SIDE_EFFECTS: Final = ("None", "NoneOnDryRun")
_OPERATIONS: Final = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES: Final = ("*", "Cluster", "Namespaced")
_FORM: Final = "; desired format: https://host[/path]"
_URL: Final = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_MOST_CONDITIONS: Final = 64


def _webhooks(root: Field) -> None:
    parts.check_unique((each for each in root["webhooks"].items() if each["name"].text), "name")
    for hook in root["webhooks"].items():
        _check_hook(hook)


def _check_hook(hook: Field) -> None:
    _check_full_name(hook["name"])
    for rule in hook["rules"].items():
        check_rule(rule)
    for name, words in (
        ("failurePolicy", ("Fail", "Ignore")),
        ("matchPolicy", ("Equivalent", "Exact")),
        ("sideEffects", _SIDE_EFFECTS),
        ("reinvocationPolicy", ("IfNeeded", "Never")),
    ):
        if hook[name] and hook[name].text not in words:
            hook[name].unsupported(words)
    seconds = hook["timeoutSeconds"]
    if seconds.number is not None and not 1 <= seconds.number <= 30:  # noqa: PLR2004
        seconds.invalid("the timeout value must be between 1 and 30 seconds")
    for name in ("namespaceSelector", "objectSelector"):
        labelling.check_selector(hook[name])
    _check_client(hook["clientConfig"])
    check_conditions(hook["matchConditions"])
    _check_expressions(hook["matchConditions"])
    _check_versions(hook["admissionReviewVersions"])


def _check_expressions(field: Field) -> None:
    if not field.size:
        return
    from kubernator.schema import policies  # noqa: PLC0415 - CEL is large, and few have any

    for fault in policies.check_policy_manifest({"spec": {"matchConditions": field.value}}):
        field.faults.append(fault._replace(path=(*field.path, *fault.path[2:])))


def _check_full_name(field: Field) -> None:
    if field.value == "":
        field.required()
    elif complaint := names.dns_subdomain(field.text) if field else "":
        field.invalid(complaint)
    elif field and field.text.count(".") < 2:  # noqa: PLR2004
        field.invalid("should be a domain with at least three segments separated by dots")


def _check_versions(field: Field) -> None:
    if field.value == []:
        field.required(f"must specify one of {', '.join(_VERSIONS)}")
        return
    seen: set[str] = set()
    for each in field.items():
        if each.text in seen:
            each.invalid("duplicate version")
            continue
        seen.add(each.text)
        each.complain(names.dns_1035_label(each.text))
    if seen and not seen & set(_VERSIONS):
        field.invalid(f"must include at least one of {', '.join(_VERSIONS)}")


def _check_client(field: Field) -> None:
    url, service = field["url"], field["service"]
    if bool(url) == bool(service):
        if field:
            field.required("exactly one of url or service is required")
    elif url:
        _check_url(url)
    else:
        for name in ("name", "namespace"):
            if service[name].value == "":
                service[name].required()
        if service["port"].number is not None and not 1 <= service["port"].number <= 65535:  # noqa: PLR2004
            service["port"].invalid("port is not valid: must be between 1 and 65535, inclusive")
        _check_path(service["path"])


def _check_url(field: Field) -> None:
    found = _URL.fullmatch(field.text)
    if found is None:
        return
    scheme, authority, _, query, fragment = found.groups()
    if (scheme or "").lower() != "https":
        field.invalid(f"'https' is the only allowed URL scheme{_FORM}")
    if not (authority or "").rpartition("@")[2]:
        field.invalid(f"host must be specified{_FORM}")
    if "@" in (authority or ""):
        field.invalid("user information is not permitted in the URL")
    if len(fragment or "") > 1:
        field.invalid("fragments are not permitted in the URL")
    if len(query or "") > 1:
        field.invalid("query parameters are not permitted in the URL")


def _check_path(field: Field) -> None:
    path = field.text
    if path in {"", "/"}:
        return
    if path == "//":
        field.invalid("segment[0] may not be empty")
        return
    if not path.startswith("/"):
        field.invalid("must start with a '/'")
    for place, step in enumerate(path[1:].removesuffix("/").split("/")):
        complaint = names.dns_subdomain(step)
        if not step:
            field.invalid(f"segment[{place}] may not be empty")
        elif complaint:
            field.invalid(f"segment[{place}]: {complaint}")


def check_conditions(field: Field) -> None:
    """Add what is wrong with conditions of a match; the expressions in them are not looked at."""
    parts.too_many(field, _MOST_CONDITIONS)
    parts.check_unique((each for each in field.items() if each["name"].text), "name")
    for each in field.items():
        if isinstance(each["expression"].value, str) and not each["expression"].text.strip():
            each["expression"].required()
        if each["name"].value == "":
            each["name"].required()
        parts.check_text(each["name"], names.qualified_name)


def check_rule(rule: Field) -> None:
    """Add what is wrong with a rule of what a webhook or a policy is asked about."""
    operations = rule["operations"]
    _demand(operations)
    parts.check_wildcard_alone(operations, "operations")
    for each in operations.items():
        if each and each.text not in _OPERATIONS:
            each.unsupported(_OPERATIONS)
    _demand(rule["apiGroups"])
    parts.check_wildcard_alone(rule["apiGroups"], "API groups")
    versions = rule["apiVersions"]
    _demand(versions)
    parts.check_wildcard_alone(versions, "API versions")
    for each in versions.items():
        if each.value == "":
            each.required()
    _check_resources(rule["resources"])
    parts.check_word(rule["scope"], _SCOPES)
    if rule["scope"].value == "":
        rule["scope"].unsupported(_SCOPES)


def _demand(field: Field) -> None:
    if not field.size:
        field.required()


def _check_resources(field: Field) -> None:
    _demand(field)
    given = parts.texts(field)
    all_parts: set[str] = set()
    part_of_all: set[str] = set()
    for each in field.items():
        if not each.text:
            each.required()
            continue
        resource, slash, part = each.text.partition("/")
        if not slash:
            continue
        if resource in all_parts:
            each.invalid(f"if '{resource}/*' is present, must not specify {each.text}")
        if part in part_of_all:
            each.invalid(f"if '*/{part}' is present, must not specify {each.text}")
        if part == "*":
            all_parts.add(resource)
        if resource == "*":
            part_of_all.add(part)
    if len(given) > 1 and "*/*" in given:
        field.invalid("if '*/*' is present, must not specify other resources")
    whole = [text for text in given if text and "/" not in text]
    if "*" in whole and whole[-1] != "*":  # the server only remembers the last one
        field.invalid("if '*' is present, must not specify other resources without subresources")


def _api_service(root: Field) -> None:
    spec = root["spec"]
    group, version = spec["group"], spec["version"]
    if not group.text and version.text != "v1":
        group.required("only v1 may have an empty group and it better be legacy kube")
    parts.check_text(group, names.dns_subdomain)
    version.complain(names.dns_1035_label(version.text))
    for name, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
        number = spec[name].number
        if number is not None and not 0 < number <= most:
            spec[name].invalid(f"must be positive and less than {most}")
    _check_api_server(spec)


def _check_api_server(spec: Field) -> None:
    bundle, skips, service = spec["caBundle"], spec["insecureSkipTLSVerify"], spec["service"]
    if not service:
        if bundle.text:
            bundle.invalid("local APIServices may not have a caBundle")
        if skips.flag:
            skips.invalid("local APIServices may not have insecureSkipTLSVerify")
        return
    for name in ("namespace", "name"):
        if not service[name].text:
            service[name].required()
    parts.check_port(service["port"])
    if skips.flag and bundle.text:
        skips.invalid("may not be true if caBundle is present")


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _webhooks,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _webhooks,
    ("apiregistration.k8s.io", "APIService"): _api_service,
}
