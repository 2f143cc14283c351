"""Kubernetes objects made up for tests: every built-in kind an administrator creates, and custom ones, seeded.

`KINDS` lists what can be made, `make` makes one. The same seed always gives the same object, and another seed of the
same kind one that the first can be changed into. `spelling` says the same thing in other words.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from specimens import access, cluster, configuration, custom, network, storage, workloads
from specimens.draw import Draw, Specimen

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KINDS", "Specimen", "make", "served"]

KINDS: tuple[Specimen, ...] = (
    *configuration.KINDS,
    *workloads.KINDS,
    *network.KINDS,
    *access.KINDS,
    *storage.KINDS,
    *cluster.KINDS,
    *custom.KINDS,
)


def served(api_versions: Iterable[str]) -> list[Specimen]:
    """Return what a server with these group versions takes; what its custom resources need is made by `custom`."""
    known = {*api_versions, *custom.API_VERSIONS}
    return [found for found in KINDS if found.api_version in known]


def make(specimen: Specimen, *, name: str, namespace: str, seed: object) -> dict[str, Any]:
    """Return an object of a kind."""
    draw = Draw(Random(f"{specimen.api_version} {specimen.kind} {seed}"), name=name, namespace=namespace)  # noqa: S311
    metadata: dict[str, Any] = {"name": specimen.named.format(name=name, namespace=namespace)}
    if specimen.namespaced:
        metadata["namespace"] = namespace
    return {
        "apiVersion": specimen.api_version,
        "kind": specimen.kind,
        "metadata": {**metadata, **draw.metadata()},
        **specimen.body(draw),
    }
