"""Charts that do not render and helms that do not work: what is said, where, and that the rest is there anyway."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from helmtree import CHARTS, Tree

from kubernator import errors
from kubernator.plugins.helm import rendering

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tools


@pytest.fixture(params=["helm", "helm3"])
def helm(request: pytest.FixtureRequest, program: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a helm of each major version, and have it on `PATH`."""
    found: Path = program(request.param)
    monkeypatch.setenv("PATH", f"{found.parent}:/usr/bin:/bin")
    return found


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Return an empty tree that registers the plugin, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Tree(tmp_path)


def chart(tree: Tree, template: str, **files: str) -> Path:
    root = tree.home / "bad"
    (root / "templates").mkdir(parents=True, exist_ok=True)
    (root / "Chart.yaml").write_text("{apiVersion: v2, name: bad, version: 1.0.0}")
    (root / "templates" / "x.yaml").write_text(template)
    for name, text in files.items():
        (root / name).write_text(text)
    return root


def release(path: Path | str, name: str = "r", **more: Any) -> str:
    return "\n".join(
        [f"chart: {path}", f"name: {name}", "namespace: ns", *(f"{key}: {v}" for key, v in more.items()), ""]
    )


TEMPLATES = [
    ("a: b\n{{ .Values.a.b.c }}", "bad/templates/x.yaml:2:10", "nil pointer evaluating interface {}.b"),
    ('{{ fail "no good" }}', "bad/templates/x.yaml:1:3", "execution error: no good"),
    ('\n  {{ required "host is needed" .Values.host }}', "bad/templates/x.yaml:2:5", "execution error: host is needed"),
    ("\n{{ if }}", "bad/templates/x.yaml:2:1", "parse error: missing value for if"),
    ('{{ include "nope" . }}', "bad/templates/x.yaml:1:3", 'no template "nope"'),
    ("{{ nope }}", "bad/templates/x.yaml:1:1", 'function "nope" not defined'),
    ("a: b\n c: d\n  - x", "bad/templates/x.yaml", "YAML parse error: "),
]


@pytest.mark.parametrize(("template", "place", "said"), TEMPLATES)
def test_a_template_that_fails(helm: Path, tree: Tree, template: str, place: str, said: str) -> None:
    """The finding has the template's line, the chart, the release and who asked for it; the others are there."""
    tree.write({"a.helm.yaml": release(chart(tree, template)) + "---\n" + release(CHARTS / "scopes", name="ok")}).run()
    (found,) = tree.diagnostics.errors
    assert found.message.startswith("the chart `bad` of the release `r` cannot be rendered: ")
    assert said in found.message
    assert "\n" not in found.message
    assert found.origin is not None
    assert [f"{place}, chart bad 1.0.0", "a.helm.yaml:1:1, document 1"] == [str(each) for each in found.origin.chain]
    assert "ServiceAccount/plain" in tree.names()


def test_values_that_a_chart_refuses(helm: Path, tree: Tree) -> None:
    """The schema's words name the chart and the value."""
    tree.write({"a.helm.yaml": release(CHARTS / "strict", values="{port: 0}")}).run()
    (found,) = tree.diagnostics.errors
    assert "values don't meet the specifications of the schema(s) in the following chart(s): strict: " in found.message
    assert "host" in found.message
    assert "port" in found.message
    assert str(found.origin) == "a.helm.yaml:1:1, document 1"


def test_a_chart_for_other_clusters(helm: Path, tree: Tree) -> None:
    """A `kubeVersion` that does not fit names the version of the cluster, not one of helm's own."""
    root = chart(tree, "")
    (root / "Chart.yaml").write_text("{apiVersion: v2, name: bad, version: 1.0.0, kubeVersion: '>=1.99'}")
    tree.write({"a.helm.yaml": release(root)}).run()
    assert "which is incompatible with Kubernetes v1.36.2" in tree.messages[0]


def test_what_a_chart_renders_to_is_checked(helm: Path, tree: Tree) -> None:
    """A document that is no manifest is found at its place; others of the same chart are added."""
    text = "kind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"
    tree.write({"a.helm.yaml": release(chart(tree, text))}).run()
    (found,) = tree.diagnostics.errors
    assert "apiVersion" in found.message
    assert "chart bad 1.0.0" in str(found.origin)
    assert tree.names() == ["ConfigMap/b"]


