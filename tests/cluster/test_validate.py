"""`validate` beside a real API server: what it asks there, and that `apply` says the same."""

from __future__ import annotations

import json
import secrets
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kubernator.cli import main as cli

if TYPE_CHECKING:
    from pathlib import Path

    from kubernator.testing.faults import FaultProxy
    from kubernator.testing.fixtures import Kubectl

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("in_process")]

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {namespace}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {app}}}}}
  template:
    metadata: {{labels: {{app: {app}}}}}
    spec:
      containers:
      - {{name: web, image: nginx{more}}}
"""


@pytest.fixture
def namespace(kubectl: Kubectl) -> str:
    """Return a namespace that is there."""
    name = f"t-{secrets.token_hex(4)}"
    kubectl("create", "namespace", name)
    return name


def _run(tree: Path, *words: str) -> int:
    return cli.main(["-p", str(tree), "-v", "ERROR", *words])


def _found(tree: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    _run(tree, "-o", "json", "validate", *words)
    findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    return findings


def _deployment(namespace: str, *, replicas: str = "0", app: str = "web", more: str = "") -> str:
    return _DEPLOYMENT.format(namespace=namespace, replicas=replicas, app=app, more=more)


@pytest.mark.parametrize(
    "text",
    [
        _deployment("NAMESPACE", replicas='"3"'),
        _deployment("NAMESPACE", more=", imagePulPolicy: Always"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: NAMESPACE}\ndata: {a: 1}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: A_b, namespace: NAMESPACE}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: NAMESPACE}\ndata: {a: '%'}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: NAMESPACE}\nspec: {ports: [{port: 99999}]}\n",
        "apiVersion: v1\nkind: ConfigMop\nmetadata: {name: a, namespace: NAMESPACE}\n",
        "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a, namespace: NAMESPACE}\n",
    ],
)
@pytest.mark.parametrize("server", [(), ("--server",)])
def test_what_validate_refuses_apply_refuses(
    tree: Path, namespace: str, capsys: pytest.CaptureFixture[str], text: str, server: tuple[str, ...]
) -> None:
    """With and without the cluster the verdict is the server's, at the same line."""
    (tree / "a.yaml").write_text(text.replace("NAMESPACE", namespace).lstrip())
    errors = [each for each in _found(tree, capsys, *server) if each["severity"] == "error"]
    assert errors
    assert _run(tree, "apply") == 1
    said = capsys.readouterr().err
    # that a version is gone stands at `apiVersion`, where the cluster only knows no such kind
    assert all(f"a.yaml:{each['at']['line'] + (each['code'] == 'version')}" in said for each in errors)


@pytest.mark.parametrize("server", [(), ("--server",)])
def test_what_apply_takes_has_no_error(
    tree: Path, namespace: str, capsys: pytest.CaptureFixture[str], server: tuple[str, ...]
) -> None:
    """Before it is applied and after, alone and with the cluster."""
    (tree / "a.yaml").write_text(_deployment(namespace))
    assert _found(tree, capsys, *server) == []
    assert _run(tree, "apply", "--yes", "--no-wait") == 0
    assert _found(tree, capsys, *server) == []


