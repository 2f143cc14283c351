"""A plan as it is read: by people and by programs."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.model.change import Change, ChangeKind, FieldConflict, PatchOp, PluginChange
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.plan import Phase, Plan
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import ORPHAN, Resource, Touch
from kubernator.model.sourcemap import SourceMap
from kubernator.planning import diff as patches
from kubernator.report import difference_data, difference_text, reading

if TYPE_CHECKING:
    from kubernator.redaction import Secrets

ORIGIN = Origin(path=PurePosixPath("web/app.yaml"), line=3, document=1, maker="chart web 1.4.2")
SCALED = {
    "manager": "hpa",
    "operation": "Update",
    "subresource": "scale",
    "time": "2026-01-02T03:04:05Z",
    "apiVersion": "apps/v1",
    "fieldsV1": {"f:spec": {"f:replicas": {}}},
}
OURS = {
    "manager": "kubernator",
    "operation": "Apply",
    "apiVersion": "apps/v1",
    "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:replicas": {}, "f:paused": {}}},
}


def deployment(*managers: dict[str, Any], labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """Return a Deployment; with managers as the server has it."""
    live = {"uid": "u", "managedFields": list(managers)} if managers else {}
    metadata = {"name": "web", "namespace": "a", **({"labels": labels} if labels else {}), **live}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def changed(
    live: dict[str, Any] | None,
    after: dict[str, Any] | None,
    *,
    desired: dict[str, Any] | None = None,
    kind: ChangeKind = ChangeKind.UPDATE,
    touched: str = "",
    **more: Any,
) -> Change:
    """Return a change between two states, every field of the manifest written in a line of its own."""
    wanted = desired or after or live or {}
    places = {path: (10 + number, 1) for number, path in enumerate(_paths(wanted, ()))}
    resource = Resource(
        manifest=wanted,
        ref=ResourceRef.of(wanted),
        gvk=GroupVersionKind.of(wanted["apiVersion"], wanted["kind"]),
        origin=ORIGIN,
        source_map=SourceMap(places),
        touched_by=(Touch(who=touched, origin=ORIGIN),) if touched else (),
    )
    ops = patches.patch(live, after) if live is not None and after is not None else ()
    return Change(
        kind=kind,
        ref=resource.ref,
        gvk=resource.gvk,
        origin=ORIGIN,
        resource=resource,
        desired=wanted,
        live=live,
        predicted=after,
        patch=tuple(op for op in ops if not op.path.startswith("/metadata/managedFields")),
        **more,
    )


def _paths(value: Any, path: tuple[str | int, ...]) -> Any:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if key not in {"managedFields", "uid"}:
            yield from _paths(item, (*path, key))


def planned(*changes: Change, **more: Any) -> Plan:
    """Return a plan of one phase."""
    return Plan(phases=(Phase(name="web", changes=changes),), **more)


def text(secrets: Secrets, *changes: Change, **options: Any) -> list[str]:
    """Return the lines of the text."""
    return difference_text.render(reading.of(planned(*changes), secrets), **options).splitlines()


def data(secrets: Secrets, *changes: Change, **options: Any) -> Any:
    """Return what a program reads, once through JSON."""
    found: Any = json.loads(json.dumps(difference_data.data(reading.of(planned(*changes), secrets), **options)))
    return found


def secret(name: str = "s", *, key: str = "data", **values: str) -> dict[str, Any]:
    """Return a Secret."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "a", "uid": "u"}, key: values}


UPDATED = changed(
    deployment(OURS, SCALED, labels={"a": "1"}, replicas=5, paused=True, minReadySeconds=1),
    deployment(OURS, SCALED, labels={"a": "2"}, replicas=3, minReadySeconds=0),
    desired=deployment(labels={"a": "2"}, replicas=3),
    touched="quiet",
    conflicts=(FieldConflict(field=".spec.replicas", manager="hpa", rule=".kubernator.py:3:1"),),
    force=True,
)


