"""Whole command lines on the real control plane: what is printed, what is written, what is answered."""

from __future__ import annotations

import base64
import json
import logging
import os
import pty
import re
import signal
import subprocess
import sys
import textwrap
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.cli import main as cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Tree:
    """A tree with the k8s plugin registered, in a namespace of its own."""

    path: Path
    namespace: str

    def write(self, name: str, text: str) -> None:
        """Write a file; ``NS`` becomes the namespace."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).replace("NS", self.namespace))


@pytest.fixture
def tree(tmp_path: Path, kubeconfig: Path, namespace: str, monkeypatch: pytest.MonkeyPatch, kubectl: Kubectl) -> Tree:
    """Return a tree that makes its namespace and a ConfigMap in it."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Tree(tmp_path / "tree", namespace)
    made.write(".kubernator.py", "ktor.app.register_plugin('k8s')\n")
    made.write("a.yaml", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: NS\n")
    made.write(
        "b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: NS\ndata:\n  a: one\n  b: two\n"
    )
    return made


@pytest.fixture
def run(
    tree: Tree, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Return something that runs a command line in the tree: code, stdout, stderr."""

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        monkeypatch.setattr(logging.getLogger(), "handlers", [])  # those of pytest raise at a broken record
        code = cli.main(["-p", str(tree.path), *words])
        return code, *capsys.readouterr()

    return command


def live(kubectl: Kubectl, tree: Tree, *words: str) -> dict[str, Any]:
    """Return an object of the namespace as it is."""
    found: dict[str, Any] = json.loads(kubectl("-n", tree.namespace, "get", *words, "-o", "json").stdout)
    return found


CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}


def test_dump_prints_creates_and_writes_nothing(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """New objects are ``create`` entries with their manifests, in the order of applying; with ``--yes`` too."""
    code, out, _ = run("-o", "json", "--yes")
    assert code == 0
    assert [(entry["method"], entry["body"]["kind"]) for entry in json.loads(out)] == [
        ("create", "Namespace"),
        ("create", "ConfigMap"),
    ]
    assert kubectl("get", "namespace", tree.namespace, check=False).code != 0


def test_the_formats_of_dump_say_the_same(run: Any, tree: Tree) -> None:
    """YAML has sorted keys in block style, pretty JSON four spaces; neither JSON ends its line."""
    outputs = {name: run("-o", name)[1] for name in ("yaml", "json", "json-pretty")}
    body = f"- body:\n    apiVersion: v1\n    kind: Namespace\n    metadata:\n      name: {tree.namespace}\n"
    assert outputs["yaml"].startswith(f"{body}  method: create\n- body:\n")
    assert json.loads(outputs["json"]) == json.loads(outputs["json-pretty"])
    assert json.dumps(json.loads(outputs["json"]), sort_keys=True, indent=4) == outputs["json-pretty"]


def test_apply_is_a_dry_run_until_yes(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """Without ``--yes`` the log says what would be done, and the cluster is as before."""
    code, out, err = run("apply")
    assert (code, out) == (0, "")
    assert f"would create v1 ConfigMap {tree.namespace}/c (dry run)" in err
    assert "would have created 2, patched 0, deleted 0, unchanged 0 (dry run)" in err
    assert kubectl("get", "namespace", tree.namespace, check=False).code != 0


def test_apply_yes_writes_and_a_second_run_does_not(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """What the dump said is what is there; the second run proves it by reading and sends no write."""
    code, out, err = run("apply", "--yes")
    assert (code, out) == (0, "")
    assert f"created v1 ConfigMap {tree.namespace}/c" in err
    assert "created 2, patched 0, deleted 0, unchanged 0" in err
    version = live(kubectl, tree, "configmap", "c")["metadata"]["resourceVersion"]
    code, _, err = run("apply", "--yes")
    assert code == 0
    assert "created 0, patched 0, deleted 0, unchanged 2" in err
    assert not re.search(r"requests:.*(apply|create|patch|delete|dry-run)", err)
    assert version == live(kubectl, tree, "configmap", "c")["metadata"]["resourceVersion"]
    assert run("dump", "-o", "json")[:2] == (0, "[]")


def test_a_change_is_a_json_patch(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """A changed and a dropped field are operations; the resource is named by four fields; apply does just that."""
    run("apply", "--yes")
    tree.write("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: NS\ndata:\n  a: three\n")
    expected = {
        "method": "patch",
        "resource": {**CONFIG_MAP, "name": "c", "namespace": tree.namespace},
        "body": [{"op": "replace", "path": "/data/a", "value": "three"}, {"op": "remove", "path": "/data/b"}],
    }
    assert [expected] == json.loads(run("-o", "json")[1])
    _, _, err = run("apply")
    assert re.search(r'~ +data\.a: "one" → "three"\n +- +data\.b: "two"\n', err)
    code, _, err = run("apply", "--yes")
    assert code == 0
    assert "created 0, patched 1, deleted 0, unchanged 1" in err
    assert live(kubectl, tree, "configmap", "c")["data"] == {"a": "three"}


JOB = """
    apiVersion: batch/v1
    kind: Job
    metadata: {name: j, namespace: NS}
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: c, image: "busybox:%s"}]
    """


def test_an_immutable_change_is_a_delete_and_a_create(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """The entries are those of the reference, propagation policy and all; it counts as created and deleted."""
    tree.write("j.yaml", JOB % "1")
    run("apply", "--yes", "--no-wait")
    before = live(kubectl, tree, "job", "j")["metadata"]["uid"]
    tree.write("j.yaml", JOB % "2")
    delete, create = json.loads(run("-o", "json")[1])
    assert delete == {
        "method": "delete",
        "resource": {"apiVersion": "batch/v1", "kind": "Job", "name": "j"},
        "propagation_policy": "Orphan",
    }
    assert (create["method"], create["body"]["kind"]) == ("create", "Job")
    code, _, err = run("apply", "--yes", "--no-wait")
    assert (code, "created 1, patched 0, deleted 1, unchanged 2" in err) == (0, True)
    assert before != live(kubectl, tree, "job", "j")["metadata"]["uid"]


def test_dump_to_a_file_replaces_it_as_a_whole(tree: Tree, run: Any, tmp_path: Path) -> None:
    """The file keeps its mode and is only touched when there is something to put there."""
    out = tmp_path / "out.json"
    out.write_text("before" * 10_000)
    out.chmod(0o640)
    assert run("-o", "json", "-f", str(out))[:2] == (0, "")
    assert len(json.loads(out.read_text())) == 2
    assert out.stat().st_mode & 0o777 == 0o640
    tree.write("broken.yaml", "a: [")
    assert run("-o", "json", "-f", str(out))[0] == 1
    assert len(json.loads(out.read_text())) == 2


def test_a_conflict_is_refused_and_can_be_forced(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """Both managers and the field are named, nothing is written, the code is 4; ``--force-conflicts`` takes it."""
    run("apply", "--yes")
    kubectl(
        "-n",
        tree.namespace,
        "patch",
        "configmap",
        "c",
        "--field-manager=other",
        "--type=merge",
        "-p",
        '{"data":{"a":"9"}}',
    )
    tree.write("d.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: d\n  namespace: NS\n")
    for words in (("dump",), ("apply",), ("apply", "--yes")):
        code, out, err = run(*words)
        assert (code, out) == (4, "")
        assert all(part in err for part in ("`other`", "`kubernator`", "`.data.a`", "b.yaml:"))
        assert "`--force-conflicts` takes them all" in err
    assert kubectl("-n", tree.namespace, "get", "configmap", "d", check=False).code != 0
    assert run("apply", "--yes", "--keep-going")[0] == 4
    kubectl("-n", tree.namespace, "get", "configmap", "d")
    assert run("apply", "--yes", "--force-conflicts")[0] == 0
    assert live(kubectl, tree, "configmap", "c")["data"]["a"] == "one"


def test_the_field_manager_is_what_is_asked_for(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """``--field-manager`` names who owns the fields."""
    assert run("apply", "--yes", "--field-manager", "team-a")[0] == 0
    managed = json.loads(
        kubectl("-n", tree.namespace, "get", "configmap", "c", "-o", "json", "--show-managed-fields").stdout
    )["metadata"]["managedFields"]
    assert {("team-a", "Apply")} == {(entry["manager"], entry["operation"]) for entry in managed}


BAD_SERVICE = """
    apiVersion: v1
    kind: Service
    metadata: {name: Bad_Name, namespace: NS}
    spec: {ports: [{port: 99999999}]}
    """


def test_everything_that_is_refused_is_said_at_once(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """All refusals are listed by their place, with the number, before anything is written; the code is 1."""
    kubectl("create", "namespace", tree.namespace)
    tree.write("s.yaml", BAD_SERVICE)
    tree.write("t.yaml", BAD_SERVICE.replace("Bad", "Worse"))
    for words in (("dump",), ("apply",), ("apply", "--yes")):
        code, out, err = run(*words)
        assert (code, out) == (1, "")
        assert err.index("s.yaml:") < err.index("t.yaml:") < err.index("2 changes cannot be made")
        assert "(2 errors)" in err
    assert kubectl("-n", tree.namespace, "get", "configmap", "c", check=False).code != 0


#: The server warns that the kind is deprecated.
WARNED = """
    apiVersion: v1
    kind: Endpoints
    metadata: {name: warned-NS, namespace: default}
    """


@pytest.mark.parametrize("words", [("dump",), ("apply",)])
def test_warnings_of_the_server_are_fatal_without_yes(tree: Tree, run: Any, words: tuple[str, ...]) -> None:
    """They are logged in the words of the reference and end a run that writes nothing, before any output."""
    tree.write("w.yaml", WARNED)
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert err.count("FAILED FIELD VALIDATION") == 1
    assert "ERROR" in err


def test_warnings_need_not_be_fatal(tree: Tree, run: Any) -> None:
    """``field_validation_warn_fatal=False`` makes them warnings, and the dump is printed."""
    tree.write(".kubernator.py", "ktor.app.register_plugin('k8s', field_validation_warn_fatal=False)\n")
    tree.write("w.yaml", WARNED)
    code, out, err = run("dump")
    assert code == 0
    assert "FAILED FIELD VALIDATION" in err
    assert "kind: Endpoints" in out


def test_warnings_never_stop_a_real_apply(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """With ``--yes`` they are logged, each once, and the object is written."""
    tree.write("w.yaml", WARNED.replace("default", "NS"))
    code, _, err = run("apply", "--yes")
    assert code == 0
    assert err.count("FAILED FIELD VALIDATION") == 1
    kubectl("-n", tree.namespace, "get", "endpoints", f"warned-{tree.namespace}")


STUCK = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: stuck, namespace: NS}
    spec:
      selector: {matchLabels: {app: stuck}}
      template:
        metadata: {labels: {app: stuck}}
        spec:
          nodeSelector: {nowhere: "true"}
          containers: [{name: c, image: "busybox:1"}]
    """


