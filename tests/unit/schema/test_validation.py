"""All checks of a resource put together, and their findings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import Any

import pytest

from kubernator.load import yamldoc
from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import NEVER, Manifest, Resource, ResourcePolicy
from kubernator.schema.documents import bundled
from kubernator.schema.policies import Policies
from kubernator.schema.policyfiles import LocalRule, PolicyFiles
from kubernator.schema.validation import Validation

_DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Gizmo, plural: gizmos}
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
              required: [size]
              properties:
                size: {type: integer, default: 5}
                name: {type: string}
                owner: {type: string}
                odd:
                  type: object
                  additionalProperties:
                    type: integer
                    x-kubernetes-validations: [{rule: "self % 2 == 1", message: must be odd}]
              x-kubernetes-validations:
                - {rule: self.size < 10, message: too large, fieldPath: .size}
                - {rule: "!has(oldSelf.name) || self.name == oldSelf.name", message: the name stays}
                - {rule: "has(self.owner) || !has(self.name)", message: a name needs an owner}
"""


def _manifest(text: str) -> Manifest:
    (document,) = yamldoc.parse(text, origin=Origin(path=PurePath("a.yaml")), problems=[])
    manifest: Manifest = document.value
    return manifest


def _resource(text: str, policy: ResourcePolicy | None = None) -> Resource:
    origin = Origin(path=PurePath("a.yaml"))
    (document,) = yamldoc.parse(text, origin=origin, problems=[])
    manifest = document.value
    return Resource(
        manifest=manifest,
        ref=ResourceRef.of(manifest),
        gvk=GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]),
        origin=document.origin,
        source_map=document.source_map,
        policy=policy or ResourcePolicy(),
    )


def _gizmo(spec: str, **policy: Any) -> Resource:
    head = "apiVersion: example.com/v1\nkind: Gizmo\nmetadata: {name: a, namespace: shop}\n"
    return _resource(f"{head}spec:\n{spec}", ResourcePolicy(**policy))


def _validation(**options: Any) -> Validation:
    return Validation(bundled(37), definitions=[_manifest(_DEFINITION)], **options)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("  size: 3\n", []),
        ("  name: x\n  owner: me\n", []),
        ("  sizes: 3\n", [(5, "spec.sizes", 'unknown field "spec.sizes", did you mean "size"')]),
        ("  size: many\n", [(5, "spec.size", 'Invalid value: must be of type integer: "string"')]),
        ("  size: 30\n", [(5, "spec.size", "Invalid value: too large")]),
        ("  odd:\n    a.b: 2\n", [(6, "spec.odd[a.b]", "Invalid value: must be odd")]),
        ("  odd:\n    ab: 2\n", [(6, "spec.odd[ab]", "Invalid value: must be odd")]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(spec: str, expected: list[tuple[int, str, str]]) -> None:
    """Each fault is a finding with the line, the field as the server prints it, and words of the server's."""
    found = _validation().check(_gizmo(spec))
    assert expected == [(one.origin.line if one.origin else 0, one.field, one.message) for one in found]


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"field_validation": "Strict"},
        {"field_validation": "Warn", "warnings_are_fatal": False},
        {"field_validation": "Ignore"},
    ],
)
def test_unknown_fields_are_refused_whatever_the_script_says(policy: dict[str, Any]) -> None:
    """A server-side apply refuses them under every field validation."""
    assert [one.severity for one in _validation().check(_gizmo("  sizes: 3\n", **policy))] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("spec", "live", "expected"),
    [
        ("  name: x\n", {"name": "x", "owner": "me", "size": 1}, []),
        ("  name: other\n", {"name": "x", "owner": "me", "size": 1}, ["Invalid value: the name stays"]),
        ("  size: 30\n", {"size": 30}, []),
        ("  size: 30\n", {"size": 1}, ["Invalid value: too large"]),
        ("  sizes: 30\n", {"size": 30}, ['unknown field "spec.sizes", did you mean "size"']),
    ],
)
def test_beside_a_live_object_counts_what_comes_of_both(spec: str, live: dict[str, Any], expected: list[str]) -> None:
    """What others own makes good what a manifest leaves out, what stays as it is passes, and changes are looked at."""
    manifest = {**_gizmo(spec).manifest, "spec": live}
    assert expected == [one.message for one in _validation().check(_gizmo(spec), live=manifest)]


