"""What a manifest says about waiting."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.pipeline import waiting


def resource(**annotations: object) -> Resource:
    found = {f"kubernator.io/{name}": value for name, value in annotations.items()}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "annotations": found}}
    return Resource(
        manifest=manifest,
        ref=ResourceRef.of(manifest),
        gvk=GroupVersionKind("", "v1", "ConfigMap"),
        origin=Origin(path=PurePath("a.yaml"), line=1),
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("90", 90.0), ("90s", 90.0), ("1.5m", 90.0), ("1h", 3600.0), (" 5s ", 5.0), ("0", 0.0)]
)
def test_lengths_of_time(text, expected):
    """As `--timeout` takes them."""
    assert expected == waiting.timeout(resource(timeout=text).manifest)
    assert list(waiting.check(resource(timeout=text))) == []


@pytest.mark.parametrize("text", ["", "soon", "-5s", "1d", "5 m s", "inf", "1e3", "٣", "9" * 400])
def test_what_is_no_length_of_time(text):
    """It is an error with its place, before anything is written."""
    (found,) = waiting.check(resource(timeout=text))
    assert "`kubernator.io/timeout` is no length of time" in found.message
    assert found.origin is not None
    assert waiting.timeout(resource(timeout=text).manifest) is None


@pytest.mark.parametrize(("value", "waits", "wrong"), [("true", True, 0), ("false", False, 0), ("no", True, 1)])
def test_whether_it_is_waited_for(value, waits, wrong):
    """Only `false` says no; anything but `true` beside it is an error."""
    assert waits == waiting.waits(resource(wait=value).manifest)
    assert wrong == len(list(waiting.check(resource(wait=value))))


@pytest.mark.parametrize("manifest", [{}, {"metadata": None}, {"metadata": {"annotations": []}}])
def test_objects_that_say_nothing(manifest):
    """They are waited for, as long as the run says."""
    assert waiting.waits(manifest)
    assert waiting.timeout(manifest) is None
