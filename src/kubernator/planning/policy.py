"""The rules of a change: conflicts, ignored fields, fields given up, immutable fields, refusals. Pure."""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.model.change import FieldConflict
from kubernator.planning import diff, managed, wording
from kubernator.planning.canonical import ABSENT, Rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from kubernator.errors import ApiError, FieldCause
    from kubernator.model.change import PatchOp
    from kubernator.model.resource import Manifest, Resource
    from kubernator.model.sourcemap import Path
    from kubernator.planning.managed import Elements, Fields

__all__ = [
    "Ignored",
    "Settled",
    "cannot_change",
    "conflicts",
    "exists_already",
    "field_path",
    "helpers",
    "immutable",
    "is_conflict",
    "is_stale",
    "propagation",
    "refusal",
    "settle",
]

#: What the server keeps for itself and what no plan shows.
ALWAYS_IGNORED: Final = (
    "/metadata/managedFields",
    "/metadata/generation",
    "/metadata/creationTimestamp",
    "/metadata/resourceVersion",
)
_REPLICAS: Final = ("f:spec", "f:replicas")
_CONFLICT: Final = re.compile(
    r'conflict with "(?P<manager>(?:[^"\\]|\\.)*)"(?: with subresource "(?P<subresource>[^"]*)")?'
    r"(?: using (?P<version>\S+?))?(?: at (?P<time>\S+))?$"
)
#: How the server names fields that do not fit the schema: a 500 without causes, ``.spec.bogus: field not declared``.
_TYPED: Final = re.compile(
    r"(\.[^\s:]+): ((?:field not declared in schema|expected|duplicate)[^;]*?)(?= \.[^\s:]+: |$)"
)


def helpers(manager: str) -> tuple[str, str]:
    """Return the names under which we write besides the field manager: for fields given up, for merge instructions."""
    return f"{manager}-released", f"{manager}-instructions"