@pytest.mark.parametrize(
    ("spec", "live", "left", "expected"),
    [
        ("  name: x\n", {"name": "x", "owner": "me"}, {"owner": "me"}, []),
        ("  name: x\n", {"name": "x", "owner": "me"}, {"size": 5}, ["Invalid value: a name needs an owner"]),
        ("  {}\n", {"size": 30}, None, ['must be of type object: "null"']),
        ("  {}\n", {"size": 3}, {"size": 3}, []),
        ("  odd: {}\n", {"odd": {"a": 1}}, {"odd": None}, ['must be of type object: "null"']),
        ("  odd: {}\n", {"odd": {"a": 1}}, {"odd": {"a": 1}}, []),
    ],
)
def test_what_goes_makes_nothing_good(
    spec: str, live: dict[str, Any], left: dict[str, Any] | None, expected: list[str]
) -> None:
    """Only what stays of a live object makes good what is left out; a map that loses everything becomes null."""
    resource = _gizmo(spec)
    there = {**resource.manifest, "spec": live}
    found = _validation().check(resource, live=there, left={**there, "spec": left})
    assert expected == [
        one.message.removeprefix("Invalid value: ") if "null" in one.message else one.message for one in found
    ]


@pytest.mark.parametrize(("address", "expected"), [("None", []), ("10.96.0.9", ["Required value"])])
def test_a_service_keeps_its_address(address: str, expected: list[str]) -> None:
    """One without an address needs no ports, and the server lets nobody take that away."""
    resource = _resource(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: {type: ClusterIP}\n"
    )
    there = {**resource.manifest, "spec": {"type": "ClusterIP", "clusterIP": address, "ports": [{"port": 1}]}}
    found = _validation().check(resource, live=there, left={**there, "spec": {"type": "ClusterIP"}})
    assert expected == [one.message for one in found]


def test_a_definition_whose_schema_is_none_leaves_its_kind_to_the_server() -> None:
    """The definition is wrong, and its resources are neither unknown nor checked."""
    broken = _manifest(_DEFINITION)
    broken["spec"]["versions"][0]["schema"] = {"openAPIV3Schema": {"properties": 5}}
    validation = Validation(bundled(37), definitions=[broken])
    assert validation.check(_gizmo("  sizes: 3\n")) == []


def test_rules_of_a_definition_are_checked_with_it() -> None:
    """A rule that does not compile is wrong where it stands."""
    text = _DEFINITION.replace("self.size < 10", "self.sise < 10")
    (found,) = Validation(bundled(37)).check(_resource(text))
    assert (found.origin.line if found.origin else 0, found.code) == (30, "schema")
    assert "undefined field 'sise'" in found.message


@pytest.mark.parametrize(
    ("api_version", "kind", "minor", "expected"),
    [
        ("policy/v1beta1", "PodDisruptionBudget", 37, [("version", Severity.ERROR)]),
        ("resource.k8s.io/v1beta1", "DeviceClass", 35, [("version", Severity.WARNING)]),
        ("apps/v1", "Deploymnt", 37, [("kind", Severity.ERROR)]),
        ("example.org/v1", "Thing", 37, [("kind", Severity.WARNING)]),
        ("example.com/v2", "Gizmo", 37, [("kind", Severity.ERROR)]),
    ],
)
def test_a_kind_that_is_not_served_ends_the_check(
    api_version: str, kind: str, minor: int, expected: list[tuple[str, Severity]]
) -> None:
    """A removed version and an unknown kind are one finding each; nothing else is said of such an object."""
    resource = _resource(f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{}}\n")
    found = Validation(bundled(minor), definitions=[_manifest(_DEFINITION)]).check(resource)
    assert expected == [(one.code, one.severity) for one in found][: len(expected)]


def test_a_cluster_knows_all_kinds() -> None:
    """A kind that it does not know is wrong, where without one it may be defined somewhere."""
    resource = _resource("apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\n")
    (found,) = Validation(bundled(), complete=True).check(resource)
    assert (found.severity, found.code) == (Severity.ERROR, "kind")


def test_an_unknown_kind_is_told_with_what_was_meant() -> None:
    """The hint names the kind that looks like it."""
    (found,) = Validation(bundled()).check(_resource("apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: a}\n"))
    assert found.hint == "did you mean `Deployment`?"


