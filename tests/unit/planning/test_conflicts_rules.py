"""Rules about the fields of others: how they are written, how they match, what they decide."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator.model.change import FieldConflict
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.resource import ConflictRule
from kubernator.planning import canonical, conflicts, fields, strangers

VALUES = canonical.Rules(GroupVersionKind("apps", "v1", "Deployment"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("take", [("take", (), ())]),
        ("take /spec/replicas", [("take", ("/spec/replicas",), ())]),
        ("leave from hpa", [("leave", (), ("hpa",))]),
        (
            "leave /metadata/annotations from cert-manager kubectl-*",
            [("leave", ("/metadata/annotations",), ("cert-manager", "kubectl-*"))],
        ),
        ('refuse from "two words"', [("refuse", (), ("two words",))]),
        ("take /a, leave /b", [("take", ("/a",), ()), ("leave", ("/b",), ())]),
        ("take /a,\nleave /b\n\n# a comment\n", [("take", ("/a",), ()), ("leave", ("/b",), ())]),
        ("take /spec/ports/port=80,protocol=TCP", [("take", ("/spec/ports/port=80,protocol=TCP",), ())]),
        ("take ^/a{1,2}$", [("take", ("^/a{1,2}$",), ())]),
    ],
)
def test_parse(text: str, expected: list[tuple[Any, ...]]) -> None:
    """A rule stands on a line or after a comma; commas inside a pattern do not end it."""
    found = conflicts.parse(text, place="here")
    assert expected == [(rule.decision, rule.fields, rule.managers) for rule in found]
    assert {"here"} == {rule.place for rule in found}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "line 1: there is no rule"),
        ("# only this", "line 1: there is no rule"),
        ("keep /spec", "line 1: `keep` is no decision"),
        ("take /a\nleav /b", "line 2: `leav` is no decision"),
        ("take /a /b", "line 1: `/b` is one word too many"),
        ("take /a from", "line 1: after `from`"),
        ('take /a from "x', 'line 1: the quote of `"x` is not closed'),
        ("take /a(", "line 1: `/a(` is no regular expression"),
        ("take spec.replicas", "line 1: `spec.replicas` matches no field: a field begins with `/`"),
    ],
)
def test_parse_says_the_line(text: str, expected: str) -> None:
    """What is no rule is said with the number of its line."""
    with pytest.raises(ValueError, match="line") as raised:
        conflicts.parse(text)
    assert str(raised.value).startswith(expected)


ROOT: dict[str, Any] = {
    "metadata": {"annotations": {"a.b/c": "1"}, "finalizers": ["x/y"]},
    "spec": {"containers": [{"name": "web", "ports": [{"containerPort": 80}]}], "plain": [[1]]},
}


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/spec/containers/0", ("spec", "containers", 0, "name"), True),
        ("/spec/containers/name=web", ("spec", "containers", 0, "name"), True),
        ("/spec/containers/name=we$", ("spec", "containers", 0, "name"), False),
        ("/spec/containers/name=web/ports/containerPort=80", ("spec", "containers", 0, "ports", 0), True),
        ("/spec/containers/0/ports/containerPort=80,protocol=TCP", ("spec", "containers", 0, "ports", 0), True),
        ("/spec/containers/name=web/ports/0", ("spec", "containers", 0, "ports", 0, "containerPort"), True),
        ("/metadata/annotations/a.b/c$", ("metadata", "annotations", "a.b/c"), True),
        ("/metadata/annotations/a.b~1c$", ("metadata", "annotations", "a.b/c"), True),
        ("/metadata/finalizers/=x~1y", ("metadata", "finalizers", 0), True),
        ("/spec/plain/0/0", ("spec", "plain", 0, 0), True),
        ("/spec$", ("spec", "containers"), True),
        ("spec", ("spec",), False),
        ("/other", ("spec",), False),
    ],
)
def test_patterns(pattern: str, path: tuple[Any, ...], *, expected: bool) -> None:
    """A pattern holds for a field and all below; items go by position or by what tells them apart."""
    assert expected is fields.Patterns([pattern]).match(path, ROOT)


def rules(*texts: str) -> conflicts.Rules:
    return conflicts.Rules(conflicts.parse("\n".join(texts), place="r") if texts else ())


def live_of(**managers: dict[str, Any]) -> dict[str, Any]:
    entries = [{"manager": name, "operation": "Apply", "fieldsV1": owned} for name, owned in managers.items()]
    return {"metadata": {"name": "x", "managedFields": entries}, "data": {"a": "1", "b": "1"}}


OWNED = {"f:data": {"f:a": {}, "f:b": {}}}
A, B = FieldConflict(field=".data.a", manager="one"), FieldConflict(field=".data.a", manager="two")


@pytest.mark.parametrize(
    ("said", "force", "expected"),
    [
        ([], False, "refused refused"),
        ([], True, "taken taken"),
        (["take"], False, "taken taken"),
        (["take from one"], False, "taken refused"),
        (["leave from one"], False, "left left"),
        (["leave from one"], True, "left left"),
        (["leave from one", "refuse from two"], True, "refused refused"),
        (["refuse", "take /data/a"], False, "taken taken"),
        (["take /data/a", "refuse"], True, "refused refused"),
        (["take /data/b"], False, "refused refused"),
    ],
)
def test_decide(said: list[str], expected: str, *, force: bool) -> None:
    """The last rule counts; of several owners of a field, a refusal goes before leaving it, that before taking it."""
    decided = rules(*said).decide([A, B], live_of(one=OWNED, two=OWNED), force=force)
    found = {conflict.manager: name for name in decided._fields for conflict in getattr(decided, name)}
    assert expected == f"{found['one']} {found['two']}"


ITEM = 'k:{"name":"web"}'


@pytest.mark.parametrize(
    ("said", "owned", "spec", "expected"),
    [
        pytest.param("leave /spec/x", {"f:x": {}}, {"x": 1, "y": 1}, {"y": 1}, id="a field"),
        pytest.param("leave /spec/x", {"f:x": {}}, {"x": 1}, None, id="the only field"),
        pytest.param("leave", {"f:z": {}}, {"x": 1}, {"x": 1}, id="a field that we do not say"),
        pytest.param(
            "leave /spec/list/name=web/image",
            {"f:list": {ITEM: {".": {}, "f:name": {}, "f:image": {}}}},
            {"list": [{"name": "web", "image": "i", "args": ["a"]}]},
            {"list": [{"name": "web", "args": ["a"]}]},
            id="a field in an item",
        ),
        pytest.param(
            "leave /spec/list",
            {"f:list": {ITEM: {".": {}, "f:name": {}, "f:image": {}}}},
            {"list": [{"name": "web", "image": "i"}], "x": 1},
            {"x": 1},
            id="all of the only item",
        ),
        pytest.param(
            "leave /spec/list/0",
            {"f:list": {ITEM: {".": {}, "f:name": {}, "f:image": {}}}},
            {"list": [{"name": "web", "image": "i"}, {"name": "db", "image": "i"}]},
            {"list": [{"name": "db", "image": "i"}]},
            id="all of an item",
        ),
        pytest.param("leave /spec/args", {"f:args": {}}, {"args": ["a", "b"], "x": 1}, {"x": 1}, id="an atomic list"),
    ],
)
def test_leave(said: str, owned: dict[str, Any], spec: dict[str, Any], expected: dict[str, Any] | None) -> None:
    """What is left is not sent; an item of which only its name would remain goes as a whole."""
    wanted = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "spec": spec}
    live = {**live_of(other={"f:spec": owned}), "spec": {"x": 2, "args": ["c"], "list": spec.get("list", [])}}
    others = live["metadata"]["managedFields"]
    result, _ = rules(said).leave(wanted, live, others=others, values=VALUES)
    assert expected == result.get("spec")
    assert spec == wanted["spec"]


def test_leave_names_only_what_differs() -> None:
    """The plan tells of fields where the manifest says something else."""
    wanted = {"data": {"a": "2", "b": "1"}}
    live = live_of(other=OWNED)
    result, differ = rules("leave").leave(wanted, live, others=live["metadata"]["managedFields"], values=VALUES)
    assert result == {}
    assert [(found.field, found.manager, found.rule) for found in differ] == [(".data.a", "other", "r")]


def test_an_empty_value_that_both_say_is_no_conflict() -> None:
    """The server does not keep it, so there is nothing to take."""
    conflict = FieldConflict(field=".spec.x", manager="other")
    assert conflicts.is_idle(conflict, {"spec": {"x": {}}}, {"spec": {}})
    assert not conflicts.is_idle(conflict, {"spec": {"x": {}}}, {"spec": {"x": {"y": 1}}})
    assert not conflicts.is_idle(conflict, {"spec": {"x": 1}}, {"spec": {}})
    live = {"metadata": {"managedFields": []}, "spec": {}}
    others = [{"manager": "other", "fieldsV1": {"f:spec": {"f:x": {}, "f:y": {}}}}]
    assert conflicts.without_idle({"spec": {"x": {}, "y": 1}}, live, others) == {"spec": {"y": 1}}


def test_what_cannot_be_left_is_refused() -> None:
    """A field named as another version calls it is not in the manifest, so nobody knows what to leave out."""
    decided = conflicts.Decided(left=(A, FieldConflict(field=".spec.old", manager="one", rule="r")))
    placed = decided.placed_in({"data": {"a": 1}})
    assert placed.left == (A,)
    assert [(found.field, found.rule) for found in placed.refused] == [(".spec.old", "")]


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("kustomize-controller", "Flux"),
        ("argocd-application-controller", "Argo CD"),
        ("kubectl", "`kubectl scale`, or `apply --server-side`"),
        ("kubectl-edit", "somebody by hand"),
        ("nobody-knows", None),
    ],
)
def test_known_managers(manager: str, expected: str | None) -> None:
    """Tools are known by the names under which they write."""
    found = strangers.known(manager)
    assert expected == (found.what if found else None)


def test_advice_says_each_thing_once() -> None:
    """Two managers of one tool need one word."""
    assert strangers.advice(["cert-manager-x", "cainjector", "who"]).count("cert-manager") == 1
    assert not strangers.advice(["who"])


def test_rules_of_scripts_and_annotations_look_the_same() -> None:
    """Both are data that can be written to a saved plan."""
    (rule,) = conflicts.parse("take /a from b", place="r")
    assert ConflictRule(decision="take", fields=("/a",), managers=("b",), place="r") == rule


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("spec", "containers", 0, "name"), "/spec/containers/name=web/name"),
        (("metadata", "annotations", "a.b/c"), "/metadata/annotations/a.b/c"),
        (("spec", "containers", 0, "ports", 0), "/spec/containers/name=web/ports/containerPort=80"),
        (("spec", "none"), "/spec/none"),
    ],
)
def test_readable(path: tuple[Any, ...], expected: str) -> None:
    """A hint names a field as a person would, and the pattern matches that field."""
    assert expected == fields.readable(path, ROOT)
    assert fields.Patterns([expected]).match(path, ROOT)
