"""`kubernator diff` on the real control plane: what is shown is what then happens, and nothing is left to show."""

from __future__ import annotations

import json
import logging
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.cli import main as cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

REGISTER = 'ktor.app.register_plugin("k8s")\n'
WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: NS, labels: {tier: front}}
    spec:
      replicas: 2
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
          - name: nginx
            image: nginx:1
            env:
            - {name: A, value: "1"}
            - {name: B, value: "2"}
            - {name: C, value: "3"}
            ports:
            - {containerPort: 80}
    """
CONFIG = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: c, namespace: NS}
    data: {a: one}
    """
SECRET = """
    apiVersion: v1
    kind: Secret
    metadata: {name: s, namespace: NS}
    stringData: {long: %s, short: %s}
    """


@dataclass(frozen=True)
class Tree:
    """A tree in a namespace of its own, and the program run on it."""

    path: Path
    namespace: str
    run: Callable[..., tuple[int, str, str]]
    kubectl: Kubectl

    def write(self, name: str, text: str) -> None:
        """Write a file; ``NS`` becomes the namespace."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).strip().replace("NS", self.namespace) + "\n")

    def __call__(self, *words: str, code: int = 0) -> str:
        """Return what `diff` prints."""
        answered, out, err = self.run("diff", *words)
        assert code == answered, err
        return out

    def data(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Return what `diff` prints for programs."""
        found: dict[str, Any] = json.loads(self(*words, "-o", "json", code=code))
        return found

    def fields(self, *words: str) -> list[tuple[str, str]]:
        """Return operation and path of the changed fields of the one object that changes."""
        (each,) = self.data(*words)["objects"]
        return [(field["op"], field["path"]) for field in each["fields"]]

    def apply(self, *words: str) -> None:
        """Carry out what was shown; afterwards there is nothing to show any more."""
        code, _, err = self.run("apply", "--yes", "--no-wait", *words)
        assert code == 0, err
        found = self.data("--detailed-exitcode")
        assert found["objects"] == []
        assert found["empty"] is True


