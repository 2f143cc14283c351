"""Questions whose answers explain, asked beside the wait: who waits never waits for an explanation."""

from __future__ import annotations

import queue
import threading
import urllib.parse
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from kubernator import workers
from kubernator.errors import ClusterError, Forbidden
from kubernator.model.gvk import GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from kubernator.cluster.api import Cluster
    from kubernator.model.resource import Manifest

__all__ = ["FORBIDDEN", "Answer", "EventsOf", "Inquiries", "Log", "Maker", "Question", "StorageClass", "answer"]

#: The answer to a question that may not be asked.
FORBIDDEN: Final = "forbidden"

#: Lines of the log of a crashed container.
_LINES: Final = 5
_LONGEST: Final = 2000
#: One that hangs, as the log of a node that is gone does, does not keep the others.
_THREADS: Final = 3


class Question(Protocol):
    """A question to the cluster; equal questions have one answer."""

    def put(self, cluster: Cluster) -> Any:
        """Return the answer. Raises `ClusterError` when there is none."""


class Maker(NamedTuple):
    """The ReplicaSet that made a Pod, as it is while its Deployment is at a generation and revision."""

    namespace: str
    name: str
    generation: str
    revision: str

    def put(self, cluster: Cluster) -> Manifest | None:
        """Return the ReplicaSet."""
        return _get(cluster, GroupVersionKind("apps", "v1", "ReplicaSet"), self.namespace, self.name)


class StorageClass(NamedTuple):
    """A StorageClass."""

    name: str

    def put(self, cluster: Cluster) -> Manifest | None:
        """Return the StorageClass."""
        return _get(cluster, GroupVersionKind("storage.k8s.io", "v1", "StorageClass"), "", self.name)


class EventsOf(NamedTuple):
    """The events about one object; those about objects outside of namespaces are in ``default``."""

    namespace: str
    uid: str

    def put(self, cluster: Cluster) -> list[Manifest]:
        """Return the events."""
        kind = cluster.kinds().get(GroupVersionKind("", "v1", "Event"))
        if kind is None:
            return []
        selector = f"involvedObject.uid={self.uid}"
        return cluster.list(kind, namespace=self.namespace or "default", field_selector=selector).items


class Log(NamedTuple):
    """The last lines of a container's log, of its run before with ``previous``; ``runs`` tells them apart."""

    namespace: str
    pod: str
    container: str
    previous: bool
    runs: int

    def put(self, cluster: Cluster) -> tuple[str, ...]:
        """Return the lines that are not empty."""
        query = {"container": self.container, "previous": str(self.previous).lower(), "tailLines": str(_LINES)}
        parts = "/".join(urllib.parse.quote(part, safe="") for part in (self.namespace, "pods", self.pod, "log"))
        target = f"/api/v1/namespaces/{parts}?{urllib.parse.urlencode(query)}"
        text = cluster.raw("GET", target, accept="*/*")
        lines = (line.strip() for line in text.splitlines()) if isinstance(text, str) else ()
        return tuple(_shown(line) for line in lines if line)[-_LINES:]


def _shown(line: str) -> str:
    """Return a line whole or not at all: who cuts a secret in two lets its half be seen."""
    return line if len(line) <= _LONGEST else f"… (a line of {len(line)} characters)"


def _get(cluster: Cluster, gvk: GroupVersionKind, namespace: str, name: str) -> Manifest | None:
    kind = cluster.kinds().get(gvk)
    return cluster.get(kind, namespace=namespace, name=name) if kind is not None else None


class Answer(NamedTuple):
    """What came of a question: None when it could not be answered this time, `FORBIDDEN` when it never can."""

    question: Question
    value: Any


def answer(question: Question, cluster: Cluster) -> Answer:
    """Put a question; explanations are no reason to fail."""
    try:
        return Answer(question, question.put(cluster))
    except Forbidden:
        return Answer(question, FORBIDDEN)
    except ClusterError:
        return Answer(question, None)


class Inquiries:
    """Asks questions in few threads of its own and tells a listener the answers.

    Use as a context manager: leaving asks nothing any more; the answer to what was just asked is heard by nobody.
    """

    def __init__(self, cluster: Cluster, tell: Callable[[Answer], object]) -> None:
        self._cluster = cluster
        self._tell = tell
        self._questions: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for _thread in self._threads:
            self._questions.put(None)

    def ask(self, question: Question) -> None:
        """Ask a question when its turn comes."""
        self._questions.put(question)
        if len(self._threads) < _THREADS:
            self._threads.append(workers.thread(self._run, name="inquiries"))

    def _run(self) -> None:
        while (question := self._questions.get()) is not None and not self._ended.is_set():
            self._tell(answer(question, self._cluster))
