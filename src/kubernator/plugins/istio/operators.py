"""The IstioOperators of a tree: what is one, and what istioctl makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.gvk import GroupKind
from kubernator.plugin import Diagnostic, Origin, Severity

if TYPE_CHECKING:
    from kubernator import errors
    from kubernator.load.document import Document
    from kubernator.model.resource import Manifest

__all__ = ["DEFINITION", "NAMESPACE", "OPERATOR", "Operator", "kind_of", "problem", "refused"]

API_VERSION: Final = "install.istio.io/v1alpha1"
KIND: Final = "IstioOperator"
WHERE: Final = "istio-system"

OPERATOR: Final = GroupKind("install.istio.io", KIND)
NAMESPACE: Final = GroupKind("", "Namespace")
DEFINITION: Final = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """An IstioOperator of the tree; ``made`` are the manifests that istioctl makes of it."""

    manifest: Manifest
    origin: Origin
    made: tuple[Manifest, ...] = ()

    @property
    def name(self) -> str:
        """Its name, which may be empty."""
        return str(self._metadata.get("name") or "")

    @property
    def own_namespace(self) -> str:
        """The namespace that it names, which may be empty."""
        return str(self._metadata.get("namespace") or "")

    @property
    def namespace(self) -> str:
        """The namespace that istioctl installs into."""
        return self.own_namespace or WHERE

    @property
    def revision(self) -> str:
        """The revision of the control plane (Istio's word for one of several)."""
        spec = self.manifest.get("spec") or {}
        return str(spec.get("revision") or (spec.get("values") or {}).get("revision") or "default")

    @property
    def brings(self) -> tuple[Manifest, ...]:
        """The namespace that istioctl makes, and the definitions."""
        own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        return (own, *(found for found in self.made if kind_of(found) in {NAMESPACE, DEFINITION}))

    @property
    def _metadata(self) -> dict[str, Any]:
        return self.manifest.get("metadata") or {}


def kind_of(manifest: Manifest) -> GroupKind:
    """Return the kind of a manifest that nobody has checked."""
    return GroupKind(str(manifest.get("apiVersion", "")).rpartition("/")[0], str(manifest.get("kind", "")))


def problem(document: Document) -> Diagnostic | None:
    """Return what speaks against taking a document for an operator."""
    value = document.value
    ours = isinstance(value, dict) and value.get("apiVersion") == API_VERSION
    if ours and value.get("kind") == KIND:
        return None
    return Diagnostic(
        severity=Severity.ERROR,
        message=f"this is no `{API_VERSION}` `{KIND}`",
        origin=document.place(("kind",) if ours else ("apiVersion",)),
        hint="files `*.istio.yaml` hold what istioctl installs; other manifests go into files of other names",
        code="istio",
    )


def refused(operator: Operator, error: errors.ToolFailed) -> Diagnostic:
    """Return what istioctl says of an operator as a finding about its file."""
    lines = [re.sub(r"^(Error|error): ", "", line.strip()) for line in error.stderr.splitlines() if line.strip()]
    return Diagnostic(
        severity=Severity.ERROR,
        message=f"istioctl refuses this operator: {lines[-1] if lines else f'it ended with {error.code}'}",
        origin=operator.origin,
        detail=tuple(("istioctl", line) for line in lines[:-1]),
        code="istio",
    )
