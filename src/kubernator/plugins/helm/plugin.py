"""The Helm plugin: ``*.helm.yaml`` files and calls of scripts to releases, releases to resources."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors, files
from kubernator.load import findings, yamldoc
from kubernator.plugin import Plugin, Visit
from kubernator.plugins.helm import release as releases
from kubernator.plugins.helm import versions
from kubernator.plugins.helm.adding import Adder
from kubernator.plugins.helm.charts import Charts, wanted
from kubernator.plugins.helm.fetching import Fetcher
from kubernator.plugins.helm.namespace import HelmNamespace
from kubernator.plugins.helm.rendering import Cluster, Renderer, api_versions
from kubernator.plugins.helm.workplace import Workplace
from kubernator.tools.cache import Cache

if TYPE_CHECKING:
    from concurrent.futures import Future

    from kubernator.model.diagnostics import Diagnostic
    from kubernator.plugin import Host, RunOutcome
    from kubernator.plugins.helm.release import Release
    from kubernator.plugins.helm.scan import Chart
    from kubernator.tools.tool import Tool

__all__ = ["HelmNamespace", "HelmPlugin"]

_VERSION: Final = re.compile(r"v?(\d+)\.\d+\.\d+\S*\Z")
_OLDEST: Final = 3

_logger = logging.getLogger("kubernator.helm")


@dataclass(frozen=True, slots=True)
class _Job:
    """A release whose values are known: all that a thread needs to render it."""

    release: Release
    values: str
    directory: Path


@dataclass(frozen=True, slots=True)
class _Rendered:
    chart: Chart
    text: str
    cluster: Cluster


class HelmPlugin(Plugin):
    """``register_plugin("helm")``.

    ``version`` is of helm, which is then downloaded; without, helm is taken from ``PATH``. ``check_chart_versions`` and
    ``hooks`` (``apply``, ``skip``, ``plain``) hold where the plugin is registered and below.
    """

    name = "helm"
    requires = ("k8s",)
    namespace = HelmNamespace

    def __init__(self, *, version: str | None = None, check_chart_versions: bool = False, hooks: str = "apply") -> None:
        self._wanted_version = version
        self._check = bool(check_chart_versions)
        self._hooks = hooks
        self._used: list[versions.Used] = []
        self._workplace: Workplace | None = None

    def start(self, host: Host) -> None:
        """Find helm, and join the run; the options hold where the plugin was registered."""
        self._host = host
        says = self._says(host.current_scope)
        says.hooks = self._hooks
        says.check_chart_versions = self._check
        self.tool: Tool = host.tools.find("helm", version=self._wanted_version, origin=host.origin())
        cache = Cache()
        fresh = bool(getattr(host.args, "no_cache", False))
        self._workplace = workplace = Workplace(host, self.tool)
        self._fetcher = Fetcher(host, workplace, cache=cache, fresh=fresh)
        self._charts = Charts(self._fetcher, workplace)
        self._renderer = Renderer(host, workplace, cache=cache, fresh=fresh)
        self._adder = Adder(host)
        self._reader = files.Reader(host)

    def before_directory(self, visit: Visit) -> None:
        """Begin with the patterns of the directory above, and keep the k8s plugin from reading releases."""
        says = self._says(visit.scope)
        says.begin()
        says.take(visit)

    def after_directory(self, visit: Visit) -> None:
        """Add the releases of the directory's files: rendered side by side, added in the order of the files.

        A release that fails is a finding; the others are added. Those that ask which API versions the cluster has are
        rendered again when a release before them brought new ones.
        """
        jobs = [job for release in self._releases(visit) if (job := self._prepared(release, visit)) is not None]
        if not jobs:
            return
        cluster = self._cluster()
        futures = [self._host.workers.process(self._render, job, cluster) for job in jobs]
        for job, future in zip(jobs, futures, strict=True):
            rendered = self._result(job, future)
            if rendered is not None:
                self._host.diagnostics.extend(self._added(job.release, rendered, visit))

    def add(self, release: Release) -> None:
        """Render a release and add its resources, for a script: all that is wrong raises."""
        visit = self._host.visit or self._after_the_walk()
        job = _Job(release, self._values(release, visit), visit.path)
        problems = self._added(release, self._render(job, self._cluster()), visit)
        if problems:
            raise releases.as_error(problems)

    def _after_the_walk(self) -> Visit:
        """Return the start directory as it is for plugins that add releases when the walk is over."""
        host = self._host
        path = Path(os.path.abspath(host.args.path))  # noqa: PTH100 - links stay as written
        return Visit(path=path, scope=host.current_scope, origin=host.origin(), number=0, display=str(path))

    def end(self, outcome: RunOutcome) -> None:
        """Say which charts have newer versions, if that was asked for and all went well; clean up."""
        if self._workplace is None:
            return
        try:
            if outcome.ok:
                versions.check(self._used, self._fetcher)
                self._renderer.close()
        finally:
            self._workplace.close()

    def stanza(self) -> list[str]:
        """Return the beginning of a command line of helm, for scripts."""
        if self._workplace is None:
            raise errors.PluginError("the plugin `helm` has not been started")
        kubeconfig: Any = self._host.find("kubeconfig")
        file = kubeconfig.file()  # one, whatever the run's is made of
        debug = logging.getLogger("kubernator").isEnabledFor(logging.DEBUG)
        return [
            str(self.tool.path),
            *([f"--kubeconfig={file}"] if file else []),
            f"--repository-config={self._workplace.repository_config}",
            *(["--debug"] if debug else []),
        ]

    # --- releases -------------------------------------------------------------------------------------------------

    def _says(self, scope: Any) -> HelmNamespace:
        return HelmNamespace(scope, self.name, plugin=self, host=self._host)

    def _releases(self, visit: Visit) -> list[Release]:
        found: list[Release] = []
        problems: list[Diagnostic] = []
        for name in self._reader.names(visit, self._says(visit.scope)):
            for document in self._reader.documents(visit, name):
                release = releases.read(document, problems)
                found += [release] if release is not None else []
        self._host.diagnostics.extend(problems)
        return found

    def _prepared(self, release: Release, visit: Visit) -> _Job | None:
        try:
            return _Job(release, self._values(release, visit), visit.path)
        except errors.LoadError as error:
            self._found(error, release)
            return None

    def _values(self, release: Release, visit: Visit) -> str:
        """Return the values of a release as YAML; of a values file the first document, rendered."""
        if release.values_file is None:
            return "" if release.values is None else yamldoc.dump(release.values)
        origin = replace(self._reader.origin(visit, release.values_file), via=release.origin)
        try:
            text = self._reader.text(visit, release.values_file, variables={"helm": release.described})
            documents = yamldoc.parse(text, origin=origin)
        except errors.LoadError as error:
            error.detail.append(("release", f"{release}, {release.origin}"))
            raise
        value = documents[0].value if documents else {}
        if not isinstance(value, dict):
            raise errors.LoadError(f"`{release.values_file}` holds no map of values", origin=documents[0].origin)
        return yamldoc.dump(value)

    def _render(self, job: _Job, cluster: Cluster) -> _Rendered:
        chart = self._charts.chart(job.release, job.directory)
        return _Rendered(chart, self._renderer.render(job.release, chart, job.values, cluster), cluster)

    def _result(self, job: _Job, future: Future[_Rendered]) -> _Rendered | None:
        """Return what a release was rendered to, rendered anew if it would be something else now."""
        try:
            rendered = future.result()
            if rendered.chart.asks_versions and (now := self._cluster()) != rendered.cluster:
                rendered = replace(rendered, text=self._renderer.render(job.release, rendered.chart, job.values, now))
        except (errors.ClusterError, errors.Interrupted):
            raise
        except errors.KubernatorError as error:
            self._found(error, job.release)
            return None
        return rendered

    def _found(self, error: errors.KubernatorError, release: Release) -> None:
        found = findings.as_finding(error)
        if found.origin is None:
            found = replace(found, origin=release.origin)
        self._host.diagnostics.add(replace(found, code=found.code or "helm"))

    def _added(self, release: Release, rendered: _Rendered, visit: Visit) -> list[Diagnostic]:
        says = self._says(visit.scope)
        fetched = wanted(release, visit.path)
        if fetched is not None and says.check_chart_versions:
            self._used.append(versions.Used(fetched, rendered.chart.version, release.origin))
        added, problems = self._adder.add(
            release,
            rendered.chart,
            rendered.text,
            hooks_mode=release.hooks or says.hooks,
            namespaced=says.namespace_transformer,
        )
        _logger.info("release %s: %d resources of chart %s", release.name, len(added), rendered.chart)
        return problems

    # --- what charts are told ---------------------------------------------------------------------------------------

    def _cluster(self) -> Cluster:
        """Return what charts are told: the cluster's version, and what it and the tree's definitions serve."""
        k8s: Any = self._host.find("k8s")
        served = {kind.gvk for kind in self._host.cluster.kinds()}
        served |= {key.gvk for key in k8s.state.definitions.registered}
        told = tuple(sorted(api_versions(served)))
        return Cluster(self._version, self._host.cluster.version().git_version, told)

    @cached_property
    def _version(self) -> str:
        """The version of helm, which is asked for it when there is something to render, and only on ``PATH``."""
        assert self._workplace is not None  # noqa: S101 - it was started
        said = (
            self.tool.version or self._workplace.run(["version", "--template={{.Version}}"], timeout=60).stdout.strip()
        )
        found = _VERSION.match(said)
        if found is None or int(found[1]) < _OLDEST:
            raise errors.ToolError(
                f"`{os.fspath(self.tool.path)}` is no Helm that can be used: it says that its version is `{said[:80]}`",
                origin=self._host.origin(),
                hint='Helm 3 and Helm 4 can be used; `register_plugin("helm", version="…")` downloads one',
            )
        _logger.info("using helm %s (%s)", said, self.tool.path)
        return said.removeprefix("v")
