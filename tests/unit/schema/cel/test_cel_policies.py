"""Policies: what they are about, what they say, and what only the server can say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema.cel.failures import Undecided
from kubernator.schema.fault import Fault, Reason
from kubernator.schema.matching import Request, matches, selects
from kubernator.schema.policies import Policies, check_policy_manifest
from kubernator.schema.policyfiles import read_directory

API = "admissionregistration.k8s.io/v1"
RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments"]}


def request(**more: Any) -> Request:
    """Return the request for a new Deployment."""
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "n", "labels": {"app": "web"}},
        "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i"}]}}},
    }
    given = {"manifest": manifest, "gvk": GroupVersionKind("apps", "v1", "Deployment"), "resource": "deployments"}
    return Request(**{**given, "namespaced": True, "namespace": "n", **more})


def policy(*expressions: str, actions: tuple[str, ...] = ("Deny",), **spec: Any) -> list[dict[str, Any]]:
    """Return a policy and a binding for it."""
    given = {
        "matchConstraints": {"resourceRules": [RULE]},
        "validations": [{"expression": text} for text in expressions],
        **spec,
    }
    return [
        {"apiVersion": API, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "p"}, "spec": given},
        {
            "apiVersion": API,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": "b"},
            "spec": {"policyName": "p", "validationActions": list(actions)},
        },
    ]


def said(manifests: list[dict[str, Any]], **more: Any) -> list[Fault]:
    """Return what policies say of a request."""
    return Policies(manifests).check(request(**more))


def test_a_validation_that_does_not_hold_denies() -> None:
    """The words are the server's."""
    (fault,) = said(policy("object.metadata.name == 'other'"))
    assert fault.severity is Severity.ERROR
    assert fault.message == (
        "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.metadata.name == "
        "'other'"
    )


@pytest.mark.parametrize(
    ("actions", "expected"), [(("Warn",), [Severity.WARNING]), (("Audit",), []), (("Audit", "Deny"), [Severity.ERROR])]
)
def test_actions_decide_what_follows(actions: tuple[str, ...], expected: list[Severity]) -> None:
    """A binding may deny, warn, or only tell the audit log."""
    assert expected == [fault.severity for fault in said(policy("false", actions=actions))]


@pytest.mark.parametrize(("failure", "expected"), [("Fail", 1), ("Ignore", 0)])
def test_errors_deny_as_the_policy_says(failure: str, expected: int) -> None:
    """An error denies unless it is to be ignored."""
    assert expected == len(said(policy("object.nothing == 1", failurePolicy=failure)))


def test_variables_and_conditions() -> None:
    """Variables are made when they are needed; a condition that does not hold keeps the policy silent."""
    variables = [
        {"name": "names", "expression": "object.spec.template.spec.containers.map(c, c.name)"},
        {"name": "first", "expression": "variables.names[0]"},
        {"name": "broken", "expression": "variables.names[9]"},
    ]
    assert said(policy("variables.first == 'c'", variables=variables)) == []
    assert len(said(policy("variables.broken == 'c'", variables=variables))) == 1
    assert said(policy("false", matchConditions=[{"name": "x", "expression": "object.metadata.name == 'y'"}])) == []


@pytest.mark.parametrize(
    "expression",
    [
        "object.spec.replicas <= 3",
        "request.userInfo.username == 'x'",
        "request.dryRun",
        "authorizer.group('').resource('pods').check('get').allowed()",
        "authorizer.requestResource.check('custom').allowed()",
        "has(object.metadata.uid)",
        "namespaceObject.metadata.labels.a == 'b'",
        "object.spec.template.spec.containers[0].imagePullPolicy == 'Always'",
    ],
)
def test_what_the_server_fills_in_is_left_to_it(expression: str) -> None:
    """What is only known there is never a refusal here."""
    assert [fault.reason for fault in said(policy(expression))] == [Reason.UNDECIDED]


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("object.spec.template.spec.containers.all(c, has(c.resources.limits))", False),
        ("has(object.spec.template.spec.containers[0].securityContext)", False),
        ("object.metadata.labels.?team.orValue('') == ''", True),
        ("request.userInfo.username == 'x' || object.metadata.name == 'web'", True),
        ("request.operation == 'CREATE' && request.resource.resource == 'deployments'", True),
        ("oldObject == null && request.name == 'web' && request.namespace == 'n'", True),
    ],
)
def test_what_is_known_is_decided(expression: str, *, holds: bool) -> None:
    """What can't be filled in, and what is always there, is decided here."""
    assert holds == (not said(policy(expression)))
    assert all(fault.reason is not Reason.UNDECIDED for fault in said(policy(expression)))


