"""What a real server makes of what is told before: old versions, policies that come, conversions that fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kubernator.cli import main as cli
from kubernator.testing.script import Refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.testing.faults import FaultProxy
    from kubernator.testing.fixtures import Kubectl

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("in_process")]

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture
def group(ns: str, kubectl: Kubectl) -> Iterator[str]:
    """Return a group whose kind `Gizmo` has an old version, a named one, and the one of today."""
    group = f"{ns}.example.com"
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"size": {"type": "integer"}}}}
    version = {"served": True, "storage": False, "schema": schema}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"gizmos.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Gizmo", "plural": "gizmos"},
            "versions": [
                {**version, "name": "v1alpha1", "deprecated": True},
                {**version, "name": "v1beta1", "deprecated": True, "deprecationWarning": "v1beta1 goes soon"},
                {**version, "name": "v1", "storage": True},
            ],
        },
    }
    kubectl("apply", "-f", "-", stdin=json.dumps(definition))
    kubectl("wait", "--for=condition=established", f"crd/gizmos.{group}")
    while f"apis/{group}/v1alpha1" not in str(kubectl("get", "--raw", "/openapi/v3").stdout):
        pass
    yield group
    kubectl("delete", "crd", f"gizmos.{group}")


def _run(tree: Path, *words: str) -> int:
    return cli.main(["-p", str(tree), "-v", "WARNING", *words])


def _checked(tree: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    code = _run(tree, "-o", "json", "validate", *words)
    findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    return code, findings


def _gizmo(api_version: str, name: str, namespace: str, size: str = "1") -> str:
    metadata = f"metadata: {{name: {name}, namespace: {namespace}}}"
    return f"apiVersion: {api_version}\nkind: Gizmo\n{metadata}\nsize: {size}\n"


def _map(namespace: str, *, name: str = "a", more: str = "") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n{more}"


# Deprecated versions


def test_deprecated_versions_of_definitions_of_the_cluster(
    tree: Path, ns: str, group: str, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    """`validate --server` says what the server says when it is written, and each run says it once for an object."""
    (tree / "a.yaml").write_text(
        "---\n".join(_gizmo(f"{group}/{version}", version, ns) for version in ("v1alpha1", "v1beta1", "v1"))
    )
    code, found = _checked(tree, capsys, "--server")
    said = [f"{group}/v1alpha1 Gizmo is deprecated; use {group}/v1 Gizmo", "v1beta1 goes soon"]
    assert [("version", "warning", text) for text in said] == [
        (each["code"], each["severity"], each["message"]) for each in found
    ]
    assert (code, proxy.count("GET", _DEFINITIONS)) == (0, 1)
    assert _run(tree, "apply", "--yes") == 0
    log = capsys.readouterr().err
    assert [log.count(f": {text}") for text in said] == [1, 1]
    assert _checked(tree, capsys, "--server") == (0, found)


def test_definitions_are_read_for_custom_kinds_alone(
    tree: Path, ns: str, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tree without any asks for none."""
    (tree / "a.yaml").write_text(_map(ns))
    assert _checked(tree, capsys, "--server") == (0, [])
    assert proxy.count("GET", _DEFINITIONS) == 0


