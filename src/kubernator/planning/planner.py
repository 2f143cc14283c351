"""From ordered resources to a plan.

Namespaces and definitions are planned first, because the rest depends on whether they are there. Then each object is
read; what is proven unchanged by its managedFields is done with; for the rest the server is asked by a dry run, so that
everything the plan shows is what the server said it would do, and everything that it refuses is known before the first
write. What depends on things made in the same run is predicted from what was declared, marked so, and planned again
by `Planner.replan` when they exist.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from kubernator.model.change import Change, ChangeKind
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import DEFINITION, LEADING, NAMESPACE, GroupKind
from kubernator.model.plan import Dependency, Phase, Plan
from kubernator.model.ref import ResourceRef
from kubernator.pipeline.fields import mapping
from kubernator.planning import changes as changes_of
from kubernator.planning import proposal
from kubernator.planning.observe import Observer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from kubernator.cluster.api import Cluster, Kind, Kinds
    from kubernator.model.change import PluginChange
    from kubernator.model.diagnostics import Diagnostics
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest, Resource
    from kubernator.planning.observe import Live
    from kubernator.workers import Workers

__all__ = ["OrderedPhase", "Planner"]


class OrderedPhase(Protocol):
    """Resources that may be written together, as ``pipeline.order`` makes them."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def resources(self) -> Sequence[Resource]:
        """In the order in which they are shown."""

    @property
    def wait(self) -> bool:
        """Whether all must be current before the next phase starts."""

    @property
    def dependencies(self) -> Sequence[Dependency]:
        """What in this phase comes after what, in it or in an earlier one."""


