"""Which resource refers to which, and how that is known. Pure.

Fields that name another object are read kind by kind here and in `podrefs`; what follows only from looking at the whole
tree (labels, subjects, what a webhook is called for) is in `relations`. What is not known here is no error: a reference
that nobody finds is an order that nobody keeps, and controllers come to terms with that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.model.ref import ResourceRef
from kubernator.model.reference import Reference, Strength
from kubernator.pipeline import podrefs, relations
from kubernator.pipeline.fields import at, group_of, items, mapping, refer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kubernator.model.resource import Resource
    from kubernator.model.sourcemap import Path

__all__ = ["find", "references"]

_RBAC: Final = "rbac.authorization.k8s.io"
_STORAGE: Final = "storage.k8s.io"
_ADMISSION: Final = "admissionregistration.k8s.io"
_NETWORKING: Final = "networking.k8s.io"
_GATEWAY: Final = "gateway.networking.k8s.io"

#: A token Secret names its account here; without the account the Secret is deleted again.
_ACCOUNT: Final = "kubernetes.io/service-account.name"


def references(resources: Iterable[Resource]) -> tuple[Reference, ...]:
    """Return the references between resources, in their order; what refers out of them, or to itself, is left out."""
    everything = list(resources)
    known = {resource.ref for resource in everything}
    return tuple(found for found in find(everything) if found.target in known and found.target != found.source)


def find(resources: Iterable[Resource]) -> Iterator[Reference]:
    """Yield every reference of resources, also to what is not among them: the server may have it, or nobody."""
    everything = list(resources)
    pods: list[podrefs.Pods] = []
    for resource in everything:
        if resource.ref.namespace:
            namespace = ResourceRef("", "Namespace", "", resource.ref.namespace)
            reason = f"is in Namespace `{namespace.name}`"
            path = ("metadata", "namespace")
            yield Reference(resource.ref, namespace, reason, path, Strength.NEEDED, wait=True)
        if (found := podrefs.pods(resource)) is not None:
            pods.append(found)
            yield from podrefs.references(found)
        rule = _RULES.get(resource.ref[:2])
        if rule is not None:
            yield from rule(resource)
        if "ownerReferences" in mapping(resource.manifest.get("metadata")):
            yield from _owners(resource)
    yield from relations.find(everything, pods)


def _owners(resource: Resource) -> Iterator[Reference]:
    """Yield who owns a resource. The owner is in the same namespace or in none: both are possible."""
    for position, owner in items(at(resource.manifest, "metadata", "ownerReferences")):
        for namespace in dict.fromkeys((resource.ref.namespace, "")):
            yield from _typed(
                resource,
                ("metadata", "ownerReferences", position),
                "is owned by",
                group=group_of(owner.get("apiVersion")),
                namespace=namespace,
                strength=Strength.ADVICE,
                optional=True,
            )


def _typed(
    resource: Resource,
    path: Path,
    verb: str,
    *,
    group: str | None = None,
    kind: str = "",
    namespace: str | None = None,
    strength: Strength = Strength.USUAL,
    optional: bool = False,
) -> Iterator[Reference]:
    """Yield the reference of a map that says kind and name, and perhaps group and namespace, of its target."""
    value = mapping(at(resource.manifest, *path))
    named_kind = value.get("kind") or kind
    named_group = value.get("group", value.get("apiGroup", "")) if group is None else group
    named_space = value.get("namespace") if namespace is None else namespace
    if isinstance(named_kind, str) and named_kind and isinstance(named_group or "", str):
        yield from refer(
            resource,
            (*path, "name"),
            verb,
            named_kind,
            group=named_group or "",
            namespace=named_space if isinstance(named_space, str) else None,
            strength=strength,
            optional=optional,
        )


def _claim(resource: Resource) -> Iterator[Reference]:
    yield from podrefs.claim(resource, ("spec",))


def _stateful_set(resource: Resource) -> Iterator[Reference]:
    yield from refer(resource, ("spec", "serviceName"), "is named by", "Service")
    for position, _ in items(at(resource.manifest, "spec", "volumeClaimTemplates")):
        yield from podrefs.claim(resource, ("spec", "volumeClaimTemplates", position, "spec"))


def _volume(resource: Resource) -> Iterator[Reference]:
    yield from refer(
        resource, ("spec", "storageClassName"), "is of", "StorageClass", group=_STORAGE, namespace="", optional=True
    )
    for key, value in mapping(at(resource.manifest, "spec", "csi")).items():
        if key.endswith("SecretRef"):
            namespace = mapping(value).get("namespace")
            yield from refer(
                resource,
                ("spec", "csi", key, "name"),
                "is mounted with",
                "Secret",
                namespace=namespace if isinstance(namespace, str) else "",
            )


def _binding(resource: Resource) -> Iterator[Reference]:
    role = str(mapping(resource.manifest.get("roleRef")).get("kind"))
    if role in {"Role", "ClusterRole"}:
        namespace = resource.ref.namespace if role == "Role" else ""
        # who may not do everything is refused a binding whose role is not there
        yield from refer(
            resource,
            ("roleRef", "name"),
            "binds",
            role,
            group=_RBAC,
            namespace=namespace,
            strength=Strength.NEEDED,
        )
    for position, subject in items(resource.manifest.get("subjects")):
        if subject.get("kind") == "ServiceAccount":
            yield from _typed(resource, ("subjects", position), "grants to", group="", optional=True)


def _account(resource: Resource) -> Iterator[Reference]:
    # not `secrets`: those are tokens, which point back
    for position, _ in items(resource.manifest.get("imagePullSecrets")):
        yield from refer(resource, ("imagePullSecrets", position, "name"), "pulls images with", "Secret", optional=True)


def _secret(resource: Resource) -> Iterator[Reference]:
    path = ("metadata", "annotations", _ACCOUNT)
    yield from refer(resource, path, "holds a token of", "ServiceAccount", strength=Strength.NEEDED)


def _autoscaler(resource: Resource) -> Iterator[Reference]:
    for key in ("scaleTargetRef", "targetRef"):
        target = mapping(at(resource.manifest, "spec", key))
        yield from _typed(resource, ("spec", key), "scales", group=group_of(target.get("apiVersion")))


def _ingress(resource: Resource) -> Iterator[Reference]:
    yield from refer(
        resource,
        ("spec", "ingressClassName"),
        "is of",
        "IngressClass",
        group=_NETWORKING,
        namespace="",
    )
    backends: list[Path] = [("spec", "defaultBackend")]
    for rule, value in items(at(resource.manifest, "spec", "rules")):
        for position, _ in items(at(value, "http", "paths")):
            backends.append(("spec", "rules", rule, "http", "paths", position, "backend"))
    for path in backends:
        yield from refer(resource, (*path, "service", "name"), "routes to", "Service")
        yield from _typed(resource, (*path, "resource"), "routes to")
    for position, _ in items(at(resource.manifest, "spec", "tls")):
        # made by whoever makes certificates, in many trees
        yield from refer(
            resource, ("spec", "tls", position, "secretName"), "is encrypted with", "Secret", optional=True
        )


def _parameters(*path: str) -> Callable[[Resource], Iterator[Reference]]:
    def of(resource: Resource) -> Iterator[Reference]:
        value = mapping(at(resource.manifest, *path))
        namespaced = value.get("scope") == "Namespace" or value.get("namespace")
        yield from _typed(resource, path, "has the parameters", namespace=None if namespaced else "")

    return of


def _gateway(resource: Resource) -> Iterator[Reference]:
    yield from refer(resource, ("spec", "gatewayClassName"), "is of", "GatewayClass", group=_GATEWAY, namespace="")
    for listener, value in items(at(resource.manifest, "spec", "listeners")):
        for position, _ in items(at(value, "tls", "certificateRefs")):
            path = ("spec", "listeners", listener, "tls", "certificateRefs", position)
            yield from _typed(resource, path, "is encrypted with", kind="Secret", optional=True)
    yield from _typed(resource, ("spec", "infrastructure", "parametersRef"), "has the parameters")


def _route(resource: Resource) -> Iterator[Reference]:
    for position, parent in items(at(resource.manifest, "spec", "parentRefs")):
        group = parent.get("group", _GATEWAY)
        yield from _typed(
            resource,
            ("spec", "parentRefs", position),
            "is attached to",
            kind="Gateway",
            group=group if isinstance(group, str) else _GATEWAY,
        )
    for rule, value in items(at(resource.manifest, "spec", "rules")):
        for position, backend in items(value.get("backendRefs")):
            path = ("spec", "rules", rule, "backendRefs", position)
            yield from _typed(resource, path, "routes to", kind="Service")
            yield from _filters(resource, path, backend)
        yield from _filters(resource, ("spec", "rules", rule), value)


def _filters(resource: Resource, path: Path, holder: Mapping[str, Any]) -> Iterator[Reference]:
    for position, _ in items(holder.get("filters")):
        place = (*path, "filters", position)
        yield from _typed(resource, (*place, "requestMirror", "backendRef"), "mirrors to", kind="Service")
        yield from _typed(resource, (*place, "extensionRef"), "is filtered by")


def _policy_binding(kind: str) -> Callable[[Resource], Iterator[Reference]]:
    def of(resource: Resource) -> Iterator[Reference]:
        yield from refer(resource, ("spec", "policyName"), "binds", kind, group=_ADMISSION, namespace="")

    return of


def _flow_schema(resource: Resource) -> Iterator[Reference]:
    path = ("spec", "priorityLevelConfiguration", "name")
    group = "flowcontrol.apiserver.k8s.io"
    yield from refer(resource, path, "is queued by", "PriorityLevelConfiguration", group=group, namespace="")


_RULES: Final[Mapping[tuple[str, str], Callable[[Resource], Iterator[Reference]]]] = {
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Secret"): _secret,
    ("", "ServiceAccount"): _account,
    ("apps", "StatefulSet"): _stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): _autoscaler,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): _flow_schema,
    (_RBAC, "RoleBinding"): _binding,
    (_RBAC, "ClusterRoleBinding"): _binding,
    (_NETWORKING, "Ingress"): _ingress,
    (_NETWORKING, "IngressClass"): _parameters("spec", "parameters"),
    (_GATEWAY, "GatewayClass"): _parameters("spec", "parametersRef"),
    (_GATEWAY, "Gateway"): _gateway,
    **{(_GATEWAY, f"{protocol}Route"): _route for protocol in ("HTTP", "GRPC", "TLS", "TCP", "UDP")},
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): _policy_binding("ValidatingAdmissionPolicy"),
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): _policy_binding("MutatingAdmissionPolicy"),
}
