"""Trees as users of Kubernator 1 have them, unchanged, with the real programs: scripts use what plugins gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from helmtree import CHARTS, Repository
from infrastructure import Tree, declaring, state

from kubernator.testing.mirror import Mirror
from kubernator.tools.official import MIRROR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infrastructure import Answer

    from kubernator.testing.fixtures import Kubectl
    from toolchain.fixtures import PathOf, Program

pytestmark = [pytest.mark.tools, pytest.mark.cluster]

#: How the scripts here tell what they see.
SAY = "import json\ndef say(*what):\n    logger.info('said %s', json.dumps(what, default=str))\n\n"


@pytest.fixture
def tree(tmp_path: Path, path_of: PathOf, kubeconfig: Path) -> Tree:
    """Return a tree with the programs of the time on `PATH`, and the control plane as its cluster."""
    made = Tree(tmp_path, path_of("helm3", "kubectl", "terraform"))
    made.environment["KUBECONFIG"] = str(kubeconfig)
    return made


@pytest.fixture
def repository(tmp_path: Path, program: Program) -> Iterator[Repository]:
    """Return a repository with a chart in two versions."""
    made = Repository(tmp_path / "repository")
    for version in ("1.4.2", "1.5.0"):
        made.add(program("helm3"), CHARTS / "web", version=version)
    yield made
    made.close()


@pytest.fixture
def there(namespace: str, kubectl: Kubectl) -> str:
    """Return the name of a namespace that is there, as it was for whoever could `dump` and `apply`."""
    kubectl("create", "namespace", namespace)
    return namespace


def scripts(tree: Tree, files: dict[str, str]) -> Tree:
    """Write files; those of Python can `say`."""
    return tree.write({name: SAY + text if name.endswith(".py") else text for name, text in files.items()})


def dumped(answer: Answer) -> list[Any]:
    """Return the objects that a run would create, as ``kind/namespace/name``."""
    assert answer.code == 0, answer.err
    bodies = [entry["body"] for entry in yaml.safe_load(answer.out)]
    return [f"{body['kind']}/{body['metadata'].get('namespace', '')}/{body['metadata']['name']}" for body in bodies]


# Helm


def test_a_release_file_of_a_repository_with_a_values_file(tree: Tree, repository: Repository, there: str) -> None:
    """`helm` alone is registered, as with 1.0.14; the values file sees `ktor` and `helm`; newer charts are told of."""
    scripts(
        tree,
        {
            ".kubernator.py": f"""
