"""Carry out a replacement: delete the old object, wait until it is gone, make the new one, or put the old one back.

The deletion names the object that was planned for. From then on there is none of the name, so everything that goes
wrong says so, and a second run makes what is missing.
"""

from __future__ import annotations

import copy
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from kubernator import workers
from kubernator.errors import ApiError, ClusterError, Forbidden, Interrupted, KubernatorError
from kubernator.model.outcome import Halfway
from kubernator.model.resource import BACKGROUND
from kubernator.planning import canonical, changes, managed, migrate, policy, quota

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from kubernator.cluster.api import Applied, Cluster, Kind
    from kubernator.model.change import Change
    from kubernator.model.resource import Manifest

__all__ = ["GONE_WITHIN", "Replacement"]

#: How long an object that is replaced may take to go: its finalizers and, in the foreground, its dependents.
GONE_WITHIN: Final = 300.0
#: How long the server may take to count in a quota what was deleted.
COUNTED_WITHIN: Final = 30.0
#: How long an interrupt leaves to an object that nobody holds, in seconds: between its end and the create is nothing.
_GRACE: Final = 5.0
_LOOK_AGAIN: Final = 0.2
_TRIES: Final = 8

_JOB_LABELS: Final = (
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
)
#: Finalizers that a deletion itself sets.
_OF_DELETION: Final = frozenset({"orphan", "foregroundDeletion"})


class Replacement:
    """One replacement.

    ``stop`` set ends the wait for the old object's end; ``note`` hears how far it came; ``explained`` adds places to an
    error.
    """

    def __init__(
        self,
        change: Change,
        kind: Kind,
        cluster: Cluster,
        *,
        manager: str,
        stop: threading.Event,
        note: Callable[[Halfway], None],
        explained: Callable[[ApiError], ApiError],
    ) -> None:
        self._change = change
        self._kind = kind
        self._cluster = cluster
        self._manager = manager
        self._stop = stop
        self._note = note
        self._explained = explained
        self._last: Manifest = change.live or {}

    def carry_out(self, create: Callable[[], Applied]) -> Applied:
        """Delete, wait, and ``create``.

        An object that is gone already may be our own work, of a try whose answer was lost, so its create goes on.
        Raises `errors.ApiError` before anything was deleted, else `errors.ClusterError` that says what became of it.
        """
        self._cluster.delete(
            self._kind,
            namespace=self._change.ref.namespace,
            name=self._change.ref.name,
            propagation=self._change.propagation or BACKGROUND,
            uid=self._change.uid,
            resource_version=self._change.resource_version,
        )
        self._note(Halfway.DELETING)
        try:
            self._await_absence()
        except Interrupted:
            raise
        except KubernatorError as error:
            raise _after(error, "the old object was told to go; the new one was not made") from error
        self._note(Halfway.DELETED)
        try:
            return self._patiently(create)
        except ApiError as error:
            if policy.is_stale(error):
                raise
            raise _after(self._explained(error), f"the old object was deleted; {self._put_back()}") from error
        except KubernatorError as error:
            self._note(Halfway.UNKNOWN)
            raise _after(error, "the old object was deleted; whether the new one was made is not known") from error

    def _patiently(self, create: Callable[[], Applied]) -> Applied:
        """Create, again while a quota still counts the old object."""
        deadline = time.monotonic() + COUNTED_WITHIN
        while True:
            try:
                return create()
            except Forbidden as error:
                if not quota.exceeded(error) or time.monotonic() > deadline:
                    raise
            if self._stop.wait(_LOOK_AGAIN):
                return create()

    def _await_absence(self) -> None:
        """Return when the object of this uid is gone. Raises `ClusterError` when it does not go in time."""
        change = self._change
        deadline = time.monotonic() + GONE_WITHIN
        stopped: float | None = None
        while True:
            found, version = self._look()
            if found is None:
                return
            self._last = found
            if self._stop.is_set():
                stopped = stopped or time.monotonic()
                if _held(found) or time.monotonic() - stopped >= _GRACE:
                    raise self._interrupted(found)
            if time.monotonic() >= deadline:
                raise ClusterError(
                    f"`{change.ref}` is to be replaced and still there after {GONE_WITHIN:.0f} s",
                    detail=[*change.origin.lines(), *_holders(found)],
                    hint="who set the finalizers takes them away; run again when it is gone",
                )
            if not version:
                time.sleep(_LOOK_AGAIN)
            elif self._watched(version, max(1.0, deadline - time.monotonic())):
                return

    def _look(self) -> tuple[Manifest | None, str]:
        """Return the old object if it is there, and the version to watch from, empty where that is not allowed."""
        namespace, name = self._change.ref.namespace, self._change.ref.name
        try:
            listing = self._cluster.list(self._kind, namespace=namespace, field_selector=f"metadata.name={name}")
        except Forbidden:  # who may read one by one may still replace
            found = self._cluster.get(self._kind, namespace=namespace, name=name)
            return (found if found is not None and self._is_old(found) else None), ""
        return next(filter(self._is_old, listing.items), None), listing.resource_version

    def _watched(self, version: str, timeout: float) -> bool:
        """Watch until the object is deleted; False when that was not seen, and a look has to tell."""
        try:
            watch = self._cluster.watch(
                self._kind,
                namespace=self._change.ref.namespace,
                field_selector=f"metadata.name={self._change.ref.name}",
                resource_version=version,
                timeout=timeout,
            )
            with watch as events, _cut_by(self._stop, watch, grace=self._grace):
                for event in events:
                    if self._is_old(event.object):
                        self._last = event.object
                    if event.type == "DELETED":
                        return True
        except ClusterError:
            time.sleep(_LOOK_AGAIN)  # expired, refused or broken
        return False

    def _grace(self) -> float:
        """Return how long an interrupt still waits: what somebody holds does not go by itself."""
        return 0.0 if _held(self._last) else _GRACE

    def _is_old(self, manifest: Manifest) -> bool:
        return str((manifest.get("metadata") or {}).get("uid", "")) == self._change.uid

    def _interrupted(self, found: Manifest) -> Interrupted:
        return Interrupted(
            f"interrupted while `{self._change.ref}` is being deleted to be replaced",
            detail=[
                *self._change.origin.lines(),
                *_holders(found),
                ("after", "the old object was told to go and is still there; the new one was not made"),
            ],
            hint="run again when it is gone: it is made anew then",
        )

    def _put_back(self) -> str:
        """Make the old object again as it was last seen, with the owners of its fields."""
        try:
            made = self._cluster.create(
                self._kind, _revived(self._last), manager=self._manager, field_validation="Ignore"
            ).manifest
        except ApiError as error:
            return f"it could not be put back: {error.title}"
        self._note(Halfway.RESTORED)
        why = self._give_back(made)
        return f"it was put back as it was{f', but its fields are all ours now: {why}' if why else ''}"

    def _give_back(self, made: Manifest) -> str:
        """Let each field belong to whom it belonged; return why not, if not. Controllers may write in between."""
        ref = self._change.ref
        why = ""
        found: Manifest | None = made
        for _ in range(_TRIES):
            if found is None:
                break
            try:
                self._cluster.patch(
                    self._kind,
                    namespace=ref.namespace,
                    name=ref.name,
                    body=migrate.patch_body(
                        _owners(self._last, found, self._manager), found["metadata"].get("resourceVersion", "")
                    ),
                    content_type=changes.JSON_PATCH,
                    manager=self._manager,
                )
            except ApiError as error:
                why = error.title
                found = self._cluster.get(self._kind, namespace=ref.namespace, name=ref.name)
            else:
                return ""
        return why