_PARTED = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {namespace}}}
spec:
  replicas: 0
{selector}  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - {{name: web, image: nginx}}
{more}
"""
_SELECTOR = "  selector: {matchLabels: {app: web}}\n"
_HELPER = "      - {name: helper, image: nginx}\n"


@pytest.mark.parametrize(
    ("before", "gone", "expected"),
    [
        pytest.param("      - {name: helper, image: nginx}", ", image: nginx", ["error"], id="a field"),
        pytest.param("      - {name: helper, image: nginx}", "      - {name: helper, image: nginx}", [], id="an item"),
        pytest.param(
            "      volumes: [{name: a, csi: {driver: a}}]", "driver: a}}", [], id="what is emptied is not there"
        ),
        pytest.param(
            "      volumes: [{name: a, configMap: {optional: true, name: a}}]",
            ", name: a}}",
            ["error"],
            id="what is left of a map",
        ),
    ],
)
def test_what_is_left_out_goes(  # noqa: PLR0917 - a table beside three fixtures
    tree: Path, namespace: str, capsys: pytest.CaptureFixture[str], before: str, gone: str, expected: list[str]
) -> None:
    """What only we own is no longer there when it is left out; apply says so too."""
    (tree / "a.yaml").write_text(_PARTED.format(namespace=namespace, selector=_SELECTOR, more=before))
    assert _run(tree, "apply", "--yes", "--no-wait") == 0
    after = before.replace(gone, "}}" if gone.endswith("}}") else "")
    (tree / "a.yaml").write_text(_PARTED.format(namespace=namespace, selector=_SELECTOR, more=after))
    assert expected == [each["severity"] for each in _found(tree, capsys, "--server")]
    assert _run(tree, "apply") == (1 if expected else 0)


def test_what_others_keep_is_there(
    tree: Path, namespace: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """A field that somebody else owns as well stays when we leave it out."""
    text = _PARTED.format(namespace=namespace, selector=_SELECTOR, more=_HELPER)
    (tree / "a.yaml").write_text(text)
    assert _run(tree, "apply", "--yes", "--no-wait") == 0
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=text)
    (tree / "a.yaml").write_text(text.replace("{name: helper, image: nginx}", "{name: helper}"))
    assert _found(tree, capsys, "--server") == []
    assert _run(tree, "apply") == 0


def test_what_cannot_change_stays(tree: Path, namespace: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A field that cannot be taken away is given up by an apply, so that it is a warning."""
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {}}}\nimmutable: true\ndata: {{a: x{}}}\n"
    (tree / "a.yaml").write_text(text.format(namespace, ", b: z"))
    assert _run(tree, "apply", "--yes") == 0
    (tree / "a.yaml").write_text(text.format(namespace, ""))
    (found,) = _found(tree, capsys, "--server")
    assert (found["severity"], found["field"]) == ("warning", "data[b]")
    assert _run(tree, "apply") == 0


