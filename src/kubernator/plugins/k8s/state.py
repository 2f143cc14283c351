"""What the Kubernetes plugin holds in a run.

A run has one, however many directories register the plugin: resources of all of them have one order and one identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kubernator import errors
from kubernator.model.ref import ResourceRef
from kubernator.pipeline import validate
from kubernator.plugins.k8s import advice, freezing, wrong
from kubernator.plugins.k8s.adding import Adding
from kubernator.plugins.k8s.conflicting import ConflictRules
from kubernator.plugins.k8s.freezing import Freezer
from kubernator.plugins.k8s.functions import Functions
from kubernator.plugins.k8s.imperative import Calls
from kubernator.plugins.k8s.loading import Loading
from kubernator.plugins.k8s.namespace import K8sNamespace
from kubernator.plugins.k8s.policies import PolicyDirectories
from kubernator.plugins.k8s.rdef import Definitions
from kubernator.plugins.k8s.readiness import ReadinessRules
from kubernator.plugins.k8s.resource import K8SResource, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kubernator.cluster.api import Kind
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Resource
    from kubernator.pipeline.transform import Registered
    from kubernator.plugin import Host, Scope
    from kubernator.plugins.k8s.client import Client

__all__ = ["State"]

_KEY = ("k8s", "_state")


class State:
    """Definitions, registered functions and resources of one run."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.functions = Functions(host)
        self.conflicts = ConflictRules(host)
        self.readiness = ReadinessRules(host)
        self.policies = PolicyDirectories(host)
        #: Where each resource was added, when the walk is over.
        self.scopes: dict[ResourceRef, Scope] = {}
        self.calls = Calls(host, validation=self._validation)
        self.definitions = Definitions(host, self.calls)
        self.adding = Adding(host, self.definitions, self.functions)
        self.loading = Loading(host, self.adding, self.definitions)
        self._client: Client | None = None
        self.generator: Callable[[], Iterable[K8SResource]] = self.filtered
        self.field_validation_warnings = 0

    @property
    def client(self) -> Client:
        """What makes the official client."""
        from kubernator.plugins.k8s.client import Client  # noqa: PLC0415 - few scripts ask

        if self._client is None:
            self._client = Client(self._host)
        return self._client

    def close(self) -> None:
        """Let go of what the official client was given."""
        if self._client is not None:
            self._client.close()

    @classmethod
    def of(cls, host: Host) -> State:
        """Return the state of a run, made when it is first asked for."""
        if _KEY not in host.globals:
            made = cls(host)
            host.globals.write(_KEY, made)
            host.provide(made.frozen)
        found: State = host.globals.read(_KEY)
        return found

    def choose_generator(self, generator: Callable[[], Iterable[K8SResource]]) -> None:
        """Let a function of a script say which resources are applied."""
        if not callable(generator):
            raise wrong.InvalidOption(f"a resource generator is a function, not a `{type(generator).__name__}`")
        self.generator = generator

    def filtered(self) -> list[K8SResource]:
        """Return the resources for which all filters of their scopes are true, in the order of adding."""
        return [resource for resource in list(self.adding.resources.values()) if self._passes(resource)]

    def frozen(self) -> list[Resource]:
        """Return the resources to apply as data, and put what is wrong with any resource to the findings of the run.

        Without any resource the cluster is not asked.
        """
        chosen = self._chosen()
        everything = list(dict.fromkeys([*map(_Same, self.adding.resources.values()), *map(_Same, chosen)]))
        if not everything:
            return []
        find = self._finder({same.resource.rdef.key.gvk for same in everything})
        if find == self.definitions.find:
            self._host.expect(self._objects(chosen))
        freezer = Freezer(self._host, find=find, conflicts=self.conflicts)
        made: dict[_Same, Resource] = {}
        for same in everything:
            record = same.resource.record or self._record(same.resource)
            made[same] = freezer.freeze(same.resource, record)
            self.scopes.setdefault(made[same].ref, record.scope)
            same.resource.close()
        self._validate(made, find)
        return self._unique(made[_Same(resource)] for resource in chosen)

    def _objects(self, chosen: Iterable[K8SResource]) -> list[tuple[ResourceRef, Kind]]:
        """Return the objects of resources, of kinds that the cluster serves, in the words of a plan."""
        kinds = self._host.cluster.kinds()
        found: dict[ResourceRef, Kind] = {}
        for resource in chosen:
            kind = kinds.get(resource.rdef.key.gvk)
            if kind is not None:
                namespace = (resource.namespace or "") if kind.namespaced else ""
                found[ResourceRef(resource.group, resource.kind, namespace, resource.name)] = kind
        return list(found.items())

    def _chosen(self) -> list[K8SResource]:
        chosen = list(self.generator())
        for resource in chosen:
            if not isinstance(resource, K8SResource):
                raise wrong.InvalidInput(
                    f"the resource generator yields a `{type(resource).__name__}`", hint="it yields resources"
                )
        return chosen

    def _passes(self, resource: K8SResource) -> bool:
        for found in self.functions.filters.visible(self._scope(resource)):
            try:
                if not found.function(resource):
                    return False
            except errors.KubernatorError:
                raise
            except Exception as error:
                raise errors.ScriptError(
                    f"the resource filter `{found.name}` raised {type(error).__name__}: {error}",
                    origin=found.origin,
                    detail=[("resource", str(resource))],
                ) from error
        return True

    def _finder(self, wanted: set[GroupVersionKind]) -> Callable[[GroupVersionKind], Kind | None]:
        """Return what tells of a kind. When the cluster cannot be asked, findings that are there already go first.

        It is asked once more when it did not know a kind: a script may have written its definition meanwhile.
        """
        if self._host.offline and self._host.documents is None:
            return self.definitions.declared
        try:
            if not all(map(self.definitions.find, wanted)):
                self._host.cluster.kinds(refresh=True)
        except errors.ClusterError:
            if self._host.diagnostics.errors:
                return lambda _: None
            raise
        return self.definitions.find

    def _validate(self, made: dict[_Same, Resource], find: Callable[[GroupVersionKind], Kind | None]) -> None:
        def namespaced(gvk: GroupVersionKind) -> bool | None:
            known = find(gvk)
            return None if known is None else known.namespaced

        checked = [
            validate.Checked(
                resource=resource,
                subject=same.resource,
                validators=cast(
                    "tuple[Registered[validate.Validator], ...]",
                    tuple(self.functions.validators.visible(self._scope(same.resource))),
                ),
            )
            for same, resource in made.items()
        ]
        found = self._host.diagnostics
        found.extend(validate.run(checked, self.adding.resources, namespaced=namespaced, place=self._host.origin))
        found.extend(advice.scaled(made.values()))
        asked = self._host.documents is None  # schemas alone do not tell which definitions a cluster has
        if asked and find == self.definitions.find and not self._host.validates:
            found.extend(
                freezing.unknown(resource, self.definitions) for resource in made.values() if find(resource.gvk) is None
            )

    def _unique(self, resources: Iterable[Resource]) -> list[Resource]:
        """Keep the first of those with one identity; say where two of them differ.

        Transformers' renames are seen as they are made; what is left is a namespace of a cluster-scoped kind.
        """
        first: dict[object, Resource] = {}
        for resource in resources:
            there = first.setdefault(resource.ref, resource)
            if there is not resource and (found := validate.twice(there, resource)) is not None:
                self._host.diagnostics.add(found)
        return list(first.values())

    def _scope(self, resource: K8SResource) -> Scope:
        return resource.record.scope if resource.record else self._host.globals

    def _record(self, resource: K8SResource) -> Record:
        """Make a record for a resource that a script built by hand."""
        return Record(origin=resource.origin, scope=self.adding.scope, directory=0)

    def _validation(self) -> str:
        return K8sNamespace(self.adding.scope, "k8s").field_validation


class _Same:
    """A resource by identity of the Python object, as a key."""

    __slots__ = ("resource",)

    def __init__(self, resource: K8SResource) -> None:
        self.resource = resource

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.resource is other.resource

    def __hash__(self) -> int:
        return id(self.resource)
