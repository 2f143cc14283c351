"""YAML is read as kubectl reads it, and every finding has its place."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubernator import errors
from kubernator.load import yamldoc
from kubernator.model.diagnostics import Severity


def only(text, origin):
    """Return the value of the only document of a text."""
    (document,) = yamldoc.parse(text, origin=origin)
    return document.value


def place(error):
    """Return line and column of an error."""
    return error.origin.line, error.origin.column


def same(one, other):
    """Return whether two values are equal and of the same kind, so that true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) or isinstance(other, float):  # 38398454668985584.0 comes back as 38398454668985580
        return float(one) == float(other)
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def test_scalars_mean_what_kubectl_says(scalar, meaning, origin):
    """Each row of the table is read as kubectl reads it, or refused as it refuses it."""
    text = f"v: {scalar}\n"
    if "refused" in meaning:
        with pytest.raises(errors.LoadError):
            only(text, origin)
    else:
        assert same(meaning["value"], only(text, origin)["v"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.0", int),
        ("1e3", int),
        ("1e18", int),
        ("1e19", float),
        ("9223372036854775808", float),
        ("0.5", float),
    ],
)
def test_whole_numbers_of_64_bits_are_integers(text, value, origin):
    """A number is an integer where Kubernetes has an int64, and a float elsewhere."""
    assert value is type(only(f"v: {text}", origin)["v"])


def test_binary_that_is_no_text_is_refused(origin):
    """The reference of reading, kubectl, would replace the bytes; we say so instead."""
    with pytest.raises(errors.LoadError, match="not text"):
        only("v: !!binary /w==", origin)


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("a: 1\n\tb: 2", "a tab", (2, 1)),
        ("a:\n  b: 1\n c: 2", "neither a key", (3, 2)),
        ("a: 1\n- b", "neither a key", (2, 1)),
        ("- a\nb: 1", "neither an item", (2, 1)),
        ("a: b: c", "a `:` where no key", (1, 5)),
        ("a: b\n  c: d", "a `:` where no key", (2, 4)),
        ("a: 1\nb\nc: 2", "a line without `:`", (2, 1)),
        ("a: [1, 2\nb: 3", "not closed", (1, 4)),
        ("a: {b: 1", "not closed", (1, 4)),
        ("a: 'x\nb: c\n", "not closed", (1, 4)),
        ('a: "\\q"', "unknown escape", (1, 5)),
        ("a: @x", "cannot begin with @", (1, 4)),
        ("a: *b", "no anchor", (1, 4)),
        ("a: |x\n  b", "text after", (1, 5)),
        ("%FOO x\n---\na: 1", "unknown `%` directive", (1, 5)),
        ("a: !x!y z", "tag whose handle", (1, 4)),
        ("a: .inf", "neither infinity", (1, 4)),
        ("a: 1\n~: 2", "key must not be null", (2, 1)),
        ("a: 1\n[b]: 2", "key must not be a map or a list", (2, 1)),
        ("a: !!int x", "not what its tag", (1, 4)),
        ("a: &x [*x]", "contains itself", (1, 8)),
        ("a: 1\nb: x\x07y", "U+0007", (2, 5)),
        ("a: \ud800", "U+D800", (1, 4)),
        ("[" * 300 + "]" * 300, "nested deeper than 250", (1, 251)),
    ],
)
def test_what_is_wrong_has_a_place(text, message, where, origin):
    """An error says in words what is wrong, and points at line and column."""
    with pytest.raises(errors.LoadError, match=message.replace("+", r"\+")) as caught:
        yamldoc.parse(text, origin=origin)
    assert where == place(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "HUNTER2",
        '"HUNTER2',
        "*HUNTER2",
        "@HUNTER2",
        "%HUNTER2",
        "`HUNTER2",
        '"\\qHUNTER2"',
        "x: HUNTER2",
        "!!int HUNTER2",
    ],
)
def test_what_is_wrong_is_not_quoted(text, origin):
    """A password that YAML reads as something else is not repeated in the error: nobody knows yet that it is one."""
    with pytest.raises(errors.LoadError) as caught:
        yamldoc.parse(f"password: {text}\nb c", origin=origin)
    said = [caught.value.title, caught.value.hint, *(line for pair in caught.value.detail for line in pair)]
    assert "HUNTER2" not in " ".join(said)


