"""The client-side merge instructions: ``$patch`` and ``$deleteFromPrimitiveList/<field>``.

Apply cannot take away what others own; these say what is to go all the same. They are taken out of a manifest before
anything is sent, and applied to the object the server makes of the rest. Both steps are pure.

==========================================  ============================================================
``$patch: replace`` in a map                the merged map becomes exactly the manifest's
an item ``{$patch: replace}`` of a list     the merged list becomes exactly the manifest's
``$patch: delete`` in a map                 the merged field goes
``$patch: delete`` in an item of a list     items that equal all the item's other keys go
``$deleteFromPrimitiveList/<field>: […]``   these values go from the sibling list ``<field>``
==========================================  ============================================================
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator

    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["WORDS", "Instructions", "apply", "apply_merge_instructions", "extract", "extract_merge_instructions"]

#: Path of the map or list an instruction stood in, in the manifest without instructions -> as written.
Instructions = tuple[tuple["Path", Any], ...]

_PATCH: Final = "$patch"
_FROM_LIST: Final = "$deleteFromPrimitiveList/"
_ABSENT: Final = object()

#: A manifest in whose text none of these occurs has no instructions.
WORDS: Final = (_PATCH.encode(), _FROM_LIST.encode())

#: By which keys items of a list are told apart, where there is no better sign (the merge keys of the core API).
_ITEM_KEYS: Final = (
    "name",
    "key",
    "containerPort",
    "port",
    "mountPath",
    "devicePath",
    "ip",
    "uid",
    "type",
    "topologyKey",
)


def extract(manifest: Manifest) -> tuple[Manifest, Instructions]:
    """Return a copy of a manifest without its instructions, and the instructions.

    A map or list in which nothing but deletions stood is left out, so that it is not applied as empty. Raise
    `ProjectError` naming the path of an instruction that means nothing.
    """
    found: list[tuple[Path, Any]] = []
    rest = _take(manifest, (), found)
    return (rest if isinstance(rest, dict) else {}), tuple(found)


def apply(
    instructions: Instructions, merged: Manifest, *, manifest: Manifest, note: Callable[[str], object] | None = None
) -> Manifest:
    """Return a copy of the merged object with the instructions carried out.

    ``manifest`` is what `extract` left. What an instruction names and the object has not is nothing to do; ``note`` is
    told. Carried out twice the result is the same.
    """
    result = copy.deepcopy(merged)
    tell = note or _ignore
    for path, instruction in sorted(instructions, key=lambda found: len(found[0])):  # a replaced map before its parts
        _carry_out(path, instruction, result, manifest, tell)
    return result


def extract_merge_instructions(manifest: Manifest, resource: object) -> tuple[Instructions, Manifest]:
    """Return the instructions of a manifest, and a copy without them; the reference's name.

    Raise `ValueError` for an instruction that means nothing.
    """
    try:
        rest, instructions = extract(manifest)
    except errors.ProjectError as error:
        raise ValueError(f"{error} in {resource}") from error
    return instructions, rest


def apply_merge_instructions(
    instructions: Instructions, source: Manifest, target: Manifest, logger: logging.Logger, resource: object
) -> None:
    """Carry out the instructions of ``source`` on ``target``, in place; the reference's name."""
    result = apply(instructions, target, manifest=source, note=lambda words: logger.warning("%s: %s", resource, words))
    target.clear()
    target.update(result)


def _ignore(_: str) -> None:
    """Nobody asked to be told."""


def _take(value: Any, path: Path, found: list[tuple[Path, Any]]) -> Any:
    """Return a copy without instructions, or `_ABSENT` where nothing is left of something."""
    if isinstance(value, dict):
        return _take_map(value, path, found)
    if isinstance(value, list):
        return _take_list(value, path, found)
    return value


def _removals(key: str, values: Any, path: Path) -> dict[str, Any]:
    if not isinstance(values, list):
        raise _error(f"`{key}` is not a list", path, hint="list the values that are to go")
    return {key: copy.deepcopy(values)}


def _take_map(value: dict[str, Any], path: Path, found: list[tuple[Path, Any]]) -> Any:
    verb = _verb(value, path)
    if verb == "delete":
        if not path:
            raise _error("`$patch: delete` on the object itself", path, hint="delete a field of it")
        found.append((path, {_PATCH: "delete"}))
        return _ABSENT
    if verb == "replace":
        if not path:
            raise _error("`$patch: replace` on the object itself", path, hint="put it into a field such as `spec`")
        found.append((path, {_PATCH: "replace"}))
    rest: dict[str, Any] = {}
    for key, item in value.items():
        if key.startswith(_FROM_LIST):
            found.append((path, _removals(key, item, path)))
        elif not isinstance(item, dict | list):  # most of a manifest, and the instruction itself
            rest[key] = item
        elif (left := _take(item, (*path, key), found)) is not _ABSENT:
            rest[key] = left
    rest.pop(_PATCH, None)
    emptied = bool(value) and not rest and verb != "replace" and bool(path)
    return _ABSENT if emptied else rest


