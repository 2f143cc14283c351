"""What stays of a live object when a manifest is applied."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.planning.remaining import remaining

_MANAGER = "kubernator"
_PORT = 'k:{"containerPort":80,"protocol":"TCP"}'
_DEBUG = 'k:{"containerPort":90,"protocol":"TCP"}'


def _live(spec: dict[str, Any], *entries: tuple[str, dict[str, Any]], version: str = "v1") -> dict[str, Any]:
    managed = [
        {"manager": manager, "operation": "Apply", "apiVersion": version, "fieldsV1": {"f:spec": fields}}
        for manager, fields in entries
    ]
    metadata = {"name": "a", "managedFields": managed}
    return {"apiVersion": "v1", "kind": "Thing", "metadata": metadata, "spec": spec}


def _spec_left(live: dict[str, Any], spec: dict[str, Any]) -> Any:
    wanted = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec}
    return remaining(live, wanted, manager=_MANAGER, served=lambda _: True)["spec"]


@pytest.mark.parametrize(
    ("live", "own", "wanted", "expected"),
    [
        pytest.param({"a": 1, "b": 2}, {"f:a": {}, "f:b": {}}, {"a": 1}, {"a": 1}, id="a field"),
        pytest.param({"a": 1, "b": 2}, {"f:a": {}}, {"a": 1}, {"a": 1, "b": 2}, id="nobody's field"),
        pytest.param(
            {"probe": {"port": 1, "every": 10}, "a": 1},
            {"f:probe": {"f:port": {}}, "f:a": {}},
            {"a": 1},
            {"a": 1},
            id="a map with what was filled in",
        ),
        pytest.param(
            {"probe": {"port": 1, "every": 10}},
            {"f:probe": {"f:port": {}}},
            {"probe": {}},
            {"probe": {"every": 10}},
            id="what was filled in where the map stays",
        ),
        pytest.param(
            {"map": {"a": 1}, "b": 1}, {"f:map": {"f:a": {}}, "f:b": {}}, {"map": {}, "b": 1}, {"map": None, "b": 1}
        ),
        pytest.param(
            {
                "ports": [
                    {"containerPort": 80, "protocol": "TCP"},
                    {"containerPort": 90, "protocol": "TCP", "name": "x"},
                ]
            },
            {"f:ports": {_PORT: {".": {}, "f:containerPort": {}}, _DEBUG: {".": {}, "f:containerPort": {}}}},
            {"ports": [{"containerPort": 80}]},
            {"ports": [{"containerPort": 80, "protocol": "TCP"}]},
            id="an item",
        ),
        pytest.param(
            {"set": ["a", "b"]}, {"f:set": {'v:"a"': {}, 'v:"b"': {}}}, {"set": ["b"]}, {"set": ["b"]}, id="of a set"
        ),
        pytest.param({"set": ["a"]}, {"f:set": {'v:"a"': {}}}, {"set": []}, {"set": []}, id="all of a set"),
        pytest.param({"list": [1, 2]}, {"f:list": {}}, {"list": [1]}, {"list": [1, 2]}, id="a list as a whole"),
    ],
)
def test_goes(live: dict[str, Any], own: dict[str, Any], wanted: dict[str, Any], expected: dict[str, Any]) -> None:
    """What only we own and no longer want goes, with what nobody owns in it; a map that is emptied becomes null."""
    assert expected == _spec_left(_live(live, (_MANAGER, own)), wanted)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"f:map": {"f:a": {}}}, {"map": {"a": 1}}),
        ({"f:map": {"f:c": {}}}, {"map": {"c": 3}}),
        ({"f:map": {}}, {"map": {"a": 1, "b": 2, "c": 3}}),
    ],
)
def test_stays_where_others_own_it(other: dict[str, Any], expected: dict[str, Any]) -> None:
    """What somebody else owns stays, and what it stands in."""
    live = _live(
        {"map": {"a": 1, "b": 2, "c": 3}}, (_MANAGER, {"f:map": {"f:a": {}, "f:b": {}, "f:c": {}}}), ("other", other)
    )
    assert expected == _spec_left(live, {})


def test_becomes_ours_first() -> None:
    """What a predecessor wrote goes like what is ours, as after the take-over that comes before an apply."""
    live = _live({"a": 1, "b": 2}, ("kubectl-client-side-apply", {"f:a": {}, "f:b": {}}))
    live["metadata"]["managedFields"][0]["operation"] = "Update"
    assert _spec_left(live, {"a": 1}) == {"a": 1}


def test_released_fields_stay() -> None:
    """A field that is given up stays, and what it stands in."""
    live = _live({"map": {"a": 1, "b": 2}}, (_MANAGER, {"f:map": {"f:a": {}, "f:b": {}}}))
    wanted = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}}
    left = remaining(live, wanted, manager=_MANAGER, served=lambda _: True, released=[("f:spec", "f:map", "f:b")])
    assert left["spec"] == {"map": {"b": 2}}


@pytest.mark.parametrize(
    "live",
    [
        _live({"a": 1}, (_MANAGER, {"f:a": {}}), version="v1beta1"),
        _live({"a": 1}),
        _live({"a": 1}, ("other", {"f:a": {}})),
    ],
)
def test_nothing_is_known_to_go(live: dict[str, Any]) -> None:
    """Without an entry of ours in the version of the object it is the same object."""
    wanted = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}}
    assert remaining(live, wanted, manager=_MANAGER, served=lambda _: True) is live
