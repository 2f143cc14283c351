"""How a tree stands, in words and as data."""

from __future__ import annotations

import datetime as dt
from pathlib import PurePath
from typing import Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status, StatusResult
from kubernator.redaction import Secrets
from kubernator.report import standing

NOW = dt.datetime(2026, 1, 10, 12, 0, 0, tzinfo=dt.UTC)


def row(name: str = "web", status: Status = Status.CURRENT, message: str = "", **more: Any) -> standing.Row:
    lines = more.pop("lines", ())
    return standing.Row(
        **{
            "directory": "web",
            "ref": ResourceRef("apps", "Deployment", "shop", name),
            "gvk": GroupVersionKind("apps", "v1", "Deployment"),
            "origin": Origin(path=PurePath("web/web.yaml"), line=3),
            "result": StatusResult(status, message, lines=lines),
            "created": "2026-01-10T11:58:00Z",
            **more,
        }
    )


def test_the_table():
    """A row for each object, what a crashed container said below it, and the counts."""
    rows = [row(), row("db", Status.FAILED, "crash", lines=("no space",), directory="db"), row("x", Status.NOT_FOUND)]
    assert standing.text(rows, Secrets(), now=NOW).splitlines() == [
        "DIRECTORY  STATUS     OBJECT                    AGE  REASON",
        "web        current    Deployment.apps shop/web  2m",
        "db         failed     Deployment.apps shop/db   2m   crash",
        "    log: no space",
        "web        not found  Deployment.apps shop/x    2m",
        "3 objects: 1 current, 1 failed, 1 not found",
    ]


def test_a_tree_without_objects():
    """There is nothing to list."""
    assert standing.text([], Secrets(), now=NOW) == "0 objects\n"


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2026-01-10T12:00:00Z", "0s"),
        ("2026-01-10T12:00:30Z", "0s"),
        ("2026-01-10T11:59:18Z", "42s"),
        ("2026-01-10T11:58:59Z", "1m"),
        ("2026-01-10T09:00:01Z", "2h"),
        ("2025-12-10T12:00:00Z", "31d"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_ages(created, expected):
    """In the largest unit that is whole; a clock that is behind makes nothing negative."""
    assert expected == standing.age(row(created=created), NOW)


def test_words_of_others_are_masked_and_harmless():
    """Reasons and logs come from the cluster: no secret, no control character, no line of its own."""
    secrets = Secrets()
    secrets.add("correct-horse")
    bad = row(message="a\nb \x1b[2J correct-horse", lines=("login correct-horse \x1b[0m",))
    for text in (standing.text([bad], secrets, now=NOW), standing.change(bad, secrets, now=NOW)):
        assert "correct-horse" not in text
        assert "\x1b" not in text
        assert "a b \\x1b[2J <secret 1>" in text
        assert "    log: login <secret 1> \\x1b[0m" in text.splitlines()
    assert "correct-horse" not in str(standing.data([bad], secrets))


def test_a_change_is_a_line():
    """With the time of day."""
    found = standing.change(row(status=Status.IN_PROGRESS, message="1 of 2"), Secrets(), now=NOW)
    assert found == "12:00:00  Deployment.apps shop/web is in progress: 1 of 2\n"


def test_data():
    """Counts of every status, and each object with where it comes from."""
    found = standing.data([row(message="fine", lines=("a",))], Secrets())
    assert found["counts"] == {str(status): int(status is Status.CURRENT) for status in Status}
    assert found["objects"] == [
        {
            "directory": "web",
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "web",
            "origin": ["web/web.yaml:3:1"],
            "status": "current",
            "message": "fine",
            "created": "2026-01-10T11:58:00Z",
            "log": ["a"],
        }
    ]
