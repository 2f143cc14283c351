"""What programs read of a plan and a report."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any, cast

import pytest

from kubernator import errors
from kubernator.model.change import ChangeKind, PatchOp, PluginChange
from kubernator.model.outcome import ApplyReport, Halfway, Outcome, OutcomeKind
from kubernator.model.plan import Phase, Plan
from kubernator.model.resource import PropagationPolicy
from kubernator.model.status import Status, StatusResult
from kubernator.redaction import Secrets
from kubernator.report import structured

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kubernator.model.change import Change

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "s",
        "namespace": "a",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"stringData":{"pin":"1234"}}'},
    },
    "stringData": {"pin": "1234", "password": "correct-horse"},
}
RESOURCE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}


def plan(*changes: Change, plugin_changes: tuple[PluginChange, ...] = ()) -> Plan:
    return Plan(phases=(Phase(name="all", changes=changes),), plugin_changes=plugin_changes)


def test_each_kind_of_change_has_its_entries(change: Callable[..., Change], secrets: Secrets) -> None:
    """The shapes are those of the reference; what is not written is not there."""
    ops = (PatchOp(op="replace", path="/spec/replicas", value=2, old=1), PatchOp(op="remove", path="/spec/paused"))
    orphan = PropagationPolicy("Orphan")
    made = plan(
        change(ChangeKind.CREATE),
        change(ChangeKind.UPDATE, patch=ops),
        change(ChangeKind.REPLACE, propagation=orphan),
        change(ChangeKind.DELETE),
        change(ChangeKind.UNCHANGED),
        plugin_changes=(
            PluginChange(plugin="kops", title="t", detail={"x": 1}, phase="before"),
            PluginChange(plugin="istio", title="t", detail=None),
        ),
    )
    desired = change().desired
    assert [
        {"method": "kops", "body": {"x": 1}},
        {"method": "create", "body": desired},
        {
            "method": "patch",
            "resource": {**RESOURCE, "namespace": "a"},
            "body": [{"op": "replace", "path": "/spec/replicas", "value": 2}, {"op": "remove", "path": "/spec/paused"}],
        },
        {"method": "delete", "resource": RESOURCE, "propagation_policy": "Orphan"},
        {"method": "create", "body": desired},
        {"method": "delete", "resource": {**RESOURCE, "namespace": "a"}, "propagation_policy": "Background"},
        {"method": "istio", "body": None},
    ] == structured.operations(made, secrets)


@pytest.mark.parametrize(
    "op",
    [
        PatchOp(op="add", path="/data/pin", value="MTIzNA=="),
        PatchOp(op="add", path="/data", value={"pin": "MTIzNA=="}),
        PatchOp(op="replace", path="", value=SECRET),
        PatchOp(op="add", path="/metadata/annotations", value=SECRET["metadata"]["annotations"]),  # type: ignore[index]
        PatchOp(op="add", path="/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration", value="1234"),
    ],
)
def test_values_of_a_secret_are_masked_wherever_they_stand(
    change: Callable[..., Change], secrets: Secrets, op: PatchOp
) -> None:
    """Short values are known only by their place; kubectl's copy of the object is one too."""
    made = plan(change(ChangeKind.CREATE, desired=SECRET), change(ChangeKind.UPDATE, desired=SECRET, patch=(op,)))
    shown = json.dumps(structured.operations(made, secrets))
    assert not any(value in shown for value in ("1234", "MTIzNA", "correct-horse"))


def test_with_show_secrets_they_are_printed(change: Callable[..., Change]) -> None:
    """That is what it is for."""
    made = plan(change(ChangeKind.CREATE, desired=SECRET))
    assert structured.operations(made, Secrets(show=True))[0]["body"] == SECRET


@pytest.mark.parametrize(
    ("output_format", "expected"),
    [
        ("json", '[{"a": "x", "b": [1, null]}]'),
        (
            "json-pretty",
            '[\n    {\n        "a": "x",\n        "b": [\n            1,\n            null\n        ]\n    }\n]',
        ),
        ("yaml", "- a: x\n  b:\n  - 1\n  - null\n"),
    ],
)
def test_the_formats_are_those_of_the_reference(output_format: str, expected: str) -> None:
    """Keys are sorted everywhere; JSON has no line break at its end."""
    assert expected == structured.render([{"b": [1, None], "a": "x"}], output_format)


