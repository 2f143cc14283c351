"""Two copies of everything: one written by us, one by kubectl, and what the server says of either."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Self

from kubernator.apply.runner import Runner
from kubernator.cluster.connect import connect
from kubernator.errors import ApiError
from kubernator.model.diagnostics import Diagnostics
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource, ResourcePolicy
from kubernator.planning import canonical, managed
from kubernator.planning.planner import Planner
from kubernator.redaction import Secrets
from kubernator.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.outcome import ApplyReport
    from kubernator.model.plan import Plan

MANAGER = "kubernator"
#: Stands for whatever tells the twins apart.
TWIN = "TWIN"
#: Where kubectl's client-side apply remembers what it was given.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
#: kubectl knows neither replacements nor warnings that stop.
POLICY = ResourcePolicy(immutable_changes={}, field_validation="Strict", warnings_are_fatal=False)
#: Who writes by itself, at times of its own.
CONTROLLERS = frozenset(
    {
        "kube-controller-manager",
        "kube-scheduler",
        "kwok",
        "kube-apiserver",
        "api-priority-and-fairness-config-consumer-v1",
    }
)

_OF_THE_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "ownerReferences", "selfLink")
#: What the server or a controller makes up for each object anew.
MADE_UP = frozenset(
    {
        "clusterIP",
        "clusterIPs",
        "nodePort",
        "healthCheckNodePort",
        "controller-uid",
        "batch.kubernetes.io/controller-uid",
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
        "autoscaling.alpha.kubernetes.io/conditions",
        "claimRef",
    }
)
#: The volume that an admission plugin adds to a Pod; it is named in managedFields too.
_TOKEN_VOLUME = re.compile(r"kube-api-access-\w+")


@dataclass
class Ordered:
    """A phase as the pipeline makes it."""

    name: str
    resources: Sequence[Resource]
    wait: bool = False
    dependencies: tuple[Any, ...] = ()


@dataclass
class Engine:
    """A run of ours on a cluster of its own, so that requests are counted from nothing."""

    kubeconfig: Path
    force: bool = False
    diagnostics: Diagnostics = field(default_factory=Diagnostics)

    def __enter__(self) -> Self:
        self.cluster = connect(kubeconfig=self.kubeconfig, secrets=Secrets(), user_agent="kubernator-test")
        self.workers = Workers()
        self.planner = Planner(
            self.cluster, self.workers, diagnostics=self.diagnostics, manager=MANAGER, force_conflicts=self.force
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.workers.close()
        self.cluster.close()

    def plan(self, manifests: Iterable[dict[str, Any]]) -> Plan:
        """Plan manifests as one phase."""
        return self.planner.plan([Ordered("all", [resource(found) for found in manifests])])

    def carry_out(self, plan: Plan) -> ApplyReport:
        """Write what can be written, whatever else is refused."""
        runner = Runner(
            self.cluster, self.workers, self.planner.replan, lambda event: None, threading.Event(), keep_going=True
        )
        return runner.run(plan)

    def sent(self) -> dict[str, int]:
        """Return the requests by verb that were more than a look."""
        return {
            verb: count
            for verb, count in self.cluster.requests.items()
            if count and verb not in {"get", "list", "discovery", "version"}
        }


def resource(manifest: dict[str, Any]) -> Resource:
    """Return a manifest as the pipeline hands it on."""
    return Resource(
        manifest=manifest,
        ref=ResourceRef.of(manifest),
        gvk=gvk(manifest),
        origin=Origin(path=PurePath("twins.yaml"), line=1),
        policy=POLICY,
    )


def gvk(manifest: dict[str, Any]) -> GroupVersionKind:
    """Return the kind of a manifest."""
    return GroupVersionKind.of(manifest["apiVersion"], manifest["kind"])


def kind_of(cluster: Cluster, manifest: dict[str, Any]) -> Kind:
    """Return what the server knows of the kind of a manifest."""
    found = cluster.kinds().get(gvk(manifest))
    assert found is not None, gvk(manifest)
    return found


def get(cluster: Cluster, manifest: dict[str, Any]) -> dict[str, Any] | None:
    """Return the live object of a manifest."""
    metadata = manifest["metadata"]
    return cluster.get(kind_of(cluster, manifest), namespace=metadata.get("namespace", ""), name=metadata["name"])


def neutral(live: dict[str, Any] | None, token: str) -> Any:
    """Return an object without what makes it one of two: names, times, what the server and controllers made up."""
    if live is None:
        return None
    found = _neutral(json.loads(_TOKEN_VOLUME.sub("made up", json.dumps(live).replace(token, TWIN))))
    metadata = found["metadata"]
    for name in _OF_THE_SERVER:
        metadata.pop(name, None)
    found.pop("status", None)
    metadata["managedFields"] = sorted(
        (
            {key: value for key, value in entry.items() if key != "time"}
            for entry in metadata.get("managedFields") or []
            if entry["manager"] not in CONTROLLERS
        ),
        key=lambda entry: json.dumps(entry, sort_keys=True),
    )
    return found


def _neutral(value: Any) -> Any:
    match value:
        case dict():
            return {key: "made up" if key in MADE_UP else _neutral(item) for key, item in value.items()}
        case list():
            return [_neutral(item) for item in value]
        case _:
            return value


def not_made_up(value: Any) -> Any:
    """Return a value without what the server made up for one twin, which the other cannot have."""
    match value:
        case dict():
            return {key: not_made_up(item) for key, item in value.items() if key not in MADE_UP}
        case list():
            return [not_made_up(item) for item in value]
        case _:
            return value


@dataclass(frozen=True)
class Verdict:
    """What we say by ourselves about an apply, and what the server says.

    ``local`` is why it is not proven to change nothing, or empty. ``changes`` are the paths that differ after a dry run
    of the server, our ownership among them; None where it refuses.
    """

    local: str
    changes: tuple[str, ...] | None
    wanted: dict[str, Any]
    live: dict[str, Any]

    @property
    def wrong(self) -> bool:
        """Whether we would have left alone what an apply changes."""
        return not self.local and self.changes is not None and bool(self.changes)

    def why(self) -> list[str]:
        """Return how what is wanted differs from what is there, at the place that could not be decided."""
        place = self.local.split(" ")[0]
        found = list(differences(self.wanted, self.live))
        return [text for text in found if text.startswith(place)] or found[:3]

    @property
    def left_open(self) -> bool:
        """Whether the server had to be asked to hear that nothing changes."""
        return bool(self.local) and self.changes == ()


def verdict(cluster: Cluster, manifest: dict[str, Any], *, manager: str = MANAGER) -> Verdict | None:
    """Compare the proof with the server's dry run; None where there is no object, or one that does not stand still."""
    kind = kind_of(cluster, manifest)
    wanted = canonical.wire(manifest, status="status" in kind.subresources)
    for _ in range(20):
        live = get(cluster, manifest)
        if live is None or live["metadata"].get("deletionTimestamp"):
            return None
        try:
            after = cluster.apply(kind, wanted, manager=manager, force=True, dry_run=True).manifest
        except ApiError:
            after = None
        again = live if after is None else get(cluster, manifest)
        if again is not None and again["metadata"]["resourceVersion"] == live["metadata"]["resourceVersion"]:
            return Verdict(
                local=managed.undecided(wanted, live, manager=manager, gvk=gvk(manifest)),
                changes=None if after is None else tuple(changed(live, after, manager)),
                wanted=wanted,
                live=live,
            )
    return None


def changed(live: dict[str, Any], after: dict[str, Any], manager: str) -> list[str]:
    """Return what an apply changes: fields, and under ``own`` what is ours."""
    before, later = ({**found, "metadata": dict(found["metadata"])} for found in (live, after))
    for found in (before, later):
        for name in ("managedFields", "resourceVersion", "generation"):
            found["metadata"].pop(name, None)
    paths = list(differences(before, later))
    one, other = managed.own_entry(live, manager) or {}, managed.own_entry(after, manager) or {}
    paths += [f"own{path}" for path in differences(one.get("fieldsV1"), other.get("fieldsV1"))]
    return [*paths, *(["own version"] if one.get("apiVersion") != other.get("apiVersion") else [])]


def differences(one: Any, other: Any, path: str = "") -> Iterable[str]:
    """Return where two values differ, each with both sides in short."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if key not in one:
                yield f"{path}.{key}: absent | {short(other[key])}"
            elif key not in other:
                yield f"{path}.{key}: {short(one[key])} | absent"
            else:
                yield from differences(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, theirs, f"{path}[{at}]")
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield f"{path}: {short(one)} | {short(other)}"


def short(value: Any) -> str:
    """Return a value in a line."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) < 160 else f"{text[:157]}..."
