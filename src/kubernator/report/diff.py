"""What a change does to the fields of an object, a line each, for people."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from kubernator.report import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.change import Change, PatchOp
    from kubernator.redaction import Secrets

__all__ = ["field_path", "fields"]

WIDTH: Final = 120
CONTEXT: Final = 1

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def fields(change: Change, secrets: Secrets) -> Iterator[str]:
    """Return the changed fields: ``spec.replicas: 2 → 5``, ``+ metadata.labels.tier: "web"``, ``- spec.paused: true``.

    A text of several lines is shown as the lines that differ.
    """
    for op in change.patch:
        path = field_path(op.path, change.live or change.predicted or {})
        new, old = shown.operation(change, op, secrets)
        yield from _lines(op, path, new, old)


def field_path(pointer: str, manifest: Any) -> str:
    """Return a JSON pointer as people read it, items of lists by their name: ``spec.containers[nginx].image``."""
    text = ""
    at = manifest
    for part in shown.path_of(pointer):
        if isinstance(at, list):
            at = at[int(part)] if part.isdigit() and int(part) < len(at) else None
            name = at.get("name") if isinstance(at, dict) else None
            text += f"[{name if isinstance(name, str) else part}]"
            continue
        at = at.get(part) if isinstance(at, dict) else None
        dot = "." if text else ""
        text += f"{dot}{part}" if _PLAIN.match(part) else f"[{json.dumps(part, ensure_ascii=False)}]"
    return text or "the whole object"


def _lines(op: PatchOp, path: str, new: Any, old: Any) -> Iterator[str]:
    match op.op:
        case "add":
            yield f"+ {path}: {_short(new)}"
        case "remove":
            yield f"- {path}" if old is None else f"- {path}: {_short(old)}"
        case _ if isinstance(new, str) and isinstance(old, str) and "\n" in new + old:
            yield f"~ {path}:"
            import difflib  # noqa: PLC0415 - only for texts of several lines

            compared = difflib.unified_diff(old.splitlines(), new.splitlines(), n=CONTEXT, lineterm="")
            yield from (f"    {line}" for line in compared if not line.startswith(("---", "+++")))
        case _:
            before = "" if old is None else f"{_short(old)} → "
            yield f"~ {path}: {before}{_short(new)}"


def _short(value: Any) -> str:
    """Return a value, already redacted, on one line of bounded length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
