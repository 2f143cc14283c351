"""Small closures that an evaluation consists of.

A closure takes the places of an evaluation: a `Meter` first, then the values of variables and of names that loops bind.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel.failures import Exceeded, Failed, Undecided
from kubernator.schema.cel.library.core import ABSENT, keyed
from kubernator.schema.cel.values import NONE, Lazy, Maybe, Record, kind_of, no_overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.schema.cel.syntax import Loop

    Closure = Callable[[list[Any]], Any]

__all__ = [
    "CALL_LIMIT",
    "Meter",
    "all_of",
    "any_of",
    "conditional",
    "constant",
    "converted",
    "dynamic_field",
    "either_optional",
    "entry_of",
    "field_of",
    "field_of_optional",
    "folded",
    "has_field",
    "index_of",
    "is_there",
    "item_of",
    "key_of",
    "mapped",
    "maybe_field",
    "optional_field",
    "optional_index",
    "quantified",
    "truth",
    "turns",
]

#: What one evaluation may cost.
CALL_LIMIT: Final = 1_000_000
#: What one turn of a loop costs the API server at least: its condition, its step, the name in it.
_TURN: Final = 4
_EXCEEDED: Final = "operation cancelled: actual cost limit exceeded"


class Meter:
    """What an evaluation costs: surely, and at most. It is not exact; between the two, only the server knows."""

    __slots__ = ("least", "most")

    def __init__(self) -> None:
        self.least = 0
        self.most = 0

    def add(self, count: int, cost: int) -> None:
        """Count turns of a loop with a body of so many parts."""
        self.least += count * _TURN
        self.most += count * (cost + 8)

    def check(self) -> None:
        """Raise `Exceeded` for what is surely too much."""
        if self.least > CALL_LIMIT:
            raise Exceeded(_EXCEEDED)


def constant(value: Any) -> Closure:
    """Return what gives a value whatever the data."""
    return lambda _: value


def converted(closure: Closure, convert: Callable[[Any], Any]) -> Closure:
    """Return what makes values of data."""
    return lambda env: convert(closure(env))


def field_of(of: Closure, key: str) -> Closure:
    """Return what gives a field that must be there."""

    def found(env: list[Any]) -> Any:
        values = of(env)
        value = values.get(key)
        if value is None and not isinstance(values, Lazy):
            raise Failed(f"no such key: {key}")
        return value

    return found


def key_of(of: Closure, key: str) -> Closure:
    """Return what gives the value of a key that must be there."""

    def found(env: list[Any]) -> Any:
        values = of(env)
        if key not in values:
            raise Failed(f"no such key: {key}")
        return values[key]

    return found


def item_of(of: Closure, index: Closure) -> Closure:
    """Return what gives an item by its index."""

    def found(env: list[Any]) -> Any:
        values, place = of(env), index(env)
        if 0 <= place < len(values):
            return values[place]
        raise Failed(f"index out of bounds: {place}")

    return found


def entry_of(of: Closure, index: Closure) -> Closure:
    """Return what gives a value of a map by a key that is evaluated."""

    def found(env: list[Any]) -> Any:
        values, key = of(env), index(env)
        if key not in values:
            raise Failed(f"no such key: {key}")
        return values[key]

    return found


def has_field(of: Closure, key: str) -> Closure:
    """Return what says whether a field is there."""
    return lambda env: of(env).get(key) is not None


def optional_field(of: Closure, key: str, convert: Callable[[Any], Any] | None) -> Closure:
    """Return what gives a field that may be missing."""

    def found(env: list[Any]) -> Maybe:
        value = of(env).get(key)
        if value is None:
            return NONE
        return Maybe((value if convert is None else convert(value),))

    return found


def is_there(value: Any, key: str) -> bool:
    """Say whether something of any type has a field."""
    if isinstance(value, Maybe):
        return bool(field_of_optional(value, key).values)
    if not isinstance(value, dict):
        raise no_overload()
    return key in value


def maybe_field(value: Any, key: str, nothing: tuple[None, ...]) -> Maybe:
    """Return a field of something of any type, which may be missing; ``nothing`` says that null is missing too."""
    if isinstance(value, Maybe):
        return field_of_optional(value, key)
    if not isinstance(value, dict):
        raise no_overload()
    found = value.get(key, ABSENT)
    return NONE if found is ABSENT or (found is None and nothing) else Maybe((found,))


def field_of_optional(maybe: Maybe, key: str) -> Maybe:
    """Return a field of what may be missing itself."""
    if not maybe.values:
        return NONE
    return maybe_field(maybe.values[0], key, ())


def dynamic_field(value: Any, key: str) -> Any:
    """Return a field of something of any type; raise `Failed` where there is none."""
    if isinstance(value, dict):
        if key in value:
            return value[key]
        if isinstance(value, Record) and f"__{key}__" in value:
            return value[f"__{key}__"]
        raise Failed(f"no such key: {key}")
    if isinstance(value, Maybe):
        return field_of_optional(value, key)
    raise no_overload()


def index_of(value: Any, index: Any) -> Any:
    """Return an element of something of any type; raise `Failed` where there is none."""
    if isinstance(value, Maybe):
        return optional_index(value, index)
    if isinstance(value, list):
        if kind_of(index) not in {"int", "uint", "double"} or index != int(index):
            raise Failed(f"unsupported index type '{kind_of(index)}' in list")
        if 0 <= index < len(value):
            return value[int(index)]
        raise Failed(f"index out of bounds: {int(index)}")
    if isinstance(value, dict):
        found = keyed(value, index)
        if found is ABSENT:
            raise Failed(f"no such key: {index}")
        return found
    raise no_overload()


def optional_index(value: Any, index: Any) -> Maybe:
    """Return an element of something of any type, which may be missing."""
    if isinstance(value, Maybe):
        return optional_index(value.values[0], index) if value.values else NONE
    if isinstance(value, dict):
        found = keyed(value, index)
        return NONE if found is ABSENT else Maybe((found,))
    if isinstance(value, list) and kind_of(index) in {"int", "uint", "double"}:
        return Maybe((value[int(index)],)) if 0 <= index < len(value) and index == int(index) else NONE
    raise no_overload()


def truth(value: Any) -> bool:
    """Return a condition; raise `Failed` for what is none."""
    if value is True or value is False:
        return bool(value)
    raise no_overload()


def _worse(one: Failed | None, other: Failed) -> Failed:
    """Return which of two errors counts: what is not known could still decide."""
    return other if one is None or (isinstance(other, Undecided) and not isinstance(one, Undecided)) else one


def all_of(parts: list[Closure]) -> Closure:
    """Return ``&&``."""
    return _chain(parts, ending=False)


def any_of(parts: list[Closure]) -> Closure:
    """Return ``||``."""
    return _chain(parts, ending=True)


def _chain(parts: list[Closure], *, ending: bool) -> Closure:
    """Return ``&&`` or ``||``: the value that ends it decides, whatever errors there are beside it."""

    def found(env: list[Any]) -> bool:
        failed: Failed | None = None
        for part in parts:
            try:
                value = part(env)
            except Exceeded:
                raise
            except Failed as error:
                failed = _worse(failed, error)
                continue
            if value is ending:
                return bool(value)
            if value is not True and value is not False:
                failed = _worse(failed, no_overload())
        if failed is not None:
            raise failed
        return not ending

    return found


def conditional(condition: Closure, one: Closure, other: Closure) -> Closure:
    """Return ``? :``, of which one side is evaluated."""
    return lambda env: one(env) if truth(condition(env)) else other(env)


def either_optional(maybe: Closure, other: Closure, *, keep: bool) -> Closure:
    """Return ``or`` and ``orValue``, whose other side may not be needed."""

    def found(env: list[Any]) -> Any:
        value = maybe(env)
        if not isinstance(value, Maybe):
            raise no_overload()
        if not value.values:
            return other(env)
        return value if keep else value.values[0]

    return found


def folded(call: Callable[..., Any], values: list[Any]) -> Closure:
    """Evaluate at once what does not depend on data."""
    try:
        found = call(*values)
    except Failed:
        return lambda _: call(*values)
    return constant(found)


def turns(over: Closure, slots: tuple[int, ...], size: int) -> Callable[[list[Any]], Any]:
    """Return what binds the names of a loop to one element after the other."""
    first = slots[0]
    second = slots[1] if len(slots) > 1 else 0

    def turns(env: list[Any]) -> Any:
        values = over(env)
        is_map = isinstance(values, dict)
        if not is_map and not isinstance(values, list):
            raise no_overload()
        meter = env[0]
        meter.check()
        count = 0
        pairs = second and (values.items() if is_map else enumerate(values))
        try:
            if pairs:
                for count, (env[first], env[second]) in enumerate(pairs, 1):  # noqa: B007 - kept for the meter
                    yield
            else:
                for count, env[first] in enumerate(values, 1):  # noqa: B007 - kept for the meter
                    yield
        finally:
            # also of a loop that ends early; what is too much is noticed when the next begins
            meter.add(count, size)

    return turns


def quantified(turns: Callable[[list[Any]], Any], body: Closure, *, wanted: bool) -> Closure:
    """Return ``all`` or ``exists``: one value decides, whatever errors there are beside it."""

    def found(env: list[Any]) -> bool:
        failed: Failed | None = None
        for _ in turns(env):
            try:
                value = body(env)
            except Exceeded:
                raise
            except Failed as error:
                failed = _worse(failed, error)
                continue
            if value is wanted:
                return bool(value)
            if value is not True and value is not False:
                failed = _worse(failed, no_overload())
        if failed is not None:
            raise failed
        return not wanted

    return found


def mapped(turns: Callable[[list[Any]], Any], part: Loop, condition: Closure | None, body: Closure) -> Closure:
    """Return a loop that makes a map."""
    key = itemgetter(part.slots[0])
    whole = part.macro == "transformMapEntry"

    def found(env: list[Any]) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        for _ in turns(env):
            if condition is not None and not truth(condition(env)):
                continue
            value = body(env)
            for name, each in value.items() if whole else ((key(env), value),):
                if keyed(values, name) is not ABSENT:
                    raise Failed(f"insert failed: key {name} already exists")
                values[name] = each
        return values

    return found