def test_what_does_not_become_ready_in_time_is_said(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """The code is 70, the object and the reason are named; ``--no-wait`` does not wait."""
    tree.write("s.yaml", STUCK)
    code, _, err = run("apply", "--yes", "--timeout", "2s")
    assert code == 70
    assert f"Deployment.apps {tree.namespace}/stuck" in err
    assert "did not become ready in time" in err
    kubectl("-n", tree.namespace, "delete", "deployment", "stuck")
    assert run("apply", "--yes", "--no-wait")[0] == 0


def test_an_interrupt_ends_the_wait_politely(tree: Tree) -> None:
    """The first signal ends waiting; the report says what was made; the code is 130."""
    tree.write("s.yaml", STUCK)
    words = [sys.executable, "-m", "kubernator", "-p", str(tree.path), "apply", "--yes"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        said = []
        for line in running.stderr:
            said.append(line)
            if "created apps/v1 Deployment" in line:
                running.send_signal(signal.SIGINT)
                break
        said.append(running.stderr.read())
        assert running.wait() == 130, "".join(said)
    assert "created 3, patched 0" in "".join(said)
    assert "error: interrupted, 3 of 3 changes were made" in "".join(said)


def test_a_report_is_written_for_programs(tree: Tree, run: Any, tmp_path: Path) -> None:
    """``--report`` is JSON with the end of every change, where it comes from, and what was sent."""
    assert run("apply", "--yes", "--report", str(tmp_path / "report.json"))[0] == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert [change["outcome"] for change in report["changes"]] == ["created", "created"]
    assert report["changes"][0]["origin"] == ["a.yaml:1:1, document 1"]
    assert (report["counts"]["created"], report["requests"]["apply"], report["dryRun"]) == (2, 2, False)


@pytest.mark.parametrize(
    ("more", "words"),
    [("", ()), ("unknown: x\n", ()), ("unknown: x\n", ("--yes",))],
    ids=["dry run", "refused dry run", "refused"],
)
def test_a_report_of_a_run_that_writes_nothing_has_the_plan(
    tree: Tree, run: Any, tmp_path: Path, more: str, words: tuple[str, ...]
) -> None:
    """It is what ``diff`` prints, also where something is refused."""
    asked, found = tmp_path / "report.json", tmp_path / "diff.json"
    tree.write("c.yaml", f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: d, namespace: NS}}\n{more}")
    codes = run("apply", "--report", str(asked), *words)[0], run("diff", "-o", "json", "-f", str(found))[0]
    assert codes == ((1, 3) if more else (0, 0))
    report, planned = json.loads(asked.read_text()), json.loads(found.read_text())
    assert planned == report["planned"]
    assert (report["dryRun"], report["changes"]) == (not words, [])


@pytest.mark.parametrize("words", [(), ("--no-preflight",)], ids=["proven", "no preflight"])
@pytest.mark.parametrize("mode", ["Ignore", "Warn", "Strict"])
def test_an_unknown_field_is_refused_before_anything_is_written(
    tree: Tree, run: Any, kubectl: Kubectl, mode: str, words: tuple[str, ...]
) -> None:
    """A server-side apply refuses it in each mode; where the namespace is new the server cannot be asked before."""
    tree.write(".kubernator.py", f"ktor.app.register_plugin('k8s', field_validation={mode!r})\n")
    tree.write("c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d, namespace: NS}\nunknown: x\n")
    code, _, err = run("apply", "--yes", *words)
    assert code == 1
    assert 'unknown field "unknown"' in err
    assert "c.yaml:4:1" in err
    assert not kubectl("get", "ns", tree.namespace, "--ignore-not-found").stdout


MINIS = """\
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: minis.NS.example.com}
    spec:
      group: NS.example.com
      scope: Cluster
      names: {plural: minis, kind: Mini}
      versions:
        - name: v1
          served: true
          storage: true
          schema:
            openAPIV3Schema:
              type: object
              properties: {spec: {type: object, properties: {a: {type: integer}, b: {type: integer}}}}
        - name: v2
          served: true
          storage: false
          schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    """


def test_a_definition_is_not_changed_so_that_what_is_there_is_lost(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """An object whose manifest did not change is checked by what its definition is going to be."""
    tree.write("crd.yaml", MINIS)
    tree.write("mini.yaml", "apiVersion: NS.example.com/v1\nkind: Mini\nmetadata: {name: NS}\nspec: {a: 1, b: 2}\n")
    assert run("apply", "--yes")[0] == 0
    definition = f"minis.{tree.namespace}.example.com"
    try:
        before = kubectl("get", "crd", definition, "-o", "jsonpath={.metadata.generation}").stdout
        for old, new, said in (
            (", b: {type: integer}", "", 'unknown field "spec.b"'),
            ("b: {type: integer}", "b: {type: string}", "must be of type string"),
            ("served: true", "served: false", "its definition in this run no longer serves"),
        ):
            tree.write("crd.yaml", MINIS.replace(old, new, 1))
            code, _, err = run("apply", "--yes")
            assert (code, "nothing was written" in err) == (1, True)
            assert said in err
            assert "mini.yaml:" in err
        assert kubectl("get", "crd", definition, "-o", "jsonpath={.metadata.generation}").stdout == before
        assert f"going to be served as `{tree.namespace}.example.com/v2`" in err
        # the server takes what stays as it is under a new rule, too
        tree.write("crd.yaml", MINIS.replace("{type: object,", "{type: object, required: [c],", 1))
        assert run("apply", "--yes")[0] == 0
        found = json.loads(
            kubectl("get", f"minis.v1.{tree.namespace}.example.com", tree.namespace, "-o", "json").stdout
        )
        assert found["spec"] == {"a": 1, "b": 2}
        assert run("diff", "--detailed-exitcode")[0] == 0
        # what a rule leaves as another manager has it is not what the tree says
        kubectl("label", "crd", definition, "a=b")
        crd = json.loads(kubectl("get", "crd", definition, "-o", "json").stdout)
        body = {"spec": {**crd["spec"], "versions": [{**each} for each in crd["spec"]["versions"]]}}
        body["spec"]["versions"][0]["additionalPrinterColumns"] = [
            {"name": "A", "type": "integer", "jsonPath": ".spec.a"}
        ]
        kubectl("patch", "crd", definition, "--field-manager=other", "--type=merge", "-p", json.dumps(body))
        left = "annotations: {kubernator.io/conflicts: leave /spec/versions}, labels: {a: c}"
        text = MINIS.replace("metadata: {", f"metadata: {{{left}, ", 1).replace("served: true", "served: false", 1)
        tree.write("crd.yaml", text)
        assert run("apply", "--yes", "--force-conflicts")[0] == 0
        assert kubectl("get", "crd", definition, "-o", "jsonpath={.spec.versions[*].served}").stdout == "true true"
    finally:
        kubectl("delete", "crd", definition)


def test_writes_of_scripts_are_listed(tree: Tree, run: Any, kubectl: Kubectl) -> None:
    """What a script writes at once is written under ``dump`` too, and is in the report with its line."""
    kubectl("create", "namespace", tree.namespace)
    tree.write(
        ".kubernator.py",
        """\
        ktor.app.register_plugin('k8s')
        ktor.k8s.resource({'apiVersion': 'v1', 'kind': 'ConfigMap',
                           'metadata': {'name': 'now', 'namespace': 'NS'}}).create(dry_run=False)
        """,
    )
    code, _, err = run("dump")
    assert code == 0
    assert re.search(r"by a script, at once: created v1 ConfigMap \S+/now, asked by \.kubernator\.py:3", err)


def test_the_context_is_chosen_by_name(tree: Tree, run: Any) -> None:
    """``--context`` names one of the kubeconfig; one that is not there is an error before anything is sent."""
    code, out, err = run("dump", "--context", "no-such-context")
    assert (code, out) == (1, "")
    assert "no-such-context" in err


def test_on_a_terminal_progress_is_live_and_the_log_stays_whole(tree: Tree, kubectl: Kubectl) -> None:
    """With a terminal the display is drawn and taken away again; each log line is there in one piece."""
    tree.write("s.yaml", STUCK)
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "kubernator", "-p", str(tree.path), "apply", "--yes", "--timeout", "4s"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    running = subprocess.Popen(words, stderr=theirs, stdout=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # how Linux says that the other side of a terminal is closed
        pass
    os.close(ours)
    assert running.wait() == 70
    shown = said.decode()
    assert "3 of 3 written" in shown
    assert f"waiting for Deployment.apps {tree.namespace}/stuck" in shown
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert f"created apps/v1 Deployment {tree.namespace}/stuck\r\n" in plain
    assert "\x1b[32mINFO" in shown


CANARY = 'c4n4ry-"s3cr3t"/value+1'
LINES = "first-line-of-canary\nsecond-line-of-canary"


def spellings(text: str) -> set[str]:
    """Return a secret as it could turn up."""
    raw = text.encode()
    return {
        text,
        base64.b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode(),
        urllib.parse.quote(text),
        urllib.parse.quote(text, safe=""),
        urllib.parse.quote_plus(text),
        json.dumps(text)[1:-1],
        *text.splitlines(),
    }


SECRETS = {
    "accepted": "",
    "refused by the server": """
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: Bad_Name, namespace: NS}
        type: kubernetes.io/dockerconfigjson
        data: {".dockerconfigjson": B64}
        """,
    "not valid": """
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: t, namespace: NS}
        data: [B64]
        """,
    "unknown fields": """
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: u, namespace: NS}
        dada: {password: B64}
        stringData: {password: first-line-of-canary}
        """,
    "in other objects": """
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: copy, namespace: NS, labels: {x: "first-line-of-canary !"}}
        data: {url: "https://me:first-line-of-canary@example.com/?q=B64"}
        """,
}


@pytest.mark.parametrize("case", SECRETS)
@pytest.mark.parametrize("log_format", ["human", "json"])
def test_a_secret_is_never_shown(tree: Tree, run: Any, tmp_path: Path, case: str, log_format: str) -> None:
    """Values of Secrets and declared ones are on no stream and in no log file, at TRACE, in none of their spellings."""
    encoded = base64.b64encode(CANARY.encode()).decode()
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": tree.namespace},
        "stringData": {"plain": CANARY, "lines": LINES},
        "data": {"encoded": encoded},
    }
    tree.write("s.yaml", json.dumps(manifest) + "\n" + textwrap.dedent(SECRETS[case]).replace("B64", encoded))
    declared = "d3clared-s3cret"
    tree.write(
        ".kubernator.py",
        f"""\
        ktor.app.register_plugin('k8s')
        s = ktor.app.secret({declared!r})
        logger.info('as argument %s', s, extra={{'also': {{'s': [s]}}}})
        logger.error(f'in the text {{s}}')
        logger.error('broken %d', s)
        try:
            raise ValueError(s)
        except ValueError:
            logger.exception('with its traceback')
        """,
    )
    log = tmp_path / "log"
    said = ""
    for words in (("dump",), ("apply",), ("apply", "--yes"), ("dump", "-o", "json"), ("apply", "--yes")):
        for target in ((), ("--log-file", str(log))):
            _, out, err = run("-v", "TRACE", "--log-format", log_format, *target, *words)
            said += out + err + (log.read_text() if target else "")
        manifest["stringData"] = {"plain": f"{CANARY}-2", "lines": LINES}
        tree.write("s.yaml", json.dumps(manifest) + "\n" + textwrap.dedent(SECRETS[case]).replace("B64", encoded))
    shown = [form for secret in (CANARY, LINES, declared) for form in spellings(secret) if form in said]
    assert shown == []
    assert said.count("a log message cannot be written") == 10
    assert "<secret " in said


def test_secrets_are_shown_when_asked_for(tree: Tree, run: Any, tmp_path: Path) -> None:
    """``--show-secrets`` prints them; a file with them can be read by its owner only."""
    tree.write(
        "s.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: NS\nstringData:\n  a: first-line-of-canary\n",
    )
    out = tmp_path / "out.yaml"
    assert run("dump", "--show-secrets", "-f", str(out))[0] == 0
    assert "first-line-of-canary" in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o600