ktor.app.register_plugin("helm", check_chart_versions=True)
ktor.ns = "{there}"
ktor.region = "eu"
say(sorted(ktor.helm.includes), sorted(ktor.helm.excludes), ktor.helm.namespace_transformer)
say([g in ktor.k8s.excludes for g in ("*.helm.yaml", "*.helm.yml")], ktor.helm.check_chart_versions)
""",
            "shop/web.helm.yaml": f"""
                repository: {repository.url}
                chart: web
                version: 1.4.2
                name: shop
                namespace: "{{${{ ktor.ns }}$}}"
                include-crds: false
                values-file: values.yaml.in
                """,
            "shop/values.yaml.in": """
                message: "{${ ktor.region }$} {${ helm.name }$} {${ helm.chart }$} {${ helm.version }$}"
                ---
                message: only the first document counts
                """,
        },
    )
    answer = tree.run("dump")
    assert answer.said == [
        [["*.helm.yaml", "*.helm.yml"], [".*"], True],
        [[True, True], True],
    ]
    assert f"ConfigMap/{there}/shop-web" in dumped(answer)
    assert "eu shop web 1.4.2" in answer.out
    warnings = [record["message"] for record in answer.records if record["level"] == "WARNING"]
    assert any("Chart web is version 1.4.2 while the latest is 1.5.0" in text for text in warnings), warnings


def test_scripts_add_releases(tree: Tree, repository: Repository, there: str) -> None:
    """By keywords and by dicts with a file's keys; contradictions are RuntimeErrors, what lacks a TypeError."""
    scripts(
        tree,
        {
            ".kubernator.py": f"""
ktor.app.register_plugin("k8s")
ktor.app.register_plugin("helm")
ktor.app.assert_plugin("k8s", "helm")
say([plugin._name for plugin in ktor._plugins])
repository, namespace = "{repository.url}", "{there}"
ktor.helm.add_helm(repository=repository, chart="web", version="1.4.2", name="one", namespace=namespace,
                   include_crds=True, values={{"message": "by keywords"}})
ktor.helm.add_helm_template({{"repository": repository, "chart": "web", "version": "1.5.0", "name": "two",
                             "namespace": namespace, "include-crds": True, "values": {{"message": "by a dict"}}}})
ktor.both = dict(message="from the context")
ktor.helm.add_helm(repository=repository, chart="web", version="1.5.0", name="three", namespace=namespace,
                   include_crds=False, values=ktor.both)
for wrong in (dict(values=dict(a=1), values_file="x"), dict(chart="oci://127.0.0.1:1/web"), dict(repository=None)):
    given = dict(repository=repository, chart="web", version="1.4.2", name="w", namespace=namespace, include_crds=True)
    try:
        ktor.helm.add_helm(**{{**given, **wrong}})
    except RuntimeError as e:
        say("RuntimeError")
try:
    ktor.helm.add_helm(chart="web")
except TypeError:
    say("TypeError")
stanza = ktor.helm.stanza()
say(ktor.helm.helm_file == stanza[0], [a.partition("=")[0] for a in stanza[1:]])
say(ktor.app.run_capturing_out(stanza + ["version", "--short"], logger.warning).strip()[:4])
""",
        },
    )
    answer = tree.run("dump")
    assert [
        [["app", "kubeconfig", "k8s", "helm"]],
        *(["RuntimeError"] for _ in range(3)),
        ["TypeError"],
        [True, ["--kubeconfig", "--repository-config"]],
        ["v3.1"],
    ] == answer.said, answer.err
    maps = [found for found in dumped(answer) if found.startswith("ConfigMap/")]
    assert [f"ConfigMap/{there}/{name}-web" for name in ("one", "two", "three")] == maps
    assert all(text in answer.out for text in ("by keywords", "by a dict", "from the context"))


def test_the_namespace_transformer_can_be_turned_off(tree: Tree, repository: Repository, there: str) -> None:
    """Then a user's transformer gives the namespace; transformers that were added before see the release's."""
    scripts(
        tree,
        {
            ".kubernator.py": f"""
ktor.app.register_plugin("helm")


def place(resources, r: "K8SResource"):
    say(r.kind, r.namespace)
    if r.namespace is None and r.rdef.namespaced:
        r.namespace = "{there}"


ktor.k8s.add_transformer(place)
given = dict(repository="{repository.url}", chart="web", version="1.5.0", include_crds=False)
ktor.helm.add_helm(name="a", namespace="of-the-release", **given)
ktor.helm.namespace_transformer = False
ktor.helm.add_helm(name="b", namespace="of-the-release", **given)
""",
        },
    )
    answer = tree.run("dump")
    seen = [namespace for _, namespace in answer.said]
    assert len(seen) >= 4, answer.err
    half = len(seen) // 2
    assert ["of-the-release"] * half + [None] * half == seen


