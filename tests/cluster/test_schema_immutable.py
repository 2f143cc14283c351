"""What cannot change in live objects, next to what a real API server says to the change."""

from __future__ import annotations

import copy
import secrets
from typing import TYPE_CHECKING, Any, Final

import pytest
from unchangeable import CHANGES

import specimens
from kubernator.cluster.connect import connect
from kubernator.errors import ApiError
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.resource import BACKGROUND
from kubernator.redaction import Secrets
from kubernator.schema.fault import is_builtin_group
from kubernator.schema.immutable import check_update

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.resource import Manifest
    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[Cluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


def refusal(cluster: Cluster, kind: Kind, manifest: Manifest) -> ApiError | None:
    """Return with what the server refuses a change, or None."""
    try:
        cluster.apply(kind, copy.deepcopy(manifest), manager="s4c", dry_run=True, force=True)
    except ApiError as error:
        return error
    return None


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0])
def test_changes_are_refused_as_by_the_server(
    cluster: Cluster, ns: str, change: tuple[str, dict[str, Any], tuple[dict[str, Any], ...]]
) -> None:
    """What the server refuses to change is told, and nothing is told of what it changes."""
    written, body, changed = change
    api_version, _, name = written.partition(" ")
    gvk = GroupVersionKind.of(api_version, name)
    kind = cluster.kinds().get(gvk)
    assert kind
    own = {"name": f"t-{secrets.token_hex(4)}", **({"namespace": ns} if kind.namespaced else {})}
    about = {"apiVersion": api_version, "kind": name, "metadata": own}
    live = cluster.apply(kind, {**about, **copy.deepcopy(body)}, manager="s4c").manifest
    try:
        for fields in changed:
            manifest = {**about, **fields}
            error = refusal(cluster, kind, manifest)
            faults = check_update(manifest, live, gvk)
            assert (error is not None) is bool(faults), (fields, str(error), faults)
    finally:
        cluster.delete(kind, namespace=own.get("namespace", ""), name=own["name"], propagation=BACKGROUND)


#: What is made of the whole cluster's, or of which the server makes more than asked, has a test of its own above.
KINDS: Final = [
    specimen
    for specimen in specimens.KINDS
    if specimen.namespaced and is_builtin_group(specimen.api_version.rpartition("/")[0])
]


@pytest.mark.parametrize("specimen", KINDS, ids=str)
def test_nothing_is_said_of_changes_that_the_server_makes(
    cluster: Cluster, ns: str, kubectl: Kubectl, specimen: specimens.Specimen
) -> None:
    """Whatever else an object of the kind may become, it may become."""
    del kubectl
    gvk = GroupVersionKind.of(specimen.api_version, specimen.kind)
    kind = cluster.kinds().get(gvk)
    if kind is None:
        return  # of another server's
    wanted = [specimens.make(specimen, name="s4c-x", namespace=ns, seed=seed) for seed in range(6)]
    live = cluster.apply(kind, copy.deepcopy(wanted[0]), manager="s4c").manifest
    for manifest in wanted:
        faults = check_update(manifest, live, gvk)
        error = refusal(cluster, kind, manifest)
        assert error or not faults, (faults, manifest)
