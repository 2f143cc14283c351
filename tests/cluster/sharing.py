"""Objects that several managers write, for the suites about conflicts, take-overs and replacements."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from test_engine import Engine, live, resource

from kubernator.model.resource import ConflictRule, ResourcePolicy
from kubernator.planning import conflicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubernator.model.change import Change
    from kubernator.model.resource import Resource
    from kubernator.testing.fixtures import Kubectl

Manifest = dict[str, Any]


def engines_of(kubeconfig: Path) -> Iterator[Callable[..., Engine]]:
    """Hand out engines, each a run of its own, and close them."""
    made: list[Engine] = []

    def make(**options: Any) -> Engine:
        made.append(Engine(kubeconfig))
        made[-1].planned_by(**options)
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def ruled(manifest: Manifest, *rules: str, **policy: Any) -> Resource:
    """Return a resource with rules as an annotation would say them."""
    parsed: tuple[ConflictRule, ...] = conflicts.parse("\n".join(rules), place="the test") if rules else ()
    return resource(manifest, policy=ResourcePolicy(conflicts=parsed, **policy))


def applied_by(kubectl: Kubectl, manager: str, manifest: Manifest, *, force: bool = False) -> None:
    """Apply as another manager does, server-side."""
    forced = ("--force-conflicts",) if force else ()
    kubectl("apply", "--server-side", f"--field-manager={manager}", *forced, "-f", "-", stdin=json.dumps(manifest))


def patched_by(kubectl: Kubectl, manager: str, manifest: Manifest, patch: Any, *, kind: str = "merge") -> None:
    """Change an object as a controller or a person does, without an apply."""
    group = manifest["apiVersion"].rpartition("/")[0]
    name = f"{manifest['kind']}.{group}" if group else manifest["kind"]
    where = ("-n", manifest["metadata"].get("namespace", ""))
    body = json.dumps(patch)
    kubectl(
        "patch", name, manifest["metadata"]["name"], *where, f"--field-manager={manager}", f"--type={kind}", "-p", body
    )


def owners(kubectl: Kubectl, manifest: Manifest) -> dict[str, dict[str, Any]]:
    """Return the fields of each manager of an object, without those of its sub-resources."""
    found = live(kubectl, manifest)
    assert found is not None
    return {
        entry["manager"]: entry["fieldsV1"]
        for entry in found["metadata"].get("managedFields", [])
        if not entry.get("subresource")
    }


def twice(make: Callable[..., Engine], wanted: Resource, **options: Any) -> Change:
    """Apply, return what was done, and see that a second run sends nothing but a look."""
    engine = make(**options)
    report = engine.apply([wanted])
    assert not report.failed, report.failed[0].error or report.failed[0].change
    again = make(**options)
    plan = again.plan([wanted])
    (change,) = plan.changes
    assert change.kind == "unchanged", (change.kind, change.reason, change.patch)
    assert again.requests() == {"discovery": 2, "get": 1}
    return report.outcomes[0].change
