"""What the program does with what is wrong: files, scripts, plugins, clusters, disks, signals.

Every run is a process of its own. Asserted is what a user sees and what is in the cluster afterwards: the exit code,
the place, who asked, what was expected; all findings of a run together; nothing written; nothing half on stdout.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import ipaddress
import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trees
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import oid
from trees import config, plant

from kubernator.testing.faults import Cut, Delay, Drop, FaultProxy, Refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster


@pytest.fixture
def program(tmp_path: Path, kubeconfig: Path) -> trees.Program:
    """Return the program, with the real cluster."""
    return trees.Program(tmp_path / "home", kubeconfig)


@pytest.fixture
def alone(tmp_path: Path) -> trees.Program:
    """Return the program without a kubeconfig."""
    return trees.Program(tmp_path / "home", None)


@pytest.fixture(scope="module")
def ns(kubectl: Kubectl) -> str:
    """Return a namespace that is there."""
    name = f"bad-{os.getpid()}"
    kubectl("create", "namespace", name)
    return name


def everything(kubectl: Kubectl, ns: str) -> dict[str, str]:
    """Return what is in a namespace, with versions that change with each write."""
    kinds = "configmaps,secrets,services,deployments,serviceaccounts"
    items = json.loads(kubectl("get", kinds, "--namespace", ns, "--output", "json").stdout)["items"]
    return {f"{item['kind']}/{item['metadata']['name']}": item["metadata"]["resourceVersion"] for item in items}


def deployment(name: str, ns: str, *, replicas: str = "0", policy: str = "Always") -> str:
    return f"""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {name}
          namespace: {ns}
        spec:
          replicas: {replicas}
          selector:
            matchLabels: {{app: {name}}}
          template:
            metadata:
              labels: {{app: {name}}}
            spec:
              restartPolicy: {policy}
              containers:
              - name: main
                image: example.com/main:1
        """


# Manifests: all of it in one tree, and one run

SECRETS = ("this-is-not-base64-topsecret!", "in-a-list-supersecret", "in-a-map-supersecret", "as-text-supersecret")


def broken_files(ns: str) -> dict[str, str | bytes]:
    """Return a tree in which each file but some is wrong in its own way."""
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n"
    bombs = [f"{key}: &{key} [{', '.join([f'*{chr(ord(key) - 1)}'] * 10)}]" for key in "bcdefgh"]
    return {
        "alias-bomb.yaml": "\n".join([f"{head}  name: bomb", "a: &a [x, x, x, x, x, x, x, x, x, x]", *bombs, ""]),
        "bad-name.yaml": config("Bad_Name", ns),
        "bom.yaml": b"\xef\xbb\xbf" + config("bom", ns).replace("\n", "\r\n").encode(),
        "cluster-scoped.yaml": f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {ns}-x\n  namespace: {ns}\n",
        "different-1.yaml": config("twice", ns, a="one"),
        "different-2.yaml": config("twice", ns, a="two"),
        "digits.yaml": f"{head}  name: digits\n  namespace: {ns}\ndata:\n  a: {'9' * 5000}\n",
        "empty.yaml": "# nothing\n---\n---\n",
        "enum.yaml": deployment("enum", ns, policy="Alwys"),
        "escape.yaml": f'{head}  name: escape\n  namespace: {ns}\ndata:\n  "\\e[2J": x\n',
        "generated.yaml": f"{head}  generateName: x-\n  namespace: {ns}\n",
        "ghost.yaml": config("ghost", "no-such-namespace"),
        "indentation.yaml": f"{head}  name: indented\n namespace: {ns}\n",
        "latin.yaml": head.encode() + b"  name: caf\xe9\n",
        "list.yaml": "- a\n- b\n",
        "many.yaml": "---\n".join([*(config(f"many-{n}", ns) for n in range(40)), f"{head}  name: last\n   x: y\n"]),
        "misspelt-existing.yaml": f"{head}  name: existing\n  namespace: {ns}\ndatta:\n  a: x\n",
        "misspelt-new.yaml": f"{head}  name: new\n  namespace: {ns}\ndata:\n  a: x\nimutable: true\n",
        "no-metadata.yaml": "apiVersion: v1\nkind: ConfigMap\n",
        "no-namespace.yaml": f"{head}  name: homeless\n",
        "no-separator.yaml": f"{head}  name: one\n  namespace: {ns}\n{head}  name: two\n",
        "number.yaml": f"{head}  name: 123\n  namespace: {ns}\n",
        "old-version.yaml": f"apiVersion: apps/v1beta1\nkind: Deployment\nmetadata:\n  name: old\n  namespace: {ns}\n",
        "repeated.yaml": f"{head}  name: repeated\n  namespace: {ns}\ndata:\n  a: x\n  b: y\n  a: z\n",
        "replicas.yaml": deployment("replicas", ns, replicas='"3"'),
        "same-1.yaml": config("same", ns),
        "same-2.yaml": "# the same content\n" + config("same", ns),
        "secret-base64.yaml": secret("base64", ns, f"data:\n  ok: b2s=\n  password: {SECRETS[0]!r}"),
        "secret-list.yaml": secret("list", ns, f"data:\n- password: {SECRETS[1]}"),
        "secret-map.yaml": secret("map", ns, f"stringData:\n  password: {{deep: {SECRETS[2]}}}"),
        "secret-text.yaml": secret("text", ns, f"data: {SECRETS[3]}"),
        "slash.yaml": f"{head}  name: ../pods\n  namespace: {ns}\n",
        "tab.yaml": f"{head}\tname: tab\n",
        "text.yaml": "just words\n",
        "unknown.yaml": f"apiVersion: apps/v1\nkind: Deploymnt\nmetadata:\n  name: unknown\n  namespace: {ns}\n",
    }


def secret(name: str, ns: str, rest: str) -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: {ns}\n{rest}\n"


@pytest.fixture(scope="module")
def broken(
    tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path, kubectl: Kubectl, ns: str
) -> tuple[trees.Ran, trees.Ran, bool]:
    """Apply and dump the tree that is wrong all over; say also whether the cluster stayed as it was."""
    tmp_path = tmp_path_factory.mktemp("broken")
    tree = plant(tmp_path / "tree", broken_files(ns))
    program = trees.Program(tmp_path / "home", kubeconfig)
    kubectl("apply", "-f", "-", stdin=config("existing", ns))
    before = everything(kubectl, ns)
    ran = program("-p", tree, "apply", "--yes"), program("-p", tree, "dump")
    return *ran, before == everything(kubectl, ns)


@pytest.mark.parametrize(
    "parts",
    [
        ("error: too many aliases", "at          alias-bomb.yaml:"),
        ("is invalid", "`metadata.name` at bad-name.yaml:4:3", "Invalid value", "Bad_Name"),
        ("warning: `Namespace` is cluster-scoped", "at          cluster-scoped.yaml:1:1"),
        ("is there twice", "different content", "different-2.yaml:1:1", "first       different-1.yaml:1:1", "hint: "),
        ("is invalid", "`spec.template.spec.restartPolicy` at enum.yaml:", "Alwys", '"Always", "OnFailure", "Never"'),
        ("is invalid", "at escape.yaml:7:3", "\\x1b[2J"),
        ("error: `metadata.generateName` without a name", "at          generated.yaml:4:3", "hint: give it a"),
        ("error: namespace `no-such-namespace` does not exist", "ghost.yaml:1:1", "hint: "),
        ("error: not YAML", "at          indentation.yaml:5:2", "hint: keys of one map begin in the same column"),
        ("error: not UTF-8", "at          latin.yaml:4:12", "0xe9", "hint: save the file as UTF-8"),
        ("error: the document is a list", "at          list.yaml:1:1", "hint: "),
        ("error: not YAML", "at          many.yaml:325:5, document 41", "hint: "),
        ("it does not fit its schema", "`datta` at misspelt-existing.yaml:6:1", 'did you mean "data"'),
        ("it does not fit its schema", "`imutable` at misspelt-new.yaml:8:1", 'did you mean "immutable"'),
        ("error: `metadata` is missing", "at          no-metadata.yaml:1:1", "hint: set at least `metadata.name`"),
        ("error: namespaced resource has no namespace", "no-namespace.yaml:3:1", "hint: set `metadata.namespace`"),
        ("error: two objects without `---`", "at          no-separator.yaml:6:1", "first       no-separator.yaml:1:1"),
        ("error: `metadata.name` is a number", "at          number.yaml:4:3", 'hint: quote it: `name: "123"`'),
        ("is not a defined Kubernetes resource", "old-version.yaml:2:1", "`Deployment` is served as `apps/v1`"),
        ("error: the key `a` is written twice", "at          repeated.yaml:9:3", "first       repeated.yaml:7:3"),
        ("it does not fit its schema", "`.spec.replicas` at replicas.yaml:7:3", "expected numeric"),
        ("it does not fit its kind", "`.data.password` at secret-base64.yaml:8:3", "not base64"),
        ("it does not fit its schema", "`.data` at secret-list.yaml:6:1", "expected map, got a list"),
        ("it does not fit its schema", "`.stringData.password` at secret-map.yaml:7:3", "expected string, got a map"),
        ("it does not fit its schema", "`.data` at secret-text.yaml:6:1", "expected map"),
        ("error: `metadata.name` cannot be `../pods`", "at          slash.yaml:4:3"),
        ("error: not YAML: a tab", "at          tab.yaml:4:1", "hint: YAML indents with spaces only"),
        ("error: the document is text", "at          text.yaml:1:1", "hint: "),
        ("`apps/v1/Deploymnt` is not", "at          unknown.yaml:2:1", "hint: did you mean `Deployment`?"),
    ],
    ids=lambda parts: re.search(r"[\w-]+\.yaml", " ".join(parts)).group(),
)
def test_every_mistake_of_a_tree_is_said_in_one_run(broken: tuple[trees.Ran, trees.Ran, bool], parts: tuple) -> None:
    """Each file has its own finding, with place and expectation, what the server says of the others included."""
    broken[0].failed().block(*parts)


def test_what_is_right_in_a_wrong_tree_is_not_blamed(broken: tuple[trees.Ran, trees.Ran, bool]) -> None:
    """A byte order mark, CRLF, empty documents and one object twice with the same content are no mistakes."""
    said = "\n".join(broken[0].blocks)
    assert [
        name for name in ("bom.yaml", "digits.yaml", "empty.yaml", "same-1.yaml", "same-2.yaml") if name in said
    ] == []


def test_a_wrong_tree_writes_nothing_and_dumps_nothing(broken: tuple[trees.Ran, trees.Ran, bool]) -> None:
    """The cluster stays as it was, stdout is empty, the number of findings is said, `dump` finds the same."""
    applied, dumped, untouched = broken
    assert untouched
    assert "nothing was written (28 errors, 1 warning)" in applied.failed().blocks[-1]
    assert applied.blocks == dumped.failed().blocks


def test_values_of_secrets_are_in_no_finding(broken: tuple[trees.Ran, trees.Ran, bool]) -> None:
    """A Secret of a wrong shape is explained without its values."""
    said = "".join(ran.err + ran.out for ran in broken[:2])
    assert [value for value in SECRETS if value in said] == []


def test_json_has_places_too(program: trees.Program, tmp_path: Path, ns: str) -> None:
    """JSON files, where asked for, are explained as YAML is."""
    head = '{"apiVersion": "v1",\n "kind": "ConfigMap",\n'
    tree = plant(
        tmp_path / "tree",
        {
            ".kubernator.py": trees.REGISTER + 'ktor.k8s.includes.add("*.json")\n',
            "comma.json": f'{head} "metadata": {{"name": "j",}}\n}}\n',
            "repeated.json": f'{head} "metadata": {{"name": "j", "name": "k", "namespace": "{ns}"}}\n}}\n',
            "trailing.json": '{"apiVersion": "v1"} trailing\n',
        },
    )
    ran = program("-p", tree).failed()
    ran.block("not JSON: a `,` before `}`", "comma.json:3:26")
    ran.block("the key `name` is written twice", "repeated.json:3:28", "first       repeated.json:3:15")
    ran.block("not JSON: text after the end", "trailing.json:1:22")


def test_templates_have_places_too(program: trees.Program, tmp_path: Path) -> None:
    """A name that is not set, a wrong expression and one that raises are told with file and line."""
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n"
    tree = plant(
        tmp_path / "tree",
        {
            "attribute.yaml": f"{head}  name: {{${{ ktor.nope }}$}}\n",
            "name.yaml": f"{head}  name: {{${{ nope }}$}}\n",
            "raises.yaml": f"{head}  name: {{${{ 1 / 0 }}$}}\n",
            "syntax.yaml": f"{head}  name: {{${{ ktor.x + }}$}}\n",
            "unclosed.yaml": f'{head}  name: {{${{ "x"\n',
        },
    )
    ran = program("-p", tree, "apply", "--yes").failed()
    ran.block("`ktor.nope` is not set", "attribute.yaml:4:1", "hint: ")
    ran.block("`nope` is not set", "name.yaml:4:1", "hint: ")
    ran.block("ZeroDivisionError", "raises.yaml:4:1")
    ran.block("not a template", "syntax.yaml:4:1")
    ran.block("not a template", "unclosed.yaml:4:1")


def test_long_lines_and_long_files_end_in_one_finding(program: trees.Program, tmp_path: Path, ns: str) -> None:
    """A mistake behind a million characters, or in the last of 2,000 documents, is found at its place."""
    documents = "---\n".join(config(f"c{number}", ns) for number in range(2000))
    tree = plant(
        tmp_path / "tree",
        {
            "long.yaml": f'apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: l}}\ndata:\n  a: "{"x" * 10**6}" y\n',
            "many.yaml": f"{documents}---\n- no object\n",
            ".kubernator.py": trees.REGISTER + 'ktor.k8s.excludes.add("good*")\n',
        },
    )
    ran = program("-p", tree, "dump", env={"KUBECONFIG": str(tmp_path / "none")}).failed()
    ran.block("not YAML", "long.yaml:5:1000009")
    ran.block("the document is a list", "many.yaml:16001:1, document 2001")
    assert max(map(len, ran.err.splitlines())) < 1000
    assert "what the cluster says of the rest is not known: no cluster is configured" in ran.blocks[-1]


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ("5", "`.spec`"),
        ("[x]", "`.spec`"),
        ("{group: odd.example.com, scope: Cluster, names: 5, versions: []}", "`.spec.names`"),
        ("{group: odd.example.com, scope: Cluster, names: {plural: odds, kind: Odd}, versions: 5}", "`.spec.versions`"),
    ],
)
def test_a_definition_of_wrong_types(program: trees.Program, tmp_path: Path, spec: str, place: str) -> None:
    """What it defines is read before it is checked, which is no reason to stumble."""
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\n"
        "kind: CustomResourceDefinition\n"
        "metadata: {name: odds.odd.example.com}\n"
        f"spec: {spec}\n"
    )
    ran = program("-p", plant(tmp_path / "tree", {"odd.yaml": definition}), "apply", "--yes").failed()
    ran.block("it does not fit its schema", "odd.yaml:1:1", "CustomResourceDefinition odds.odd.example.com")
    assert f"{place} at odd.yaml:4:" in ran.err


# Scripts and plugins: no cluster is needed to be wrong

SCRIPTS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "syntax": (
        "x = 1\ndef f(:\n    pass\n",
        1,
        ("the script is no Python", "at          .kubernator.py:2:7", "def f(:"),
    ),
    "raising": (
        "def helper(values):\n    return values['nope']\nhelper({})\n",
        1,
        ("the script raised KeyError: 'nope'", ".kubernator.py:2:1", "called from  .kubernator.py:3:1"),
    ),
    "unset": ("ktor.app.cwd.joinpath(ktor.region)\n", 1, ("`ktor.region` is not set", ".kubernator.py:1:1")),
    "recursion": ("def f(): return f()\nf()\n", 1, ("RecursionError", ".kubernator.py:1:1", ".kubernator.py:2:1")),
    "unknown plugin": (
        'ktor.app.register_plugin("k8ss")\n',
        1,
        ("there is no plugin `k8ss`", ".kubernator.py:1:1", "did you mean `k8s`?"),
    ),
    "later plugin": (
        'ktor.app.register_plugin("project")\n',
        1,
        ("the plugin `project` is not part of this version", ".kubernator.py:1:1", "Kubernator 1 has it"),
    ),
    "wrong option": (
        'ktor.app.register_plugin("k8s", field_validaton="Strict")\n',
        1,
        ("plugin `k8s` has no option `field_validaton`", ".kubernator.py:1:1", "did you mean `field_validation`?"),
    ),
    "nameless plugin": (
        "import kubernator.api\nclass Mine(kubernator.api.KubernatorPlugin): pass\nktor.app.register_plugin(Mine)\n",
        1,
        (
            "a plugin needs a `_name`",
            ".kubernator.py:3:1",
            "class       Mine",
            'hint: give the class one: `_name = "acme"`',
        ),
    ),
    "no plugin": ("ktor.app.register_plugin(42)\n", 1, ("`42` is no plugin", ".kubernator.py:1:1", "hint: ")),
    "missing directory": (
        'x = 1\nktor.app.walk_local("missing/dir")\n',
        1,
        ("missing/dir` is not there", "at          .kubernator.py:2:1"),
    ),
    "a file as directory": (
        'ktor.app.walk_local(".kubernator.py")\n',
        1,
        (".kubernator.py` is not a directory", "at          .kubernator.py:1:1"),
    ),
    "missing repository": (
        'ktor.app.walk_remote("file:///no/such/repository")\n',
        1,
        ("repository `file:///no/such/repository` is not there", ".kubernator.py:1:1", "git said", "hint: "),
    ),
    "missing kubeconfig": (
        (
            'ktor.app.register_plugin("kubeconfig", kubeconfig="/no/such/kubeconfig")\n'
            'ktor.app.register_plugin("k8s")\n'
            'ktor.k8s.add_resources("apiVersion: v1\\nkind: Namespace\\nmetadata: {name: x}\\n")\n'
        ),
        1,
        ("the kubeconfig `/no/such/kubeconfig` is not there", "chosen by   .kubernator.py:1:1"),
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_that_is_wrong(alone: trees.Program, tmp_path: Path, name: str) -> None:
    """The user's line is named and none of ours; a typing error gets a guess."""
    script, code, parts = SCRIPTS[name]
    ran = alone("-p", plant(tmp_path / "tree", {".kubernator.py": script}), "apply", "--yes").failed(code)
    ran.block(*parts)


