"""What stands for a cluster in a run without one."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.run.offline import NeedsCluster, Offline
from kubernator.schema import documents

if TYPE_CHECKING:
    from collections.abc import Callable

_PLACE = Origin(path=PurePath(".kubernator.py"), line=3)
_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}}


@pytest.fixture(name="cluster")
def _cluster() -> Offline:
    return Offline(documents.bundled(35), origin=lambda: _PLACE, verb="validate")


def test_kinds_and_version_are_known(cluster: Offline) -> None:
    """They are those of the version of Kubernetes that was chosen, and nothing was asked."""
    kind = cluster.kinds(refresh=True).get(GroupVersionKind("apps", "v1", "Deployment"))
    assert kind is not None
    assert cluster.version()[1:] == (1, 35)
    assert "1.35" in cluster.server
    assert (cluster.requests, cluster.trouble) == ({}, "")
    cluster.close()


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda cluster, kind: cluster.get(kind, namespace="b", name="a"), "the ConfigMap `b/a`"),
        (lambda cluster, kind: cluster.list(kind, namespace="b"), "all `configmaps`"),
        (lambda cluster, kind: cluster.watch(kind), "what becomes of `configmaps`"),
        (lambda cluster, kind: cluster.apply(kind, _MAP, manager="m"), "the ConfigMap `b/a`"),
        (lambda cluster, kind: cluster.create(kind, _MAP, manager="m"), "the ConfigMap `b/a`"),
        (lambda cluster, kind: cluster.patch(kind, namespace="", name="a", body=[]), "the ConfigMap `a`"),
        (lambda cluster, kind: cluster.delete(kind, namespace="b", name="a"), "the ConfigMap `b/a`"),
        (lambda cluster, _: cluster.raw("GET", "/readyz"), "GET /readyz"),
    ],
)
def test_everything_else_is_an_error_with_its_place(
    cluster: Offline, ask: Callable[[Offline, Any], object], what: str
) -> None:
    """It says who asked for what, and what to do."""
    kind = cluster.kinds().get(GroupVersionKind("", "v1", "ConfigMap"))
    with pytest.raises(NeedsCluster) as raised:
        ask(cluster, kind)
    assert ("asked for", what) in raised.value.detail
    assert (raised.value.origin, "--server" in raised.value.hint) == (_PLACE, True)
