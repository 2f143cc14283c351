"""What the plugin adds is what ``helm template`` gives, resource for resource, with Helm 3 and Helm 4."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from helmtree import CHARTS, Tree, expected

from kubernator.load import yamldoc

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


#: Chart and values -> what the plugin leaves out on purpose: hooks without an occasion in a tree.
CASES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("web", {}, {"Pod/r-web-test"}),
    (
        "web",
        {
            "password": "correct horse",
            "message": 'tpl {{ .Chart.Name }} "quoted" \u2028 \U0001f600 {${ }$}',
            "labels": {"on": "off", "n": "012"},
            "ingress": {"enabled": True, "host": "a.example"},
            "extra": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-x"}}],
        },
        {"Pod/r-web-test"},
    ),
    ("shop", {}, set()),
    ("shop", {"pages": {"enabled": True}, "sessions": {"size": 5}, "tags": {"outgoing": False}}, set()),
    ("operator", {}, set()),
    ("hooks", {}, {"Job/r-backup", "Pod/r-test"}),
    ("gates", {}, set()),
    ("strict", {"host": "a.example", "port": 8080}, set()),
    ("documents", {}, set()),
    ("files", {"b": "zwei"}, set()),
    ("scopes", {}, set()),
]


@pytest.mark.parametrize(("chart", "values", "left_out"), CASES)
def test_a_chart_comes_out_as_helm_gives_it(
    helm: Path, tree: Tree, chart: str, values: dict[str, Any], left_out: set[str]
) -> None:
    """The same resources with the same content in the same order; what is left out is listed."""
    wanted = expected(helm, CHARTS / chart, name="r", namespace="ns", values=yamldoc.dump(values))
    tree.script(f"ktor.helm.add_helm(chart={str(CHARTS / chart)!r}, name='r', namespace='ns', values={values!r})")
    assert [each for each in wanted if f"{each['kind']}/{each['metadata']['name']}" not in left_out] == (
        tree.run().manifests
    )
    names = {f"{each['kind']}/{each['metadata']['name']}" for each in wanted}
    assert left_out == names - set(tree.names())


def test_all_is_kept_where_hooks_are_plain(helm: Path, tree: Tree) -> None:
    """With `hooks: plain` a chart's hooks and tests are ordinary resources, as in Kubernator 1."""
    wanted = expected(helm, CHARTS / "hooks", name="r", namespace="ns")
    tree.write({"a.helm.yaml": f"{{chart: {CHARTS / 'hooks'}, name: r, namespace: ns, hooks: plain}}"})
    assert wanted == tree.run().manifests
    assert {(0, False)} == {(found.turn, found.awaited) for found in tree.resources}


def test_a_chart_without_its_dependencies_gets_them(helm: Path, tree: Tree) -> None:
    """What `helm dependency build` would bring is there, and the chart's own directory stays as it was."""
    before = sorted(CHARTS.rglob("*"))
    tree.write({"a.helm.yaml": f"{{chart: {CHARTS / 'blog'}, name: b, namespace: ns, values: {{title: Hello}}}}"})
    assert [each["data"] for each in tree.run().manifests] == [{"title": "Hello"}]
    assert before == sorted(CHARTS.rglob("*"))


def test_charts_of_helm_2_are_rendered(helm: Path, tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    """`requirements.yaml` is read; definitions marked by the hook `crd-install` are left out by helm, which says so."""
    tree.write({"a.helm.yaml": f"{{chart: {CHARTS / 'legacy'}, name: l, namespace: ns}}"}).run()
    assert tree.names() == ["Service/l-mail", "Relic/l"]
    assert "release l:" in caplog.text
    assert "crd-install" in caplog.text


def test_a_definition_of_a_megabyte_comes_out_whole(helm: Path, tree: Tree) -> None:
    """Large definitions, as operators have them, are read."""
    chart = tree.home / "big"
    properties = {f"field{number}": {"type": "string", "description": "x" * 80} for number in range(9000)}
    definition = yaml.safe_load((CHARTS / "legacy" / "templates" / "definition.yaml").read_text())
    del definition["metadata"]["annotations"]
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": properties}},
    }
    (chart / "crds").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: big, version: 0.0.1}")
    (chart / "crds" / "big.yaml").write_text(yaml.safe_dump(definition))
    assert (chart / "crds" / "big.yaml").stat().st_size > 1024 * 1024
    tree.write({"a.helm.yaml": f"{{chart: {chart}, name: r, namespace: ns}}"})
    assert [definition] == tree.run().manifests
    without = f"{{chart: {chart}, name: r, namespace: ns, include-crds: false}}"
    assert tree.write({"a.helm.yaml": without}).run().manifests == []


def test_a_chart_sees_the_cluster_and_what_was_added_before_it(helm: Path, tree: Tree) -> None:
    """The cluster's version and kinds are there, and the definitions of a release earlier in the same directory."""
    tree.write(
        {
            "1.helm.yaml": f"{{chart: {CHARTS / 'gates'}, name: early, namespace: ns}}",
            "2.helm.yaml": f"{{chart: {CHARTS / 'operator'}, name: o, namespace: ns}}",
            "3.helm.yaml": f"{{chart: {CHARTS / 'gates'}, name: late, namespace: ns}}",
        }
    )
    found = {each["metadata"]["name"]: each.get("data") for each in tree.run().manifests if each["kind"] == "ConfigMap"}
    assert found["early-gates"] == {
        "version": "v1.36.2",
        "minor": "36",
        "apps": "true",
        "widgets": "false",
        "widget": "false",
        "looked-up": "{}",
        "install": "true",
    }
    assert found["late-gates"] == {**found["early-gates"], "widgets": "true", "widget": "true"}
    assert "Widget/late-gates" in tree.names()
    assert "Widget/early-gates" not in tree.names()


