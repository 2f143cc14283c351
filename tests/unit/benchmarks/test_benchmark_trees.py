"""Benchmarks: the trees that tools are given."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import PurePath

import jsonschema_rs
import pytest
import yaml
from benchmarks import kinds, scenarios, schemas, tools, tree, workload
from benchmarks.__main__ import main
from benchmarks.figures import Figures

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.schema import documents
from kubernator.schema.validation import Validation


def objects_of(directory):
    """Return the objects of all files of a tree, in the order of their names."""
    paths = sorted(directory.rglob("*.yaml"))
    return [each for path in paths for each in yaml.safe_load_all(path.read_text()) if each]


def test_a_tree_is_the_same_for_the_same_number(tmp_path):
    """Two trees of a size are equal, file by file, and have what was asked for besides the namespaces."""
    for name in ("a", "b"):
        workload.generated(tmp_path / name, 60)
    files = [
        {path.relative_to(tmp_path / name): path.read_text() for path in (tmp_path / name).rglob("*.yaml")}
        for name in "ab"
    ]
    assert files[0] == files[1]
    kinds = Counter(each["kind"] for each in objects_of(tmp_path / "a"))
    assert (kinds.total(), kinds["Namespace"], kinds["ConfigMap"]) == (70, 10, 18)


def test_files_and_objects_say_the_same(tmp_path):
    """What the bare requests send is what the files say."""
    load = workload.generated(tmp_path / "tree", 40)
    assert {_key(each): each for each in load.objects} == {_key(each): each for each in objects_of(load.directory)}


def test_a_change_is_of_one_object(tmp_path):
    """Changing a generated tree changes one object: the one that the bare requests change."""
    load = workload.generated(tmp_path / "tree", 40)
    before = {_key(each): each for each in objects_of(load.directory)}
    load.change()
    changed = [_key(each) for each in objects_of(load.directory) if before[_key(each)] != each]
    assert [_key(load.objects[load.changed])] == changed


def test_a_tree_of_many_kinds(tmp_path):
    """Thirty kinds in turn, the same for the same number, each object once, and the files say the same."""
    load = workload.various(tmp_path / "tree", 70)
    assert load.objects == list(kinds.manifests(70))
    assert {_key(each): each for each in load.objects} == {_key(each): each for each in objects_of(load.directory)}
    assert len({each["kind"] for each in load.objects}) == len(set(kinds.KINDS)) == 30


def test_the_tree_of_many_kinds_is_right():
    """Nothing is wrong with what validation is measured on."""
    validation = Validation(documents.bundled())
    resources = [_resource(each) for each in kinds.manifests(60)]
    assert [found for each in resources for found in validation.check(each)] == []


def test_schemas_for_others(tmp_path):
    """A kind has a file that needs no other, takes what is right and nothing that is not known."""
    gvks = {GroupVersionKind.of(each["apiVersion"], each["kind"]) for each in kinds.manifests(30)}
    schemas.write(tmp_path, gvks)
    names = {path.name for path in tmp_path.iterdir()}
    assert len(names) == 30
    assert {"pod-v1.json", "role-rbac-v1.json", "ingress-networking-v1.json"} <= names
    for each in kinds.manifests(30):
        group, _, version = each["apiVersion"].rpartition("/")
        name = "-".join(filter(None, [each["kind"].lower(), group.partition(".")[0], version]))
        judge = jsonschema_rs.Draft4Validator(json.loads((tmp_path / f"{name}.json").read_text()))
        judge.validate(each)
        assert not judge.is_valid({**each, "speck": {}})
        assert not judge.is_valid({**each, "metadata": {**each["metadata"], "label": {}}})


REAL = [
    {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "x"}, "data": {}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "x"}, "data": {"again": "1"}},
    {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.example.com"}},
    {"apiVersion": "example.com/v1", "kind": "Wide", "metadata": {"name": "w", "namespace": "x"}},
    {"apiVersion": "example.com/v1", "kind": "Narrow", "metadata": {"name": "n"}},
    *(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{kind.lower()}s.example.com"},
            "spec": {
                "group": "example.com",
                "names": {"kind": kind, "plural": f"{kind.lower()}s"},
                "scope": scope,
                "conversion": {"strategy": "Webhook"},
                "versions": [{"name": "v1", "served": True}, {"name": "v0", "served": False}],
            },
        }
        for kind, scope in (("Wide", "Cluster"), ("Narrow", "Namespaced"))
    ),
]


def test_a_real_tree(tmp_path):
    """Each object is there once, in a namespace that is there, too; what comes first is also a tree of its own."""
    load = workload.real(tmp_path / "tree", REAL, name="manifests")
    found = {_key(each): each for each in objects_of(load.directory)}
    assert {
        ("Namespace", "", "bench-real"),
        ("Namespace", "", "x"),
        ("CustomResourceDefinition", "", "wides.example.com"),
        ("CustomResourceDefinition", "", "narrows.example.com"),
        ("Deployment", "bench-real", "web"),
        ("ConfigMap", "x", "a"),
        ("Wide", "", "w"),
        ("Narrow", "bench-real", "n"),
    } == set(found)
    assert {"Namespace", "CustomResourceDefinition"} == {each["kind"] for each in objects_of(load.prepared)}
    assert "conversion" not in found["CustomResourceDefinition", "", "wides.example.com"]["spec"]
    assert load.defined() == ["/apis/example.com/v1/wides", "/apis/example.com/v1/narrows"]
    load.change()
    changed = [_key(each) for each in objects_of(load.directory) if found[_key(each)] != each]
    assert [_key(load.objects[load.changed])] == changed == [("Deployment", "bench-real", "web")]


def test_lists_are_unwrapped(tmp_path):
    """A file of a corpus may hold lists, empty documents, and what is no object."""
    (tmp_path / "a.yaml").write_text(
        "---\n# nothing\n---\njust: data\n---\nkind: List\napiVersion: v1\nitems:\n- {kind: A}\n"
    )
    (tmp_path / "b.yml").write_text("{apiVersion: v1, kind: B, metadata: {name: b}}\n")
    assert [each["kind"] for each in workload.manifests_of(tmp_path)] == ["A", "B"]


def test_what_is_planned():
    """Every tool of every scenario is one that there is, and all sizes of the page are there."""
    for scenario in [*scenarios.full(), *scenarios.quick()]:
        assert set(scenario.tools) <= set(tools.TOOLS)
    names = [each.name for each in scenarios.full()]
    assert names == ["300", "1000", "300, 20 ms", "manifests", "3000", "10000"]


def test_an_earlier_run_is_shown_and_written(tmp_path, capsys):
    """``--show`` measures nothing; ``--write`` makes the page and what belongs to it."""
    (tmp_path / "figures.json").write_text(Figures(about={"date": "2026-01-01"}).dump())
    argv = ["--show", str(tmp_path / "figures.json"), "--write", str(tmp_path / "page.md")]
    assert main(argv) == 0
    assert "2026-01-01" in (tmp_path / "page.md").read_text()
    assert (tmp_path / "page" / "figures.json").exists()
    assert "| what | bar | measured |" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["--only", "nothing"], ["--objects", "many"], ["--what"]])
def test_a_wrong_command_line(argv, capsys):
    """What is not known is said, and nothing is measured."""
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_a_changed_tree_is_of_the_same_shape(tmp_path):
    """The change of a generated tree is to a value, not to a key."""
    tree.write(tmp_path, 20)
    tree.change(tmp_path)
    assert 'key-0: "changed' in (tmp_path / "team-0" / "part-000.yaml").read_text()


def _resource(manifest):
    gvk = GroupVersionKind.of(manifest["apiVersion"], manifest["kind"])
    return Resource(manifest=manifest, ref=ResourceRef.of(manifest), gvk=gvk, origin=Origin(path=PurePath("a.yaml")))


def _key(manifest):
    return manifest["kind"], manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]