def test_an_update_is_shown_field_by_field(secrets: Secrets) -> None:
    """Old and new, where the new value was written, and whose the field is when it is not ours alone."""
    assert text(secrets, UPDATED) == [
        "OPERATION  KIND        NAME   WHY",
        "update     Deployment  a/web  4 fields: metadata.labels.a, spec.minReadySeconds, …",
        "",
        "apps/v1 Deployment a/web  update   web/app.yaml:3:1, document 1, chart web 1.4.2, changed by quiet",
        '  ~ metadata.labels.a: "1" → "2"  (line 17 or by quiet)',
        "  ~ spec.minReadySeconds: 1 → 0  (set by the server)",
        "  - spec.paused: true",
        (
            "  ~ spec.replicas: 5 → 3  (line 19 or by quiet; taken from `hpa` (Update of scale) since "
            "2026-01-02T03:04:05Z, by the rule at .kubernator.py:3:1)"
        ),
        "",
        "to update 1",
    ]


def test_the_data_of_an_update_is_that_of_the_text(secrets: Secrets) -> None:
    """The same fields, nothing shortened."""
    assert data(secrets, UPDATED) == {
        "format": "kubernator/diff/v1",
        "fieldManager": "kubernator",
        "empty": False,
        "counts": {"create": 0, "update": 1, "replace": 0, "delete": 0, "unchanged": 0, "refused": 0},
        "requests": {},
        "plugins": [],
        "objects": [
            {
                "operation": "update",
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "namespace": "a",
                "name": "web",
                "phase": "web",
                "origin": ["web/app.yaml:3:1, document 1, chart web 1.4.2"],
                "changedBy": ["quiet, web/app.yaml:3"],
                "fields": [
                    {
                        "op": "changed",
                        "path": "metadata.labels.a",
                        "old": "1",
                        "new": "2",
                        "source": {**_source(17), "changedBy": ["quiet"]},
                    },
                    {"op": "changed", "path": "spec.minReadySeconds", "old": 1, "new": 0},
                    {"op": "removed", "path": "spec.paused", "old": True},
                    {
                        "op": "changed",
                        "path": "spec.replicas",
                        "old": 5,
                        "new": 3,
                        "owners": [
                            {
                                "manager": "hpa",
                                "operation": "Update",
                                "subresource": "scale",
                                "since": "2026-01-02T03:04:05Z",
                            }
                        ],
                        "ours": True,
                        "taken": True,
                        "rule": ".kubernator.py:3:1",
                        "source": {**_source(19), "changedBy": ["quiet"]},
                    },
                ],
            }
        ],
    }


def _source(line: int) -> dict[str, Any]:
    return {
        "at": f"web/app.yaml:{line}:1, document 1, chart web 1.4.2",
        "file": "web/app.yaml",
        "line": line,
        "column": 1,
        "exact": True,
    }


def test_what_a_transformer_added_is_its(secrets: Secrets) -> None:
    """No line of the file has it."""
    change = changed(deployment(OURS), deployment(OURS, paused=True), desired=deployment(), touched="quiet")
    change.resource.manifest["spec"]["paused"] = True  # type: ignore[union-attr]
    assert "  + spec.paused: true  (by quiet)" in text(secrets, change)
    assert data(secrets, change)["objects"][0]["fields"][0]["source"]["changedBy"] == ["quiet"]


def test_a_value_that_falls_back_to_its_default_says_so(secrets: Secrets) -> None:
    """It was ours and is not in the manifest any more."""
    change = changed(deployment(OURS, replicas=5), deployment(OURS, replicas=1), desired=deployment())
    assert "  ~ spec.replicas: 5 → 1  (no longer written, so the server's default)" in text(secrets, change)


def test_what_the_server_completes_is_counted(secrets: Secrets) -> None:
    """Of a new item the written part is shown; all of it with `--full`, and in the data."""
    written = {"name": "c", "image": "x"}
    change = changed(
        deployment(OURS, containers=[]),
        deployment(OURS, containers=[{**written, "pull": "Always", "resources": {}}]),
        desired=deployment(containers=[written]),
    )
    expected = '  + spec.containers[c]: {"image": "x", "name": "c"}  and 2 fields the server sets  (line 18)'
    assert expected in text(secrets, change)
    assert '{"image": "x", "name": "c", "pull": "Always", "resources": {}}' in "\n".join(
        text(secrets, change, full=True)
    )
    (field,) = data(secrets, change)["objects"][0]["fields"]
    assert (field["new"], field["written"]) == ({**written, "pull": "Always", "resources": {}}, written)