@pytest.fixture
def tree(  # noqa: PLR0917 - fixtures
    tmp_path: Path,
    kubeconfig: Path,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    kubectl: Kubectl,
    capsys: pytest.CaptureFixture[str],
) -> Tree:
    """Return a tree with the k8s plugin, in a namespace that is there."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "tree"

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        monkeypatch.setattr(logging.getLogger(), "handlers", [])  # those of pytest raise at a broken record
        code = cli.main(["-p", str(path), *words])
        return code, *capsys.readouterr()

    kubectl("create", "namespace", namespace)
    made = Tree(path, namespace, run, kubectl)
    made.write(".kubernator.py", REGISTER)
    return made


def test_what_is_new_and_what_comes_with_it(tree: Tree) -> None:
    """What cannot be asked yet is marked; `--full` shows the manifests; text and data have the same objects."""
    tree.write("a.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-new}\n")
    tree.write("b.yaml", CONFIG.replace("NS", "NS-new"))
    out = tree("--detailed-exitcode", code=2)
    assert f"create     Namespace  {tree.namespace}-new    0 fields, a.yaml:1" in out
    why = f"1 field, b.yaml:1 (predicted: namespace `{tree.namespace}-new` is created in this run)"
    assert f"create     ConfigMap  {tree.namespace}-new/c  {why}\n" in out
    assert "+ data:\n  +   a: one\n" in tree("--full")
    first, second = tree.data()["objects"]
    assert ("predicted" in first, second["predicted"]) == (
        False,
        f"namespace `{tree.namespace}-new` is created in this run",
    )
    assert second["manifest"]["data"] == {"a": "one"}
    tree.apply()


def test_without_a_preflight_creates_are_not_proven(tree: Tree) -> None:
    """It says so."""
    tree.write("b.yaml", CONFIG)
    assert "(predicted: the server was not asked)" in tree("--no-preflight")
    assert "predicted" not in tree()


def test_an_update_by_key(tree: Tree) -> None:
    """Variables that change, come, go and move; an item in front changes no other; defaults are counted."""
    tree.write("w.yaml", WEB)
    tree.apply()
    before, env, after = WEB.partition("            env:\n")
    variables = ['{name: D, value: "4"}', '{name: C, value: "3"}', '{name: A, value: "9"}']
    env += "".join(f"            - {variable}\n" for variable in variables)
    new = f"{before}{env}{after[after.index('            ports') :]}"
    new = new.replace("nginx:1", "nginx:2").replace("tier: front", "tier: back")
    new = new.replace("containers:\n", "containers:\n          - {name: side, image: side:1}\n")
    tree.write("w.yaml", new)
    nginx = "spec.template.spec.containers[nginx]"
    assert tree.fields() == [
        ("changed", "metadata.labels.tier"),
        ("added", "spec.template.spec.containers[side]"),
        ("removed", f"{nginx}.env[B]"),
        ("added", f"{nginx}.env[D]"),
        ("moved", f"{nginx}.env[C]"),
        ("changed", f"{nginx}.env[A].value"),
        ("changed", f"{nginx}.image"),
    ]
    out = tree()
    assert f'  ~ {nginx}.image: "nginx:1" → "nginx:2"  (line 13)\n' in out
    assert '  ~ metadata.labels.tier: "front" → "back"  (line 3)\n' in out
    assert 'containers[side]: {"image": "side:1", "name": "side"}  and 4 fields the server sets  (line 11)\n' in out
    tree.apply()


def test_a_conflict_names_who_and_when_and_stops_with_4(tree: Tree) -> None:
    """The difference is printed before; with force the field is taken, and said to be."""
    tree.write("c.yaml", CONFIG)
    tree.apply()
    patch = '{"data":{"a":"theirs"}}'
    tree.kubectl("-n", tree.namespace, "patch", "configmap", "c", "--field-manager", "them", "-p", patch)
    tree.write("c.yaml", CONFIG.replace("one", "two"))
    (refused,) = tree.data(code=4)["objects"]
    (conflict,) = refused["conflicts"]
    assert (conflict["path"], conflict["theirs"], conflict["ours"]) == ("data.a", "theirs", "two")
    assert conflict["owner"]["manager"] == "them"
    assert conflict["owner"]["since"].endswith("Z")
    assert conflict["source"]["line"] == 4
    since = f"`them` (Update) since {conflict['owner']['since']}"
    assert f'  ! data.a: stays "theirs", not "two" (line 4); it belongs to {since}\n' in tree(code=4)
    taken = f'  ~ data.a: "theirs" → "two"  (line 4; taken from {since})\n'
    assert taken in tree("--force-conflicts")
    tree.apply("--force-conflicts")


def test_a_refused_change_is_shown_before_the_error(tree: Tree) -> None:
    """With the place of each field; the code is that of a tree that is not valid."""
    tree.write("c.yaml", CONFIG.replace("a: one", "a: 1"))
    code, out, err = tree.run("diff")
    assert code == 3
    assert "`.data.a` at c.yaml:4:8" in out
    assert "FAILED FIELD VALIDATION" in err
    assert "error: 1 change cannot be made; nothing was written" in err


def test_who_may_only_look_is_told_so(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code is that of a missing permission, and what would have to be allowed is said."""
    tree.write("c.yaml", CONFIG)
    tree.apply()
    tree.write("c.yaml", CONFIG.replace("one", "two"))
    tree.kubectl("-n", tree.namespace, "create", "serviceaccount", "reader")
    tree.kubectl("-n", tree.namespace, "create", "role", "reader", "--verb=get,list", "--resource=configmaps")
    account = f"{tree.namespace}:reader"
    tree.kubectl("-n", tree.namespace, "create", "rolebinding", "r", "--role=reader", f"--serviceaccount={account}")
    config = json.loads(tree.kubectl("config", "view", "--raw", "--minify", "-o", "json").stdout)
    token = tree.kubectl("-n", tree.namespace, "create", "token", "reader").stdout.strip()
    config["users"][0]["user"] = {"token": token}
    (tmp_path / "reader").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "reader"))
    code, out, err = tree.run("diff")
    assert code == 11, err
    assert 'cannot patch resource "configmaps"' in out
    assert "error: 1 change may not be made by this user; nothing was written" in err


def test_a_warning_that_is_fatal_is_so_for_diff_too(tree: Tree) -> None:
    """It is shown with its object, and then ends the run as it ends `dump`."""
    tree.kubectl("label", "namespace", tree.namespace, "pod-security.kubernetes.io/warn=restricted")
    tree.write("w.yaml", WEB)
    code, out, err = tree.run("diff")
    assert code == 3
    assert "create     Deployment" in out
    assert "  ! the server warns: would violate PodSecurity" in out
    assert "FAILED FIELD VALIDATION" in err
    assert "error: field validation failed: the server gave 1 warning" in err


