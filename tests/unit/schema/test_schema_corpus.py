"""Definitions and custom resources as they are published: our examples and charts, and others' where they are given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kubernator.model.gvk import GroupVersionKind
from kubernator.schema import definitions, structural

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Names a directory with manifests of other projects.
CORPUS = "KUBERNATOR_CORPUS"
ROOT = Path(__file__).parents[3]


def _objects() -> Iterator[tuple[str, dict[str, Any]]]:
    given = os.environ.get(CORPUS)
    roots = [ROOT / "examples", ROOT / "tests" / "charts", *([Path(given)] if given else ())]
    for path in (path for root in roots for path in sorted(root.rglob("*.y*ml"))):
        if path.is_relative_to(ROOT / "examples" / "mistakes"):
            continue  # wrong on purpose
        try:
            documents = list(yaml.safe_load_all(path.read_text()))
        except (UnicodeDecodeError, yaml.YAMLError):
            continue  # a template
        for found in documents:
            if isinstance(found, dict) and {"apiVersion", "kind"} <= found.keys():
                yield str(path), found


def test_nothing_is_wrong_with_what_others_publish() -> None:
    """Definitions that clusters run with have no fault, nor have the examples that come with them."""
    objects = list(_objects())
    nodes = {}
    for place, found in objects:
        if found["kind"] == "CustomResourceDefinition" and found["apiVersion"] == "apiextensions.k8s.io/v1":
            assert definitions.check_definition(found) == [], place
            nodes |= definitions.nodes(found)
    assert nodes
    for place, found in objects:
        node = nodes.get(GroupVersionKind.of(str(found["apiVersion"]), str(found["kind"])))
        if node is not None:
            assert structural.check(found, node, custom=True) == [], place
