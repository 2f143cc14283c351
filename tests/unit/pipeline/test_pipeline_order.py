"""The order in which resources are applied."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator.model.diagnostics import Diagnostics, Severity
from kubernator.model.gvk import GroupKind, GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.reference import Fate
from kubernator.model.resource import Resource
from kubernator.model.sourcemap import SourceMap
from kubernator.pipeline import order

DEPENDS_ON = "kubernator.io/depends-on"


def pods(**spec):
    """Return the spec of a Deployment."""
    return {"spec": {"template": {"spec": {"containers": [], **spec}}}}


@pytest.fixture
def after(make):
    """Return a function that makes a ConfigMap that says what it depends on."""

    def made(name, on, **more):
        meta = {"name": name, "namespace": "n", "annotations": {DEPENDS_ON: on}}
        return make("ConfigMap", name, namespace="n", manifest={"metadata": meta}, **more)

    return made


@pytest.fixture
def tree(make):
    """Return a tree of two directories whose resources are added in an unlucky order."""
    return [
        make("Deployment", "web", api_version="apps/v1", namespace="n", manifest=pods(serviceAccountName="web")),
        make("Widget", "w", api_version="x.io/v1", namespace="n"),
        make("Service", "web", namespace="n"),
        make("ConfigMap", "b", namespace="n"),
        make("ConfigMap", "a", namespace="n"),
        make("ServiceAccount", "web", namespace="n", directory=1),
        make("CustomResourceDefinition", "widgets.x.io", api_version="apiextensions.k8s.io/v1", directory=1),
        make("Namespace", "n", directory=1),
        make("APIService", "v1.x.io", api_version="apiregistration.k8s.io/v1"),
    ]


def test_phases(tree):
    """Namespaces and definitions of the whole tree first and waited for, then one phase a directory, by kind."""
    assert [(phase.name, [one.ref.name for one in phase.resources], phase.wait) for phase in order.phases(tree)] == [
        ("namespaces", ["n"], True),
        ("definitions", ["widgets.x.io"], True),
        ("d0", ["b", "a", "web", "web", "w", "v1.x.io"], False),
        ("d1", ["web"], False),
    ]


def test_turns_have_names_of_their_own(make):
    """Several turns of a directory are told apart, and a chart's template is named by who asked for the chart."""
    values = Origin(path=PurePath("envs/prod/web.helm.yaml"))
    chart = Origin(path=PurePath("web/templates/a.yaml"), maker="chart web 1.0", via=values)
    first, second = (
        make("ConfigMap", name, turn=turn, ref=ResourceRef("", "ConfigMap", "", name))
        for name, turn in [("a", 1), ("b", 4)]
    )
    second = Resource(manifest=second.manifest, ref=second.ref, gvk=second.gvk, origin=chart, turn=4)
    assert [phase.name for phase in order.phases([second, first])] == ["d0, turn 1", "envs/prod, turn 2"]


def test_dependencies_go_with_the_phase_of_who_depends(make, tree):
    """What refers back is a dependency; what refers to a later directory is told and not followed."""
    found = order.arrange(tree)
    assert [
        [(one.ref.name, one.on.name, one.wait) for one in phase.dependencies if one.on.kind != "Namespace"]
        for phase in found.phases
    ] == [[], [], [], []]
    assert [
        (edge.source.name, edge.target.kind, edge.fate) for edge in found.edges if edge.fate is not Fate.FOLLOWED
    ] == [("web", "ServiceAccount", Fate.LATER)]
    assert found.findings == ()


def test_what_is_depended_on_stands_first(make, after):
    """Within a phase the sequence heeds the dependencies, whatever the kinds."""
    deployment = make("Deployment", "web", api_version="apps/v1", namespace="n")
    (phase,) = order.phases([after("late", "Deployment/web"), make("ConfigMap", "x", namespace="n"), deployment])
    assert [one.ref.name for one in phase.resources] == ["x", "web", "late"]
    (dependency,) = phase.dependencies
    assert (dependency.ref.name, dependency.on.name, dependency.wait) == ("late", "web", True)
    assert dependency.reason == "depends on Deployment `web`, by its annotation"


@pytest.mark.parametrize(
    ("source", "target", "hint"),
    [
        ({"directory": 0}, {"directory": 1}, "walk order"),
        ({"turn": 0}, {"turn": 1}, "turns in their directory"),
    ],
)
def test_depending_on_what_is_written_later_is_an_error(make, after, source, target, hint):
    """Somebody's word that cannot be kept is refused with both places and the reason."""
    found = Diagnostics()
    order.phases([after("a", "Secret/b", **source), make("Secret", "b", namespace="n", **target)], diagnostics=found)
    (error,) = found.errors
    assert error.message == "`ConfigMap n/a` depends on `Secret n/b`, which is written later"
    assert [("it is at", f"d{target.get('directory', 0)}/b.yaml:1:1")] == list(error.detail)
    assert hint in error.hint


