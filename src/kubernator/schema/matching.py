"""Which requests a policy is about.

Source: k8s.io/apiserver 0.37, packages ``admission/plugin/policy/matching`` and ``webhook/predicates``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubernator.schema.cel.failures import Undecided

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.model.gvk import GroupVersionKind

__all__ = ["Request", "matches", "selects"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A write that will be asked for.

    ``manifest`` is what will be sent, ``old`` what is there, None for what is new. ``resource`` is the plural name.
    ``namespace`` is empty for kinds of the cluster; ``namespace_object`` its manifest, None if that is not known.
    """

    manifest: Mapping[str, Any]
    gvk: GroupVersionKind
    resource: str
    namespaced: bool
    namespace: str = ""
    old: Mapping[str, Any] | None = None
    namespace_object: Mapping[str, Any] | None = None

    @property
    def operation(self) -> str:
        """Return ``CREATE`` or ``UPDATE``."""
        return "CREATE" if self.old is None else "UPDATE"

    @property
    def name(self) -> str:
        """Return the name, empty for one that the server will make."""
        return str((self.manifest.get("metadata") or {}).get("name") or "")

    def described(self) -> dict[str, Any]:
        """Return what expressions see as ``request``."""
        kind = {"group": self.gvk.group, "version": self.gvk.version, "kind": self.gvk.kind}
        resource = {"group": self.gvk.group, "version": self.gvk.version, "resource": self.resource}
        return {
            "kind": kind,
            "requestKind": kind,
            "resource": resource,
            "requestResource": resource,
            "name": self.name,
            "operation": self.operation,
            "subResource": "",
            "requestSubResource": "",
            **({"namespace": self.namespace} if self.namespace else {}),
        }


def matches(constraints: Mapping[str, Any], request: Request, *, bare: bool = False) -> bool:
    """Say whether a request is meant by ``matchConstraints``; with ``bare`` no rules mean all requests.

    Raises `Undecided` where that hangs on what is not known here.
    """
    if not _namespace_matches(constraints.get("namespaceSelector"), request):
        return False
    selector = constraints.get("objectSelector")
    if selector and not any(selects(selector, _labels(each)) for each in (request.manifest, request.old) if each):
        return False
    if _any_rule(constraints.get("excludeResourceRules"), constraints, request):
        return False
    rules = constraints.get("resourceRules")
    if not rules:
        return bare
    return _any_rule(rules, constraints, request)


def _labels(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return (manifest.get("metadata") or {}).get("labels") or {}


def _namespace_matches(selector: Any, request: Request) -> bool:
    if not selector or not any(selector.values()):
        return True
    if request.gvk.group == "" and request.gvk.kind == "Namespace":
        labels = {"kubernetes.io/metadata.name": request.name, **_labels(request.manifest)}
        return selects(selector, labels)
    if not request.namespaced:
        return True
    known = {"kubernetes.io/metadata.name": request.namespace}
    if request.namespace_object is not None:
        return selects(selector, {**known, **_labels(request.namespace_object)})
    asked = {
        *(selector.get("matchLabels") or {}),
        *(each.get("key") for each in selector.get("matchExpressions") or ()),
    }
    if asked <= known.keys():
        return selects(selector, known)
    raise Undecided(f"the labels of the namespace `{request.namespace}`")


def selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Say whether a label selector selects labels."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    for each in selector.get("matchExpressions") or ():
        key, values = each.get("key"), each.get("values") or ()
        match each.get("operator"):
            case "In" if labels.get(key) not in values:
                return False
            case "NotIn" if key in labels and labels[key] in values:
                return False
            case "Exists" if key not in labels:
                return False
            case "DoesNotExist" if key in labels:
                return False
            case _:
                pass
    return True


def _any_rule(rules: Any, constraints: Mapping[str, Any], request: Request) -> bool:
    elsewhere = False
    for rule in rules or ():
        if not _takes(rule.get("operations"), request.operation) or not _resource_matches(rule, request):
            continue
        names = rule.get("resourceNames")
        if names and request.name not in names:
            continue
        group = _takes(rule.get("apiGroups"), request.gvk.group)
        if group and _takes(rule.get("apiVersions"), request.gvk.version):
            return True
        elsewhere = elsewhere or group
    if elsewhere and constraints.get("matchPolicy", "Equivalent") == "Equivalent":
        raise Undecided("the resource in another version")
    return False


def _takes(values: Sequence[str] | None, value: str) -> bool:
    return bool(values) and ("*" in values or value in values)  # type: ignore[operator] # it is not None


def _resource_matches(rule: Mapping[str, Any], request: Request) -> bool:
    scope = rule.get("scope", "*")
    if scope != "*" and (scope == "Namespaced") != request.namespaced:
        return False
    return any(each in {"*", "*/*", request.resource} for each in rule.get("resources") or ())