@pytest.mark.parametrize("wanted", [">=1.25.0", ">=1.25.0-0"])
def test_a_vendor_s_version_fits_ranges_of_releases(helm: Path, tree: Tree, wanted: str) -> None:
    """`v1.36.2-gke.7` is no pre-release, whatever Helm 3 makes of it; a chart that admits it sees it whole."""
    tree.version = "v1.36.2-gke.7"
    chart = tree.home / "gates"
    shutil.copytree(CHARTS / "gates", chart)
    about = chart / "Chart.yaml"
    about.write_text(about.read_text().replace(">=1.25.0-0", wanted))
    tree.write({"a.helm.yaml": f"{{chart: {chart}, name: r, namespace: ns}}"})
    found = next(each for each in tree.run().manifests if each["kind"] == "ConfigMap")
    assert found["data"]["version"] in ({"v1.36.2-gke.7"} if wanted.endswith("-0") else {"v1.36.2-gke.7", "v1.36.2"})


def test_every_resource_knows_its_chart_its_template_and_who_asked(helm: Path, tree: Tree) -> None:
    """The origin names template and line, chart and version, and the document of the release file."""
    tree.write({"web.helm.yaml": f"# one\n---\n{{chart: {CHARTS / 'documents'}, name: r, namespace: ns}}"}).run()
    origins = {found.ref.name: found.origin for found in tree.resources}
    assert "documents/templates/many.yaml" in str(origins["r-one"])
    assert "chart documents 0.1.0" in str(origins["r-one"])
    assert str(origins["r-one"]) != str(origins["r-two"])
    assert [str(found) for found in origins["r-one"].chain][1:] == ["web.helm.yaml:3:1, document 1"]
    assert {"web.helm.yaml:3:1, document 1"} == {found.source for found in tree.added}
    assert [str(touch) for touch in tree.resources[0].touched_by] == ["namespace of release `r`, web.helm.yaml:3"]
    repeated = [found for found in tree.diagnostics if "documents/templates/repeated.yaml" in str(found.origin)]
    assert [found.message.split("`")[1] for found in repeated] == ["app"]


def test_hooks_have_their_turn(helm: Path, tree: Tree) -> None:
    """What is to be done before a release has turns of its own, by weight, and is waited for; so what comes after."""
    tree.write(
        {
            "1.helm.yaml": f"{{chart: {CHARTS / 'files'}, name: f, namespace: ns}}",
            "2.helm.yaml": f"{{chart: {CHARTS / 'hooks'}, name: h, namespace: ns}}",
            "3.helm.yaml": f"{{chart: {CHARTS / 'web'}, name: w, namespace: ns}}",
        }
    ).run()
    turns = {f"{found.ref.kind}/{found.ref.name}": (found.turn, found.awaited) for found in tree.resources}
    assert turns == {
        "ConfigMap/f-files": (0, False),
        "Secret/f-files": (0, False),
        "ServiceAccount/h-migrate": (1, True),
        "Job/h-migrate": (2, True),
        "ConfigMap/h-hooks": (3, False),
        "Job/h-announce": (4, True),
        "ConfigMap/w-web": (5, False),
        "Service/w-web": (5, False),
        "Deployment/w-web": (5, False),
    }


def test_random_values_are_made_anew(helm: Path, tree: Tree) -> None:
    """A chart that makes random values is rendered each time, and what it makes is known as a secret."""
    tree.write({"a.helm.yaml": f"{{chart: {CHARTS / 'random'}, name: r, namespace: ns}}"})
    first = tree.run().manifests[0]["stringData"]["password"]
    assert "<secret" in tree.secrets.redact(f"it is {first}")
    second = tree.run().manifests[0]["stringData"]["password"]
    assert first != second


def test_the_same_inputs_are_rendered_once(
    helm: Path, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run asks helm for its version only; `--no-cache`, other values, another chart and damage ask again."""
    calls = tmp_path / "calls"
    spy = tmp_path / "bin" / "helm"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$1" >> {calls}\nexec {helm} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:/usr/bin:/bin")
    chart = tmp_path / "web"
    for path in (CHARTS / "web").rglob("*"):
        if path.is_file():
            target = chart / path.relative_to(CHARTS / "web")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    release = f"{{chart: {chart}, name: r, namespace: ns, values: {{password: not-to-be-seen}}}}"
    tree.write({"a.helm.yaml": release})

    def rendered() -> int:
        calls.unlink(missing_ok=True)
        tree.run()
        return calls.read_text().split().count("template")

    assert (rendered(), rendered()) == (1, 0)
    first = tree.manifests
    tree.args = {"no_cache": True}
    assert (1, first) == (rendered(), tree.manifests)
    tree.args = {}
    tree.write({"a.helm.yaml": release.replace("not-to-be-seen", "something else")})
    assert (rendered(), rendered()) == (1, 0)
    (chart / "values.yaml").write_text((chart / "values.yaml").read_text().replace("replicas: 2", "replicas: 3"))
    assert (rendered(), rendered()) == (1, 0)
    kept = list((tmp_path / "cache" / "kubernator" / "renders").iterdir())
    assert {0o600} == {path.stat().st_mode & 0o777 for path in kept}
    kept[0].write_text("# nonsense\nkind: ConfigMap")
    for path in kept[1:]:
        path.write_bytes(b"\xff")
    assert (rendered(), rendered()) == (1, 0)
