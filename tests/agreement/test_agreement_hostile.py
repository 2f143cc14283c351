"""Broken schemas, rules that don't compile or cost too much, patterns that explode: neither judge hangs or falls."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from agreement import hostile
from agreement.comparing import Case
from agreement.conftest import Judged, served
from agreement.ours import Ours
from kubernator.schema import documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.cluster.client import HttpCluster

pytestmark = pytest.mark.cluster


def test_hostile_definitions(judged: Judged) -> None:
    """A definition that is made to be hard to check is refused or taken as by the server."""
    judged("hostile definitions", [Case(name, "definition", made) for name, made in hostile.DEFINITIONS.items()])


def test_hostile_objects(cluster: HttpCluster, record_property: Callable[[str, object], None]) -> None:
    """An object that is made to be hard to check is refused or taken as by the server."""
    group = f"hostile-{secrets.token_hex(4)}.example.com"
    made = hostile.puzzle(group)
    head = {"apiVersion": f"{group}/v1", "kind": "Puzzle", "metadata": {"name": "agreement"}}
    cases = [Case(name, "puzzle", {**head, "spec": spec}) for name, spec in hostile.PUZZLES.items()]
    with served(cluster, [made], [cases[0].manifest]) as server:
        judged = Judged(server, Ours(documents.bundled(cluster.version().minor), [made]), record_property)
        judged("hostile objects", cases)
