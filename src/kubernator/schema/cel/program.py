"""Expressions compiled for a type of data, and evaluated: the seam to CEL."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel.checker import Checker
from kubernator.schema.cel.closures import CALL_LIMIT, Meter
from kubernator.schema.cel.evaluation import Evaluator
from kubernator.schema.cel.failures import Exceeded, Failed, NotCompiled, Undecided
from kubernator.schema.cel.parser import parsed
from kubernator.schema.cel.typesystem import BOOL, STRING, Type, unwrapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.schema.cel.syntax import Expression

__all__ = ["NEWEST", "Program", "compiled"]

#: The minor version of Kubernetes whose rules are known here.
NEWEST: Final = 37
_TOO_DEEP: Final = "an expression that nests too deeply to be evaluated here"


class Program:
    """An expression that was compiled. ``type`` is that of its values, ``uses`` the variables that it names."""

    __slots__ = ("_closure", "_places", "_size", "text", "tree", "type", "uses")

    def __init__(self, text: str, tree: Expression, checker: Checker, variables: Mapping[str, Type]) -> None:
        self.text = text
        self.tree = tree
        self.type = checker.type
        self.uses = frozenset(checker.used)
        self._size = checker.size
        self._places = tuple(variables)
        data = {place: kind for place, kind in enumerate(variables.values(), 1) if not unwrapped(kind)[1]}
        self._closure = Evaluator(data).value(tree)

    def evaluate(self, values: Mapping[str, Any], meter: Meter | None = None) -> Any:
        """Return the value for variables, of which those that are used must be there.

        Raises `Failed` with the error that the API server gives, and `Undecided` for what only it can tell. ``meter``
        is given back with what the evaluation costs.
        """
        meter = meter or Meter()
        places = [None] * self._size
        places[0] = meter  # type: ignore[call-overload] # places are of any type
        for place, name in enumerate(self._places, 1):
            places[place] = values.get(name)
        try:
            found = self._closure(places)
            meter.check()
        except RecursionError as error:
            raise Undecided(_TOO_DEEP) from error
        except (TypeError, AttributeError, ValueError, LookupError, ArithmeticError, MemoryError) as error:
            # data is not of its declared type, of which the check of its schema speaks
            raise Undecided("a value of another type than its schema says") from error
        if meter.most > CALL_LIMIT:
            raise Undecided("an expression of which only the API server knows whether it costs too much")
        return found


def compiled(text: str, variables: Mapping[str, Type], *, minor: int = NEWEST) -> Program:
    """Return the program of an expression; raise `NotCompiled`, and `Undecided` for one that is too deep.

    ``variables`` are the names that it may use. Programs are kept for texts and types.
    """
    return _compiled(text, tuple((name, _Same(kind)) for name, kind in variables.items()), minor)


class _Same:
    """A type that is the same only as itself: equal types of two schemas may read data in different ways."""

    __slots__ = ("type",)

    def __init__(self, kind: Type) -> None:
        self.type = kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.type is other.type

    def __hash__(self) -> int:
        return id(self.type)


@lru_cache(maxsize=4096)
def _compiled(text: str, named: tuple[tuple[str, _Same], ...], minor: int) -> Program:
    variables = {name: same.type for name, same in named}
    try:
        tree = parsed(text)
        checker = Checker(text, variables, minor=minor)
        checker.whole(tree)
        return Program(text, tree, checker, variables)
    except RecursionError as error:
        raise Undecided(_TOO_DEEP) from error


def must_be(program: Program, kind: Type) -> Program:
    """Return a program whose values are of a type; raise `NotCompiled` for another."""
    if program.type.kind == kind.kind:
        return program
    if kind is BOOL:
        raise NotCompiled("cel expression must evaluate to a bool")
    raise NotCompiled(f"must evaluate to a {'string' if kind is STRING else kind}")


__all__ += ["Exceeded", "Failed", "must_be"]
