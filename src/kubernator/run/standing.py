"""How the objects of a tree stand in the cluster: once, and from then on. Nothing is written, nothing is planned."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from kubernator.cluster import api
from kubernator.errors import ApiError, Forbidden
from kubernator.model.events import StatusSeen, Waiting
from kubernator.model.status import Status, StatusResult
from kubernator.report.standing import Row
from kubernator.run import writing

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from kubernator.model.events import Event
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Manifest, Resource
    from kubernator.planning.observe import Live
    from kubernator.run.host import RunHost

__all__ = ["Standing"]

_EXPLAINED: Final = frozenset({Status.IN_PROGRESS, Status.FAILED})


class Standing:
    """The objects of a tree that was walked."""

    def __init__(self, host: RunHost, resources: Sequence[Resource]) -> None:
        self._host = host
        self._resources = resources
        self._rules = writing.readiness_rules(host)
        self.rows: dict[ResourceRef, Row] = {}

    def look(self) -> None:
        """Read what is live, by LIST or GET as costs least, judge it, and find the causes of what is not current."""
        if not self._resources:
            return
        from kubernator.apply import explaining  # noqa: PLC0415 - only where there is something to judge
        from kubernator.planning.observe import Observer  # noqa: PLC0415 - the same

        cluster, workers = self._host.cluster, self._host.workers
        api.require_supported_server(cluster)
        kinds = cluster.kinds()
        known = [(each.ref, kind) for each in self._resources if (kind := kinds.get(each.gvk)) is not None]
        live = Observer(cluster, workers).read(known)
        for each in self._resources:
            self.rows[each.ref] = self._row(each, live)
        cases = [
            (ref, found, self.rows[ref].result)
            for ref, found in live.items()
            if isinstance(found, dict) and self.rows[ref].result.status in _EXPLAINED
        ]
        for ref, result in explaining.explained(cluster, workers, cases).items() if cases else ():
            found = live[ref]
            lasted = result.suspect and isinstance(found, dict) and _lasts(found)
            self.rows[ref] = replace(self.rows[ref], result=replace(result, status=Status.FAILED) if lasted else result)

    def follow(
        self,
        tell: Callable[[Row | None], object],
        *,
        stop: threading.Event,
        timeout: float | None,
        tick: float = float("inf"),
    ) -> None:
        """Tell each change from now on until ``stop`` is set, and nothing (None) each ``tick`` seconds.

        With a timeout it ends when all is settled, or after so many seconds.
        """
        from kubernator.apply.board import Pending  # noqa: PLC0415 - as above
        from kubernator.apply.round import UNWATCHED, Round  # noqa: PLC0415 - the same
        from kubernator.apply.wait import PATIENCE, Settings  # noqa: PLC0415 - the same

        kinds = self._host.cluster.kinds()
        limit = float("inf") if timeout is None else timeout
        entries = {
            each.ref: Pending(kind, None, self.rows[each.ref].result, limit)
            for each in self._resources
            if (kind := kinds.get(each.gvk)) is not None and "watch" in (kind.verbs or {"watch"})
        }

        def emit(event: Event) -> None:
            if isinstance(event, StatusSeen):
                before = self.rows[event.ref]
                if event.result.message.startswith(UNWATCHED):  # what was read stays true
                    self.rows[event.ref] = replace(before, result=_unwatched(before, event.result), refused=True)
                    tell(self.rows[event.ref])
                elif _is_news(before.result, event.result):
                    self.rows[event.ref] = replace(before, result=event.result, refused=False)
                    tell(self.rows[event.ref])
            elif isinstance(event, Waiting):
                tell(None)

        Round(
            self._host.cluster,
            self._host.workers,
            entries,
            settings=Settings(
                rules=self._rules,
                patience=PATIENCE,
                progress=tick,
                clock=time.monotonic,
                keep_going=True,
                absence_fails=False,
            ),
            emit=emit,
            stop=stop,
            ends=timeout is not None,
        ).run()

    def _row(self, resource: Resource, live: Mapping[ResourceRef, Live]) -> Row:
        from kubernator.apply import readiness  # noqa: PLC0415 - only where there is something to judge

        row = Row(
            directory=_relative(self._host.displays.get(resource.directory, ""), self._host.start),
            ref=resource.ref,
            gvk=resource.gvk,
            origin=resource.origin,
            result=StatusResult(Status.NOT_FOUND, f"the cluster does not know `{resource.gvk}`"),
        )
        if resource.ref not in live:
            return row
        found = live[resource.ref]
        if found is None:
            return replace(row, result=StatusResult(Status.NOT_FOUND, "it is not there"))
        if isinstance(found, ApiError):
            result = StatusResult(Status.UNKNOWN, f"it may not be read: {found.title}")
            return replace(row, result=result, refused=isinstance(found, Forbidden))
        self._host.secrets.learn(found)
        created = str((found.get("metadata") or {}).get("creationTimestamp") or "")
        return replace(row, result=readiness.status(found, self._rules), created=created)


def _is_news(before: StatusResult, found: StatusResult) -> bool:
    """Say whether something changed; that a cause is not yet known again, or trouble has not yet lasted again, did not.

    Who follows begins with what was found out at rest, causes included.
    """
    if found.status is Status.IN_PROGRESS and before.status in _EXPLAINED:
        known = before.message.startswith(found.message) and (before.suspect or not found.suspect)
        return not known
    return (before.status, before.message) != (found.status, found.message)


def _unwatched(row: Row, found: StatusResult) -> StatusResult:
    """Return how an object stands that could be read, and that may not be followed."""
    if row.result.status is Status.UNKNOWN:
        return found
    reasons = (row.result.message, found.message)
    return replace(row.result, message="; ".join(reason for reason in reasons if reason))


def _relative(directory: str, start: Path) -> str:
    """Return a directory as people know it: seen from the start directory, where it is below it."""
    path = PurePath(directory)
    return str(path.relative_to(start)) if path.is_relative_to(start) else directory


def _lasts(manifest: Manifest) -> bool:
    """Say whether trouble has had its time to pass since an object was last written."""
    from kubernator.apply import happenings  # noqa: PLC0415 - as above
    from kubernator.apply.wait import PATIENCE  # noqa: PLC0415 - the same

    try:
        written = dt.datetime.fromisoformat(happenings.written(manifest))
    except ValueError:
        return False
    return (dt.datetime.now(dt.UTC) - written).total_seconds() >= PATIENCE
