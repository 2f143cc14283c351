"""What is found in built-in kinds next to what a real API server says in a dry run."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

import gochecks
import specimens
from kubernator.cluster.connect import connect
from kubernator.errors import ApiError
from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.redaction import Secrets
from kubernator.schema import documents
from kubernator.schema.fault import api_path, is_builtin_group
from refusals import NOWHERE, Row, access, admission, data, network, rows, scaling
from refusals.bases import CLUSTER_WIDE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.cluster.api import Cluster
    from kubernator.model.resource import Manifest
    from kubernator.schema.documents import Documents
    from kubernator.schema.fault import Fault

pytestmark = pytest.mark.cluster

TABLES = {"network": network, "data": data, "access": access, "scaling": scaling, "admission": admission}
#: Objects of each kind of specimen.
SEEDS = 12
#: Kinds of which the server holds many that are alike.
ENOUGH = 500
#: Kinds that other engineers' modules look into.
WORKLOADS = {"Pod", "PodTemplate", "ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"}


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[Cluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


@pytest.fixture(scope="module")
def schemas() -> Documents:
    """Return the bundled schemas of the newest version."""
    return documents.bundled()


def placed(row: Row) -> Manifest:
    """Return the object of a row in a namespace that there is."""
    manifest: Manifest = json.loads(json.dumps(row.manifest).replace('"NS"', '"default"'))
    if row.name.partition(":")[0] not in CLUSTER_WIDE:
        manifest["metadata"]["namespace"] = "default"
    return manifest


def refusal(cluster: Cluster, manifest: Manifest) -> ApiError | None:
    """Return with what the server refuses an object, or None."""
    kind = cluster.kinds().get(GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]))
    assert kind, manifest["kind"]
    try:
        cluster.apply(kind, copy.deepcopy(manifest), manager="s4b", dry_run=True, force=True)
    except ApiError as error:
        return error
    return None


def found(manifest: Manifest, schemas: Documents) -> list[Fault]:
    """Return the errors in an object."""
    gvk = GroupVersionKind.of(manifest["apiVersion"], manifest["kind"])
    faults = gochecks.found(manifest, gvk, schemas.root(gvk), schemas.minor)
    return [fault for fault in faults if fault.severity is Severity.ERROR]


@pytest.mark.parametrize("table", TABLES)
def test_mistakes_are_found_where_the_server_finds_them(cluster: Cluster, schemas: Documents, table: str) -> None:
    """What the server refuses is refused here, at the same place."""
    missed, elsewhere, taken = [], [], []
    asked = rows(TABLES[table].WRONG)
    for row in asked:
        manifest = placed(row)
        error = refusal(cluster, manifest)
        places = {api_path(fault.path, manifest) for fault in found(manifest, schemas)}
        if error is None:
            taken.append(row.name)
        elif not places:
            missed.append((row.name, str(error)))
        elif row.place not in places or row.told not in {NOWHERE, *(cause.field for cause in error.causes)}:
            elsewhere.append((row.name, places, [cause.field for cause in error.causes]))
    print(f"{table}: {len(asked)} refusals, {len(missed)} missed, {len(elsewhere)} at another place")  # noqa: T201
    assert (missed, elsewhere, taken) == ([], [], [])


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_found_in_what_the_server_takes(cluster: Cluster, schemas: Documents, table: str) -> None:
    """Objects that look odd and are right have no fault."""
    asked = rows(TABLES[table].ODD)
    refused, false = [], []
    for row in asked:
        manifest = placed(row)
        error, faults = refusal(cluster, manifest), found(manifest, schemas)
        if error is not None:
            refused.append((row.name, str(error)))
        if faults:
            false.append((row.name, faults))
    print(f"{table}: {len(asked)} odd objects, {len(false)} false refusals")  # noqa: T201
    assert (refused, false) == ([], [])


@pytest.mark.parametrize("specimen", specimens.KINDS, ids=str)
def test_specimens_are_judged_as_by_the_server(
    cluster: Cluster, schemas: Documents, specimen: specimens.Specimen
) -> None:
    """What is found in a specimen the server refuses as well."""
    gvk = GroupVersionKind.of(specimen.api_version, specimen.kind)
    if not is_builtin_group(gvk.group) or cluster.kinds().get(gvk) is None:
        return  # a custom one
    for seed in range(SEEDS):
        manifest = specimens.make(specimen, name="s4b-x", namespace="default", seed=seed)
        faults = found(manifest, schemas)
        assert not faults or refusal(cluster, manifest) is not None, seed


def test_nothing_is_found_in_what_the_server_holds(cluster: Cluster, schemas: Documents) -> None:
    """Nothing is wrong with any object of a running cluster, however it came there."""
    checked = 0
    for kind in cluster.kinds():
        if not is_builtin_group(kind.gvk.group) or "list" not in kind.verbs or kind.gvk.kind in WORKLOADS:
            continue
        for item in cluster.list(kind, give_up_above=ENOUGH).items:
            manifest: dict[str, Any] = {"apiVersion": kind.gvk.api_version, "kind": kind.gvk.kind, **item}
            assert not found(manifest, schemas), manifest["metadata"]["name"]
            checked += 1
    print(f"{checked} objects of the server's")  # noqa: T201
    assert checked > 0
