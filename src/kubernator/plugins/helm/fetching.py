"""Fetching charts: an archive with an exact version once and for all, whatever else the newest that fits, each run.

helm itself talks to repositories and registries, so what it can reach (logins, plugins for other schemes, proxies) can
be reached here.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kubernator import errors
from kubernator.plugins.helm import scan
from kubernator.plugins.helm.once import Once
from kubernator.tools import cache as caches
from kubernator.tools import download, helm, semver

if TYPE_CHECKING:
    from kubernator.plugin import Host, Origin
    from kubernator.plugins.helm.workplace import Workplace

__all__ = ["Fetcher", "Wanted"]

_logger = logging.getLogger("kubernator.helm")


class Wanted(NamedTuple):
    """A chart in a repository or, with a ``repository`` of None, at an ``oci://`` address."""

    chart: str
    repository: str | None
    version: str | None
    plain_http: bool = False
    ca_file: str | None = None

    @property
    def place(self) -> str:
        """Where it is, without credentials: what people see, and what its pin is called, before the version."""
        if self.repository is None:
            return self.chart
        return f"{download.shown(self.repository).rstrip('/')}/{self.chart}"

    @property
    def name(self) -> str:
        """The chart's own name."""
        return self.chart.rpartition("/")[2]

    @property
    def is_exact(self) -> bool:
        """Whether the version is one, and not a range or none at all."""
        return self.version is not None and semver.parse(self.version) is not None

    def located(self) -> Wanted:
        """Return a chart of a repository that is a registry by its own address; others as they are."""
        if self.repository is None or not helm.is_oci(self.repository):
            return self
        return self._replace(chart=f"{self.repository.rstrip('/')}/{self.chart}", repository=None)


class Fetcher:
    """Fetches charts for a run. May be used from several threads. ``fresh`` fetches what is in the cache too."""

    def __init__(self, host: Host, workplace: Workplace, *, cache: caches.Cache, fresh: bool = False) -> None:
        self._host = host
        self._workplace = workplace
        self._cache = cache
        self._fresh = fresh
        self._archives: Once[Wanted, Path] = Once()
        self._homes: Once[tuple[str, str | None], Path] = Once()

    def archive(self, wanted: Wanted, *, origin: Origin) -> Path:
        """Return the archive of a chart; one chart is fetched once in a run.

        Raises `errors.SourceError` when it cannot be had, `errors.ChecksumMismatch` when it is another one than is
        pinned, `errors.NotPinned` with ``--locked``.
        """
        wanted = wanted.located()
        fetch = self._exact if wanted.is_exact else self._newest
        return self._archives.get(wanted, lambda: fetch(wanted, origin))

    def versions(self, wanted: Wanted, *, origin: Origin) -> list[str]:
        """Return the versions that a repository, or the newest that a registry, has of a chart."""
        wanted = wanted.located()
        if wanted.repository is None:
            return [scan.look(self._pulled(wanted._replace(version=None), origin), origin=origin).version]
        home = self._repository(wanted.repository, wanted.ca_file, origin)
        alias = _alias(wanted.repository)
        said = self._workplace.ask(helm.search(alias, wanted.chart), what=f"`{wanted.place}`", origin=origin, home=home)
        return helm.listed(said.stdout, f"{alias}/{wanted.chart}")

    def _newest(self, wanted: Wanted, origin: Origin) -> Path:
        """Return the newest archive that fits a range, or of the version that is pinned for it."""
        pins = self._host.pins
        key = f"{wanted.place}@{wanted.version or 'latest'}"
        pinned = pins.pinned("chart", key, origin=origin)
        if pinned is not None:
            pins.settle("chart", key, pinned, origin=origin)
            return self._exact(wanted._replace(version=pinned), origin)
        path = self._pulled(wanted, origin)
        version = scan.look(path, origin=origin).version
        pins.settle("chart", key, version, origin=origin)
        self._settle(wanted._replace(version=version), path, origin)
        return path

    def _exact(self, wanted: Wanted, origin: Origin) -> Path:
        """Return the archive of a version: from the cache, else fetched, by one process at a time."""
        key = f"{wanted.place}@{wanted.version}"
        pinned = (self._host.pins.pinned("chart", key, origin=origin) or "").removeprefix("sha256:")
        index = self._cache.charts / f"{_hash(key)}.version"
        with self._cache.locked(
            f"chart-{_hash(key)}",
            waiting=lambda: _logger.info("waiting for `%s`", key),
            stopped=self._host.tools.stopped,
        ):
            path = None if self._fresh else self._known(index, pinned)
            if path is None:
                path = self._pulled(wanted, origin)
                caches.write(index, path.stem)
        self._settle(wanted, path, origin)
        return path

    def _known(self, index: Path, pinned: str) -> Path | None:
        """Return an archive of the cache, if it is there and whole."""
        try:
            path = self._cache.charts / f"{pinned or index.read_text().strip()}.tgz"
            return path if download.digest(path) == path.stem else None
        except (OSError, UnicodeDecodeError):
            return None

    def _settle(self, wanted: Wanted, path: Path, origin: Origin) -> None:
        self._host.pins.settle("chart", f"{wanted.place}@{wanted.version}", f"sha256:{path.stem}", origin=origin)

    def _pulled(self, wanted: Wanted, origin: Origin) -> Path:
        """Fetch a chart; return its archive in the cache, which is called by its checksum."""
        reference, home = wanted.chart, None
        if wanted.repository is not None:
            home = self._repository(wanted.repository, wanted.ca_file, origin)
            reference = f"{_alias(wanted.repository)}/{wanted.chart}"
        _logger.info("fetching chart %s%s", wanted.place, f" {wanted.version}" if wanted.version else "")
        with tempfile.TemporaryDirectory(dir=self._workplace.directory, prefix="pull-") as destination:
            args = helm.pull(
                reference,
                version=wanted.version,
                destination=destination,
                plain_http=wanted.plain_http,
                ca_file=wanted.ca_file,
            )
            version = f" in version `{wanted.version}`" if wanted.version else ""
            self._workplace.ask(args, what=f"the chart `{wanted.place}`{version}", origin=origin, home=home)
            found = sorted(Path(destination).glob("*.tgz"))
            if not found:
                raise errors.SourceError(f"helm fetched nothing for `{wanted.place}`", origin=origin)
            target = self._cache.charts / f"{download.digest(found[0])}.tgz"
            with caches.replacing(target) as part:
                shutil.copyfile(found[0], part)
        return target

    def _repository(self, url: str, ca_file: str | None, origin: Origin) -> Path:
        """Return helm's home with a repository in its list; the index is fetched once in a run."""
        return self._homes.get((url, ca_file), lambda: self._entered(url, ca_file, origin))

    def _entered(self, url: str, ca_file: str | None, origin: Origin) -> Path:
        home = self._workplace.home(_hash(f"{url}\n{ca_file}"))
        bare, username, password = _split(url)
        for secret in (password, urllib.parse.urlsplit(url).query):
            self._host.secrets.add(secret)
        self._workplace.ask(
            helm.add_repository(_alias(url), bare, username=username, ca_file=ca_file),
            what=f"the repository `{download.shown(url)}`",
            origin=origin,
            home=home,
            stdin=None if username is None else password,
        )
        return home


def _alias(url: str) -> str:
    """Return the name of a repository in helm's list."""
    return hashlib.sha256(download.shown(url).encode()).hexdigest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _split(url: str) -> tuple[str, str | None, str]:
    """Return a URL without credentials, and these."""
    parts = urllib.parse.urlsplit(url)
    bare = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    if parts.username is None:
        return bare, None, ""
    return bare, urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
