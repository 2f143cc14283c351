"""Following objects of one kind in one scope: a LIST, then a watch from there, again whenever it ends."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kubernator import workers
from kubernator.errors import ApiError, ClusterError, Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Self

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.resource import Manifest

__all__ = ["Follower", "Refused", "Scope", "Seen"]

logger = logging.getLogger(__name__)

_PAUSES: Final = (0.1, 0.3, 1.0, 2.0, 5.0)
#: Seconds that leaving waits for threads that are in the middle of a request, whose answer nobody wants any more.
_FAREWELL: Final = 2.0


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: one kind in a namespace (or everywhere), or one object when ``name`` is set."""

    kind: Kind
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """Objects of a scope as they are now; ``whole`` when these are all there are. ``gone`` were deleted."""

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

    def follow(self, scope: Scope) -> None:
        """Begin to watch a scope, unless it is watched already."""
        if scope in self._scopes:
            return
        self._scopes.add(scope)
        self._threads.append(workers.thread(self._run, scope, name=f"watch {scope.kind.plural}"))

    def _run(self, scope: Scope) -> None:
        futile = 0
        while not self._ended.is_set():
            try:
                futile = 0 if self._round(scope) else futile + 1
            except Forbidden as refused:
                self._tell(Refused(scope, refused))
                return
            except ClusterError as error:
                logger.debug("watching %s: %s", scope.kind.plural, error.title)
                futile += 1
            # also after a watch that ended well: something on the way may end each one as soon as it begins
            self._ended.wait(_PAUSES[max(0, min(futile, len(_PAUSES)) - 1)])

    def _round(self, scope: Scope) -> int:
        """List, then watch until the watch ends; return how many events came."""
        selector = f"metadata.name={scope.name}" if scope.name else ""
        listing = self._cluster.list(scope.kind, namespace=scope.namespace, field_selector=selector)
        self._tell(Seen(scope, objects=tuple(listing.items), whole=True))
        watch = self._cluster.watch(
            scope.kind,
            namespace=scope.namespace,
            field_selector=selector,
            resource_version=listing.resource_version,
        )
        with self._lock:
            if self._ended.is_set():
                return 0
            self._open.add(watch)
        seen = 0
        try:
            with watch as events:
                for event in events:
                    seen += 1
                    if event.type == "DELETED":
                        self._tell(Seen(scope, gone=(event.object,)))
                    elif event.type in {"ADDED", "MODIFIED"}:
                        self._tell(Seen(scope, objects=(event.object,)))
                    if self._ended.is_set():
                        break
        finally:
            with self._lock:
                self._open.discard(watch)
        return seen