def test_parameters_are_asked_for() -> None:
    """A policy is evaluated once for each of its parameters; those that nobody knows are left to the server."""
    manifests = policy("object.metadata.name == params.data.name", paramKind={"apiVersion": "v1", "kind": "ConfigMap"})
    manifests[1]["spec"]["paramRef"] = {"name": "c", "parameterNotFoundAction": "Deny"}
    assert [fault.reason for fault in said(manifests)] == [Reason.UNDECIDED]
    for names, expected in ((("web",), 0), (("web", "other"), 1), ((), 1)):
        params = [{"data": {"name": name}} for name in names]
        found = Policies(manifests, lambda *_, params=params: params).check(request())
        assert expected == len(found), names


def test_policies_without_a_binding_and_about_policies_say_nothing() -> None:
    """Both are so in the cluster."""
    assert not Policies(policy("false")[:1])
    gvk = GroupVersionKind("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy")
    anything = {"resourceRules": [{key: ["*"] for key in RULE}]}
    assert said(policy("false", matchConstraints=anything), gvk=gvk) == []
    assert len(said(policy("false", matchConstraints=anything))) == 1


MATCHES: list[tuple[dict[str, Any], bool]] = [
    ({"resourceRules": [RULE]}, True),
    ({}, False),
    ({"resourceRules": [{**RULE, "operations": ["UPDATE"]}]}, False),
    ({"resourceRules": [{**RULE, "resources": ["*"]}]}, True),
    ({"resourceRules": [{**RULE, "resources": ["deployments/status"]}]}, False),
    ({"resourceRules": [{**RULE, "scope": "Cluster"}]}, False),
    ({"resourceRules": [{**RULE, "resourceNames": ["web"]}]}, True),
    ({"resourceRules": [{**RULE, "resourceNames": ["other"]}]}, False),
    ({"resourceRules": [RULE], "excludeResourceRules": [{**RULE, "resourceNames": ["web"]}]}, False),
    ({"resourceRules": [RULE], "objectSelector": {"matchLabels": {"app": "web"}}}, True),
    ({"resourceRules": [RULE], "objectSelector": {"matchLabels": {"app": "db"}}}, False),
    ({"resourceRules": [RULE], "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "n"}}}, True),
    ({"resourceRules": [RULE], "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "m"}}}, False),
    ({"resourceRules": [{**RULE, "apiVersions": ["v2"]}], "matchPolicy": "Exact"}, False),
]


@pytest.mark.parametrize(("constraints", "expected"), MATCHES)
def test_requests_are_matched(constraints: dict[str, Any], *, expected: bool) -> None:
    """Kinds, operations, names, labels and namespaces decide what a policy is about."""
    assert expected == matches(constraints, request())


@pytest.mark.parametrize(
    "constraints",
    [
        {"resourceRules": [{**RULE, "apiVersions": ["v2"]}]},
        {"resourceRules": [RULE], "namespaceSelector": {"matchLabels": {"team": "a"}}},
    ],
)
def test_what_hangs_on_the_cluster_is_not_matched_here(constraints: dict[str, Any]) -> None:
    """Other versions of a kind and labels of a namespace are known there."""
    with pytest.raises(Undecided):
        matches(constraints, request())


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"key": "a", "operator": "In", "values": ["1"]}, True),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, False),
        ({"key": "b", "operator": "NotIn", "values": ["1"]}, True),
        ({"key": "a", "operator": "Exists"}, True),
        ({"key": "a", "operator": "DoesNotExist"}, False),
    ],
)
def test_selectors(expression: dict[str, Any], *, expected: bool) -> None:
    """Label selectors are those of the API."""
    assert expected == selects({"matchExpressions": [expression]}, {"a": "1"})


def test_expressions_of_a_policy_are_compiled() -> None:
    """What the server would not take is said with its place."""
    manifest = policy("object.", "nope", variables=[{"name": "v", "expression": "1 +"}])[0]
    places = [fault.path for fault in check_policy_manifest(manifest)]
    assert places == [
        ("spec", "variables", 0, "expression"),
        ("spec", "validations", 0, "expression"),
        ("spec", "validations", 1, "expression"),
    ]


