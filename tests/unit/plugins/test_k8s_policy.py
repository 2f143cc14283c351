"""Who may write which field, and what may be made anew: as scripts and annotations say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.model import serialize
from kubernator.model.diagnostics import Severity
from kubernator.model.resource import Resource

if TYPE_CHECKING:
    from conftest import Project

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n  namespace: web\n"
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  namespace: web
  annotations: {ANNOTATIONS}
spec: {replicas: 3}
"""
SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: scaler, namespace: NAMESPACE}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: app}
  maxReplicas: 5
"""


def config(name: str, **annotations: str) -> str:
    lines = "".join(f"    kubernator.io/{key}: {value}\n" for key, value in annotations.items())
    return CONFIG.replace("NAME", name) + (f"  annotations:\n{lines}" if lines else "")


def told(resource: Resource) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(rule.decision, rule.fields, rule.managers) for rule in resource.policy.conflicts]


def test_rules_hold_where_they_were_added_and_below(project: Project) -> None:
    """A rule is in its scope and for its kinds; the object's own rules come last."""
    project.script('ktor.k8s.add_conflict_rule("take", managers="kubectl-*")').write(
        {
            "top.yaml": config("top"),
            "a/.kubernator.py": """
            import re
            ktor.k8s.add_conflict_rule("leave", fields=[re.compile("/data/x"), "/data/y"], kinds=("ConfigMap",))
            ktor.k8s.add_conflict_rule("refuse", kinds="*.apps")
            """,
            "a/a.yaml": config("a", conflicts="leave /data/z from other"),
            "b/b.yaml": config("b"),
        }
    )
    found = {resource.ref.name: resource for resource in project.resources()}
    take = ("take", (), ("kubectl-*",))
    assert told(found["top"]) == [take]
    assert told(found["b"]) == [take]
    assert told(found["a"]) == [take, ("leave", ("/data/x", "/data/y"), ()), ("leave", ("/data/z",), ("other",))]
    places = [rule.place for rule in found["a"].policy.conflicts]
    assert places[1].startswith("a/.kubernator.py:")
    assert places[2].startswith("a/a.yaml:7:5")
    assert found["a"] == serialize.decode(Resource, serialize.encode(found["a"]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('"keep"', "`keep` is no decision"),
        ('"take", fields="/a("', "no regular expression"),
        ('"take", fields="spec.replicas"', "begins with `/`"),
        ('"take", fields=7', "`fields` is a `int`"),
        ('"take", managers=[""]', "`managers` holds no name"),
        ('"take", kinds=[None]', "`kinds` holds no name"),
        ('"take", kinds=["Secret", "deployment"]', "`deployment`, which is no kind"),
    ],
)
def test_a_rule_that_is_none_raises_at_its_line(project: Project, call: str, message: str) -> None:
    """The error says what is wrong and where."""
    project.script(f"ktor.k8s.add_conflict_rule({call})").write({"a.yaml": config("a")})
    with pytest.raises(errors.KubernatorError) as raised:
        project.resources()
    assert message in str(raised.value)
    assert any(".kubernator.py:" in text for _, text in raised.value.detail)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("conflicts", "keep /data", "line 1: `keep` is no decision"),
        ("conflicts", '"take /a\\nleave b"', "line 2: `b` matches no field"),
        ("conflicts", '""', "line 1: there is no rule"),
        ("replace", "background", "`background` is no way to replace"),
        ("replace", '""', "`` is no way to replace"),
    ],
)
def test_an_annotation_that_is_wrong_is_found(project: Project, name: str, value: str, message: str) -> None:
    """It is an error at the place of the annotation, and the object is not applied without it."""
    project.script("").write({"a.yaml": config("a", **{name: value})}).resources()
    (found,) = project.diagnostics.errors
    assert message in found.message
    assert str(found.origin).startswith("a.yaml:7:5")
    assert found.hint


@pytest.mark.parametrize("value", ["Background", "Foreground", "Orphan", "Never"])
def test_an_object_says_whether_it_may_be_made_anew(project: Project, value: str) -> None:
    """The annotation goes into the policy of the one object."""
    project.script("").write({"a.yaml": config("a", replace=value), "b.yaml": config("b")})
    assert [value, ""] == [found.policy.replace for found in project.resources()]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("conflict", "`kubernator.io/conflicts`"), ("depend-on", "`kubernator.io/depends-on`"), ("x", "known are")],
)
def test_an_unknown_annotation_is_a_warning(project: Project, name: str, hint: str) -> None:
    """A misspelling would pass without effect; the name that may be meant is said."""
    project.script("").write({"a.yaml": config("a", **{name: "v"})}).resources()
    (found,) = project.diagnostics
    assert found.severity is Severity.WARNING
    assert hint in found.hint
    assert str(found.origin).startswith("a.yaml:7:5")


def test_known_annotations_pass(project: Project) -> None:
    """Ours, and those of Kubernator 1."""
    project.script("").write({"a.yaml": config("a", timeout="5m", wait='"false"', project="a.b")}).resources()
    assert list(project.diagnostics) == []


@pytest.mark.parametrize(
    ("workload", "namespace", "script", "warned"),
    [
        pytest.param(WORKLOAD, "web", "", True, id="both say it"),
        pytest.param(WORKLOAD, "other", "", False, id="another namespace"),
        pytest.param(WORKLOAD.replace("replicas: 3", "paused: true"), "web", "", False, id="dropped"),
        pytest.param(
            WORKLOAD.replace("ANNOTATIONS", "kubernator.io/conflicts: leave /spec/replicas"),
            "web",
            "",
            False,
            id="left",
        ),
        pytest.param(WORKLOAD, "web", 'ktor.k8s.add_conflict_rule("leave")', False, id="left by a script"),
        pytest.param(WORKLOAD, "web", 'ktor.k8s.add_conflict_rule("take")', True, id="taken"),
        pytest.param(WORKLOAD, "web", 'ktor.k8s.patch_field_excludes += ("^/spec/replicas",)', False, id="ignored"),
    ],
)
def test_replicas_beside_an_autoscaler(
    project: Project, *, workload: str, namespace: str, script: str, warned: bool
) -> None:
    """Both would set one number; the warning stands at the manifest's and says how to decide."""
    workload = workload.replace("{ANNOTATIONS}", "{}").replace("ANNOTATIONS", "")
    project.script(script).write({"a.yaml": workload, "b.yaml": SCALER.replace("NAMESPACE", namespace)}).resources()
    found = [one for one in project.diagnostics if one.code == "replicas"]
    assert warned is bool(found)
    for one in found:
        assert one.severity is Severity.WARNING
        assert str(one.origin).startswith("a.yaml:7:8")
        assert "b.yaml:" in dict(one.detail)["scaled by"]
        assert "leave /spec/replicas" in one.hint
