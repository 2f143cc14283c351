"""What Go code checks in built-in kinds, put together."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest

import gochecks
import specimens
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema import builtin, bundle
from kubernator.schema.builtin import kinds
from kubernator.schema.fault import Fault, Reason, api_path

SCHEMAS = bundle.load(37)
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
SERVICE = GroupVersionKind("", "v1", "Service")


def check(gvk: GroupVersionKind, minor: int = 37, **fields: Any) -> list[Fault]:
    """Check an object of a kind."""
    manifest = {"apiVersion": gvk.api_version, "kind": gvk.kind, "metadata": {"name": "a"}, **fields}
    return gochecks.found(manifest, gvk, SCHEMAS.root(gvk), minor)


@pytest.mark.parametrize("minor", bundle.MINORS)
@pytest.mark.parametrize("specimen", specimens.KINDS, ids=str)
def test_nothing_is_said_of_what_servers_take(specimen: specimens.Specimen, minor: int) -> None:
    """Specimens are made up so that a server takes them."""
    gvk = GroupVersionKind.of(specimen.api_version, specimen.kind)
    node = bundle.load(minor).root(gvk)
    for seed in range(4 if node is not None else 0):
        manifest = specimens.make(specimen, name="x-1", namespace="default", seed=seed)
        assert gochecks.found(manifest, gvk, node, minor) == []


def test_every_module_with_checks_is_known() -> None:
    """The table of modules says what is in them."""
    found = {}
    for module in pkgutil.iter_modules(builtin.__path__):
        checks = getattr(importlib.import_module(f"{builtin.__name__}.{module.name}"), "CHECKS", None)
        if checks is not None:
            found[module.name] = set(checks)
    assert found == {module: set(known) for module, known in kinds.MODULES.items()}
    assert len(set().union(*found.values())) == sum(map(len, found.values()))


def test_what_is_missing_is_told_once_and_where() -> None:
    """What is missing is told as deep as it is known to be missing, and no field twice."""
    faults = check(DEPLOYMENT, spec={"selector": {"matchLabels": {"a": "b"}}, "template": {"spec": {}}})
    places = [api_path(fault.path) for fault in faults if fault.reason is Reason.REQUIRED]
    assert "spec.template.spec.containers" in places
    assert len(places) == len(set(places))


def test_a_kind_without_a_schema_still_has_its_metadata_checked() -> None:
    """Nothing is said of what is missing in it."""
    gvk = GroupVersionKind("apps", "v1beta9", "Deployment")
    faults = kinds.check({"metadata": {"name": "A"}}, gvk)
    assert [api_path(fault.path) for fault in faults if fault.path[0] == "metadata"] == ["metadata.name"]


def test_faults_stand_in_the_order_of_the_manifest() -> None:
    """What is missing comes after what is there."""
    role = GroupVersionKind("rbac.authorization.k8s.io", "v1", "RoleBinding")
    fields = {"subjects": [{"kind": "Group"}, {"name": "x"}], "roleRef": {"kind": "Role"}}
    manifest = {**fields, "metadata": {"name": "a/b", "labels": {"a b": ""}}}
    places = [api_path(fault.path) for fault in gochecks.found(manifest, role, SCHEMAS.root(role))]
    tops = [place.partition(".")[0].partition("[")[0] for place in places]
    assert tops == sorted(tops, key=list(manifest).index)


def test_versions_differ_in_what_they_take() -> None:
    """The same manifest may be right for one server and wrong for an older one."""
    service = {"metadata": {"name": "1a"}, "spec": {"ports": [{"port": 80}]}}
    assert [fault for fault in check(SERVICE, 37, **service) if fault.path == ("metadata", "name")] == []
    assert [fault for fault in check(SERVICE, 35, **service) if fault.path == ("metadata", "name")]


def test_what_is_too_deep_is_left_to_the_server() -> None:
    """A manifest may be nested deeper than Python can follow."""
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"spec": {"template": deep}}
    assert isinstance(check(DEPLOYMENT, **deep), list)
