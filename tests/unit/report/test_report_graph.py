"""The order of a tree as a graph."""

from __future__ import annotations

import json
import re
from pathlib import PurePath

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource
from kubernator.pipeline import order
from kubernator.redaction import Secrets
from kubernator.report import graph

ODD = 'a"b\\c<d>\n|e#{f}[g](h)`i` é\x1b[31m;'
API = "gateway.networking.k8s.io/v1"


def resource(kind, name, *, api="v1", namespace="n", directory=0, depends_on=None, **fields):
    annotations = {"annotations": {"kubernator.io/depends-on": depends_on}} if depends_on else {}
    gvk = GroupVersionKind.of(api, kind)
    return Resource(
        manifest={"apiVersion": api, "kind": kind, "metadata": {"name": name, **annotations}, **fields},
        ref=ResourceRef(gvk.group, kind, namespace, name),
        gvk=gvk,
        origin=Origin(path=PurePath(f"d{directory}/x.yaml"), line=1),
        directory=directory,
    )


def pod(name, **spec):
    return resource("Pod", name, spec=spec)


TREE = [
    resource("Namespace", "n", namespace=""),
    pod("web", serviceAccountName="late", volumes=[{"configMap": {"name": "c"}}]),
    resource("ConfigMap", "c", depends_on="Secret/s"),
    resource("Secret", "s", data={"password": "aHVudGVyMmh1bnRlcjI="}),
    resource("ConfigMap", "alone", namespace=""),
    resource("ServiceAccount", "late", directory=1),
]
CIRCLE = [resource("ConfigMap", "a", depends_on="ConfigMap/b"), resource("ConfigMap", "b", depends_on="ConfigMap/a")]


def test_text():
    """Phases with their objects, and below each what it comes after; what nothing relates is there too."""
    assert graph.text(order.arrange(TREE), Secrets()).splitlines() == [
        "1. namespaces (waited for)",
        "   Namespace n",
        "2. d0",
        "   ConfigMap alone",
        "   Secret n/s",
        "   ConfigMap n/c",
        "     after Secret n/s is current: depends on Secret `s`, by its annotation",
        "   Pod n/web",
        "     after ConfigMap n/c: mounts ConfigMap `c`",
        "     (not followed: the target is in a later directory) ServiceAccount n/late: runs as ServiceAccount `late`",
        "3. d1",
        "   ServiceAccount n/late",
    ]


def test_circles():
    """A circle is told after the phases, and alone where only circles are wanted."""
    found = order.arrange(CIRCLE)
    expected = [
        "circle 1 (cannot be resolved: `depends-on` is part of it)",
        "   ConfigMap n/a depends on ConfigMap `b`, by its annotation",
        "   ConfigMap n/b depends on ConfigMap `a`, by its annotation",
    ]
    assert expected == graph.text(found, Secrets()).splitlines()[-3:]
    assert expected == graph.cycles(found, Secrets()).splitlines()
    assert graph.cycles(order.arrange(TREE), Secrets()) == ""


def test_data():
    """The same for programs: objects of each phase, edges with every reference and what becomes of it."""
    found = graph.data(order.arrange(TREE), Secrets())
    assert found["format"] == "kubernator/graph/v1"
    assert [(phase["name"], phase["wait"], len(phase["objects"])) for phase in found["phases"]] == [
        ("namespaces", True, 1),
        ("d0", False, 4),
        ("d1", False, 1),
    ]
    (late,) = [edge for edge in found["edges"] if edge["fate"] != "followed"]
    assert late["target"] == {"group": "", "kind": "ServiceAccount", "namespace": "n", "name": "late"}
    assert late["fate"] == "later"
    (reference,) = late["references"]
    assert (reference["field"], reference["strength"]) == (["spec", "serviceAccountName"], "needed")
    json.dumps(found)
    alone = graph.data(order.arrange(CIRCLE), Secrets(), only_cycles=True)
    assert sorted(alone) == ["cycles", "format"]
    assert [circle["stated"] for circle in alone["cycles"]] == [True]


#: A statement of DOT as we write them, by its grammar: ids, quoted strings, attribute lists, subgraphs.
_STRING = r'"(?:[^"\\]|\\.)*"'
_ID = rf"(?:{_STRING}|[A-Za-z_][A-Za-z_0-9]*|[0-9]+)"
_ATTRIBUTES = rf"\[{_ID}={_ID}(?:, {_ID}={_ID})*\]"
_STATEMENT = re.compile(rf"(?:{_ID}={_ID}|node {_ATTRIBUTES}|{_ID}(?: -> {_ID})? {_ATTRIBUTES})")


