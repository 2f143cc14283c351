"""What the API server checks of who is served first: FlowSchemas and PriorityLevelConfigurations.

Source: k8s.io/kubernetes, package ``pkg/apis/flowcontrol/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_LAST: Final = 10000
_MOST_QUEUES: Final = 10_000_000
_HASH_BITS: Final = 60
_HAND: Final = 8
_QUEUES: Final = 64
_VERBS: Final = (*("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"),)
_SUBJECTS: Final = {"Group": "group", "ServiceAccount": "serviceAccount", "User": "user"}
_METHODS: Final = ("ByNamespace", "ByUser")


def _schema(root: Field) -> None:
    spec = root["spec"]
    precedence = spec["matchingPrecedence"]
    if precedence.number is not None:
        _check_precedence(precedence, root["metadata"]["name"].text)
    method = spec["distinguisherMethod"]
    if method and method["type"].text not in _METHODS:
        method["type"].unsupported(_METHODS)
    level = spec["priorityLevelConfiguration"]["name"]
    if level.value == "":
        level.required("must reference a priority level")
    parts.check_text(level, names.dns_subdomain)
    for rule in spec["rules"].items():
        _check_rule(rule)


def _check_precedence(field: Field, name: str) -> None:
    number = field.number or 0
    if number < 0:
        field.invalid("must be a positive value")
    if number > _LAST:
        field.invalid(f"must not be greater than {_LAST}")
    if number == 1 and name not in {"", "exempt"}:
        field.invalid("only the schema named 'exempt' may have matchingPrecedence 1")


def _check_rule(rule: Field) -> None:
    if rule["subjects"].value == []:
        rule["subjects"].required("subjects must contain at least one value")
    for each in rule["subjects"].items():
        _check_subject(each)
    if not rule["resourceRules"].size and not rule["nonResourceRules"].size:
        rule.required("at least one of resourceRules and nonResourceRules has to be non-empty")
    for each in rule["resourceRules"].items():
        _check_verbs(each["verbs"])
        _check_list(each["apiGroups"], "api groups", "resource rules must supply at least one api group")
        _check_list(each["resources"], "resources", "resource rules must supply at least one resource")
        _check_namespaces(each)
    for each in rule["nonResourceRules"].items():
        _check_verbs(each["verbs"])
        urls = each["nonResourceURLs"]
        _check_list(urls, "non-resource URLs", "nonResourceURLs must contain at least one value")
        if "*" not in parts.texts(urls):
            for url in urls.items():
                url.complain(_path(url.text))


def _check_subject(field: Field) -> None:
    kind = field["kind"]
    wanted = _SUBJECTS.get(kind.text)
    if wanted is None:
        if kind:
            kind.unsupported(_SUBJECTS)
        return
    for word, key in _SUBJECTS.items():
        if key != wanted and field[key]:
            field[key].forbidden(f"{key} is forbidden when subject kind is not '{word}'")
    subject = field[wanted]
    if not subject:
        subject.required(f"{wanted} is required when subject kind is '{kind.text}'")
        return
    name = subject["name"]
    if not name.text:
        name.required()
    if wanted == "serviceAccount":
        if name.text != "*":
            parts.check_text(name, names.dns_subdomain)
        if not subject["namespace"].text:
            subject["namespace"].required("must specify namespace for service account")
        parts.check_text(subject["namespace"], names.dns_label)


def _check_list(field: Field, what: str, message: str) -> None:
    if field.value == []:
        field.required(message)
    parts.check_wildcard_alone(field, what)


def _check_verbs(field: Field) -> None:
    _check_list(field, "verbs", "verbs must contain at least one value")
    given = parts.texts(field)
    if "*" not in given and set(given) - set(_VERBS):
        field.unsupported(_VERBS)


def _check_namespaces(rule: Field) -> None:
    field = rule["namespaces"]
    if not field.size:
        if not rule["clusterScope"].flag:
            field.required("resource rules that are not cluster scoped must supply at least one namespace")
        return
    parts.check_wildcard_alone(field, "namespaces")
    if "*" in parts.texts(field):
        return
    for each in field.items():
        if complaint := names.dns_label(each.text):
            each.invalid(f"each member of this list must be '*' or a DNS-1123 label; {complaint}")


def _path(text: str) -> str:
    """Say what is wrong with a path of the server."""
    match text:
        case "":
            return "must not be empty"
        case _ if not text.startswith("/"):
            return "must start with slash"
        case _ if " " in text:
            return "must not contain white-space"
        case _ if "//" in text:
            return "must not contain double slash"
    wild = text.count("*")
    return "wildcard can only do suffix matching" if wild > 1 or (wild and not text.endswith("/*")) else ""


def _level(root: Field) -> None:
    spec, name = root["spec"], root["metadata"]["name"].text
    kind = spec["type"]
    if kind and name and (name == "exempt") != (kind.text == "Exempt"):
        kind.invalid("must be 'Exempt' if and only if `name` is 'exempt'")
    limited, exempt = spec["limited"], spec["exempt"]
    if kind.text == "Exempt":
        if limited:
            limited.forbidden("must be nil if the type is not Limited")
        _check_shares(exempt)
    elif kind.text == "Limited":
        if exempt:
            exempt.forbidden("must be nil if the type is Limited")
        if not limited:
            limited.required("must not be empty when type is Limited")
        else:
            _check_limited(limited)
    elif kind.text:
        kind.unsupported(("Exempt", "Limited"))
    elif kind:
        kind.required()


def _check_shares(field: Field) -> None:
    shares, percent = field["nominalConcurrencyShares"], field["lendablePercent"]
    if shares.number is not None and shares.number < 0:
        shares.invalid("must be a non-negative integer")
    if percent.number is not None and not 0 <= percent.number <= 100:  # noqa: PLR2004
        percent.invalid("must be between 0 and 100, inclusive")


def _check_limited(field: Field) -> None:
    _check_shares(field)
    limit = field["borrowingLimitPercent"]
    if limit.number is not None and limit.number < 0:
        limit.invalid("if specified, must be a non-negative integer")
    response = field["limitResponse"]
    kind, queuing = response["type"], response["queuing"]
    if kind.text == "Reject":
        if queuing:
            queuing.forbidden("must be nil if limited.limitResponse.type is not Limited")
    elif kind.text == "Queue":
        if not queuing:
            queuing.required("must not be empty if limited.limitResponse.type is Limited")
        else:
            _check_queuing(queuing)
    elif kind.text:
        kind.unsupported(("Queue", "Reject"))
    elif kind:
        kind.required()


def _check_queuing(field: Field) -> None:
    queues, hand, length = field["queues"], field["handSize"], field["queueLengthLimit"]
    count, size = queues.number or _QUEUES, hand.number or _HAND
    if length.number is not None and length.number < 0:
        length.invalid("must be positive")
    if count < 0:
        queues.invalid("must be positive")
    elif count > _MOST_QUEUES:
        queues.invalid(f"must not be greater than {_MOST_QUEUES}")
    if size < 0:
        hand.invalid("must be positive")
    elif size > count:
        hand.invalid(f"should not be greater than queues ({count})")
    elif math.ceil(math.log2(count) * size) > _HASH_BITS:
        hand.invalid(
            f"required entropy bits of deckSize {count} and handSize {size} should not be greater than {_HASH_BITS}"
        )


_GROUP: Final = "flowcontrol.apiserver.k8s.io"
CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    (_GROUP, "FlowSchema"): _schema,
    (_GROUP, "PriorityLevelConfiguration"): _level,
}
