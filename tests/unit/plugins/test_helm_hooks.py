"""Hooks: their turn, and the order that comes of it."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.pipeline import order
from kubernator.plugins.helm import hooks, versions
from kubernator.plugins.helm.hooks import Turn


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        (None, (Turn.WITH, 0)),
        ({}, (Turn.WITH, 0)),
        ("nonsense", (Turn.WITH, 0)),
        ({"helm.sh/hook": 3}, (Turn.WITH, 0)),
        ({"helm.sh/hook-weight": "5"}, (Turn.WITH, 0)),
        ({"helm.sh/hook": "pre-install"}, (Turn.BEFORE, 0)),
        ({"helm.sh/hook": "pre-upgrade", "helm.sh/hook-weight": "-5"}, (Turn.BEFORE, -5)),
        ({"helm.sh/hook": " Pre-Install , pre-upgrade", "helm.sh/hook-weight": 7}, (Turn.BEFORE, 7)),
        ({"helm.sh/hook": "post-install,pre-upgrade"}, (Turn.BEFORE, 0)),
        ({"helm.sh/hook": "post-install,pre-delete", "helm.sh/hook-weight": "heavy"}, (Turn.AFTER, 0)),
        ({"helm.sh/hook": "post-upgrade", "helm.sh/hook-weight": "10"}, (Turn.AFTER, 10)),
        ({"helm.sh/hook": "test"}, (Turn.NEVER, 0)),
        ({"helm.sh/hook": "test-success"}, (Turn.NEVER, 0)),
        ({"helm.sh/hook": "pre-delete,post-delete,pre-rollback,post-rollback"}, (Turn.NEVER, 0)),
    ],
)
def test_the_turn_of_a_hook(annotations: Any, expected: tuple[Turn, int]) -> None:
    """What is for an installation or an upgrade has a turn; what has no occasion has none."""
    found = hooks.of({"metadata": {"name": "a", "annotations": annotations}})
    assert expected == (found.turn, found.weight)


def _resource(
    name: str, *, kind: str = "ConfigMap", turn: int = 0, awaited: bool = False, directory: int = 0
) -> Resource:
    api_version = "apiextensions.k8s.io/v1" if kind == "CustomResourceDefinition" else "v1"
    gvk = GroupVersionKind.of(api_version, kind)
    return Resource(
        manifest={},
        ref=ResourceRef(gvk.group, kind, "ns", name),
        gvk=gvk,
        origin=Origin(path=PurePath("a.yaml")),
        directory=directory,
        turn=turn,
        awaited=awaited,
    )


def test_turns_are_phases() -> None:
    """Within a directory turns go one after the other, and what is awaited is waited for; definitions are first."""
    phases = order.phases(
        [
            _resource("next-directory", directory=1),
            _resource("after", turn=3, awaited=True),
            _resource("with", turn=2),
            _resource("before", turn=1, awaited=True),
            _resource("account", kind="ServiceAccount", turn=1, awaited=True),
            _resource("definition", kind="CustomResourceDefinition", turn=2),
            _resource("ordinary"),
        ]
    )
    assert [([each.ref.name for each in phase.resources], phase.wait) for phase in phases] == [
        (["definition"], True),
        (["ordinary"], False),
        (["account", "before"], True),
        (["with"], False),
        (["after"], True),
        (["next-directory"], False),
    ]


@pytest.mark.parametrize(
    ("expected", "used", "there"),
    [
        ("1.10.0", "1.9.0", ["1.9.0", "1.10.0", "1.2.0"]),
        (None, "1.10.0", ["1.9.0", "1.10.0"]),
        (None, "1.10.0", ["2.0.0-rc.1"]),
        ("2.0.0-rc.2", "2.0.0-rc.1", ["2.0.0-rc.2", "1.0.0"]),
        ("2.0.0", "2.0.0-rc.1", ["2.0.0-rc.2", "2.0.0"]),
        (None, "latest", ["1.0.0"]),
        (None, "1.0.0", ["nonsense", ""]),
        (None, "1.0.0", []),
    ],
)
def test_the_newest_version(expected: str | None, used: str, there: list[str]) -> None:
    """Versions compare as versions, and pre-releases are news for those only who use one."""
    assert expected == versions.newest(used, there)