@pytest.mark.parametrize(
    ("data", "message", "where"),
    [
        (b"a: 1\nb: \xff\n", "not UTF-8", (2, 4)),
        ("a: ü".encode("latin-1"), "not UTF-8", (1, 4)),
        (b"\xff\xfea\x00\x00\xd8", "not UTF-16", (1, 2)),
    ],
)
def test_bytes_that_are_no_text(data, message, where, origin):
    """What cannot be decoded is located in the text before it."""
    with pytest.raises(errors.LoadError, match=message) as caught:
        yamldoc.parse(data, origin=origin)
    assert where == place(caught.value)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_the_encodings_of_yaml(encoding, origin):
    """UTF-8, UTF-16 and UTF-32 are told apart with and without a byte order mark."""
    assert only("a: ü€😀\n".encode(encoding), origin) == {"a": "ü€😀"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end, origin):
    """Each kind of line end is a line end."""
    (document,) = yamldoc.parse(f"a: 1{end}b:{end}- c{end}", origin=origin)
    assert document.value == {"a": 1, "b": ["c"]}
    assert document.source_map.find(("b", 0)) == (3, 3)


def test_repeated_keys_are_all_found_with_both_places(origin):
    """Every repeated key of a file is reported, with the place of both."""
    problems = []
    documents = yamldoc.parse("a: 1\nb: {x: 1, x: 2}\na: 3\n---\nc: 1\nc: 2\n", origin=origin, problems=problems)
    assert not documents
    assert [(found.message, str(found.origin), dict(found.detail)["first"]) for found in problems] == [
        ("the key `x` is written twice", "app.yaml:2:11, document 1", "app.yaml:2:5"),
        ("the key `a` is written twice", "app.yaml:3:1, document 1", "app.yaml:1:1"),
        ("the key `c` is written twice", "app.yaml:6:1, document 2", "app.yaml:5:1"),
    ]


def test_good_documents_of_a_bad_file_are_returned_to_who_collects(origin):
    """With a list for problems, a bad document does not take the others away."""
    problems = []
    documents = yamldoc.parse("a: 1\n---\nb: 1\nb: 2\n---\nc: 1\n---\n- x: [\n", origin=origin, problems=problems)
    assert [document.value for document in documents] == [{"a": 1}, {"c": 1}]
    assert [found.origin.document for found in problems] == [2, 4]


def test_all_findings_are_in_one_error_for_who_does_not_collect(origin):
    """Without a list, one exception carries the first in full and names the others."""
    with pytest.raises(errors.LoadError, match="key `a`") as caught:
        yamldoc.parse("a: 1\na: 2\nb: 1\nb: 2\n", origin=origin)
    assert ("also", "the key `b` is written twice (app.yaml:4:1, document 1)") in caught.value.detail


def test_two_objects_without_a_separator(origin):
    """A missing `---` is one finding that says so."""
    text = "apiVersion: v1\nkind: A\nmetadata: {name: a}\napiVersion: v1\nkind: B\nmetadata: {name: b}\n"
    problems = []
    yamldoc.parse(text, origin=origin, problems=problems)
    assert [found.message for found in problems] == ["two objects without `---` between them"]
    assert "before line 4" in problems[0].hint


def test_repeated_keys_of_charts_are_warnings(origin):
    """In output of others the last one wins and a note is left."""
    (document,) = yamldoc.parse("a: 1\na: 2\n", origin=origin, repeated="warn")
    assert document.value == {"a": 2}
    assert [note.severity for note in document.notes] == [Severity.WARNING]


def test_repeated_keys_may_pass(origin):
    """With `last` the last one wins in silence."""
    (document,) = yamldoc.parse("a: 1\na: 2\n", origin=origin, repeated="last")
    assert (document.value, document.notes) == ({"a": 2}, ())


def test_words_that_became_booleans_are_noted(origin):
    """`no` and its kin are noted with their place, as key and value, however often; true and false are not."""
    (document,) = yamldoc.parse("on: NO\na: [y, y, 'n', true]\nb: &x !!str no\nc: &y off\n", origin=origin)
    assert document.value == {"true": False, "a": [True, True, "n", True], "b": "no", "c": False}
    assert [place(note) for note in document.notes] == [(1, 1), (1, 5), (2, 5), (2, 8), (4, 4)]