def test_a_create_is_a_line_until_all_of_it_is_asked_for(secrets: Secrets) -> None:
    """The number of fields does not count what names the object; text in it keeps its lines."""
    manifest = {**deployment(labels={"a": "x"}), "data": {"t": "one\ntwo\n", "n": "1", "e": {}, "l": ["a", {"b": "c"}]}}
    change = changed(None, None, desired=manifest, kind=ChangeKind.CREATE, deferred=True, reason="`a` is made first")
    row = "create     Deployment  a/web  7 fields, web/app.yaml:3, chart web 1.4.2 (predicted: `a` is made first)"
    assert text(secrets, change) == ["OPERATION  KIND        NAME   WHY", row, "", "to create 1"]
    lines = text(secrets, change, full=True)
    assert lines[3:5] == [
        "apps/v1 Deployment a/web  create   web/app.yaml:3:1, document 1, chart web 1.4.2",
        "  (predicted: `a` is made first)",
    ]
    expected = ["+ data:", "+   e: {}", "+   l:", "+   - a", "+   - b: c", '+   "n": "1"', "+   t: |", "+     one"]
    assert [f"  {line}" for line in expected] == lines[6:14]
    assert data(secrets, change)["objects"][0]["manifest"] == manifest
    assert data(secrets, change)["objects"][0]["predicted"] == "`a` is made first"


def test_a_replacement_says_how_the_old_object_goes_and_what_is_lost(secrets: Secrets) -> None:
    """In words, with the server's reason; and what others have written is not in the new object."""
    other = {
        "manager": "kubectl",
        "operation": "Update",
        "fieldsV1": {"f:metadata": {"f:labels": {"f:theirs": {}}}},
    }
    change = changed(
        deployment(OURS, other, labels={"theirs": "1"}, selector="a"),
        deployment(OURS, other, labels={"theirs": "1"}, selector="b"),
        desired=deployment(selector="b"),
        kind=ChangeKind.REPLACE,
        propagation=ORPHAN,
        reason='Deployment.apps "web" is invalid: spec.selector: Invalid value: "b": field is immutable',
        detail=(("field", "`spec.selector` at web/app.yaml:9: field is immutable"), ("lost", "its address")),
    )
    assert text(secrets, change)[3:] == [
        "apps/v1 Deployment a/web  replace   web/app.yaml:3:1, document 1, chart web 1.4.2",
        "  ! deleted without what it owns, which stays, then created anew, since these fields cannot change:",
        "    `spec.selector` at web/app.yaml:9: field is immutable",
        "    lost: its address",
        '  - metadata.labels.theirs: "1"  (owned by `kubectl` (Update))',
        '  ~ spec.selector: "a" → "b"  (line 17)',
        "",
        "to replace 1",
    ]
    assert data(secrets, change)["objects"][0]["propagationPolicy"] == "Orphan"


def test_a_conflict_names_the_owner_and_both_values(secrets: Secrets) -> None:
    """The place of ours too; how to go on is said once."""
    change = changed(
        deployment(OURS, SCALED, replicas=5),
        None,
        desired=deployment(replicas=3),
        kind=ChangeKind.REFUSED,
        reason="a field of this object belongs to `hpa`",
        detail=(("conflict", "said already"),),
        hint="leave it",
        conflicts=(FieldConflict(field=".spec.replicas", manager="hpa", time=SCALED["time"]),),
    )
    assert text(secrets, change) == [
        "OPERATION  KIND        NAME   WHY",
        "refused    Deployment  a/web  1 field belongs to `hpa`",
        "",
        "apps/v1 Deployment a/web  refused   web/app.yaml:3:1, document 1, chart web 1.4.2",
        "  ! refused: a field of this object belongs to `hpa`",
        "    hint: leave it",
        "  ! spec.replicas: stays 5, not 3 (line 17); it belongs to `hpa` (Update of scale) since 2026-01-02T03:04:05Z",
        "",
        "refused 1",
    ]
    (conflict,) = data(secrets, change)["objects"][0]["conflicts"]
    assert (conflict["path"], conflict["theirs"], conflict["ours"]) == ("spec.replicas", 5, 3)
    assert conflict["owner"]["subresource"] == "scale"