@pytest.mark.parametrize(
    ("argument", "code", "last"), [("3", 3, None), ("'enough'", 1, "enough"), ("", 0, None)], ids=["3", "text", "none"]
)
def test_sys_exit_in_a_script_is_obeyed_and_said(
    alone: trees.Program, tmp_path: Path, argument: str, code: int, last: str | None
) -> None:
    """The code or the text is the script's; the log says who ended the run, so that an empty dump is no riddle."""
    tree = plant(tmp_path / "tree", {".kubernator.py": f"import sys\nsys.exit({argument})\n"})
    ran = alone("-p", tree, "dump")
    assert (code, "") == (ran.code, ran.out)
    assert "the run ends here, by `sys.exit` in .kubernator.py:2:1" in ran.err
    assert last is None or ran.err.splitlines()[-1] == last
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("query", "path", "parts"),
    [
        ("?ref=nope", "", ("has no branch or tag `nope`", "hint: there are `main`; `git ls-remote ")),
        ("?ref=main", "/nope", ("`nope` is not in repository", "hint: there are `here`")),
    ],
)
def test_a_remote_that_has_not_what_is_asked(
    alone: trees.Program, tmp_path: Path, query: str, path: str, parts: tuple[str, ...]
) -> None:
    """A missing ref or directory is named, with what there is."""
    repository = plant(tmp_path / "repository", {"here/.kubernator.py": ""})
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(repository))
    for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "x")):
        subprocess.run([*git, *words], check=True)
    script = f'ktor.app.walk_remote("file://{repository}{query}", *{[path] if path else []})\n'
    ran = alone("-p", plant(tmp_path / "tree", {".kubernator.py": script}), "dump").failed()
    ran.block("at          .kubernator.py:1:1", *parts)