def test_a_replacement(tree: Tree) -> None:
    """How the old object goes, which field is the reason, and what others wrote that is lost."""
    tree.write("w.yaml", WEB)
    tree.apply()
    tree.kubectl("-n", tree.namespace, "label", "deployment", "web", "theirs=1")
    tree.write("w.yaml", WEB.replace("app: web", "app: web2"))
    (each,) = tree.data()["objects"]
    assert (each["operation"], each["propagationPolicy"]) == ("replace", "Orphan")
    paths = {field["path"]: field for field in each["fields"]}
    assert paths["spec.selector.matchLabels.app"]["new"] == "web2"
    assert paths["metadata.labels.theirs"]["op"] == "removed"
    out = tree()
    assert "! deleted without what it owns, which stays, then created anew, since these fields cannot change:\n" in out
    assert "    `spec.selector` at w.yaml:6:3, document 1: " in out
    tree.apply()


def test_a_take_over_shows_what_will_go(tree: Tree, tmp_path: Path) -> None:
    """Of an object that kubectl applied on its own: the fields that the tree does not have, and kubectl's own copy."""
    before = tmp_path / "before.yaml"
    before.write_text(textwrap.dedent(CONFIG.replace("a: one", "a: one, gone: x")).replace("NS", tree.namespace))
    tree.kubectl("apply", "-f", str(before))
    tree.write("c.yaml", CONFIG)
    (each,) = tree.data()["objects"]
    assert each["takesOver"] == ["kubectl-client-side-apply (Update)"]
    gone = {field["path"]: field for field in each["fields"]}
    assert {field["op"] for field in gone.values()} == {"removed"}
    assert gone["data.gone"]["owners"][0]["manager"] == "kubectl-client-side-apply"
    assert "takes over the fields of `kubectl-client-side-apply (Update)`" in tree()
    tree.apply()


def test_only_owners_change(tree: Tree) -> None:
    """Somebody applied the same; it is one line until all is asked for."""
    tree.write("c.yaml", CONFIG)
    given = textwrap.dedent(CONFIG).replace("NS", tree.namespace)
    file = tree.path.parent / "same.yaml"
    file.write_text(given)
    tree.kubectl("apply", "--server-side", "--field-manager", "other", "-f", str(file))
    out = tree("--detailed-exitcode", code=2)
    assert out.startswith("1 object differs only in who owns its fields; `--all` lists it\n")
    assert "v1 ConfigMap" in tree("--all")
    assert tree.data()["objects"][0]["onlyOwners"] is True
    tree.apply()


def test_replicas_that_are_given_up_keep_their_value(tree: Tree) -> None:
    """The manifest does not say them any more."""
    tree.write("w.yaml", WEB)
    tree.apply()
    tree.write("w.yaml", WEB.replace("      replicas: 2\n", ""))
    (each,) = tree.data("--all")["objects"]
    assert each["givesUp"] == [{"path": "spec.replicas", "value": 2}]
    assert "fields" not in each
    assert "gives up spec.replicas, which keeps its value 2\n" in tree("--all")
    tree.apply()


def test_merge_instructions_are_shown_apart(tree: Tree) -> None:
    """They take away what another manager put there."""
    tree.write("c.yaml", CONFIG)
    tree.apply()
    patch = '{"data":{"theirs":"x"}}'
    tree.kubectl("-n", tree.namespace, "patch", "configmap", "c", "--field-manager", "them", "-p", patch)
    tree.write("c.yaml", CONFIG.replace("{a: one}", "{$patch: replace, a: two}"))
    (each,) = tree.data()["objects"]
    assert [(field["op"], field["path"]) for field in each["fields"]] == [("changed", "data.a")]
    assert [(field["op"], field["path"]) for field in each["instructions"]] == [("removed", "data.theirs")]
    assert '  then, by merge instructions:\n  - data.theirs: "x"  (owned by `them` (Update) since ' in tree()
    tree.apply()


