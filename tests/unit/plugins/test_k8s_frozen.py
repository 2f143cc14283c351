"""The end of the walk: validators, filters, kinds, and what a manifest is without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kubernator import errors
from kubernator.model.resource import DEFAULT_IMMUTABLE_CHANGES

if TYPE_CHECKING:
    from conftest import Project

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME, namespace: web}\n"

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: SCOPE
  names: {kind: Widget, plural: widgets}
  versions:
  - {name: v1, served: true, schema: {openAPIV3Schema: {type: object}}}
  - {name: v0, served: false}
"""


def configs(*names: str) -> dict[str, str]:
    return {f"{name}.yaml": CONFIG.replace("NAME", name) for name in names}


def test_without_resources_the_cluster_is_not_asked(project: Project) -> None:
    """A tree that adds nothing needs no cluster."""
    assert project.script("").resources() == []
    assert project.kubeconfigs == []


@pytest.mark.parametrize(
    ("manifest", "message", "hint"),
    [
        ("{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: x, namespace: ns}}", "is not a", "`apps/v1`"),
        ("{apiVersion: v1, kind: Configmap, metadata: {name: x, namespace: ns}}", "is not a defined", "`ConfigMap`"),
        ("{apiVersion: example.com/v1, kind: Thing, metadata: {name: x}}", "is not a defined", "CustomResource"),
        ("{apiVersion: example.com/v0, kind: Widget, metadata: {name: x}}", "is not a", "`example.com/v1`"),
        ("{apiVersion: v1, kind: Pod, metadata: {name: x}}", "namespaced resource has no namespace", "metadata."),
        ("{apiVersion: example.com/v1, kind: Widget, metadata: {name: x}}", "namespaced resource has no", "metadata."),
        ("{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: ns}, spec: {$patch: no}}", "$patch", ""),
    ],
)
def test_what_the_cluster_would_refuse_is_found_with_its_place(
    project: Project, manifest: str, message: str, hint: str
) -> None:
    """Unknown kinds, missing namespaces and strange merge instructions are findings about a resource."""
    project.script("").write({"crd.yaml": CRD.replace("SCOPE", "Namespaced"), "x.yaml": manifest}).resources()
    (found,) = project.diagnostics.errors
    assert message in found.message
    assert hint in found.hint
    assert str(found.origin).startswith("x.yaml:1")


def test_findings_come_before_an_unreachable_cluster(project: Project) -> None:
    """When the cluster cannot be asked, what was found in files is said; else the cluster's error is."""
    project.cluster.problem = errors.Unreachable("no answer")
    project.script("").write({"a.yaml": "kind: X", **configs("b")})
    assert [found.ref.name for found in project.resources()] == ["b"]
    assert len(project.diagnostics.errors) == 2


def test_an_unreachable_cluster_stops_a_run_without_findings(project: Project) -> None:
    """A resource's kind has to be known."""
    project.cluster.problem = errors.Unreachable("no answer")
    with pytest.raises(errors.Unreachable):
        project.script("").write(configs("b")).resources()