def test_functions_of_scripts_that_are_wrong(program: trees.Program, tmp_path: Path, kubectl: Kubectl, ns: str) -> None:
    """Transformers and validators are named with their lines and their resource, all findings together."""
    script = """
        ktor.app.register_plugin("k8s")
        def nonsense(resources, resource):
            return "rubbish"
        def raising(resources, resource):
            resource.manifest["spec"]["x"] = 1
        def finding(resources, resource, error):
            yield error("needs a team label")
            yield ValueError("and another thing")
        def failing(resources, resource, error):
            return 1 / 0
        {}
        """
    tree = plant(
        tmp_path / "tree",
        {
            ".kubernator.py": script.format("ktor.k8s.add_validator(finding); ktor.k8s.add_validator(failing)"),
            "nonsense/.kubernator.py": script.format("ktor.k8s.add_transformer(nonsense)"),
            "nonsense/a.yaml": config("a", ns),
            "raising/.kubernator.py": script.format("ktor.k8s.add_transformer(raising)"),
            "raising/b.yaml": config("b", ns),
            "valid/c.yaml": config("c", ns),
        },
    )
    before = everything(kubectl, ns)
    ran = program("-p", tree, "apply", "--yes").failed()
    ran.block(
        "transformer `nonsense` returned a `str`", "nonsense/.kubernator.py:11:1", "nonsense/a.yaml:1:1", "hint: "
    )
    raised = ran.block(
        "transformer `raising` raised KeyError: 'spec'", "raising/.kubernator.py:11:1", "raising/b.yaml:1:1"
    )
    assert "raising/.kubernator.py:5 in raising" in raised
    ran.block("needs a team label", "valid/c.yaml:1:1", "found by    finding, .kubernator.py:11:1")
    ran.block("and another thing", "valid/c.yaml:1:1", "found by    finding, .kubernator.py:11:1")
    ran.block("validator `failing` raised ZeroDivisionError", "valid/c.yaml:1:1", ".kubernator.py:10 in failing")
    assert before == everything(kubectl, ns)


