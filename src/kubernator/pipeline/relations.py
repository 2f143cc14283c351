"""References that no single field says: they follow from looking at the whole tree. Pure.

* a custom resource needs its definition, and comes after a webhook that is called for it;
* Pods come after what limits them (LimitRange, ResourceQuota, NetworkPolicy) and what grants rights to the account that
  they name, so that they start as they are meant to run;
* who is called (a webhook, an API service) is current before the API server is told to call it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.gvk import DEFINITION, GroupKind
from kubernator.model.ref import ResourceRef
from kubernator.model.reference import Reference, Strength
from kubernator.pipeline.fields import at, items, mapping, selects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kubernator.model.resource import Resource
    from kubernator.model.sourcemap import Path
    from kubernator.pipeline import podrefs

__all__ = ["find"]

_RBAC: Final = "rbac.authorization.k8s.io"
_ADMISSION: Final = "admissionregistration.k8s.io"
_WEBHOOKS: Final = {
    (_ADMISSION, "MutatingWebhookConfiguration"): "is changed by",
    (_ADMISSION, "ValidatingWebhookConfiguration"): "is checked by",
}
_LIMITS: Final = (("", "LimitRange"), ("", "ResourceQuota"), ("networking.k8s.io", "NetworkPolicy"))
_BINDINGS: Final = ((_RBAC, "RoleBinding"), (_RBAC, "ClusterRoleBinding"))


class _Selectable:
    """Pods by namespace and label, so that a selector is held against few of them."""

    def __init__(self, pods: Iterable[podrefs.Pods]) -> None:
        self._all: dict[str, list[podrefs.Pods]] = defaultdict(list)
        self._by_label: dict[tuple[str, str, str], list[podrefs.Pods]] = defaultdict(list)
        for found in pods:
            namespace = found.resource.ref.namespace
            self._all[namespace].append(found)
            for key, value in found.labels.items():
                self._by_label[namespace, key, str(value)].append(found)

    def selected(self, namespace: str, selector: Any) -> Iterator[podrefs.Pods]:
        """Yield the Pods of a namespace that a selector selects."""
        labels = mapping(mapping(selector).get("matchLabels"))
        key, value = next(iter(labels.items()), (None, None))
        some = self._all.get(namespace, ()) if key is None else self._by_label.get((namespace, key, str(value)), ())
        return (found for found in some if selects(selector, found.labels))


def find(resources: Sequence[Resource], pods: Sequence[podrefs.Pods]) -> Iterator[Reference]:
    """Yield the references that follow from all resources together, and the Pods that they are or make."""
    by_kind: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in resources:
        by_kind[resource.ref[:2]].append(resource)
    selectable = _Selectable(pods)
    services = {resource.ref: resource for resource in by_kind.get(("", "Service"), ())}
    yield from _definitions(by_kind)
    yield from _limits((each for kind in _LIMITS for each in by_kind.get(kind, ())), selectable)
    yield from _grants((each for kind in _BINDINGS for each in by_kind.get(kind, ())), pods)
    for resource, path, service in _called(by_kind):
        yield from _served(resource, path, service, services, selectable)


def _definitions(by_kind: Mapping[tuple[str, str], Sequence[Resource]]) -> Iterator[Reference]:
    configurations = [each for kind in _WEBHOOKS for each in by_kind.get(kind, ())]
    for definition in by_kind.get(DEFINITION, ()):
        names = mapping(mapping(definition.manifest.get("spec")).get("names"))
        for custom in by_kind.get(GroupKind.defined_by(definition.manifest), ()):
            reason = f"is defined by CustomResourceDefinition `{definition.ref.name}`"
            yield Reference(custom.ref, definition.ref, reason, ("kind",), Strength.NEEDED, wait=True)
            for configuration in configurations:
                if _is_called_for(configuration, custom, str(names.get("plural"))):
                    yield _webhook(configuration, custom)


def _webhook(configuration: Resource, custom: Resource) -> Reference:
    """Return which comes first, the webhook or what it is called for.

    Until something has put the authority into a configuration that leaves it open, every call fails: so what is written
    beside it goes first, among it perhaps the very certificate that is wanted.
    """
    name = f"{configuration.ref.kind} `{configuration.ref.name}`"
    if any(_trusts(hook) for _, hook in items(configuration.manifest.get("webhooks"))):
        reason = f"{_WEBHOOKS[configuration.ref.group_kind]} {name}"
        return Reference(custom.ref, configuration.ref, reason, strength=Strength.ADVICE)
    reason = f"would be called for {custom.ref.kind} `{custom.ref.name}` before it has an authority to trust"
    return Reference(configuration.ref, custom.ref, reason, strength=Strength.ADVICE)


def _trusts(hook: Mapping[str, Any]) -> bool:
    client = mapping(hook.get("clientConfig"))
    return bool(client.get("caBundle") or client.get("url"))


def _is_called_for(configuration: Resource, custom: Resource, plural: str) -> bool:
    for _, hook in items(configuration.manifest.get("webhooks")):
        for _, rule in items(hook.get("rules")):
            if (
                _has(rule.get("apiGroups"), custom.gvk.group)
                and _has(rule.get("resources"), plural, "*/*", f"{plural}/*")
                and _has(rule.get("operations"), "CREATE", "UPDATE")
            ):
                return True
    return False


def _has(values: Any, *wanted: str) -> bool:
    return isinstance(values, list) and any(value in values for value in ("*", *wanted))


def _limits(limits: Iterable[Resource], pods: _Selectable) -> Iterator[Reference]:
    for limit in limits:
        # only a NetworkPolicy selects; the others are for all Pods of their namespace
        selector = at(limit.manifest, "spec", "podSelector")
        reason = f"is limited by {limit.ref.kind} `{limit.ref.name}`"
        for found in pods.selected(limit.ref.namespace, selector):
            yield Reference(found.resource.ref, limit.ref, reason, strength=Strength.ADVICE)


def _grants(bindings: Iterable[Resource], pods: Iterable[podrefs.Pods]) -> Iterator[Reference]:
    by_account: dict[tuple[str, str], list[podrefs.Pods]] = defaultdict(list)
    for found in pods:
        if found.account:
            by_account[found.resource.ref.namespace, found.account].append(found)
    for binding in bindings:
        reason = f"has rights by {binding.ref.kind} `{binding.ref.name}`"
        for _, subject in items(binding.manifest.get("subjects")):
            if subject.get("kind") == "ServiceAccount":
                account = (str(subject.get("namespace") or binding.ref.namespace), str(subject.get("name")))
                for found in by_account.get(account, ()):
                    yield Reference(found.resource.ref, binding.ref, reason, (*found.path, "serviceAccountName"))


def _called(by_kind: Mapping[tuple[str, str], Sequence[Resource]]) -> Iterator[tuple[Resource, Path, ResourceRef]]:
    """Yield who has the API server call a Service, the field that says so, and the Service."""
    places: list[tuple[Resource, Path]] = [
        (configuration, ("webhooks", position, "clientConfig", "service"))
        for kind in _WEBHOOKS
        for configuration in by_kind.get(kind, ())
        for position, _ in items(configuration.manifest.get("webhooks"))
    ]
    places += [(each, ("spec", "service")) for each in by_kind.get(("apiregistration.k8s.io", "APIService"), ())]
    conversion = ("spec", "conversion", "webhook", "clientConfig", "service")
    places += [(each, conversion) for each in by_kind.get(DEFINITION, ())]
    for resource, path in places:
        service = mapping(at(resource.manifest, *path))
        if service.get("name"):
            yield resource, path, ResourceRef("", "Service", str(service.get("namespace", "")), str(service["name"]))


def _served(
    resource: Resource, path: Path, service: ResourceRef, services: Mapping[ResourceRef, Resource], pods: _Selectable
) -> Iterator[Reference]:
    yield Reference(resource.ref, service, f"calls Service `{service.name}`", (*path, "name"), Strength.NEEDED)
    selector = mapping(at(services[service].manifest, "spec", "selector")) if service in services else None
    if not selector:
        return
    for found in pods.selected(service.namespace, {"matchLabels": selector}):
        if found.lasting:
            ref = found.resource.ref
            reason = f"calls Service `{service.name}`, which {ref.kind} `{ref.name}` serves"
            yield Reference(resource.ref, ref, reason, (*path, "name"), Strength.NEEDED, wait=True, for_later=True)
