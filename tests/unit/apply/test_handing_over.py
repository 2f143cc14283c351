"""The writes of an object that is taken over, to a server that notes whoever writes as owner of a list."""

from __future__ import annotations

import threading
from pathlib import PurePath
from typing import Any

import pytest

from kubernator.apply.writes import Writes
from kubernator.cluster.api import Applied, Kind, Kinds
from kubernator.errors import Conflict
from kubernator.model.change import Change, ChangeKind
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.outcome import Halfway
from kubernator.model.ref import ResourceRef

GVK = GroupVersionKind.of("v1", "X")
NOTED = {"manager": "kubernator", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:spec": {"f:metrics": {}}}}


class Server:
    """Holds one object; ``noting`` of its answers say that whoever hands over has changed a list.

    After its ``writer``-th answer somebody else writes the fields of ``theirs``.
    """

    def __init__(self, *, noting: int, writer: int = 0, theirs: dict[str, Any] | None = None) -> None:
        self.noting = noting
        self.writer = writer
        self.theirs = theirs or {}
        self.sent: list[list[str]] = []
        self.stored: dict[str, Any] = {}
        self.version = 0

    def kinds(self) -> Kinds:
        """Know the one kind."""
        return Kinds([Kind(gvk=GVK, plural="xs", singular="x", namespaced=True)])

    def get(self, _: Kind, **_where: Any) -> dict[str, Any]:
        """Return what is there."""
        return self.stored

    def patch(self, _: Kind, *, body: list[dict[str, Any]], **_where: Any) -> Applied:
        """Take a hand-over, and note."""
        self._expect(next(op["value"] for op in body if op["path"] == "/metadata/resourceVersion"))
        self.sent.append([op["path"] for op in body])
        noted = [NOTED] if len(self.sent) <= self.noting else []
        return self._written({"managedFields": [*body[0]["value"], *noted]}, {"metrics": ["default"]})

    def apply(self, _: Kind, body: dict[str, Any], **_where: Any) -> Applied:
        """Take an apply."""
        self._expect(body["metadata"]["resourceVersion"])
        self.sent.append([body["metadata"]["resourceVersion"]])
        return self._written({}, body["spec"])

    def _expect(self, version: str) -> None:
        if version != str(self.version):
            raise Conflict("the object has been modified", status=409, reason="Conflict")

    def _written(self, metadata: dict[str, Any], spec: dict[str, Any]) -> Applied:
        self.version += 1
        metadata = {"name": "x", "resourceVersion": str(self.version), **metadata}
        answer = {"apiVersion": "v1", "kind": "X", "metadata": metadata, "spec": spec}
        self.stored = answer
        if len(self.sent) == self.writer:
            self.version += 1
            metadata = {**metadata, "resourceVersion": str(self.version)}
            self.stored = {**answer, "metadata": metadata, **self.theirs}
        return Applied(answer)


def change(wanted: dict[str, Any]) -> Change:
    """Return an update with a hand-over."""
    return Change(
        kind=ChangeKind.UPDATE,
        ref=ResourceRef(group="", kind="X", namespace="", name="x"),
        gvk=GVK,
        origin=Origin(path=PurePath("x.yaml")),
        resource_version="0",
        handover=({**NOTED, "operation": "Apply"},),
        body={"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "spec": wanted},
    )


@pytest.mark.parametrize(
    ("noting", "wanted", "expected"),
    [
        (0, {}, []),
        (1, {}, [True]),
        (2, {}, [True, True]),
        (9, {}, [True, True]),
        (9, {"metrics": []}, []),
    ],
)
def test_what_is_let_go_is_taken_away_by_the_hand_over_where_it_must_be(noting, wanted, expected):
    """Again only while something to be dropped is noted as ours, and not for ever; the apply names the last version."""
    server, steps = Server(noting=noting), []
    writes = Writes(server, "kubernator", stop=threading.Event(), note=steps.append)
    writes.make(change(wanted))
    first, *again, apply = server.sent
    assert first == ["/metadata/managedFields", "/metadata/resourceVersion"]
    assert expected == ["/spec" in paths or "/spec/metrics" in paths for paths in again]
    assert apply == [str(len(server.sent) - 1)]
    assert {Halfway.HANDED_OVER} == set(steps)


@pytest.mark.parametrize("writer", [1, 2, 3])
def test_a_status_that_is_written_in_between_does_not_stop_a_hand_over(writer):
    """Whichever of its requests meets the newer version is made again on that, the same."""
    server = Server(noting=9, writer=writer, theirs={"status": {"ready": True}})
    Writes(server, "kubernator", stop=threading.Event(), note=lambda _: None).make(change({}))
    assert [len(sent) for sent in server.sent] == [2, 3, 3, 1]
    assert server.sent[-1] == ["4"]


@pytest.mark.parametrize(
    "theirs",
    [{"spec": {"metrics": ["other"]}}, {"metadata": {"name": "x", "resourceVersion": "2", "uid": "another"}}],
)
@pytest.mark.parametrize("writer", [1, 2, 3])
def test_what_else_is_written_in_between_stops_it(writer, theirs):
    """It is to be planned again then: what was approved may be something else by now."""
    server = Server(noting=9, writer=writer, theirs=theirs)
    with pytest.raises(Conflict):
        Writes(server, "kubernator", stop=threading.Event(), note=lambda _: None).make(change({}))
    assert len(server.sent) == writer