def _take_list(value: list[Any], path: Path, found: list[tuple[Path, Any]]) -> Any:
    rest: list[Any] = []
    replaced = False
    for item in value:
        verb = _verb(item, path) if isinstance(item, dict) else None
        if verb == "replace" and len(item) == 1:
            found.append((path, {_PATCH: "replace"}))
            replaced = True
            continue
        if verb == "delete":
            if len(item) == 1:
                raise _error("`$patch: delete` in a list without saying which item", path, hint="add its keys")
            found.append((path, copy.deepcopy(item)))
            continue
        left = _take(item, (*path, len(rest)), found)
        if left is _ABSENT:
            raise _error("a merge instruction in an item with nothing else", path, hint="add the item's name or key")
        rest.append(left)
    return _ABSENT if value and not rest and not replaced else rest


def _verb(value: dict[str, Any], path: Path) -> str | None:
    if _PATCH not in value:
        return None
    verb = value[_PATCH]
    if verb not in ("replace", "delete"):
        shown = f"`{verb}`" if isinstance(verb, str) else f"a `{type(verb).__name__}`"
        raise _error(f"`$patch` is {shown}", path, hint="it is `replace` or `delete`")
    return str(verb)


def _error(message: str, path: Path, *, hint: str) -> errors.ProjectError:
    return errors.ProjectError(f"{message}, in `{_written(path)}`", hint=hint)


def _written(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "."


def _carry_out(path: Path, instruction: Any, result: Any, manifest: Manifest, tell: Callable[[str], object]) -> None:
    parts = tuple(_translated(path, result, manifest))
    if len(parts) < len(path):
        tell(f"nothing to do for a merge instruction: there is no `{_written(path)}`")
        return
    holder = _at(result, parts[:-1])
    target = _at(result, parts)
    if target is _ABSENT and instruction != {_PATCH: "replace"}:
        tell(f"nothing to do for a merge instruction: there is no `{_written(path)}`")
        return
    match instruction:
        case {"$patch": "replace"}:
            wanted = _at(manifest, path)
            holder[parts[-1]] = copy.deepcopy(wanted) if wanted is not _ABSENT else {}
        case {"$patch": "delete"} if len(instruction) == 1:
            del holder[parts[-1]]
        case {"$patch": "delete"}:
            _delete_items(target, {key: value for key, value in instruction.items() if key != _PATCH}, path, tell)
        case _:
            _delete_values(target, instruction, path, tell)


def _delete_items(target: Any, keys: dict[str, Any], path: Path, tell: Callable[[str], object]) -> None:
    if not isinstance(target, list):
        tell(f"nothing to do for a merge instruction: `{_written(path)}` is no list")
        return
    kept = [item for item in target if not (isinstance(item, dict) and _equals(item, keys))]
    if len(kept) == len(target):
        tell(f"no item of `{_written(path)}` equals what a merge instruction deletes")
    target[:] = kept


def _equals(item: dict[str, Any], keys: dict[str, Any]) -> bool:
    return all(key in item and _same(item[key], value) for key, value in keys.items())


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _delete_values(target: Any, instruction: dict[str, Any], path: Path, tell: Callable[[str], object]) -> None:
    for key, values in instruction.items():
        field = key.removeprefix(_FROM_LIST)
        present = target.get(field) if isinstance(target, dict) else None
        if not isinstance(present, list):
            tell(f"nothing to delete: there is no list `{_written((*path, field))}`")
            continue
        missing = sum(1 for value in values if not any(_same(value, item) for item in present))
        if missing:
            tell(f"{missing} of {len(values)} values to delete are not in `{_written((*path, field))}`")
        present[:] = [item for item in present if not any(_same(value, item) for value in values)]


def _at(value: Any, path: Iterable[str | int]) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def _translated(path: Path, result: Any, manifest: Any) -> Iterator[str | int]:
    """Yield the parts of a path of the manifest as they are in the merged object.

    Positions differ, since others put items of their own in between. Ends early where an item has no counterpart or a
    map or list on the way is missing; the last part may be a key that is not there yet.
    """
    for depth, part in enumerate(path):
        written = _at(manifest, (part,))
        if isinstance(part, int):
            position = _counterpart(written, part, result)
            if position is None:
                return
            yield position
            result = result[position]
        else:
            if not isinstance(result, dict) or (part not in result and depth < len(path) - 1):
                return
            yield part
            result = result.get(part)
        manifest = written


def _counterpart(item: Any, position: int, merged: Any) -> int | None:
    """Return where an item of a list of the manifest is in the merged list."""
    if not isinstance(merged, list):
        return None
    if not isinstance(item, dict):
        return position if position < len(merged) else None
    plain = {key: value for key, value in item.items() if not isinstance(value, dict | list)}
    keys = {key: plain[key] for key in _ITEM_KEYS if key in plain}
    for signs in (plain, keys):
        fits = [at for at, other in enumerate(merged) if signs and isinstance(other, dict) and _equals(other, signs)]
        if position in fits or len(fits) == 1:
            return position if position in fits else fits[0]
    return None
