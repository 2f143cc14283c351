"""What others do to an object between two applies, drawn at random and the same for both twins."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import twins

from kubernator.errors import ApiError
from kubernator.planning import diff

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from kubernator.cluster.api import Cluster, Kind

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
APPLY = "apply"
CREATE = "create"
RECREATE = "recreate"

_NOT_TOUCHED = frozenset(
    {"managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "name", "namespace", "finalizers"}
)
#: What goes when a controller says so, for one twin maybe sooner; and Endpoints: when some go that no Service has, a
#: controller deletes what has their name by then.
_GO_LATER = frozenset({"CustomResourceDefinition", "Endpoints", "Namespace", "Pod"})


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One write by somebody else. ``body`` is JSON, so that names can be put for names."""

    what: str
    how: str
    body: str
    manager: str
    subresource: str = ""

    def carry_out(self, cluster: Cluster, kind: Kind, *, namespace: str, name: str, token: tuple[str, str]) -> bool:
        """Write it to one twin; False where the server refuses."""
        body = json.loads(self.body.replace(*token))
        where = {"namespace": namespace, "name": name}
        try:
            match self.how:
                case "apply":
                    cluster.apply(kind, body, manager=self.manager, force=True)
                case "create" | "recreate":
                    if self.how == RECREATE:
                        cluster.delete(kind, **where, propagation="Background")
                    cluster.create(kind, body, manager=self.manager, field_validation="Ignore")
                case _:
                    cluster.patch(
                        kind,
                        **where,
                        body=body,
                        content_type=self.how,
                        manager=self.manager,
                        subresource=self.subresource,
                    )
        except ApiError:
            return False
        return True


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Return the place of everything that may be touched, maps and lists as well."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        if len(path) > 1 or step not in _NOT_TOUCHED:
            yield from paths(item, (*path, step))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """Return what stands there."""
    for step in path:
        value = value[step]
    return value


