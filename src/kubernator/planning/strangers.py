"""Who is behind a field manager, and what to do about its fields. Pure."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Stranger", "advice", "known"]


class Stranger(NamedTuple):
    """What stands behind a field manager, and what to do before its fields are taken, or instead."""

    what: str
    advice: str


_AGAIN: Final = "it writes its own value back"
_BY_HAND: Final = Stranger("somebody by hand", "see who did it and why before you take it")

#: Name of a field manager, ``*`` stands for anything -> who that is. The first that matches counts.
_KNOWN: Final = {
    "kustomize-controller": Stranger("Flux", f"take the object out of its Kustomization first, else {_AGAIN}"),
    "helm-controller": Stranger("Flux", f"take the object out of its HelmRelease first, else {_AGAIN}"),
    "argocd-*": Stranger("Argo CD", f"take the object out of its Application first, else {_AGAIN}"),
    "kapp*": Stranger("kapp", "take the object out of its app first: deleting the app deletes the object"),
    "kluctl*": Stranger("kluctl", f"take the object out of its deployment first, else {_AGAIN}"),
    "helm": Stranger("Helm", "a release still has the object: `helm uninstall` would delete it"),
    "pulumi*": Stranger("Pulumi", "take the object out of its stack first (`pulumi state delete`)"),
    "Terraform*": Stranger("Terraform", "take the object out of its state first (`terraform state rm`)"),
    "HashiCorp*": Stranger("Terraform", "take the object out of its state first (`terraform state rm`)"),
    "kubernator*": Stranger("Kubernator under another name", "another tree has the object: settle who says what"),
    "kubectl": Stranger("`kubectl scale`, or `apply --server-side`", "see who did it: the object may be elsewhere too"),
    "kubectl-client-side-apply": Stranger("`kubectl apply`", "see who applies it: the object may be elsewhere too"),
    "kubectl-*": _BY_HAND,
    "k9s": _BY_HAND,
    "node-fetch": _BY_HAND,
    "Mozilla": _BY_HAND,
    "kube-controller-manager": Stranger("a controller of the cluster", "an autoscaler owns `spec.replicas`: leave it"),
    "keda*": Stranger("KEDA", "it owns what it scales: leave it"),
    "vpa-*": Stranger("the vertical autoscaler", "it owns what it sizes: leave it"),
    "cert-manager*": Stranger("cert-manager", "it injects certificates: leave them"),
    "cainjector": Stranger("cert-manager", "it injects certificates: leave them"),
    "pilot-discovery": Stranger("Istio", "it sets certificates and policy of its webhooks: leave them"),
}


def known(manager: str) -> Stranger | None:
    """Return who is behind a field manager, or None."""
    return next((who for name, who in _KNOWN.items() if fnmatch.fnmatchcase(manager, name)), None)


def advice(managers: Iterable[str]) -> str:
    """Return what to do about the fields of these managers, a sentence each where one is known."""
    found = {who.what: who for manager in managers if (who := known(manager)) is not None}
    return "; ".join(f"{who.what}: {who.advice}" for who in found.values())
