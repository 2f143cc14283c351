"""What a manifest takes away from a live object that cannot change."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.schema.documents import bundled
from kubernator.schema.fault import api_path
from kubernator.schema.immutable import check_update

_DEPLOYMENT = ("apps/v1", "Deployment")
_POD = ("v1", "Pod")
_STATEFUL = ("apps/v1", "StatefulSet")
_CLAIM = ("resource.k8s.io/v1", "ResourceClaim")


def _told(kind: tuple[str, str], said: dict[str, Any], live: dict[str, Any], left: dict[str, Any]) -> list[str]:
    gvk = GroupVersionKind.of(*kind)
    found = check_update(said, live, gvk, left=left, node=bundled(37).root(gvk))
    return [api_path(fault.path, said) for fault in found]


def _pod(**container: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "a", **container}]}}


@pytest.mark.parametrize(
    ("kind", "said", "live", "left", "expected"),
    [
        pytest.param(
            _DEPLOYMENT,
            {"spec": {"selector": {}}},
            {"spec": {"selector": {"matchLabels": {"a": "b"}}}},
            {"spec": {"selector": None}},
            ["spec.selector.matchLabels[a]"],
            id="a map that is replaced as a whole",
        ),
        pytest.param(_POD, _pod(), _pod(command=["x"]), _pod(), ["spec.containers[0].command"], id="of an item"),
        pytest.param(_POD, _pod(), _pod(command=["x"]), _pod(command=["x"]), [], id="of others"),
        pytest.param(_POD, _pod(), _pod(imagePullPolicy="Always"), _pod(), [], id="comes back"),
        pytest.param(
            _POD,
            {"spec": {"containers": []}},
            _pod(image="x", command=["y"]),
            {"spec": {"containers": []}},
            ["spec.containers"],
            id="an item",
        ),
        pytest.param(
            _POD,
            _pod(resources={"limits": {"cpu": "1"}, "requests": {}}),
            _pod(resources={"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}),
            _pod(resources={"limits": {"cpu": "1"}, "requests": None}),
            [],
            id="requests come from limits",
        ),
        pytest.param(
            _POD, {"spec": {}}, {"spec": {"terminationGracePeriodSeconds": 30}}, {"spec": {}}, [], id="the default"
        ),
        pytest.param(
            _POD,
            {"spec": {}},
            {"spec": {"terminationGracePeriodSeconds": 5}},
            {"spec": {}},
            ["spec.terminationGracePeriodSeconds"],
            id="another than the default",
        ),
        pytest.param(
            _STATEFUL, {"spec": {}}, {"spec": {"serviceName": "a"}}, {"spec": {}}, ["spec.serviceName"], id="a field"
        ),
        pytest.param(
            ("storage.k8s.io/v1", "StorageClass"),
            {"parameters": {}},
            {"parameters": {"type": "fast"}},
            {"parameters": None},
            ["parameters[type]"],
            id="keys of users are not filled in",
        ),
        pytest.param(
            _CLAIM,
            {"spec": {"devices": {"requests": [{"name": "a"}]}}},
            {"spec": {"devices": {"requests": [{"name": "a"}, {"name": "b"}]}}},
            {"spec": {"devices": {"requests": [{"name": "a"}, {"name": "b"}]}}},
            ["spec.devices.requests"],
            id="an item of a list that is replaced as a whole",
        ),
        pytest.param(
            ("v1", "ConfigMap"),
            {"data": {"a": "1"}},
            {"data": {"a": "1", "b": "2"}, "immutable": True},
            {"data": {"a": "1"}},
            ["immutable", "data[b]"],
            id="of what is frozen",
        ),
    ],
)
def test_what_goes_and_cannot(
    kind: tuple[str, str], said: dict[str, Any], live: dict[str, Any], left: dict[str, Any], expected: list[str]
) -> None:
    """What is taken away counts as changed, unless it stays for others or comes back as it was."""
    assert expected == _told(kind, said, live, left)


def test_without_knowing_what_stays_nothing_goes() -> None:
    """As long as nobody says what stays, what is left out is kept."""
    gvk = GroupVersionKind.of(*_DEPLOYMENT)
    live = {"spec": {"selector": {"matchLabels": {"a": "b"}}}}
    assert check_update({"spec": {}}, live, gvk) == []
