"""What scripts may import: ``from kubernator.script import ktor, logger``.

The import is optional; both are globals of every ``.kubernator.py``. For a type checker they are typed names; at run
time this module hands out the running script's own objects.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from kubernator.scope.namespace import View

if TYPE_CHECKING:
    from kubernator.plugins.app import AppNamespace
    from kubernator.plugins.awscli import AwscliNamespace
    from kubernator.plugins.eks import EksNamespace
    from kubernator.plugins.gke import GkeNamespace
    from kubernator.plugins.helm.namespace import HelmNamespace
    from kubernator.plugins.istio import IstioNamespace
    from kubernator.plugins.k3d import K3dNamespace
    from kubernator.plugins.k8s.plugin import K8sNamespace
    from kubernator.plugins.kind import KindNamespace
    from kubernator.plugins.kops.namespace import KopsNamespace
    from kubernator.plugins.kubeconfig import KubeconfigNamespace
    from kubernator.plugins.kubectl import KubectlNamespace
    from kubernator.plugins.minikube import MinikubeNamespace
    from kubernator.plugins.sandbox import SandboxNamespace
    from kubernator.plugins.templates.plugin import TemplatesNamespace
    from kubernator.plugins.terraform import TerraformNamespace
    from kubernator.plugins.terragrunt import TerragruntNamespace
    from kubernator.scope.containers import ContextDict

__all__ = ["Ktor", "ScriptLogger", "ktor", "logger"]


class ScriptLogger(logging.Logger):
    """A logger that knows level TRACE (5), as every logger of the program does."""

    def trace(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log at level TRACE."""


class Ktor(View):
    """The context of one directory: the namespaces of plugins, and whatever scripts set.

    A value set here is seen here and below. ``ktor.globals`` is the root, seen everywhere.
    """

    if TYPE_CHECKING:
        globals: Ktor
        common: ContextDict
        app: AppNamespace
        awscli: AwscliNamespace
        eks: EksNamespace
        gke: GkeNamespace
        helm: HelmNamespace
        istio: IstioNamespace
        k3d: K3dNamespace
        k8s: K8sNamespace
        kind: KindNamespace
        kops: KopsNamespace
        kubeconfig: KubeconfigNamespace
        kubectl: KubectlNamespace
        minikube: MinikubeNamespace
        sandbox: SandboxNamespace
        templates: TemplatesNamespace
        terraform: TerraformNamespace
        terragrunt: TerragruntNamespace
        tf: Any

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...


if TYPE_CHECKING:
    ktor: Ktor
    logger: ScriptLogger


def __getattr__(name: str) -> Any:
    if name not in {"ktor", "logger"}:
        raise AttributeError(name)
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to the caller
    while frame is not None:
        if "__kubernator_script__" in frame.f_globals and name in frame.f_globals:
            return frame.f_globals[name]
        if frame.f_back is None:
            break
        frame = frame.f_back
    raise AttributeError(f"`{name}` exists only while a script runs")