class Ignored:
    """Which fields are not ours: regular expressions over JSON pointers, matched from the beginning.

    A rule that matches a field holds for all below it.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = _compiled(tuple(patterns))

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def __call__(self, path: Path) -> bool:
        """Say whether a field, or one of those it stands in, is ignored."""
        if not self._patterns:
            return False
        return any(
            pattern.match(diff.pointer(path[:depth])) for depth in range(1, len(path) + 1) for pattern in self._patterns
        )

    def strip(self, ops: Sequence[PatchOp]) -> tuple[PatchOp, ...]:
        """Return the operations that remain to be shown and carried out."""
        return tuple(
            op
            for op in ops
            if not op.path.startswith(ALWAYS_IGNORED) and not any(pattern.match(op.path) for pattern in self._patterns)
        )


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


class Settled(NamedTuple):
    """What is to be applied once ignore rules had their say, and which fields of ours go to nobody in particular."""

    manifest: Manifest
    released: tuple[Elements, ...] = ()


def settle(
    wanted: Manifest,
    live: Manifest,
    *,
    own: Fields,
    others: Sequence[Fields],
    ignored: Ignored,
    scalable: bool,
    rules: Rules,
) -> Settled:
    """Take out of ``wanted`` what is not ours, and find what we own now and give up.

    Given up is what an ignore rule names and ``spec.replicas`` of a kind that can be scaled once the manifest no longer
    says it: leaving these out would reset them to their default. They keep their live value, which needs somebody else
    to own it; where nobody does, the field is in ``released``. An ignored field that is ours and as wanted stays.
    """
    if not ignored and not (scalable and managed.holds(own, _REPLICAS)):
        return Settled(manifest=wanted)
    result: Manifest | None = None
    released: list[Elements] = []
    for elements in managed.leaves(own) if ignored else (_REPLICAS,):
        place = managed.locate(live, elements)
        if place is None:
            continue
        here = managed.locate(wanted, elements)
        dropped_replicas = scalable and elements == _REPLICAS and here is None
        if not dropped_replicas and not ignored(place):
            continue
        stored = managed.lookup(live, place)
        if here is not None and rules.same(managed.lookup(wanted, here), stored, here):
            continue
        if not any(managed.intersects(fields, elements) for fields in others):
            released.append(elements)
        if here is not None:
            result = result if result is not None else copy.deepcopy(wanted)
            _discard(result, managed.locate(result, elements) or ())
    if ignored:
        result = _strip_unowned(wanted, result, live, own, ignored)
    return Settled(manifest=result if result is not None else wanted, released=tuple(released))


def _strip_unowned(
    wanted: Manifest, result: Manifest | None, live: Manifest, own: Fields, ignored: Ignored
) -> Manifest | None:
    owned = {place for elements in managed.leaves(own) if (place := managed.locate(wanted, elements)) is not None}
    for path in reversed(
        list(_scalar_paths({key: value for key, value in wanted.items() if key not in {"apiVersion", "kind"}}))
    ):
        if path in {("metadata", "name"), ("metadata", "namespace")} or not ignored(path):
            continue
        owner = _owner(owned, path)
        if owner == "leaf" or (result is not None and managed.lookup(result, path) is ABSENT):
            continue
        result = result if result is not None else copy.deepcopy(wanted)
        stored = managed.lookup(live, path)
        if owner == "whole" and stored is not ABSENT:
            holder = managed.lookup(result, path[:-1])
            holder[path[-1]] = copy.deepcopy(stored)
        elif owner == "none":
            _discard(result, path)
    return result


def _owner(owned: AbstractSet[Path], path: Path) -> str:
    """Say whether a value is a leaf of ours, part of something we own as a whole, or not ours."""
    if path in owned:
        return "leaf"
    return "whole" if any(path[:depth] in owned for depth in range(1, len(path))) else "none"


def _scalar_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    match value:
        case dict() if value:
            for key, item in value.items():
                yield from _scalar_paths(item, (*path, key))
        case list() if value:
            for at, item in enumerate(value):
                yield from _scalar_paths(item, (*path, at))
        case _:
            yield path


def _discard(manifest: Manifest, path: Path) -> None:
    """Remove what stands at a path, and the maps above that hold nothing else."""
    if not path:
        return
    holder = managed.lookup(manifest, path[:-1])
    if isinstance(holder, dict):
        holder.pop(str(path[-1]), None)
    elif isinstance(holder, list) and isinstance(path[-1], int) and path[-1] < len(holder):
        del holder[path[-1]]
    if holder == {} and len(path) > 1 and isinstance(managed.lookup(manifest, path[:-2]), dict):
        _discard(manifest, path[:-1])


def is_conflict(error: ApiError) -> bool:
    """Say whether a 409 is about fields of other managers: it holds nothing but such causes."""
    return error.status == 409 and any(cause.reason == "FieldManagerConflict" for cause in error.causes)  # noqa: PLR2004


def is_stale(error: ApiError) -> bool:
    """Say whether a write was refused because the object moved on, went, came, or is another one of the same name.

    A stale resourceVersion is a 409 without causes; another uid is a 422 on ``metadata.uid`` while an object is there
    and a 409 when none is.
    """
    if error.status == 409:  # noqa: PLR2004
        return not is_conflict(error)
    return error.status == 422 and any(cause.field == "metadata.uid" for cause in error.causes)  # noqa: PLR2004


def exists_already(error: ApiError) -> bool:
    """Say whether a create was refused for nothing but the name being taken."""
    return error.status == 409 and error.reason == "AlreadyExists"  # noqa: PLR2004


def conflicts(error: ApiError, live: Manifest) -> tuple[FieldConflict, ...]:
    """Read the causes of a field conflict; when the other manager wrote is looked up in the live object."""
    found = []
    for cause in error.causes:
        if cause.reason != "FieldManagerConflict":
            continue
        match = _CONFLICT.search(cause.message)
        manager = match["manager"].replace('\\"', '"').replace("\\\\", "\\") if match else cause.message
        operation = "Update" if match and match["version"] else "Apply"
        subresource = (match["subresource"] or "") if match else ""
        times = [
            str(entry["time"])
            for entry in managed.entries(live)
            if entry["manager"] == manager
            and entry.get("operation") == operation
            and (entry.get("subresource") or "") == subresource
            and entry.get("time")
        ]
        found.append(FieldConflict(field=cause.field, manager=manager, time=max(times, default="")))
    return tuple(found)


def immutable(causes: Sequence[FieldCause]) -> bool:
    """Say whether the server refused because a field cannot change; the reference's rule."""
    for cause in causes:
        if cause.reason == "FieldValueInvalid" and "field is immutable" in cause.message:
            return cause.field != "metadata.uid"
        if cause.reason == "FieldValueForbidden" and ("updates to" in cause.message or "pod updates" in cause.message):
            return True
    return False


