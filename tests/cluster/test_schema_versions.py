"""What is said of API versions, next to what a real API server serves and warns of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kubernator.cluster.connect import connect
from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.redaction import Secrets
from kubernator.schema.versions import check_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.cluster.api import Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[Cluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


def test_nothing_that_is_served_is_called_gone(cluster: Cluster) -> None:
    """What the server serves may at most be deprecated."""
    minor = cluster.version().minor
    faults = [check_version(kind.gvk, minor) for kind in cluster.kinds()]
    assert [fault for fault in faults if fault and fault.severity is Severity.ERROR] == []


def test_a_warning_is_that_of_the_server(cluster: Cluster) -> None:
    """Of a version that is deprecated and still served by default, the server warns in the same words."""
    gvk = GroupVersionKind("", "v1", "Endpoints")
    kind = cluster.kinds().get(gvk)
    assert kind
    manifest = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "s4c", "namespace": "default"}}
    fault = check_version(gvk, cluster.version().minor)
    assert fault
    assert fault.message in cluster.apply(kind, manifest, manager="s4c", dry_run=True).warnings
