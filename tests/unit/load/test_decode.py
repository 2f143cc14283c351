"""Documents become manifests, with everything that is wrong in their envelopes."""

from __future__ import annotations

import pytest

from kubernator.load import decode, envelope, jsondoc, yamldoc
from kubernator.load.document import Document

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def read(text, origin, **options):
    """Return manifests and findings of a YAML text."""
    problems = []
    return decode.manifests(yamldoc.parse(text, origin=origin), problems=problems, **options), problems


def test_a_list_is_unwrapped_with_places(origin):
    """Each item of a List has its own line, and its paths lead to its own lines."""
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n"
        "- kind: List\n  items:\n  - apiVersion: v1\n    kind: B\n    metadata: {name: b}\n"
    )
    found, problems = read(text, origin)
    assert not problems
    assert [(d.value["kind"], d.origin.line, d.place(("metadata", "name")).line) for d in found] == [
        ("A", 4, 7),
        ("B", 10, 12),
    ]


def test_items_of_a_typed_list_inherit_their_kind(origin):
    """As in client-go, the name of the list tells the kind of its items."""
    (found,), _ = read("apiVersion: v1\nkind: ConfigMapList\nmetadata: {}\nitems:\n- metadata: {name: a}\n", origin)
    assert (found.value["apiVersion"], found.value["kind"]) == ("v1", "ConfigMap")


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: a}\nitems: [1]\n",
        "apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {}\n",
        "apiVersion: x.io/v1\nkind: List\nmetadata: {name: a}\n",
    ],
)
def test_a_kind_that_only_ends_like_a_list(text, origin):
    """A custom resource whose kind ends in List is an object."""
    found, problems = read(text, origin)
    assert (len(found), problems) == (1, [])


@pytest.mark.parametrize("items", ["", "items:\n", "items: []\n"])
def test_an_empty_list_holds_nothing(items, origin):
    """A List without items is no error."""
    assert read(f"apiVersion: v1\nkind: List\n{items}", origin) == ([], [])


def test_items_that_are_no_list(origin):
    """`items` that is a map is said so, at its line."""
    found, (problem,) = read("apiVersion: v1\nkind: List\nitems: {a: 1}\n", origin)
    assert not found
    assert (problem.message, problem.origin.line) == ("`items` of a `List` must be a list", 3)


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("- a\n", [("the document is a list, not a Kubernetes object", 1)]),
        ("just text\n", [("the document is text, not a Kubernetes object", 1)]),
        ("12\n", [("the document is a number, not a Kubernetes object", 1)]),
        ("a: 1\n", [("`apiVersion` is missing", 1), ("`kind` is missing", 1), ("`metadata` is missing", 1)]),
        ("apiVersion: 1\nkind: A\nmetadata: {name: a}\n", [("`apiVersion` is a number, not text", 1)]),
        ("apiVersion: a/b/c\nkind: A\nmetadata: {name: a}\n",
         [("`apiVersion` is neither `VERSION` nor `GROUP/VERSION`: `a/b/c`", 1)]),
        ("apiVersion: v1\nkind: []\nmetadata: {name: a}\n", [("`kind` is a list, not text", 2)]),
        ("apiVersion: v1\nkind: ''\nmetadata: {name: a}\n", [("`kind` is empty", 2)]),
        ("apiVersion: v1\nkind: A\nmetadata: x\n", [("`metadata` is text, not a map", 3)]),
        ("apiVersion: v1\nkind: A\nmetadata:\n  labels: {}\n", [("`metadata.name` is missing", 3)]),
        ("apiVersion: v1\nkind: A\nmetadata:\n  name: 123\n", [("`metadata.name` is a number, not text", 4)]),
        ("apiVersion: v1\nkind: A\nmetadata:\n  name: no\n", [("`metadata.name` is a boolean, not text", 4)]),
        ("apiVersion: v1\nkind: A\nmetadata:\n  generateName: a-\n", [("`metadata.generateName` without a name", 4)]),
        ("apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: 1}\n",
         [("`metadata.namespace` is a number, not text", 3)]),
        ('apiVersion: v1\nkind: "A\\nB"\nmetadata: {name: a}\n',
         [("`kind` has characters in it that cannot be shown", 2)]),
        ("apiVersion: v1\nkind: A\nmetadata:\n  name: ../pods\n",
         [("`metadata.name` cannot be `../pods`: no name has `/` in it", 4)]),
        ("apiVersion: v1\nkind: A\nmetadata:\n  name: ..\n",
         [("`metadata.name` cannot be `..`: no name has `..` in it", 4)]),
        ("apiVersion: v1\nkind: A\nmetadata:\n  name: a\n  namespace: a%2Fb\n",
         [("`metadata.namespace` cannot be `a%2Fb`: no name has `%` in it", 5)]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_envelope(text, findings, origin):
    """Everything that is missing or of the wrong type is found, at its line."""
    found, problems = read(text, origin)
    assert not found
    assert [(problem.message, problem.origin.line) for problem in problems] == findings


def test_a_bad_document_does_not_take_the_others_away(origin):
    """What is good in a file is returned."""
    found, problems = read(f"{GOOD}---\nkind: A\n---\n{GOOD}", origin)
    assert (len(found), len(problems)) == (2, 2)


def test_notes_stay_with_the_first_manifest(origin):
    """A note about a document is not told once for every item of a List."""
    item = "- apiVersion: v1\n  kind: A\n  metadata: {name: a}\n  x: y\n"
    found, _ = read(f"apiVersion: v1\nkind: List\nitems:\n{item}{item}", origin)
    assert [len(document.notes) for document in found] == [2, 0]


def test_a_plain_list_is_allowed_where_asked(origin):
    """A JSON file may be a list of objects."""
    manifest = '{"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"}}'
    documents = jsondoc.parse(f"[\n{manifest},\n  {manifest}]", origin=origin)
    found = decode.manifests(documents, problems=[], plain_lists=True)
    assert [(document.origin.line, document.origin.column) for document in found] == [(2, 1), (3, 3)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "namespace": "n"}}, "v1 A n/a"),
        ({"kind": "A", "metadata": {"generateName": "a-"}}, "A a-"),
        ({"metadata": 1}, ""),
        ([], ""),
    ],
)
def test_what_a_value_tells_of_itself(value, expected):
    """Messages name a manifest as far as it has names."""
    assert envelope.describe(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"}}, True), ({"kind": "A"}, False), (None, False)],
)
def test_what_is_a_manifest(value, expected, origin):
    """The quick check and the one with words agree."""
    assert envelope.is_manifest(value) is expected
    assert (envelope.check(Document(value=value, origin=origin)) == []) is expected