def test_a_namespace_of_a_cluster_scoped_kind_is_left_out(project: Project) -> None:
    """As the server does, and with a warning; two that are one then are compared."""
    role = (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r, namespace: NS}\nrules: RULES"
    )
    project.script("").write(
        {
            "a.yaml": role.replace("NS", "x").replace("RULES", "[]"),
            "b.yaml": role.replace("NS", "z").replace("RULES", "[{}]"),
        }
    )
    (found,) = project.resources()
    assert (found.ref.namespace, found.manifest["metadata"]) == ("", {"name": "r"})
    assert sum("cluster-scoped" in message for message in project.messages) == 2
    assert ["is declared twice" in found.message for found in project.diagnostics.errors] == [True]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"status": {"x": 1}}, {"status": {"x": 1}}),
        ({"status": {}}, {}),
        ({"metadata": {"creationTimestamp": None, "uid": "u", "managedFields": []}}, {}),
        ({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}}, {}),
        (
            {"spec": {"t": [{"metadata": {"creationTimestamp": None, "a": None}}]}},
            {"spec": {"t": [{"metadata": {"a": None}}]}},
        ),
        ({"data": {"metadata": {"creationTimestamp": None}}}, {"data": {"metadata": {"creationTimestamp": None}}}),
    ],
)
def test_what_only_the_server_may_say_is_left_out(
    project: Project, extra: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Left-overs of exports go; the status of a kind without that sub-resource stays."""
    base = {"apiVersion": "v1", "kind": "ConfigMap"}
    manifest = {**base, **extra, "metadata": {"name": "a", "namespace": "b", **extra.get("metadata", {})}}
    (found,) = project.script(f"ktor.k8s.add_resources({manifest!r})").resources()
    assert {**base, "metadata": {"name": "a", "namespace": "b"}, **expected} == found.manifest


def test_a_status_goes_where_it_is_a_sub_resource(project: Project) -> None:
    """A Deployment's status is the server's."""
    project.script("").write(
        {"a.yaml": "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, namespace: ns}, status: {replicas: 1}}"}
    )
    (found,) = project.resources()
    assert "status" not in found.manifest


def test_merge_instructions_are_taken_out(project: Project) -> None:
    """They travel beside the manifest."""
    project.script("").write({"a.yaml": f"{CONFIG}data: {{$patch: replace, a: b}}\n"})
    (found,) = project.resources()
    assert found.manifest["data"] == {"a": "b"}
    assert found.instructions != ()


def test_the_policy_of_a_resource_is_that_of_its_scope(project: Project) -> None:
    """Immutable changes, excluded fields and field validation hold where they were set, and below."""
    project.script("", register='ktor.app.register_plugin("k8s", field_validation="Strict")').write(
        {
            **configs("top"),
            "a/.kubernator.py": """
            ktor.k8s.immutable_changes[(None, "ConfigMap")] = "Orphan"
            ktor.k8s.patch_field_excludes += ("^/data/x",)
            ktor.k8s.field_validation = "Ignore"
            ktor.k8s.field_validation_warn_fatal = False
            """,
            "a/a.yaml": CONFIG.replace("NAME", "a"),
        }
    )
    top, below = (found.policy for found in project.resources())
    assert dict(DEFAULT_IMMUTABLE_CHANGES) == dict(top.immutable_changes)
    assert (top.ignored, top.field_validation, top.warnings_are_fatal) == ((), "Strict", True)
    assert below.immutable_changes["", "ConfigMap"] == "Orphan"
    assert (below.ignored, below.field_validation, below.warnings_are_fatal) == (("^/data/x",), "Ignore", False)


@pytest.mark.parametrize("key", ['"ConfigMap"', '("apps", "Deployment", "x")', '("apps", None)', "7"])
def test_what_may_be_replaced_is_named_by_group_and_kind(project: Project, key: str) -> None:
    """Another key is an error that says what one is, not a bug of ours."""
    project.script(f'ktor.k8s.immutable_changes[{key}] = "Orphan"').write(configs("a"))
    with pytest.raises(errors.KubernatorError, match="immutable_changes` has the key") as raised:
        project.resources()
    assert '("apps", "Deployment")' in raised.value.hint


@pytest.mark.parametrize("said", ["condition=3", "jsonpath=[1]"])
def test_a_readiness_rule_is_a_text(project: Project, said: str) -> None:
    """It is told where it is registered."""
    project.script(f'ktor.k8s.add_readiness_rule("ConfigMap", {said})').write(configs("a"))
    with pytest.raises(errors.KubernatorError, match="is a text, not a"):
        project.resources()


def test_validators_see_everything_in_their_scope(project: Project) -> None:
    """The last added is asked first; exceptions, findings, None and failures are told with who found them."""
    project.script(
        """
        def first(resources, r, error):
            ktor.globals.seen(("first", r.name, len(resources)))
            if r.name == "bad":
                yield error("%s is bad", r)

        def second(resources, r, error):
            ktor.globals.seen(("second", r.name, len(resources)))

        ktor.k8s.add_validator(first)
        ktor.k8s.add_validator(second)
        """
    ).write(
        {
            **configs("bad", "good"),
        }
    ).write({"a/.kubernator.py": "ktor.k8s.add_validator(lambda rs, r, error: 1 / 0)\n", "a/x.yaml": CONFIG})
    project.resources()
    assert project.seen[:2] == [("second", "bad", 3), ("first", "bad", 3)]
    messages = [found.message for found in project.diagnostics.errors]
    assert any("v1/ConfigMap/bad.web is bad" in message for message in messages)
    assert any("ZeroDivisionError" in message for message in messages)
    assert len(messages) == 2


def test_filters_choose_in_their_scope_and_validators_see_all(project: Project) -> None:
    """A filter keeps resources from being applied, not from being checked."""
    project.script(
        """
        ktor.k8s.add_resource_filter(lambda r: r.name != "b")
        ktor.k8s.add_validator(lambda rs, r, error: ktor.globals.seen(r.name))
        """
    ).write(
        {**configs("a", "b"), "c/.kubernator.py": "ktor.k8s.add_resource_filter(lambda r: False)\n", "c/c.yaml": CONFIG}
    )
    assert [found.ref.name for found in project.resources()] == ["a"]
    assert project.seen == ["a", "b", "NAME"]


def test_the_last_resource_generator_counts(project: Project) -> None:
    """Assigned in any directory it holds for the run, and may ask the one before."""
    project.script("").write(
        {
            **configs("a", "b"),
            "c/.kubernator.py": """
            before = ktor.k8s.resource_generator
            extra = ktor.k8s.create_resource(
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "x"}})
            ktor.k8s.resource_generator = lambda: [*reversed(before()), extra]
            """,
        }
    )
    assert [found.ref.name for found in project.resources()] == ["b", "a", "c"]


def test_after_the_walk_a_resource_can_only_be_read(project: Project) -> None:
    """Its setters and its manifest refuse."""
    project.script("").write(configs("a")).resources()
    (resource,) = project.plugin.resources.values()
    for change in (
        lambda: setattr(resource, "name", "b"),
        lambda: setattr(resource, "namespace", None),
        lambda: setattr(resource, "manifest", {}),
        lambda: resource.manifest["metadata"].update(name="b"),
    ):
        with pytest.raises(RuntimeError, match="the walk is over"):
            change()


def test_definitions_of_the_tree_make_kinds_known(project: Project) -> None:
    """`load_crds` registers without adding; other manifests are a ValueError; versions not served stay unknown."""
    project.script(
        """
        (found,) = ktor.k8s.load_crds("crd/crd.yaml", "yaml")
        ktor.globals.seen((str(found), found.namespaced, found.plural, found.custom, found.schema))
        ktor.globals.seen(ktor.k8s.get_api_versions())
        r = ktor.k8s.resource("{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}}")
        ktor.globals.seen((r.rdef.namespaced, r.is_crd, r.project, len(ktor.k8s._k8s.resource_definitions)))
        try:
            ktor.k8s.load_crds("crd/not.yaml", "yaml")
        except ValueError as e:
            ktor.globals.seen(str(e))
        """
    ).write({"crd/.kubernator.py": "ktor.k8s.excludes.add('*')", "crd/crd.yaml": CRD.replace("SCOPE", "Cluster")})
    project.write({"crd/not.yaml": CONFIG})
    assert project.resources() == []
    assert project.seen[0] == ("example.com/v1/Widget", False, "widgets", True, {"type": "object"})
    assert {"apps/v1", "example.com/v1", "v1"} < set(project.seen[1])
    assert project.seen[2:] == [
        (False, False, None, 1),
        "`v1/ConfigMap/NAME.web` is no CustomResourceDefinition",
    ]


def test_siblings_that_register_the_plugin_share_its_resources(project: Project) -> None:
    """The same object from two directories is one resource."""
    register = 'ktor.app.register_plugin("k8s")\n'
    project.write({f"{name}/.kubernator.py": register for name in "ab"})
    project.write({f"{name}/x.yaml": CONFIG for name in "ab"})
    assert [str(found.origin.path) for found in project.resources()] == ["a/x.yaml"]


@pytest.mark.parametrize(
    "option",
    [{"field_validation": "warn"}, {"openapi_version": "v4"}, {"openapi_source": "disk"}],
)
def test_options_are_checked(option: dict[str, str]) -> None:
    """A wrong option is an error of the plugin and a ValueError, and says what is expected."""
    from kubernator.plugins.k8s import KubernetesPlugin  # noqa: PLC0415

    with pytest.raises(errors.PluginError) as caught:
        KubernetesPlugin(**option)  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert "it is one of `" in caught.value.hint


def test_members_about_the_server_and_options(project: Project) -> None:
    """They read as the reference's do."""
    project.script(
        """
        k = ktor.k8s
        ktor.globals.seen((k.server_version, k.server_git_version))
        ktor.globals.seen((k.openapi_version, k.openapi_source, k.disable_client_patches, k.conflict_retry_delay))
        ktor.globals.seen((k.field_validation_warnings, k._k8s.resources, k.field_validation))
        ktor.globals.seen(k.patch_field_excludes[0])
        """
    ).walk()
    assert project.seen == [
        (["1", "35", "3"], "v1.35.3"),
        ("auto", "auto", False, 0.3),
        (0, {}, "Warn"),
        "^/metadata/managedFields",
    ]


