"""Plans and reports survive the way to plain data and back, and nobody changes them on it."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

import pytest

from kubernator import errors
from kubernator.model import serialize
from kubernator.model.change import Change, ChangeKind, FieldConflict, PatchOp, PluginChange
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.outcome import ApplyReport, Outcome, OutcomeKind
from kubernator.model.plan import Phase, Plan
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource, Touch
from kubernator.model.sourcemap import SourceMap
from kubernator.model.status import Status, StatusResult

ORIGIN = Origin(
    path=PurePosixPath("a.yaml"), line=1, document=2, via=Origin(path=PurePosixPath(".kubernator.py"), line=7)
)
MANIFEST: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "a"},
    "spec": {"replicas": 2, "x": [None, 1.5, True, {"y": []}]},
}
REF = ResourceRef.of(MANIFEST)
GVK = GroupVersionKind.of("apps/v1", "Deployment")
RESOURCE = Resource(
    manifest=MANIFEST,
    ref=REF,
    gvk=GVK,
    origin=ORIGIN,
    source_map=SourceMap({(): (1, 1), ("spec", "x", 0): (5, 9)}),
    touched_by=(Touch(who="f", origin=ORIGIN),),
    instructions=((("spec", 0), {"$patch": "delete"}),),
)
CHANGE = Change(
    kind=ChangeKind.UPDATE,
    ref=REF,
    gvk=GVK,
    origin=ORIGIN,
    resource=RESOURCE,
    desired=MANIFEST,
    patch=(PatchOp(op="add", path="/spec/x", value=[{"a": None}]),),
    conflicts=(FieldConflict(field=".spec", manager="hpa"),),
    warnings=("w",),
    detail=(("at", "x"),),
)
PLAN = Plan(
    phases=(Phase(name="one", changes=(CHANGE,), wait=True), Phase(name="none", changes=())),
    plugin_changes=(PluginChange(plugin="kops", title="t", detail={"a": [1]}, reads=("x",)),),
    requests={"list": 3},
)
REPORT = ApplyReport(
    outcomes=(Outcome(kind=OutcomeKind.UPDATED, change=CHANGE, live=MANIFEST, seconds=0.5),),
    statuses={REF: StatusResult(Status.CURRENT, "fine")},
    requests={"apply": 1},
    waited=True,
)


@pytest.mark.parametrize("value", [PLAN, REPORT, Plan(), ApplyReport()], ids=["plan", "report", "no plan", "no report"])
def test_the_way_there_and_back_changes_nothing(value: Plan | ApplyReport) -> None:
    """Through JSON text; every field, nested types and keys that are no strings included."""
    data = json.loads(json.dumps(serialize.seal(value)))
    assert value == serialize.unseal(type(value), data)


def test_an_error_keeps_its_words() -> None:
    """Class and cause stay behind; title, lines and hint come along."""
    error = errors.Invalid("no", status=422, detail=[("field", "spec")], hint="mend")
    outcome = Outcome(kind=OutcomeKind.FAILED, change=CHANGE, error=error)
    again = serialize.decode(Outcome, json.loads(json.dumps(serialize.encode(outcome))))
    assert (again.error.title, again.error.detail, again.error.hint) == ("no", [("field", "spec")], "mend")


def test_a_field_that_is_not_there_yet_has_its_default() -> None:
    """Data of an older version of the same format can be read."""
    data = serialize.encode(PLAN)
    del data["phases"][0]["wait"], data["manager"]
    again = serialize.decode(Plan, data)
    assert (again.phases[0].wait, again.manager) == (False, "kubernator")


def edited(data: dict[str, Any]) -> Any:
    data["body"]["manager"] = "somebody"
    return data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edited, "the plan is not what was written"),
        (lambda data: {**data, "seal": "sha256:0"}, "the plan is not what was written"),
        (lambda data: {**data, "format": "kubernator/plan/v9"}, "no plan that this version can read"),
        (lambda _: {}, "no plan that this version can read"),
        (lambda _: [], "no plan that this version can read"),
    ],
)
def test_what_was_changed_is_refused(change: Any, message: str) -> None:
    """Code 5: tampered, or of another format."""
    with pytest.raises(errors.PlanRefused, match=message):
        serialize.unseal(Plan, change(serialize.seal(PLAN)))


def test_what_is_no_data_is_refused() -> None:
    """An object of a foreign class in a manifest is an error when it is written, not when it is read."""
    with pytest.raises(TypeError, match="object cannot be written"):
        serialize.encode({"x": object()})