def test_what_changed_a_resource_stands_with_its_error(program: trees.Program, tmp_path: Path, ns: str) -> None:
    """When a transformer made a resource what the server refuses, the transformer is named."""
    script = trees.REGISTER + (
        "def misspell(resources, resource):\n    resource.manifest['datta'] = {}\nktor.k8s.add_transformer(misspell)\n"
    )
    tree = plant(tmp_path / "tree", {".kubernator.py": script, "sub/a.yaml": config("changed", ns)})
    ran = program("-p", tree, "apply", "--yes").failed()
    ran.block("it does not fit its schema", "at          sub/a.yaml:1:1", "changed by  misspell, .kubernator.py:4")


# Command lines and directories


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (("-o", "xml"), 2, ("`xml`", "`yaml`")),
        (("aply",), 2, ("unknown verb `aply`", "did you mean `apply`?")),
        (("apply", "--kep-going"), 2, ("`--kep-going`", "did you mean `--keep-going`?")),
        (("apply", "--timeout", "soon"), 2, ("`soon` is no length of time", "`90s`")),
        (("-p", "missing", "apply"), 1, ("missing` is not there", "command line")),
        (("-p", "file", "apply"), 1, ("file` is not a directory", "command line")),
        (("--pre-start-script", "missing.py", "dump"), 1, ("missing.py", "cannot be read")),
        (("dump", "-f", "missing/out.yaml"), 1, ("`missing/out.yaml` cannot be written", "No such file")),
        (("dump", "-f", "directory"), 1, ("`directory` cannot be written", "Is a directory")),
        (("dump", "-f", "/dev/full"), 1, ("`/dev/full` cannot be written", "No space left")),
        (("apply", "--report", "missing/report.json"), 1, ("`missing/report.json` cannot be written",)),
        (("--log-file", "missing/log", "dump"), 1, ("log file `missing/log` cannot be opened",)),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else "",
)
def test_a_command_line_that_cannot_be_carried_out(
    alone: trees.Program, tmp_path: Path, words: tuple[str, ...], code: int, parts: tuple[str, ...]
) -> None:
    """It is said what is wrong, with a guess; 2 is the answer to a bad command line, 1 to bad files."""
    tree = plant(tmp_path / "tree", {"file": "", "directory/x": ""})
    alone(*words, cwd=tree).failed(code).block(*parts)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("", 'calls `ktor.app.register_plugin("k8s")`'),
        (trees.REGISTER, "no file matches `ktor.k8s.includes`"),
        (trees.REGISTER + "ktor.k8s.includes.clear()\nktor.k8s.includes.add('*.none')\n", "no file matches"),
    ],
    ids=["no plugin", "no files", "pattern"],
)
def test_an_empty_tree_is_no_error_but_said(alone: trees.Program, tmp_path: Path, script: str, reason: str) -> None:
    """It ends well, and a line says why it came to nothing."""
    files = {".kubernator.py": script, **({"a.yaml": config("a", "x")} if "none" in script or not script else {})}
    ran = alone("-p", plant(tmp_path / "tree", files), "dump")
    assert (ran.code, ran.out.strip()) == (0, "[]")
    assert "has no resources: " in ran.err
    assert reason in ran.err


