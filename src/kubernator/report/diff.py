"""Changed fields in lines, for the log and for ``kubernator diff``.

::

    ~ spec.replicas: 2 → 5
    + metadata.labels.tier: "web"
    - spec.paused: true
    ~ spec.template.spec.containers[web].env[A]: moved from place 3 to 1

A text of several lines, or a long list, is shown as the lines that differ.
"""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from kubernator.report import reading
from kubernator.report.comparing import Op

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubernator.model.change import Change
    from kubernator.redaction import Secrets
    from kubernator.report.difference import FieldChange

__all__ = ["FOLD", "WIDTH", "block", "fields", "leaves", "lines", "one_line"]

#: A value that is longer, in characters, is cut or takes lines of its own.
WIDTH: Final = 120
#: Of a new or removed value that takes lines of its own so many are shown.
FOLD: Final = 20
#: Of what changes inside of a value of several lines so many are shown: more, since it is what was asked for.
FOLD_CHANGED: Final = 100
CONTEXT: Final = 1

_PLAIN: Final = re.compile(r"[A-Za-z_/][\w./:@+-]*\Z", re.ASCII)
#: What stands for a secret is no text, and so not in quotes.
_MARKER: Final = re.compile(r"<secret(?: \d+)?>\Z")
#: What YAML takes for something else than text.
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def fields(change: Change, secrets: Secrets) -> Iterator[str]:
    """Return the changed fields of a change as lines."""
    for found in reading.fields(change, secrets):
        yield from lines(found)


def lines(found: FieldChange, *, full: bool = False, note: str = "") -> Iterator[str]:
    """Return a changed field as lines; ``full`` cuts nothing, ``note`` stands at the end of the first."""
    note = f"  ({note})" if note else ""
    old, new = found.old, found.new
    match found.op:
        case Op.MOVED:
            yield f"~ {found.path}: moved from place {old} to {new}{note}"
        case Op.REMOVED:
            yield from _whole("-", found.path, old, note, full=full)
        case Op.ADDED if found.written is None or full:
            yield from _whole("+", found.path, new, note, full=full)
        case Op.ADDED:
            more = leaves(new) - leaves(found.written)
            by_server = f"  and {more} field{'s' * (more != 1)} the server sets" if more > 0 else ""
            yield from _whole("+", found.path, found.written, f"{by_server}{note}", full=full)
        case Op.CHANGED:
            yield from _changed(found.path, old, new, note, full=full)


def one_line(value: Any, *, full: bool = False) -> str:
    """Return a value on one line, of bounded length unless ``full``."""
    if isinstance(value, str) and _MARKER.match(value):
        return value
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if full or len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def block(value: Any) -> list[str]:
    """Return a value as lines: a text as it is, anything else in the manner of YAML, texts in it as they are too."""
    match value:
        case str():
            return value.splitlines() or [""]
        case dict() if value:
            return [line for key in sorted(value, key=str) for line in _entry(f"{_scalar(str(key))}:", value[key])]
        case list() if value:
            return [line for item in value for line in _item(item)]
        case _:
            return [_scalar(value)]


def _entry(key: str, value: Any) -> list[str]:
    match value:
        case str() if "\n" in value:
            return [f"{key} |", *(f"  {line}" for line in block(value))]
        case list() if value:
            return [key, *block(value)]
        case dict() if value:
            return [key, *(f"  {line}" for line in block(value))]
        case _:
            return [f"{key} {_scalar(value)}"]


def _item(value: Any) -> list[str]:
    if isinstance(value, str):
        return _entry("-", value)
    first, *more = block(value)
    return [f"- {first}", *(f"  {line}" for line in more)]


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    return one_line(value, full=True)


def _whole(sign: str, path: str, value: Any, note: str, *, full: bool) -> Iterator[str]:
    """Say a value that comes or goes as a whole."""
    several = isinstance(value, str) and "\n" in value
    if not several and (isinstance(value, str) or len(one_line(value, full=True)) <= WIDTH):
        yield f"{sign} {path}: {one_line(value, full=full)}{note}"
        return
    yield f"{sign} {path}:{note}"
    yield from _folded((f"    {sign}{line}" for line in block(value)), FOLD, full=full)


def _folded(lines: Iterable[str], limit: int, *, full: bool) -> Iterator[str]:
    text = list(lines)
    shown = text if full or len(text) <= limit else text[: limit - 1]
    yield from shown
    if len(shown) < len(text):
        yield f"    … {len(text) - len(shown)} more lines, `--full` shows them"


def _changed(path: str, old: Any, new: Any, note: str, *, full: bool) -> Iterator[str]:
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        yield f"~ {path}:{note}"
        yield from _folded(_compared(old.splitlines(), new.splitlines()), FOLD_CHANGED, full=full)
        if old.endswith("\n") != new.endswith("\n"):
            word = "goes" if old.endswith("\n") else "comes"
            yield f"    the line break at the end {word}"
        return
    if isinstance(old, list) and isinstance(new, list) and len(one_line([old, new], full=True)) > WIDTH:
        yield f"~ {path}:{note}"
        items = ([one_line(item, full=full) for item in value] for value in (old, new))
        yield from _folded(_compared(*items), FOLD_CHANGED, full=full)
        return
    yield f"~ {path}: {_pair(one_line(old, full=True), one_line(new, full=True), full=full)}{note}"


def _compared(old: list[str], new: list[str]) -> Iterator[str]:
    import difflib  # noqa: PLC0415 - only for texts of several lines

    compared = difflib.unified_diff(old, new, n=CONTEXT, lineterm="")
    yield from (f"    {line}" for at, line in enumerate(compared) if at > 1)


def _pair(old: str, new: str, *, full: bool) -> str:
    """Return both values; of long ones the part that differs, so that what is cut off is what they share."""
    if not full and max(len(old), len(new)) > WIDTH:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
        start = max(0, same - WIDTH // 4)
        old, new = (f"{'…' * (start > 0)}{text[start:]}" for text in (old, new))
        old, new = (text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…" for text in (old, new))
    return f"{old} → {new}"


def leaves(value: Any) -> int:
    """Return how many single values there are in a value."""
    match value:
        case dict() if value:
            return sum(map(leaves, value.values()))
        case list() if value:
            return sum(map(leaves, value))
        case _:
            return 1