def parsed(text: str) -> tuple[set[str], list[tuple[str, str]]]:
    """Return nodes and edges of DOT; every line must be of its grammar."""
    lines = text.splitlines()
    assert lines[0] == "digraph order {"
    depth, nodes, edges = 1, set(), []
    for line in map(str.strip, lines[1:]):
        if re.fullmatch(r"subgraph cluster_\d+ \{", line):
            depth += 1
        elif line == "}":
            depth -= 1
        else:
            assert _STATEMENT.fullmatch(line), line
            if found := re.match(rf"({_ID}) -> ({_ID}) ", line):
                edges.append(found.groups())
            elif found := re.match(r"(n\d+) \[", line):
                nodes.add(found[1])
    assert depth == 0
    return nodes, edges


@pytest.mark.parametrize("name", ["web", ODD, "ends with \\", '"', "\\n", "</TABLE>"])
def test_dot_parses_whatever_names_hold(name):
    """Each object is a node and each reference an edge between nodes that are there."""
    tree = [
        *TREE,
        resource("ConfigMap", name, depends_on="Secret/s"),
        pod("user", volumes=[{"configMap": {"name": name}}]),
    ]
    found = order.arrange(tree)
    nodes, edges = parsed(graph.dot(found, Secrets()))
    assert len(tree) == len(nodes)
    assert len(found.edges) == len(edges)
    assert {end for edge in edges for end in edge} <= nodes


def test_dot_shows_phases_waits_and_what_is_not_followed():
    """Phases are boxes, what is waited for is thick, what is not followed dashed."""
    text = graph.dot(order.arrange(TREE), Secrets())
    assert 'subgraph cluster_1 {\n    label="2. d0"\n    n1 [label="ConfigMap alone"]' in text
    assert '[label="depends on Secret `s`, by its annotation", penwidth=2]' in text
    assert '[label="runs as ServiceAccount `late` (in a later phase)", style=dashed]' in text
    only = graph.dot(order.arrange([*TREE, *CIRCLE]), Secrets(), only_cycles=True)
    nodes, edges = parsed(only)
    assert (len(nodes), len(edges)) == (2, 2)


@pytest.mark.parametrize("name", ["web", ODD, "ends with \\", '"', "end", "</TABLE>"])
def test_mermaid_has_nothing_special_in_its_labels(name):
    """Labels are quoted, and what would end them or mean something in them is an entity."""
    found = order.arrange([*TREE, resource("ConfigMap", name), pod("user", volumes=[{"configMap": {"name": name}}])])
    label = r'"[^"<>`|\\{}\[\]()]*"'
    lines = graph.mermaid(found, Secrets()).splitlines()
    assert lines[0] == "flowchart LR"
    kinds = {
        "subgraph": re.compile(rf"subgraph p\d+\[{label}\]"),
        "node": re.compile(rf"n\d+\[{label}\]"),
        "edge": re.compile(rf"n\d+ (?:-->|==>|-\.->)\|{label}\| n\d+"),
        "end": re.compile("end"),
    }
    seen = [next((kind for kind, form in kinds.items() if form.fullmatch(line.strip())), line) for line in lines[1:]]
    assert set(seen) == set(kinds)
    assert seen.count("edge") == len(found.edges)


@pytest.mark.parametrize("render", [graph.text, graph.dot, graph.mermaid, lambda *args: json.dumps(graph.data(*args))])
def test_no_secret_is_shown(render):
    """Not even where one is used as a name."""
    secrets = Secrets()
    secrets.add("topsecretvalue")
    tree = [pod("web", volumes=[{"configMap": {"name": "topsecretvalue"}}]), resource("ConfigMap", "topsecretvalue")]
    text = render(order.arrange([*TREE, *tree]), secrets)
    assert "topsecretvalue" not in text
    assert "hunter2" not in text
    assert "aHVudGVy" not in text


def test_the_same_tree_gives_the_same_text():
    """Nothing depends on the order of sets or on time."""
    for render in (graph.text, graph.dot, graph.mermaid):
        assert render(order.arrange(TREE), Secrets()) == render(order.arrange(TREE), Secrets())
