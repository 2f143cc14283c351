"""What Events tell."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.apply import happenings


def event(reason: str, time: str, kind: str = "Warning", **more: Any) -> dict[str, Any]:
    return {"reason": reason, "message": f"of {time}", "type": kind, "lastTimestamp": f"2026-01-01T{time}Z", **more}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], None),
        ([event("Scheduled", "10:00:00", "Normal")], None),
        ([event("Unhealthy", "10:00:00"), event("FailedMount", "10:00:05")], "FailedMount: of 10:00:05"),
        ([event("FailedMount", "10:00:00"), event("Pulling", "10:00:05", "Normal")], "FailedMount: of 10:00:00"),
        ([event("ExternalProvisioning", "10:00:00", "Normal")], "ExternalProvisioning: of 10:00:00"),
        ([event("FailedMount", "08:00:00")], None),
        (
            [event("Old", "10:00:00"), event("New", "08:00:00", eventTime="2026-01-01T10:00:01.123456Z")],
            "New: of 08:00:00",
        ),
        (
            [event("Old", "10:00:00"), event("New", "08:00:00", series={"lastObservedTime": "2026-01-01T10:00:01.1Z"})],
            "New: of 08:00:00",
        ),
    ],
)
def test_the_newest_telling_event(events, expected):
    """Warnings first, the newest of them; none from before the object was last written."""
    found = happenings.newest(events, since="2026-01-01T09:00:00Z")
    assert expected == (found.text if found else None)


@pytest.mark.parametrize(("reason", "suspect"), [("FailedCreate", True), ("FailedMount", False)])
def test_only_refused_pods_are_suspect(reason, suspect):
    """What is refused again and again is a failure when it lasts; a volume may come yet."""
    found = happenings.newest([event(reason, "10:00:00")])
    assert found is not None
    assert suspect == found.suspect


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, ""),
        ({"creationTimestamp": "2026-01-01T00:00:00Z"}, "2026-01-01T00:00:00Z"),
        (
            {
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "managedFields": [
                    {"time": "2026-01-02T00:00:00Z"},
                    {"time": "2026-01-03T00:00:00Z", "subresource": "status"},
                    {},
                ],
            },
            "2026-01-02T00:00:00Z",
        ),
    ],
)
def test_when_an_object_was_written(metadata, expected):
    """By whoever wrote what it asks for; its status does not count."""
    assert expected == happenings.written({"metadata": metadata})
