"""``ktor.k8s``: what scripts see of the Kubernetes plugin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from kubernator.files import FileNamespace
from kubernator.plugin import scoped
from kubernator.plugins.k8s import wrong
from kubernator.plugins.k8s.resource import K8SPropagationPolicy

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from kubernator.apply.rules import Judge
    from kubernator.model.origin import Origin
    from kubernator.plugin import Host, Scope
    from kubernator.plugins.k8s.adding import Manifests
    from kubernator.plugins.k8s.functions import Filter, Patcher, Transformer, Validator
    from kubernator.plugins.k8s.plugin import KubernetesPlugin
    from kubernator.plugins.k8s.rdef import K8SResourceDef
    from kubernator.plugins.k8s.resource import K8SResource

__all__ = ["DEFAULT_PATCH_FIELD_EXCLUDES", "FIELD_VALIDATION", "K8sNamespace"]

FIELD_VALIDATION: Final = ("Ignore", "Warn", "Strict")

#: Fields of the server's own; they are taken out of every manifest and so never written.
DEFAULT_PATCH_FIELD_EXCLUDES: Final = (
    "^/metadata/managedFields",
    "^/metadata/generation",
    "^/metadata/creationTimestamp",
    "^/metadata/resourceVersion",
)

_IMMUTABLE_CHANGES: Final[dict[tuple[str | None, str], K8SPropagationPolicy]] = {
    ("apps", "DaemonSet"): K8SPropagationPolicy.BACKGROUND,
    ("apps", "StatefulSet"): K8SPropagationPolicy.ORPHAN,
    ("apps", "Deployment"): K8SPropagationPolicy.ORPHAN,
    ("storage.k8s.io", "StorageClass"): K8SPropagationPolicy.ORPHAN,
    (None, "Pod"): K8SPropagationPolicy.BACKGROUND,
    ("batch", "Job"): K8SPropagationPolicy.ORPHAN,
}


def _field_validation(value: Any) -> str:
    return wrong.one_of("field_validation", value, FIELD_VALIDATION)


def _excludes(value: Any) -> tuple[str | re.Pattern[str], ...]:
    found = (value,) if isinstance(value, str | re.Pattern) else tuple(value)
    for pattern in found:
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            raise wrong.InvalidOption(
                f"`patch_field_excludes` holds no regular expression: {pattern!r}: {error}"
            ) from error
    return found


class K8sNamespace(FileNamespace, includes=["*.yaml", "*.yml"]):
    """``ktor.k8s``. Methods act on the visit in progress; what is registered holds there and below."""

    _plugin: KubernetesPlugin
    _host: Host

    field_validation: scoped[str] = scoped("Warn", convert=_field_validation)
    field_validation_warn_fatal: scoped[bool] = scoped(True)
    patch_field_excludes: scoped[tuple[str | re.Pattern[str], ...]] = scoped(
        DEFAULT_PATCH_FIELD_EXCLUDES, convert=_excludes
    )
    immutable_changes: scoped[dict[tuple[str | None, str], K8SPropagationPolicy | str]] = scoped(
        dict[tuple[str | None, str], "K8SPropagationPolicy | str"](_IMMUTABLE_CHANGES), convert=dict
    )
    conflict_retry_delay: scoped[float] = scoped(0.3)

    # --- adding ---------------------------------------------------------------------------------------------------

    def add_resources(
        self, manifests: Manifests, source: str | os.PathLike[str] | Origin | None = None
    ) -> K8SResource | list[K8SResource]:
        """Add manifests: a dict gives one resource, YAML text of any number of documents or an iterable gives a list.

        ``source`` says in messages where they come from; without it the line of the script does. A manifest that is
        wrong raises here.
        """
        return self._plugin.state.adding.add_any(manifests, source)

    def load_resources(self, path: str | os.PathLike[str], file_type: Any) -> list[K8SResource]:
        """Add the manifests of a file, which is not rendered: ``"yaml"``, or ``"json"`` with an object or a list.

        A relative path is meant from the directory in progress.
        """
        return self._plugin.state.loading.resources(path, file_type)

    def load_remote_resources(self, url: str, file_type: Any, file_category: str | None = None) -> list[K8SResource]:
        """Add the manifests of a file that is downloaded, and not again if it did not change."""
        return self._plugin.state.loading.remote_resources(url, file_type, file_category)

    def load_crds(self, path: str | os.PathLike[str], file_type: Any) -> list[K8SResourceDef]:
        """Make the kinds known that a file's CustomResourceDefinitions define, without adding those.

        Raises an error that is also a ValueError for anything else in the file.
        """
        return self._plugin.state.loading.crds(path, file_type)

    def load_remote_crds(self, url: str, file_type: Any, file_category: str | None = None) -> list[K8SResourceDef]:
        """Make the kinds known that a downloaded file's CustomResourceDefinitions define, without adding those."""
        return self._plugin.state.loading.remote_crds(url, file_type, file_category)

    def import_cluster_crds(self) -> list[K8SResourceDef]:
        """Make the kinds known, with their schemas, that the cluster's CustomResourceDefinitions define."""
        return self._plugin.state.loading.cluster_crds()

    def create_resource(
        self, manifest: Mapping[str, Any], source: str | os.PathLike[str] | Origin | None = None
    ) -> K8SResource:
        """Return a resource that is checked and not added: it is not applied with the others."""
        return self._plugin.state.adding.one(manifest, source)

    def resource(
        self, manifest: Mapping[str, Any] | str, source: str | os.PathLike[str] | Origin | None = None
    ) -> K8SResource:
        """Return a resource for calls to the cluster (``get``, ``create``, …), from a dict or one YAML document."""
        return self._plugin.state.adding.one(manifest, source)

    # --- registering ----------------------------------------------------------------------------------------------

    def add_transformer(self, transformer: Transformer) -> None:
        """Call ``transformer(resources, resource)`` for each resource added from now on, here and below.

        It changes the resource in place or returns another one. The last one added is called first.
        """
        self._plugin.state.functions.transformers.add(self._acting, transformer)

    def remove_transformer(self, transformer: Transformer) -> None:
        """Call a transformer no more, here and below; ValueError when it is not registered."""
        self._plugin.state.functions.transformers.remove(self._acting, transformer)

    def add_validator(self, validator: Validator) -> None:
        """Call ``validator(resources, resource, error)`` for each resource of here and below when the walk is over.

        It yields what is wrong: exceptions (``error("text %s", value)`` makes one) or diagnostics.
        """
        self._plugin.state.functions.validators.add(self._acting, validator)

    def remove_validator(self, validator: Validator) -> None:
        """Call a validator no more, here and below; ValueError when it is not registered."""
        self._plugin.state.functions.validators.remove(self._acting, validator)

    def add_policies(self, path: str | os.PathLike[str]) -> None:
        """Check the resources of here and below by the rules in the files of a directory, before anything is written.

        A relative path is meant from the directory in progress. Raises for files that are no rules.
        """
        self._plugin.state.policies.add(self._acting, path)

    def add_manifest_patcher(self, patcher: Patcher) -> None:
        """Call ``patcher(manifest, description)`` before anything is read from a manifest, here and below.

        It changes the manifest in place or returns another one. The last one added is called first.
        """
        self._plugin.state.functions.patchers.add(self._acting, patcher)

    def add_resource_filter(self, predicate: Filter) -> None:
        """Apply only the resources of here and below for which ``predicate(resource)`` is true."""
        self._plugin.state.functions.filters.add(self._acting, predicate)

    def remove_resource_filter(self, predicate: Filter) -> None:
        """Ask a predicate no more, here and below; ValueError when it is not registered."""
        self._plugin.state.functions.filters.remove(self._acting, predicate)

    def add_readiness_rule(
        self, kind: str, rule: Judge | None = None, *, condition: str | None = None, jsonpath: str | None = None
    ) -> None:
        """Say when objects of a kind are as they should be: for `apply --yes`, which waits for that, and `status`.

        ``kind`` is ``Kind.group`` or ``Kind``. ``rule(manifest)`` is given the live object and returns whether it is
        current, or as text why it is not yet, or a `Status` or `StatusResult`. Those who write no function name a
        ``condition`` (``Ready``, ``Ready=False``) or a ``jsonpath`` with a value (``{.status.phase}=Bound``). A rule
        holds for the run, whichever directory registers it; of several for a kind the last one counts.
        """
        self._plugin.state.readiness.add(kind, rule, condition=condition, jsonpath=jsonpath)

    @property
    def resource_generator(self) -> Callable[[], Iterable[K8SResource]]:
        """A function that returns the resources to apply. Assign another one to choose; the last one counts."""
        return self._plugin.state.generator

    @resource_generator.setter
    def resource_generator(self, generator: Callable[[], Iterable[K8SResource]]) -> None:
        self._plugin.state.choose_generator(generator)

    def add_conflict_rule(
        self,
        decision: str,
        *,
        fields: str | re.Pattern[str] | Iterable[str | re.Pattern[str]] = (),
        managers: str | Iterable[str] = (),
        kinds: str | Iterable[str] = (),
    ) -> None:
        """Say what becomes of fields that other field managers own: ``"take"``, ``"leave"`` or ``"refuse"``.

        It holds for the resources of here and below. ``fields`` are patterns as of ``patch_field_excludes``,
        ``managers`` names of field managers, ``kinds`` are as in ``Deployment`` or ``Certificate.cert-manager.io``; a
        ``*`` in a name stands for anything, and what is not given is all. The last rule that matches counts. Raises an
        error that is also a ValueError for what is no such thing.
        """
        self._plugin.state.conflicts.add(self._acting, decision, fields=fields, managers=managers, kinds=kinds)

    # --- the cluster ----------------------------------------------------------------------------------------------

    def get_api_versions(self) -> list[str]:
        """Every ``group/version`` of the cluster and of the definitions in the tree, sorted."""
        return self._plugin.state.definitions.api_versions()

    @property
    def client(self) -> Any:
        """An ``ApiClient`` of the official Kubernetes client, for the cluster of the run."""
        return self._plugin.state.client.get()

    @property
    def server_version(self) -> list[str]:
        """The server's version, split: ``["1", "35", "3"]``."""
        return list(self._host.cluster.version().parts)

    @property
    def server_git_version(self) -> str:
        """The server's version without vendor suffix, ``v1.35.3``."""
        return "v" + ".".join(self.server_version)

    @property
    def field_validation_warnings(self) -> int:
        """How many warnings about fields the server has given in this run."""
        return self._plugin.state.field_validation_warnings

    @property
    def disable_client_patches(self) -> bool:
        """As registered."""
        return self._plugin.disable_client_patches

    @property
    def openapi_version(self) -> str:
        """As registered."""
        return self._plugin.openapi_version

    @property
    def openapi_source(self) -> str:
        """As registered."""
        return self._plugin.openapi_source

    @property
    def _k8s(self) -> KubernetesPlugin:
        return self._plugin

    @property
    def _acting(self) -> Scope:
        scope: Scope = self._here._scope  # noqa: SLF001 - a namespace and its scope
        return scope
