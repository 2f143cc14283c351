"""JSONPath for scripts: jsonpath-ng's extended dialect and one operator more, compiled once per expression.

The added operator is a step of a path, `` `match(/regex/)` ``, and keeps the nodes whose field name matches::

    jp("$.spec.*.`match(/^replicas$/)`").all(manifest)
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from kubernator.errors import ProjectError

__all__ = ["JsonPath", "jp"]

_MATCH: Final = re.compile(r"match\(/(?P<pattern>.*)/\)", re.DOTALL)


class JsonPath:
    """One expression. Made by `jp`."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._expression = _parsed(pattern)

    def __repr__(self) -> str:
        return f"jp({self.pattern!r})"

    def find(self, value: Any) -> list[Any]:
        """Return the matches as jsonpath-ng's data: each has ``value``, ``path``, ``full_path`` and ``context``."""
        found: list[Any] = self._expression.find(value)
        return found

    def all(self, value: Any) -> list[Any]:
        """Return the values that match, in order."""
        return [found.value for found in self.find(value)]

    def first(self, value: Any) -> Any:
        """Return the first value that matches, or None."""
        return next(iter(self.all(value)), None)

    def only(self, value: Any) -> Any:
        """Return the one value that matches; raises KeyError when there is none, ValueError when there are more."""
        match self.all(value):
            case []:
                raise KeyError(f"nothing matches `{self.pattern}`")
            case [one]:
                return one
            case several:
                raise ValueError(f"`{self.pattern}` matches {len(several)} values, not one")


@functools.cache
def jp(pattern: str) -> JsonPath:
    """Compile an expression, once; raises ProjectError when it is none."""
    return JsonPath(pattern)


def _parsed(pattern: str) -> Any:
    try:
        return _parser().parse(pattern)
    except Exception as error:  # the library raises classes of its own and bare ones
        raise ProjectError(f"`{pattern}` is no JSONPath: {error}") from error


@functools.cache
def _parser() -> Any:
    """Make the parser with the added operator; here because the library is slow to import."""
    from jsonpath_ng.ext.parser import ExtendedJsonPathLexer, ExtendedJsonPathParser  # noqa: PLC0415 - slow
    from jsonpath_ng.jsonpath import DatumInContext, Fields, JSONPath  # noqa: PLC0415 - slow

    class Match(JSONPath):
        """Keeps the node it is asked about, if its field's name matches."""

        def __init__(self, regex: str) -> None:
            self.regex = re.compile(regex)

        def find(self, datum: Any) -> list[Any]:
            wrapped = DatumInContext.wrap(datum)
            names = wrapped.path.fields if isinstance(wrapped.path, Fields) else ()
            return [wrapped] if any(self.regex.match(name) for name in names) else []

        def __str__(self) -> str:
            return f"`match(/{self.regex.pattern}/)`"

        def __repr__(self) -> str:
            return f"Match({self.regex.pattern!r})"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Match) and self.regex == other.regex

        def __hash__(self) -> int:
            return hash(self.regex)

    class Lexer(ExtendedJsonPathLexer):
        r"""The library's lexer, which drops every backslash in back-quotes, and with it the sense of ``\w``."""

        def t_backquote_escape(self, t: Any) -> None:
            """Take a back-quote or backslash after a backslash as it is, and leave the backslash before all else."""
            t.lexer.string_value += t.value[1] if t.value[1] in "`\\" else t.value

        # the generator reads what to match from the docstring
        t_backquote_escape.__doc__ = ExtendedJsonPathLexer.t_backquote_escape.__doc__

    class Parser(ExtendedJsonPathParser):
        """The library's parser; only the rule for back-quoted operators knows one more."""

        def p_jsonpath_named_operator(self, p: Any) -> None:
            """Make the operator between back-quotes."""
            found = _MATCH.fullmatch(p[1])
            if found is None:
                super().p_jsonpath_named_operator(p)
            else:
                p[0] = Match(found["pattern"])

        p_jsonpath_named_operator.__doc__ = ExtendedJsonPathParser.p_jsonpath_named_operator.__doc__

    return Parser(lexer_class=Lexer)