def test_secrets_show_whether_they_change_and_no_more(tree: Tree) -> None:
    """In the Secret by place, however short; elsewhere by value: in a text, an annotation, and the data."""
    tree.write("s.yaml", SECRET % ("correct-horse-battery", "abc"))
    copy = CONFIG.replace("a: one", 'text: "one\\ncorrect-horse-battery\\n"')
    tree.write("c.yaml", copy)
    tree.apply()
    tree.write("s.yaml", SECRET % ("staple-new-battery", "xyz"))
    metadata = 'metadata: {annotations: {x: "staple-new-battery"}, '
    annotated = copy.replace("correct-horse", "staple-new").replace("metadata: {", metadata)
    tree.write("c.yaml", annotated)
    for out in (tree(), tree("-o", "json"), tree("-o", "yaml"), tree("--full")):
        assert not [word for word in ("horse", "staple", "abc", "xyz") if word in out]
    secret = next(each for each in tree.data()["objects"] if each["kind"] == "Secret")
    old, new = ({field["path"]: field[side] for field in secret["fields"]} for side in ("old", "new"))
    assert old.keys() == {"data.long", "data.short"}
    assert len({*old.values(), *new.values()}) == 4
    config = next(each for each in tree.data()["objects"] if each["kind"] == "ConfigMap")
    changed = {field["path"]: field for field in config["fields"]}
    assert changed["data.text"]["new"] == f"one\n{new['data.long']}\n"
    assert f"      -{old['data.long']}\n      +{new['data.long']}\n" in tree()
    shown = tree("--show-secrets")
    assert "staple-new-battery" in shown
    tree.apply()


def test_a_kind_that_is_made_in_the_same_run(tree: Tree) -> None:
    """Its objects are predicted."""
    group = f"{tree.namespace}.example.com"
    tree.write(
        "crd.yaml",
        f"""
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {{name: things.{group}}}
        spec:
          group: {group}
          names: {{kind: Thing, plural: things, singular: thing}}
          scope: Namespaced
          versions:
          - name: v1
            served: true
            storage: true
            schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
        """,
    )
    thing = f"apiVersion: {group}/v1\nkind: Thing\nmetadata: {{name: t, namespace: NS}}\nspec: {{list: %s}}\n"
    tree.write("t.yaml", thing % "[{a: 1}, {a: 2}]")
    try:
        assert f"(predicted: `{group}/v1 Thing` is defined in this run)" in tree()
        tree.apply()
        tree.write("t.yaml", thing % "[{a: 1}, {a: 3}]")
        assert tree.fields() == [("changed", "spec.list[1].a")]
        tree.apply()
    finally:
        tree.kubectl("delete", "crd", f"things.{group}", "--ignore-not-found")


def test_what_a_transformer_changed_is_named(tree: Tree) -> None:
    """In the header, and at the field that no line of the file has."""
    tree.write(
        ".kubernator.py",
        f"""
        {REGISTER.strip()}
        def label(resources, r):
            if r.kind == "ConfigMap":
                r.manifest["metadata"]["labels"] = {{"a": "b"}}
        ktor.k8s.add_transformer(label)
        """,
    )
    tree.write("c.yaml", CONFIG)
    tree.kubectl("-n", tree.namespace, "create", "configmap", "c", "--field-manager", "other")
    out = tree()
    assert "  update   c.yaml:1:1, document 1, changed by label\n" in out
    assert '  + metadata.labels: {"a": "b"}  (by label)\n' in out
    tree.apply()


@pytest.mark.parametrize(
    ("words", "before", "after", "broken"),
    [
        ((), 0, 0, 3),
        (("--detailed-exitcode",), 2, 0, 3),
        (("--exit-code-style=diff",), 1, 0, 3),
        (("--exit-code-style=diff", "--detailed-exitcode"), 1, 0, 3),
    ],
)
def test_exit_codes(tree: Tree, words: tuple[str, ...], before: int, after: int, broken: int) -> None:
    """Changes are no error; scripts of `kubectl diff` can have its codes."""
    tree.write("c.yaml", CONFIG)
    tree(*words, code=before)
    tree.apply()
    tree(*words, code=after)
    tree.write("c.yaml", CONFIG.replace("a: one", "a: 1"))
    tree(*words, code=broken)


def test_it_writes_to_a_file(tree: Tree) -> None:
    """As a whole and for the user alone where secrets are in it; the cluster is as before."""
    tree.write("c.yaml", CONFIG)
    file = tree.path.parent / "out"
    assert not tree("-f", str(file), "--show-secrets")
    assert "create     ConfigMap" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert tree.kubectl("-n", tree.namespace, "get", "configmap", "c", check=False).code != 0