def test_an_unknown_conflict_is_shown_as_the_server_names_it(secrets: Secrets) -> None:
    """No entry of managedFields has the field."""
    change = changed(
        deployment(OURS),
        None,
        desired=deployment(),
        kind=ChangeKind.REFUSED,
        conflicts=(FieldConflict(field=".spec.gone", manager="hpa", time="t"),),
    )
    assert "  ! spec.gone: stays as it is; it belongs to `hpa` since t" in text(secrets, change)


def test_what_is_taken_over_given_up_and_left_is_said(secrets: Secrets) -> None:
    """Fields change hands, or do not, without a change of their value."""
    change = changed(
        deployment(OURS, SCALED, replicas=5, paused=False),
        deployment(OURS, SCALED, replicas=5, paused=True),
        desired=deployment(paused=True, replicas=3),
        take_over=("helm (Update)",),
        release=(".spec.paused", ".spec.nowhere"),
        left=(FieldConflict(field=".spec.replicas", manager="hpa", time=SCALED["time"], rule="a.py:1:1"),),
    )
    assert text(secrets, change)[4:8] == [
        "  takes over the fields of `helm (Update)`",
        "  gives up spec.paused, which keeps its value false",
        "  gives up spec.nowhere, which keeps its value",
        (
            "  = spec.replicas: stays 5, not 3 (line 18); it belongs to `hpa` (Update of scale) since "
            "2026-01-02T03:04:05Z, by the rule at a.py:1:1"
        ),
    ]
    entry = data(secrets, change)["objects"][0]
    assert (entry["takesOver"], entry["givesUp"][0]) == (["helm (Update)"], {"path": "spec.paused", "value": False})
    assert entry["left"][0]["rule"] == "a.py:1:1"


def test_what_others_keep_of_an_unchanged_object_is_said(secrets: Secrets) -> None:
    """In one line, and with `--all` with values and owners."""
    live = deployment(OURS, SCALED, replicas=5)
    kept = FieldConflict(field=".spec.replicas", manager="hpa", time=SCALED["time"], rule="a.py:1:1")
    change = changed(live, live, desired=deployment(replicas=3), kind=ChangeKind.UNCHANGED, left=(kept,))
    assert text(secrets, change) == [
        "1 field stays as others have it; `--all` lists it",
        "",
        "nothing changes: 1 object is as written or left to others",
    ]
    shown = text(secrets, change, everything=True)
    assert shown[0].startswith("OPERATION")
    assert shown[3].startswith("apps/v1 Deployment a/web  unchanged")
    assert shown[4].startswith("  = spec.replicas: stays 5, not 3 (line 17); it belongs to `hpa` (Update of scale)")
    assert shown[5:] == ["", "nothing changes: 1 object is as written or left to others"]


@pytest.mark.parametrize("field", [".spec.tolerations", ".spec", ".spec.replicas"])
def test_what_is_taken_as_a_whole_is_taken_in_every_part(secrets: Secrets, field: str) -> None:
    """A field inside of what others own as a whole is taken from them; one beside it is not."""
    whole = {"f:spec": {"f:tolerations": {}, "f:replicas": {}}}
    other = {**SCALED, "subresource": "", "fieldsV1": {"f:spec": {}} if field == ".spec" else whole}
    change = changed(
        deployment(other, replicas=1, tolerations=[{"key": "a", "value": "x"}]),
        deployment(other, replicas=2, tolerations=[{"key": "a", "value": "y"}]),
        conflicts=(FieldConflict(field=field, manager="hpa"),),
        force=True,
    )
    fields = data(secrets, change)["objects"][0]["fields"]
    assert {each["path"].partition("[")[0] for each in fields} == {"spec.replicas", "spec.tolerations"}
    for each in fields:
        assert each["taken"] is (field == ".spec" or each["path"].startswith(field.removeprefix(".")))


