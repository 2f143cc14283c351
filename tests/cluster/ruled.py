"""A kind whose definition has rules, and what a real API server says of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

from kubernator.errors import ApiError
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.resource import BACKGROUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kubernator.cluster.api import Cluster

DEFINITION = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
_RULE = re.compile(r"x-kubernetes-validations\[([0-9]+)\]\.rule$")


def definition(group: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definition of a kind with one field ``spec`` of a schema."""
    whole = {"type": "object", "properties": {"spec": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": "Thing", "plural": "things", "singular": "thing"},
            "scope": "Cluster",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": whole}}],
        },
    }


def thing(group: str, spec: Any) -> dict[str, Any]:
    """Return an object of that kind."""
    return {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": spec}


def with_rules(schema: Mapping[str, Any], rules: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a schema with rules."""
    return {**schema, "x-kubernetes-validations": list(rules)}


def refusals(cluster: Cluster, group: str, schema: Mapping[str, Any], rules: Sequence[str]) -> dict[int, str]:
    """Return the rules that the server does not take in a dry run, by their place, and what it says."""
    kind = cluster.kinds().get(DEFINITION)
    assert kind
    manifest = definition(group, with_rules(schema, [{"rule": rule, "message": "m"} for rule in rules]))
    try:
        cluster.apply(kind, manifest, manager="s3", dry_run=True, force=True)
    except ApiError as error:
        found: dict[int, str] = {}
        for cause in error.causes:
            if place := _RULE.search(cause.field):
                found.setdefault(int(place[1]), cause.message)
        return found or {-1: str(error)}
    return {}


_FIELD = re.compile(r"properties\[(r[0-9]+)\]")


def says_of_rules(cluster: Cluster, group: str, schema: Mapping[str, Any]) -> dict[str, str]:
    """Return what the server says of the cost of the first rule of each field ``r0`` and so on, in a dry run."""
    kind = cluster.kinds().get(DEFINITION)
    assert kind
    try:
        cluster.apply(kind, definition(group, schema), manager="s3", dry_run=True, force=True)
    except ApiError as error:
        found: dict[str, str] = {}
        for cause in error.causes:
            if (place := _FIELD.search(cause.field)) and "contributed to" not in cause.message:
                found.setdefault(place[1], cause.message)
        return found
    return {}


class Served:
    """A kind with rules, for as long as it is held."""

    def __init__(self, cluster: Cluster, manifest: dict[str, Any]) -> None:
        self.cluster = cluster
        self.group = manifest["spec"]["group"]
        self.name = manifest["metadata"]["name"]
        kind = cluster.kinds().get(DEFINITION)
        assert kind
        self.definitions = kind
        cluster.apply(kind, manifest, manager="s3")
        while (found := cluster.kinds(refresh=True).get(GroupVersionKind(self.group, "v1", "Thing"))) is None:
            pass
        self.kind = found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cluster.delete(self.definitions, namespace="", name=self.name, propagation=BACKGROUND)

    def says(self, manifest: Mapping[str, Any], *, dry_run: bool = True) -> list[tuple[str, str, str]]:
        """Return the field, message and reason of each cause for which the server refuses an object."""
        while True:
            try:
                self.cluster.apply(self.kind, dict(manifest), manager="s3", dry_run=dry_run, force=True)
            except ApiError as error:
                if error.status in {404, 429, 503}:  # not served yet
                    continue
                return [(cause.field, cause.message, cause.reason) for cause in error.causes] or [("", str(error), "")]
            return []