@pytest.fixture
def somebody(tree: Path, ns: str, kubeconfig: Path, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as a user who has a namespace and nothing else."""
    kubectl("create", "rolebinding", "view", "--clusterrole=admin", "--user=somebody", "-n", ns)
    config = yaml.safe_load(kubeconfig.read_text())
    for each in config["users"]:
        each["user"]["as"] = "somebody"
    limited = tree.parent / "limited.yaml"
    limited.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(limited))


@pytest.mark.usefixtures("somebody")
def test_who_may_not_see_definitions_is_told_nothing(
    tree: Path, ns: str, group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest is checked all the same."""
    (tree / "a.yaml").write_text(_gizmo(f"{group}/v1alpha1", "a", ns, size="large"))
    _, found = _checked(tree, capsys, "--server")
    assert [each["code"] for each in found if each["severity"] != "note"] == ["schema"]


# Policies of the tree


@pytest.fixture
def policy(ns: str, kubectl: Kubectl) -> Iterator[str]:
    """Return a policy for a namespace, with its binding, which go at the end."""
    text = _policy(ns, f"matchLabels: {{kubernetes.io/metadata.name: {ns}}}")
    yield text
    kubectl("delete", "-f", "-", "--ignore-not-found", stdin=text)


def _policy(name: str, namespaces: str) -> str:
    return f"""
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {name}}}
spec:
  matchConstraints:
    namespaceSelector: {{{namespaces}}}
    resourceRules:
    - {{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}}
  validations: [{{expression: "has(object.data)", message: there is no data}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec: {{policyName: {name}, validationActions: [Deny]}}
"""


def test_a_policy_that_comes_after_an_object_is_a_warning(
    tree: Path, ns: str, policy: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server takes the object this time, and denies it once it changes."""
    (tree / "a.yaml").write_text(_map(ns))
    (tree / "policy.yaml").write_text(policy)
    for words in (("apply",), ("diff",), ("apply", "--yes")):
        assert _run(tree, *words) == 0
        log = capsys.readouterr().err
        assert log.count("denied request: there is no data") == 1
        assert "the next change of it is denied" in log
    assert kubectl("get", "configmap", "a", "-n", ns).code == 0
    assert _run(tree, "apply", "--yes") == 0
    assert "denied" not in capsys.readouterr().err
    _denied(kubectl, ns)
    (tree / "a.yaml").write_text(_map(ns, more="immutable: false\n"))
    assert _run(tree, "apply", "--yes") == 1
    assert "denied request: there is no data" in capsys.readouterr().err


def test_a_policy_that_comes_before_an_object_is_an_error(
    tree: Path, ns: str, policy: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server would deny the object in the middle of the run, so nothing is written."""
    (tree / "policy.yaml").write_text(policy)
    (tree / "below").mkdir()
    (tree / "below" / "a.yaml").write_text(_map(ns))
    assert _run(tree, "apply", "--yes") == 1
    log = capsys.readouterr().err
    assert "below/a.yaml:1:1" in log
    assert "is written before the object is" in log
    assert kubectl("get", "validatingadmissionpolicy", ns, check=False).code != 0
    (tree / "below" / "a.yaml").write_text(_map(ns, more="data: {a: b}\n"))
    assert _run(tree, "apply", "--yes") == 0
    assert "denied" not in capsys.readouterr().err


def test_a_policy_in_force_is_asked_about_what_no_dry_run_shows(
    tree: Path, ns: str, policy: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a dry run, and for what comes with its namespace: nothing is written."""
    (tree / "policy.yaml").write_text(policy.replace(f"name: {ns}}}}}", f"name: {ns}-new}}}}"))
    assert _run(tree, "apply", "--yes") == 0
    new = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {ns}-new}}\n"
    (tree / "b.yaml").write_text(f"{new}---\n{_map(f'{ns}-new')}")
    for words in ((), ("--no-preflight",)):
        assert _run(tree, "apply", "--yes", *words) == 1
        assert "b.yaml:5:1" in capsys.readouterr().err
        assert kubectl("get", "namespace", f"{ns}-new", check=False).code != 0
    (tree / "b.yaml").write_text(_map(ns))
    assert _run(tree, "apply", "--yes", "--no-preflight") == 0


def _denied(kubectl: Kubectl, ns: str) -> None:
    """Wait until the server denies what the policy denies."""
    while kubectl("create", "configmap", "probe", "--dry-run=server", "-n", ns, check=False).code == 0:
        pass


def test_labels_that_others_gave_a_namespace_count(
    tree: Path, ns: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    """A namespace of the tree is not without the labels that it has in the cluster."""
    kubectl("label", "namespace", ns, "lenient=yes")
    name, rules = f"kubernetes.io/metadata.name: {ns}", "matchExpressions: [{key: lenient, operator: DoesNotExist}]"
    (tree / "policy.yaml").write_text(_policy(ns, f"matchLabels: {{{name}}}, {rules}"))
    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {ns}}}\n---\n{_map(ns)}"
    (tree / "a.yaml").write_text(text)
    assert _checked(tree, capsys, "--server") == (0, [])
    assert _run(tree, "apply") == 0
    assert "denied" not in capsys.readouterr().err
    kubectl("label", "namespace", ns, "lenient-")
    code, found = _checked(tree, capsys, "--server")
    assert (code, [each["code"] for each in found]) == (3, ["policy"])
    assert _run(tree, "apply") == 0
    assert "denied" in capsys.readouterr().err


# Trouble


@pytest.mark.parametrize("number", [1, 2])
def test_a_conversion_that_fails_keeps_nothing_else_from_being_told(
    tree: Path, group: str, kubectl: Kubectl, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    """One object is read by itself, several in a list; either way the trouble is told, and the rest is checked."""
    ns = group.partition(".")[0]
    for name in "ab":
        kubectl("apply", "-f", "-", stdin=_gizmo(f"{group}/v1", name, ns))
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1/convert"}}
    patch = {"spec": {"conversion": {"strategy": "Webhook", "webhook": webhook}}}
    kubectl("patch", "crd", f"gizmos.{group}", "--type=merge", "-p", json.dumps(patch))
    while kubectl("get", f"gizmos.v1beta1.{group}", "-n", ns, check=False).code == 0:
        pass
    texts = [_gizmo(f"{group}/v1beta1", name, ns, size="large") for name in "ab"[:number]]
    (tree / "a.yaml").write_text("---\n".join(texts))
    (tree / "b.yaml").write_text(_map(ns, more="data: 5\n"))
    code, found = _checked(tree, capsys, "--server")
    assert code == 1
    assert [each["field"] for each in found if each["code"] == "schema"] == ["size"] * number + ["data"]
    assert [each["code"] for each in found].count("version") == number
    assert len([each for each in found if "conversion webhook" in each["message"]]) == 1
    assert _run(tree, "apply", "--yes") == 1
    assert "conversion webhook" in capsys.readouterr().err


def test_a_cluster_that_knows_us_no_more(
    tree: Path, ns: str, group: str, proxy: FaultProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it would have said of its own kinds is missing, and what the package knows is told."""
    proxy.add(Refuse("GET", "/openapi", times=0, status=401))
    (tree / "a.yaml").write_text(_gizmo(f"{group}/v1", "a", ns, size="large"))
    (tree / "b.yaml").write_text(_map(ns, more="data: 5\n"))
    code, found = _checked(tree, capsys, "--server")
    assert code == 10
    assert [each["code"] for each in found if each["resource"]] == ["kind", "schema"]
    assert len([each for each in found if each["detail"] and "that come with us" in each["detail"][-1]["text"]]) == 1
