"""Merge instructions are taken out of a manifest and carried out on the merged object."""

from __future__ import annotations

import copy
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator import errors
from kubernator.pipeline import merge


def done(manifest, merged):
    """Return what the instructions of a manifest make of a merged object, and what was noted."""
    rest, instructions = merge.extract(manifest)
    notes = []
    return merge.apply(instructions, merged, manifest=rest, note=notes.append), notes


@pytest.mark.parametrize(
    ("manifest", "rest"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"$patch": "replace", "b": 1}}, {"a": {"b": 1}}),
        ({"a": {"$patch": "replace"}}, {"a": {}}),
        ({"a": {"$patch": "delete", "b": 1}}, {}),
        ({"a": [{"$patch": "replace"}, 1]}, {"a": [1]}),
        ({"a": [{"$patch": "replace"}]}, {"a": []}),
        ({"a": [{"$patch": "delete", "n": 1}, {"n": 2}]}, {"a": [{"n": 2}]}),
        ({"a": [{"$patch": "delete", "n": 1}]}, {}),
        ({"a": {"b": [{"$patch": "delete", "n": 1}]}, "c": 1}, {"c": 1}),
        ({"a": {"$deleteFromPrimitiveList/f": [1]}}, {}),
        ({"a": {"$deleteFromPrimitiveList/f": [1], "f": [2]}}, {"a": {"f": [2]}}),
        ({"$deleteFromPrimitiveList/f": [1], "x": 1}, {"x": 1}),
        ({"a": {}, "b": []}, {"a": {}, "b": []}),
    ],
)
def test_nothing_of_an_instruction_is_sent(manifest, rest):
    """What is left holds no instruction, and nothing empty that was not written as empty."""
    assert merge.extract(manifest)[0] == rest


@pytest.mark.parametrize(
    ("manifest", "merged", "expected"),
    [
        ({"a": {"$patch": "replace", "b": 1}}, {"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}),
        ({"a": {"$patch": "replace"}}, {"a": {"c": 2}}, {"a": {}}),
        ({"a": {"$patch": "replace", "b": 1}}, {}, {"a": {"b": 1}}),
        ({"a": [{"$patch": "replace"}, 1]}, {"a": [3, 1]}, {"a": [1]}),
        ({"a": {"$patch": "delete"}, "b": 1}, {"a": {"x": 1}, "b": 1}, {"b": 1}),
        (
            {"a": [{"$patch": "delete", "n": "x", "p": 1}]},
            {"a": [{"n": "x", "p": 2}, {"n": "y", "p": 1}, {"n": "x", "p": 1, "q": 3}]},
            {"a": [{"n": "x", "p": 2}, {"n": "y", "p": 1}]},
        ),
        (
            {"a": [{"$patch": "delete", "n": 1}, {"$patch": "delete", "n": 3}]},
            {"a": [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 1}]},
            {"a": [{"n": 2}]},
        ),
        ({"a": [{"$patch": "delete", "n": True}]}, {"a": [{"n": 1}]}, {"a": [{"n": 1}]}),
        ({"a": {"$deleteFromPrimitiveList/f": [1, 3]}}, {"a": {"f": [1, 2, 3, 1]}}, {"a": {"f": [2]}}),
        ({"$deleteFromPrimitiveList/f": ["x"]}, {"f": ["x", "y"]}, {"f": ["y"]}),
        (
            {"c": [{"name": "b", "r": {"$patch": "replace", "x": 1}}]},
            {"c": [{"name": "injected", "r": {"y": 1}}, {"name": "b", "r": {"x": 1, "y": 2}}]},
            {"c": [{"name": "injected", "r": {"y": 1}}, {"name": "b", "r": {"x": 1}}]},
        ),
        (
            {"c": [{"$patch": "delete", "name": "x"}, {"name": "b", "image": "i", "r": {"$patch": "delete"}}]},
            {"c": [{"name": "x"}, {"name": "a"}, {"name": "b", "image": "i", "r": {"y": 2}}]},
            {"c": [{"name": "a"}, {"name": "b", "image": "i"}]},
        ),
        (
            {"c": [{"name": "b", "image": "app:1", "e": [{"$patch": "replace"}, {"name": "E"}]}]},
            {"c": [{"name": "b", "image": "mirror/app:1", "e": [{"name": "D"}, {"name": "E"}]}]},
            {"c": [{"name": "b", "image": "mirror/app:1", "e": [{"name": "E"}]}]},
        ),
    ],
)
def test_what_instructions_do(manifest, merged, expected):
    """Each instruction does what the page says, wherever others have put items of their own."""
    before = copy.deepcopy(merged)
    assert done(manifest, merged)[0] == expected
    assert merged == before


@pytest.mark.parametrize(
    ("manifest", "merged"),
    [
        ({"a": {"b": {"$patch": "delete"}}}, {}),
        ({"a": {"b": {"$patch": "delete"}}}, {"a": {}}),
        ({"a": {"b": {"$patch": "replace", "c": 1}}}, {}),
        ({"a": [{"$patch": "delete", "n": 1}]}, {}),
        ({"a": [{"$patch": "delete", "n": 1}]}, {"a": [{"n": 2}]}),
        ({"a": [{"$patch": "delete", "n": 1}]}, {"a": "x"}),
        ({"a": {"$deleteFromPrimitiveList/f": [1]}}, {}),
        ({"a": {"$deleteFromPrimitiveList/f": [1]}}, {"a": {}}),
        ({"a": {"$deleteFromPrimitiveList/f": [1]}}, {"a": {"f": [2]}}),
        ({"a": [{"n": 1, "x": {"$patch": "delete"}}]}, {"a": [{"n": 2}]}),
        ({"a": [{"n": 1, "x": {"$patch": "delete"}}]}, {"a": 1}),
    ],
)
def test_what_is_not_there_is_nothing_to_do(manifest, merged):
    """An instruction about something that is not there changes nothing and is noted."""
    result, notes = done(manifest, merged)
    assert (result, len(notes)) == (merged, 1)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"a": {"b": [{"c": {"$patch": "merge"}}]}}, r"`\$patch` is `merge`, in `a.b\[0\].c`"),
        ({"a": {"$patch": 1}}, r"`\$patch` is a `int`, in `a`"),
        ({"a": {"$patch": []}}, r"`\$patch` is a `list`, in `a`"),
        ({"$patch": "delete"}, "on the object itself"),
        ({"$patch": "replace", "a": 1}, "on the object itself"),
        ({"a": [{"$patch": "delete"}]}, "without saying which"),
        ({"a": [{"b": {"$patch": "delete"}}]}, "with nothing else"),
        ({"a": {"$deleteFromPrimitiveList/f": 1}}, "is not a list"),
    ],
)
def test_an_instruction_that_means_nothing(manifest, message):
    """The error names the path."""
    with pytest.raises(errors.ProjectError, match=message):
        merge.extract(manifest)


