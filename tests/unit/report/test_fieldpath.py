"""Names of fields, as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator import errors
from kubernator.report import fieldpath, paths, provenance

MANIFEST = {
    "metadata": {
        "annotations": {"a.b/c": "1", "a": "2", "a.b": {"d": 3}, "": "x", 'q"[]': 4},
        "finalizers": ["x/y", "z"],
    },
    "spec": {
        "containers": [{"name": "web", "image": "i"}, {"name": "0", "image": "j"}],
        "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP"}],
        "empty": {},
    },
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (".", ()),
        (".spec", ("spec",)),
        ("spec.containers[web].image", ("spec", "containers", 0, "image")),
        (".spec.containers[1].image", ("spec", "containers", 1, "image")),
        ("spec.containers[0].image", ("spec", "containers", 1, "image")),
        ("spec.containers.web.image", ("spec", "containers", 0, "image")),
        ("spec.containers[name=web]", ("spec", "containers", 0)),
        ('spec.containers["web"]', ("spec", "containers", 0)),
        ("spec.ports[containerPort=80,protocol=UDP]", ("spec", "ports", 1)),
        ('metadata.finalizers[="x/y"]', ("metadata", "finalizers", 0)),
        ("metadata.finalizers[=z]", ("metadata", "finalizers", 1)),
        ('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c")),
        ("metadata.annotations['a.b/c']", ("metadata", "annotations", "a.b/c")),
        ("metadata.annotations[a.b/c]", ("metadata", "annotations", "a.b/c")),
        ("metadata.annotations.a.b/c", ("metadata", "annotations", "a.b/c")),
        ("metadata.annotations.a.b.d", ("metadata", "annotations", "a.b", "d")),
        ("metadata.annotations.a", ("metadata", "annotations", "a")),
        ('metadata.annotations["q\\"[]"]', ("metadata", "annotations", 'q"[]')),
        ('metadata.annotations[""]', ("metadata", "annotations", "")),
    ],
)
def test_what_a_name_means(text: str, expected: Any) -> None:
    """Keys with points or slashes may be quoted or not; items go by name, key, value or place, in this order."""
    assert fieldpath.Found(expected) == fieldpath.find(text, MANIFEST)


@pytest.mark.parametrize(
    ("text", "path", "rest", "known"),
    [
        ("spec.contaners[web]", ("spec",), ".contaners[web]", ("containers", "ports", "empty")),
        ("spec.containers[db].image", ("spec", "containers"), "[db].image", ("[web]", "[name=0]")),
        ("spec.containers[7]", ("spec", "containers"), "[7]", ("[web]", "[name=0]")),
        ("spec.ports[²]", ("spec", "ports"), "[²]", ("[0]", "[1]")),
        (f"spec.ports[{'9' * 5000}]", ("spec", "ports"), f"[{'9' * 5000}]", ("[0]", "[1]")),
        ("spec.ports[5]", ("spec", "ports"), "[5]", ("[0]", "[1]")),
        ("spec.empty.x", ("spec", "empty"), ".x", ()),
        ("spec.containers[web].image.x", ("spec", "containers", 0, "image"), ".x", ()),
        ("spec..containers", ("spec",), "..containers", ("containers", "ports", "empty")),
    ],
)
def test_how_far_a_name_leads(text: str, path: Any, rest: str, known: Any) -> None:
    """Where it ends to mean something, what would is told."""
    found = fieldpath.find(text, MANIFEST)
    assert (path, rest) == found[:2]
    assert set(found.known) == set(known)


@pytest.mark.parametrize("text", ["spec[", "spec.containers[web", 'spec["a]', "spec.containers[name=web"])
def test_brackets_are_closed(text: str) -> None:
    """One that is not is an error in the command line."""
    with pytest.raises(errors.UsageError, match="not closed"):
        fieldpath.find(text, MANIFEST)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b[c].d", ["a", "b", "[c", "d"]),
        ('.a["b.c"][0]', ["a", "b.c", "[0"]),
        ("a[x=1,y=2]['k']", ["a", "[x=1,y=2", "k"]),
    ],
)
def test_parts(text: str, expected: list[str]) -> None:
    """Parts are told without anything to look in."""
    assert expected == fieldpath.words(text)


KEYS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=6)
VALUES = st.recursive(
    st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_we_print_is_read_again(manifest: dict[str, Any]) -> None:
    """Every name of a field that we print means that field."""
    for path in provenance.leaves(manifest):
        if path:
            assert fieldpath.Found(path) == fieldpath.find(paths.of_path(path, manifest), manifest)