def test_merge_instructions_are_an_operation_of_their_own(secrets: Secrets) -> None:
    """What the apply does, then what is taken away from others."""
    live = deployment(OURS, tolerations=[{"key": "a"}, {"key": "b"}])
    after = deployment(OURS, tolerations=[{"key": "b"}], paused=True)
    change = changed(
        live,
        after,
        desired=deployment(paused=True),
        instructions=(PatchOp(op="remove", path="/spec/tolerations/0", old={"key": "a"}),),
    )
    assert text(secrets, change)[4:7] == [
        "  + spec.paused: true  (line 17)",
        "  then, by merge instructions:",
        '  - spec.tolerations[key=a]: {"key": "a"}',
    ]
    (field,) = data(secrets, change)["objects"][0]["instructions"]
    assert field["path"] == "spec.tolerations[key=a]"


def test_objects_of_which_only_owners_change_are_folded(secrets: Secrets) -> None:
    """Into one line, never out of sight; `--all` lists them, and what stays as it is."""
    owned = changed(deployment(OURS), deployment(OURS), reason="the values stay, their ownership becomes ours")
    taken = changed(deployment(OURS), deployment(OURS), take_over=("helm (Update)",))
    same = changed(deployment(OURS), deployment(OURS), kind=ChangeKind.UNCHANGED)
    assert text(secrets, owned, taken, same) == [
        "2 objects differ only in who owns their fields (taken over from `helm (Update)`); `--all` lists them",
        "",
        "to update 2, unchanged 1",
    ]
    rows = text(secrets, owned, taken, same, everything=True)[1:4]
    assert [row.split("a/web", 1)[1].strip() for row in rows] == [
        "the values stay, their ownership becomes ours",
        "taken over from `helm (Update)`",
        "",
    ]
    assert [entry.get("onlyOwners") for entry in data(secrets, owned, same)["objects"]] == [True]
    assert [entry["operation"] for entry in data(secrets, owned, same, everything=True)["objects"]] == [
        "update",
        "unchanged",
    ]


def test_nothing_is_said_to_be_nothing(secrets: Secrets) -> None:
    """With the number of what was looked at, and what that cost."""
    same = changed(deployment(OURS), deployment(OURS), kind=ChangeKind.UNCHANGED)
    found = reading.of(planned(same, requests={"list": 1, "apply": 0}), secrets)
    assert difference_text.render(found) == "nothing changes: 1 object is as written\nrequests: list 1\n"
    assert difference_data.data(found)["empty"] is True


def test_a_long_comparison_is_folded(secrets: Secrets) -> None:
    """Of what changes inside of a long text, or list, so much is shown that one sees what it is; all with `--full`."""
    old, new = ("\n".join(f"{word} {number}" for number in range(500)) for word in ("old", "new"))
    before, after = ({**deployment(OURS), "data": {"a": text}} for text in (old, new))
    short, long = (text(secrets, changed(before, after), full=full) for full in (False, True))
    assert any("901 more lines, `--full` shows them" in line or "902 more lines" in line for line in short)
    assert len(short) < 120
    assert sum("new " in line for line in long) == 500