def _owners(old: Manifest, new: Manifest, manager: str) -> list[dict[str, Any]]:
    """Return who owns what of an object that was put back: what was, and what others have written since."""
    return [
        *(entry for entry in managed.entries(old) if not entry.get("subresource")),
        *(entry for entry in managed.entries(new) if entry["manager"] != manager or entry.get("subresource")),
    ]


def _after(error: KubernatorError, outcome: str) -> ClusterError:
    """Return an error of the second half of a replacement: it says what became of the first."""
    return ClusterError(error.title, detail=[*error.detail, ("after", outcome)], hint=error.hint)


def _held(found: Manifest) -> bool:
    """Say whether somebody has to let an object go, other than the server itself."""
    return not _OF_DELETION.issuperset(found["metadata"].get("finalizers") or ())


def _holders(found: Manifest) -> list[tuple[str, str]]:
    finalizers = found["metadata"].get("finalizers") or ()
    return [("held by", f"finalizer `{name}`") for name in finalizers]


@contextmanager
def _cut_by(
    stop: threading.Event, watch: AbstractContextManager[object], *, grace: Callable[[], float]
) -> Iterator[None]:
    """Let ``stop`` end a watch, which hears of nothing but its events, when it has not ended within the grace."""
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            if stop.wait(_LOOK_AGAIN):
                if not ended.wait(grace()):
                    watch.__exit__(None, None, None)
                return

    thread = workers.thread(look, name="end of a watch")
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _revived(live: Manifest) -> Manifest:
    """Return an object fit to be created once more: without what only the server writes."""
    revived: Manifest = copy.deepcopy(canonical.wire(live, status=True))
    metadata = revived["metadata"]
    finalizers = [name for name in metadata.pop("finalizers", None) or () if name not in _OF_DELETION]
    if finalizers:
        metadata["finalizers"] = finalizers
    spec = revived.get("spec")
    if revived.get("kind") == "Job" and isinstance(spec, dict) and not spec.get("manualSelector"):
        spec.pop("selector", None)  # names the uid of the Job that was; the server makes a new one
        for labelled in (metadata, (spec.get("template") or {}).get("metadata") or {}):
            for label in _JOB_LABELS:
                (labelled.get("labels") or {}).pop(label, None)
    return revived
