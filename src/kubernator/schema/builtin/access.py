"""What the API server checks of roles and of who has them.

Source: k8s.io/kubernetes, package ``pkg/apis/rbac/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_GROUP: Final = "rbac.authorization.k8s.io"
_SUBJECTS: Final = ("Group", "ServiceAccount", "User")


def _role(root: Field) -> None:
    for rule in root["rules"].items():
        _check_rule(rule, namespaced=True)


def _cluster_role(root: Field) -> None:
    for rule in root["rules"].items():
        _check_rule(rule, namespaced=False)
    aggregation = root["aggregationRule"]
    selectors = aggregation["clusterRoleSelectors"]
    if aggregation and not selectors.size:
        selectors.required("at least one clusterRoleSelector required if aggregationRule is non-nil")
    for each in selectors.items():
        labelling.check_selector(each)


def _check_rule(rule: Field, *, namespaced: bool) -> None:
    if not rule["verbs"].size:
        rule["verbs"].required("verbs must contain at least one value")
    urls = rule["nonResourceURLs"]
    if urls.size:
        if namespaced:
            urls.invalid("namespaced rules cannot apply to non-resource URLs")
        if any(rule[key].size for key in ("apiGroups", "resources", "resourceNames")):
            urls.invalid("rules cannot apply to both regular resources and non-resource URLs")
        return
    if not rule["apiGroups"].size:
        rule["apiGroups"].required("resource rules must supply at least one api group")
    if not rule["resources"].size:
        rule["resources"].required("resource rules must supply at least one resource")


def _binding(root: Field) -> None:
    _check_role(root["roleRef"], ("ClusterRole", "Role"))
    for each in root["subjects"].items():
        _check_subject(each, namespaced=True)


def _cluster_binding(root: Field) -> None:
    _check_role(root["roleRef"], ("ClusterRole",))
    for each in root["subjects"].items():
        _check_subject(each, namespaced=False)


def _check_role(field: Field, kinds: tuple[str, ...]) -> None:
    if not field:
        return
    parts.check_word(field["apiGroup"], (_GROUP,))
    if field["kind"] and field["kind"].text not in kinds:
        field["kind"].unsupported(kinds)
    if field["name"].value == "":
        field["name"].required()
    parts.check_object_path(field["name"])


def _check_subject(field: Field, *, namespaced: bool) -> None:
    kind, name, group = field["kind"], field["name"], field["apiGroup"]
    if name.value == "":
        name.required()
    if kind.text == "ServiceAccount":
        parts.check_text(name, names.dns_subdomain)
        if group.text:
            group.unsupported(("",))
        if not namespaced and not field["namespace"].text:
            field["namespace"].required()
    elif kind.text in {"Group", "User"}:
        parts.check_word(group, (_GROUP,))
    elif kind:
        kind.unsupported(_SUBJECTS)


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    (_GROUP, "Role"): _role,
    (_GROUP, "ClusterRole"): _cluster_role,
    (_GROUP, "RoleBinding"): _binding,
    (_GROUP, "ClusterRoleBinding"): _cluster_binding,
}