_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop, labels: {tier: web}}\ndata: {a: b}\n"


def _hook(group: str, resource: str) -> Manifest:
    """Return a webhook that may change new objects of a kind."""
    rules = [{"apiGroups": [group], "apiVersions": ["*"], "operations": ["CREATE"], "resources": [resource]}]
    return {"kind": "MutatingWebhookConfiguration", "metadata": {"name": "m"}, "webhooks": [{"rules": rules}]}


@pytest.mark.parametrize(
    ("expression", "action", "expected"),
    [
        ("object.metadata.name == 'b'", "Deny", [Severity.ERROR]),
        ("object.metadata.name == 'b'", "Warn", [Severity.WARNING]),
        ("object.metadata.name == 'a'", "Deny", []),
        ("request.userInfo.username == 'me'", "Deny", [Severity.INFO]),
    ],
)
def test_policies_have_their_say(expression: str, action: str, expected: list[Severity]) -> None:
    """A denial is an error, a warning one, and what only the server knows is said once for all objects of a kind."""
    group = "admissionregistration.k8s.io/v1"
    match = {
        "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}]
    }
    policies = Policies(
        [
            {
                "apiVersion": group,
                "kind": "ValidatingAdmissionPolicy",
                "metadata": {"name": "p"},
                "spec": {"matchConstraints": match, "validations": [{"expression": expression}]},
            },
            {
                "apiVersion": group,
                "kind": "ValidatingAdmissionPolicyBinding",
                "metadata": {"name": "b"},
                "spec": {"policyName": "p", "validationActions": [action]},
            },
        ]
    )
    validation = Validation(bundled(37), policies=policies)
    found = [*validation.check(_resource(_MAP)), *validation.check(_resource(_MAP.replace("tier: web", "tier: db")))]
    mended = Validation(bundled(37), policies=policies, mutators=lambda: [_hook("", "configmaps")]).check(
        _resource(_MAP)
    )
    assert all(each.severity < Severity.ERROR for each in mended)
    predicted = Validation(bundled(37)).admission(_resource(_MAP), policies, predicted=_resource(_MAP).manifest)
    assert expected == [each.severity for each in predicted]
    twice = expected if Severity.INFO in expected else expected * 2
    assert [("policy", severity) for severity in twice] == [(one.code, one.severity) for one in found]


def test_rules_of_ours_name_their_field() -> None:
    """A rule of a policy directory is told at the path that it names."""
    rule = LocalRule(name="tiers", kinds=("ConfigMap",), require="false", path=("metadata", "labels", "tier"))
    validation = Validation(bundled(37), rules=PolicyFiles((rule,), ()))
    (found,) = validation.check(_resource(_MAP))
    assert (found.code, found.field, found.origin and found.origin.line) == ("policy", "metadata.labels[tier]", 3)
    assert [found] == validation.rules(_resource(_MAP))


def _deployment(selector: str) -> Resource:
    return _resource(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}\nspec:\n"
        f"  selector: {{matchLabels: {{app: {selector}}}}}\n"
        f"  template: {{metadata: {{labels: {{app: {selector}}}}}, spec: {{containers: [{{name: a, image: b}}]}}}}\n"
    )


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ResourcePolicy(), Severity.WARNING),
        (ResourcePolicy(replace=NEVER), Severity.ERROR),
        (ResourcePolicy(immutable_changes={}), Severity.ERROR),
        (ResourcePolicy(immutable_changes={}, replace="Background"), Severity.WARNING),
    ],
)
def test_what_cannot_change_is_wrong_unless_the_object_is_replaced(policy: ResourcePolicy, expected: Severity) -> None:
    """Where the scope or the object allows that it is made anew, it is said that this will happen."""
    resource = replace(_deployment("new"), policy=policy)
    (found,) = Validation(bundled(37)).check(resource, live=_deployment("old").manifest)
    assert (expected, True) == (found.severity, found.field.startswith("spec.selector"))


def test_what_a_webhook_may_mend_is_a_warning() -> None:
    """A value that a mutating webhook may set is no error; a type that is wrong stays one."""
    validation = _validation(mutators=lambda: [_hook("example.com", "gizmos")])
    (found,) = validation.check(_gizmo("  size: 30\n"))
    assert (found.severity, found.detail[0][1]) == (Severity.WARNING, "MutatingWebhookConfiguration `m`")
    (found,) = validation.check(_gizmo("  size: x\n"))
    assert Severity.ERROR is found.severity