def test_plugins_have_their_place_in_the_order(secrets: Secrets) -> None:
    """Before or after the objects; what they do is masked and folded."""
    secrets.add("hunter2hunter2")
    works = (
        PluginChange(plugin="kops", title="update the cluster", detail={"k": "hunter2hunter2"}, phase="before"),
        PluginChange(plugin="istio", title="install", detail=[str(number) for number in range(30)]),
    )
    found = reading.of(planned(UPDATED, plugin_changes=works), secrets)
    lines = difference_text.render(found).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["plugin", "update", "plugin"]
    assert lines[5:8] == ["kops: update the cluster", "  k: <secret 1>", ""]
    assert "  … 11 more lines, `--full` shows them" in lines
    assert [work["phase"] for work in difference_data.data(found)["plugins"]] == ["before", "after"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("YQ==", "Yg==", "  ~ data.p: <secret 1> → <secret 2>"),
        ("aHVudGVyMmh1bnRlcjI=", "Yg==", "  ~ data.p: <secret 1> → <secret 2>"),
    ],
)
def test_a_changed_secret_shows_that_and_nothing_else(secrets: Secrets, old: str, new: str, expected: str) -> None:
    """Short ones by their place; what the server keeps encoded was written as plain text."""
    change = changed(secret(p=old), secret(p=new), desired=secret(key="stringData", p="b"))
    shown = "\n".join(text(secrets, change))
    assert f"{expected}  (line 17)" in shown
    assert not [value for value in ("hunter2", old, new, '"b"') if value in shown]
    assert data(secrets, change)["objects"][0]["fields"][0]["new"] == "<secret 2>"


def test_a_known_secret_is_masked_wherever_it_is(secrets: Secrets) -> None:
    """In a line of a text, in a key, in an annotation of a Secret that holds a copy of it, in what the server says."""
    secrets.add("hunter2hunter2")
    live = deployment(OURS, text="a\nold\n")
    change = changed(
        live,
        deployment(OURS, text="a\npassword=hunter2hunter2\n", hunter2hunter2=1),
        reason="hunter2hunter2 is no number",
        warnings=("hunter2hunter2 is bad",),
    )
    copy = {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"p":"YQ=="}}'}
    kept, plain = secret(p="YQ=="), secret(p="YQ==")
    kept["metadata"] = {**kept["metadata"], "annotations": copy}
    shown = "\n".join(text(secrets, change, changed(kept, plain, desired=plain)))
    assert "hunter2" not in shown
    assert "YQ==" not in shown
    assert "      +password=<secret 1>" in shown
    assert "  - metadata.annotations: <secret>" in shown
    assert "hunter2" not in json.dumps(data(secrets, change))


def test_long_values_show_where_they_differ(secrets: Secrets) -> None:
    """What is cut off is what they share; a long list is compared item by item."""
    args = [f"--option-{number}=value" for number in range(10)]
    change = changed(
        deployment(OURS, a="x" * 500 + "1", args=args), deployment(OURS, a="x" * 500 + "2", args=[*args[:9], "--new"])
    )
    lines = text(secrets, change)
    assert next(line for line in lines if "spec.a:" in line).startswith("  ~ spec.a: …xxx")
    assert next(line for line in lines if "spec.a:" in line).endswith('1" → …' + "x" * 30 + '2"  (line 17)')
    assert [line for line in lines if "--" in line] == [
        '       "--option-8=value"',
        '      -"--option-9=value"',
        '      +"--new"',
    ]
    assert "x" * 500 in "\n".join(text(secrets, change, full=True))


def test_colour_adds_nothing_but_colour(secrets: Secrets) -> None:
    """What is said is the same without; the table is cut to a terminal's width."""
    coloured = difference_text.render(reading.of(planned(UPDATED), secrets), colour=True)
    plain = difference_text.render(reading.of(planned(UPDATED), secrets))
    for code in ("0m", "1m", "2m", "31m", "32m", "33m", "36m"):
        coloured = coloured.replace(f"\x1b[{code}", "")
    assert coloured == plain
    narrow = text(secrets, UPDATED, width=30)
    assert narrow[1] == "update     Deployment  a/web …"


def test_control_characters_are_shown_as_escapes(secrets: Secrets) -> None:
    """A value cannot forge a line or clear the screen."""
    change = changed(deployment(OURS, a="x\ny"), deployment(OURS, a="x\n\x1b[2Jz"))
    shown = difference_text.render(reading.of(planned(change), secrets), colour=True)
    assert "\\x1b[2Jz" in shown
    assert "\x1b[2J" not in shown


def test_a_deletion_says_what_goes_with_it(secrets: Secrets) -> None:
    """And why."""
    change = changed(deployment(OURS), None, kind=ChangeKind.DELETE, reason="not in the tree any more")
    assert "  ! deleted with what it owns: not in the tree any more" in text(secrets, change)
