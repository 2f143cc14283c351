"""Transformers run in order, and who changed what is known."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from kubernator import errors
from kubernator.model.origin import Origin
from kubernator.pipeline import transform


class Thing:
    """A resource as scripts see it."""

    def __init__(self, manifest):
        self.manifest = manifest

    def __str__(self):
        return "v1 Thing a"


def registered(function, line=1):
    """Return a function as a script registers it."""
    return transform.Registered(
        function=function, name=function.__name__, origin=Origin(path=PurePath(".kubernator.py"), line=line)
    )


def run(functions, subject, **more):
    """Run a chain whose functions take the subject alone."""
    return transform.run(
        functions,
        subject,
        lambda function, thing: function(thing),
        accept=lambda result: result if isinstance(result, Thing) else None,
        **more,
    )


def test_the_last_added_runs_first():
    """Each function sees what those added after it did."""
    seen = []
    functions = [registered(lambda thing, n=n: seen.append(n)) for n in range(3)]
    run(functions, Thing({}))
    assert seen == [2, 1, 0]


def test_who_changed_what():
    """Changes in place and new objects count; a function that changes nothing, or back and forth, does not."""

    def in_place(thing):
        thing.manifest["a"] = 1

    def new(thing):
        return Thing({**thing.manifest, "b": 2})

    def idle(thing):
        return thing

    def same(thing):
        thing.manifest["a"] = 1

    result = run([registered(same), registered(in_place, 7), registered(idle), registered(new, 9)], Thing({}))
    assert result.subject.manifest == {"a": 1, "b": 2}
    assert list(map(str, result.touched_by)) == ["new, .kubernator.py:9", "in_place, .kubernator.py:7"]


def test_a_trace_keeps_what_each_function_left():
    """As JSON, and only of those that changed something; without one nothing is kept."""

    def first(thing):
        thing.manifest["a"] = [1]

    def idle(thing):
        return thing

    def second(thing):
        thing.manifest["a"].append(2)

    functions = [registered(second), registered(idle), registered(first)]
    traced = run(functions, Thing({}), trace=True)
    assert [touch.after for touch in traced.touched_by] == ['{"a": [1]}', '{"a": [1, 2]}']
    assert [touch.after for touch in run(functions, Thing({})).touched_by] == ["", ""]


def test_true_and_one_are_different():
    """A change from 1 to true is a change."""

    def change(thing):
        thing.manifest["a"] = True

    assert run([registered(change)], Thing({"a": 1})).touched_by


def test_an_exception_has_the_functions_name_and_the_users_frames():
    """The error shows where it was registered and where it was raised."""

    def broken(thing):
        raise KeyError("spec")

    with pytest.raises(errors.ScriptError) as caught:
        run([registered(broken, 4)], Thing({}), scripts=[__file__])
    error = caught.value
    assert str(error) == "transformer `broken` raised KeyError: 'spec'"
    assert (error.origin.line, isinstance(error.__cause__, KeyError)) == (4, True)
    assert ("resource", "v1 Thing a") in error.detail
    assert [text.rpartition(" ")[2] for label, text in error.detail if label == "raised in"] == ["broken"]


def test_an_error_of_ours_goes_through():
    """What is already in words is passed on, with who it was."""

    def refuse(thing):
        raise errors.LoadError("no such file")

    with pytest.raises(errors.LoadError, match="no such file") as caught:
        run([registered(refuse)], Thing({}))
    assert ("transformer", "refuse, .kubernator.py:1:1") in caught.value.detail


@pytest.mark.parametrize("nonsense", ["text", 1, [], False])
def test_nonsense_is_refused(nonsense):
    """A result that is no resource names the function and the type."""

    def odd(thing):
        return nonsense

    with pytest.raises(errors.ScriptError, match=f"`odd` returned a `{type(nonsense).__name__}`") as caught:
        run([registered(odd)], Thing({}))
    assert caught.value.hint


@pytest.mark.parametrize("value", [object(), {1j}, float("nan"), b"x"])
def test_a_manifest_that_is_no_json(value):
    """A function that leaves what cannot be sent is named."""

    def spoil(thing):
        thing.manifest["a"] = value

    with pytest.raises(errors.ScriptError, match="patcher `spoil` left a manifest that is not JSON"):
        run([registered(spoil)], Thing({}), what="patcher")


def test_a_manifest_that_was_no_json_before():
    """Nobody is blamed for what the script handed in."""
    with pytest.raises(errors.ScriptError, match="the manifest is not JSON"):
        run([], Thing({"a": object()}))


def test_frames_outside_the_package_are_the_users():
    """Without names of scripts every frame that is not ours counts."""

    def broken(thing):
        raise RuntimeError

    with pytest.raises(errors.ScriptError) as caught:
        run([registered(broken)], Thing({}))
    assert all("transform.py:" not in text or "test_" in text for label, text in caught.value.detail if "in" in label)
