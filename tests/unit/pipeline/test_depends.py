"""What a manifest itself says it comes after."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.model.sourcemap import SourceMap
from kubernator.pipeline import depends

OURS = "kubernator.io/depends-on"
THEIRS = "config.kubernetes.io/depends-on"


def resource(api: str, kind: str, name: str, namespace: str = "n", annotations: Any = None) -> Resource:
    gvk = GroupVersionKind.of(api, kind)
    places = {("metadata", "annotations", key): (9, 5) for key in annotations or {}}
    return Resource(
        manifest={"metadata": {"annotations": annotations}},
        ref=ResourceRef(gvk.group, kind, namespace, name),
        gvk=gvk,
        origin=Origin(path=PurePath("app.yaml"), line=3),
        source_map=SourceMap(places),
    )


TREE = [
    resource("v1", "Secret", "db"),
    resource("v1", "Secret", "db", "other"),
    resource("apps/v1", "Deployment", "db"),
    resource("v1", "Service", "db"),
    resource("serving.x.io/v1", "Service", "db"),
    resource("serving.x.io/v1", "Service", "only"),
    resource("scheduling.k8s.io/v1", "PriorityClass", "high", ""),
    resource("x.io/v1", "Thing", "t", ""),
    resource("y.io/v1", "Thing", "t", ""),
    resource("v1", "ConfigMap", "far", "other"),
]


def stated(text: Any, *, name: str = OURS, namespace: str = "n") -> tuple[list[str], list[Any]]:
    found, findings = depends.stated([*TREE, resource("v1", "Pod", "p", namespace, {name: text})])
    return [str(one.target) for one in found], findings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Secret/db", ["Secret n/db"]),
        ("Secret/other/db", ["Secret other/db"]),
        ("Deployment/db", ["Deployment.apps n/db"]),
        ("Deployment.apps/db", ["Deployment.apps n/db"]),
        ("Deployment.apps/n/db", ["Deployment.apps n/db"]),
        ("Service/db", ["Service n/db"]),
        ("Service.serving.x.io/db", ["Service.serving.x.io n/db"]),
        ("Service/only", ["Service.serving.x.io n/only"]),
        ("PriorityClass/high", ["PriorityClass.scheduling.k8s.io high"]),
        ("scheduling.k8s.io/PriorityClass/high", ["PriorityClass.scheduling.k8s.io high"]),
        ("apps/namespaces/n/Deployment/db", ["Deployment.apps n/db"]),
        ("/namespaces/other/Secret/db", ["Secret other/db"]),
        ("Secret/db, Deployment/db", ["Secret n/db", "Deployment.apps n/db"]),
        ("\n  Secret/db\n  Deployment/db\n", ["Secret n/db", "Deployment.apps n/db"]),
        (" , ", []),
        ("", []),
    ],
)
@pytest.mark.parametrize("name", [OURS, THEIRS])
def test_how_targets_are_written(text, expected, name):
    """Short, with group or namespace, or in the way of cli-utils; several by commas or lines; under both names."""
    assert (expected, []) == stated(text, name=name)


def test_a_statement_is_waited_for():
    """The reference is the strongest there is, to be current, and has the field that says so."""
    ((one,), _) = depends.stated([*TREE, resource("v1", "Pod", "p", annotations={OURS: "Secret/db"})])
    assert (one.stated, one.wait, one.path) == (True, True, ("metadata", "annotations", OURS))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("Secret/bd", "`Secret/bd` is not in the tree, and cannot be depended on", "did you mean `Secret/db`"),
        ("Deploymnt/db", "`Deploymnt/db` is not in the tree", "`Deployment.apps/db`"),
        ("ConfigMap/far", "`ConfigMap/far` is not in the tree", "did you mean `ConfigMap/other/far`"),
        ("Deployment.x.io/db", "`Deployment.x.io/db` is not in the tree", "`Deployment.apps/db`"),
        ("Zebra/unlike-anything", "`Zebra/unlike-anything` is not in the tree", "only what is in this tree"),
        ("Pod/p", "`Pod/p` is the object itself", "leave it out"),
        ("Thing/t", "`Thing/t` may be several objects", "write `Thing.x.io/t` or `Thing.y.io/t`"),
        ("db", "`db` names no object", "write `Kind/name`"),
        ("a/b/c/d", "`a/b/c/d` names no object", "write `Kind/name`"),
        ("Secret/", "`Secret/` names no object", "write `Kind/name`"),
        ("apps/spaces/n/Deployment/db", "`apps/spaces/n/Deployment/db` names no object", "write `Kind/name`"),
        (3, f"`{OURS}` is no text", "write `Kind/name`"),
        (None, f"`{OURS}` is no text", "write `Kind/name`"),
    ],
)
def test_what_is_wrong_with_a_target(text, message, hint):
    """The finding is at the line of the annotation and says what may be meant."""
    targets, (finding,) = stated(text)
    assert targets == []
    assert message in finding.message
    assert hint in finding.hint
    assert str(finding.origin) == "app.yaml:9:5"


@pytest.mark.parametrize("annotations", [None, [], "x", {"other": "Secret/none"}])
def test_others_say_nothing(annotations):
    """Without the annotation there is nothing, whatever stands in its place."""
    tree = [resource("v1", "Pod", "p", annotations=annotations if isinstance(annotations, dict) else None)]
    tree[0].manifest["metadata"]["annotations"] = annotations
    assert depends.stated(tree) == ([], [])
