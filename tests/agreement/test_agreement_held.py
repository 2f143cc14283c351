"""Objects that nobody made up: what a server holds, what programs print, what projects publish."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from agreement.comparing import Case
from agreement.conftest import Judged, served
from agreement.ours import Ours
from kubernator.load import decode, yamldoc
from kubernator.model.gvk import DEFINITION, GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.schema import documents
from kubernator.schema.definitions import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubernator.cluster.client import HttpCluster
    from toolchain.fixtures import Program

pytestmark = pytest.mark.cluster

#: Names a directory with directories of manifests, as for other suites.
CORPUS = "KUBERNATOR_CORPUS"
#: What every server has; other tests make and delete their own.
SYSTEM = frozenset({"", "default", "kube-system", "kube-public", "kube-node-lease"})
_SET_BY_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "deletionTimestamp")
#: Kinds whose objects come and go by themselves.
PASSING = frozenset({"Event", "Pod", "Lease", "EndpointSlice", "Endpoints", "Namespace", "IPAddress"})


def exported(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what the server sets."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _SET_BY_SERVER}
    return {**{key: value for key, value in manifest.items() if key != "status"}, "metadata": metadata}


def held(cluster: HttpCluster) -> Iterator[Case]:
    """Yield what a server holds of its own kinds and was there from the start."""
    own = documents.bundled(cluster.version().minor)
    for kind in cluster.kinds():
        if own.root(kind.gvk) is None or not {"list", "patch"} <= kind.verbs or kind.gvk.kind in PASSING:
            continue
        for item in cluster.list(kind).items:
            labels = item["metadata"].get("labels", {})
            name, namespace = item["metadata"]["name"], item["metadata"].get("namespace", "")
            if namespace in SYSTEM and (namespace or "system:" in name or "kubernetes.io/bootstrapping" in labels):
                yield Case(f"{namespace}/{name}", str(kind.gvk), exported(item))


def test_what_the_server_holds(judged: Judged, cluster: HttpCluster) -> None:
    """Of what a server made itself nothing is wrong."""
    tally = judged("held", held(cluster))
    assert tally.taken > 0


def read(text: str) -> list[dict[str, Any]]:
    """Return the objects in a text."""
    found = yamldoc.parse(text, origin=Origin(path=PurePosixPath("x.yaml")))
    return [document.value for document in decode.manifests(found, problems=[])]


def here(manifests: list[dict[str, Any]], cluster: HttpCluster) -> list[Case]:
    """Return objects in a namespace that is there, as far as their kinds are served."""
    kinds = cluster.kinds(refresh=True)
    cases = []
    for manifest in manifests:
        gvk = GroupVersionKind.of(manifest["apiVersion"], manifest["kind"])
        kind = kinds.get(gvk)
        if kind is not None:
            metadata = {**manifest["metadata"], **({"namespace": "default"} if kind.namespaced else {})}
            cases.append(Case(metadata["name"], str(gvk), {**manifest, "metadata": metadata}))
    return cases


@pytest.mark.tools
def test_what_istio_installs(judged: Judged, cluster: HttpCluster, program: Program) -> None:
    """Of what istioctl prints nothing is wrong."""
    words = [str(program("istioctl")), "manifest", "generate", "--set", "profile=demo"]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    tally = judged("istio", here(read(text), cluster))
    assert tally.taken > 20


def test_what_projects_publish(cluster: HttpCluster, record_property: Callable[[str, object], None]) -> None:
    """Of manifests of the directories that `KUBERNATOR_CORPUS` holds nothing is wrong; without it there are none."""
    named = os.environ.get(CORPUS)
    own = documents.bundled(cluster.version().minor)
    for directory in sorted(path for path in Path(named).iterdir() if path.is_dir()) if named else []:
        manifests = [each for file in sorted(directory.rglob("*.yaml")) for each in read(file.read_text())]
        made = [each for each in manifests if each["kind"] == DEFINITION.kind]
        with served(cluster, made, []) as server:
            wanted = {gvk for definition in made for gvk in nodes(definition)}
            while not wanted <= {kind.gvk for kind in cluster.kinds(refresh=True)}:
                pass
            Judged(server, Ours(own, made), record_property)(directory.name, here(manifests, cluster))
