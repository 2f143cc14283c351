"""Expressions about devices and in mutations."""

from __future__ import annotations

import pytest

from kubernator.schema.builtin.expressions import of_device, of_mutation


@pytest.mark.parametrize(
    "text",
    [
        'device.driver == "a.example.com"',
        'device.attributes["a.example.com"].model == "x" && device.capacity["a.example.com"].memory.isGreaterThan(1)',
        "device.allowMultipleAllocations == true",
        'cel.bind(dra, device.attributes["a"], dra.x == 1)',
        'device.attributes["a"].models.includes("x")',
        'device.attributes["a"].version.isGreaterThan(semver("1.0.0"))',
        "true",
        'device.attributes["a"].flag',
    ],
)
def test_selectors_that_may_be_right(text: str) -> None:
    """Nothing is said of functions that only the server knows."""
    assert of_device(text, minor=37) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Not Valid!", "compilation failed: ERROR: <input>:1:5: Syntax error"),
        ("Bogus", "compilation failed: ERROR: <input>:1:1: undeclared reference to 'Bogus'"),
        ("devices.driver", "compilation failed: ERROR: <input>:1:1: undeclared reference"),
        ("device.driver", "must evaluate to bool"),
        ("1 + 1", "must evaluate to bool"),
        ('device.driver == "a" &&', "compilation failed: ERROR: <input>:1:24: Syntax error"),
    ],
)
def test_wrong_selectors(text: str, said: str) -> None:
    """What is sure to be wrong is told."""
    assert of_device(text, minor=37).startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        'Object{spec: Object.spec{replicas: 1}, metadata: Object.metadata{labels: {"a": "b"}}}',
        "Object{?spec: optional.none()}",
        "has(object.spec) ? Object{spec: Object.spec{}} : Object{}",
        '[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: "x"},]',
        'object.spec.containers.map(c, JSONPatch{op: "add", path: "/x", value: Object.spec.containers{name: c.name}})',
        "variables.patch",
        "object",
    ],
)
def test_mutations_that_may_be_right(text: str) -> None:
    """Types are those of the object, which are not known here."""
    assert of_mutation(text, wanted="Object", minor=37) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Object{spec: Object.spec{replicas: 1}}x", "compilation failed: ERROR: <input>:1:39: Syntax error"),
        ("Object{spec}", "compilation failed: ERROR: <input>:1:12: Syntax error"),
        ("Object{spec: 1", "compilation failed: ERROR: <input>:1:15: Syntax error"),
        ("[JSONPatch{op: 'add'}", "compilation failed: ERROR: <input>:1:22: Syntax error"),
        ("Bogus", "compilation failed: ERROR: <input>:1:1: undeclared reference"),
        ('"text"', "must evaluate to Object"),
    ],
)
def test_wrong_mutations(text: str, said: str) -> None:
    """Broken syntax is told, also behind values of types."""
    assert of_mutation(text, wanted="Object", minor=37).startswith(said)
