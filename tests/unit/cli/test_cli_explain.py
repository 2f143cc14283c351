"""`kubernator explain`: where an object, or a field of it, comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kubernator.cli import main as cli
from kubernator.load import yamldoc
from kubernator.model.origin import Origin

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
ktor.app.register_plugin("k8s")
ktor.app.register_plugin("templates")

def scale(resources, resource):
    if resource.kind == "Deployment":
        resource.manifest["spec"]["replicas"] = 3
        resource.manifest["spec"]["template"]["spec"]["containers"].insert(0, {"name": "proxy", "image": "envoy"})

def label(manifest, description):
    manifest["metadata"].pop("annotations", None)

ktor.k8s.add_transformer(scale)
ktor.k8s.add_manifest_patcher(label)
ktor.k8s.add_conflict_rule("leave", fields="^/spec/replicas", managers="hpa")
ktor.k8s.patch_field_excludes = ("^/spec/paused",)
made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made", "namespace": "shop"}, "data": {"a": "b"}}
late = ktor.k8s.add_resources(made)
late.manifest["data"]["a"] = "c"
"""
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations: {x: z}
spec:
  replicas: 1
  paused: {${ "true" }$}
  template:
    spec:
      containers:
      - name: web
        image: web
        args: []
        env: [{name: A, value: "line 1\\nline 2"}]
        ports: [{containerPort: 80}]
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: shop}
stringData: {short: abc}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: test}
spec: {replicas: 3, template: {spec: {containers: []}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.test}
spec:
  group: example.test
  names: {kind: Widget, plural: widgets, singular: widget, shortNames: [wd]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {size: {type: integer, default: 5}, colour: {type: string}}
---
apiVersion: example.test/v1
kind: Widget
metadata: {name: w, namespace: shop}
spec: {}
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
    monkeypatch.chdir(root)
    return root


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what `explain` prints."""
    capsys.readouterr()
    assert cli.main(["explain", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "shop/deployment/web.spec.replicas",
            [
                "spec.replicas: 3",
                "  at          sub/web.yaml:8:3, document 1",
                "  changed by  scale, .kubernator.py:13: 1 → 3",
                "  conflicts   leave `^/spec/replicas` from `hpa`, .kubernator.py:15",
            ],
        ),
        (
            "shop/deploy/web.spec.paused",
            [
                "spec.paused: true",
                "  at          sub/web.yaml:9:3, document 1",
                "  ignored     `^/spec/paused`: what differs there in the cluster is left as it is",
            ],
        ),
        (
            "deployments.apps/shop/web.spec.template.spec.containers[proxy].image",
            [
                'spec.template.spec.containers[proxy].image: "envoy"',
                "  object      sub/web.yaml:1:1, document 1",
                '  set by      scale, .kubernator.py:13: "envoy"',
            ],
        ),
        (
            "apps/v1 Deployment shop/web.spec.template.spec.containers.web.env[A].value",
            [
                "spec.template.spec.containers[web].env[A].value: |",
                "  line 1",
                "  line 2",
                "  at          sub/web.yaml:16:25, document 1",
            ],
        ),
        (
            "shop/deployment/web.spec.template.spec.containers[web].args",
            ["spec.template.spec.containers[web].args: []", "  at          sub/web.yaml:15:9, document 1"],
        ),
        (
            "shop/deployment/web.metadata.annotations.x",
            [
                "metadata.annotations.x: not in the manifest any more",
                "  at          sub/web.yaml:6:17, document 1",
                '  removed by  label, .kubernator.py:14: "z"',
            ],
        ),
        (
            "shop/deployment/web.spec.template.spec.containers[web].ports[0].protocol",
            [
                "spec.template.spec.containers[web].ports[0].protocol: not in the tree",
                '  default     "TCP", which the server fills in',
                "  object      sub/web.yaml:1:1, document 1",
            ],
        ),
        (
            "shop/deployment/web.spec.minReadySeconds",
            [
                "spec.minReadySeconds: not in the tree",
                "  default     the schema of the kind names none; the server may fill one in",
                "  object      sub/web.yaml:1:1, document 1",
            ],
        ),
        ("wd/w.spec.size", ["spec.size: not in the tree", "  default     5, which the server fills in"]),
        (
            "widget/w.spec.colour",
            [
                "spec.colour: not in the tree",
                "  default     the schema of the kind names none; the server may fill one in",
            ],
        ),
        ("secret/s.stringData.short", ["stringData.short: <secret 1>"]),
        (
            "configmap/made.data.a",
            [
                'data.a: "c"',
                "  at          .kubernator.py:18:1",
                '  changed     after it was added, by a script or since only the server writes it: "b" → "c"',
            ],
        ),
    ],
)
def test_a_field(capsys: pytest.CaptureFixture[str], text: str, expected: list[str]) -> None:
    """Its value, the line, who changed it from what to what, and what scripts say about it."""
    lines = [line for line in printed(capsys, text).splitlines()[1:] if line]
    assert expected == lines[: len(expected)]


@pytest.mark.usefixtures("tree")
def test_a_map(capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each value in it, and what was changed in it."""
    assert printed(capsys, "shop/deployment/web.metadata").splitlines() == [
        "apps/v1 Deployment shop/web",
        "metadata",
        "",
        "FIELD               VALUE   FROM",
        'metadata.name       "web"   line 4',
        'metadata.namespace  "shop"  line 5',
        "",
        "  at          sub/web.yaml:3:1, document 1",
        "  changed by  label, .kubernator.py:14",
        '                - metadata.annotations: {"x": "z"}',
    ]


@pytest.mark.usefixtures("tree")
def test_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    """All its values, what changed it, when it is written, and how."""
    text = printed(capsys, "widget/w")
    assert 'apiVersion          "example.test/v1"  line 48' in text
    assert "  order       4 of 4 in phase 3 of 3, `sub`\n" in text
    assert "  validation  a warning of the server ends a dry run" in text
    assert "conflicts" not in text


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deployment/web", "`deployment/web` means 2 objects"),
        ("deployment/web.spec.replicas", "means 2 objects"),
        ("web", "means 2 objects"),
        ("job/x", "`job/x` is not in the tree"),
        ("deploymnt/web", "did you mean `deployment/web`?"),
        ("shop/deployment/web.spec.replica", "did you mean `replicas`?"),
        ("shop/deployment/web.spec.minReadySecond", "did you mean `minReadySeconds`?"),
        ("shop/deployment/web.spec.template.spec.containers[wb]", "did you mean `[web]`?"),
        ("widget/w.spec.xyz", "there are `size`, `colour`"),
        ("configmap/made.data.zzz", "has no field `data.zzz`"),
        ("shop/deployment/web.spec[", "not closed"),
        ("", "is not in the tree"),
    ],
)
def test_what_means_nothing(capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    """It is an error of the command line, with what was probably meant."""
    capsys.readouterr()
    assert cli.main(["explain", text]) == 64
    out, err = capsys.readouterr()
    assert (out, said in err) == ("", True), err


@pytest.mark.usefixtures("tree")
def test_the_formats_say_the_same(capsys: pytest.CaptureFixture[str], tree: Path) -> None:
    """JSON and YAML have one content, with everything that the text says."""
    words = ("shop/deployment/web.spec.replicas",)
    as_json = json.loads(printed(capsys, *words, "-o", "json"))
    (document,) = yamldoc.parse(printed(capsys, *words, "-o", "yaml"), origin=Origin(path=tree))
    assert as_json == document.value
    (field,) = as_json["fields"]
    assert (as_json["value"], as_json["status"], field["source"]["line"]) == (3, "written", 8)
    assert field["changedBy"] == [{"who": "scale", "at": ".kubernator.py:13", "old": 1, "new": 3}]
    whole = json.loads(printed(capsys, "shop/deployment/web", "-o", "json"))
    assert whole["value"]["spec"]["replicas"] == 3
    assert whole["order"]["phases"] >= whole["order"]["number"]
    gone = json.loads(printed(capsys, "shop/deployment/web.metadata.annotations.x", "-o", "json"))
    assert (gone["status"], "value" in gone) == ("removed", False)
    unset = json.loads(printed(capsys, "wd/w.spec.size", "-o", "json"))
    assert (unset["status"], unset["default"]) == ("unset", 5)


def test_a_template(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its file and line, and the line that applied it."""
    (tree / "t").mkdir()
    (tree / "t" / "a.tmpl.yaml").write_text(
        "define:\n- name: conf\n  path: conf.yaml.in\napply:\n- name: conf\n  values: {colour: red}\n"
    )
    (tree / "t" / "conf.yaml.in").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf, namespace: shop}\n"
        "data:\n  colour: {${ values.colour }$}\n"
    )
    text = printed(capsys, "configmap/conf.data.colour")
    assert "  at          t/conf.yaml.in:5:3, document 1, template conf\n  asked by    t/a.tmpl.yaml:5" in text


def test_secrets_are_not_in_any_format(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Values before and after a change, in text and data, unless they are to be shown."""
    (tree / ".kubernator.py").write_text(
        'ktor.app.register_plugin("k8s")\n'
        "def change(resources, resource):\n"
        "    if resource.kind == 'Secret':\n"
        "        resource.manifest['stringData']['short'] = 'xyz'\n"
        "ktor.k8s.add_transformer(change)\n"
    )
    for shape in ("text", "json", "yaml"):
        for what in ("secret/s", "secret/s.stringData", "secret/s.stringData.short"):
            text = printed(capsys, what, "-o", shape)
            assert "abc" not in text
            assert "xyz" not in text
    assert '"abc" → "xyz"' in printed(capsys, "secret/s.stringData.short", "--show-secrets")
