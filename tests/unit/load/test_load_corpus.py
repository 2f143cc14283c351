"""Real manifests mean the same to us and to PyYAML, where the two agree on scalars at all.

Reads the examples, and every YAML file below the directory ``KUBERNATOR_CORPUS`` names.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath

import pytest
import yaml

from kubernator.load import scalars, yamldoc
from kubernator.model.origin import Origin

ROOT = Path(__file__).parents[3]


def of_chart(path: Path) -> bool:
    """Say whether a file is a template of a chart, which is no YAML before it is rendered."""
    return any(above.name == "templates" and (above.parent / "Chart.yaml").is_file() for above in path.parents)


def planted(path: Path) -> bool:
    """Say whether a file has mistakes on purpose, repeated keys among them."""
    return path.is_relative_to(ROOT / "examples" / "mistakes")


CORPUS = [Path(found) for found in [os.environ.get("KUBERNATOR_CORPUS", "")] if found]
FILES = sorted(
    path
    for directory in [ROOT / "examples", *CORPUS]
    for suffix in ("*.yaml", "*.yml")
    for path in directory.rglob(suffix)
    if not path.name.startswith(".") and not of_chart(path) and not planted(path)
)


class TextLoader(yaml.CSafeLoader):
    """PyYAML without its own ideas of scalars: unquoted words are resolved by the table."""


def resolved(loader, node):
    """Return what an unquoted word means to kubectl, or the text of a quoted one."""
    return node.value if node.style else scalars.plain(node.value)


TextLoader.yaml_implicit_resolvers = {}
TextLoader.add_constructor("tag:yaml.org,2002:str", resolved)


def literal(path):
    """Return the text of a file, with a word for each value a template would print."""
    return re.sub(r"\{\$\{.*?\}\$\}", "word", path.read_text())


def test_there_is_something_to_read():
    """The examples are there; an empty corpus would prove nothing."""
    assert all(directory.is_dir() for directory in CORPUS)


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT.anchor)) for path in FILES])
def test_a_file_gives_the_data_pyyaml_gives(path):
    """Structure, text and places of a real file are right."""
    text = literal(path)
    documents = yamldoc.parse(text, origin=Origin(path=PurePath(path)))
    expected = [value for value in yaml.load_all(text, TextLoader) if value is not None]
    assert [document.value for document in documents] == expected
    lines = text.splitlines()
    for document in documents:
        for found, (line, column) in document.source_map.places.items():
            if found and isinstance(found[-1], str) and "*" not in text and "&" not in text:
                assert lines[line - 1][column - 1 :].lstrip("'\"").startswith(found[-1])


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT.anchor)) for path in FILES])
def test_a_dump_is_read_back(path):
    """What was read, dumped and read again is the same."""
    text = literal(path)
    origin = Origin(path=PurePath(path))
    for document in yamldoc.parse(text, origin=origin):
        (again,) = yamldoc.parse(yamldoc.dump(document.value), origin=origin)
        assert again.value == document.value