def test_files_of_releases_are_checked_together(helm: Path, tree: Tree) -> None:
    """All that is wrong in all files is found at once, each at its line."""
    tree.write(
        {
            "1.helm.yaml": "chart: web\nname: Upper\nnamespace: ns\nnamespce: x\nversion: 1.2\n",
            "2.helm.yml": "- a list\n---\nchart: web\n",
            "3.helm.yaml": "chart: web\nname: r\nnamespace: ns\nvalues-file: v.yaml\n",
            "4.helm.yaml": "chart: [\n",
        }
    ).run()
    wanted = {
        "`Upper` is no name of a release": "1.helm.yaml:2:1, document 1",
        "a release has no key `namespce`": "1.helm.yaml:4:1, document 1",
        "`version` is text, not a number": "1.helm.yaml:5:1, document 1",
        "a release is a map of its keys": "2.helm.yml:1:1, document 1",
        "the release has no `name`": "2.helm.yml:3:1, document 2",
        "the release has no `namespace`": "2.helm.yml:3:1, document 2",
        "cannot read `v.yaml`: No such file or directory": "v.yaml",
        "not YAML: no value where one is expected": "4.helm.yaml:2:1, document 1",
    }
    assert wanted == {found.message: str(found.origin) for found in tree.diagnostics}
    assert {"did you mean `namespace`?", 'quote it: `version: "1.0"`'} <= {found.hint for found in tree.diagnostics}


def test_values_files_are_rendered(helm: Path, tree: Tree) -> None:
    """`ktor` and `helm` are there, and only the first document counts."""
    tree.script('ktor.host = "a.example"\nktor.app.excludes.add("shared")')
    tree.write(
        {
            "a.helm.yaml": release(CHARTS / "strict", name="{${ ktor.host[0] }$}", **{"values-file": "shared/v.yaml"}),
            "shared/v.yaml": "host: '{${ helm.name }$}.{${ helm.namespace }$}.{${ ktor.host }$}'\n---\nhost: other\n",
        }
    )
    assert [each["data"] for each in tree.run().manifests] == [{"address": "a.ns.a.example:80"}]
    tree.write({"shared/v.yaml": "- a\n"})
    assert tree.run().messages == ["`shared/v.yaml` holds no map of values"]
    tree.write({"shared/v.yaml": "host: {${ ktor.nothing }$}\n"})
    (found,) = tree.run().diagnostics.errors
    assert "`ktor.nothing` is not set" in found.message
    assert "a.helm.yaml:1:1" in str(found.detail)


def test_the_namespace_of_the_release(helm: Path, tree: Tree) -> None:
    """It goes to what has none, before the script's transformers see it; per directory, and not beyond the release."""
    scopes = CHARTS / "scopes"
    tree.script(
        f"""
        ktor.k8s.add_transformer(lambda resources, r: ktor.seen((r.name, r.namespace)))
        try:
            ktor.helm.add_helm(chart={str(CHARTS / "strict")!r}, name="r", namespace="ns")
        except RuntimeError:
            pass
        ktor.k8s.add_resources({{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "mine"}}}})
        ktor.helm.add_helm(chart={str(scopes)!r}, name="r", namespace="ns")
        """
    )
    tree.write(
        {
            "off/.kubernator.py": "ktor.helm.namespace_transformer = False\n",
            "off/a.helm.yaml": release(scopes, name="s").replace("namespace: ns", "namespace: other"),
        }
    ).run()
    assert tree.seen == [
        ("mine", None),
        ("ns-made", None),
        ("plain", "ns"),
        ("explicit", "ns"),
        ("elsewhere", "ns-made"),
        ("ns-r", None),
        ("other-made", None),
        ("plain", None),
        ("explicit", "other"),
        ("elsewhere", "other-made"),
        ("other-s", None),
    ]


