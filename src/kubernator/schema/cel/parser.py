"""The grammar of CEL, with its macros.

Source: cel-spec, ``langdef.md``, and the parser of cel-go 0.29, whose words the errors have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from kubernator.schema.cel.failures import NotCompiled, Undecided
from kubernator.schema.cel.lexer import END, Token, place, tokens
from kubernator.schema.cel.syntax import Call, Expression, Identifier, ListOf, Literal, Loop, MapOf, Select

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["parsed"]

_MOST_CHARACTERS: Final = 100_000
_RESERVED: Final = frozenset(
    {
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let"),
        *("loop", "package", "namespace", "null", "return", "true", "var", "void", "while"),
    }
)
_KEYWORDS: Final = frozenset({"in", "true", "false", "null"})
_CONSTANTS: Final = {"true": ("bool", True), "false": ("bool", False), "null": ("null", None)}
#: Binary operators -> how tightly they bind.
_BINDING: Final = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("<", "<=", ">=", ">", "==", "!=", "in"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/%", 5),
}
_LITERALS: Final = frozenset({"int", "uint", "double", "string", "bytes"})
#: Macros -> numbers of their arguments -> how many of these are names.
_MACROS: Final[dict[str, dict[int, int]]] = {
    "all": {2: 1, 3: 2},
    "exists": {2: 1, 3: 2},
    "exists_one": {2: 1, 3: 2},
    "existsOne": {3: 2},
    "filter": {2: 1},
    "map": {2: 1, 3: 1},
    "transformList": {3: 2, 4: 2},
    "transformMap": {3: 2, 4: 2},
    "transformMapEntry": {3: 2, 4: 2},
    "optMap": {2: 1},
    "optFlatMap": {2: 1},
    "sortBy": {2: 1},
}
_HIGHEST_INT: Final = 2**63 - 1
_HIGHEST_UINT: Final = 2**64 - 1
#: A name that macros use themselves.
_ACCUMULATORS: Final = frozenset({"__result__", "@result"})


def parsed(text: str) -> Expression:
    """Return the tree of an expression; raise `NotCompiled`."""
    if len(text) > _MOST_CHARACTERS:
        raise NotCompiled(
            f"expression code point size exceeds limit: size: {len(text)}, limit {_MOST_CHARACTERS}",
        )
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.index = 0
        self.token = self.tokens[0]
        #: The first type of which a value is written with its fields, and where; none are known here.
        self.made: tuple[str, int] | None = None

    def whole(self) -> Expression:
        found = self.expression()
        if self.token.kind != END:
            self.unexpected()
        if self.made is not None:
            name, at = self.made
            if name.startswith("google.protobuf."):
                raise Undecided("values of protocol buffers")
            self.fail(f"undeclared reference to '{name}' (in container '')", at)
        return found

    def fail(self, message: str, at: int) -> NoReturn:
        line, column = place(self.text, at)
        raise NotCompiled(message, line=line, column=column)

    def unexpected(self, token: Token | None = None) -> NoReturn:
        token = token or self.token
        if token.kind == END:
            self.fail("Syntax error: mismatched input '<EOF>'", token.at)
        self.fail(f"Syntax error: mismatched input '{token.value}'", token.at)

    def next(self) -> Token:
        token = self.token
        if token.kind == END:
            self.unexpected(token)
        self.index += 1
        self.token = self.tokens[self.index]
        return token

    def sees(self, sign: str) -> bool:
        return self.token.kind == "sign" and self.token.value == sign

    def take(self, sign: str) -> bool:
        if self.token.kind == "sign" and self.token.value == sign:
            self.next()
            return True
        return False

    def need(self, sign: str) -> Token:
        if not self.sees(sign):
            self.unexpected()
        return self.next()

    def expression(self) -> Expression:
        """Read a whole expression: what may stand in parentheses."""
        condition = self.binary(1)
        if not self.sees("?"):
            return condition
        at = self.next().at
        first = self.binary(1)
        self.need(":")
        return Call(at, "_?_:_", [condition, first, self.expression()])

    def binary(self, least: int) -> Expression:
        """Read operators that bind at least so tightly; those of one strength belong to the left."""
        left = self.unary()
        while True:
            token = self.token
            if token.kind != "sign" and not (token.kind == "name" and token.value == "in"):
                return left
            strength = _BINDING.get(token.value, 0)
            if strength < least:
                return left
            self.next()
            right = self.binary(strength + 1)
            function = f"_{token.value}_" if token.value != "in" else "@in"
            if strength < 3 and isinstance(left, Call) and left.function == function and left.target is None:  # noqa: PLR2004
                # chains of `&&` and `||` are flat, so that their length does not matter
                left.arguments.append(right)
            else:
                left = Call(token.at, function, [left, right])

    def unary(self) -> Expression:
        token = self.token
        if token.kind != "sign" or token.value not in "!-":
            return self.member()
        count = 0
        while self.take(token.value):
            count += 1
        if token.value == "-" and count == 1 and self.token.kind in {"int", "double"}:
            return self.members(self.literal(negative=True, at=token.at))
        operand = self.member()
        if count % 2 == 0:
            return operand
        return Call(token.at, "!_" if token.value == "!" else "-_", [operand])

    def literal(self, *, negative: bool = False, at: int | None = None) -> Literal:
        token = self.next()
        value = -token.value if negative else token.value
        at = token.at if at is None else at
        if token.kind == "int" and not -_HIGHEST_INT - 1 <= value <= _HIGHEST_INT:
            self.fail("invalid int literal", at)
        if token.kind == "uint" and value > _HIGHEST_UINT:
            self.fail("invalid uint literal", at)
        return Literal(at, token.kind, value)

    def member(self) -> Expression:
        return self.members(self.primary())

    def members(self, left: Expression) -> Expression:
        """Read what follows a value: fields, calls, indices."""
        while True:
            token = self.token
            if token.kind != "sign":
                return left
            if token.value == ".":
                left = self.dotted(left)
            elif token.value == "[":
                self.next()
                optional = self.take("?")
                index = self.expression()
                self.need("]")
                left = Call(token.at, "_[?_]" if optional else "_[_]", [left, index])
            elif token.value == "{" and (name := _qualified(left)):
                self.next()
                self.listed("}", self.field)
                self.made = self.made or (name, token.at)
            else:
                return left

    def dotted(self, left: Expression) -> Expression:
        at = self.next().at
        optional = self.take("?")
        name = self.next()
        if name.kind == "quoted":
            return self.fail("unsupported syntax: '`'", name.at)
        if name.kind != "name" or name.value in _KEYWORDS:
            self.unexpected(name)
        if optional or not self.sees("("):
            return Select(at, left, name.value, optional=optional)
        opening = self.next().at
        arguments = self.listed(")")
        counts = _MACROS.get(name.value)
        if counts and (names := counts.get(len(arguments))):
            return self.macro(opening, name.value, left, arguments, names)
        return Call(opening, name.value, arguments, left)

    def macro(self, at: int, macro: str, over: Expression, arguments: list[Expression], count: int) -> Expression:
        names = []
        for argument in arguments[:count]:
            if not isinstance(argument, Identifier):
                self.fail(
                    f"{macro}() variable name must be a simple identifier"
                    if macro.startswith("opt")
                    else "argument must be a simple name",
                    argument.at,
                )
            if argument.name in _ACCUMULATORS:
                self.fail("iteration variable overwrites accumulator variable", argument.at)
            names.append(argument.name)
        if len(set(names)) < count:
            self.fail(f"duplicate variable name: {names[0]}", arguments[1].at)
        *conditions, body = arguments[count:]
        return Loop(at, macro, over, tuple(names), body=body, condition=conditions[0] if conditions else None)

    def primary(self) -> Expression:  # noqa: PLR0911 - one beginning after the other
        token = self.token
        if token.kind in _LITERALS:
            return self.literal()
        if token.kind == "name":
            return self.named(self.next(), rooted=False)
        if token.kind == "sign":
            match token.value:
                case "(":
                    self.next()
                    inner = self.expression()
                    self.need(")")
                    # a chain in parentheses is not part of the chain around it
                    return inner
                case "[":
                    return self.list_of()
                case "{":
                    return self.map_of()
                case ".":
                    self.next()
                    return self.named(self.next(), rooted=True)
                case _:
                    return self.unexpected()
        return self.unexpected()

    def named(self, token: Token, *, rooted: bool) -> Expression:
        name = token.value
        if token.kind != "name" or name == "in":
            self.unexpected(token)
        if name in _CONSTANTS and not rooted:
            return Literal(token.at, *_CONSTANTS[name])
        if name in _RESERVED:
            self.fail(f"reserved identifier: {name}", token.at)
        if not self.sees("("):
            return Identifier(token.at, name)
        at = self.next().at
        arguments = self.listed(")")
        if name == "has" and len(arguments) == 1:
            found = arguments[0]
            if not isinstance(found, Select) or found.test or found.optional:
                self.fail("invalid argument to has() macro", found.at)
            found.test = True
            found.at = at
            return found
        return Call(at, name, arguments)

    def listed(self, closing: str, read: Callable[[], Any] | None = None) -> list[Any]:
        """Read what is between commas up to a closing sign; a comma may stand before it unless it ends arguments."""
        found: list[Any] = []
        while not self.sees(closing):
            found.append((read or self.expression)())
            if not self.take(","):
                break
            if closing == ")" and self.sees(closing):
                self.unexpected()
        self.need(closing)
        return found

    def list_of(self) -> Expression:
        at = self.next().at
        read = self.listed("]", lambda: (self.take("?"), self.expression()))
        return ListOf(
            at, [item for _, item in read], frozenset(place for place, (optional, _) in enumerate(read) if optional)
        )

    def map_of(self) -> Expression:
        at = self.next().at
        return MapOf(at, self.listed("}", self.entry))

    def field(self) -> Expression:
        """Read a field of a value of a type: its name and what it is."""
        self.take("?")
        name = self.next()
        if name.kind == "quoted":
            return self.fail("unsupported syntax: '`'", name.at)
        if name.kind != "name" or name.value in _KEYWORDS:
            self.unexpected(name)
        self.need(":")
        return self.expression()

    def entry(self) -> tuple[Expression, Expression, bool]:
        optional = self.take("?")
        key = self.expression()
        self.need(":")
        return key, self.expression(), optional


def _qualified(expression: Expression) -> str:
    """Return the name that a chain of fields writes, or nothing."""
    if isinstance(expression, Identifier):
        return expression.name
    if isinstance(expression, Select) and not expression.test and (name := _qualified(expression.of)):
        return f"{name}.{expression.field}"
    return ""