class Planner:
    """Plans a run. Safe to ask from several threads for objects planned again."""

    def __init__(
        self,
        cluster: Cluster,
        workers: Workers,
        *,
        diagnostics: Diagnostics,
        manager: str = "kubernator",
        force_conflicts: bool = False,
        preflight: bool = True,
        observer: Observer | None = None,
    ) -> None:
        """Take what is needed.

        ``force_conflicts`` takes fields from other managers; without ``preflight`` creates are not tried by a dry run.
        ``observer`` may have begun to read what will be planned.
        """
        self._cluster = cluster
        self._workers = workers
        self._diagnostics = diagnostics
        self._manager = manager
        self._observer = observer or Observer(cluster, workers)
        self._proposer = proposal.Proposer(
            cluster, self._observer, manager=manager, force_conflicts=force_conflicts, preflight=preflight
        )
        self._new_namespaces: set[str] = set()
        self._definitions: dict[GroupKind, set[str]] = {}
        self._rewritten: set[GroupKind] = set()
        self._new_kinds: set[GroupVersionKind] = set()
        self._unheard: set[GroupKind] = set()

    def plan(
        self,
        phases: Iterable[OrderedPhase],
        plugin_changes: Sequence[PluginChange] = (),
        *,
        deletions: Sequence[Change] = (),
    ) -> Plan:
        """Plan a run. Refusals are changes of kind ``REFUSED``, all of them, with reason, detail and hint.

        ``deletions`` are carried out last, as given. Warnings of the server go into the diagnostics.
        Raises `errors.ClusterError` when the server cannot be asked.
        """
        ordered = list(phases)
        resources = [resource for phase in ordered for resource in phase.resources]
        brought = [found for change in plugin_changes if change.phase == "before" for found in change.brings]
        self._definitions = _definitions([*(found.manifest for found in resources), *brought])
        leading = [found for found in resources if found.ref.group_kind in LEADING]
        changes = self._changes(leading)
        self._new_namespaces = {
            ref.name
            for ref, change in changes.items()
            if ref.group_kind == NAMESPACE and change.kind is not ChangeKind.REFUSED and change.live is None
        } | self._absent_namespaces(brought)
        written = [
            change.predicted or change.resource.manifest  # a rule may leave part of it as others have it
            for ref, change in changes.items()
            if ref.group_kind == DEFINITION and change.resource is not None and change.writes
        ]
        self._rewritten = set(map(GroupKind.defined_by, written))
        self._definitions |= _definitions(written)
        changes |= self._changes([found for found in resources if found.ref not in changes])
        self._observer.forget()
        changes, needs = _defer_dependents(changes)
        self._collect_warnings(changes.values())
        planned = [
            Phase(
                name=phase.name,
                changes=tuple(changes[found.ref] for found in phase.resources),
                wait=phase.wait,
                dependencies=(
                    *phase.dependencies,
                    *(needs[found.ref] for found in phase.resources if found.ref in needs),
                ),
            )
            for phase in ordered
        ]
        if deletions:
            planned.append(Phase(name="deletions", changes=tuple(deletions)))
        return Plan(
            phases=tuple(planned),
            plugin_changes=tuple(plugin_changes),
            manager=self._manager,
            requests=dict(self._cluster.requests),
        )

    def _absent_namespaces(self, brought: Iterable[Manifest]) -> set[str]:
        """Return which of the namespaces that a plugin is going to make are not there yet."""
        refs = {found for found in map(ResourceRef.of, brought) if found.group_kind == NAMESPACE}
        kind = self._cluster.kinds().preferred(NAMESPACE) if refs else None
        if kind is None:
            return set()
        live = self._observer.read((ref, kind) for ref in sorted(refs))
        return {ref.name for ref in refs if live.get(ref) is None}

    def replan(self, phase: Phase) -> Phase:
        """Plan again, now that the surroundings of a phase are there: what was deferred, or everything if nothing was.

        An object of a kind that was there before, in a namespace that is new, cannot exist unless the server made it:
        its create stays deferred as it is, since a create that finds something there is refused and comes back here.
        """
        put_off = [change for change in phase.changes if change.deferred]
        again = [
            change
            for change in put_off or phase.changes
            if change.resource is not None and not (change.deferred and self._surely_new(change))
        ]
        changes = self._changes(
            [change.resource for change in again if change.resource is not None],
            final=True,
            absent={change.ref for change in again if change.deferred and change.gvk.group_kind in self._unheard},
        )
        self._collect_warnings(changes.values())
        return replace(phase, changes=tuple(changes.get(change.ref, change) for change in phase.changes))

    def _surely_new(self, change: Change) -> bool:
        return change.kind is ChangeKind.CREATE and change.ref.namespace in self._new_namespaces and not change.fresh

    def _changes(
        self, resources: Sequence[Resource], *, final: bool = False, absent: AbstractSet[ResourceRef] = frozenset()
    ) -> dict[ResourceRef, Change]:
        """Plan resources; ``final`` when nothing may be put off any more; ``absent`` are known not to exist."""
        if not resources:
            return {}
        kinds = self._kinds(resources, final=final)
        changes: dict[ResourceRef, Change] = {}
        there: list[tuple[Resource, Kind]] = []
        for resource in resources:
            kind = kinds.get(resource.gvk)
            rewritten = resource.gvk.group_kind in self._rewritten
            if kind is None:
                changes[resource.ref] = self._unknown(resource, kinds, final=final)
            elif rewritten and not self._is_defined(resource.gvk):
                changes[resource.ref] = self._no_longer_served(resource)
            elif not final and resource.ref.namespace in self._new_namespaces:
                changes[resource.ref] = changes_of.deferred(
                    resource,
                    reason=f"namespace `{resource.ref.namespace}` is created in this run",
                    fresh=rewritten,
                )
            else:
                there.append((resource, kind))
        live = self._observer.read((found.ref, kind) for found, kind in there if found.ref not in absent)
        to_ask: list[tuple[Resource, Kind, Live]] = []
        for resource, kind in there:
            local = self._proposer.local(resource, kind, live.get(resource.ref))
            if local is None:
                to_ask.append((resource, kind, live.get(resource.ref)))
            else:
                changes[resource.ref] = replace(local, fresh=True) if self._is_fresh(resource) else local

        def ask(item: tuple[Resource, Kind, Live]) -> Change:
            return self._ask(*item, final=final)

        # one alone is asked right here: a worker that plans one object again must not wait for its own pool
        asked = [ask(to_ask[0])] if len(to_ask) == 1 else self._workers.map(ask, to_ask)
        changes |= {change.ref: change for change in asked}
        return {resource.ref: changes[resource.ref] for resource in resources}

    def _ask(self, resource: Resource, kind: Kind, live: Live, *, final: bool) -> Change:
        fresh = self._is_fresh(resource)
        change = self._proposer.ask(resource, kind, live, fresh=fresh and final)
        if not fresh:
            return change
        if final or change.kind is ChangeKind.UNCHANGED:
            return replace(change, fresh=True)
        why = f"the definition of `{resource.gvk}` changes in this run"
        if change.kind is not ChangeKind.REFUSED:
            return replace(change, fresh=True, deferred=True, reason=why)
        if change.conflicts:
            return change
        return changes_of.deferred(resource, reason=why, fresh=True, live=change.live)

    def _kinds(self, resources: Sequence[Resource], *, final: bool) -> Kinds:
        kinds = self._cluster.kinds()
        unknown = [found for found in resources if kinds.get(found.gvk) is None]
        if unknown and (final or any(not self._is_defined(found.gvk) for found in unknown)):
            # a script may have made a definition since discovery was read
            kinds = self._proposer.served([found.gvk for found in unknown], patient=final)
        return kinds

    def _is_defined(self, gvk: GroupVersionKind) -> bool:
        return gvk.version in self._definitions.get(gvk.group_kind, ())

    def _is_fresh(self, resource: Resource) -> bool:
        return resource.gvk.group_kind in self._rewritten or resource.gvk in self._new_kinds

    def _no_longer_served(self, resource: Resource) -> Change:
        gvk = resource.gvk
        left = sorted(f"`{gvk.group}/{version}`" for version in self._definitions.get(gvk.group_kind, ()))
        return changes_of.refused(
            resource,
            reason=f"its definition in this run no longer serves `{gvk}`",
            hint=f"`{gvk.kind}` is going to be served as {', '.join(left)}" if left else "",
        )

    def _unknown(self, resource: Resource, kinds: Kinds, *, final: bool) -> Change:
        if self._is_defined(resource.gvk) and not final:
            self._new_kinds.add(resource.gvk)
            if kinds.preferred(resource.gvk.group_kind) is None:
                self._unheard.add(resource.gvk.group_kind)
            return changes_of.deferred(resource, reason=f"`{resource.gvk}` is defined in this run", fresh=True)
        return changes_of.refused(
            resource,
            reason=f"the cluster does not know `{resource.gvk}`",
            hint=changes_of.known_kind_hint(resource.gvk, kinds),
        )

    def _collect_warnings(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for warning in change.warnings:
                self._diagnostics.add(
                    Diagnostic(
                        severity=Severity.WARNING,
                        message=f"the server warns: {warning}",
                        origin=change.origin,
                        resource=str(change.resource or change.ref),
                        changed_by=tuple(map(str, change.resource.touched_by)) if change.resource else (),
                        code="server-warning",
                    )
                )


def _definitions(manifests: Iterable[Manifest]) -> dict[GroupKind, set[str]]:
    """Return the kinds that definitions among the manifests make, each with the versions it is served in."""
    found: dict[GroupKind, set[str]] = defaultdict(set)
    for manifest in manifests:
        if ResourceRef.of(manifest).group_kind != DEFINITION:
            continue
        versions = mapping(manifest.get("spec")).get("versions")
        found[GroupKind.defined_by(manifest)] |= {
            str(version.get("name"))
            for version in (versions if isinstance(versions, list) else ())
            if isinstance(version, dict) and version.get("served", True)
        }
    return dict(found)


def _defer_dependents(
    changes: Mapping[ResourceRef, Change],
) -> tuple[dict[ResourceRef, Change], dict[ResourceRef, Dependency]]:
    """Put off creates that the server refuses for want of something that this very run creates; say which waits for it.

    A Pod whose ServiceAccount or PriorityClass comes with it is such a case: admission looks them up, in a dry run too.
    """
    coming = [ref for ref, change in changes.items() if change.kind is ChangeKind.CREATE]
    result = dict(changes)
    needs: dict[ResourceRef, Dependency] = {}
    for ref, change in changes.items():
        if change.kind is not ChangeKind.REFUSED or change.live is not None or change.resource is None:
            continue
        text = change.reason.lower()
        missing = next(
            (
                other
                for other in coming
                if other.namespace in {"", ref.namespace} and other.kind.lower() in text and _names(text, other.name)
            ),
            None,
        )
        if missing is not None and not change.conflicts:
            reason = f"needs `{missing}`, which is created in this run"
            result[ref] = changes_of.deferred(change.resource, reason=reason)
            needs[ref] = Dependency(ref=ref, on=missing, reason=reason)
    return result, needs


def _names(text: str, name: str) -> bool:
    words = text.replace('"', " ").replace("'", " ").replace(":", " ").replace(",", " ").replace("/", " ").split()
    return name.lower() in words