def cannot_change(causes: Sequence[FieldCause]) -> bool:
    """Say whether a refusal speaks of a field that cannot change, in whatever words."""
    return immutable(causes) or any("immutable" in cause.message and cause.field != "metadata.uid" for cause in causes)


def propagation(resource: Resource) -> Any:
    """Return how the old object is deleted when an immutable field changes, or None where that is not allowed."""
    return resource.policy.immutable_changes.get((resource.ref.group, resource.ref.kind))


def field_path(field: str, manifest: Any) -> Path:
    """Read a field as the server names it, with the manifest as a guide because keys are neither quoted nor escaped.

    Understood are ``spec.containers[0].image``, ``.spec.containers[name="c"].image``, ``metadata.annotations[a.b/c]``.
    What does not exist in the manifest ends the path after one more step.
    """
    rest = field.strip()
    path: list[str | int] = []
    value = manifest
    while rest:
        step, rest = _next_step(rest.removeprefix("."), value)
        if step is None:
            break
        path.append(step)
        value = managed.lookup(value, (step,))
    return tuple(path)


def _next_step(rest: str, value: Any) -> tuple[str | int | None, str]:
    if rest.startswith("["):
        inner, _, after = rest[1:].partition("]")
        if isinstance(value, list):
            if inner.isdigit():
                return int(inner), after
            pairs = dict(re.findall(r'(\w+)="?((?:[^",\\]|\\.)*)"?', inner))
            for at, item in enumerate(value):
                if isinstance(item, dict) and pairs and all(str(item.get(key)) == text for key, text in pairs.items()):
                    return at, after
            return None, ""
        return inner, after
    if isinstance(value, dict):
        known = [key for key in value if rest == key or rest.startswith((f"{key}.", f"{key}["))]
        if known:
            longest = max(known, key=len)
            return longest, rest[len(longest) :]
    step = re.split(r"[.\[]", rest, maxsplit=1)[0]
    return (step, rest[len(step) :]) if step else (None, "")


def refusal(error: ApiError, resource: Resource) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return why the server refuses, in one line, and a labelled line for each cause with the place it was written."""
    lines: list[tuple[str, str]] = []
    for field, message in _TYPED.findall(error.title) if not error.causes else ():
        place = resource.place(field_path(field, resource.manifest))
        lines.append(("field", f"`{field}` at {place}: {wording.plain(message)}"))
    lines += [
        ("field", f"`.{'.'.join(path)}` at {resource.place(path)}: not base64; `stringData` takes plain text")
        for path in wording.not_base64(resource.manifest)
    ]
    for cause in error.causes:
        if cause.reason == "FieldManagerConflict":
            continue
        if cause.field:
            place = resource.place(field_path(cause.field, resource.manifest))
            lines.append(("field", f"`{cause.field}` at {place}: {cause.message}"))
        elif cause.message and cause.message not in error.title:
            lines.append(("cause", cause.message))
    return error.title, (*lines, *(line for line in error.detail if line not in lines))
