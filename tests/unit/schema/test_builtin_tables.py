"""What is found in built-in kinds: the tables that the API server is asked about as well, and old versions."""

from __future__ import annotations

import copy
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import gochecks
from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema import documents
from kubernator.schema.builtin import kinds
from kubernator.schema.builtin.field import Field
from kubernator.schema.fault import api_path
from refusals import Row, access, admission, changed, data, network, rows, scaling
from refusals.bases import BASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.resource import Manifest

TABLES = (network, data, access, scaling, admission)
WRONG = [row for table in TABLES for row in rows(table.WRONG)]
ODD = [row for table in TABLES for row in rows(table.ODD)]


def found(manifest: Manifest, minor: int | None = None) -> dict[str, str]:
    """Return what is wrong with an object, by place."""
    schemas = documents.bundled(minor)
    gvk = GroupVersionKind.of(manifest["apiVersion"], manifest["kind"])
    faults = gochecks.found(manifest, gvk, schemas.root(gvk), schemas.minor)
    return {api_path(fault.path, manifest): fault.message for fault in faults if fault.severity is Severity.ERROR}


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row.name)
def test_a_mistake_is_found_where_it_is(row: Row) -> None:
    """Each mistake of the tables is said at its place."""
    assert row.place in found(row.manifest)


@pytest.mark.parametrize("row", ODD, ids=lambda row: row.name)
def test_nothing_is_found_in_what_only_looks_odd(row: Row) -> None:
    """Objects that the server takes have no fault."""
    assert found(row.manifest) == {}


@pytest.mark.parametrize(
    ("base", "changes", "since"),
    [
        ("service", {"spec.externalIPs": ["010.1.2.3"]}, 36),
        ("service", {"spec.externalIPs": ["::ffff:1.2.3.4"]}, 36),
        ("net-policy", {"spec.ingress.0.from.0.ipBlock.cidr": "10.0.0.1/8"}, 36),
        ("net-policy", {"spec.ingress.0.from.0.ipBlock.cidr": "010.0.0.0/8"}, 36),
        ("device-slice", {"spec.devices.0.taints": [{"key": "a", "effect": "Never"}]}, 36),
        ("device-class", {"spec.extendedResourceName": "cpu"}, 36),
    ],
)
def test_old_versions_take_what_newer_ones_refuse(base: str, changes: Mapping[Any, Any], since: int) -> None:
    """Nothing is said for a version that took it, and something for those that do not."""
    manifest = changed(base, changes)
    assert found(manifest, since - 1) == {}
    assert found(manifest, since)


def test_names_of_services_may_begin_with_digits_since_36() -> None:
    """An Ingress may name a Service as it may be called."""
    path = "spec.rules.0.http.paths.0.backend.service.name"
    assert found(changed("ingress", {path: "1abc"}), 35) != {}
    assert found(changed("ingress", {path: "1abc"}), 36) == {}


def test_a_port_of_nodes_out_of_the_usual_range_is_warned_of() -> None:
    """Since servers can be started with other ranges, it is no error."""
    manifest = changed("node-port", {"spec.ports.0.nodePort": 8080})
    gvk = GroupVersionKind("", "v1", "Service")
    (fault,) = kinds.check(manifest, gvk)
    assert (fault.severity, api_path(fault.path)) == (Severity.WARNING, "spec.ports[0].nodePort")


def test_values_are_not_shown() -> None:
    """What is wrong with a Secret is said without what is in it."""
    manifest = changed("docker", {("stringData", ".dockerconfigjson"): "{hidden"})
    assert "hidden" not in str(found(manifest))


def _any_value(random: Random, depth: int = 0) -> Any:
    simple = [None, True, 0, -1, 1.5, "", "a", "é b", "\ud800", 10**30]
    if depth > 1 or random.random() < 0.6:
        return random.choice(simple)
    if random.random() < 0.5:
        return [_any_value(random, depth + 1) for _ in range(2)]
    return {random.choice(("name", "a", "")): _any_value(random, depth + 1)}


def _spoilt(value: Any, random: Random) -> Any:
    """Return a value with other values of any type anywhere in it."""
    if random.random() < 0.15:
        return _any_value(random)
    if isinstance(value, dict):
        return {key: _spoilt(each, random) for key, each in value.items()}
    if isinstance(value, list):
        return [_spoilt(each, random) for each in value]
    return value


@pytest.mark.parametrize("base", BASES)
def test_values_of_any_type_do_no_harm(base: str) -> None:
    """Whatever stands where, rules only add faults."""
    random = Random(base)  # noqa: S311 - the same every time
    shapes = [row.manifest for row in (*WRONG, *ODD) if row.name.partition(":")[0] == base]
    for shape in shapes * 5:
        manifest = {key: _spoilt(each, random) for key, each in copy.deepcopy(shape).items()}
        manifest |= {"apiVersion": shape["apiVersion"], "kind": shape["kind"]}
        gvk = GroupVersionKind.of(shape["apiVersion"], shape["kind"])
        kinds.check(manifest, gvk)


def test_a_field_that_is_not_there_reads_as_nothing() -> None:
    """Rules can ask for fields of fields that are absent or of another type."""
    field = Field({"a": [1]})["a"]["b"]["c"]
    assert (field.text, field.number, bool(field), field.size, list(field.items())) == ("", None, False, 0, [])