def test_secrets_are_known_before_anything_can_say_them(project: Project) -> None:
    """The values of Secrets of files, and of those a transformer makes, are redacted from then on."""
    project.script(
        """
        def fill(resources, r):
            r.manifest["stringData"]["more"] = "made-by-transformer"
        ktor.k8s.add_transformer(fill)
        """
    ).write(
        {
            "s.yaml": """
            apiVersion: v1
            kind: Secret
            metadata: {name: s, namespace: ns}
            stringData: {password: correct-horse-battery}
            """
        }
    )
    project.resources()
    shown = project.secrets.redact("correct-horse-battery made-by-transformer")
    assert "horse" not in shown
    assert "transformer" not in shown


def test_the_names_of_the_reference_are_importable() -> None:
    """Third-party code imports these."""
    from kubernator.plugins import k8s_api  # noqa: PLC0415
    from kubernator.plugins.k8s import final_resource_validator, normalize_pkg_version  # noqa: PLC0415

    assert callable(final_resource_validator)
    assert normalize_pkg_version("v29.0.0b1") == (29, 0, 0)
    assert k8s_api.to_group_and_version("apps/v1") == ("apps", "v1")
    assert str(k8s_api.K8SResourceKey("", "Pod", "a", "b")) == "v1/Pod/a.b"
    assert k8s_api.K8SPropagationPolicy.ORPHAN.policy == "Orphan"
    assert {found.name for found in k8s_api.K8SResourcePatchType} == {"JSON_PATCH", "SERVER_SIDE_PATCH"}
