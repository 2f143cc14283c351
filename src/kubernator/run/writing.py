"""The part of a run that writes: what plugins announced, and the plan, in their order."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from kubernator.report import progress

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from kubernator.apply.readiness import Rules
    from kubernator.model.change import PluginChange
    from kubernator.model.events import Event
    from kubernator.model.outcome import ApplyReport
    from kubernator.model.plan import Phase, Plan
    from kubernator.redaction import Secrets
    from kubernator.report.reporter import Reporter
    from kubernator.run.host import RunHost
    from kubernator.run.options import RunOptions

__all__ = ["TIMEOUT", "apply", "plugin_changes", "readiness_rules"]

TIMEOUT: Final = 600.0
"""Seconds that ``apply --yes`` waits at its end unless told otherwise; a Deployment gives up by itself before that."""

_logger = logging.getLogger("kubernator")


def plugin_changes(host: RunHost, plan: Plan, *, before: bool, stop: threading.Event) -> list[PluginChange]:
    """Let plugins carry out what they announced for before or after the resources; return what was carried out."""
    carried: list[PluginChange] = []
    for change in plan.plugin_changes:
        if (change.phase == "before") is before and not stop.is_set():
            _logger.info("%s: %s", change.plugin, change.title)
            host.carry_out(change)
            carried.append(change)
    return carried


def readiness_rules(host: RunHost) -> Rules:
    """Return the rules of scripts that say how objects of a kind stand."""
    entry = host.roster.anywhere("k8s")
    rules: Callable[[], Rules] | None = getattr(entry.plugin, "readiness_rules", None) if entry is not None else None
    return rules() if rules is not None else {}


def apply(
    host: RunHost,
    plan: Plan,
    *,
    options: RunOptions,
    replan: Callable[[Phase], Phase],
    reporter: Reporter,
    secrets: Secrets,
    stop: threading.Event,
    live: bool,
) -> ApplyReport:
    """Write what the plan says and wait until it is current; ``stop`` set ends both politely."""
    from kubernator.apply.runner import Runner  # noqa: PLC0415 - only where something is written
    from kubernator.apply.wait import PROGRESS, Waiter  # noqa: PLC0415 - the same

    timeout = TIMEOUT if options.timeout is None else options.timeout
    with progress.shown(plan, secrets, live=live) as listener:

        def emit(event: Event) -> None:
            reporter.event(event)
            listener(event)

        waiter = Waiter(
            host.cluster,
            host.workers,
            emit,
            stop,
            rules=readiness_rules(host),
            progress=progress.LIVE_EVERY if live else PROGRESS,
            keep_going=options.keep_going,
        )
        runner = Runner(
            host.cluster,
            host.workers,
            replan,
            emit,
            stop,
            keep_going=options.keep_going,
            phase_timeout=timeout,
            waiter=waiter,
        )
        report = runner.run(plan, lazily=not options.wait)
        if options.wait and not stop.is_set() and (options.keep_going or not report.failed):
            report = runner.settle(report, timeout=timeout)
    return report
