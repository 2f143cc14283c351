"""Carrying out a plan, or saying what would be done."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from kubernator.model.outcome import ApplyReport
from kubernator.report import structured
from kubernator.run import verdict, writing

if TYPE_CHECKING:
    import contextlib
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from kubernator.model.diagnostics import Diagnostics
    from kubernator.model.plan import Plan
    from kubernator.planning.planner import Planner
    from kubernator.redaction import Secrets
    from kubernator.report.text import TextReporter
    from kubernator.run.host import RunHost
    from kubernator.run.options import RunOptions

__all__ = ["Carrying", "Signals"]

_logger = logging.getLogger("kubernator")


class Signals(Protocol):
    """What a session needs to know of interrupts."""

    @property
    def stop(self) -> threading.Event:
        """Set when the run is to stop."""

    def politely(self) -> contextlib.AbstractContextManager[threading.Event]:
        """Let an interrupt only set ``stop`` while the block runs; otherwise it raises `KeyboardInterrupt`."""


class Carrying:
    """What a plan comes to. ``requests`` tells how many requests were sent by now, None without a cluster."""

    def __init__(
        self,
        options: RunOptions,
        *,
        secrets: Secrets,
        diagnostics: Diagnostics,
        interrupts: Signals,
        reporter: TextReporter,
        requests: Callable[[], Mapping[str, int] | None],
        live: bool,
    ) -> None:
        self._options = options
        self._secrets = secrets
        self._diagnostics = diagnostics
        self._interrupts = interrupts
        self._reporter = reporter
        self._sent = requests
        self._live = live

    def not_written(self, host: RunHost, plan: Plan) -> ApplyReport:
        """End a run that writes nothing; return its report."""
        report = ApplyReport(requests=self._requests(plan), dry_run=True)
        self._finish(host, report)
        host.applied(report)
        return report

    def rehearsed(self, host: RunHost, plan: Plan) -> ApplyReport:
        """Say what would be done."""
        self._reporter.planned(plan)
        return self.not_written(host, plan)

    def foresee(self, plan: Plan, *, refused: bool) -> None:
        """Write the report of a run that will write nothing: what would be done, as ``diff`` has it.

        It is a dry run, or its plan is ``refused``.
        """
        if self._options.report is None or (self._options.writes and not refused):
            return
        from kubernator.report import difference_data, reading  # noqa: PLC0415 - only where it is asked for

        planned = difference_data.data(reading.of(plan, self._secrets))
        self._save(ApplyReport(requests=self._requests(plan), dry_run=not self._options.writes), planned)

    def out(self, host: RunHost, plan: Plan, planner: Planner | None) -> ApplyReport:
        """Do it, and wait until it works; ``planner`` plans again what has to be, None where nothing does."""
        self._reporter.planned(plan)
        with self._interrupts.politely() as stop:
            carried = writing.plugin_changes(host, plan, before=True, stop=stop)
            report = self._applied(host, plan, planner, stop)
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

    def _applied(self, host: RunHost, plan: Plan, planner: Planner | None, stop: threading.Event) -> ApplyReport:
        if planner is None:
            return ApplyReport()
        return writing.apply(
            host,
            plan,
            options=self._options,
            replan=planner.replan,
            reporter=self._reporter,
            secrets=self._secrets,
            stop=stop,
            live=self._live,
        )

    def _finish(self, host: RunHost, report: ApplyReport) -> None:
        """Say what was done, by the plan and past it."""
        for line in _imperative(host):
            _logger.info("by a script, at once: %s", line)
        if not report.dry_run:
            self._reporter.finished(report)

    def _requests(self, plan: Plan) -> dict[str, int]:
        sent = self._sent()
        return dict(plan.requests if sent is None else sent)

    def _save(self, report: ApplyReport, planned: Mapping[str, Any] | None = None) -> None:
        if self._options.report is not None:
            content = structured.render(structured.report(report, self._secrets, planned=planned), "json-pretty")
            structured.write(f"{content}\n", self._options.report, private=self._options.show_secrets)


def _imperative(host: RunHost) -> Iterator[str]:
    """Return what scripts wrote themselves, as the plugins tell that let them."""
    entry = host.roster.anywhere("k8s")
    written: Any = getattr(entry.plugin, "written", None) if entry is not None else None
    if written is not None:
        yield from written()
