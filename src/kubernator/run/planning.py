"""Making the plan of a run out of what the walk brought, and saying what is wrong before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubernator import errors
from kubernator.cluster import api
from kubernator.model.plan import Phase, Plan
from kubernator.run import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import PurePath

    from kubernator.model.change import PluginChange
    from kubernator.model.diagnostics import Diagnostics
    from kubernator.model.origin import Origin
    from kubernator.model.resource import Resource
    from kubernator.pipeline.order import OrderedPhase
    from kubernator.planning.planner import Planner
    from kubernator.redaction import Secrets
    from kubernator.report.text import TextReporter
    from kubernator.run.ahead import Ahead
    from kubernator.run.checking import Checking
    from kubernator.run.host import RunHost
    from kubernator.run.options import RunOptions
    from kubernator.workers import Workers

__all__ = ["Planning", "Walked"]


class Walked(NamedTuple):
    """What a walk brought."""

    plugin_changes: Sequence[PluginChange]
    resources: Sequence[Resource]


class Planning:
    """Makes the plan. ``planner`` is what plans again while the plan is carried out, None where nothing needed one."""

    def __init__(
        self,
        options: RunOptions,
        *,
        secrets: Secrets,
        diagnostics: Diagnostics,
        reporter: TextReporter,
        ahead: Ahead | None = None,
    ) -> None:
        self._options = options
        self._secrets = secrets
        self._diagnostics = diagnostics
        self._reporter = reporter
        self._ahead = ahead
        self.planner: Planner | None = None

    def made(self, host: RunHost, workers: Workers, walked: Walked, checking: Checking) -> Plan:
        """Plan with the cluster. What it refuses stands in the plan; raises for what is wrong before it is asked."""
        plugin_changes, resources = walked
        phases = [] if self._diagnostics.errors else _ordered(resources, self._diagnostics)
        if self._diagnostics.errors:
            raise self._invalid(host, workers, walked, checking)
        if not phases:
            return Plan(plugin_changes=tuple(plugin_changes), manager=self._options.manager)
        self.planner = self._new_planner(host, workers)
        plan = checking.of_plan(self.planner.plan(phases, plugin_changes))
        self._learn(plan)
        return plan

    def declared(self, host: RunHost, walked: Walked, checking: Checking) -> Plan:
        """Plan without a cluster: everything is new. Raises `errors.ValidationFailed` for what is wrong."""
        from kubernator.planning import changes  # noqa: PLC0415 - as for the cluster

        plugin_changes, resources = walked
        phases = _ordered(resources, self._diagnostics)
        if resources:
            self._diagnostics.extend(checking.everything())
        if self._diagnostics.errors:
            raise errors.ValidationFailed("the tree is not valid", ())
        kinds = host.cluster.kinds()
        return Plan(
            phases=tuple(
                Phase(
                    name=phase.name,
                    changes=tuple(changes.new(each, kinds.get(each.gvk)) for each in phase.resources),
                    wait=phase.wait,
                    dependencies=tuple(phase.dependencies),
                )
                for phase in phases
            ),
            plugin_changes=tuple(plugin_changes),
            manager=self._options.manager,
        )

    def refusal(self, plan: Plan) -> errors.KubernatorError | None:
        """Return why a plan is not carried out, None where it is, or the part of it that can be."""
        return None if self._options.writes and self._options.keep_going else verdict.of_plan(plan)

    def check(self, plan: Plan) -> None:
        """Raise for what the plan shows to be impossible, before anything is written."""
        fatal = sum(self._reporter.warn(change, warning) for change in plan.changes for warning in change.warnings)
        if refusal := self.refusal(plan):
            self._diagnostics.extend(map(verdict.finding, plan.refused))
            self._reporter.refused(plan)
            raise refusal
        if fatal and not self._options.writes:
            raise errors.ValidationFailed(
                f"field validation failed: the server gave {fatal} warning{'s' * (fatal != 1)}", ()
            )

    def _invalid(self, host: RunHost, workers: Workers, walked: Walked, checking: Checking) -> errors.ValidationFailed:
        """Return the error of a tree with findings, those included that the cluster has about the rest of the tree."""
        error = errors.ValidationFailed("the tree is not valid; nothing was written", ())
        bad = {_document(found.origin) for found in self._diagnostics.errors if found.origin is not None}
        try:
            phases = _ordered([each for each in walked.resources if _document(each.origin) not in bad])
            planner = self._new_planner(host, workers)
            plan = checking.of_plan(planner.plan(phases, walked.plugin_changes)) if phases else Plan()
        except errors.KubernatorError as unknown:
            error.add_note(f"what the cluster says of the rest is not known: {unknown.title}")
            return error
        self._learn(plan)
        self._diagnostics.extend(map(verdict.finding, plan.refused))
        if any(not change.detail for change in plan.refused):
            error.hint = "what is said to be missing may stand in a document that has an error itself"
        return error

    def _new_planner(self, host: RunHost, workers: Workers) -> Planner:
        from kubernator.planning.planner import Planner  # noqa: PLC0415 - as for the cluster

        api.require_supported_server(host.cluster)
        return Planner(
            host.cluster,
            workers,
            diagnostics=self._diagnostics,
            manager=self._options.manager,
            force_conflicts=self._options.force_conflicts,
            preflight=self._options.preflight,
            observer=self._ahead.observer(host.cluster) if self._ahead is not None else None,
        )

    def _learn(self, plan: Plan) -> None:
        """Learn the secrets that the cluster told."""
        for change in plan.changes:
            for manifest in (change.live, change.predicted):
                if manifest is not None:
                    self._secrets.learn(manifest)


def _ordered(resources: Sequence[Resource], diagnostics: Diagnostics | None = None) -> list[OrderedPhase]:
    """Return the phases of resources; what is wrong with their order goes to ``diagnostics``."""
    if not resources:
        return []
    from kubernator.pipeline import order  # noqa: PLC0415 - a tree without resources needs none of it

    return order.phases(resources, diagnostics=diagnostics)


def _document(origin: Origin) -> tuple[PurePath, int | None]:
    """Return which document of which file something is about."""
    return origin.path, origin.document
