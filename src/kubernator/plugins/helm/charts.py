"""From what a release calls its chart to a chart that helm can render: a path, with every dependency in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import urllib.parse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.plugins.helm import scan
from kubernator.plugins.helm.fetching import Wanted
from kubernator.plugins.helm.once import Once
from kubernator.plugins.helm.release import ReleaseFailed
from kubernator.tools import archive, helm, semver

if TYPE_CHECKING:
    from kubernator.plugin import Origin
    from kubernator.plugins.helm.fetching import Fetcher
    from kubernator.plugins.helm.release import Release
    from kubernator.plugins.helm.scan import Chart, Dependency
    from kubernator.plugins.helm.workplace import Workplace

__all__ = ["Charts", "wanted"]

_DEPTH: Final = 16


def wanted(release: Release, directory: Path) -> Wanted | None:
    """Return what is to be fetched for a release, None when its chart is a local one."""
    if release.repository is None and not helm.is_oci(release.chart):
        return None
    return Wanted(
        chart=release.chart,
        repository=release.repository,
        version=release.version,
        plain_http=release.plain_http,
        ca_file=str(directory / release.ca_file) if release.ca_file else None,
    )


class Charts:
    """The charts of a run. May be used from several threads; what is local is looked at each time."""

    def __init__(self, fetcher: Fetcher, workplace: Workplace) -> None:
        self._fetcher = fetcher
        self._workplace = workplace
        self._looked: Once[Path, Chart] = Once()
        self._copies: Once[Path, None] = Once()

    def chart(self, release: Release, directory: Path) -> Chart:
        """Return the chart of a release. Raises `errors.SourceError` and `ReleaseFailed` when it cannot be had."""
        fetched = wanted(release, directory)
        if fetched is not None:
            return self._archive(fetched, release.origin)
        chart_path = os.path.expanduser(release.chart)  # noqa: PTH111 - `Path` raises where there is no home
        path = Path(os.path.abspath(directory / chart_path))  # noqa: PTH100 - links stay
        if not path.exists():
            raise ReleaseFailed(
                f"there is no chart `{release.chart}`: no such directory or archive",
                origin=release.origin,
                hint="a chart of a repository needs `repository`; a path begins at the directory of the release",
            )
        chart = self._complete(path, release.origin, depth=0)
        wanted_version = semver.parse(release.version or "")
        if wanted_version is not None and wanted_version != semver.parse(chart.version):
            raise ReleaseFailed(
                f"the chart `{release.chart}` is version `{chart.version}`, not `{release.version}`",
                origin=release.origin,
                hint="a local chart is taken as it is: leave `version` out, or correct it",
            )
        return chart

    def _archive(self, fetched: Wanted, origin: Origin) -> Chart:
        path = self._fetcher.archive(fetched, origin=origin)
        return self._looked.get(path, lambda: scan.look(path, origin=origin))

    # --- dependencies ---------------------------------------------------------------------------------------------

    def _complete(self, path: Path, origin: Origin, *, depth: int) -> Chart:
        """Return a local chart with every dependency: as it is, or a private copy to which they are added."""
        chart = scan.look(path, origin=origin)
        if not chart.missing:
            return chart
        if depth > _DEPTH:
            raise ReleaseFailed(f"the charts around `{chart.name}` depend on each other without end", origin=origin)
        parts = [self._dependency(path, chart, each, origin, depth) for each in chart.missing]
        total = hashlib.sha256("\n".join([chart.digest, *(part.digest for part in parts)]).encode()).hexdigest()
        copy = self._workplace.directory / "charts" / total
        try:
            self._copies.get(copy, lambda: self._assemble(path, copy, parts))
        except OSError as error:  # a link to nowhere, a pipe: `shutil` has a list of them
            raise ReleaseFailed(
                f"the chart `{chart.name}` cannot be copied to add what it needs",
                origin=origin,
                detail=[("because", str(error))],
            ) from error
        return replace(
            chart,
            path=copy,
            digest=total,
            asks_versions=chart.asks_versions or any(part.asks_versions for part in parts),
            steady=chart.steady and all(part.steady for part in parts),
            missing=(),
        )

    def _assemble(self, path: Path, copy: Path, parts: list[Chart]) -> None:
        """Put a chart together. What charts call themselves is no name of a file here: it may lead elsewhere."""
        draft = copy.with_name(f".{copy.name}")
        shutil.rmtree(draft, ignore_errors=True)
        if path.is_dir():
            shutil.copytree(path, draft, ignore=shutil.ignore_patterns(".git"))
        else:
            unpacked = copy.with_name(f".{copy.name}.unpacked")
            archive.unpack(path, unpacked)
            next(unpacked.iterdir()).rename(draft)
        charts = draft / "charts"
        charts.mkdir(exist_ok=True)
        for part in parts:
            if part.path.is_dir():
                shutil.copytree(part.path, charts / part.digest, ignore=shutil.ignore_patterns(".git"))
            else:
                shutil.copyfile(part.path, charts / f"{part.digest}.tgz")
        draft.rename(copy)

    def _dependency(self, path: Path, chart: Chart, needed: Dependency, origin: Origin, depth: int) -> Chart:
        """Return a chart that another one needs and does not hold."""
        repository = needed.repository
        if repository.startswith("file://"):
            goal = Path(os.path.normpath(path / urllib.parse.unquote(repository.removeprefix("file://"))))
            if not goal.exists():
                raise self._lacks(chart, needed, f"there is no `{repository}`", origin)
            return self._complete(goal, origin, depth=depth + 1)
        if "://" not in repository or repository.startswith(("@", "alias:")):
            why = f"`{repository}` is a name on somebody's machine" if repository else "it names no repository for it"
            raise self._lacks(chart, needed, why, origin)
        try:
            return self._archive(Wanted(needed.name, repository, needed.version or None), origin)
        except errors.SourceError as error:
            error.detail.append(("needed by", f"chart {chart}"))
            raise

    def _lacks(self, chart: Chart, needed: Dependency, why: str, origin: Origin) -> ReleaseFailed:
        return ReleaseFailed(
            f"the chart `{chart.name}` needs the chart `{needed.name}`, and {why}",
            origin=origin,
            hint=f"put it into `charts/` of `{chart.name}`, or give its repository by URL",
        )