@pytest.mark.parametrize(
    ("status", "expected"),
    [("null", []), ("{phase: ajar}", []), ("{phase: null}", []), ("{phase: 5}", ["status.phase"]), ("5", ["status"])],
)
def test_of_a_status_that_is_dropped_only_types_matter(status: str, expected: list[str]) -> None:
    """Where a kind has a status of its own, the server drops that of a manifest after a look at its types."""
    definition = _manifest(_DEFINITION)
    version = definition["spec"]["versions"][0]
    version["subresources"] = {"status": {}}
    schema = version["schema"]["openAPIV3Schema"]
    schema["properties"]["status"] = {"type": "object", "properties": {"phase": {"type": "string", "enum": ["open"]}}}
    gizmo = _resource(
        f"apiVersion: example.com/v1\nkind: Gizmo\nmetadata: {{name: a}}\nspec: {{size: 1}}\nstatus: {status}"
    )
    found = Validation(bundled(37), definitions=[definition]).check(gizmo)
    assert expected == [each.field for each in found]


@pytest.mark.parametrize(
    ("served", "hint"),
    [((), "its CustomResourceDefinition serves no version of it"), (("v2",), "`Gizmo` is served as `example.com/v2`")],
)
def test_a_version_that_a_definition_does_not_serve_is_an_error(served: tuple[str, ...], hint: str) -> None:
    """Nobody else can define the kind, so it is not left to the cluster."""
    definition = _manifest(_DEFINITION)
    (version,) = definition["spec"]["versions"]
    definition["spec"]["versions"] = [{**version, "served": False}, *({**version, "name": name} for name in served)]
    (found,) = Validation(bundled(37), definitions=[definition]).check(_gizmo("  size: 1\n"))
    assert (found.severity, found.code, found.hint) == (Severity.ERROR, "kind", hint)


@pytest.mark.parametrize("where", [".spec.size", "spec.size", ".spec.none", ".spec.name", ".status.size", "", 5])
def test_so_many_as_cannot_be_scaled_to_are_refused(where: Any) -> None:
    """A number of replicas that is negative, or too large for the server, where a definition says that it is one."""
    definition = _manifest(_DEFINITION)
    definition["spec"]["versions"][0]["subresources"] = {"scale": {"specReplicasPath": where}}
    validation = Validation(bundled(37), definitions=[definition])
    found = [[each.field for each in validation.check(_gizmo(f"  size: {size}\n"))] for size in (-1, -(2**40), 0, 9)]
    wrong = ["spec.size"] if str(where).endswith("spec.size") else []
    assert found == [wrong, wrong, [], []]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({"deprecated": True}, ["example.com/v1beta1 Gizmo is deprecated; use example.com/v1 Gizmo"]),
        ({"deprecated": True, "deprecationWarning": "go on"}, ["go on"]),
        ({"deprecated": "yes"}, []),
        ({"deprecated": True, "name": "v2"}, ["example.com/v2 Gizmo is deprecated"]),
        ({"deprecated": True, "name": "odd"}, ["example.com/odd Gizmo is deprecated; use example.com/v1 Gizmo"]),
    ],
)
def test_a_definition_says_which_versions_are_deprecated(more: dict[str, Any], expected: list[str]) -> None:
    """With its own words, or those that the server makes of it; one that only the cluster has, too."""
    definition = _manifest(_DEFINITION)
    versions = definition["spec"]["versions"]
    versions.append({**versions[0], "name": "v1beta1", "storage": False, **more})
    name = versions[1]["name"]
    gizmo = _resource(f"apiVersion: example.com/{name}\nkind: Gizmo\nmetadata: {{name: a}}\nspec: {{size: 1}}")
    found = Validation(bundled(37), definitions=[definition]).check(gizmo)
    assert [(Severity.WARNING, each) for each in expected] == [(each.severity, each.message) for each in found]
    found = Validation(bundled(37), there=[definition]).check(gizmo)
    assert expected == [each.message for each in found if each.code == "version"]
    told = Validation(bundled(37), there=[definition], definitions=[_manifest(_DEFINITION)]).check(_gizmo("  size: 1"))
    assert told == []
