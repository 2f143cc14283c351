"""Validators of scripts and the built-in ones, with everything they find."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Touch
from kubernator.model.sourcemap import SourceMap
from kubernator.pipeline import transform, validate

NAMESPACED = {"ConfigMap": True, "ClusterRole": False}


def namespaced(gvk):
    """Return what a cluster says about a few kinds."""
    return NAMESPACED.get(gvk.kind)


def check(resource, *functions, resources=None):
    """Run validators over one resource."""
    validators = tuple(
        transform.Registered(function=function, name=function.__name__, origin=Origin(path=PurePath("s.py"), line=3))
        for function in functions
    )
    item = validate.Checked(resource=resource, subject=resource, validators=validators)
    return validate.run([item], resources or {}, namespaced=namespaced, scripts=[__file__])


@pytest.mark.parametrize(
    ("kind", "namespace", "messages"),
    [
        ("ConfigMap", "n", []),
        ("ConfigMap", "", ["namespaced resource has no namespace"]),
        ("ClusterRole", "", []),
        ("ClusterRole", "n", ["cluster-scoped resource has the namespace `n`"]),
        ("Custom", "", []),
        ("Custom", "n", []),
    ],
)
def test_namespaces(kind, namespace, messages, make):
    """A namespaced kind needs a namespace, a cluster-scoped one must not have any, of others nothing is known."""
    assert [found.message for found in check(make(kind, namespace=namespace))] == messages


def test_a_finding_says_all_it_knows(make):
    """Place, resource, who changed it and a hint are there."""
    resource = make(
        source_map=SourceMap({(): (1, 1), ("metadata",): (3, 1)}),
        touched_by=(Touch(who="drop", origin=Origin(path=PurePath("s.py"), line=9)),),
    )
    (found,) = check(resource)
    assert (str(found.origin), found.resource) == ("d0/a.yaml:3:1", "v1 ConfigMap a")
    assert (found.changed_by, found.hint) == (("drop, s.py:9",), "set `metadata.namespace`")


def test_what_was_rendered_without_secrets_is_refused(make):
    """Markers must not take the place of values in a cluster."""
    resource = make(namespace="n")
    resource.manifest["metadata"]["annotations"] = {"kubernator.io/redacted": "true"}
    (found,) = check(resource)
    assert found.severity is Severity.ERROR
    assert "rendered without its secrets" in found.message


def test_an_identity_must_not_change(make):
    """A manifest whose name was edited is no longer the object that was added."""
    (found,) = check(make(name="b", namespace="n", ref=ResourceRef("", "ConfigMap", "n", "a")))
    assert dict(found.detail) == {"added as": "ConfigMap n/a", "now": "ConfigMap n/b"}


def test_a_broken_envelope(make):
    """A transformer that takes the name away is found."""
    resource = make(namespace="n")
    resource.manifest["metadata"].pop("name")
    assert [found.message for found in check(resource)] == ["`metadata.name` is missing"]


def test_validators_run_last_added_first_and_all_is_collected(make):
    """Exceptions, findings, one or many, and None are all fine answers."""
    finding = Diagnostic(severity=Severity.WARNING, message="c")

    def first(resources, resource, error):
        yield error("%s and %d", "a", 1)
        yield error("{} too", "b")

    def second(resources, resource, error):
        return None

    def third(resources, resource, error):
        return finding

    def fourth(resources, resource, error):
        return [ValueError("plain"), KeyError()]

    found = check(make(namespace="n"), first, second, third, fourth)
    assert [one.message for one in found] == ["plain", "KeyError", "c", "a and 1", "b too"]
    assert {one.resource for one in found} == {"v1 ConfigMap n/a"}
    assert ("found by", "first, s.py:3:1") in found[-1].detail
    assert any(label == "raised in" and "test_pipeline_validate.py" in text for label, text in found[-1].detail)


def test_a_validator_sees_the_resources(make):
    """The first argument is what the caller hands in."""
    seen = []
    check(make(namespace="n"), lambda resources, resource, error: seen.append((resources, resource.ref.name)),
          resources={"k": 1})  # fmt: skip
    assert seen == [({"k": 1}, "a")]


def test_a_validator_that_raises_is_a_finding(make):
    """What it found before counts, the others go on, and its frames are shown."""

    def broken(resources, resource, error):
        yield error("before")
        raise RuntimeError("boom")

    def good(resources, resource, error):
        yield error("after")

    found = check(make(namespace="n"), good, broken)
    assert [one.message for one in found] == ["before", "validator `broken` raised RuntimeError: boom", "after"]
    assert any(text.endswith("in broken") for _, text in found[1].detail)


@pytest.mark.parametrize("answer", ["text", 1, [1], {"a": 1}])
def test_nonsense_is_a_finding(answer, make):
    """An answer that is neither exception nor finding is said so."""
    (found,) = check(make(namespace="n"), lambda resources, resource, error: answer)
    assert found.message.startswith("a validator answered a `")


def test_an_exception_with_a_message_of_its_own(make):
    """A jsonschema error prints its whole schema; its message is enough."""

    class Long(Exception):
        message = "short"

        def __str__(self):
            return "very long"

    (found,) = check(make(namespace="n"), lambda resources, resource, error: [Long()])
    assert found.message == "short"


def test_error_is_a_value_error_that_knows_its_line():
    """Scripts may raise or yield it."""
    error = validate.error_factory()("x")
    assert isinstance(error, ValueError)
    assert str(error.origin.path) == __file__


@pytest.mark.parametrize(
    ("data", "message"),
    [({"x": 1}, None), ({"x": 2}, "`ConfigMap n/a` is declared twice with different content")],
)
def test_two_of_one_identity(data, message, make):
    """Equal ones are one; different ones are an error that names both files."""
    first = make(namespace="n", manifest={"data": {"x": 1}})
    found = validate.twice(first, make(namespace="n", manifest={"data": data}, directory=1))
    assert (found.message if found else None) == message
    if found:
        assert (str(found.origin), dict(found.detail)) == ("d1/a.yaml:1:1", {"first": "d0/a.yaml:1:1"})
