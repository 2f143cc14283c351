"""Rendering: a chart with its values to text. The same inputs are not rendered twice, in this run or a later one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import threading
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from kubernator.load import yamldoc
from kubernator.model.gvk import DEFINITION
from kubernator.model.origin import Origin
from kubernator.plugins.helm import scan
from kubernator.plugins.helm.release import ReleaseFailed
from kubernator.tools import cache as caches
from kubernator.tools import helm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.model.gvk import GroupVersionKind
    from kubernator.plugin import Host
    from kubernator.plugins.helm.release import Release
    from kubernator.plugins.helm.scan import Chart
    from kubernator.plugins.helm.workplace import Workplace
    from kubernator.tools.process import Completed

__all__ = ["Cluster", "Renderer", "api_versions"]

TIMEOUT: Final = 300.0
"""Seconds for one chart, of which large ones take two."""

KEPT: Final = 500
"""How many results are kept; those that were not used for longest go first."""

_FORMAT: Final = "2"

_logger = logging.getLogger("kubernator.helm.proc")


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a chart is told of helm and the cluster."""

    helm: str
    version: str
    api_versions: tuple[str, ...]


class Renderer:
    """Renders charts for a run. May be used from several threads. ``fresh`` neither uses nor keeps results."""

    def __init__(self, host: Host, workplace: Workplace, *, cache: caches.Cache, fresh: bool = False) -> None:
        self._host = host
        self._workplace = workplace
        self._cache = cache
        self._fresh = fresh
        self._kept: set[str] = set()
        self._lock = threading.Lock()

    def render(self, release: Release, chart: Chart, values: str, cluster: Cluster) -> str:
        """Return what ``helm template`` prints. ``values`` is YAML. Raises `ReleaseFailed` in the chart's own words."""
        key = self._key(release, chart, values, cluster)
        found = self._known(key)
        if found is None:
            said = self._rendered(release, chart, values, cluster)
            own = _defined(said.stdout).difference(cluster.api_versions) if chart.asks_versions else ()
            if own:  # served as soon as it is applied, and what comes out must not depend on whether it was
                told = replace(cluster, api_versions=tuple(sorted({*cluster.api_versions, *own})))
                said = self._rendered(release, chart, values, told)
            for line in said.stderr.splitlines():
                if line.strip():
                    _logger.warning("release %s: %s", release.name, self._host.secrets.redact(line))
            found = said.stdout
            self._keep(key, found)
        return found

    def _key(self, release: Release, chart: Chart, values: str, cluster: Cluster) -> str:
        """Name the inputs; empty when the result must not be kept."""
        if self._fresh or not chart.steady or scan.unsteady(values):
            return ""
        inputs = [
            _FORMAT,
            cluster.helm,
            chart.digest,
            release.name,
            release.namespace,
            release.include_crds,
            values,
            cluster.version,
            cluster.api_versions if chart.asks_versions else (),
        ]
        return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()

    def _known(self, key: str) -> str | None:
        if not key:
            return None
        path = self._cache.renders / f"{key}.yaml"
        try:
            text = path.read_text("utf-8")
            os.utime(path)
        except (OSError, UnicodeDecodeError):
            return None
        digest, _, content = text.partition("\n")
        return content if digest == f"# {_digest(content)}" else None

    def _keep(self, key: str, content: str) -> None:
        if not key:
            return
        caches.write(self._cache.renders / f"{key}.yaml", f"# {_digest(content)}\n{content}")
        with self._lock:
            self._kept.add(key)

    def close(self) -> None:
        """Remove old results, if this run made new ones."""
        if not self._kept:
            return
        with contextlib.suppress(OSError):  # another run cleans up, too
            files = sorted(self._cache.renders.glob("*.yaml"), key=lambda path: path.stat().st_mtime)
            for path in files[:-KEPT]:
                path.unlink(missing_ok=True)

    def _rendered(self, release: Release, chart: Chart, values: str, cluster: Cluster) -> Completed:
        said = self._run(release, chart, values, cluster)
        plain = re.split(r"[-+]", cluster.version)[0]
        if said.code and plain != cluster.version and "chart requires kubeVersion" in said.stderr:
            # Helm 3 takes the vendor's suffix for a pre-release, which no range of releases admits
            said = self._run(release, chart, values, replace(cluster, version=plain))
        if said.code:
            raise self._failed(release, chart, self._host.secrets.redact(said.stderr))
        if said.stdout.strip() and not helm.parts(said.stdout):  # nothing must be missing without a word
            raise self._failed(release, chart, "what it printed names no file of the chart")
        return said

    def _run(self, release: Release, chart: Chart, values: str, cluster: Cluster) -> Completed:
        args = helm.template(
            release.name,
            chart.path,
            namespace=release.namespace,
            kube_version=cluster.version,
            api_versions=cluster.api_versions,
            include_crds=release.include_crds,
        )
        return self._workplace.run(
            args,
            stdin=values,
            timeout=TIMEOUT,
            safe_args=["template", release.name, str(chart.path)],
        )

    def _failed(self, release: Release, chart: Chart, stderr: str) -> ReleaseFailed:
        why = helm.failure(stderr)
        maker = f"chart {chart}"
        origin = release.origin
        if why.source:
            origin = Origin(
                path=PurePath(why.source), line=why.line, column=why.column, maker=maker, via=release.origin
            )
        return ReleaseFailed(
            f"the chart `{chart.name}` of the release `{release.name}` cannot be rendered: {why.message}",
            origin=origin,
            detail=[] if why.source else [("chart", str(chart))],
            hint=why.hint,
        )


def api_versions(served: Iterable[GroupVersionKind]) -> frozenset[str]:
    """Return what is served as charts ask for it: ``apps/v1`` and ``apps/v1/Deployment``."""
    return frozenset(told for gvk in served for told in (gvk.api_version, f"{gvk.api_version}/{gvk.kind}"))


def _defined(text: str) -> frozenset[str]:
    """Return the API versions that definitions in the output make the cluster serve."""
    if DEFINITION.kind not in text:
        return frozenset()
    from kubernator.schema import custom  # noqa: PLC0415 - few charts bring definitions

    return api_versions(
        kind.gvk
        for part in helm.parts(text)
        if DEFINITION.kind in part.text
        for document in yamldoc.parse(part.text, origin=Origin(path=PurePath(part.source)), problems=[])
        if isinstance(document.value, dict) and document.value.get("kind") == DEFINITION.kind
        for kind, _ in custom.versions(document.value)
    )


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
