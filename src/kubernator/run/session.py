"""The composition root: walk, build, plan, apply, report.

Everything that a run needs is made here and handed down, and everything is let go of here, on every way out. ``dump``,
a dry run and ``apply --yes`` read the same plan; only the last one writes.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from kubernator import errors
from kubernator.cluster import api
from kubernator.model.outcome import ApplyReport, RunOutcome
from kubernator.model.plan import Plan
from kubernator.report import downloads, structured, text
from kubernator.report import errors as shown
from kubernator.run import verdict, walk, writing
from kubernator.run.ahead import Ahead
from kubernator.run.connecting import Connecting
from kubernator.run.host import RunHost
from kubernator.run.remote import Remotes
from kubernator.tools.cache import Cache
from kubernator.tools.locate import Programs
from kubernator.tools.lockfile import Pins
from kubernator.workers import Workers

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import PurePath

    from kubernator.model.change import PluginChange
    from kubernator.model.diagnostics import Diagnostics
    from kubernator.model.origin import Origin
    from kubernator.model.resource import Resource
    from kubernator.pipeline.order import OrderedPhase
    from kubernator.planning.planner import Planner
    from kubernator.redaction import Secrets
    from kubernator.run.options import RunOptions

__all__ = ["Session", "Signals"]

_T = TypeVar("_T")

_logger = logging.getLogger("kubernator")


class Signals(Protocol):
    """What a session needs to know of interrupts."""

    @property
    def stop(self) -> threading.Event:
        """Set when the run is to stop."""

    def politely(self) -> contextlib.AbstractContextManager[threading.Event]:
        """Let an interrupt only set ``stop`` while the block runs; otherwise it raises `KeyboardInterrupt`."""


class Session:
    """One run. Findings go into ``diagnostics`` as they are made, so that they can be shown whatever happens."""

    def __init__(
        self,
        options: RunOptions,
        *,
        secrets: Secrets,
        diagnostics: Diagnostics,
        interrupts: Signals,
        live: bool = False,
    ) -> None:
        """Take what the command line says; ``live`` shows progress on a terminal."""
        self._options = options
        self._secrets = secrets
        self._diagnostics = diagnostics
        self._interrupts = interrupts
        self._live = live
        self._pins = Pins(options.path, locked=options.locked, locking=options.command == "lock")
        self._connecting = Connecting(context=options.context, secrets=secrets)
        self._planner: Planner | None = None
        self._ahead: Ahead | None = None
        self._reporter = text.TextReporter(secrets, dry_run=not options.writes)

    def dump(self) -> ApplyReport:
        """Walk the tree, plan, and print the operations. Raises `errors.KubernatorError` and what scripts raise."""

        def finish(host: RunHost, plan: Plan) -> ApplyReport:
            entries = structured.operations(plan, self._secrets)
            report = self._not_written(plan)
            self._warn()
            self._finish(host, report)
            host.applied(report)
            content = structured.render(entries, self._options.output_format)
            structured.write(content, self._options.file, private=self._options.show_secrets)
            return report

        return self._run(finish)

    def apply(self) -> ApplyReport:
        """Walk the tree, plan, and carry the plan out, or say what would be done. Raises as `dump` does."""
        return self._run(self._write if self._options.writes else self._rehearse)

    def plan(self, show: Callable[[Plan], None]) -> Plan:
        """Walk the tree and plan, and write nothing. ``show`` is given the plan before what it refuses is raised."""

        def finish(host: RunHost, workers: Workers) -> Plan:
            plan = self._made(host, workers)
            self._warn()
            show(plan)
            self._check(plan)
            host.planned(plan)
            report = self._not_written(plan)
            self._finish(host, report)
            host.applied(report)
            return plan

        return self._hosted(finish, plans=True)

    def walked(self, use: Callable[[RunHost, Sequence[Resource]], _T], *, offline: bool = False) -> _T:
        """Walk the tree, and hand what it has to ``use`` with the run it came from. Raises as `dump` does.

        With ``offline`` no cluster is asked, unless a script or another plugin than ``k8s`` does.
        """

        def finish(host: RunHost, _workers: Workers) -> _T:
            host.offline = offline
            plugin_changes, resources = self._walk(host)
            if self._diagnostics.errors:
                raise errors.ValidationFailed("the tree is not valid", ())
            self._warn()
            if not resources and not plugin_changes:
                self._say_nothing(host)
            return use(host, resources)

        return self._hosted(finish)

    def lock(self) -> Pins:
        """Walk the tree without planning, and return what it fetched. Raises as `dump` does."""

        def settle(host: RunHost, _workers: Workers) -> Pins:
            self._visit(host)
            if self._diagnostics.errors:
                raise errors.ValidationFailed("the tree is not valid; nothing was pinned", ())
            self._warn()
            return self._pins

        return self._hosted(settle)

    # The way of a run

    def _run(self, finish: Callable[[RunHost, Plan], ApplyReport]) -> ApplyReport:
        return self._hosted(lambda host, workers: finish(host, self._plan(host, workers)), plans=True)

    def _hosted(self, work: Callable[[RunHost, Workers], _T], *, plans: bool = False) -> _T:
        with contextlib.ExitStack() as stack:
            workers = Workers()
            stack.callback(workers.close)
            remotes = stack.enter_context(self._remotes())
            stack.callback(self._connecting.close)
            self._ahead = Ahead(self._connecting.begin, workers) if plans else None
            host = self._host(workers, remotes)
            error: BaseException | None = None
            result: _T | None = None
            try:
                result = work(host, workers)
            except BaseException as raised:
                error = raised
                self._connecting.tell(raised)
                host.tools.stop()
                workers.end_processes()  # before plugins tidy up what is in use there
                raise
            else:
                return result
            finally:
                report = result if isinstance(result, ApplyReport) else None
                host.end(RunOutcome(error=error, report=report))

    def _remotes(self) -> Remotes:
        offline = self._options.cached_repositories
        return Remotes(Cache(), secrets=self._secrets, pins=self._pins, offline=offline)

    def _host(self, workers: Workers, remotes: Remotes) -> RunHost:
        host = RunHost(
            args=self._options.args,
            secrets=self._secrets,
            workers=workers,
            diagnostics=self._diagnostics,
            connect=self._connecting.connect,
            remotes=remotes,
            start=self._options.path,
            ahead=self._ahead,
            pins=self._pins,
            tools=Programs(
                secrets=self._secrets, pins=self._pins, watch=downloads.LiveDownloads() if self._live else None
            ),
        )
        self._connecting.globals = host.globals
        return host

    def _visit(self, host: RunHost) -> None:
        if self._options.pre_start_script is not None:
            host.run_pre_start(self._options.pre_start_script)
        host.register_first()
        walk.walk(host, self._options.path)

    def _walk(self, host: RunHost) -> tuple[list[PluginChange], list[Resource]]:
        self._visit(host)
        plugin_changes = host.walked()
        if self._ahead is not None:
            self._ahead.reads = not any(change.brings for change in plugin_changes)
        resources = host.resources()
        host.freeze()
        self._warn_of_projects(host)
        for resource in resources:
            self._secrets.learn(resource.manifest)
        return plugin_changes, resources

    def _plan(self, host: RunHost, workers: Workers) -> Plan:
        plan = self._made(host, workers)
        self._check(plan)
        host.planned(plan)
        return plan

    def _made(self, host: RunHost, workers: Workers) -> Plan:
        plugin_changes, resources = self._walk(host)
        phases = [] if self._diagnostics.errors else _ordered(resources, self._diagnostics)
        if self._diagnostics.errors:
            raise self._invalid(host, workers, resources, plugin_changes)
        if not phases:
            if not plugin_changes:
                self._say_nothing(host)
            plan = Plan(plugin_changes=tuple(plugin_changes), manager=self._options.manager)
        else:
            self._planner = self._new_planner(host, workers)
            plan = self._planner.plan(phases, plugin_changes)
        self._learn(plan)
        return plan

    def _say_nothing(self, host: RunHost) -> None:
        """Say why a tree may have come to nothing; one that is for other plugins alone needs no resources."""
        looked = host.roster.anywhere("k8s") is not None
        others = {plugin.name for plugin in host.plugins()} - {"app", "kubeconfig"}
        if looked or not others:
            self._reporter.nothing(self._options.path, looked=looked)

    def _invalid(
        self, host: RunHost, workers: Workers, resources: Sequence[Resource], plugin_changes: Sequence[PluginChange]
    ) -> errors.ValidationFailed:
        """Return the error of a tree with findings, those included that the cluster has about the rest of the tree."""
        error = errors.ValidationFailed("the tree is not valid; nothing was written", ())
        bad = {_document(found.origin) for found in self._diagnostics.errors if found.origin is not None}
        try:
            phases = _ordered([each for each in resources if _document(each.origin) not in bad])
            plan = self._new_planner(host, workers).plan(phases, plugin_changes) if phases else Plan()
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

    def _check(self, plan: Plan) -> None:
        """Raise for what the plan shows to be impossible, before anything is written."""
        fatal = sum(self._reporter.warn(change, warning) for change in plan.changes for warning in change.warnings)
        refusal = verdict.of_plan(plan)
        if refusal is not None and not (self._options.writes and self._options.keep_going):
            self._diagnostics.extend(map(verdict.finding, plan.refused))
            self._reporter.refused(plan)
            raise refusal
        if fatal and not self._options.writes:
            raise errors.ValidationFailed(
                f"field validation failed: the server gave {fatal} warning{'s' * (fatal != 1)}", ()
            )

    def _learn(self, plan: Plan) -> None:
        """Learn the secrets that the cluster told."""
        for change in plan.changes:
            for manifest in (change.live, change.predicted):
                if manifest is not None:
                    self._secrets.learn(manifest)

    # What a plan comes to

    def _rehearse(self, host: RunHost, plan: Plan) -> ApplyReport:
        """Say what would be done."""
        self._warn()
        self._reporter.planned(plan)
        report = self._not_written(plan)
        self._finish(host, report)
        host.applied(report)
        self._save(report)
        return report

    def _write(self, host: RunHost, plan: Plan) -> ApplyReport:
        """Do it, and wait until it works."""
        self._warn()
        self._reporter.planned(plan)
        with self._interrupts.politely() as stop:
            carried = writing.plugin_changes(host, plan, before=True, stop=stop)
            report = self._applied(host, plan, stop)
            self._finish(host, report)
            if not report.failed:
                carried += writing.plugin_changes(host, plan, before=False, stop=stop)
        report = replace(report, plugin_changes=tuple(carried), interrupted=stop.is_set())
        self._save(report)
        self._diagnostics.extend(map(verdict.failure, report.failed))
        if error := verdict.of_report(report):
            raise error
        host.applied(report)
        return report

    def _applied(self, host: RunHost, plan: Plan, stop: threading.Event) -> ApplyReport:
        if self._planner is None:
            return ApplyReport()
        return writing.apply(
            host,
            plan,
            options=self._options,
            replan=self._planner.replan,
            reporter=self._reporter,
            secrets=self._secrets,
            stop=stop,
            live=self._live,
        )

    def _not_written(self, plan: Plan) -> ApplyReport:
        """Return the report of a run that writes nothing."""
        return ApplyReport(requests=self._requests(plan), dry_run=True)

    def _finish(self, host: RunHost, report: ApplyReport) -> None:
        """Say what was done, by the plan and past it."""
        for line in _imperative(host):
            _logger.info("by a script, at once: %s", line)
        if not report.dry_run:
            self._reporter.finished(report)

    def _requests(self, plan: Plan) -> dict[str, int]:
        sent = self._connecting.requests
        return dict(plan.requests) if sent is None else sent

    def _save(self, report: ApplyReport) -> None:
        if self._options.report is not None:
            content = structured.render(structured.report(report, self._secrets), "json-pretty")
            structured.write(f"{content}\n", self._options.report, private=self._options.show_secrets)

    def _warn(self) -> None:
        """Log the findings that are no errors; after an error they are shown with it."""
        found = [shown.of_diagnostic(each) for each in self._diagnostics if each.code != "server-warning"]
        shown.log(found, _logger)

    def _warn_of_projects(self, host: RunHost) -> None:
        if (self._options.include_project or self._options.exclude_project) and host.find("project") is None:
            _logger.warning("`-I` and `-X` have no effect: the plugin `project` is not registered")


def _ordered(resources: Sequence[Resource], diagnostics: Diagnostics | None = None) -> list[OrderedPhase]:
    """Return the phases of resources; what is wrong with their order goes to ``diagnostics``."""
    if not resources:
        return []
    from kubernator.pipeline import order  # noqa: PLC0415 - a tree without resources needs none of it

    return order.phases(resources, diagnostics=diagnostics)


def _document(origin: Origin) -> tuple[PurePath, int | None]:
    """Return which document of which file something is about."""
    return origin.path, origin.document


def _imperative(host: RunHost) -> Iterator[str]:
    """Return what scripts wrote themselves, as the plugins tell that let them."""
    entry = host.roster.anywhere("k8s")
    written: Any = getattr(entry.plugin, "written", None) if entry is not None else None
    if written is not None:
        yield from written()
