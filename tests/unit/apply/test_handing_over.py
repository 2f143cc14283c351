"""The writes of an object that is taken over, to a server that notes whoever writes as owner of a list."""

from __future__ import annotations

import threading
from pathlib import PurePath
from typing import Any

import pytest

from kubernator.apply.writes import Writes
from kubernator.cluster.api import Applied, Kind, Kinds
from kubernator.model.change import Change, ChangeKind
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.outcome import Halfway
from kubernator.model.ref import ResourceRef

GVK = GroupVersionKind.of("v1", "X")
NOTED = {"manager": "kubernator", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:spec": {"f:metrics": {}}}}


class Server:
    """Holds one object; ``noting`` of its answers say that whoever hands over has changed a list."""

    def __init__(self, *, noting: int) -> None:
        self.noting = noting
        self.sent: list[list[str]] = []

    def kinds(self) -> Kinds:
        """Know the one kind."""
        return Kinds([Kind(gvk=GVK, plural="xs", singular="x", namespaced=True)])

    def patch(self, _: Kind, *, body: list[dict[str, Any]], **_where: Any) -> Applied:
        """Take a hand-over, and note."""
        self.sent.append([op["path"] for op in body])
        entries = body[0]["value"]
        noted = [NOTED] if len(self.sent) <= self.noting else []
        metadata = {"name": "x", "resourceVersion": str(len(self.sent)), "managedFields": [*entries, *noted]}
        return Applied({"apiVersion": "v1", "kind": "X", "metadata": metadata, "spec": {"metrics": ["default"]}})

    def apply(self, _: Kind, body: dict[str, Any], **_where: Any) -> Applied:
        """Take an apply."""
        self.sent.append([body["metadata"]["resourceVersion"]])
        return Applied(body)


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
    change = Change(
        kind=ChangeKind.UPDATE,
        ref=ResourceRef(group="", kind="X", namespace="", name="x"),
        gvk=GVK,
        origin=Origin(path=PurePath("x.yaml")),
        resource_version="0",
        handover=({**NOTED, "operation": "Apply"},),
        body={"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "spec": wanted},
    )
    writes.make(change)
    first, *again, apply = server.sent
    assert first == ["/metadata/managedFields", "/metadata/resourceVersion"]
    assert expected == ["/spec" in paths or "/spec/metrics" in paths for paths in again]
    assert apply == [str(len(server.sent) - 1)]
    assert {Halfway.HANDED_OVER} == set(steps)