PLAIN = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), PLAIN)
VERBS = st.sampled_from(
    [
        {"$patch": "replace", "name": "n"},
        {"$patch": "delete", "name": "n"},
        {"$deleteFromPrimitiveList/a": [1, 2]},
        [{"$patch": "replace"}, 1],
        [{"$patch": "delete", "name": "n"}, {"name": "m"}],
    ]
)
INSTRUCTED = st.recursive(
    st.integers() | VERBS, lambda inner: st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=3), max_leaves=6
).filter(lambda value: isinstance(value, dict) and "$patch" not in value)


@given(OBJECTS)
def test_a_plain_manifest_is_left_alone(manifest):
    """Without instructions nothing is taken and nothing is done."""
    assert merge.extract(manifest) == (manifest, ())
    assert merge.apply((), manifest, manifest={}) == manifest


@given(INSTRUCTED, OBJECTS)
def test_the_laws(manifest, merged):
    """Nothing is modified, nothing of an instruction is left, and doing it twice is doing it once."""
    before = copy.deepcopy((manifest, merged))
    rest, instructions = merge.extract(manifest)
    once = merge.apply(instructions, merged, manifest=rest)
    assert before == (manifest, merged)
    assert "$" not in str(rest)
    assert "$" not in str(once) or "$" in str(merged)
    assert merge.extract(rest) == (rest, ())
    assert merge.apply(instructions, once, manifest=rest) == once


def test_the_names_of_the_reference(caplog):
    """`kubernator.merge` has them; errors are ValueErrors, notes are warnings, the target changes in place."""
    instructions, rest = merge.extract_merge_instructions(
        {"a": {"$patch": "replace", "b": 1}, "c": {"$patch": "delete"}}, "R"
    )
    target = {"a": {"x": 1}}
    merge.apply_merge_instructions(instructions, rest, target, logging.getLogger("test"), "R")
    assert target == {"a": {"b": 1}}
    assert "R: nothing to do" in caplog.text
    with pytest.raises(ValueError, match="in R"):
        merge.extract_merge_instructions({"a": {"$patch": "x"}}, "R")
