"""What a plan is looked through for."""

from __future__ import annotations

from pathlib import PurePath
from types import SimpleNamespace
from typing import Any

from kubernator.model.change import Change, ChangeKind
from kubernator.model.diagnostics import Diagnostics
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.plan import Phase, Plan
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.run.checking import Checking
from kubernator.run.planning import Walked


class Rules:
    """Rules that are none, and count how often that is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __bool__(self) -> bool:
        self.asked += 1
        return False


def unchanged(number: int) -> Change:
    """Return a change of nothing."""
    name = f"c{number}"
    manifest: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "n"}}
    resource = Resource(
        manifest=manifest,
        ref=ResourceRef.of(manifest),
        gvk=GroupVersionKind("", "v1", "ConfigMap"),
        origin=Origin(path=PurePath("c.yaml")),
    )
    return Change.of(resource, ChangeKind.UNCHANGED, live=manifest)


def test_whether_there_are_rules_is_asked_once_for_a_plan():
    """It takes a look at every resource, so asking for each change would cost their square."""
    rules = Rules()
    plugin = SimpleNamespace(rules=lambda _everywhere, _parameters: rules)
    host: Any = SimpleNamespace(roster=SimpleNamespace(anywhere=lambda _name: SimpleNamespace(plugin=plugin)))
    options: Any = SimpleNamespace(preflight=True, writes=True)
    changes = tuple(map(unchanged, range(50)))
    resources = [change.resource for change in changes if change.resource is not None]
    checking = Checking(host, Diagnostics(), walked=Walked([], resources), options=options)
    plan = Plan(phases=(Phase(name="all", changes=changes),))
    assert checking.of_plan(plan) is plan
    assert rules.asked == 1