def test_a_directory_that_vanishes(alone: trees.Program, tmp_path: Path) -> None:
    """What a script takes away before its turn is named."""
    script = 'import shutil\nshutil.rmtree(ktor.app.cwd.parent / "z")\n'
    tree = plant(tmp_path / "tree", {"a/.kubernator.py": script, "z/.kubernator.py": ""})
    alone("-p", tree, "dump").failed().block("z` is not there")


def test_files_that_are_none(program: trees.Program, tmp_path: Path, kubectl: Kubectl, ns: str) -> None:
    """Broken links, links in a circle, pipes and sockets are findings, and do not block; a link to a file is a file."""
    tree = plant(tmp_path / "tree", {"target": config("linked", ns), "directory.yaml/x.txt": ""})
    (tree / "broken.yaml").symlink_to("/no/such/file")
    (tree / "circle.yaml").symlink_to("circle.yaml")
    (tree / "good.yaml").symlink_to("target")
    os.mkfifo(tree / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listening:
        with contextlib.chdir(tree):  # the path of a socket is short
            listening.bind("socket.yaml")
        ran = program("-p", tree, "apply", "--yes").failed()
    ran.block("broken.yaml", "No such file")
    ran.block("circle.yaml", "Too many levels of symbolic links")
    ran.block("pipe.yaml` is no file")
    ran.block("socket.yaml` is no file")
    assert "ConfigMap/linked" not in everything(kubectl, ns)


@pytest.mark.parametrize("target", [".", "..", "../sub"])
def test_directories_that_lead_back_to_themselves(alone: trees.Program, tmp_path: Path, target: str) -> None:
    """A link to a directory above is found, and named, instead of being walked for ever."""
    tree = plant(tmp_path / "tree", {"sub/.kubernator.py": ""})
    (tree / "sub" / "link").symlink_to(target)
    ran = alone("-p", tree, "dump").failed()
    ran.block("sub/link` is a symbolic link to `", "hint: exclude the link")


def test_what_may_not_be_read(alone: trees.Program, tmp_path: Path) -> None:
    """A file and a directory without permission are named."""
    unprivileged = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    files = plant(tmp_path / "files", {"secret.yaml": config("x", "default")})
    (files / "secret.yaml").chmod(0)
    alone("-p", files, "dump", before=unprivileged).failed().block("cannot read `secret.yaml`: Permission denied")
    script = plant(tmp_path / "script", {".kubernator.py": ""})
    (script / ".kubernator.py").chmod(0)
    alone("-p", script, "dump", before=unprivileged).failed().block(".kubernator.py` cannot be read: Permission denied")
    directories = plant(tmp_path / "directories", {"closed/x": ""})
    (directories / "closed").chmod(0)
    alone("-p", directories, "dump", before=unprivileged).failed().block("closed` cannot be read: Permission denied")


# A disk that is full


def test_a_disk_that_is_full(program: trees.Program, tmp_path: Path, ns: str) -> None:
    """A file that cannot be written whole stays as it was, no half of it remains, and no traceback says so."""
    tree = plant(tmp_path / "tree", {f"{number}.yaml": config(f"c{number}", ns, a="x" * 1000) for number in range(20)})
    out = tmp_path / "out.yaml"
    out.write_text("as it was\n")
    ran = program("-p", tree, "dump", "-f", out, before=("sh", "-c", 'ulimit -f 16; exec "$0" "$@"')).failed()
    ran.block("out.yaml` cannot be written: File too large", "left as it is")
    assert out.read_text() == "as it was\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out.yaml", "tree"]


