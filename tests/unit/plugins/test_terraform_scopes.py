"""Where outputs go: the nearest scope that was given `tf`, else the directory's own."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pytest

from kubernator import errors
from kubernator.model.origin import Origin
from kubernator.model.outcome import RunOutcome
from kubernator.plugins.terraform import TerraformPlugin, only_ours
from kubernator.scope.scope import Scope
from kubernator.script import Ktor
from kubernator.tools.tool import Tool

if TYPE_CHECKING:
    from conftest import Project

HERE = Origin(path=PurePath("infra"))


def chain() -> tuple[Ktor, Ktor, Ktor]:
    """Return a start directory, one below it, and one below that."""
    start = Scope(label="start")
    middle = Scope(start, label="middle")
    return Ktor(start), Ktor(middle), Ktor(Scope(middle, label="below"))


def merge(ktor: Ktor, **values: Any) -> None:
    TerraformPlugin().merge(ktor._scope, values, HERE)


def test_without_tf_above_the_directory_has_its_own() -> None:
    """It is seen there and below."""
    start, middle, below = chain()
    merge(middle, a=1)
    assert (middle.tf.a, below.tf["a"]) == (1, 1)
    assert "tf" not in start


def test_an_ancestors_tf_gets_them() -> None:
    """So they are seen in all of what is below that."""
    start, middle, below = chain()
    start.tf = {"given": 0}
    held = start.tf
    merge(below, a=1)
    merge(middle, b=2, a=3)
    assert {"given": 0, "a": 3, "b": 2} == start.tf == middle.tf == below.tf
    assert held is start.tf


def test_a_nearer_tf_keeps_them() -> None:
    """The start directory's does not see them, and is not lost."""
    start, middle, below = chain()
    start.tf = {"given": 0}
    middle.tf = {}
    merge(below, a=1)
    assert start.tf == {"given": 0}
    assert {"given": 0, "a": 1} == middle.tf == below.tf


def test_reading_between_changes_nothing() -> None:
    """A scope that looked has a copy, and is still not the one that was given `tf`."""
    start, middle, below = chain()
    start.tf = {}
    assert middle.tf == {}
    merge(below, a=1)
    assert {"a": 1} == start.tf == middle.tf == below.tf


def test_what_a_directory_changed_stays_its_own() -> None:
    """And what comes later is seen beside it."""
    start, middle, below = chain()
    start.tf = {}
    middle.tf.mine = 7
    merge(below, a=1)
    assert start.tf == {"a": 1}
    assert {"a": 1, "mine": 7} == middle.tf == below.tf


def test_nobody_shares_the_structure() -> None:
    """A list that one directory changes stays as it was for the others."""
    start, middle, below = chain()
    start.tf = {}
    assert middle.tf == {}
    values = {"zones": ["a"]}
    merge(below, **values)
    middle.tf.zones.append("b")
    assert (start.tf.zones, middle.tf.zones, values["zones"]) == (["a"], ["a", "b"], ["a"])


@pytest.mark.parametrize("name", ["keys", "values", "get", "update", "items", "pop", "a-b", "__class__"])
def test_every_name_can_be_that_of_an_output(name: str) -> None:
    """Also those of methods of a dict."""
    start, _, below = chain()
    merge(start, **{name: "found"})
    merge(start, **{name: "later"})
    assert below.tf[name] == "later"


def test_a_tf_that_is_something_else_is_an_error() -> None:
    """It says where it was set."""
    start, _, below = chain()
    start.tf = "mine"
    with pytest.raises(errors.ProjectError, match=r"`ktor\.tf`, which is a str") as caught:
        merge(below, a=1)
    assert ("set in", "start") in caught.value.detail


def test_a_name_that_is_missing_is_told_with_those_that_are_there() -> None:
    """By either way of reading."""
    start, _, _ = chain()
    merge(start, vpc_id=1, zone=2)
    said = "`vpc_ib` is not set; there are vpc_id, zone; did you mean `vpc_id`?"
    with pytest.raises(AttributeError) as attribute:
        _ = start.tf.vpc_ib
    with pytest.raises(KeyError) as key:
        start.tf["vpc_ib"]
    assert (said, said) == (str(attribute.value), str(key.value))
    assert start.tf.get("vpc_ib") is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("program='opentofu'", "`program` is `'opentofu'`"),
        ("init='sometimes'", "`init` is `'sometimes'`"),
        ("init_args='-backend=false'", "`init_args` is a list of arguments"),
        ("init_args=[1]", "`init_args` is a list of arguments"),
        ("timeout=0", "`timeout` is `0`"),
        ("timeout='1m'", "`timeout` is `'1m'`"),
        ("verison='1'", "plugin `terraform` has no option `verison`"),
    ],
)
def test_wrong_options_are_told(project: Project, options: str, expected: str) -> None:
    """At the line that registers the plugin."""
    project.script("", register=f"ktor.app.register_plugin('terraform', {options})")
    with pytest.raises(errors.PluginError) as caught:
        project.walk()
    assert expected in caught.value.title
    assert ".kubernator.py:1" in str(caught.value.detail)


def test_asking_for_tf_too_early_says_where_it_is(project: Project) -> None:
    """The first thing that people run into."""
    project.script("ktor.tf.vpc")
    with pytest.raises(errors.ScriptError) as caught:
        project.walk()
    assert "ktor.terraform.output()" in caught.value.hint


@pytest.mark.parametrize(
    ("writable", "environment", "elsewhere"),
    [(True, {}, False), (False, {}, True), (False, {"TF_DATA_DIR": "mine"}, False)],
)
def test_a_directory_that_cannot_be_written_to_is_left_as_it_is(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    *,
    writable: bool,
    environment: dict[str, str],
    elsewhere: bool,
) -> None:
    """The program keeps its files in a private place, which goes with the run; unless somebody chose another."""
    monkeypatch.delenv("TF_DATA_DIR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "access", lambda _path, _mode: writable)
    plugin = TerraformPlugin(program="terraform")
    monkeypatch.setattr(project.host.tools, "find", lambda name: Tool(name=name, path=Path("/terraform")))
    plugin.start(project.host)
    data = plugin.directory(project.root).data
    assert elsewhere is (data is not None)
    if data is not None:
        assert data != plugin.directory(project.root / "other").data
        assert data.parent.stat().st_mode & 0o777 == 0o700
        plugin.end(RunOutcome())
        assert not data.parent.exists()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), True),
        (("main.tf", "prod.tfvars", "terraform.tfstate", ".terraform.lock.hcl", "README.md", "below/"), True),
        (("main.tf", ".kubernator.py"), False),
        (("main.tf", "app.yaml"), False),
        (("terragrunt.hcl",), False),
    ],
)
def test_a_directory_is_read_in_the_background_where_nothing_can_ask_for_it(
    tmp_path: Path, names: tuple[str, ...], *, expected: bool
) -> None:
    """A script or any other file may, so the outputs are there before it has its turn."""
    for name in names:
        path = tmp_path / name
        path.mkdir() if name.endswith("/") else path.touch()
    assert expected is only_ours(tmp_path)


def test_neither_program_on_the_path_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is also the RuntimeError of the reference."""
    monkeypatch.setenv("PATH", "/nowhere")
    project.script("", register="ktor.app.register_plugin('terraform')")
    with pytest.raises(RuntimeError, match="neither `terraform` nor `tofu` is on `PATH`"):
        project.walk()
