"""Objects last written by somebody whose place we take, and fields we hand on. Pure.

The reference wrote ``Update`` entries under our own name, kubectl's client-side apply and Helm under theirs. As long as
those entries stay, a field dropped from the manifest stays too. So on first contact they become part of our Apply
entry, by one JSON patch of managedFields; the apply that follows then takes the dropped fields away. The same patch
hands fields that we give up to the manager ``kubernator-released``, so that leaving them out does not reset them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.model.change import PatchOp
from kubernator.planning import diff, managed, policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path
    from kubernator.planning.managed import Elements, Fields

__all__ = [
    "BEFORE_FIRST_APPLY",
    "Handover",
    "dropped",
    "handover",
    "held_already",
    "owned",
    "patch_body",
    "preview_body",
    "removal_ops",
    "removals",
    "strangers",
    "taken",
]

#: What the server calls the owner of everything that was there before it kept managedFields.
BEFORE_FIRST_APPLY: Final = "before-first-apply"
#: Tools whose objects become ours at first contact. Once we have applied, what they write is a conflict like any other.
PREDECESSORS: Final = frozenset({"kubectl-client-side-apply", "helm"})
#: Helm 4 applies server-side under the same name.
_APPLIERS: Final = frozenset({"helm"})


def _always(_api_version: str) -> bool:
    return True


class Handover(NamedTuple):
    """Who owns what after the hand-over.

    ``dropped`` are fields of the live object that the next apply takes away, ``kept`` fields that are given up and keep
    their live value; ``released`` names those for people.
    """

    managed_fields: tuple[dict[str, Any], ...]
    managers: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    dropped: tuple[Elements, ...] = ()
    kept: tuple[Elements, ...] = ()


def taken(live: Manifest, manager: str, *, served: Callable[[str], bool] = _always) -> list[dict[str, Any]]:
    """Return the entries that are to become ours, all of them on the object itself.

    These are Update entries of ours and of predecessors, and what is in a version that is not ``served`` any more: the
    server drops such an entry at the next write, and then nobody can take its fields away.
    """
    own = managed.own_entry(live, manager)
    updaters = {manager, BEFORE_FIRST_APPLY} | (PREDECESSORS if own is None else frozenset())
    found = []
    for entry in managed.entries(live):
        if entry.get("subresource") or not isinstance(entry.get("fieldsV1"), dict):
            continue
        if entry is own:
            becomes = _unserved(entry, live, served)
        elif entry.get("operation") == "Update":
            becomes = entry["manager"] in updaters
        else:
            becomes = own is None and entry["manager"] in _APPLIERS
        if becomes:
            found.append(entry)
    return found


def held_already(live: Manifest, manager: str, *, served: Callable[[str], bool] = _always) -> bool:
    """Say whether all that is to become ours is ours by an apply already, and stands only beside it as an Update.

    Then nothing is to be done before something of it changes. The server makes such entries without end where it reads
    an object in another order than it was written (the metrics of a HorizontalPodAutoscaler): whoever writes, be it
    only managedFields, is noted as having changed them.
    """
    own = managed.own_entry(live, manager)
    old = taken(live, manager, served=served)
    if own is None or not old or any(entry is own or entry["manager"] != manager for entry in old):
        return False
    held = own.get("fieldsV1") or {}
    return all(managed.holds(held, leaf) for entry in old for leaf in managed.leaves(entry["fieldsV1"]))


def _unserved(entry: dict[str, Any], live: Manifest, served: Callable[[str], bool]) -> bool:
    version = str(entry.get("apiVersion"))
    return version != live.get("apiVersion") and not served(version)


def _ours(live: Manifest, manager: str, served: Callable[[str], bool]) -> list[dict[str, Any]]:
    found = taken(live, manager, served=served)
    own = managed.own_entry(live, manager)
    return found if own is None or any(own is one for one in found) else [own, *found]


def owned(live: Manifest, manager: str, *, served: Callable[[str], bool] = _always) -> tuple[Fields, list[Fields]]:
    """Return what is ours, counting what is to become ours, and what each of the others owns."""
    ours = _ours(live, manager, served)
    own: Fields = {}
    for entry in ours:
        if isinstance(entry.get("fieldsV1"), dict):
            own = managed.union(own, entry["fieldsV1"])
    others = [
        entry["fieldsV1"]
        for entry in managed.entries(live)
        if not any(entry is mine for mine in ours) and isinstance(entry.get("fieldsV1"), dict)
    ]
    return own, others


def strangers(live: Manifest, manager: str, *, served: Callable[[str], bool] = _always) -> list[dict[str, Any]]:
    """Return the entries of those who are neither us, under whatever name, nor become us."""
    ours = _ours(live, manager, served)
    names = policy.helpers(manager)
    return [
        entry
        for entry in managed.entries(live)
        if not any(entry is mine for mine in ours)
        and entry["manager"] not in names
        and isinstance(entry.get("fieldsV1"), dict)
    ]


def dropped(live: Manifest, wanted: Manifest, *, own: Fields, others: Sequence[Fields]) -> list[Elements]:
    """Return what only we own and no longer want."""
    return [
        elements
        for elements in managed.leaves(own)
        if managed.locate(wanted, elements) is None
        and not any(managed.intersects(fields, elements) for fields in others)
        and managed.locate(live, elements) is not None
    ]


def handover(
    live: Manifest,
    wanted: Manifest,
    *,
    manager: str,
    released: Sequence[Elements],
    served: Callable[[str], bool] = _always,
) -> Handover | None:
    """Return the hand-over that an object needs before it is applied, or None.

    ``released`` are fields that go to nobody in particular (`settling.settle`).
    """
    old = taken(live, manager, served=served)
    helped = [entry for entry in managed.entries(live) if entry["manager"] == policy.helpers(manager)[0]]
    if not old and not released and not helped:
        return None
    own, others = owned(live, manager, served=served)
    leavers = _leavers(wanted, own, helped)
    if not old and not released and not leavers:
        return None
    result: list[dict[str, Any]] = []
    ours: dict[str, dict[str, Any]] = {}
    mine = _ours(live, manager, served)
    for entry in managed.entries(live):
        if not any(entry is found for found in mine):
            result.append(entry)
            continue
        version, fields = str(entry.get("apiVersion")), entry.get("fieldsV1") or {}
        if _unserved(entry, live, served):
            version, fields = str(live.get("apiVersion")), _present(fields, live)
        fields = managed.subtract(fields, released)
        if version in ours:
            fields = managed.union(ours[version]["fieldsV1"], fields)
        ours[version] = {**entry, "manager": manager, "operation": "Apply", "apiVersion": version, "fieldsV1": fields}
    result.extend(entry for entry in ours.values() if entry["fieldsV1"])
    if leavers:
        result = _recalled(result, leavers, manager=manager)
    if released:
        result = _release(result, released, manager=manager, api_version=str(live.get("apiVersion")))
    remaining = managed.subtract(own, released)
    return Handover(
        managed_fields=tuple(result),
        managers=tuple(sorted({f"{entry['manager']} ({entry.get('operation')})" for entry in old})),
        released=tuple(managed.render(elements) for elements in released),
        dropped=(*(dropped(live, wanted, own=remaining, others=others) if old else ()), *leavers),
        kept=tuple(released),
    )


def _leavers(wanted: Manifest, own: Fields, helped: Sequence[dict[str, Any]]) -> tuple[Elements, ...]:
    """Return the items of lists that we drop and that would stay for fields in them that we gave up before."""
    found: dict[Elements, None] = {}
    for elements in (leaf for entry in helped for leaf in managed.leaves(entry.get("fieldsV1") or {})):
        for depth in range(1, len(elements)):
            item = elements[:depth]
            if item[-1].startswith("k:") and managed.locate(wanted, item) is None and managed.holds(own, item):
                found[item] = None
                break
    return tuple(found)


def _recalled(entries: list[dict[str, Any]], items: Sequence[Elements], *, manager: str) -> list[dict[str, Any]]:
    keeper = policy.helpers(manager)[0]
    result = []
    for entry in entries:
        if entry["manager"] != keeper:
            result.append(entry)
        elif fields := managed.subtract(entry.get("fieldsV1") or {}, items):
            result.append({**entry, "fieldsV1": fields})
    return result


def _present(fields: Fields, live: Manifest) -> Fields:
    """Return what of a tree is there: one of another version may name what this version does not have."""
    return managed.subtract(
        fields, [elements for elements in managed.leaves(fields) if managed.locate(live, elements) is None]
    )


def patch_body(managed_fields: Sequence[dict[str, Any]], resource_version: str) -> list[dict[str, Any]]:
    """Return the JSON patch of a hand-over. A stale version is a clean 409 because it is replaced, not tested."""
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": list(managed_fields)},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": resource_version},
    ]


def preview_body(found: Handover, live: Manifest, resource_version: str) -> list[dict[str, Any]]:
    """Return the hand-over together with the removals that the apply will bring, for a dry run that shows them."""
    return [
        *patch_body(found.managed_fields, resource_version),
        *diff.wire_ops(removal_ops(found, live)),
    ]


def removal_ops(found: Handover, live: Manifest) -> list[PatchOp]:
    """Return the removals that the apply after a hand-over will bring."""
    return [PatchOp(op="remove", path=diff.pointer(path)) for path in removals(found.dropped, live)]


def _release(
    entries: list[dict[str, Any]], released: Sequence[Elements], *, manager: str, api_version: str
) -> list[dict[str, Any]]:
    keeper = policy.helpers(manager)[0]
    tree: Fields = {}
    for elements in released:
        branch: Fields = {}
        for element in reversed(elements):
            branch = {element: branch}
        tree = managed.union(tree, branch)
    result = []
    for entry in entries:
        if entry["manager"] == keeper and entry.get("operation") == "Apply" and entry.get("apiVersion") == api_version:
            tree = managed.union(entry.get("fieldsV1") or {}, tree)
        else:
            result.append(entry)
    result.append(
        {
            "manager": keeper,
            "operation": "Apply",
            "apiVersion": api_version,
            "fieldsType": "FieldsV1",
            "fieldsV1": tree,
        }
    )
    return result


def removals(fields: Iterable[Elements], live: Any) -> list[Path]:
    """Return the places where fields are: what becomes empty as a whole, and the last first, so that none moves.

    Source: sigs.k8s.io/structured-merge-diff, package ``typed``: a map from which everything is removed is removed.
    """
    places = {managed.locate(live, elements) or () for elements in fields}
    found = _collapsed(live, {path for path in places if path}, ())
    return sorted(found, key=lambda path: [(isinstance(step, int), step) for step in path], reverse=True)


def _collapsed(value: Any, paths: set[Path], prefix: Path) -> set[Path]:
    if () in paths:
        return {prefix}
    below: dict[str | int, set[Path]] = {}
    for path in paths:
        below.setdefault(path[0], set()).add(path[1:])
    gone: set[Path] = set()
    for step, rest in below.items():
        gone |= _collapsed(value[step], rest, (*prefix, step))
    whole = {(*prefix, step) for step in (value if isinstance(value, dict) else range(len(value)))}
    return {prefix} if prefix and whole <= gone else gone
