"""The table of scalars is what a real kubectl says, and whole files are read as it reads them."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from kubernator.load import yamldoc

pytestmark = pytest.mark.tools

OBJECT = "apiVersion: v1\nkind: X\nmetadata: {name: a}\nv: %s\n"


def int64(written):
    """Read an integer as Kubernetes does: beyond 64 bits it is a float."""
    return int(written) if -(2**63) <= int(written) < 2**63 else float(written)


@pytest.fixture(scope="module")
def kubectl():
    """Return a function that reads a YAML text with kubectl: its objects, or None when it refuses the text."""
    program = shutil.which("kubectl")
    if program is None:
        pytest.fail("kubectl is not on PATH: see https://kubernetes.io/docs/tasks/tools/ for how to get it")

    def read(text):
        done = subprocess.run(
            [program, "annotate", "--local", "-f", "-", "a=b", "-o", "json"],
            input=text.encode(),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            return None
        decoder, printed, objects = json.JSONDecoder(parse_int=int64), done.stdout.decode(), []
        while printed:
            value, end = decoder.raw_decode(printed)
            objects.append(value)
            printed = printed[end:].lstrip()
        return objects

    return read


def test_kubectl_reads_the_table(kubectl, kubectl_table):
    """Each scalar of the table that has a meaning has this one."""
    meanings = [(scalar, meaning["value"]) for scalar, meaning in kubectl_table.items() if "value" in meaning]
    found = kubectl("---\n".join(OBJECT % scalar for scalar, _ in meanings))
    assert [(scalar, found_object["v"]) for (scalar, _), found_object in zip(meanings, found, strict=True)] == meanings


def test_kubectl_refuses_what_the_table_refuses(kubectl, kubectl_table):
    """Each scalar of the table that is refused is refused by kubectl."""
    refused = [scalar for scalar, meaning in kubectl_table.items() if "refused" in meaning]
    assert [scalar for scalar in refused if kubectl(OBJECT % scalar) is not None] == []


@pytest.mark.parametrize(
    "text",
    [
        "x: &x {a: 1, b: [1, 2]}\nw: {<<: *x, a: 2}\n",
        "w: {a: 2, <<: {a: 1}}\n",
        "w: |\n  a\n\n   b\n\nx: >-\n  a\n  b\n\n  c\n",
        "w: 'it''s'\nx: \"\\x41\\u00e9\\n\"\n",
        "w:\n- a\n-\n  - b\n- c: 1\n  d: 2\n",
        "? w\n: x\n",
        "data: {on: a, 1.5: b, 0644: c}\n",
        "w: a\t# no comment without space\n",
        "w: a # b\r\nx: c\r\n",
    ],
)
def test_shapes(text, kubectl, origin):
    """Merges, blocks, quotes and odd keys give the same data."""
    whole = OBJECT % "1" + text
    (expected,) = kubectl(whole)
    del expected["metadata"]["annotations"]
    (document,) = yamldoc.parse(whole, origin=origin)
    assert document.value == expected


@pytest.mark.parametrize(
    "data",
    ["y", "1e3", "0o7", "08", "1_0", ".5", "12:30", "~", "=", "2024-01-01", " x", "x\n", "#", "\x85", "é😀", "0b1"],
)
def test_kubectl_reads_what_we_dump(data, kubectl):
    """A string that is dumped is that string for kubectl."""
    (found,) = kubectl(
        yamldoc.dump({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "v": [data, {data: 1}]})
    )
    assert found["v"] == [data, {data: 1}]
