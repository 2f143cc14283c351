"""The kubectl plugin with the real kubectl and control plane, and with kubeconfigs as people have them."""

from __future__ import annotations

import base64
import json
import os
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kubernator.cli import main as cli
from kubernator.sandbox import versions
from kubernator.testing.mirror import Mirror
from kubernator.tools.official import MIRROR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.testing.fixtures import Kubectl

pytestmark = [pytest.mark.tools, pytest.mark.cluster]


class Runs:
    """Runs Kubernator over a script, and tells what the script said."""

    def __init__(self, root: Path) -> None:
        self.tree = root / "tree"
        self.tree.mkdir()
        self.log = root / "log"

    def __call__(self, script: str, *words: str, code: int = 0) -> list[str]:
        (self.tree / ".kubernator.py").write_text(textwrap.dedent(script))
        got = cli.main(["-p", str(self.tree), "--log-format", "json", "--log-file", str(self.log), *words])
        records = [json.loads(line) for line in self.log.read_text().splitlines()]
        self.everything = self.log.read_text()
        assert code == got, self.everything
        return [record["message"] for record in records if record["name"] == "kubernator.script"]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kubectl_program: Path, kubeconfig: Path) -> Runs:
    """Return what runs Kubernator with kubectl on `PATH` and the control plane as the cluster."""
    monkeypatch.setenv("PATH", f"{kubectl_program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Runs(tmp_path)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Have a server in place of the official one."""
    with Mirror() as made:
        monkeypatch.setenv(MIRROR, made.url)
        yield made


@pytest.fixture
def split(tmp_path: Path, kubeconfig: Path) -> tuple[Path, Path]:
    """Return two kubeconfigs: contexts in the one, cluster and user in the other with their certificates as files."""
    whole = yaml.safe_load(kubeconfig.read_text())
    (context,) = whole["contexts"]
    named = {
        name: {"name": name, "context": {**context["context"], "namespace": name}}
        for name in ("kube-system", "default")
    }
    contexts, rest = tmp_path / "contexts", tmp_path / "elsewhere" / "rest"
    rest.parent.mkdir()
    contexts.write_text(json.dumps({"current-context": "default", "contexts": list(named.values())}))
    for section, keys in (("cluster", ["certificate-authority"]), ("user", ["client-certificate", "client-key"])):
        values: dict[str, Any] = whole[f"{section}s"][0][section]
        for key in keys:
            if f"{key}-data" in values:
                (rest.parent / key).write_bytes(base64.b64decode(values.pop(f"{key}-data")))
                values[key] = key
    rest.write_text(json.dumps({"clusters": whole["clusters"], "users": whole["users"]}))
    return contexts, rest


def test_scripts_run_kubectl(runs: Runs, namespace: str, kubectl: Kubectl) -> None:
    """Run it, take what it prints, and get objects, in the cluster of the run."""
    kubectl("create", "namespace", namespace)
    said = runs(
        f"""
        ktor.app.register_plugin("kubectl")
        ktor.kubectl.run("-n", "{namespace}", "apply", "-f", "-", stdin='''
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: ours}}
        data: {{a: b}}
        ''')
        logger.info(ktor.kubectl.get("configmap", "ours", "{namespace}")["data"])
        logger.info(ktor.kubectl.run_capturing("get", "cm", "ours", "-n", "{namespace}", "-o", "name").strip())
        logger.info(ktor.kubectl.version == ktor.kubectl.test())
        """
    )
    assert said == ["{'a': 'b'}", "configmap/ours", "True"]
    assert '"configmap/ours created"' in runs.everything
    assert "kubernator.kubectl.proc" in runs.everything


def test_what_is_not_there_is_an_error_with_kubectl_s_words(runs: Runs) -> None:
    """Command, code and output; the log has the line too."""
    runs('ktor.app.register_plugin("kubectl")\nktor.kubectl.get("configmap", "nope", "default")', code=1)
    assert '(NotFound): configmaps \\"nope\\" not found' in runs.everything
    assert '"exit code"' in runs.everything


@pytest.mark.parametrize(
    ("words", "expected"), [((), "default"), (("dump", "--context", "kube-system"), "kube-system")]
)
def test_the_context_of_the_command_line_is_kubectl_s_too(
    runs: Runs, split: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], expected: str
) -> None:
    """Of several files; kubectl reads one that is made of them, and finds certificates beside the one they are from."""
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, split)))
    said = runs(
        """
        import os
        ktor.app.register_plugin("k8s")
        ktor.app.register_plugin("kubectl")
        view = ktor.kubectl.run_capturing("config", "view", "--minify", "-o", "jsonpath={..namespace}")
        logger.info("%s", view)
        logger.info("%s", ktor.kubectl.get("namespace", "default")["metadata"]["name"])
        logger.info("%s", ktor.k8s.server_version == ktor.kubectl.version.split("."))
        logger.info("%s", ktor.kubectl.stanza()[1])
        """,
        *words,
    )
    assert said[:3] == [expected, "default", "True"]
    assert not os.path.exists(said[3].removeprefix("--kubeconfig="))  # noqa: PTH110 - text from the log


