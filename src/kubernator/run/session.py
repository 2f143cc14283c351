"""The composition root: walk, plan or check, apply, report.

Everything that a run needs is made here and handed down, and everything is let go of here, on every way out. ``dump``,
a dry run and ``apply --yes`` read the same plan; only the last one writes.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, TypeVar

from kubernator import errors
from kubernator.model.outcome import ApplyReport, RunOutcome
from kubernator.report import downloads, structured, text
from kubernator.report import errors as shown
from kubernator.run import premises, walk
from kubernator.run.ahead import Ahead
from kubernator.run.carrying import Carrying, Signals
from kubernator.run.checking import Checking
from kubernator.run.connecting import Connecting
from kubernator.run.host import RunHost
from kubernator.run.planning import Planning, Walked
from kubernator.run.remote import Remotes
from kubernator.tools.cache import Cache
from kubernator.tools.locate import Programs
from kubernator.tools.lockfile import Pins
from kubernator.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kubernator.cluster.api import Cluster
    from kubernator.model.change import PluginChange
    from kubernator.model.diagnostics import Diagnostics
    from kubernator.model.plan import Plan
    from kubernator.model.resource import Resource
    from kubernator.redaction import Secrets
    from kubernator.run.options import RunOptions
    from kubernator.run.validating import Checked
    from kubernator.schema.policyfiles import PolicyFiles

__all__ = ["Session", "Signals"]

_T = TypeVar("_T")

_logger = logging.getLogger("kubernator")


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
        self._ahead: Ahead | None = None
        #: What stands for a cluster that does not answer, where the run can go on without.
        self._without: Callable[[errors.ClusterError], Cluster] | None = None
        self._policies: list[PolicyFiles] = []
        self._planning: Planning
        self._reporter = text.TextReporter(secrets, dry_run=not options.writes)
        self._carrying = Carrying(
            options,
            secrets=secrets,
            diagnostics=diagnostics,
            interrupts=interrupts,
            reporter=self._reporter,
            requests=lambda: self._connecting.requests,
            live=live,
        )

    def dump(self) -> ApplyReport:
        """Walk the tree, plan, and print the operations. Raises `errors.KubernatorError` and what scripts raise."""

        def finish(host: RunHost, plan: Plan) -> ApplyReport:
            entries = structured.operations(plan, self._secrets)
            self._warn()
            report = self._carrying.not_written(host, plan)
            content = structured.render(entries, self._options.output_format)
            structured.write(content, self._options.file, private=self._options.show_secrets)
            return report

        return self._run(finish)

    def apply(self) -> ApplyReport:
        """Walk the tree, plan, and carry the plan out, or say what would be done. Raises as `dump` does."""

        def finish(host: RunHost, plan: Plan) -> ApplyReport:
            self._warn()
            if self._options.writes:
                return self._carrying.out(host, plan, self._planning.planner)
            return self._carrying.rehearsed(host, plan)

        return self._run(finish)

    def plan(self, show: Callable[[Plan], None]) -> Plan:
        """Walk the tree and plan, and write nothing. ``show`` is given the plan before what it refuses is raised."""

        def finish(host: RunHost, workers: Workers) -> Plan:
            plan = self._made(host, workers)
            self._warn()
            show(plan)
            self._planning.check(plan)
            host.planned(plan)
            self._carrying.not_written(host, plan)
            return plan

        return self._hosted(finish, plans=True)

    def walked(
        self, use: Callable[[RunHost, Sequence[Resource]], _T], *, offline: bool = False, traced: bool = False
    ) -> _T:
        """Walk the tree, and hand what it has to ``use`` with the run it came from. Raises as `dump` does.

        With ``offline`` no cluster is asked, unless a script or another plugin than ``k8s`` does, and none at all where
        the verb or its options say so; with ``traced`` the run remembers what each function made of a manifest.
        """

        def finish(host: RunHost, _workers: Workers) -> _T:
            host.offline = offline or host.offline
            host.traced = traced
            plugin_changes, resources = self._walk(host)
            if self._diagnostics.errors:
                raise errors.ValidationFailed("the tree is not valid", ())
            self._warn()
            if not resources and not plugin_changes:
                self._say_nothing(host)
            return use(host, resources)

        return self._hosted(finish)

    def checked(self) -> Checked:
        """Walk the tree and look for all that is wrong with it; what is found goes to the findings.

        An error of ours that ends the walk is one more of them, and what was walked by then is looked at all the same.
        Raises what is no error of ours.
        """
        from kubernator.run.validating import Validating  # noqa: PLC0415 - only for one verb

        def look(host: RunHost, workers: Workers) -> Checked:
            validating = Validating(host, workers, self._diagnostics, server=self._options.server)
            self._without = validating.without if self._options.server else None
            found = validating.run(
                lambda failed: self._visit(host, failed),
                lambda changes: self._settled(host, changes),
                lambda walked: self._checking(host, walked),
            )
            if not found.resources and found.error is None:
                self._say_nothing(host)
            return found

        return self._hosted(look)

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
        plans = not self._options.offline
        return self._hosted(lambda host, workers: finish(host, self._plan(host, workers)), plans=plans)

    def _hosted(self, work: Callable[[RunHost, Workers], _T], *, plans: bool = False) -> _T:
        with contextlib.ExitStack() as stack:
            workers = Workers()
            stack.callback(workers.close)
            remotes = stack.enter_context(self._remotes())
            stack.callback(self._connecting.close)
            self._ahead = Ahead(self._connecting.begin, workers) if plans else None
            host = self._host(workers, remotes)
            self._planning = self._new_planning()
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
            connect=self._connect,
            remotes=remotes,
            start=self._options.path,
            ahead=self._ahead,
            pins=self._pins,
            tools=Programs(
                secrets=self._secrets, pins=self._pins, watch=downloads.LiveDownloads() if self._live else None
            ),
        )
        self._connecting.globals = host.globals
        documents = premises.documents_of(self._options)
        if documents is not None:
            verb = f"{self._options.command} --offline" if self._options.offline else self._options.command
            host.do_without_cluster(documents, verb=verb)
        self._policies = premises.policies_of(self._options, host)
        return host

    def _connect(self, kubeconfig: str | None, context: str | None) -> Cluster:
        """Connect as `Connecting.connect` does; where the run can go on without, the cluster has to answer at once."""
        try:
            cluster = self._connecting.connect(kubeconfig, context)
            if self._without is not None:
                cluster.kinds()
        except errors.ClusterError as error:
            if self._without is None:
                raise
            self._connecting.tell(error)
            return self._without(error)
        return cluster

    def _new_planning(self) -> Planning:
        return Planning(
            self._options,
            secrets=self._secrets,
            diagnostics=self._diagnostics,
            reporter=self._reporter,
            ahead=self._ahead,
        )

    def _checking(self, host: RunHost, walked: Walked) -> Checking:
        server = self._options.server and host.documents is None
        return Checking(
            host,
            self._diagnostics,
            walked=walked,
            everywhere=self._policies,
            cluster=host.cluster if server else None,
            options=self._options,
        )

    def _visit(self, host: RunHost, failed: Callable[[errors.KubernatorError], None] | None = None) -> None:
        if self._options.pre_start_script is not None:
            host.run_pre_start(self._options.pre_start_script)
        host.register_first()
        walk.walk(host, self._options.path, failed=failed)

    def _walk(self, host: RunHost) -> Walked:
        self._visit(host)
        return self._settled(host, host.walked())

    def _settled(self, host: RunHost, plugin_changes: Sequence[PluginChange]) -> Walked:
        """Return what a walk brought, which nobody changes from now on."""
        if self._ahead is not None:
            self._ahead.reads = not any(change.brings for change in plugin_changes)
        resources = host.resources()
        host.freeze()
        self._warn_of_projects(host)
        for resource in resources:
            self._secrets.learn(resource.manifest)
        return Walked(plugin_changes, resources)

    def _plan(self, host: RunHost, workers: Workers) -> Plan:
        plan = self._made(host, workers)
        self._carrying.foresee(plan, refused=self._planning.refusal(plan) is not None)
        self._planning.check(plan)
        host.planned(plan)
        return plan

    def _made(self, host: RunHost, workers: Workers) -> Plan:
        walked = self._walk(host)
        checking = self._checking(host, walked)
        if host.documents is not None:
            plan = self._planning.declared(host, walked, checking)
        else:
            plan = self._planning.made(host, workers, walked, checking)
        if not walked.resources and not walked.plugin_changes:
            self._say_nothing(host)
        return plan

    def _say_nothing(self, host: RunHost) -> None:
        """Say why a tree may have come to nothing; one that is for other plugins alone needs no resources."""
        looked = host.roster.anywhere("k8s") is not None
        others = {plugin.name for plugin in host.plugins()} - {"app", "kubeconfig"}
        if looked or not others:
            self._reporter.nothing(self._options.path, looked=looked)

    # What is said

    def _warn(self) -> None:
        """Log the findings that are no errors; after an error those that came since are shown with it."""
        found = [each for each in self._diagnostics if each.code != "server-warning"]
        self._diagnostics.tell(shown.log_findings(found, _logger))

    def _warn_of_projects(self, host: RunHost) -> None:
        if (self._options.include_project or self._options.exclude_project) and host.find("project") is None:
            _logger.warning("`-I` and `-X` have no effect: the plugin `project` is not registered")
