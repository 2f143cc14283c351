"""What happens to an object between plan and write, at random: unrelated edits never stop a write, related ones always.

The cases come from a seed and so are the same in every run; each is told by its number.
"""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sharing import applied_by, engines_of, patched_by
from test_engine import deployment, kinds, live, resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from test_engine import Engine

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

Manifest = dict[str, Any]
CASES = 60


class Edit(NamedTuple):
    """What somebody does to the object; ``related`` when it is about what we are going to write."""

    name: str
    do: Callable[[Kubectl, Manifest], None]
    related: bool


@pytest.fixture
def engines(kubeconfig: Path) -> Iterator[Callable[..., Engine]]:
    """Hand out engines, each a run of its own."""
    yield from engines_of(kubeconfig)


@pytest.fixture(scope="module")
def ns(kubectl: Kubectl) -> Iterator[str]:
    """Return one namespace for all cases."""
    name = f"t-overtaken-{random.SystemRandom().randrange(10**8):08d}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def before(ns: str, name: str) -> Manifest:
    """Return the object as it is when the plan is made."""
    manifest = deployment(ns, name)
    del manifest["spec"]["template"]["metadata"]["annotations"]
    manifest["metadata"]["annotations"] = {"changed": "1", "dropped": "1", "kept": "1"}
    manifest["spec"]["paused"] = True
    manifest["spec"]["template"]["spec"]["containers"] = [
        {"name": "web", "image": "web:1", "args": ["one"], "env": [{"name": "A", "value": "1"}]},
        {"name": "side", "image": "side:1"},
    ]
    return manifest


def after(ns: str, name: str) -> Manifest:
    """Return the object as we want it: values that change, come and go, in maps, list maps and an atomic list."""
    manifest = before(ns, name)
    manifest["metadata"]["annotations"] = {"changed": "2", "kept": "1", "new": "1"}
    web, side = manifest["spec"]["template"]["spec"]["containers"]
    web["image"], web["args"] = "web:2", ["two"]
    web["env"].append({"name": "B", "value": "1"})
    side["image"] = "side:2"
    manifest["spec"]["minReadySeconds"] = 5
    return manifest


def annotate(**annotations: str | None) -> Callable[[Kubectl, Manifest], None]:
    return lambda kubectl, found: patched_by(kubectl, "someone", found, {"metadata": {"annotations": annotations}})


def contain(*containers: Manifest) -> Callable[[Kubectl, Manifest], None]:
    patch = {"spec": {"template": {"spec": {"containers": list(containers)}}}}
    return lambda kubectl, found: patched_by(kubectl, "someone", found, patch, kind="strategic")


def first_container(kubectl: Kubectl, found: Manifest) -> None:
    """Put a container in front of all others, so that every position changes."""
    ops = [{"op": "add", "path": "/spec/template/spec/containers/0", "value": {"name": "proxy", "image": "proxy:1"}}]
    patched_by(kubectl, "injector", found, ops, kind="json")


def status(kubectl: Kubectl, found: Manifest) -> None:
    metadata = found["metadata"]
    condition = {"type": "Seen", "status": "True", "reason": "Test", "message": "x"}
    body = json.dumps({"status": {"conditions": [condition]}})
    where = ("-n", metadata["namespace"], "--subresource=status", "--type=merge")
    kubectl("patch", "deployment", metadata["name"], *where, "-p", body)


def co_own(**annotations: str) -> Callable[[Kubectl, Manifest], None]:
    """Apply values that are there already, as a second owner."""

    def do(kubectl: Kubectl, found: Manifest) -> None:
        metadata = {key: found["metadata"][key] for key in ("name", "namespace")}
        own = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {**metadata, "annotations": annotations}}
        own["spec"] = {key: found["spec"][key] for key in ("selector", "template")}
        applied_by(kubectl, "second", own)

    return do


def delete(kubectl: Kubectl, found: Manifest) -> None:
    kubectl("delete", "deployment", found["metadata"]["name"], "-n", found["metadata"]["namespace"])


def remake(kubectl: Kubectl, found: Manifest) -> None:
    """Delete it and make the same once more, under our own name."""
    delete(kubectl, found)
    applied_by(kubectl, "kubernator", found)


UNRELATED = [
    Edit("another annotation", annotate(other="1"), related=False),
    Edit("a value that stays", annotate(kept="1"), related=False),
    Edit("another container", contain({"name": "extra", "image": "x:1"}), related=False),
    Edit("a container in front", first_container, related=False),
    Edit("another variable", contain({"name": "web", "env": [{"name": "Z", "value": "1"}]}), related=False),
    Edit("a field that nobody says", contain({"name": "side", "workingDir": "/x"}), related=False),
    Edit("a status", status, related=False),
]
RELATED = [
    Edit("a value that is replaced", annotate(changed="9"), related=True),
    Edit("a value that is replaced, as wanted", annotate(changed="2"), related=True),
    Edit("a value that is removed", annotate(dropped="9"), related=True),
    Edit("a value that is removed already", annotate(dropped=None), related=True),
    Edit("a value that is added", annotate(new="9"), related=True),
    Edit("a value that stays, changed", annotate(kept="9"), related=True),
    Edit("an image", contain({"name": "side", "image": "side:9"}), related=True),
    Edit("an atomic list", contain({"name": "web", "args": ["nine"]}), related=True),
    Edit("a variable that is added", contain({"name": "web", "env": [{"name": "B", "value": "9"}]}), related=True),
    Edit("a second owner of what is removed", co_own(dropped="1"), related=True),
    Edit("a deletion", delete, related=True),
    Edit("another object of the name", remake, related=True),
]


def case(number: int) -> tuple[list[Edit], bool]:
    """Return the edits of a case, and whether conflicts are forced; half of the cases are unrelated throughout."""
    dice = random.Random(number)  # noqa: S311 - the same cases in every run
    edits = dice.sample(UNRELATED, dice.randrange(4))
    if number % 2:
        edits.append(RELATED[number // 2 % len(RELATED)])
    dice.shuffle(edits)
    gone = {"a deletion", "another object of the name"}
    edits.sort(key=lambda edit: edit.name in gone)  # nothing can be done to what is not there
    return edits, dice.random() < 0.5


@pytest.mark.parametrize("number", range(CASES))
def test_an_edit_between_plan_and_write(engines: Any, ns: str, kubectl: Kubectl, number: int) -> None:
    """The write goes on exactly when none of the edits is about what was approved, also where conflicts are forced."""
    edits, force = case(number)
    name = f"case-{number}"
    first, wanted = before(ns, name), after(ns, name)
    assert not engines().apply([resource(first)]).failed
    engine = engines(force_conflicts=force)
    plan = engine.plan([resource(wanted)])
    for edit in edits:
        edit.do(kubectl, copy.deepcopy(first))
    untouched = live(kubectl, wanted)
    report = engine.runner().run(plan)
    told = (force, [edit.name for edit in edits], [str(found.error) for found in report.failed])
    if not any(edit.related for edit in edits):
        assert kinds(report) == {"updated": 1}, told
        return
    assert kinds(report) == {"refused": 1}, told
    now = live(kubectl, wanted)
    assert (now or {}).get("spec") == (untouched or {}).get("spec"), told