def test_a_plugin_of_the_manner_of_the_reference_uses_helm(tree: Tree, repository: Repository, there: str) -> None:
    """Its handlers have `context.helm`, `context.k8s` and `context.app`, as its own namespace in `globals`."""
    scripts(
        tree,
        {
            ".kubernator.py": f"""
from pathlib import Path
from kubernator.api import KubernatorPlugin, FileType, Globs, StripNL, load_file, scan_dir
import logging
proc_logger = logging.getLogger("kubernator.stacks.proc")


class StacksPlugin(KubernatorPlugin):
    _name = "stacks"

    def __init__(self):
        self.context = None
        self.done = []
        super().__init__()

    def set_context(self, context):
        self.context = context

    def register(self, repository, namespace="default"):
        self.context.app.register_plugin("k8s")
        self.context.app.register_plugin("helm")
        self.context.globals.stacks = dict(default_includes=Globs(["*.stack.json"], True),
                                           default_excludes=Globs([".*"], True),
                                           namespace=namespace, repository=repository, add=self.add)

    def handle_init(self):
        context = self.context
        stanza = context.helm.stanza() + ["version", "--short"]
        context.app.run(stanza, StripNL(proc_logger.info), StripNL(proc_logger.warning)).wait()
        context.globals.stacks.version = context.app.run_capturing_out(stanza, proc_logger.error).strip()
        context.stacks = dict(includes=Globs(context.stacks.default_includes),
                              excludes=Globs(context.stacks.default_excludes))

    def handle_after_dir(self, cwd: Path):
        stacks = self.context.stacks
        for f in scan_dir(logger, cwd, lambda d: d.is_file(), stacks.excludes, stacks.includes):
            self.add(load_file(logger, f, FileType.JSON)["name"])

    def add(self, name):
        stacks = self.context.stacks
        self.done.append(name)
        self.context.helm.add_helm(repository=stacks.repository, chart="web", version="1.5.0", name=name,
                                   namespace=stacks.namespace, include_crds=False)

    def handle_apply(self):
        self.add("late")

    def handle_summary(self):
        say(self.done, self.context.stacks.version[:4])

    def __repr__(self):
        return "Stacks Plugin"


ktor.app.register_plugin(StacksPlugin, repository="{repository.url}", namespace="{there}")
ktor.stacks.add("by-script")
""",
            "a/one.stack.json": '{"name": "by-file"}',
        },
    )
    answer = tree.run("dump")
    assert answer.said == [[["by-script", "by-file", "late"], "v3.1"]], answer.err
    maps = [found for found in dumped(answer) if found.startswith("ConfigMap/")]
    assert [f"ConfigMap/{there}/{name}-web" for name in ("by-script", "by-file", "late")] == maps
    assert any(record["name"] == "kubernator.stacks.proc" for record in answer.records)


# Templates


def test_templates_of_an_ancestor_are_applied_by_scripts(tree: Tree, there: str) -> None:
    """Positional and by keyword; `values` over defaults, `ktor` of who applies; an unknown name is a ValueError."""
    scripts(
        tree,
        {
            ".kubernator.py": """
ktor.app.register_plugin("k8s")
ktor.app.register_plugin("templates")
ktor.where = "root"
say(sorted(ktor.templates.includes), sorted(ktor.templates.default_excludes))
try:
    ktor.templates.render_template("settings", "me", {})
except ValueError:
    say("ValueError")
""",
            "lib.tmpl.yaml": """
                define:
                - name: settings
                  path: .settings.yaml
                  defaults: {size: 1, from: "{${ ktor.where }$}"}
                """,
            ".settings.yaml": f"""
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: "{{${{ values.name }}$}}"
                  namespace: {there}
                data:
                  size: "{{${{ values.size }}$}}"
                  from: {{${{ values.from }}$}}
                  extra: "{{${{ values.extra | default('none') }}$}}"
                """,
            "app/.kubernator.py": """
ktor.where = "app"
text = ktor.templates.render_template("settings", "me", {"name": "rendered"})
say(type(text).__name__, "name: \\"rendered\\"" in text, "from: app" in text)
ktor.templates.apply_template("settings", {"name": "by-position"}, "me")
ktor.templates.apply_template(name="settings", values=dict(name="by-keyword", size=2), source="me")
ktor.templates.apply_template("settings", dict(name="two"))
""",
            "app/more.tmpl.yml": """
                apply:
                - name: settings
                  values: {name: by-file, extra: more}
                """,
        },
    )
    answer = tree.run("dump")
    assert answer.said == [
        [["*.tmpl.yaml", "*.tmpl.yml"], [".*"]],
        ["ValueError"],
        ["str", True, True],
    ], answer.err
    names = ["by-position", "by-keyword", "two", "by-file"]
    assert [f"ConfigMap/{there}/{name}" for name in names] == dumped(answer)
    data = {entry["body"]["metadata"]["name"]: entry["body"]["data"] for entry in yaml.safe_load(answer.out)}
    assert data["by-keyword"] == {"size": "2", "from": "app", "extra": "none"}
    assert data["by-file"] == {"size": "1", "from": "app", "extra": "more"}
    tree.ok("apply", "--yes")
    assert dumped(tree.run("dump")) == []