FILE = """
rules:
- name: owned
  kinds: [Deployment, StatefulSet.apps]
  when: request.namespace != 'kube-system'
  variables:
    labels: object.metadata.labels
  require: has(variables.labels.owner)
  messageExpression: "'nobody owns ' + object.metadata.name"
  path: [metadata, labels]
  severity: warning
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: p}
"""


def test_a_directory_holds_rules_and_policies(tmp_path: Path) -> None:
    """Short rules and manifests of policies may stand in one file."""
    (tmp_path / "a.yaml").write_text(FILE)
    (tmp_path / "notes.txt").write_text("rules: 5")
    problems: list[Diagnostic] = []
    found = read_directory(tmp_path, problems)
    assert (problems, [each["metadata"]["name"] for each in found.manifests]) == ([], ["p"])
    (fault,) = found.check(request())
    assert fault == Fault(("metadata", "labels"), Reason.INVALID, "nobody owns web (policy `owned`)", Severity.WARNING)
    assert found.check(request(namespace="kube-system")) == []
    assert found.check(request(gvk=GroupVersionKind("", "v1", "Pod"))) == []


def test_a_link_to_nowhere_is_told(tmp_path: Path) -> None:
    """Rules that cannot be read are not rules that hold."""
    (tmp_path / "a.yaml").symlink_to("nowhere")
    (tmp_path / "b.yaml").mkdir()
    problems: list[Diagnostic] = []
    read_directory(tmp_path, problems)
    assert [each.message for each in problems] == ["`a.yaml` cannot be read: No such file or directory"]


def test_links_are_followed_and_what_they_lead_to_is_read_once(tmp_path: Path) -> None:
    """A volume of a ConfigMap is links to a directory beside them; another link leads round in a circle."""
    volume, shared = tmp_path / "policies", tmp_path / "shared"
    (volume / "..2026").mkdir(parents=True)
    shared.mkdir()
    (volume / "..2026" / "a.yaml").write_text(FILE)
    (volume / "..data").symlink_to("..2026")
    (volume / "a.yaml").symlink_to("..data/a.yaml")
    (shared / "b.yaml").write_text("rules: 5")
    (shared / "round").symlink_to("../policies")
    (volume / "shared").symlink_to("../shared")
    (tmp_path / "linked").symlink_to("policies")
    for directory in (volume, tmp_path / "linked"):
        problems: list[Diagnostic] = []
        found = read_directory(directory, problems)
        assert len(found.rules) == 1
        assert [each.origin and each.origin.path for each in problems] == [directory / "shared" / "b.yaml"]


def test_a_pipe_is_no_file_of_rules(tmp_path: Path) -> None:
    """Reading it would never end."""
    os.mkfifo(tmp_path / "a.yaml")
    problems: list[Diagnostic] = []
    assert read_directory(tmp_path, problems).rules == ()


def test_the_example_of_the_reference_works(tmp_path: Path) -> None:
    """What the page shows is read, and says what it says."""
    page = Path(__file__).parents[4] / "docs" / "reference" / "policies.md"
    (tmp_path / "a.yaml").write_text(page.read_text(encoding="utf-8").split("```yaml")[1].split("```")[0])
    problems: list[Diagnostic] = []
    found = read_directory(tmp_path, problems)
    assert problems == []
    assert [fault.message for fault in found.check(request())] == [
        "say in the label `owner` who owns it (policy `every-deployment-has-an-owner`)",
        "not ours: i (policy `images-of-ours`)",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rules: 5", "`rules` of a policy file must be of type `array`, it is of type `integer`"),
        ("rules: [{name: a, kinds: [Pod]}]", "`rules.0.require` of a policy file is missing"),
        (
            "rules: [{name: a, kinds: [Pod], require: 'true', extra: 1}]",
            "`rules.0.extra` of a policy file is not known to the schema",
        ),
        ("rules: [{name: a, kinds: [Pod], require: '1 +'}]", "`require` of the policy `a` does not compile"),
        (
            "rules: [{name: a, kinds: [Pod], require: 'true', variables: {x: nope}}]",
            "`variables.x` of the policy `a` does not compile",
        ),
        ("just text", "`the document` of a policy file must be of type `object`"),
    ],
)
def test_wrong_policy_files_are_told_with_their_place(tmp_path: Path, text: str, expected: str) -> None:
    """What is wrong with a file is collected, and its rules are left out."""
    (tmp_path / "a.yml").write_text(text)
    problems: list[Diagnostic] = []
    assert read_directory(tmp_path, problems).rules == ()
    assert problems[0].message.startswith(expected)
    assert problems[0].origin
    assert problems[0].origin.line == 1