def test_members_scripts_know(helm: Path, tree: Tree) -> None:
    """What scripts of Kubernator 1 read and call is there."""
    tree.script(
        """
        ktor.seen(sorted(ktor.helm.default_includes))
        ktor.seen(list(ktor.helm.default_excludes))
        ktor.seen(ktor.helm.helm_file)
        ktor.seen(ktor.helm.stanza()[0])
        ktor.seen(ktor.helm.check_chart_versions)
        ktor.seen(ktor.helm.namespace_transformer)
        ktor.helm.excludes.add("not-*")
        try:
            ktor.helm.add_helm(chart="a", name="b", namespace="c", nonsense=1)
        except TypeError as error:
            ktor.seen("nonsense" in str(error))
        try:
            ktor.helm.add_helm_template({"chart": "a", "name": "b"})
        except RuntimeError as error:
            ktor.seen(str(error))
        """
    )
    tree.write({"not-this.helm.yaml": "nonsense"}).run()
    assert [
        ["*.helm.yaml", "*.helm.yml"],
        [".*"],
        str(helm),
        str(helm),
        False,
        True,
        True,
        "the release has no `namespace`",
    ] == tree.seen
    assert tree.messages == []


def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    program = tmp_path / "fake" / "helm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = version ] && [ -z "$EARLY" ] && {{ echo v4.3.1; exit 0; }}\n{body}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("kill -9 $$", "the chart `web` of the release `r` cannot be rendered: it failed and said nothing"),
        ("echo 'Error: password hunter2hunter2 is bad' >&2; exit 1", "cannot be rendered: password <secret 1> is bad"),
        ("sleep 1000", "did not end within"),
    ],
)
def test_a_helm_that_breaks(
    *,
    tree: Tree,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    body: str,
    said: str,
) -> None:
    """A program that dies, fails or hangs is a finding of the release; no secret that we know is in it."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(rendering, "TIMEOUT", 0.5)
    _program(tmp_path, monkeypatch, body)
    tree.script("ktor.app.secret('hunter2hunter2')")
    tree.write({"a.helm.yaml": release(CHARTS / "web")}).run()
    (found,) = tree.diagnostics.errors
    assert said in found.message
    assert str(found.origin) == "a.helm.yaml:1:1, document 1"
    assert "hunter2hunter2" not in caplog.text + str(found)


@pytest.mark.parametrize(("body", "found"), [("echo garbage", 1), ("echo '- a: list'", 1), ("true", 0)])
def test_a_helm_that_prints_something_else(
    *, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, found: int
) -> None:
    """Output in which no chart's file is named is no chart without resources."""
    _program(tmp_path, monkeypatch, body)
    tree.write({"a.helm.yaml": release(CHARTS / "web")}).run()
    assert tree.names() == []
    assert found == len(tree.diagnostics.errors)
    assert all("names no file of the chart" in message for message in tree.messages)


@pytest.mark.parametrize("body", ["echo v2.17.0", "echo garbage", "exit 3"])
def test_what_is_no_helm_of_ours(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Helm 2, and what is no helm at all, is refused when there is something to render; before, nobody asks it."""
    monkeypatch.setenv("EARLY", "1")
    _program(tmp_path, monkeypatch, body)
    tree.run()
    with pytest.raises(errors.ToolError, match="is no Helm that can be used"):
        tree.write({"a.helm.yaml": release(CHARTS / "web")}).run()


def test_without_helm(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helm that is not there is said where the plugin is registered."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.ToolNotFound, match="`helm` is not on `PATH`") as raised:
        tree.run()
    assert ".kubernator.py:1:1" in str(raised.value.detail)


def test_values_are_in_no_argument(helm: Path, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values reach helm by its stdin; names with a dash in front are no options; odd file names are fine."""
    seen = tmp_path / "seen"
    spy = tmp_path / "bin" / "helm"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$@" >> {seen}\nenv >> {seen}\nexec {helm} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:/usr/bin:/bin")
    odd = tree.root / "a 'chart' ü"
    odd.mkdir()
    (odd / "Chart.yaml").write_text("{apiVersion: v2, name: odd, version: 1.0.0}")
    (odd / "templates").mkdir()
    (odd / "templates" / "a b.yaml").write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: odd}\nstringData: {p: {{ .Values.p | quote }}}\n"
    )
    text = release("\"a 'chart' ü\"", values="{p: not-in-arguments}")
    tree.script("ktor.app.excludes.add('a *')").write({"ü x.helm.yaml": text}).run()
    assert tree.names() == ["Secret/odd"], tree.messages
    assert "odd/templates/a b.yaml" in str(tree.resources[0].origin)
    assert "not-in-arguments" not in seen.read_text()
    tree.write({"ü x.helm.yaml": text.replace("name: r", "name: --debug")})
    assert tree.run().messages == ["`--debug` is no name of a release"]
