"""What a tree refers to and does not have: a key of a ConfigMap, a ServiceAccount, the Pods that a Service selects.

The API server takes all of this, and somebody waits; only a namespace it wants to have. What is not in the tree may be
in the cluster, or be made by somebody: so these are warnings, nothing is said of objects that the cluster has anyway or
that something in the tree may be there to make, and a cluster that can be asked is asked.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import NAMESPACE
from kubernator.model.reference import Strength
from kubernator.pipeline import podrefs, references
from kubernator.pipeline.fields import at, items, mapping, selects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kubernator.model.ref import ResourceRef
    from kubernator.model.reference import Reference
    from kubernator.model.resource import Manifest, Resource
    from kubernator.model.sourcemap import Path

__all__ = ["Elsewhere", "find"]

#: Objects that every cluster, or every namespace of it, has.
_GIVEN: Final = frozenset({("ConfigMap", "kube-root-ca.crt"), ("Service", "kubernetes"), ("ServiceAccount", "default")})
#: Kinds whose objects others than people make, so that a name alone tells who may be about to.
_MADE: Final = frozenset({"ConfigMap", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount"})


class Elsewhere(Protocol):
    """What there is besides the tree."""

    def get(self, ref: ResourceRef) -> Manifest | None:
        """Return an object of the cluster; None where there is none."""

    def knows(self, ref: ResourceRef) -> bool:
        """Say whether the cluster can be asked about such an object."""

    def selects(self, namespace: str, labels: Mapping[str, Any]) -> bool:
        """Say whether a Service with this selector would find Pods in the cluster."""


def find(resources: Sequence[Resource], *, elsewhere: Elsewhere | None = None) -> list[Diagnostic]:
    """Return a warning for each reference to what is not there; ``elsewhere`` is None where no cluster is asked."""
    return list(_Dangling(resources, elsewhere).found())


class _Dangling:
    def __init__(self, resources: Sequence[Resource], elsewhere: Elsewhere | None) -> None:
        self._resources = {each.ref: each for each in resources}
        self._elsewhere = elsewhere
        self._makers: dict[str, list[Resource]] = defaultdict(list)
        self._ours = {each.ref.namespace for each in resources}
        self._ours |= {each.ref.name for each in resources if each.ref.group_kind == NAMESPACE}
        #: Namespace, and a label -> all labels of the Pods that have it.
        self._labelled: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for each in resources:
            if (pods := podrefs.pods(each)) is not None:
                for key, value in pods.labels.items():
                    self._labelled[each.ref.namespace, key, str(value)].append(pods.labels)
            if "." in each.ref.group and not each.ref.group.endswith(".k8s.io"):
                self._makers[each.ref.namespace].append(each)

    def found(self) -> Iterator[Diagnostic]:
        told: set[tuple[ResourceRef, Path]] = set()
        for each in references.find(self._resources.values()):
            if each.optional or each.strength is Strength.ADVICE or not each.path:
                continue
            warning = self._missing(each)
            if warning is not None and (each.source, each.path) not in told:
                told.add((each.source, each.path))
                yield warning
        for resource in self._resources.values():
            if resource.ref[:2] == ("", "Service"):
                yield from self._idle(resource)

    def _missing(self, reference: Reference) -> Diagnostic | None:
        """Return what is said of a reference whose target, or the part of it that is meant, is not there."""
        target = reference.target
        source = self._resources[reference.source]
        ours = self._resources.get(target)
        if ours is not None:
            return self._part(source, reference, ours.manifest)
        if self._elsewhere is not None and self._elsewhere.knows(target):
            live = self._elsewhere.get(target)
            if live is not None:
                return self._part(source, reference, live)
            warning = _warning(
                source, reference.path, f"{reference.reason}, which is neither in the tree nor in the cluster"
            )
            # without its namespace the server takes no object
            return replace(warning, severity=Severity.ERROR) if target.group_kind == NAMESPACE else warning
        if self._may_be_there(target):
            return None
        hint = "add it to the tree; `--server` looks whether the cluster has it"
        return _warning(source, reference.path, f"{reference.reason}, which is not in the tree", hint=hint)

    def _may_be_there(self, target: ResourceRef) -> bool:
        """Say whether nothing is known of an object: it is not in a namespace of the tree, or is made by others."""
        if not target.namespace or target.namespace not in self._ours:
            return True
        if (target.kind, target.name) in _GIVEN:
            return True
        return target.kind in _MADE and any(
            _mentions(maker.manifest, target.name) for maker in self._makers[target.namespace]
        )

    def _part(self, source: Resource, reference: Reference, target: Manifest) -> Diagnostic | None:
        """Return what is said where the target is there and does not have the key or port that is meant."""
        kind = reference.target.kind
        if kind in {"ConfigMap", "Secret"}:
            return _key(source, reference, target)
        if kind == "Service" and reference.path[-1:] == ("name",) and source.ref.kind == "Ingress":
            return _port(source, reference, target)
        return None

    def _idle(self, service: Resource) -> Iterator[Diagnostic]:
        """Yield a warning for a Service that selects none of the Pods there will be."""
        spec = mapping(service.manifest.get("spec"))
        selector = mapping(spec.get("selector"))
        namespace = service.ref.namespace
        if not selector or spec.get("type") == "ExternalName" or self._makers[namespace]:
            return
        key, value = next(iter(selector.items()))
        some = self._labelled.get((namespace, key, str(value)), ())
        if any(selects({"matchLabels": selector}, labels) for labels in some):
            return
        if self._elsewhere is not None and self._elsewhere.selects(namespace, selector):
            return
        yield _warning(
            service,
            ("spec", "selector"),
            "selects no Pods of the tree",
            hint="the labels of the Pod template have to be those of the selector",
        )


def _key(source: Resource, reference: Reference, target: Manifest) -> Diagnostic | None:
    holder = mapping(at(source.manifest, *reference.path[:-1]))
    wanted: list[tuple[Path, Any]] = [((*reference.path[:-1], "key"), holder.get("key"))]
    for position, item in items(holder.get("items")):
        wanted.append(((*reference.path[:-1], "items", position, "key"), item.get("key")))
    there = {key for part in ("data", "binaryData", "stringData") for key in mapping(target.get(part))}
    for path, key in wanted:
        if isinstance(key, str) and key not in there and holder.get("optional") is not True:
            ref = reference.target
            known = ", ".join(f"`{each}`" for each in sorted(there)) or "none"
            return _warning(source, path, f"{ref.kind} `{ref.name}` has no key `{key}`", detail=(("keys", known),))
    return None


def _port(source: Resource, reference: Reference, target: Manifest) -> Diagnostic | None:
    port = mapping(at(source.manifest, *reference.path[:-1], "port"))
    ports = [each for _, each in items(at(target, "spec", "ports"))]
    for key, mine in (("number", "port"), ("name", "name")):
        wanted = port.get(key)
        if wanted not in (None, "", 0) and all(each.get(mine) != wanted for each in ports):
            path = (*reference.path[:-1], "port", key)
            known = ", ".join(f"`{each[mine]}`" for each in ports if each.get(mine)) or "none"
            message = f"Service `{reference.target.name}` has no port `{wanted}`"
            return _warning(source, path, message, detail=(("ports", known),))
    return None


def _mentions(value: Any, name: str) -> bool:
    match value:
        case dict():
            return any(_mentions(each, name) for each in value.values())
        case list():
            return any(_mentions(each, name) for each in value)
        case _:
            return bool(value == name)


def _warning(
    resource: Resource, path: Path, message: str, *, hint: str = "", detail: tuple[tuple[str, str], ...] = ()
) -> Diagnostic:
    field = ""
    for step in path:
        field += f"[{step}]" if isinstance(step, int) else f".{step}" if field else step
    return Diagnostic(
        severity=Severity.WARNING,
        message=message,
        origin=resource.place(path),
        resource=str(resource),
        field=field,
        changed_by=tuple(map(str, resource.touched_by)),
        detail=detail,
        hint=hint,
        code="reference",
    )
