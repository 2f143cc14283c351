"""What we own, and the proof that nothing would change."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.planning import managed

GVK = GroupVersionKind("apps", "v1", "Deployment")
C = 'k:{"name":"c"}'
POD: dict[str, Any] = {"containers": [{"name": "c", "image": "i", "args": ["a"]}]}
POD_FIELDS: dict[str, Any] = {"f:containers": {C: {".": {}, "f:name": {}, "f:image": {}, "f:args": {}}}}
DEFAULTED: dict[str, Any] = {"containers": [{"name": "c", "image": "i", "args": ["a"], "imagePullPolicy": "Always"}]}


def entry(fields: dict[str, Any], **other: str) -> dict[str, Any]:
    return {"manager": "kubernator", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": fields, **other}


def thing(spec: Any, *entries: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x", **metadata}}
    if entries:
        made["metadata"]["managedFields"] = list(entries)
    return made if spec is None else {**made, "spec": spec}


def why(wanted: dict[str, Any], live: dict[str, Any]) -> str:
    return managed.undecided(wanted, live, manager="kubernator", gvk=GVK)


@pytest.mark.parametrize(
    ("spec", "live", "fields"),
    [
        ({"replicas": 2}, {"replicas": 2, "paused": True}, {"f:replicas": {}}),
        (POD, DEFAULTED, POD_FIELDS),
        ({"volumes": [], **POD}, DEFAULTED, POD_FIELDS),
        ({"strategy": {}}, {"strategy": {"type": "Recreate"}}, {"f:strategy": {}}),
        ({"x": None}, {}, {"f:x": {}}),
        ({"args": []}, {}, {"f:args": {}}),
        ({"selector": {"a": "b"}}, {"selector": {"a": "b"}}, {"f:selector": {}}),
        ({"finalizers": ["a", "b"]}, {"finalizers": ["a", "z", "b"]}, {"f:finalizers": {'v:"a"': {}, 'v:"b"': {}}}),
        ({"x": {"y": 1}}, {"x": {"y": 1}}, {"f:x": {".": {}, "f:y": {}}}),
        (
            {"ports": [{"port": 1}, {"port": 1, "protocol": "UDP"}]},
            {"ports": [{"port": 1, "protocol": "TCP"}, {"port": 1, "protocol": "UDP"}]},
            {
                "f:ports": {
                    'k:{"port":1,"protocol":"TCP"}': {".": {}, "f:port": {}},
                    'k:{"port":1,"protocol":"UDP"}': {".": {}, "f:port": {}, "f:protocol": {}},
                }
            },
        ),
    ],
)
def test_proven_unchanged(spec, live, fields):
    """All that is wanted is ours and stored as wanted."""
    assert why(thing(spec), thing(live, entry({"f:spec": fields}))) == ""


@pytest.mark.parametrize(
    ("spec", "live", "fields", "expected"),
    [
        ({"replicas": 2}, {"replicas": 3}, {"f:replicas": {}}, ".spec.replicas differs"),
        ({"replicas": 2}, {"replicas": 2}, {"f:paused": {}}, ".spec.replicas is not ours"),
        ({"replicas": 2}, {"replicas": 2}, {"f:replicas": {}, "f:x": {}}, ".spec.x is ours and no longer wanted"),
        (POD, {"containers": []}, POD_FIELDS, '.spec.containers[name="c"] is ours and not in both'),
        (
            {"containers": [*POD["containers"], {"name": "d"}]},
            DEFAULTED,
            POD_FIELDS,
            ".spec.containers has other items",
        ),
        ({"x": [1]}, {"x": {"a": 1}}, {"f:x": {"f:a": {}}}, ".spec.x has another shape"),
        ({"args": ["a"]}, {"args": ["b"]}, {"f:args": {}}, ".spec.args differs"),
        ({"x": {}}, {"x": {"type": "Recreate"}}, {"f:x": {}}, ".spec.x differs"),
        ({"x": [], **POD}, DEFAULTED, POD_FIELDS, ".spec.x is not ours"),
        ({"x": None, **POD}, DEFAULTED, POD_FIELDS, ".spec.x is not ours"),
        (
            {"finalizers": ["b", "a"]},
            {"finalizers": ["a", "b"]},
            {"f:finalizers": {'v:"a"': {}, 'v:"b"': {}}},
            ".spec.finalizers is in another order",
        ),
        ({"x": [{}]}, {"x": [{}]}, {"f:x": {"i:0": {}}}, ".spec.x[0] is ours and not in both"),
    ],
)
def test_undecided_says_where(spec, live, fields, expected):
    """What is not proven names the field and the reason."""
    assert expected == why(thing(spec), thing(live, entry({"f:spec": fields})))


def test_no_entry_of_ours():
    """Without an entry nothing is known to be ours, unless there is nothing to own."""
    assert why(thing({"a": 1}), thing({"a": 1})) == "no field is known to be ours"
    assert why(thing(None), thing(None)) == ""
    assert why(thing(None), thing(None, entry({}, operation="Update"))) != ""


def test_an_entry_of_another_version_decides_nothing():
    """The server does not convert managedFields to the version in which it is asked."""
    live = thing({"a": 1}, entry({"f:spec": {"f:a": {}}}, apiVersion="apps/v1beta1"))
    assert why(thing({"a": 1}), live) == "last applied as apps/v1beta1"


def test_an_empty_map_that_others_fill_is_unchanged():
    """An empty map of ours merges with what others keep in it."""
    wanted = thing(None, annotations={})
    ours = entry({"f:metadata": {"f:annotations": {}}})
    theirs = entry({"f:metadata": {"f:annotations": {"f:a": {}}}}, manager="other", operation="Update")
    assert why(wanted, thing(None, ours, theirs, annotations={"a": "1"})) == ""
    assert why(thing(None, annotations={"a": "1"}), thing(None, ours, theirs, annotations={"a": "1"})) != ""


def test_entries_on_a_subresource_are_not_ours_to_judge():
    """An Apply to the status under our name is another entry."""
    live = thing({"a": 1}, entry({"f:status": {}}, subresource="status"), entry({"f:spec": {"f:a": {}}}))
    assert (managed.own_entry(live, "kubernator") or {})["fieldsV1"] == {"f:spec": {"f:a": {}}}


@pytest.mark.parametrize("fields", [None, "x", 3, []])
def test_malformed_fields_decide_nothing(fields):
    """An entry that cannot be read proves nothing."""
    assert "cannot be read" in why(thing({"a": 1}), thing({"a": 1}, entry(fields)))


TREE = {"f:spec": {"f:replicas": {}, "f:containers": {C: {".": {}, "f:name": {}, "f:image": {}}}}}


def test_leaves():
    """Every owned leaf has its path; the dot of an item is none."""
    assert list(managed.leaves(TREE)) == [
        ("f:spec", "f:replicas"),
        ("f:spec", "f:containers", C, "f:name"),
        ("f:spec", "f:containers", C, "f:image"),
    ]


def test_subtract_takes_what_becomes_empty():
    """An item without any field left goes with its last field."""
    gone = [("f:spec", "f:containers", C, "f:name"), ("f:spec", "f:containers", C, "f:image")]
    assert managed.subtract(TREE, gone) == {"f:spec": {"f:replicas": {}}}
    assert managed.subtract(TREE, [("f:spec", "f:other")]) == TREE
    assert managed.subtract({"f:a": {"f:b": {}}}, [("f:a", "f:b")]) == {}


def test_union_joins_deeply():
    """Either owner's paths are in the union, and neither tree changes."""
    one = {"f:a": {"f:b": {}}}
    assert managed.union(one, {"f:a": {"f:c": {}}}) == {"f:a": {"f:b": {}, "f:c": {}}}
    for leaf, more in ((one, {"f:a": {"f:b": {"f:c": {}}}}), ({"f:a": {"f:b": {"f:c": {}}}}, one)):
        assert managed.union(leaf, more) == {"f:a": {"f:b": {".": {}, "f:c": {}}}}
    assert one == {"f:a": {"f:b": {}}}


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        (("f:spec", "f:containers", C, "f:image"), ("spec", "containers", 1, "image")),
        (("f:spec", "f:finalizers", 'v:"b"'), ("spec", "finalizers", 1)),
        (("f:spec", "f:list", "i:0"), ("spec", "list", 0)),
        (("f:spec", "f:list", "i:9"), None),
        (("f:spec", "f:missing"), None),
        (("f:spec", "f:containers", 'k:{"name":"z"}'), None),
        (("f:spec", "f:containers", "k:nonsense"), None),
    ],
)
def test_locate(elements, expected):
    """An owned path is found in an object by keys and values, not by position."""
    spec = {"containers": [{"name": "a"}, {"name": "c", "image": "i"}], "finalizers": ["a", "b"], "list": [1]}
    assert expected == managed.locate({"spec": spec}, elements)


def test_render():
    """Paths are written as the server writes them in a conflict."""
    elements = ("f:spec", "f:containers", 'k:{"name":"c","port":80}', "f:args", "v:1")
    assert managed.render(elements) == '.spec.containers[name="c",port=80].args[=1]'
