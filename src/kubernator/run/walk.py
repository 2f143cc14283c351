"""The walk: one directory after another, each with its turn."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.errors import Interrupted, KubernatorError, LoadError, ProjectError
from kubernator.run import listing, scripts, stages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kubernator.model.origin import Origin
    from kubernator.plugin import Visit
    from kubernator.run.host import RunHost
    from kubernator.scope.scope import Scope

__all__ = ["SCRIPT", "Pending", "walk"]

SCRIPT: Final = ".kubernator.py"

#: How often a directory may be queued from inside its own visit before that is taken for a loop.
_REPEATS: Final = 25


class Pending(NamedTuple):
    """A directory that is to be visited. ``above`` holds the real paths of the visits that lead here.

    ``listed`` tells what was found as a sub-directory from what a script asked for. With ``keep`` the visit writes into
    ``scope`` itself, else into a new one below it.
    """

    path: Path
    scope: Scope
    origin: Origin
    keep: bool = False
    listed: bool = False
    above: tuple[str, ...] = ()


def walk(host: RunHost, start: Path, *, failed: Callable[[KubernatorError], None] | None = None) -> None:
    """Visit a directory and everything below, depth first.

    After a directory comes what its script asked for, in the order of the calls, and then its selected
    sub-directories; each with all that is below it before the next. With ``failed`` an error of ours ends only the
    directory that has it, with all that would come below it.
    """
    stack = [host.first(start)]
    while stack:
        pending = stack.pop()
        try:
            stack.extend(reversed(_visited(host, pending)))
        except KubernatorError as error:
            if failed is None or isinstance(error, Interrupted):
                raise
            failed(error)


def _visited(host: RunHost, pending: Pending) -> list[Pending]:
    """Give a directory its turn and return what is to come next."""
    real = _checked(pending)
    with host.visiting(pending, real) as visit:
        return [*_asked_for(host, visit), *_children(host, visit, (*pending.above, real))]


def _asked_for(host: RunHost, visit: Visit) -> list[Pending]:
    """Give a directory its turn and return what was queued meanwhile."""
    host.stage(stages.BEFORE_DIRECTORY)
    script = visit.path / SCRIPT
    if os.path.lexists(script):
        with host.scripting(script):
            host.stage(stages.BEFORE_SCRIPT)
            scripts.run(script, ktor=host.script_ktor(visit.scope), origin=host.origin_of(script))
            host.stage(stages.AFTER_SCRIPT)
    host.stage(stages.AFTER_DIRECTORY)
    return host.take_queue()


def _children(host: RunHost, visit: Visit, above: tuple[str, ...]) -> list[Pending]:
    app = host.app
    paths = listing.subdirectories(
        visit.path, excludes=app.excludes, includes=app.includes, origin=host.origin_of(visit.path)
    )
    return [Pending(path=path, scope=visit.scope, origin=visit.origin, listed=True, above=above) for path in paths]


def _checked(pending: Pending) -> str:
    """Return the real path of a directory that can be visited. Raises LoadError, or ProjectError for a loop."""
    path = pending.path
    try:
        os.scandir(path).close()
    except OSError as error:
        raise listing.unreadable(path, error, origin=pending.origin) from error
    except ValueError as error:
        raise LoadError(f"`{path!s}` is no path: {error}".replace("\0", "\\0"), origin=pending.origin) from error
    real = os.path.realpath(path)
    if pending.listed and real in pending.above and path.is_symlink():
        raise ProjectError(
            f"`{path}` is a symbolic link to `{real}`, which it is in",
            origin=pending.origin,
            hint="exclude the link with `ktor.app.excludes.add(...)` in the directory it is in",
        )
    if pending.above.count(real) >= _REPEATS:
        raise ProjectError(
            f"`{path}` was queued from inside its own visit {_REPEATS} times over",
            origin=pending.origin,
            hint="a script that walks its own directory again, or one above, has to stop at some point",
        )
    return real