def test_a_namespace_cannot_wait_for_what_is_in_a_directory(make):
    """Namespaces come first, and the error says so."""
    meta = {"name": "n", "annotations": {DEPENDS_ON: "Secret/n/b"}}
    found = order.arrange([make("Namespace", "n", manifest={"metadata": meta}), make("Secret", "b", namespace="n")])
    assert [one.hint for one in found.findings] == ["namespaces come first, then definitions, then all else"]


def test_a_circle_of_annotations_is_an_error_with_every_step(after):
    """The error stands where the annotation is, and tells the whole circle."""
    first = after("a", "ConfigMap/b")
    first = Resource(
        manifest=first.manifest,
        ref=first.ref,
        gvk=first.gvk,
        origin=first.origin,
        source_map=SourceMap({("metadata", "annotations", DEPENDS_ON): (7, 5)}),
    )
    found = order.arrange([first, after("b", "ConfigMap/c"), after("c", "ConfigMap/a"), after("d", "ConfigMap/a")])
    (error,) = found.findings
    assert error.severity is Severity.ERROR
    assert error.message == "`ConfigMap n/a` depends on itself, by way of 2 others"
    assert str(error.origin) == "d0/a.yaml:7:5"
    assert [line for _, line in error.detail] == [
        "ConfigMap n/a depends on ConfigMap `b`, by its annotation, d0/a.yaml:7:5",
        "ConfigMap n/b depends on ConfigMap `c`, by its annotation, d0/b.yaml:1:1",
        "ConfigMap n/c depends on ConfigMap `a`, by its annotation, d0/c.yaml:1:1",
    ]
    assert len(found.phases[0].resources) == len({one.ref for one in found.phases[0].resources}) == 4


def test_a_circle_of_inferred_references_is_a_note(make):
    """What we only think gives way, and a note says where."""
    route = {"spec": {"parentRefs": [{"name": "b"}]}}
    gateway = {
        "spec": {
            "infrastructure": {
                "parametersRef": {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "a"}
            }
        }
    }
    api = "gateway.networking.k8s.io/v1"
    found = order.arrange(
        [
            make("HTTPRoute", "a", api_version=api, namespace="n", manifest={**route}),
            make("Gateway", "b", api_version=api, namespace="n", manifest={**gateway}),
        ]
    )
    assert [one.severity for one in found.findings] == [Severity.INFO]
    assert sorted((edge.fate for edge in found.edges), key=list(Fate).index) == [Fate.FOLLOWED, Fate.BROKEN]
    assert len(found.phases[0].dependencies) == 1


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (("", "ServiceAccount"), ("rbac.authorization.k8s.io", "RoleBinding")),
        (("", "Secret"), ("apps", "Deployment")),
        (("", "PersistentVolumeClaim"), ("apps", "StatefulSet")),
        (("apps", "Deployment"), ("autoscaling", "HorizontalPodAutoscaler")),
        (("networking.k8s.io", "Ingress"), ("x.io", "Widget")),
        (("x.io", "Deployment"), ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration")),
        (("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"), ("apiregistration.k8s.io", "APIService")),
    ],
)
def test_ranks(earlier, later):
    """A few pairs whose order matters."""
    assert order.rank(GroupKind(*earlier)) < order.rank(GroupKind(*later))


KINDS = ["Namespace", "ConfigMap", "Service", "Pod", "Widget"]
EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=25)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3)), max_size=12), EDGES)
def test_every_resource_is_in_exactly_one_phase_after_what_it_depends_on(kinds, edges):
    """Nothing is lost or doubled, directories keep their order, and the sequence heeds what is kept."""
    wanted = {}
    for source, target in edges:
        if source != target and max(source, target) < len(kinds):
            wanted.setdefault(source, []).append(f"{kinds[target][0]}/r{target}")
    resources = [_make(kind, number, directory, wanted.get(number)) for number, (kind, directory) in enumerate(kinds)]
    found = order.arrange(resources)
    placed = [one for phase in found.phases for one in phase.resources]
    assert sorted(one.ref.name for one in placed) == sorted(one.ref.name for one in resources)
    directories = [one.directory for one in placed if one.ref.kind != "Namespace"]
    assert directories == sorted(directories)
    assert all(phase.resources for phase in found.phases)
    place = {one.ref: at for at, one in enumerate(placed)}
    kept = [one for phase in found.phases for one in phase.dependencies]
    assert all(place[one.on] < place[one.ref] for one in kept)
    followed = [edge for edge in found.edges if edge.fate is Fate.FOLLOWED]
    assert {(one.ref, one.on) for one in kept} == {(edge.source, edge.target) for edge in followed}
    assert bool(found.findings) == (len(followed) < len(found.edges))
    assert found == order.arrange(resources)


def _make(kind, number, directory, wanted):
    annotations = {"annotations": {DEPENDS_ON: ",".join(wanted)}} if wanted else {}
    return Resource(
        manifest={"metadata": annotations},
        ref=ResourceRef("", kind, "", f"r{number}"),
        gvk=GroupVersionKind("", "v1", kind),
        origin=Origin(path=PurePath("x.yaml")),
        directory=directory,
    )
