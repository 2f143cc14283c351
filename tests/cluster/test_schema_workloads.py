"""What is found in pods and workloads next to what a real API server says in a dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

import gochecks
import specimens
from kubernator.cluster.connect import connect
from kubernator.errors import ApiError, NotFound
from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.redaction import Secrets
from kubernator.schema import bundle, structural
from kubernator.schema.fault import api_path
from mistakes import changed
from mistakes.oddities import RIGHT
from mistakes.places import is_told
from mistakes.pods import SPEC, WRONG
from mistakes.workloads import BASES, CASES
from specimens import workloads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kubernator.cluster.api import Cluster
    from kubernator.model.resource import Manifest

pytestmark = pytest.mark.cluster

#: What the server refuses and we do not, with the reason.
MISSED: Final[Mapping[str, str]] = {
    "Pod: overhead": "an admission plugin compares it with the RuntimeClass, which only the cluster knows",
}
#: Seeds of the specimens that are asked about.
SEEDS: Final = 12


class Answer(NamedTuple):
    """What a server says of a manifest: why it refuses it, and of which places."""

    refusal: str
    places: frozenset[str]


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[Cluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


def asked(cluster: Cluster, manifest: Manifest) -> Answer:
    """Return what the server says to a dry run."""
    kind = cluster.kinds().get(GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]))
    assert kind
    try:
        cluster.apply(kind, changed(manifest, {}), manager="s4a", dry_run=True, force=True)
    except NotFound:
        raise
    except ApiError as error:
        return Answer(str(error), frozenset(cause.field for cause in error.causes))
    return Answer("", frozenset())


def found(manifest: Manifest, minor: int) -> dict[str, str]:
    """Return what is found to keep a manifest out, by its place."""
    gvk = GroupVersionKind.of(manifest["apiVersion"], manifest["kind"])
    node = bundle.load(minor).root(gvk)
    assert node
    faults = [
        *structural.check(manifest, node, custom=False, minor=minor),
        *gochecks.found(manifest, gvk, node, minor),
    ]
    return {api_path(each.path, manifest): each.message for each in faults if each.severity is Severity.ERROR}


def manifests() -> dict[str, Manifest]:
    """Return all cases: pods, the same in a Deployment, and workloads."""
    where = {"metadata": {"name": "w", "namespace": "default"}}
    of_pods: dict[str, Any] = {**{name: case.changes for name, case in WRONG.items()}, **RIGHT}
    result = {}
    for name, changes in of_pods.items():
        spec = changed(SPEC, changes)
        result[f"Pod: {name}"] = {**where, "apiVersion": "v1", "kind": "Pod", "spec": spec}
        deployment = changed({**where, **BASES["Deployment"]}, {"spec.template.spec": spec})
        result[f"Deployment of pods: {name}"] = deployment
    for name, (kind, case) in CASES.items():
        result[name] = changed({**where, **BASES[kind]}, case.changes)
    return result


def test_pods_and_workloads_are_refused_as_by_the_server(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """What the server refuses is found at the place that it names, and nothing is found in what it takes."""
    minor = cluster.version().minor
    wrong = right = 0
    missed, false, elsewhere = {}, {}, {}
    for name, manifest in manifests().items():
        answer, ours = asked(cluster, manifest), found(manifest, minor)
        wrong, right = wrong + bool(answer.refusal), right + (not answer.refusal)
        if answer.refusal and not ours:
            missed[name] = answer.refusal
        if ours and not answer.refusal:
            false[name] = ours
        if answer.refusal and ours:
            told = {place for place in answer.places if not is_told(place, ours)}
            if told:
                elsewhere[name] = (told, ours)
    with capsys.disabled():
        print(f"\nworkloads: {wrong} refused, {len(missed)} missed; {right} taken, {len(false)} false refusals")  # noqa: T201
    assert false == {}
    assert {name: told for name, told in missed.items() if name not in MISSED} == {}
    assert elsewhere == {}


@pytest.mark.parametrize("specimen", workloads.KINDS, ids=str)
def test_specimens_are_right(cluster: Cluster, specimen: specimens.Specimen) -> None:
    """Nothing is found in made-up workloads that the server takes."""
    minor = cluster.version().minor
    made = [specimens.make(specimen, name="w", namespace="default", seed=seed) for seed in range(SEEDS)]
    taken = [manifest for manifest in made if not asked(cluster, manifest).refusal]
    assert taken
    assert [found(manifest, minor) for manifest in taken] == [{}] * len(taken)