def another(value: Any, random: Random) -> Any:
    """Return a value like this one that is another."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + random.choice([1, 2, -1])
        case str():
            return random.choice([f"{value}x", "other", "", "5", "Never", "Local"])
        case list() if value:
            return random.choice(
                [value[1:], [*value, _renamed(value[0])], list(reversed(value)), [_renamed(value[0]), *value]]
            )
        case dict() if value:
            return {key: item for key, item in value.items() if key != random.choice(sorted(value))}
        case _:
            return random.choice([None, "x", {}, {"x": "y"}, [], [{"name": "x"}]])


def _renamed(item: Any) -> Any:
    if not isinstance(item, dict):
        return another(item, random=_FIRST)
    renamed = copy.deepcopy(item)
    for key in ("name", "containerPort", "port", "key", "ip", "mountPath", "type", "kind"):
        if isinstance(renamed.get(key), str | int):
            renamed[key] = f"{renamed[key]}2" if isinstance(renamed[key], str) else renamed[key] + 1
            break
    return renamed


class _First:
    """Chooses the first of all."""

    def choice(self, options: list[Any]) -> Any:
        return options[0]


_FIRST: Any = _First()


def draw(live: dict[str, Any], manifest: dict[str, Any], kind: Kind, random: Random) -> Edit:
    """Return an edit of an object that is there."""
    makers = [_update, _update, _update, _ours, _applied, _applied, _label, _status, _recreated, _cleared]
    if "scale" in kind.subresources:
        makers += [_scaled, _scaled]
    if kind.gvk.kind in _GO_LATER or live["metadata"].get("finalizers"):
        makers.remove(_recreated)
    return random.choice(makers)(live, manifest, random)


def _some_path(live: dict[str, Any], random: Random) -> tuple[str | int, ...]:
    touched = {key: value for key, value in live.items() if key not in {"apiVersion", "kind", "status"}}
    touched["metadata"] = {key: value for key, value in live["metadata"].items() if key in {"labels", "annotations"}}
    return random.choice([*(path for path in paths(touched) if path != ("metadata",)), ("metadata", "labels")])


def _update(live: dict[str, Any], manifest: dict[str, Any], random: Random, manager: str = "kubectl-edit") -> Edit:
    path = _some_path(live, random)
    place = diff.pointer(path)
    if path[-1] == "labels":
        op = {"op": "add", "path": place, "value": {"only": "this"}}
    elif random.random() < 0.25 or not twins.MADE_UP.isdisjoint(path):
        op = {"op": "remove", "path": place}
    else:
        op = {"op": "replace", "path": place, "value": twins.not_made_up(another(at(live, path), random))}
    return Edit(what=f"{manager} {op}", how=JSON_PATCH, body=json.dumps([op]), manager=manager)


def _ours(live: dict[str, Any], manifest: dict[str, Any], random: Random) -> Edit:
    return _update(live, manifest, random, manager="kubernator")


def _applied(live: dict[str, Any], manifest: dict[str, Any], random: Random) -> Edit:
    """Apply some of what the manifest says as somebody else, with the same or with another value."""
    body = {key: manifest[key] for key in ("apiVersion", "kind")}
    body["metadata"] = {key: manifest["metadata"][key] for key in ("name", "namespace") if key in manifest["metadata"]}
    rest = {key: value for key, value in manifest.items() if key not in {"apiVersion", "kind", "metadata", "status"}}
    rest |= {key: value for key, value in manifest["metadata"].items() if key in {"labels", "annotations"}}
    same = random.random() < 0.5
    if rest:
        top = random.choice(sorted(rest))
        value = copy.deepcopy(rest[top])
        if isinstance(value, dict) and value:
            value = {key: value[key] for key in random.sample(sorted(value), random.randint(1, len(value)))}
        inner = list(paths(value))
        if not same and inner:
            path = random.choice(inner)
            at(value, path[:-1])[path[-1]] = another(at(value, path), random)
        (body["metadata"] if top in {"labels", "annotations"} else body)[top] = value
    return Edit(what=f"other applies {body}", how=APPLY, body=json.dumps(body), manager="other")


def _label(live: dict[str, Any], manifest: dict[str, Any], random: Random) -> Edit:
    where = random.choice(["labels", "annotations"])
    ours = sorted(manifest["metadata"].get(where) or {"x": 1})
    body = {"metadata": {where: {random.choice(["new.example.com/x", *ours]): random.choice(["a", "", None])}}}
    return Edit(what=f"labelled {body}", how=MERGE_PATCH, body=json.dumps(body), manager="kubectl-label")


def _status(live: dict[str, Any], manifest: dict[str, Any], random: Random) -> Edit:
    body = {"status": {"observedGeneration": 1, "made": "up"}}
    return Edit(what="status", how=MERGE_PATCH, body=json.dumps(body), manager="controller", subresource="status")


def _scaled(live: dict[str, Any], manifest: dict[str, Any], random: Random) -> Edit:
    body = {"spec": {"replicas": random.choice([0, 2, 4])}}
    return Edit(what=f"scaled {body}", how=MERGE_PATCH, body=json.dumps(body), manager="kubectl", subresource="scale")


def _recreated(live: dict[str, Any], manifest: dict[str, Any], random: Random) -> Edit:
    return Edit(what="recreated", how=RECREATE, body=json.dumps(manifest), manager="kubectl-create")


def _cleared(live: dict[str, Any], manifest: dict[str, Any], random: Random) -> Edit:
    op = {"op": "replace", "path": "/metadata/managedFields", "value": [{}]}
    return Edit(what="cleared", how=JSON_PATCH, body=json.dumps([op]), manager="kubectl-edit")


def birth(manifest: dict[str, Any], manager: str) -> Edit:
    """Return the creation of an object by another tool; kubectl and Helm are known by the names they write under."""
    body = copy.deepcopy(manifest)
    if manager == "kubectl-client-side-apply":
        annotations = body["metadata"].setdefault("annotations", {})
        annotations[twins.LAST_APPLIED] = json.dumps(manifest, separators=(",", ":")) + "\n"
    return Edit(what=f"born by {manager}", how=CREATE, body=json.dumps(body), manager=manager)
