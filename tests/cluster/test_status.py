"""The verb `status` on the real control plane."""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from trees import Program, plant

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.cluster

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata:
      labels: {{app: {name}}}
      annotations: {{{annotations}}}
    spec:
      containers: [{{name: main, image: "example.com/main:1"}}]
"""
CRASH = "sim/fail: CrashLoopBackOff"


def workload(name: str, namespace: str, annotations: str = "") -> str:
    return WORKLOAD.format(name=name, namespace=namespace, annotations=annotations)


@pytest.fixture
def tree(tmp_path, namespace) -> Path:
    """Return a tree with a namespace and a Secret at its top, and a Deployment below."""
    secret = base64.b64encode(b"correct-horse-battery").decode()
    files = {
        "ns.yaml": f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n",
        "secret.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: {namespace}}}\n"
        f"data: {{p: {secret}}}\n",
        "web/web.yaml": workload("web", namespace),
    }
    return plant(tmp_path / "tree", files)


@pytest.fixture
def program(tmp_path, kubeconfig) -> Program:
    return Program(tmp_path / "home", kubeconfig)


@pytest.fixture
def kubernator(program, tree) -> Any:
    return lambda *words, **more: program(*words, "-p", tree, "-v", "WARNING", **more)


def rows(text: str) -> dict[str, str]:
    """Return what a table says of each object, without its age."""
    found = re.findall(r"^(\S+)  +([a-z ]+?)  +(\S+ \S+) *\d*[dhms]? *(.*)$", text, re.MULTILINE)
    return {name.split("/")[-1].split()[-1]: f"{where}: {state}: {why}" for where, state, name, why in found}


def test_what_is_not_there_then_what_is(kubernator, namespace):
    """Before the apply everything is missing, code 7; after it everything is current, code 0."""
    before = kubernator("status")
    assert before.code == 7
    assert rows(before.out) == {
        namespace: ".: not found: it is not there",
        "s": ".: not found: it is not there",
        "web": "web: not found: it is not there",
    }
    assert before.out.endswith("3 objects: 3 not found\n")
    assert kubernator("apply", "--yes").code == 0
    after = kubernator("status")
    assert (after.code, after.out.splitlines()[-1]) == (0, "3 objects: 3 current")
    assert rows(after.out)["web"] == "web: current: 1 of 1 replicas are available"


def test_what_is_not_current_is_explained(kubernator, tree, namespace):
    """The chain goes down to the container; the same is there as data, with nothing of the secret."""
    (tree / "web" / "web.yaml").write_text(workload("web", namespace, CRASH))
    kubernator("apply", "--yes", "--no-wait")
    following = kubernator("status", "--watch", "--timeout", "60s")  # until the trouble has lasted
    assert following.code == 7, following.out
    assert "container `main`: CrashLoopBackOff: simulated (3 restarts)" in following.out
    text, data = kubernator("status"), kubernator("status", "-o", "json")
    assert (text.code, data.code) == (7, 7)
    found = json.loads(data.out)
    assert (found["format"], found["counts"]["failed"]) == ("kubernator/status/v1", 1)
    (web,) = (each for each in found["objects"] if each["name"] == "web")
    assert (web["directory"], web["status"], web["origin"]) == ("web", "failed", ["web/web.yaml:1:1, document 1"])
    assert "Pod `web-" in web["message"]
    for said in (following, text, data):
        assert "correct-horse-battery" not in said.out + said.err
    assert "failed: 1\n" in kubernator("status", "-o", "yaml").out


def test_an_own_rule_counts(kubernator, tree):
    """A rule of the script's judges its kind; one that raises leaves it unknown and says where it stands."""
    assert kubernator("apply", "--yes").code == 0
    script = tree / ".kubernator.py"
    script.write_text(f"{script.read_text()}\nktor.k8s.add_readiness_rule('Secret', lambda secret: 'too short')\n")
    found = kubernator("status")
    assert (found.code, rows(found.out)["s"]) == (7, ".: in progress: too short")
    script.write_text(f"{script.read_text()}\nktor.k8s.add_readiness_rule('Secret', lambda secret: secret.oops)\n")
    found = kubernator("status")
    assert found.code == 7
    assert "unknown: readiness rule `<lambda>` raised AttributeError" in rows(found.out)["s"]
    assert "(.kubernator.py:" in found.err
    script.write_text(f"{script.read_text()}\nktor.k8s.add_readiness_rule('Secret', jsonpath='{{.data.p}}')\n")
    assert kubernator("status").code == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("'secrets', condition='Ready'", "`secrets` does not name a kind"),
        ("'Secret'", "a readiness rule is one of three"),
        ("'Secret', condition='Ready', jsonpath='{.a}'", "a readiness rule is one of three"),
        ("'Secret', 3", "a readiness rule is a function, not a `int`"),
        ("'Secret', jsonpath='{.a'", "is no JSONPath"),
    ],
)
def test_a_rule_that_cannot_be_is_an_error_at_its_line(kubernator, tree, call, message):
    """Where the script registers it."""
    script = tree / ".kubernator.py"
    script.write_text(f"{script.read_text()}\nktor.k8s.add_readiness_rule({call})\n")
    found = kubernator("status")
    assert found.code == 1
    assert message in found.err