# Terraform


def test_outputs_are_read_by_the_children(tree: Tree, there: str) -> None:
    """As attribute and as item, in scripts, manifests and templates; the plugin's own members; logs of the program."""
    scripts(
        tree,
        {
            ".kubernator.py": f"""
ktor.app.register_plugin("terraform")
ktor.app.register_plugin("k8s")
ktor.ns = "{there}"
""",
            "infra/.kubernator.py": """
tf = ktor.terraform
say(hasattr(ktor, "tf"), sorted(tf.includes), sorted(tf.excludes), tf.stanza() == [tf.tf_file])
said = ktor.app.run_capturing_out(tf.stanza() + ["version", "-json"], logger.warning)
say(json.loads(said)["terraform_version"] == tf.version)
""",
            "infra/main.tf": declaring("vpc", "names"),
            "infra/terraform.tfstate": state(vpc={"id": "vpc-1"}, names=["a", "b"]),
            "infra/app/.kubernator.py": """
say(ktor.tf.vpc, ktor.tf["names"], "vpc" in ktor.tf, dict(**ktor.tf) == {"vpc": ktor.tf.vpc, "names": ktor.tf.names})
for name in ktor.tf.names:
    ktor.k8s.add_resources({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": ktor.ns},
                            "data": {"vpc": ktor.tf["vpc"]["id"]}})
""",
            "infra/app/c.yaml": """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: c, namespace: "{${ ktor.ns }$}"}
                data: {vpc: "{${ ktor.tf.vpc.id }$}"}
                """,
            "other/.kubernator.py": "say(hasattr(ktor, 'tf'))",
        },
    )
    answer = tree.run("dump")
    assert answer.said == [
        [False, ["*.tf"], [".*"], True],
        [True],
        [{"id": "vpc-1"}, ["a", "b"], True, True],
        [False],
    ], answer.err
    assert [f"ConfigMap/{there}/{name}" for name in ("a", "b", "c")] == dumped(answer)
    assert answer.out.count("vpc-1") == 3


# kubectl


def test_a_script_asks_the_cluster_by_kubectl(tree: Tree, there: str, kubectl: Kubectl) -> None:
    """`get` gives objects, lists or None; `run` and `run_capturing` wait; a failure is a CalledProcessError."""
    config = f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {there}}}}}"
    for name in ("one", "two"):
        kubectl("-n", there, "create", "configmap", name, f"--from-literal=name={name}")
    scripts(
        tree,
        {
            ".kubernator.py": f"""
import os
from subprocess import CalledProcessError
from kubernator.api import CalledProcessError as also
ktor.app.register_plugin("kubectl")
kubectl, namespace = ktor.kubectl, "{there}"
say(kubectl.get("configmap", "one", namespace)["data"], kubectl.get("namespace", namespace)["metadata"]["name"])
say(kubectl.get(resource_type="configmap", resource_name="two", namespace=namespace)["kind"])
say(kubectl.run_capturing("-n", namespace, "get", "configmap", "one", "-o", "name"))
say(kubectl.run("-n", namespace, "get", "configmaps", "-o", "name"))
say(kubectl.run_capturing("apply", "--dry-run=server", "-f", "-", "-o", "name", stdin='''{config}'''))
stanza = kubectl.stanza()
say(stanza[0] == kubectl.kubectl_file, stanza[1].partition("=")[0], kubectl.version == kubectl.test())
for wrong in (lambda: kubectl.get("configmap", "none", namespace), lambda: kubectl.run("nonsense")):
    try:
        wrong()
    except CalledProcessError as e:
        say(e.returncode, also is CalledProcessError)
env = dict(os.environ, MINE="1")
say(ktor.app.run_capturing_out(["sh", "-c", "echo $MINE"], logger.warning, env=env).strip())
""",
        },
    )
    answer = tree.run("dump")
    assert [
        [{"name": "one"}, there],
        ["ConfigMap"],
        ["configmap/one\n"],
        [None],
        [f"namespace/{there}\n"],
        [True, "--kubeconfig", True],
        [1, True],
        [1, True],
        ["1"],
    ] == answer.said, answer.err
    lines = [record["message"] for record in answer.records if record["name"] == "kubernator.kubectl.proc"]
    assert "configmap/two" in lines


