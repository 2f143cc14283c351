"""Following objects of one kind in one scope: a watch from what is known already, else from a LIST.

A watch that ends is taken up where it ended. What was missed is listed anew only when the server no longer knows the
place (410), or when a watch brought nothing at all, so that the place itself may be wrong.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kubernator import workers
from kubernator.apply.conditions import metadata_of
from kubernator.errors import ApiError, ClusterError, Forbidden
from kubernator.planning.observe import LIST_WINS_BELOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Self

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Manifest

__all__ = ["Follower", "News", "Refused", "Scope", "Seen", "look"]

logger = logging.getLogger(__name__)

#: Before a watch is begun again, by how many in a row brought nothing.
_PAUSES: Final = (0.0, 0.1, 0.3, 1.0, 2.0, 5.0)
#: So often in a row a version may lead to nothing before everything is listed anew.
_TRUSTED: Final = 3
#: Seconds that leaving waits for threads that are in the middle of a request, whose answer nobody wants any more.
_FAREWELL: Final = 2.0
_PAGE: Final = 1000
_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: one kind in a namespace (or everywhere), or one object when ``name`` is set.

    ``labels`` is a label selector. ``explains``: what is there is not waited for, it tells about what is.
    """

    kind: Kind
    namespace: str = ""
    name: str = ""
    labels: str = ""
    explains: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Objects of a scope as they are now; ``whole`` when these are all that were wanted. ``gone`` were deleted."""

    scope: Scope
    objects: tuple[Manifest, ...] = ()
    gone: tuple[Manifest, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The scope may not be listed or watched."""

    scope: Scope
    error: ApiError


News: TypeAlias = "Seen | Refused"


def look(cluster: Cluster, scope: Scope, wanted: tuple[ResourceRef, ...] = ()) -> tuple[Seen, str]:
    """Return what there is in a scope, and the version a watch may begin from.

    Of ``wanted`` objects that are few among many each is read by itself, after the version was taken.
    """
    selector = f"metadata.name={scope.name}" if scope.name else ""
    most = LIST_WINS_BELOW * len(wanted)
    page = min(_PAGE, max(100, most)) if wanted else _PAGE
    listing = cluster.list(
        scope.kind,
        namespace=scope.namespace,
        field_selector=selector,
        label_selector=scope.labels,
        page=page,
        give_up_above=max(0, most - page) if wanted else None,
        only=frozenset((ref.namespace, ref.name) for ref in wanted) if wanted else None,
    )
    objects = listing.items
    if not listing.complete:
        found = (cluster.get(scope.kind, namespace=ref.namespace, name=ref.name) for ref in wanted)
        objects = [each for each in found if each is not None]
    return Seen(scope, objects=tuple(objects), whole=True), listing.resource_version


class Follower:
    """Watches scopes, a thread each, and tells one listener. Use as a context manager: leaving ends all watches."""

    def __init__(self, cluster: Cluster, tell: Callable[[News], object]) -> None:
        self._cluster = cluster
        self._tell = tell
        self._ended = threading.Event()
        self._open: set[AbstractContextManager[Any]] = set()
        self._lock = threading.Lock()
        self._scopes: set[Scope] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with self._lock:
            watches = list(self._open)
        for watch in watches:
            watch.__exit__(None, None, None)
        deadline = time.monotonic() + _FAREWELL
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def follow(self, scope: Scope, *, since: str = "", wanted: tuple[ResourceRef, ...] = ()) -> None:
        """Begin to watch a scope, unless it is watched already.

        ``since`` is a version from which on news are wanted; without it everything that is there is news first.
        ``wanted`` are the objects of interest, for scopes that may hold many more.
        """
        if scope in self._scopes:
            return
        self._scopes.add(scope)
        self._threads.append(workers.thread(self._run, scope, since, wanted, name=f"watch {scope.kind.plural}"))

    def _run(self, scope: Scope, version: str, wanted: tuple[ResourceRef, ...]) -> None:
        futile = 0
        while not self._ended.is_set():
            before = version
            try:
                if not version:
                    seen, version = look(self._cluster, scope, wanted)
                    self._tell(seen)
                version = self._watched(scope, version)
            except Forbidden as refused:
                self._tell(Refused(scope, refused))
                return
            except ApiError as error:
                logger.debug("watching %s: %s", scope.kind.plural, error.title)
                version = "" if error.status == _GONE else version
            except ClusterError as error:
                logger.debug("watching %s: %s", scope.kind.plural, error.title)
            else:
                futile = 0 if version and version != before else futile
            futile += 1
            version = "" if futile > _TRUSTED else version
            # also after a watch that ended well: something on the way may end each one as soon as it begins
            self._ended.wait(_PAUSES[min(futile, len(_PAUSES)) - 1])

    def _watched(self, scope: Scope, since: str) -> str:
        """Watch until the watch ends; return the version of its last news, or nothing when there were none."""
        watch = self._cluster.watch(
            scope.kind,
            namespace=scope.namespace,
            field_selector=f"metadata.name={scope.name}" if scope.name else "",
            label_selector=scope.labels,
            resource_version=since,
        )
        with self._lock:
            if self._ended.is_set():
                return since
            self._open.add(watch)
        version = ""
        try:
            with watch as events:
                for event in events:
                    version = str(metadata_of(event.object).get("resourceVersion") or version)
                    if event.type == "DELETED":
                        self._tell(Seen(scope, gone=(event.object,)))
                    elif event.type in {"ADDED", "MODIFIED"}:
                        self._tell(Seen(scope, objects=(event.object,)))
                    if self._ended.is_set():
                        break
        finally:
            with self._lock:
                self._open.discard(watch)
        return version
