"""The check for newer charts. It warns and never fails a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from kubernator import errors
from kubernator.tools import semver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.plugin import Origin
    from kubernator.plugins.helm.fetching import Fetcher, Wanted

__all__ = ["Used", "check", "newest"]

_logger = logging.getLogger("kubernator.helm")


class Used(NamedTuple):
    """A chart that a release uses, and the version that it really is."""

    wanted: Wanted
    version: str
    origin: Origin


def check(used: Iterable[Used], fetcher: Fetcher) -> None:
    """Warn of each chart of which there is a newer version."""
    for found in dict.fromkeys(each._replace(wanted=each.wanted._replace(version=None)) for each in used):
        try:
            latest = newest(found.version, fetcher.versions(found.wanted, origin=found.origin))
        except (errors.KubernatorError, ValueError, KeyError, AttributeError, TypeError) as error:
            _logger.warning("whether `%s` has newer versions is not known: %s", found.wanted.place, error)
            continue
        if latest is not None:
            _logger.warning("Chart %s is version %s while the latest is %s", found.wanted.name, found.version, latest)


def newest(used: str, there: Iterable[str]) -> str | None:
    """Return the highest version if it is higher than the one that is used.

    Pre-releases count only for who uses one. What is no version is passed over.
    """
    mine = semver.parse(used)
    if mine is None:
        return None
    found = [version for text in there if (version := semver.parse(text)) and (mine.pre or not version.pre)]
    highest = max(found, default=mine)
    return highest.text if highest > mine else None
