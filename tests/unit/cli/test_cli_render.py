"""`kubernator render`: what a tree comes to, without a cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubernator.cli import main as cli

SCRIPT = """
ktor.app.register_plugin("k8s")

def scale(resources, resource):
    if resource.kind == "Deployment":
        resource.manifest["spec"]["replicas"] = 3

ktor.k8s.add_transformer(scale)
ktor.k8s.add_resources({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made", "namespace": "shop"}})
"""
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: web, image: web, envFrom: [{secretRef: {name: s}}]}
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: shop}
data: {password: aHVudGVyMmh1bnRlcjI=}
---
apiVersion: example.test/v1
kind: Widget
metadata: {name: w, namespace: shop}
spec: {$patch: replace, a: 1}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
"""
NO_SOCKETS = """
import sys
def hook(event, _):
    if event.startswith("socket."):
        raise AssertionError(event)
sys.addaudithook(hook)
from kubernator.cli.main import main
sys.exit(main())
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a tree, with no cluster and no cache of anybody around it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    root = tmp_path / "tree"
    (root / "sub").mkdir(parents=True)
    (root / ".kubernator.py").write_text(SCRIPT)
    (root / "sub" / "web.yaml").write_text(WEB)
    monkeypatch.chdir(tmp_path)
    return root


def printed(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """Return what `render` prints."""
    capsys.readouterr()
    assert code == cli.main(["-p", "tree", "render", *words])
    return capsys.readouterr().out


def test_the_objects_in_the_order_of_applying(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As `apply` would see them: transformed, merge instructions taken out, secrets masked."""
    found = list(yaml.safe_load_all(printed(capsys)))
    assert [each["kind"] for each in found] == ["Namespace", "ConfigMap", "Secret", "Deployment", "Widget"]
    assert found[2]["data"] == {"password": "<secret 1>"}
    assert (found[3]["spec"]["replicas"], found[4]["spec"]) == (3, {"a": 1})
    shown = list(yaml.safe_load_all(printed(capsys, "--show-secrets")))
    assert shown[2]["data"] == {"password": "aHVudGVyMmh1bnRlcjI="}
    assert tree.is_dir()


@pytest.mark.usefixtures("tree")
def test_the_same_bytes_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    """In each format, with and without provenance."""
    for words in ((), ("--provenance",), ("-o", "json"), ("-o", "json", "--provenance")):
        assert printed(capsys, *words) == printed(capsys, *words)


@pytest.mark.usefixtures("tree")
def test_provenance(capsys: pytest.CaptureFixture[str]) -> None:
    """The file and line, and what a function changed in it."""
    text = printed(capsys, "deployment/web", "--provenance")
    assert text.startswith(
        "---\n"
        "# apps/v1 Deployment shop/web\n"
        "# at          sub/web.yaml:2:1, document 1\n"
        "# changed by  scale, .kubernator.py:8\n"
        "#               ~ spec.replicas: 1 → 3\n"
        "apiVersion: apps/v1\n"
    )
    (entry,) = json.loads(printed(capsys, "deployment/web", "--provenance", "-o", "json"))["objects"]
    assert (entry["provenance"]["origin"][0]["file"], entry["provenance"]["changedBy"][0]["who"]) == (
        "sub/web.yaml",
        "scale",
    )


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("deploy/web",), ["Deployment"]),
        (("shop/*/*", "ns/shop"), ["Namespace", "ConfigMap", "Secret", "Deployment", "Widget"]),
        (("widget/w", "secrets/s"), ["Secret", "Widget"]),
    ],
)
def test_only_some(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: list[str]) -> None:
    """Objects by name or pattern, kinds in every spelling, still in the order of applying."""
    assert expected == [each["kind"] for each in yaml.safe_load_all(printed(capsys, *words))]


def files(root: Path) -> dict[str, Any]:
    """Return the kinds in the files of a directory."""
    return {str(path.relative_to(root)): path.stat().st_mode & 0o777 for path in root.rglob("*") if path.is_file()}


