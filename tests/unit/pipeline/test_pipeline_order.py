"""The order in which resources are applied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator.model.gvk import GroupKind
from kubernator.pipeline import order


@pytest.fixture
def tree(make):
    """Return a tree of two directories whose resources are added in an unlucky order."""
    return [
        make("Deployment", "web", api_version="apps/v1", namespace="n", directory=0),
        make("Widget", "w", api_version="x.io/v1", namespace="n", directory=0),
        make("Service", "web", namespace="n", directory=0),
        make("ConfigMap", "b", namespace="n", directory=0),
        make("ConfigMap", "a", namespace="n", directory=0),
        make("ServiceAccount", "web", namespace="n", directory=1),
        make("CustomResourceDefinition", "widgets.x.io", api_version="apiextensions.k8s.io/v1", directory=1),
        make("Namespace", "n", directory=1),
        make("APIService", "v1.x.io", api_version="apiregistration.k8s.io/v1", directory=0),
    ]


def test_phases(tree):
    """Namespaces and definitions of the whole tree first and waited for, then each directory by kind."""
    assert [(phase.name, [one.ref.name for one in phase.resources], phase.wait) for phase in order.phases(tree)] == [
        ("namespaces", ["n"], True),
        ("definitions", ["widgets.x.io"], True),
        ("d0: ConfigMap", ["b", "a"], False),
        ("d0: Service", ["web"], False),
        ("d0: Deployment.apps", ["web"], False),
        ("d0: Widget.x.io", ["w"], False),
        ("d0: APIService.apiregistration.k8s.io", ["v1.x.io"], False),
        ("d1: ServiceAccount", ["web"], False),
    ]


def test_what_depends_on_what_may_decide_inside_a_directory(tree):
    """Another rule for a directory's resources takes the place of the ranks; empty groups are no phases."""
    phases = order.phases(tree, within=lambda resources: [[], resources])
    assert [len(phase.resources) for phase in phases] == [1, 1, 6, 1]


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


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3)), max_size=20))
def test_every_resource_is_in_exactly_one_phase(kinds):
    """Nothing is lost or doubled, and directories keep their order."""
    make = _make
    resources = [make(kind, f"r{number}", directory) for number, (kind, directory) in enumerate(kinds)]
    phases = order.phases(resources)
    placed = [one for phase in phases for one in phase.resources]
    assert sorted(one.ref.name for one in placed) == sorted(one.ref.name for one in resources)
    directories = [one.directory for one in placed if one.ref.kind != "Namespace"]
    assert directories == sorted(directories)
    assert all(phase.resources for phase in phases)


def _make(kind, name, directory):
    from pathlib import PurePath  # noqa: PLC0415

    from kubernator.model.gvk import GroupVersionKind  # noqa: PLC0415
    from kubernator.model.origin import Origin  # noqa: PLC0415
    from kubernator.model.ref import ResourceRef  # noqa: PLC0415
    from kubernator.model.resource import Resource  # noqa: PLC0415

    return Resource(
        manifest={},
        ref=ResourceRef("", kind, "", name),
        gvk=GroupVersionKind("", "v1", kind),
        origin=Origin(path=PurePath("x.yaml")),
        directory=directory,
    )
