"""Where a regular expression matches, in time that grows with the text and nothing else.

The engine that says whether a text matches does not say where, so this walks all states at once (Pike's machine). It
reads what `kubernator.schema.regexp` writes, which has few forms.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kubernator.load import jsonschema

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Automaton", "TooLarge"]

_MOST_STATES: Final = 5000
_FORM: Final = re.compile(
    r"(?P<anchor>\\A|\\z|\(\?-u:\\[bB]\)|\(\?m:[\^$]\))"
    r"|(?P<open>\(\?i?:)|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<repeat>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??)"
    r"|(?P<any>\(\?s:\.\))|(?P<class>\[(?:\\[^\]]|[^\]\\])*\])|(?P<one>\\x\{[0-9a-f]+\}|\\.)"
)
_HEXADECIMAL: Final = 16


class TooLarge(Exception):
    """A pattern has more states than are walked here."""


class Automaton:
    """A pattern of which places of matches are asked. ``size`` is how many states it has."""

    def __init__(self, translated: str) -> None:
        self._states: list[tuple[Any, ...]] = []
        start = _Reader(translated).fragment()
        self._emit(start)
        self._states.append(("match",))
        self.size = len(self._states)

    def _emit(self, part: Any) -> None:
        if len(self._states) > _MOST_STATES:
            raise TooLarge
        states = self._states
        kind, *rest = part
        match kind:
            case "sequence":
                for each in rest[0]:
                    self._emit(each)
            case "either":
                self._either(rest[0])
            case "repeat":
                self._repeat(*rest)
            case _:
                states.append(part)

    def _either(self, parts: list[Any]) -> None:
        states = self._states
        ends = []
        for part in parts[:-1]:
            fork = len(states)
            states.append(("fork",))
            self._emit(part)
            ends.append(len(states))
            states.append(("jump",))
            states[fork] = ("fork", fork + 1, len(states))
        self._emit(parts[-1])
        for end in ends:
            states[end] = ("jump", len(states))

    def _repeat(self, part: Any, least: int, most: int | None, lazy: bool) -> None:  # noqa: FBT001 - as it is written
        states = self._states
        for _ in range(least):
            self._emit(part)
        if most is None:
            fork = len(states)
            states.append(("fork",))
            self._emit(part)
            states.append(("jump", fork))
            states[fork] = self._fork(fork + 1, len(states), lazy=lazy)
            return
        forks = []
        for _ in range(most - least):
            forks.append(len(states))
            states.append(("fork",))
            self._emit(part)
        for fork in forks:
            states[fork] = self._fork(fork + 1, len(states), lazy=lazy)

    @staticmethod
    def _fork(first: int, second: int, *, lazy: bool) -> tuple[str, int, int]:
        return ("fork", second, first) if lazy else ("fork", first, second)

    def find(self, text: str, at: int) -> tuple[int, int] | None:
        """Return where the first match from a place on begins and ends, as Perl would choose it."""
        threads: list[tuple[int, int]] = []
        best: tuple[int, int] | None = None
        for place in range(at, len(text) + 1):
            seen: set[int] = set()
            reached: list[tuple[int, int]] = []
            for state, start in threads:
                reached += self._followed(text, place, state, start, seen)
            if best is None:
                reached += self._followed(text, place, 0, place, seen)
            threads = []
            letter = text[place : place + 1]
            for state, start in reached:
                kind = self._states[state]
                if kind[0] == "match":
                    best = (start, place)
                    break  # all that come after are less wanted
                if letter and kind[1](letter):
                    threads.append((state + 1, start))
            if best is not None and not threads:
                break
        return best

    def _followed(self, text: str, place: int, state: int, start: int, seen: set[int]) -> list[tuple[int, int]]:
        """Return the states that need a letter, or are the end, that can be reached without one; the best first."""
        reached: list[tuple[int, int]] = []
        waiting = [state]
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            kind = self._states[state]
            if kind[0] == "jump":
                waiting.append(kind[1])
            elif kind[0] == "fork":
                waiting += (kind[2], kind[1])
            elif kind[0] == "anchor":
                if _ANCHORS[kind[1]](text, place):
                    waiting.append(state + 1)
            else:
                reached.append((state, start))
        return reached


def _is_word(text: str, place: int) -> bool:
    letter = text[place : place + 1] if place >= 0 else ""
    return letter == "_" or (letter.isascii() and letter.isalnum())


def _is_edge(text: str, place: int) -> bool:
    return _is_word(text, place - 1) != _is_word(text, place)


_ANCHORS: Final[dict[str, Callable[[str, int], bool]]] = {
    r"\A": lambda _, place: place == 0,
    r"\z": lambda text, place: place == len(text),
    r"(?-u:\b)": _is_edge,
    r"(?-u:\B)": lambda text, place: not _is_edge(text, place),
    "(?m:^)": lambda text, place: place == 0 or text[place - 1] == "\n",
    "(?m:$)": lambda text, place: place == len(text) or text[place] == "\n",
}


@lru_cache(maxsize=1024)
def _letters(form: str) -> Callable[[str], bool]:
    """Return what says whether a letter is of a class; the engine knows, and is asked once for each letter."""
    if re.fullmatch(r"\\x\{[0-9a-f]+\}", form):
        return chr(int(form[3:-1], _HEXADECIMAL)).__eq__
    matches = jsonschema.Pattern(rf"\A(?:{form})\z").matches
    return lru_cache(maxsize=4096)(matches)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fragment(self, *, fold: bool = False) -> Any:
        """Read up to the closing of a group or the end: sequences between bars."""
        branches: list[list[Any]] = [[]]
        while self.at < len(self.text):
            found = _FORM.match(self.text, self.at)
            if found is None:
                raise TooLarge
            self.at = found.end()
            form = found[0]
            match found.lastgroup:
                case "close":
                    break
                case "bar":
                    branches.append([])
                case "open":
                    branches[-1].append(self.fragment(fold=fold or "i" in form))
                case "anchor":
                    branches[-1].append(("anchor", form))
                case "repeat":
                    branches[-1].append(("repeat", branches[-1].pop(), *_counts(form)))
                case "any":
                    branches[-1].append(("letter", bool))
                case _:
                    branches[-1].append(("letter", _letters(f"(?i:{form})" if fold else form)))
        sequences = [("sequence", branch) for branch in branches]
        return sequences[0] if len(sequences) == 1 else ("either", sequences)


def _counts(form: str) -> tuple[int, int | None, bool]:
    lazy = len(form) > 1 and form.endswith("?")
    bare = form[:-1] if lazy else form
    match bare:
        case "*":
            return 0, None, lazy
        case "+":
            return 1, None, lazy
        case "?":
            return 0, 1, lazy
        case _:
            least, comma, most = bare[1:-1].partition(",")
            return int(least), (int(most) if most else None) if comma else int(least), lazy