def test_a_file_for_each(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What goes from the tree goes from the directory, and a file of somebody else stays; a part removes nothing."""
    printed(capsys, "--split", "out")
    expected = {
        ".kubernator-render",
        "_cluster/namespace_shop.yaml",
        "shop/configmap_made.yaml",
        "shop/deployment.apps_web.yaml",
        "shop/secret_s.yaml",
        "shop/widget.example.test_w.yaml",
    }
    out = tree.parent / "out"
    assert expected == files(out).keys()
    assert "secrets are left out" in (out / "shop" / "secret_s.yaml").read_text()
    (tree / "sub" / "web.yaml").write_text(WEB.split("---")[3])
    (out / "mine.yaml").write_text("")
    printed(capsys, "--split", "out", "ns/shop")
    assert {*expected, "mine.yaml"} == files(out).keys()
    printed(capsys, "--split", "out")
    left = {".kubernator-render", "_cluster/namespace_shop.yaml", "shop/configmap_made.yaml", "mine.yaml"}
    assert left == files(out).keys()
    printed(capsys, "--split", "out", "--show-secrets")
    assert {0o600} == {mode for name, mode in files(out).items() if name != "mine.yaml"}


@pytest.mark.usefixtures("tree")
def test_files_of_others_are_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    """Not without `--force`."""
    Path("out").mkdir()
    Path("out/namespace_shop.yaml").write_text("mine")
    printed(capsys, "--split", "out", "--split-by", "none", code=1)
    assert [Path("out/namespace_shop.yaml")] == list(Path("out").iterdir())
    printed(capsys, "--split", "out", "--split-by", "none", "--force")
    assert "kind: Namespace" in Path("out/namespace_shop.yaml").read_text()


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--force",), 64, "`--force` is of no use without `--split`"),
        (("--split-by", "kind"), 64, "`--split-by` is of no use without `--split`"),
        (("--split", "out", "-f", "x"), 64, "`--file` and `--split` exclude each other"),
        (("--split", "tree/out"), 64, "`tree/out` is in the tree"),
        (("--split", "tree"), 64, "is in the tree"),
        (("job/none",), 64, "`job/none` is not in the tree"),
        (("--kube-version", "1.2"), 64, "1.2"),
        (("-o", "text"), 64, "invalid choice"),
        (("--bogus",), 64, "unknown option `--bogus`"),
        (("-f", "no/such/x"), 1, "cannot be written"),
    ],
)
def test_what_cannot_be(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str) -> None:
    """Nothing is printed or written."""
    capsys.readouterr()
    assert code == cli.main(["-p", "tree", "render", *words])
    out, err = capsys.readouterr()
    assert (out, said in err) == ("", True), err
    assert not Path("out").exists()


@pytest.mark.usefixtures("tree")
def test_a_directory_in_the_tree_that_nobody_visits(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that begins with a point is passed over by the walk."""
    printed(capsys, "--split", "tree/.out")
    printed(capsys, "--split", "tree/.out")
    assert len(list(yaml.safe_load_all(printed(capsys)))) == 5


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("target", ["beside", "beside/below", "linked/below"])
def test_a_directory_that_the_tree_reaches(tree: Path, capsys: pytest.CaptureFixture[str], target: str) -> None:
    """A script walks it, or one above it: what would be written there would be read again."""
    Path("beside").mkdir()
    Path("linked").symlink_to("beside")
    with (tree / ".kubernator.py").open("a") as script:
        script.write('ktor.app.walk_local("../beside")\n')
    capsys.readouterr()
    assert cli.main(["-p", "tree", "render", "--split", target]) == 64
    assert f"`{target}` is in the tree" in capsys.readouterr().err
    printed(capsys, "--split", "beside/.out")
    printed(capsys, "--split", target, "--force")


def test_an_invalid_tree(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It answers 3, and what was rendered before stays."""
    printed(capsys, "--split", "out")
    (tree / "bad.yaml").write_text("kind: [")
    printed(capsys, "--split", "out", code=3)
    (tree / "bad.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\n"
        "metadata: {name: x, namespace: a, annotations: {kubernator.io/depends-on: Job/none}}"
    )
    printed(capsys, code=3)
    assert len(files(tree.parent / "out")) == 6


def test_what_was_rendered_without_secrets_is_not_applied(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Markers must never take the place of values in a cluster."""
    printed(capsys, "-f", str(tree / "rendered.yaml"))
    for path in ((tree / ".kubernator.py"), (tree / "sub" / "web.yaml")):
        path.unlink()
    (tree / ".kubernator.py").write_text('ktor.app.register_plugin("k8s")')
    capsys.readouterr()
    assert cli.main(["-p", "tree", "render"]) == 3
    assert "was rendered without its secrets" in capsys.readouterr().err


@pytest.mark.usefixtures("tree")
def test_an_empty_tree(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is nothing in each format."""
    Path("empty").mkdir()
    assert printed(capsys, "-p", "empty") == ""
    assert json.loads(printed(capsys, "-p", "empty", "-o", "json"))["items"] == []


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    "words", [("render",), ("render", "--provenance", "--split", "out"), ("explain", "deploy/web.spec.replicas")]
)
def test_no_socket_is_opened(words: tuple[str, ...]) -> None:
    """Not even to find out that there is no cluster."""
    done = subprocess.run(
        [sys.executable, "-c", NO_SOCKETS, "-p", "tree", *words], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "AssertionError" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize("verb", [("render",), ("explain", "ns/shop")])
def test_a_script_that_needs_a_cluster(tree: Path, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]) -> None:
    """Its line is said; kinds and version are known without one."""
    script = tree / ".kubernator.py"
    script.write_text(f"{SCRIPT}\nprint(ktor.k8s.server_version[1], len(ktor.k8s.get_api_versions()) > 10)\n")
    assert cli.main(["-p", "tree", *verb, "--kube-version", "1.36"]) == 0
    assert capsys.readouterr().out.startswith("36 True\n")
    script.write_text(f"{SCRIPT}\n\nktor.k8s.import_cluster_crds()\n")
    assert cli.main(["-p", "tree", *verb]) == 10
    err = capsys.readouterr().err
    assert "this needs a cluster" in err
    assert ".kubernator.py:12" in err