def test_stdout_that_is_full(program: trees.Program, tmp_path: Path, ns: str) -> None:
    """What cannot be written to stdout is an error like another."""
    tree = plant(tmp_path / "tree", {"a.yaml": config("a", ns)})
    with Path("/dev/full").open("w") as full:
        program("-p", tree, "dump", stdout=full).failed().block("stdout cannot be written")


def test_no_room_for_anything(program: trees.Program, tmp_path: Path, ns: str) -> None:
    """Where not even the client certificate can be handed to TLS, that is said; nothing of it is left."""
    tree = plant(tmp_path / "tree", {"a.yaml": config("a", ns)})
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ran = program(
        "-p", tree, "dump", before=("sh", "-c", 'ulimit -f 0; exec "$0" "$@"'), env={"TMPDIR": str(temporary)}
    ).failed()
    assert "temporary file" in ran.blocks[-1]
    assert list(temporary.iterdir()) == []


def test_a_cache_without_room_is_done_without(program: trees.Program, tmp_path: Path, ns: str) -> None:
    """A cache that cannot be kept costs time, not the run."""
    tree = plant(tmp_path / "tree", {"a.yaml": config("a", ns)})
    ran = program("-p", tree, "dump", before=("sh", "-c", 'ulimit -f 8; exec "$0" "$@"'))
    assert ran.code == 0, ran.err
    assert "name: a" in ran.out
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file() and path.stat().st_size == 4096] == []


def test_a_log_that_is_full_is_said_once(program: trees.Program, tmp_path: Path, ns: str) -> None:
    """The run goes on without its log, and stderr says so."""
    ran = program("-p", plant(tmp_path / "tree", {"a.yaml": config("a", ns)}), "dump", "--log-file", "/dev/full")
    assert (ran.code, ran.err) == (0, "warning: the log file cannot be written: No space left on device\n")
    assert "name: a" in ran.out


# Kubeconfigs and clusters


def changed(kubeconfig: Path, to: Path, *replacements: tuple[str, str]) -> Path:
    """Write a kubeconfig that differs and return its path."""
    text = kubeconfig.read_text()
    for pattern, replacement in replacements:
        text, count = re.subn(pattern, replacement, text)
        assert count, pattern
    to.write_text(text)
    return to


@pytest.fixture
def tree(tmp_path: Path, ns: str) -> Path:
    """Return a tree with one ConfigMap."""
    return plant(tmp_path / "tree", {"a.yaml": config("never", ns)})


CLUSTERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "refused port": ("server: .*", "server: https://127.0.0.1:9", ("`127.0.0.1:9` refuses connections", "hint: ")),
    "unknown name": (
        "server: .*",
        "server: https://nowhere.invalid",
        ("`nowhere.invalid` cannot be resolved", "hint: "),
    ),
    "authority": ("authority-data: .*", "authority-data: OTHER", ("is from an unknown authority", "hint: check ")),
    "no credentials": ("(?m)^ +client-.*\n", "", ("system:anonymous", "hint: the request came without credentials")),
    "token": (
        "(?m)^( +)client-certificate.*\n +client-key.*",
        r"\1token: no-such-token-at-all",
        ("does not accept our credentials", "hint: "),
    ),
}


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_cluster_that_cannot_be_talked_to(
    program: trees.Program, tmp_path: Path, tree: Path, kubeconfig: Path, name: str
) -> None:
    """It is said what failed, of which server, by which context of which file; no credential is printed."""
    pattern, replacement, parts = CLUSTERS[name]
    other = base64.b64encode(certificate(dt.timedelta(days=1))[0]).decode()
    wrong = changed(kubeconfig, tmp_path / "wrong.kubeconfig", (pattern, replacement.replace("OTHER", other)))
    ran = program("-p", tree, "apply", "--yes", env={"KUBECONFIG": str(wrong)}).failed()
    said = ran.block(*parts, "server      https://", "chosen by   context `", str(wrong))
    assert said is not None
    assert "no-such-token-at-all" not in ran.err


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("clusters:\n\t- x\n", ("is not YAML", ":2:1")),
        ("- a\n", ("is not a map",)),
        ("clusters: 3\ncontexts: []\n", ("`clusters` in the kubeconfig is not a list",)),
        ("contexts: [{name: c}]\ncurrent-context: d\n", ("has no context `d`", "hint: contexts are `c`")),
        (
            "contexts: [{name: c, context: {cluster: x}}]\ncurrent-context: c\n",
            ("context `c`", "`x`, which is not there"),
        ),
    ],
    ids=["not YAML", "list", "shape", "context", "cluster"],
)
def test_a_kubeconfig_that_is_wrong(
    alone: trees.Program, tmp_path: Path, tree: Path, content: str, parts: tuple[str, ...]
) -> None:
    """The file and the entry are named."""
    file = tmp_path / "wrong.kubeconfig"
    file.write_text(content)
    ran = alone("-p", tree, "dump", env={"KUBECONFIG": str(file)}).failed()
    ran.block(str(file), *parts)