def test_empty_documents_are_left_out_and_counted(origin):
    """Comments and nulls are no documents, yet the number of the next one counts them."""
    documents = yamldoc.parse("# a\n---\n---\n~\n---\na: 1\n...\n---\nb: 2\n", origin=origin)
    assert [(document.value, document.origin.line, document.origin.document) for document in documents] == [
        ({"a": 1}, 6, 3),
        ({"b": 2}, 9, 4),
    ]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "---\n---\n", "~", "\ufeff"])
def test_nothing_is_no_document(text, origin):
    """An empty file holds nothing and is no error."""
    assert yamldoc.parse(text, origin=origin) == []


def test_aliases_are_copies(origin):
    """What an alias stands for can be changed without changing the anchor."""
    value = only("a: &x {b: [1]}\nc: *x\nd: {<<: *x}\n", origin)
    value["c"]["b"].append(2)
    assert {"b": [1]} == value["a"] == value["d"]


def test_anchors_belong_to_their_document(origin):
    """An alias of an anchor in another document is an error."""
    with pytest.raises(errors.LoadError, match="no anchor"):
        yamldoc.parse("a: &x 1\n---\nb: *x\n", origin=origin)


def test_an_alias_bomb_is_refused(origin):
    """A text that grows without proportion is refused before it does."""
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    with pytest.raises(errors.LoadError, match="too many aliases") as caught:
        yamldoc.parse("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + levels, origin=origin)
    assert caught.value.origin.line > 1


def test_many_modest_aliases_pass(origin):
    """A label set used a thousand times is no bomb."""
    text = "x: &x {app: web, tier: back, owner: us}\nz:\n" + "- {a: b, c: d, e: f, labels: *x}\n" * 1000
    assert len(only(text, origin)["z"]) == 1000


def test_places_of_aliased_and_merged_values(origin):
    """A merged key stands where it was written, an alias where it is used, what is inside it at the anchor."""
    (document,) = yamldoc.parse("a: &x\n  k: [1]\nb: *x\nc:\n  <<: *x\n  d: 2\n", origin=origin)
    find = document.source_map.find
    assert [
        find(("b",)), find(("b", "k")), find(("b", "k", 0)), find(("c", "k")), find(("c", "d"))
    ] == [(3, 1), (2, 3), (2, 7), (2, 3), (6, 3)]  # fmt: skip


def test_a_merge_below_a_key_overrides_it_with_a_note(origin):
    """As kubectl does it, against the YAML page on merge keys; so it is noted."""
    (document,) = yamldoc.parse("x: &x {a: 1}\nb:\n  a: 2\n  <<: *x\n", origin=origin)
    assert document.value["b"] == {"a": 1}
    assert [note.message for note in document.notes] == ["`<<` below `a` overrides it"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        ["y", "N", "0644", "0o7", "1e3", "08", "1_0", "=", "<<", "~", "12:30", "2024-01-01", "0b1", ".5_0"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_is_dumped_is_read_back(data):
    """Data survives a dump and a parse, whatever its strings look like."""
    from pathlib import PurePath  # noqa: PLC0415

    from kubernator.model.origin import Origin  # noqa: PLC0415

    found = yamldoc.parse(yamldoc.dump(data), origin=Origin(path=PurePath("x.yaml")))
    assert same(data, found[0].value if found else None)


@given(st.recursive(st.integers() | st.sampled_from(["a", "yes", "a: b", "ü", "1"]),
                    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner)))  # fmt: skip
def test_a_dump_looks_like_safe_dump(data):
    """Where PyYAML's own words are safe for kubectl, the text is the same."""
    assert yaml.safe_dump([data]) == yamldoc.dump([data])


def test_a_dump_repeats_what_is_shared():
    """No anchors are written."""
    shared = {"a": 1}
    assert yamldoc.dump({"x": shared, "z": shared}) == "x:\n  a: 1\nz:\n  a: 1\n"


@pytest.mark.parametrize("data", [object(), {"a": {1j}}, {"a": b"x" and object()}])
def test_what_is_no_data_is_not_dumped(data):
    """An object that is no JSON is refused by its type."""
    with pytest.raises(errors.LoadError, match="cannot be written as YAML"):
        yamldoc.dump(data)


def test_a_ring_is_not_dumped():
    """Data that contains itself ends in an error, not in a crash."""
    ring = []
    ring.append(ring)
    with pytest.raises(errors.LoadError, match="contains itself"):
        yamldoc.dump(ring)


def test_subclasses_are_dumped_as_what_they_derive_from():
    """Dicts and strings of the context are dicts and strings."""
    dictionary, text = type("D", (dict,), {}), type("S", (str,), {})
    assert yamldoc.dump(dictionary(a=text("b"))) == "a: b\n"


TEXTS = st.recursive(
    st.sampled_from(["plain", "12", "'quoted: x'", '"double"', "true", "~", "0644"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(["a", "'b c'", '"d"', "e-f"]), inner, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"
        )
    ),
    max_leaves=12,
)


@given(
    st.lists(st.tuples(st.sampled_from(["k", "'l m'", '"n"', "o.p/q"]), TEXTS), max_size=4, unique_by=lambda p: p[0])
)
def test_every_place_points_at_its_key(pairs):
    """The text at the place of a key begins with the key, quoted or not; at an item, with the item."""
    from pathlib import PurePath  # noqa: PLC0415

    from kubernator.model.origin import Origin  # noqa: PLC0415

    text = "# a comment\n" + "".join(f"{key}:\n    {value}\n" for key, value in pairs)
    lines = text.split("\n")
    for document in yamldoc.parse(text, origin=Origin(path=PurePath("x.yaml"))):
        places = dict(document.source_map.places)
        assert len(places) == len(document.source_map.places) == 1 + sum(1 for _ in inner(document.value))
        for path, (line, column) in places.items():
            if path and isinstance(path[-1], str):
                assert lines[line - 1][column - 1 :].lstrip("'\"").startswith(path[-1])
            elif path:
                value = at(document.value, path)
                if isinstance(value, str):
                    assert lines[line - 1][column - 1 :].lstrip("'\"").startswith(value)


def inner(value):
    """Yield every key and item of a value."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield item
        yield from inner(item)


def at(value, path):
    """Return what stands at a path."""
    for part in path:
        value = value[part]
    return value


@pytest.mark.parametrize("path", [("a", "b"), ("x",), ("a", 0, "z"), ("a", 5)])
def test_what_was_not_written_has_the_place_of_its_nearest_ancestor(path, origin):
    """A path that is not in the document leads to what is."""
    (document,) = yamldoc.parse("a:\n- z\n", origin=origin)
    assert path not in document.source_map.places
    assert document.source_map.find(path) is not None


def test_pure_python_does_the_same(origin, monkeypatch):
    """Without libyaml the same documents, places and findings come out."""
    text = "a: &x [1, 0o17, 'y', y]\nb: {<<: {c: 1}, d: *x}\n---\n! e\n---\nf: 1\n\tg: 2\n"
    problems, slow_problems = [], []
    fast = yamldoc.parse(text, origin=origin, problems=problems)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    slow = yamldoc.parse(text, origin=origin, problems=slow_problems)
    assert [(d.value, d.origin, dict(d.source_map.places), d.notes) for d in fast] == [
        (d.value, d.origin, dict(d.source_map.places), d.notes) for d in slow
    ]
    assert problems == slow_problems


def test_a_dump_without_libyaml(monkeypatch):
    """The pure Python dumper writes the same text."""
    data = {"a": ["y", 1, {"b": "x: y"}]}
    expected = yamldoc.dump(data)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    yamldoc._dumper.cache_clear()
    try:
        assert expected == yamldoc.dump(data)
    finally:
        yamldoc._dumper.cache_clear()


def test_the_collector_is_on_again_after_a_bad_file(origin):
    """Whatever happens while reading, garbage collection goes on afterwards."""
    import gc  # noqa: PLC0415

    with pytest.raises(errors.LoadError):
        yamldoc.parse("a: [", origin=origin)
    assert gc.isenabled()


def test_loading_does_not_import_jinja2():
    """Templates cost nothing where there are none."""
    code = (
        "import sys; from pathlib import PurePath; from kubernator.load import template, yamldoc;"
        "from kubernator.model.origin import Origin; o = Origin(path=PurePath('x'));"
        "template.TemplateEngine().render('a: {{ x }}', {}, origin=o); yamldoc.parse('a: 1', origin=o);"
        "sys.exit('jinja2' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("digits", ["9" * 5000, "-" + "9" * 5000, "0o" + "7" * 5000])
def test_an_integer_of_thousands_of_digits_is_text(digits, origin):
    """Go cannot hold it in 64 bits or as a float; Python would refuse to read it at all."""
    assert yamldoc.parse(f"a: {digits}\n", origin=origin)[0].value == {"a": digits}
