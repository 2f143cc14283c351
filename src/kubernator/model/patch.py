"""JSON Patch as data: pointers, and operations carried out on a copy. Pure.

Source: RFC 6902, and RFC 6901 for pointers.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from kubernator.model.change import PatchOp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.model.sourcemap import Path

__all__ = ["carry", "inverse", "path_of", "pointer"]


def pointer(path: Path) -> str:
    """Write a path as a JSON pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def path_of(text: str) -> tuple[str, ...]:
    """Split a JSON pointer into its parts."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def carry(value: Any, ops: Sequence[PatchOp]) -> Any:
    """Return a copy of a value with the operations carried out; one that has nothing to act on is passed over."""
    result = copy.deepcopy(value)
    for op in ops:
        steps = path_of(op.path)
        if not steps:
            result = copy.deepcopy(op.value)
            continue
        holder = result
        for step in steps[:-1]:
            holder = _step(holder, step)
        _carry_out(holder, steps[-1], op)
    return result


def inverse(ops: Sequence[PatchOp]) -> tuple[PatchOp, ...]:
    """Return the operations that undo these, which have to know what stood there before."""
    words = {"add": "remove", "remove": "add"}
    return tuple(PatchOp(op=words.get(op.op, op.op), path=op.path, value=op.old, old=op.value) for op in reversed(ops))


def _step(holder: Any, step: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(step)
    if isinstance(holder, list) and step.isdigit() and int(step) < len(holder):
        return holder[int(step)]
    return None


def _carry_out(holder: Any, last: str, op: PatchOp) -> None:
    if isinstance(holder, dict):
        if op.op == "remove":
            holder.pop(last, None)
        else:
            holder[last] = copy.deepcopy(op.value)
    elif isinstance(holder, list) and (last == "-" or last.isdigit()):
        at = len(holder) if last == "-" else int(last)
        if op.op == "add":
            holder.insert(at, copy.deepcopy(op.value))
        elif at < len(holder) and op.op == "remove":
            del holder[at]
        elif at < len(holder):
            holder[at] = copy.deepcopy(op.value)