def test_no_kubeconfig_at_all(alone: trees.Program, tmp_path: Path, tree: Path) -> None:
    """All places that were looked at are listed."""
    ran = alone("-p", tree, "apply", "--yes").failed()
    ran.block(
        "no cluster is configured", "`KUBECONFIG` (not set)", f"{tmp_path}/home/.kube/config (not there)", "a pod"
    )


def certificate(valid: dt.timedelta) -> tuple[bytes, bytes]:
    """Return a certificate for loopback that signs itself, and its key, as PEM; it ends so long from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now + valid)
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    return (
        made.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()),
    )


def test_a_certificate_of_the_server_that_has_expired(
    program: trees.Program, tmp_path: Path, tree: Path, kubeconfig: Path
) -> None:
    """It says expired, and since when where TLS tells."""
    public, key = certificate(dt.timedelta(days=-1))
    with FaultProxy(kubeconfig, directory=tmp_path, certificate=(public, key, public)) as proxy:
        ran = program("-p", tree, "apply", "--yes", env={"KUBECONFIG": str(proxy.kubeconfig)}).failed()
    ran.block("has expired", "hint: ", f"server      {proxy.server}")


def test_a_certificate_of_ours_that_has_expired(
    program: trees.Program, tmp_path: Path, tree: Path, kubeconfig: Path
) -> None:
    """The server rejects it, and the hint thinks of it."""
    public, key = (base64.b64encode(part).decode() for part in certificate(dt.timedelta(days=-1)))
    wrong = changed(
        kubeconfig,
        tmp_path / "expired.kubeconfig",
        ("client-certificate-data: .*", f"client-certificate-data: {public}"),
        ("client-key-data: .*", f"client-key-data: {key}"),
    )
    ran = program("-p", tree, "apply", "--yes", env={"KUBECONFIG": str(wrong)}).failed()
    ran.block("does not accept our credentials", "certificate may have expired", "chosen by   context `")


# Answers that a healthy server does not give

READ = r"/api/v1/namespaces/[^/]+/configmaps"
WRITE = r"/api/v1/namespaces/[^/]+/configmaps/never\?(?!.*dryRun)"


@pytest.fixture
def faulty(program: trees.Program, tmp_path: Path, tree: Path, kubeconfig: Path) -> Any:
    """Return a function that applies the tree through a proxy with faults."""

    def function(*faults: Any) -> tuple[FaultProxy, trees.Ran]:
        with FaultProxy(kubeconfig, directory=tmp_path, faults=faults) as proxy:
            return proxy, program("-p", tree, "apply", "--yes", env={"KUBECONFIG": str(proxy.kubeconfig)})

    return function


@pytest.mark.parametrize(
    "case",
    [
        (Refuse("GET", "/apis?", times=0, status=401), 1, ("does not accept our credentials", "chosen by   context `")),
        (Refuse("GET", "/apis?", times=0, status=403, message="not you"), 1, ("not you", "chosen by   context `")),
        (Refuse("GET", "/apis?", times=0, status=500, message="panic"), 1, ("panic", "server      http://")),
        (Refuse("GET", "/apis?", times=0, status=503, message="too early"), 1, ("too early", "hint: ")),
        (Refuse("GET", "/apis?", times=0, status=429, headers={"Retry-After": "0"}), 1, ("refused by the test",)),
        (Refuse("GET", READ, times=0, status=403, message="no reading"), 1, ("no reading", "a.yaml:1:1")),
        (Refuse("GET", READ, times=0, status=500, message="etcd is ill"), 1, ("etcd is ill",)),
        (Refuse("PATCH", ".*dryRun", times=0, status=403, message="no rehearsal"), 1, ("no rehearsal", "a.yaml:1:1")),
        (Refuse("PATCH", WRITE, times=0, status=403, message="no writing"), 8, ("no writing", "a.yaml:1:1")),
        (Refuse("PATCH", WRITE, times=0, status=401), 8, ("does not accept our credentials", "a.yaml:1:1")),
        (Refuse("PATCH", WRITE, times=0, status=429, headers={"Retry-After": "0"}), 8, ("refused by", "a.yaml:1:1")),
        (Refuse("PATCH", WRITE, times=0, status=500, message="etcd is ill"), 8, ("etcd is ill", "a.yaml:1:1")),
        (Drop("GET", "/apis?", times=0), 1, ("server      http://",)),
        (Cut("GET", "/apis?", times=0, size=100), 1, ("server      http://",)),
        (Drop("PATCH", ".*dryRun", times=0), 1, ("v1 ConfigMap", "a.yaml:1:1")),
        (Drop("PATCH", WRITE, times=0), 8, ("a.yaml:1:1",)),
    ],
    ids=lambda case: f"{type(case[0]).__name__}-{case[0].method}-{getattr(case[0], 'status', '')}",
)
def test_a_server_that_keeps_refusing(faulty: Any, kubectl: Kubectl, ns: str, case: tuple[Any, int, Any]) -> None:
    """Its words are passed on, with the object where one is concerned; nothing was written."""
    fault, code, parts = case
    before = everything(kubectl, ns)
    faulty(fault)[1].failed(code).block("error: ", *parts)
    assert before == everything(kubectl, ns)


@pytest.mark.parametrize(
    "fault",
    [
        Refuse("*", "/", times=1, status=429, headers={"Retry-After": "1"}),
        Refuse("GET", "/apis?", times=2, status=503),
        Refuse("PATCH", WRITE, times=2, status=429, headers={"Retry-After": "0"}),
        Cut("GET", "/apis?", times=1, size=10),
        Cut("PATCH", WRITE, times=1, size=10),
        Drop("GET", READ, times=1),
        Drop("PATCH", WRITE, times=1, forward=True),
    ],
    ids=lambda fault: f"{type(fault).__name__}-{fault.method}-{getattr(fault, 'status', '')}",
)
def test_a_server_that_refuses_for_a_moment(faulty: Any, kubectl: Kubectl, ns: str, fault: Any) -> None:
    """The run goes on and ends as if nothing had been."""
    proxy, ran = faulty(fault)
    assert ran.code == 0, ran.err
    assert "ConfigMap/never" in everything(kubectl, ns)
    kubectl("delete", "configmap", "never", "--namespace", ns)
    assert proxy.seen


# Two at once, and ends that come too early

OBJECTS = 200


def many(root: Path, ns: str) -> Path:
    """Plant a tree of many objects."""
    return plant(root, {f"{number // 50}/{number:03}.yaml": config(f"n{number:03}", ns) for number in range(OBJECTS)})


@pytest.fixture
def fresh(kubectl: Kubectl, namespace: str) -> str:
    """Return a namespace with nothing in it."""
    kubectl("create", "namespace", namespace)
    return namespace


def complete(kubectl: Kubectl, ns: str) -> bool:
    """Say whether every object of `many` is there as planted."""
    items = json.loads(kubectl("get", "configmaps", "--namespace", ns, "--output", "json").stdout)["items"]
    wanted = {f"n{number:03}": {"a": "x"} for number in range(OBJECTS)}
    return wanted.items() <= {item["metadata"]["name"]: item["data"] for item in items}.items()


def test_two_runs_at_once(program: trees.Program, tree_of_many: Path, kubectl: Kubectl, fresh: str) -> None:
    """Both end well, or one says which objects the other made; together they did everything once."""
    tree = tree_of_many
    with program.start("-p", tree, "apply", "--yes") as one, program.start("-p", tree, "apply", "--yes") as other:
        runs = [trees.ended(one), trees.ended(other)]
    assert 0 in {ran.code for ran in runs}, runs
    for ran in runs:
        assert ran.code == 0 or ran.failed(8)
    assert complete(kubectl, fresh)
    assert "created 0, patched 0, deleted 0" in program("-p", tree, "apply", "--yes").err


MIDDLE = r".*/configmaps/n100\?(?!.*dryRun)"


@pytest.fixture
def tree_of_many(tmp_path: Path, fresh: str) -> Path:
    """Return a tree of many objects, for an empty namespace."""
    return many(tmp_path / "tree", fresh)


@pytest.fixture
def stuck(program: trees.Program, tree_of_many: Path, kubeconfig: Path, tmp_path: Path) -> Any:
    """Return a context in which a run is in the middle: one of its writes is held back by a proxy."""

    @contextlib.contextmanager
    def function() -> Iterator[tuple[FaultProxy, subprocess.Popen[str]]]:
        with (
            FaultProxy(kubeconfig, directory=tmp_path, faults=[Delay("PATCH", MIDDLE)]) as proxy,
            program.start("-p", tree_of_many, "apply", "--yes", env={"KUBECONFIG": str(proxy.kubeconfig)}) as process,
        ):
            proxy.wait_for("PATCH", MIDDLE)
            yield proxy, process

    return function


@pytest.fixture
def rest(program: trees.Program, tree_of_many: Path, kubectl: Kubectl, fresh: str) -> Any:
    """Return a function that runs again, and asserts that everything is there then and nothing is left to write."""

    def function() -> None:
        assert not complete(kubectl, fresh)
        assert program("-p", tree_of_many, "apply", "--yes").code == 0
        assert complete(kubectl, fresh)
        assert "created 0, patched 0, deleted 0" in program("-p", tree_of_many, "apply", "--yes").err

    return function


def test_a_run_that_is_killed_can_be_run_again(stuck: Any, rest: Any) -> None:
    """After SIGKILL in the middle the next run does the rest, and the one after it writes nothing."""
    with stuck() as (_, process):
        process.kill()
        assert trees.ended(process).code == -signal.SIGKILL
    rest()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_lets_writes_end_and_reports(
    stuck: Any, rest: Any, kubectl: Kubectl, fresh: str, number: int
) -> None:
    """What is in flight ends, nothing new starts, it says how much was done, and a second run does the rest."""
    with stuck() as (proxy, process):
        process.send_signal(number)
        read = heard(process)
        proxy.release()
        ran = trees.ended(process, already=read).failed(130 if number == signal.SIGINT else 143)
    assert re.search(rf"interrupted, \d+ of {OBJECTS} changes were made", ran.blocks[-1])
    assert "hint: run the same command again" in ran.blocks[-1]
    assert "ConfigMap/n100" in everything(kubectl, fresh)
    rest()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_interrupt_leaves_at_once(stuck: Any, rest: Any, number: int) -> None:
    """It does not wait for what is in flight; a second run does the rest."""
    with stuck() as (_, process):
        process.send_signal(number)
        read = heard(process)
        process.send_signal(number)
        ran = trees.ended(process, already=read)
    assert ran.code == 128 + number
    assert "Traceback" not in ran.err
    rest()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_before_the_first_write(alone: trees.Program, tmp_path: Path, number: int) -> None:
    """It ends the run at once, in words."""
    script = "import os, signal\nos.kill(os.getpid(), signal.Signals(NUMBER))\nwhile True: signal.pause()\n"
    tree = plant(tmp_path / "tree", {".kubernator.py": script.replace("NUMBER", str(int(number)))})
    ran = alone("-p", tree, "apply", "--yes").failed(128 + number)
    assert ran.blocks[-1].startswith("error: interrupted")


def heard(process: subprocess.Popen[str]) -> str:
    """Read what a process says until it has heard of the interrupt."""
    read = ""
    for line in process.stderr or ():
        read += line
        if "once more to leave at once" in line:
            return read
    raise AssertionError(read)
