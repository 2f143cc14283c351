"""Regular expressions: whether a text holds a match, and which.

Source: RE2 as Go's package ``regexp`` has it; the library ``regex`` of k8s.io/apiserver.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema import regexp
from kubernator.schema.cel.failures import Exceeded, Failed, Undecided
from kubernator.schema.cel.library.automaton import Automaton, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["TABLE", "refused"]

#: Characters of the text times states of the pattern that are walked here at most.
_MOST_STEPS: Final = 4_000_000
#: What a call may cost the server.
_MOST_COST: Final = 1_000_000


def refused(pattern: str) -> str:
    """Say what is wrong with a pattern as Go says it; nothing for one that it takes."""
    try:
        regexp.translated(pattern)
    except regexp.NotAPattern as error:
        return str(error)
    return ""


def _charge(text: str, pattern: str) -> None:
    """Raise `Exceeded` where the server surely would, by what it charges for a match."""
    if math.ceil((len(text) + 1) * 0.1) * math.ceil(len(pattern) * 0.25) > _MOST_COST:
        raise Exceeded("operation cancelled: actual cost limit exceeded")


def matches(text: str, pattern: str) -> bool:
    """Say whether a text holds a match."""
    _charge(text, pattern)
    try:
        found = regexp.matcher(pattern)
    except regexp.NotAPattern as error:
        raise Failed(str(error)) from error
    if found is None:
        raise Undecided("a pattern that is too large to be tried here")
    return found(text)


@lru_cache(maxsize=256)
def _automaton(pattern: str) -> Automaton:
    try:
        return Automaton(regexp.translated(pattern))
    except regexp.NotAPattern as error:
        raise Failed(f"Illegal regex: {error}") from error
    except TooLarge as error:
        raise Undecided("a pattern that is too large to be tried here") from error


def _found(text: str, pattern: str) -> Iterator[str]:
    """Yield matches as Go's ``FindAllString`` has them: none that is empty right after another."""
    _charge(text, pattern)
    automaton = _automaton(pattern)
    if len(text) * automaton.size > _MOST_STEPS:
        raise Undecided("a text that is too long to be searched here")
    at = 0
    before = -1
    while at <= len(text):
        match = automaton.find(text, at)
        if match is None:
            return
        start, end = match
        if start < end or start != before:
            yield text[start:end]
        at = end if end > start else end + 1
        before = end


def _find(text: str, pattern: str) -> str:
    return next(_found(text, pattern), "")


def _find_all(text: str, pattern: str, count: int = -1) -> list[str]:
    found: list[str] = []
    for match in _found(text, pattern):
        if len(found) == count:
            break
        found.append(match)
    return found


TABLE: Final[dict[str, Callable[..., Any]]] = {
    "matches(string, string) -> bool": matches,
    "string.matches(string) -> bool": matches,
    "string.find(string) -> string": _find,
    "string.findAll(string) -> list(string)": _find_all,
    "string.findAll(string, int) -> list(string)": _find_all,
}
