"""When jobs are to run, as the API server reads it.

Source: the standard parser of github.com/robfig/cron v3.0.1, ``time.ParseDuration`` of Go, and ``validateTimeZone`` of
Kubernetes' package ``batch/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check_schedule", "check_zone"]


class _Part(NamedTuple):
    """One of the five parts of a schedule: its bounds, and names that numbers have."""

    least: int
    most: int
    names: tuple[str, ...] = ()


_PARTS: Final = (
    _Part(0, 59),
    _Part(0, 23),
    _Part(1, 31),
    _Part(1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    _Part(0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_NAMED: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_EVERY: Final = "@every "
#: Each number needs a unit; only a bare zero does without.
_DURATION: Final = re.compile(r"[-+]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_NUMBER: Final = re.compile("[-+]?[0-9]+", re.ASCII)
_SPACE: Final = re.compile("[\\t\\n\\v\\f\\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_ZONE: Final = re.compile(r"[A-Za-z.\-_0-9+]{1,14}", re.ASCII)


def check_schedule(field: Field) -> None:
    """Say so if a text, if it is there, is no schedule."""
    text = field.text
    if not text:
        return
    if "TZ" in text:
        field.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
        return
    field.complain(_complaint(text))


def _complaint(text: str) -> str:
    if text.startswith("@"):
        if text in _NAMED:
            return ""
        if not text.startswith(_EVERY):
            return f"unrecognized descriptor: {text}"
        fits = _DURATION.fullmatch(text.removeprefix(_EVERY))
        return "" if fits else f"failed to parse duration {text}"
    given = [part for part in _SPACE.split(text) if part]
    if len(given) != len(_PARTS):
        return f"expected exactly {len(_PARTS)} fields, found {len(given)}: [{' '.join(given)}]"
    for part, bounds in zip(given, _PARTS, strict=True):
        for expression in filter(None, part.split(",")):
            if complaint := _range_complaint(expression, bounds):
                return complaint
    return ""


def _range_complaint(expression: str, bounds: _Part) -> str:
    """Say what is wrong with a number, a range or every so many of it, such as ``*/5``."""
    span, *steps = expression.split("/")
    first, *more = span.split("-")
    start: int | None = bounds.least
    end: int | None = bounds.most
    if first not in {"*", "?"}:
        if len(more) > 1:
            return f"too many hyphens: {expression}"
        start, end = _number(first, bounds.names), _number(more[0] if more else first, bounds.names)
    step = _number(steps[0], ()) if steps else 1
    if start is None or end is None or step is None:
        return f"failed to parse int from {expression}"
    if steps and not more:
        end = bounds.most
    wrong = (
        (len(steps) > 1, "too many slashes"),
        (start < bounds.least, f"beginning of range ({start}) below minimum ({bounds.least})"),
        (end > bounds.most, f"end of range ({end}) above maximum ({bounds.most})"),
        (start > end, f"beginning of range ({start}) beyond end of range ({end})"),
        (not step, "step of range should be a positive number"),
    )
    return next((f"{complaint}: {expression}" for found, complaint in wrong if found), "")


def _number(text: str, names: tuple[str, ...]) -> int | None:
    """Return a number that is not negative, or the one that a name stands for; None for anything else."""
    if text.lower() in names:
        return names.index(text.lower()) + (names[0] == "jan")
    if not _NUMBER.fullmatch(text) or int(text) < 0:
        return None
    return int(text)


def check_zone(field: Field) -> None:
    """Say so if a text, if it is there, is not written as a time zone; which ones there are, only the server knows."""
    if not field:
        return
    if not field.text:
        field.invalid("timeZone must be nil or non-empty string")
        return
    for part in field.text.split("/"):
        if part in {".", ".."} or part.startswith("-") or not _ZONE.fullmatch(part):
            field.invalid(f"unknown time zone {field.text}")
            return
    if field.text.lower() == "local":
        field.invalid("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones")