def test_a_pinned_program_is_found_by_its_name(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `ktor.app.run`, also with an environment that a script made of its own; what it put in front stays there."""
    with Mirror() as mirror:
        version = "#!/bin/sh\necho v3.99.0\n"
        mirror.offer("helm", "3.99.0", version.encode())
        tree.environment[MIRROR] = mirror.url
        scripts(
            tree,
            {
                ".kubernator.py": """
import os
ktor.app.register_plugin("helm", version="3.99.0")
path = os.environ["PATH"]
run = lambda **more: ktor.app.run_capturing_out(["helm"], logger.warning, **more).strip()
say(run(), run(env=os.environ), run(env=dict(os.environ, PATH=path + ":/none")), run(env=None))
mine = ktor.app.cwd / "bin"
say(run(env=dict(os.environ, PATH=f"{mine}:{path}")))
try:
    run(env={"PATH": "/none"})
except FileNotFoundError as e:
    say(e.errno)
""",
                "bin/helm": "#!/bin/sh\necho mine\n",
            },
        )
        (tree.root / "bin" / "helm").chmod(0o755)
        answer = tree.run("dump")
    assert answer.said == [["v3.99.0"] * 4, ["mine"], [2]], answer.err


# The cluster


def test_the_environment_chooses_the_cluster_when_it_is_asked(tree: Tree, there: str) -> None:
    """That is where `kubeconfig` is registered; what scripts set later is for programs of their own."""
    kubeconfig = tree.environment.pop("KUBECONFIG")
    scripts(
        tree,
        {
            ".kubernator.py": f"""
import os
os.environ["KUBECONFIG"] = "{kubeconfig}"
ktor.app.register_plugin("k8s")
os.environ["KUBECONFIG"] = "/no/such/file"
say(ktor.kubeconfig.kubeconfig, ktor.app.run_capturing_out(["printenv", "KUBECONFIG"], logger.warning).strip())
say(len(ktor.k8s.server_version))
""",
            "a.yaml": f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: {there}}}}}",
        },
    )
    answer = tree.run("dump")
    assert answer.said == [[kubeconfig, "/no/such/file"], [3]], answer.err
    assert dumped(answer) == [f"ConfigMap/{there}/a"]


# Patterns


def test_patterns_of_every_plugin_of_files(tree: Tree, repository: Repository, there: str) -> None:
    """Added to, taken from and put anew: what a script says holds for its directory's files, in the order it says."""
    config = f"{{{{apiVersion: v1, kind: ConfigMap, metadata: {{{{name: {{}}, namespace: {there}}}}}}}}}\n"
    release = f"{{{{repository: {repository.url}, chart: web, version: 1.5.0, name: {{}}, namespace: {there}}}}}\n"
    scripts(
        tree,
        {
            ".kubernator.py": """
import re
from kubernator.api import Globs
for plugin in ("k8s", "templates", "helm", "terraform"):
    ktor.app.register_plugin(plugin)
ktor.app.excludes.add("skipped")
ktor.app.includes.clear()
ktor.app.includes.extend(["z*", "*"])
ktor.k8s.excludes |= {"no-*"}
ktor.helm.includes.add("*.release")
ktor.k8s.excludes.add("*.release")
ktor.helm.excludes.add(re.compile("old-"))
ktor.templates.includes = Globs(["only.tmpl.yaml"])
ktor.terraform.excludes.add("*")
say([isinstance(getattr(ktor, p).includes, Globs) for p in ("app", "k8s", "templates", "helm", "terraform")])
say(list(ktor.k8s.excludes)[:1], "*.tmpl.yml" in ktor.k8s.excludes, list(ktor.app.includes))
""",
            "a.yaml": config.format("a"),
            ".hidden.yaml": "not: read",
            "no-b.yaml": "not: read",
            "c.yml": config.format("c"),
            "d.json": "not read",
            "one.release": release.format("one"),
            "old-two.helm.yaml": "not: read",
            "main.tf": "not read",
            "only.tmpl.yaml": "define: [{name: t, path: .t}]\napply: [{name: t}]\n",
            "other.tmpl.yaml": "not: read",
            ".t": config.format("t"),
            "skipped/.kubernator.py": "say('skipped')",
            "a-dir/.kubernator.py": "say('a')",
            "z-dir/.kubernator.py": "say('z', 'main.tf' in ktor.terraform.excludes)",
        },
    )
    answer = tree.run("dump")
    assert answer.said == [[[True] * 5], [[".*"], True, ["z*", "*"]], ["z", False], ["a"]], answer.err
    maps = {found for found in dumped(answer) if found.startswith("ConfigMap/")}
    assert {f"ConfigMap/{there}/{name}" for name in ("a", "c", "one-web", "t")} == maps


# Istio


def test_istio_is_registered_alone(tree: Tree, path_of: PathOf) -> None:
    """It brings `k8s` along, as in 1.0.14; its members."""
    tree.environment["PATH"] = path_of("istioctl", "kubectl")
    scripts(
        tree,
        {
            ".kubernator.py": """
ktor.app.register_plugin("istio")
ktor.app.assert_plugin("k8s", "me")
istio = ktor.istio
client, versions = istio.test()
say(client == versions["clientVersion"]["version"], sorted(versions)[0], istio.stanza()[0] == istio.istioctl_file)
say(sorted(istio.includes), sorted(istio.excludes), ["*.istio.yaml" in ktor.k8s.excludes])
say(any(a.startswith("networking.istio.io/") for a in ktor.k8s.get_api_versions()))
""",
        },
    )
    answer = tree.run("dump")
    assert answer.said == [
        [True, "clientVersion", True],
        [["*.istio.yaml", "*.istio.yml"], [".*"], [True]],
        [True],
    ], answer.err
    assert yaml.safe_load(answer.out) == []


# The app plugin


def test_what_cannot_be_started_is_what_subprocess_raises(tree: Tree) -> None:
    """Scripts look for programs that way; one text is a program, or a line for the shell."""
    scripts(
        tree,
        {
            ".kubernator.py": """
for call in (lambda: ktor.app.run(["no-such-program"], None, None).wait(),
             lambda: ktor.app.run_capturing_out(["no-such-program"], None),
             lambda: ktor.app.run_passthrough_capturing(["no-such-program"], None, None),
             lambda: ktor.app.run(["/etc/passwd"], None, None),
             lambda: ktor.app.run(["true"], None, None, cwd="/no/such/directory")):
    try:
        call()
    except (FileNotFoundError, PermissionError) as e:
        say(e.errno, isinstance(e, RuntimeError))
say(ktor.app.run_capturing_out("echo $((1 + 1))", logger.warning, shell=True))
say(ktor.app.run("true", None, None, start_new_session=True).wait())
""",
        },
    )
    answer = tree.run("dump")
    assert answer.said == [[2, True], [2, True], [2, True], [13, True], [2, True], ["2\n"], [0]], answer.err
