"""The Kubernetes plugin: it takes manifests from files, scripts and other plugins, and gives resources at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.plugin import Plugin
from kubernator.plugins.k8s import wrong
from kubernator.plugins.k8s.mixin import K8SResourcePluginMixin
from kubernator.plugins.k8s.namespace import FIELD_VALIDATION, K8sNamespace
from kubernator.plugins.k8s.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.apply import readiness
    from kubernator.model.resource import Manifest
    from kubernator.plugin import Host, Plan, RunOutcome, Visit
    from kubernator.plugins.k8s.policies import Rules
    from kubernator.schema.policies import Parameters
    from kubernator.schema.policyfiles import PolicyFiles

__all__ = ["K8sNamespace", "KubernetesPlugin"]

OPENAPI_VERSIONS: Final = ("auto", "v2", "v3")
OPENAPI_SOURCES: Final = ("auto", "cluster", "github")


class KubernetesPlugin(K8SResourcePluginMixin, Plugin):
    """``register_plugin("k8s")``.

    ``field_validation`` (``Ignore``, ``Warn``, ``Strict``) and ``field_validation_warn_fatal`` hold where the plugin is
    registered and below. ``disable_client_patches``, ``openapi_version`` and ``openapi_source`` are checked and kept,
    and change nothing: requests are made without generated client classes.
    """

    name = "k8s"
    requires = ("kubeconfig",)
    namespace = K8sNamespace

    def __init__(
        self,
        *,
        field_validation: str = "Warn",
        field_validation_warn_fatal: bool = True,
        disable_client_patches: bool = False,
        openapi_version: str = "auto",
        openapi_source: str = "auto",
    ) -> None:
        """Raise an error that is also a ValueError for a value that is none of those expected."""
        self._field_validation = wrong.one_of("field_validation", field_validation, FIELD_VALIDATION)
        self._warn_fatal = bool(field_validation_warn_fatal)
        self.disable_client_patches = bool(disable_client_patches)
        self.openapi_version = wrong.one_of("openapi_version", openapi_version, OPENAPI_VERSIONS)
        self.openapi_source = wrong.one_of("openapi_source", openapi_source, OPENAPI_SOURCES)

    def start(self, host: Host) -> None:
        """Join the run; its options hold where it was registered."""
        self.state = State.of(host)
        scope = host.globals if host.visit is None else host.visit.scope
        says = K8sNamespace(scope, self.name, plugin=self, host=host)
        says.field_validation = self._field_validation
        says.field_validation_warn_fatal = self._warn_fatal

    def before_directory(self, visit: Visit) -> None:
        """Begin with the patterns of the directory above, or with the defaults where those are others than above."""
        K8sNamespace(visit.scope, self.name, plugin=self).begin()

    def after_directory(self, visit: Visit) -> None:
        """Read the directory's manifests."""
        self.state.loading.directory(visit, K8sNamespace(visit.scope, self.name, plugin=self))

    def planned(self, plan: Plan) -> None:
        """Count what the server warned of."""
        self.state.field_validation_warnings = sum(len(change.warnings) for change in plan.changes)

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """Remove what the official client was given as files."""
        self.state.close()

    def readiness_rules(self) -> readiness.Rules:
        """Return the rules of scripts that say how objects of a kind stand."""
        return self.state.readiness.by_kind

    def definitions(self) -> list[Manifest]:
        """Return the CustomResourceDefinitions that the tree brings, or has loaded only to know their kinds."""
        return list(self.state.definitions.manifests)

    def rules(self, everywhere: Sequence[PolicyFiles], parameters: Parameters) -> Rules:
        """Return what directories of policies say of resources; ``everywhere`` are those for all resources."""
        from kubernator.plugins.k8s.policies import Rules  # noqa: PLC0415 - few trees have policies

        return Rules(self.state.policies, self.state.scopes, everywhere=everywhere, parameters=parameters)

    def written(self) -> list[str]:
        """Return what scripts wrote at once, outside the plan: one line for each call, in order."""
        return self.state.calls.written()