def test_annotations_are_checked_before_anything_is_written(kubernator, tree, namespace):
    """With the place in the file."""
    text = workload("web", namespace).replace(
        "spec:\n  selector", "  annotations: {kubernator.io/timeout: soon}\nspec:\n  selector"
    )
    (tree / "web" / "web.yaml").write_text(text)
    found = kubernator("apply", "--yes")
    assert found.code == 1
    assert "annotation `kubernator.io/timeout` is no length of time: `soon`" in found.err
    assert "web/web.yaml:6" in found.err
    assert kubernator("status").code == 3


def test_each_change_is_a_line(kubernator, tree, namespace, kubectl):
    """Who follows hears of each change; with a timeout it ends when all is current."""
    assert kubernator("apply", "--yes").code == 0
    (tree / "web" / "web.yaml").write_text(workload("web", namespace, "sim/ready-after: 1s"))
    assert kubernator("apply", "--yes", "--no-wait").code == 0
    found = kubernator("status", "--watch", "--timeout", "60s", "-o", "json")
    assert found.code == 0, found.out
    states = [json.loads(line) for line in found.out.splitlines()]
    web = [each["status"] for each in states if each["name"] == "web"]
    assert web[-1] == "current"


def test_a_time_that_is_up_has_a_code_of_its_own(kubernator, tree, namespace):
    """70, when something is still in progress or missing."""
    found = kubernator("status", "--watch", "--timeout", "0.2")
    assert found.code == 70
    assert found.out.splitlines()[-1] == "3 objects: 3 not found"


def test_following_goes_on_until_it_is_interrupted(program, tree, namespace, kubectl):
    """Something that comes about meanwhile is told; the code is that of an interrupt."""
    kubectl("create", "namespace", namespace)
    with program.start("status", "--watch", "-p", tree, "-v", "WARNING") as running:
        assert running.stdout is not None
        said = [running.stdout.readline()]
        while "objects:" not in said[-1]:
            said.append(running.stdout.readline())
        kubectl("create", "secret", "generic", "s", "-n", namespace)
        while f"Secret {namespace}/s is current" not in said[-1]:
            said.append(running.stdout.readline())
        running.send_signal(signal.SIGINT)
        said.append(running.stdout.read())
        assert running.wait() == 130, "".join(said)
    assert said[-1] == "3 objects: 2 current, 1 not found\n"


def test_on_a_terminal_the_table_is_kept_up_to_date(program, tree):
    """It is drawn and taken away again; what stays is the last table."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "kubernator", "status", "--watch", "--timeout", "1.5", "-p", str(tree)]
    environment = {**program.environment, "TERM": "xterm", "COLUMNS": "120", "LINES": "24"}
    running = subprocess.Popen(words, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # how Linux says that the other side of a terminal is closed
        pass
    os.close(ours)
    assert running.wait() == 70
    assert said.decode().count("3 objects: 3 not found") >= 2
    assert "\x1b[2K" in said.decode()


def test_without_leave_to_write_or_list(tmp_path, tree, namespace, kubectl):
    """Who may only read in one namespace sees it; what may not be read is unknown, code 11."""
    kubectl("create", "namespace", namespace)
    kubectl("create", "secret", "generic", "s", "-n", namespace)
    kubectl("create", "serviceaccount", "reader", "-n", namespace)
    kubectl("create", "role", "reader", "-n", namespace, "--verb=get", "--resource=secrets,deployments.apps")
    kubectl("create", "rolebinding", "reader", "-n", namespace, "--role=reader", f"--serviceaccount={namespace}:reader")
    token = kubectl("create", "token", "reader", "-n", namespace).stdout.strip()
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json").stdout)
    config["users"][0]["user"] = {"token": token}
    file = tmp_path / "reader"
    file.write_text(json.dumps(config))
    program = Program(tmp_path / "home", file)
    (tree / "web" / "web.yaml").unlink()
    found = program("status", "-p", tree, "-v", "WARNING")
    assert found.code == 11, found.err
    assert rows(found.out)["s"] == ".: current: "
    assert rows(found.out)[namespace].startswith(".: unknown: it may not be read")
    followed = program("status", "-p", tree, "-v", "WARNING", "--watch", "--timeout", "1m")
    assert followed.code == 11, followed.err
    assert "unknown: it may not be watched" not in followed.out
    assert rows(followed.out)["s"].startswith(".: current: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--timeout", "5s"), "`--timeout` is of no use without `--watch`"),
        (("--watch", "-f", "out.txt"), "`--watch` writes to stdout"),
        (("-o", "dot"), "invalid choice"),
    ],
)
def test_a_bad_command_line(kubernator, words, message):
    """The code is 64."""
    found = kubernator("status", *words)
    assert found.code == 64
    assert message in found.err


def test_kinds_that_nobody_defines_stop_it(kubernator, tree, namespace):
    """A kind that neither the tree nor the cluster knows is an error of the tree; a defined one is not found."""
    group = f"{namespace}.example.com"
    widget = f"apiVersion: {group}/v1\nkind: Widget\nmetadata: {{name: w, namespace: {namespace}}}\n"
    (tree / "w.yaml").write_text(widget)
    assert kubernator("status").code == 3
    definition = f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.{group}}}
spec:
  group: {group}
  names: {{kind: Widget, plural: widgets}}
  scope: Namespaced
  versions:
  - {{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}
"""
    (tree / "crd.yaml").write_text(definition)
    found = kubernator("status")
    assert found.code == 7
    assert rows(found.out)["w"] == f".: not found: the cluster does not know `{group}/v1 Widget`"