def test_a_report_has_no_manifests_and_no_secrets(change: Callable[..., Change]) -> None:
    """Every change is there with its end; the error of one that failed has its title, lines and hint."""
    secrets = Secrets()
    secrets.add("correct-horse")
    failed = errors.Invalid("refused: correct-horse", status=422, hint="mend it")
    done = change(ChangeKind.CREATE)
    report = ApplyReport(
        outcomes=(
            Outcome(kind=OutcomeKind.CREATED, change=done, live=done.desired, seconds=0.12345),
            Outcome(kind=OutcomeKind.FAILED, change=change(warnings=("w",)), error=failed),
        ),
        statuses={done.ref: StatusResult(Status.CURRENT, "2 of 2")},
        requests={"apply": 2},
    )
    data = structured.report(report, secrets)
    assert (data["format"], data["requests"]) == ("kubernator/apply/v1", {"apply": 2})
    assert [entry["outcome"] for entry in data["changes"]] == ["created", "failed"]
    assert data["changes"][1]["error"] == {"title": "refused: <secret 1>", "detail": [], "hint": "mend it"}
    assert data["changes"][1]["warnings"] == ["w"]
    assert tuple(data["statuses"][0][key] for key in ("kind", "status", "message")) == (
        "Deployment",
        "current",
        "2 of 2",
    )
    json.dumps(data)


def test_a_report_of_a_dry_run_has_what_is_planned(secrets: Secrets) -> None:
    """That of a real run has no such field."""
    planned = {"format": "kubernator/diff/v1"}
    assert planned == structured.report(ApplyReport(dry_run=True), secrets, planned=planned)["planned"]
    assert "planned" not in structured.report(ApplyReport(), secrets)


def test_a_report_says_what_was_written_of_a_change_that_failed(
    change: Callable[..., Change], secrets: Secrets
) -> None:
    """Only such a change has a word for it."""
    outcomes = (
        Outcome(kind=OutcomeKind.FAILED, change=change(ChangeKind.REPLACE), halfway=Halfway.DELETED),
        Outcome(kind=OutcomeKind.FAILED, change=change()),
    )
    changes = structured.report(ApplyReport(outcomes=outcomes), secrets)["changes"]
    assert [each.get("halfway") for each in changes] == ["deleted", None]


def test_a_file_is_written_as_a_whole(tmp_path: Path) -> None:
    """A link stays one, the mode stays; a new file has the usual mode, a private one 0600."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o604)
    link.symlink_to(target)
    structured.write("new", str(link))
    assert (link.is_symlink(), target.read_text(), target.stat().st_mode & 0o777) == (True, "new", 0o604)
    umask = os.umask(0o027)
    try:
        structured.write("new", str(tmp_path / "made"))
    finally:
        os.umask(umask)
    structured.write("new", str(tmp_path / "private"), private=True)
    assert tuple((tmp_path / name).stat().st_mode & 0o777 for name in ("made", "private")) == (0o640, 0o600)


@pytest.mark.parametrize("file", ["/dev/null", "/dev/stderr"])
def test_a_device_is_written_to_and_stays_one(file: str) -> None:
    """``-f /dev/null`` must not put a file in its place."""
    before = os.stat(file).st_mode  # noqa: PTH116 - a device
    structured.write("", file)
    assert before == os.stat(file).st_mode  # noqa: PTH116 - the same


@pytest.mark.parametrize(("name", "reason"), [("no/such/file", "No such file or directory"), ("", "Is a directory")])
def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path, name: str, reason: str) -> None:
    """It names the file and the reason, and nothing is left beside it."""
    with pytest.raises(errors.KubernatorError, match=f"cannot be written: {reason}"):
        structured.write("x", str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_a_stdout_without_a_buffer_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """``PYTHONUNBUFFERED`` makes it one; its file need not take all at once."""

    class Slow(io.RawIOBase):
        taken = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.taken += bytes(data[:3])
            return len(bytes(data[:3]))

    slow = Slow()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(cast("Any", slow), encoding="utf-8", write_through=True))
    structured.write("ab\ncdé\n", None)
    assert slow.taken.decode() == "ab\ncdé\n"


def test_a_minus_is_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """``-f -`` prints, as without ``-f``."""
    for file in ("-", None):
        structured.write("x", file)
    assert capsys.readouterr().out == "xx"