def test_what_is_made_anew_must_be_whole(tree: Path, namespace: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An object that is replaced for what cannot change is made of its manifest alone."""
    (tree / "a.yaml").write_text(_PARTED.format(namespace=namespace, selector=_SELECTOR, more=""))
    assert _run(tree, "apply", "--yes", "--no-wait") == 0
    (tree / "a.yaml").write_text(_PARTED.format(namespace=namespace, selector="", more=""))
    assert [each["severity"] for each in _found(tree, capsys, "--server")] == ["error", "warning"]
    assert _run(tree, "apply") == 1


def test_the_cluster_is_only_read(
    tree: Path, namespace: str, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--server` there are GETs and nothing else; without, nothing at all."""
    (tree / "a.yaml").write_text(_deployment(namespace, replicas="-1") + _service(namespace))
    _found(tree, capsys)
    assert proxy.seen == []
    assert _found(tree, capsys, "--server")
    assert {"GET"} == {seen.method for seen in proxy.seen}


def _service(namespace: str) -> str:
    metadata = f"metadata: {{name: web, namespace: {namespace}}}"
    return f"---\napiVersion: v1\nkind: Service\n{metadata}\nspec: {{selector: {{app: no}}, ports: [{{port: 80}}]}}\n"


def test_what_cannot_change_is_seen_with_the_cluster(
    tree: Path, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A selector that changes is wrong beside the live object, where the scope does not let it be made anew."""
    (tree / "a.yaml").write_text(_deployment(namespace))
    assert _run(tree, "apply", "--yes", "--no-wait") == 0
    (tree / "a.yaml").write_text(_deployment(namespace, app="other"))
    assert _found(tree, capsys) == []
    assert [each["severity"] for each in _found(tree, capsys, "--server")] == ["warning"]
    with (tree / ".kubernator.py").open("a") as script:
        script.write("ktor.k8s.immutable_changes = {}\n")
    (found,) = _found(tree, capsys, "--server")
    assert (found["severity"], found["code"]) == ("error", "schema")
    assert found["field"].startswith("spec.selector")
    assert _run(tree, "apply") == 1


def test_what_the_cluster_has_is_not_missing(
    tree: Path, namespace: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ConfigMap of the cluster is there with its keys; without the cluster it is not known, and a warning."""
    kubectl("create", "configmap", "settings", "-n", namespace, "--from-literal=there=1")
    (tree / "a.yaml").write_text(
        _deployment(namespace, more=", env: [{name: A, valueFrom: {configMapKeyRef: {name: settings, key: there}}}]")
    )
    assert [each["code"] for each in _found(tree, capsys)] == ["reference"]
    assert _found(tree, capsys, "--server") == []
    text = (tree / "a.yaml").read_text()
    (tree / "a.yaml").write_text(text.replace("key: there", "key: here"))
    (found,) = _found(tree, capsys, "--server")
    assert found["message"] == "ConfigMap `settings` has no key `here`"


def test_a_namespace_that_nobody_has_is_an_error(
    tree: Path, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`apply` would be refused; without the cluster nothing is known of it."""
    (tree / "a.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {namespace}-no}}\n")
    assert _found(tree, capsys) == []
    (found,) = _found(tree, capsys, "--server")
    assert (found["severity"], found["field"]) == ("error", "metadata.namespace")


def _policy(name: str, namespace: str) -> str:
    """Return a policy and its binding for one namespace."""
    return textwrap.dedent(
        f"""
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicy
        metadata: {{name: {name}}}
        spec:
          matchConstraints:
            namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}
            resourceRules:
            - {{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}}
          validations: [{{expression: "has(object.data)", message: there is no data}}]
        ---
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicyBinding
        metadata: {{name: {name}}}
        spec: {{policyName: {name}, validationActions: [Deny]}}
        """
    )


def test_policies_of_the_cluster_count(
    tree: Path, namespace: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that the cluster holds are read with `--server`, those of the tree always."""
    (tree / "a.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {namespace}}}\n")
    policy = _policy(namespace, namespace)
    kubectl("apply", "-f", "-", stdin=policy)
    try:
        assert _found(tree, capsys) == []
        (found,) = _found(tree, capsys, "--server")
    finally:
        kubectl("delete", "-f", "-", stdin=policy)
    assert found["code"] == "policy"
    assert "there is no data" in found["message"]
    (tree / "policy.yaml").write_text(policy)
    assert [each["code"] for each in _found(tree, capsys)] == ["policy"]


def test_what_the_server_cannot_be_asked_is_checked_before_anything_is_written(
    tree: Path, namespace: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """An object in a namespace that is made in the same run is refused with its line, and nothing is made."""
    new = f"{namespace}-new"
    (tree / "a.yaml").write_text(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {new}}}\n")
    (tree / "b.yaml").write_text(_deployment(new, replicas='"3"').lstrip())
    assert _run(tree, "apply", "--yes") == 1
    assert "b.yaml:5:" in capsys.readouterr().err
    assert kubectl("get", "namespace", new, check=False).code != 0


def test_without_a_dry_run_new_objects_are_checked_here(
    tree: Path, namespace: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--no-preflight` what is wrong is found before the first write all the same."""
    (tree / "a.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {namespace}}}\n")
    (tree / "b.yaml").write_text(_deployment(namespace, more=", imagePulPolicy: Always"))
    assert _run(tree, "apply", "--no-preflight") == 1
    assert "imagePulPolicy" in capsys.readouterr().err
    (tree / "b.yaml").write_text(_deployment(namespace, replicas='"3"'))
    assert _run(tree, "apply", "--yes", "--no-preflight") == 1
    assert "b.yaml:6:" in capsys.readouterr().err
    assert kubectl("get", "configmap", "a", "-n", namespace, check=False).code != 0


@pytest.mark.parametrize("verb", [("dump",), ("diff",), ("apply",), ("apply", "--yes")])
def test_rules_of_a_directory_hold_in_every_verb(
    tree: Path, namespace: str, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    """What a rule denies is refused, also if it is in the cluster as it is; and stays as it was."""
    (tree / "a.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {namespace}}}\n")
    assert _run(tree, "apply", "--yes") == 0
    rules = tree.parent / "rules"
    rules.mkdir()
    rule = "{name: owned, kinds: [ConfigMap], require: has(object.metadata.labels), message: say who owns it}"
    (rules / "a.yaml").write_text(f"rules: [{rule}]\n")
    assert _run(tree, *verb, "--policies", str(rules)) in {1, 3}
    assert "say who owns it" in capsys.readouterr().err


def test_who_may_not_see_policies_is_told_so_and_has_the_rest_checked(
    tree: Path, namespace: str, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Few users may list what holds for the whole cluster; that is no mistake of the tree."""
    config = yaml.safe_load(kubeconfig.read_text())
    for each in config["users"]:
        each["user"]["as"] = "nobody-in-particular"
    limited = tree.parent / "limited.yaml"
    limited.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(limited))
    (tree / "a.yaml").write_text(_deployment(namespace, replicas='"3"').lstrip())
    (tree / "b.yaml").write_text(
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: {namespace}}}\n"
        "spec: {selector: {app: other}, ports: [{port: 80}]}\n"
    )
    found = _found(tree, capsys, "--server")
    assert [each["field"] for each in found if each["severity"] == "error"] == ["spec.replicas"]
    notes = [each["message"] for each in found if each["severity"] != "error"]
    assert all("because you may not list" in each for each in notes)
    assert any("ValidatingAdmissionPolicy" in each for each in notes)
