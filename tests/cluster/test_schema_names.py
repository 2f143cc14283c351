"""Names, labels and annotations as a real API server judges them."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pytest

import specimens
from kubernator.cluster.connect import connect
from kubernator.errors import ApiError
from kubernator.model.gvk import DEFINITION, GroupVersionKind
from kubernator.redaction import Secrets
from kubernator.schema.builtin.field import Field
from kubernator.schema.fault import api_path, is_builtin_group
from kubernator.schema.metadata import check_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.resource import Manifest

pytestmark = pytest.mark.cluster

#: Right for some kinds and wrong for others, or at the edge of it.
NAMES = (
    *("a", "1a", "a1", "1", "a.b", "a-b", "a.b.1", "x" * 52, "x" * 53, "x" * 63, "x" * 64, "x" * 253, "x" * 254),
    *("A", "aB", "a_b", "a-", "-a", "a.", ".a", "a..b", "a.-b", "a b", "a:b", "a@b", "é", "a\n", " a", "..a", "."),
    *("..", "a/b", "a%b", "1.2.3.4", "01.2.3.4", "2001:db8::1", "2001:DB8::1", "::ffff:1.2.3.4", "fe80::1%eth0"),
)
#: The name of a definition is checked with the rest of it.
KINDS = [
    specimen
    for specimen in specimens.KINDS
    if is_builtin_group(specimen.api_version.rpartition("/")[0]) and specimen.kind != DEFINITION.kind
]
CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")


@pytest.fixture(scope="module")
def cluster(kubeconfig: Path) -> Iterator[Cluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


def refused(cluster: Cluster, kind: Kind, manifest: Manifest) -> tuple[bool, set[str]]:
    """Return whether the server refuses to make an object, and at which places of its metadata."""
    try:
        cluster.create(kind, copy.deepcopy(manifest), manager="s4c", dry_run=True)
    except ApiError as error:
        return True, {cause.field for cause in error.causes if cause.field.startswith("metadata")}
    return False, set()


def found(cluster: Cluster, manifest: Manifest, gvk: GroupVersionKind) -> set[str]:
    """Return at which places something is wrong with the metadata."""
    version = cluster.version()
    root = Field(manifest, minor=version.minor)
    check_metadata(root, gvk, custom=False)
    return {api_path(fault.path) for fault in root.faults}


@pytest.mark.parametrize("specimen", KINDS, ids=str)
def test_names_are_refused_as_by_the_server(cluster: Cluster, specimen: specimens.Specimen) -> None:
    """Each kind takes the names that it takes."""
    gvk = GroupVersionKind.of(specimen.api_version, specimen.kind)
    kind = cluster.kinds().get(gvk)
    if kind is None or "create" not in kind.verbs:
        return  # of another server's
    manifest = specimens.make(specimen, name="x", namespace="default", seed=0)
    for name in NAMES:
        for key in ("name", "generateName"):
            other = {word: value for word, value in manifest["metadata"].items() if word != "name"}
            changed = {**manifest, "metadata": {**other, key: name}}
            here = found(cluster, changed, gvk) & {"metadata.name", "metadata.generateName"}
            says_no, places = refused(cluster, kind, changed)
            told = places & {"metadata.name", "metadata.generateName"}
            # a generated name that cannot be is told of as the name
            assert bool(here) == bool(told), (key, name, here, told)
            assert says_no or not here


LONG = "x" * 64
METADATA: tuple[dict[str, Any], ...] = (
    *({"labels": {key: ""}} for key in ("a", "A.b_c-d", "x.io/a", "", "/a", "a/", "a/b/c", "X.io/a", "a b", LONG, "é")),
    *({"labels": {"a": value}} for value in ("", "a", "-a", "a-", "a b", LONG, LONG[1:], "a/b", "é", "A_b.c")),
    *({"annotations": {key: ""}} for key in ("a", "A.b_c-d", "X.io/A", "", "/a", "a/", "a/b/c", "a b", LONG, "é")),
    *({"annotations": {"a": "x" * size}} for size in (262143, 262144)),
    *({"finalizers": [name]} for name in ("orphan", "kubernetes", "mine", "x.io/mine", "a b", "a/b/c", "")),
    {"finalizers": ["orphan", "foregroundDeletion"]},
    *(
        {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1", **fields}]}
        for fields in ({}, {"apiVersion": ""}, {"apiVersion": "a/b/c"}, {"kind": ""}, {"name": ""}, {"uid": ""})
    ),
    {"ownerReferences": [{"apiVersion": "v1", "kind": "Event", "name": "p", "uid": "1"}]},
    {
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": uid, "controller": True} for uid in ("1", "2")
        ]
    },
    {"name": ""},
)


@pytest.mark.parametrize("metadata", METADATA, ids=lambda value: str(value)[:60])
def test_metadata_is_refused_as_by_the_server(cluster: Cluster, metadata: dict[str, Any]) -> None:
    """The same metadata is refused, at the same places or within them."""
    kind = cluster.kinds().get(CONFIG_MAP)
    assert kind
    own = {"name": "a", "namespace": "default", **metadata}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": own}
    says_no, told = refused(cluster, kind, manifest)
    here = found(cluster, manifest, CONFIG_MAP)
    assert says_no is bool(here), (told, here)
    plain = [re.sub(r"\[\d+\]", "", place) for place in here]  # older servers do not say which item it is
    assert all(any(place.startswith(re.sub(r"\[\d+\]", "", server)) for place in plain) for server in told), (
        told,
        here,
    )
