"""Expressions as trees. A tree is made by the parser, typed by the checker and turned into closures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernator.schema.cel.typesystem import Type

__all__ = ["Call", "Expression", "Identifier", "ListOf", "Literal", "Loop", "MapOf", "Select"]


class Expression:
    """A part of an expression; ``at`` is where it begins in the text, ``type`` what the checker found."""

    __slots__ = ("at", "type")

    at: int
    type: Type

    def __init__(self, at: int) -> None:
        self.at = at


class Literal(Expression):
    """A value written down; ``kind`` is the name of its type."""

    __slots__ = ("kind", "value")

    def __init__(self, at: int, kind: str, value: Any) -> None:
        self.at = at
        self.kind = kind
        self.value = value


class Identifier(Expression):
    """A name. ``slot`` is where its value is found in an evaluation; of a name of a type it is -1."""

    __slots__ = ("name", "slot")

    slot: int

    def __init__(self, at: int, name: str) -> None:
        self.at = at
        self.name = name


class Select(Expression):
    """A field: ``of.field``, optionally ``of.?field``, or whether it is there: ``has(of.field)``."""

    __slots__ = ("field", "of", "optional", "test")

    def __init__(self, at: int, of: Expression, field: str, *, optional: bool = False, test: bool = False) -> None:
        self.at = at
        self.of = of
        self.field = field
        self.optional = optional
        self.test = test


class Call(Expression):
    """A function or operator. ``overloads`` are those that the types of the arguments leave."""

    __slots__ = ("arguments", "function", "overloads", "target")

    def __init__(self, at: int, function: str, arguments: list[Expression], target: Expression | None = None) -> None:
        self.at = at
        self.function = function
        self.target = target
        self.arguments = arguments
        self.overloads: Any = ()


class ListOf(Expression):
    """A list written down; of ``optional`` places only what has a value is put in."""

    __slots__ = ("items", "optional")

    def __init__(self, at: int, items: list[Expression], optional: frozenset[int]) -> None:
        self.at = at
        self.items = items
        self.optional = optional


class MapOf(Expression):
    """A map written down: keys, values, and whether only a value that is there is put in."""

    __slots__ = ("entries",)

    def __init__(self, at: int, entries: list[tuple[Expression, Expression, bool]]) -> None:
        self.at = at
        self.entries = entries


class Loop(Expression):
    """A macro that binds names: ``over.all(x, body)`` and its like.

    ``macro`` is its name, ``names`` one or two, ``filter`` and ``body`` what is evaluated for each. ``slots`` are where
    the values of the names are found in an evaluation.
    """

    __slots__ = ("body", "filter", "macro", "names", "over", "slots")

    def __init__(
        self,
        at: int,
        macro: str,
        over: Expression,
        names: tuple[str, ...],
        *,
        body: Expression,
        condition: Expression | None,
    ) -> None:
        self.at = at
        self.macro = macro
        self.over = over
        self.names = names
        self.body = body
        self.filter = condition
        self.slots: tuple[int, ...] = ()
