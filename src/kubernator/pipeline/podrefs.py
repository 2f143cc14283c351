"""What Pods refer to, wherever their template stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.model.reference import Strength
from kubernator.pipeline.fields import at, items, mapping, refer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.reference import Reference
    from kubernator.model.resource import Resource
    from kubernator.model.sourcemap import Path

__all__ = ["Pods", "claim", "pods", "references"]

#: (group, kind) -> where the template of its Pods stands. A Pod is its own.
_TEMPLATES: Final[Mapping[tuple[str, str], Path]] = {
    ("", "Pod"): (),
    ("", "PodTemplate"): ("template",),
    ("", "ReplicationController"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}

#: Volumes that are an object: type -> (kind, field with its name).
_VOLUMES: Final = {
    "configMap": ("ConfigMap", "name"),
    "secret": ("Secret", "secretName"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"),
    "azureFile": ("Secret", "secretName"),
}
#: Volumes that name a Secret for who mounts them, and the field that does.
_CREDENTIALS: Final = {
    "cephfs": "secretRef",
    "csi": "nodePublishSecretRef",
    "flexVolume": "secretRef",
    "iscsi": "secretRef",
    "rbd": "secretRef",
    "scaleIO": "secretRef",
    "storageos": "secretRef",
}
_FROM: Final = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}
_ALL_FROM: Final = {"configMapRef": "ConfigMap", "secretRef": "Secret"}


class Pods(NamedTuple):
    """The Pods that a resource is or makes: where their ``spec`` stands, their labels, the ServiceAccount they name."""

    resource: Resource
    path: Path
    spec: Mapping[str, Any]
    labels: Mapping[str, Any]
    account: str

    @property
    def lasting(self) -> bool:
        """Whether they are there to stay, and so can serve others."""
        return self.resource.ref.kind not in {"Job", "CronJob", "PodTemplate"}


def pods(resource: Resource) -> Pods | None:
    """Return the Pods of a resource; None for one that has none.

    A custom resource has them where ``spec.template`` looks like a template, as that of a Rollout does.
    """
    path = _TEMPLATES.get(resource.ref[:2])
    if path is None:
        if not isinstance(at(resource.manifest, "spec", "template", "spec", "containers"), list):
            return None
        path = ("spec", "template")
    spec = at(resource.manifest, *path, "spec")
    if not isinstance(spec, dict):
        return None
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    labels = mapping(at(resource.manifest, *path, "metadata", "labels"))
    return Pods(resource, (*path, "spec"), spec, labels, account if isinstance(account, str) else "")


def references(found: Pods) -> Iterator[Reference]:
    """Yield what Pods refer to by name: accounts, configuration, secrets, volumes, classes."""
    resource, path, spec = found.resource, found.path, found.spec
    # a Pod itself is refused without these; what makes Pods goes on trying
    needed = Strength.NEEDED if resource.ref[:2] == ("", "Pod") else Strength.USUAL
    field = "serviceAccountName" if spec.get("serviceAccountName") else "serviceAccount"
    yield from refer(
        resource,
        (*path, field),
        "runs as",
        "ServiceAccount",
        name=found.account or "default",
        strength=needed,
        optional=found.account in {"", "default"},
    )
    classes = (
        ("priorityClassName", "PriorityClass", "scheduling.k8s.io"),
        ("runtimeClassName", "RuntimeClass", "node.k8s.io"),
    )
    for key, kind, group in classes:
        yield from refer(resource, (*path, key), "has", kind, group=group, namespace="", strength=needed)
    for position, _ in items(spec.get("imagePullSecrets")):
        yield from refer(
            resource, (*path, "imagePullSecrets", position, "name"), "pulls images with", "Secret", optional=True
        )
    for position, volume in items(spec.get("volumes")):
        yield from _volume(resource, (*path, "volumes", position), volume)
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for position, container in items(spec.get(name)):
            yield from _container(resource, (*path, name, position), container)
    for position, _ in items(spec.get("resourceClaims")):
        for key, kind in (
            ("resourceClaimName", "ResourceClaim"),
            ("resourceClaimTemplateName", "ResourceClaimTemplate"),
        ):
            yield from refer(resource, (*path, "resourceClaims", position, key), "uses", kind, group="resource.k8s.io")


def _volume(resource: Resource, path: Path, volume: Mapping[str, Any]) -> Iterator[Reference]:
    for key, value in volume.items():
        if not isinstance(value, dict):
            continue
        if key in _VOLUMES:
            kind, field = _VOLUMES[key]
            yield from refer(resource, (*path, key, field), "mounts", kind, optional=value.get("optional") is True)
        elif key in _CREDENTIALS:
            yield from refer(resource, (*path, key, _CREDENTIALS[key], "name"), "mounts with", "Secret")
        elif key == "projected":
            for position, source in items(value.get("sources")):
                for part, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                    yield from refer(
                        resource,
                        (*path, key, "sources", position, part, "name"),
                        "mounts",
                        kind,
                        optional=mapping(source.get(part)).get("optional") is True,
                    )
        elif key == "ephemeral":
            yield from claim(resource, (*path, key, "volumeClaimTemplate", "spec"))


def _container(resource: Resource, path: Path, container: Mapping[str, Any]) -> Iterator[Reference]:
    for position, variable in items(container.get("env")):
        source = variable.get("valueFrom")
        if not isinstance(source, dict):
            continue
        for key, kind in _FROM.items():
            if key in source:
                optional = mapping(source[key]).get("optional") is True
                yield from refer(
                    resource, (*path, "env", position, "valueFrom", key, "name"), "reads", kind, optional=optional
                )
    for position, source in items(container.get("envFrom")):
        for key, kind in _ALL_FROM.items():
            if key in source:
                optional = mapping(source[key]).get("optional") is True
                yield from refer(resource, (*path, "envFrom", position, key, "name"), "reads", kind, optional=optional)


def claim(resource: Resource, path: Path) -> Iterator[Reference]:
    """Yield what the spec of a claim for storage refers to: classes, a volume, what it is filled from."""
    storage = "storage.k8s.io"
    yield from refer(resource, (*path, "storageClassName"), "is of", "StorageClass", group=storage, namespace="")
    yield from refer(
        resource,
        (*path, "volumeAttributesClassName"),
        "is of",
        "VolumeAttributesClass",
        group=storage,
        namespace="",
    )
    yield from refer(resource, (*path, "volumeName"), "binds", "PersistentVolume", namespace="")
    for key in ("dataSource", "dataSourceRef"):
        source = mapping(at(resource.manifest, *path, key))
        kind = source.get("kind")
        if isinstance(kind, str) and kind:
            group = source.get("apiGroup")
            yield from refer(
                resource,
                (*path, key, "name"),
                "is filled from",
                kind,
                group=group if isinstance(group, str) else "",
                namespace=source.get("namespace") if isinstance(source.get("namespace"), str) else None,
            )