def test_a_context_that_a_script_chooses_is_kubectl_s_too(
    runs: Runs, split: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it changes later; a notifier hears of another kubeconfig."""
    monkeypatch.setenv("KUBECONFIG", str(split[0]))
    both = os.pathsep.join(map(str, split))
    said = runs(
        f"""
        ktor.app.register_plugin("kubeconfig", kubeconfig="{both}", context="kube-system")
        ktor.app.register_plugin("kubectl")

        def namespace():
            return ktor.kubectl.run_capturing("config", "view", "--minify", "-o", "jsonpath={{..namespace}}")

        ktor.kubeconfig.register_change_notifier(lambda: logger.info("changed to %s", namespace()))
        logger.info(namespace())
        ktor.kubeconfig.set("{both}")
        ktor.kubeconfig.context = "kube-system"
        logger.info(namespace())
        """
    )
    assert said == ["kube-system", "changed to default", "kube-system"]


def test_the_server_s_version_is_downloaded_where_another_is_on_path(
    runs: Runs, mirror: Mirror, kubectl_program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the official place, here a mirror of it; a second run takes it from the cache."""
    version = versions.release(os.environ.get("KUBERNATOR_TEST_KUBE_VERSION")).kubernetes
    mirror.offer("kubectl", version, kubectl_program.read_bytes())
    other = tmp_path / "other" / "kubectl"
    other.parent.mkdir()
    other.write_text('#!/bin/sh\necho \'{"clientVersion": {"gitVersion": "v1.9.0"}}\'\n')
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{other.parent}:{os.environ['PATH']}")
    script = """
    ktor.app.register_plugin("k8s")
    ktor.app.register_plugin("kubectl")
    logger.info(ktor.kubectl.version)
    logger.info(ktor.kubectl.get("namespace", "default")["kind"])
    """
    assert runs(script) == [version, "Namespace"]
    asked = len(mirror.seen)
    assert runs(script) == [version, "Namespace"]
    assert (asked, len(mirror.seen)) == (2, 2)


def test_a_secret_s_values_stay_out_of_the_log(runs: Runs, namespace: str, kubectl: Kubectl) -> None:
    """From when kubectl has told them."""
    kubectl("create", "namespace", namespace)
    kubectl("create", "secret", "generic", "door", "-n", namespace, "--from-literal=key=opensesame")
    said = runs(
        f"""
        import base64
        ktor.app.register_plugin("kubectl")
        secret = ktor.kubectl.get("secret", "door", "{namespace}")
        logger.info(base64.b64decode(secret["data"]["key"]).decode())
        ktor.kubectl.run("get", "secret", "door", "-n", "{namespace}", "-o", "yaml")
        ktor.kubectl.run("get", "configmap", "opensesame", "-n", "{namespace}")
        """,
        code=1,
    )
    assert said == ["<secret 1>"]
    assert "opensesame" not in runs.everything
    assert "b3BlbnNlc2FtZQ" not in runs.everything
