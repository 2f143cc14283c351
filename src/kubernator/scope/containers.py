"""Containers of the context: how they are detached from an ancestor's, and how they refuse writes after the walk."""

from __future__ import annotations

import copy
from typing import Any, NoReturn

__all__ = ["ContextDict", "FrozenDict", "FrozenList", "FrozenSet", "detach", "freeze"]


class ContextDict(dict[str, Any]):
    """A dict whose keys can be read and written as attributes; what ``ktor.x = {...}`` becomes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"`{name}` is not set; there are {', '.join(map(str, self)) or 'no keys'}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"`{name}` is not set") from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *map(str, self)]


def detach(value: Any) -> Any:
    """Copy lists, dicts and sets in structure, all the way down; leaves are shared.

    A value of another class is shared, as in all Python, unless it has a method ``__scope_copy__``.
    """
    match value:
        case dict():
            items = {key: detach(item) for key, item in value.items()}
            return _rebuilt(value, dict, items)
        case list():
            return _rebuilt(value, list, [detach(item) for item in value])
        case set():
            return _rebuilt(value, set, value)
        case tuple() if type(value) is tuple:
            return tuple(detach(item) for item in value)
        case _:
            copier = getattr(type(value), "__scope_copy__", None)
            return value if copier is None else copier(value)


def _rebuilt(value: Any, plain: type, items: Any) -> Any:
    """Give the copied items to a container of the same class, of which only the built-in part is known to us."""
    if type(value) is plain or isinstance(value, FrozenDict | FrozenList | FrozenSet):
        return ContextDict(items) if isinstance(value, FrozenDict) else plain(items)
    if type(value) is ContextDict:
        return ContextDict(items)
    twin = copy.copy(value)
    twin.clear()
    (twin.extend if plain is list else twin.update)(items)
    return twin


def freeze(value: Any) -> Any:
    """Return a container that reads like this one and refuses to be written; other values as they are."""
    match value:
        case FrozenDict() | FrozenList() | FrozenSet():
            return value
        case dict():
            return FrozenDict({key: freeze(item) for key, item in value.items()})
        case list():
            return FrozenList(freeze(item) for item in value)
        case set():
            return FrozenSet(value)
        case _:
            return value


def _refuse(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("the walk is over and the context can only be read now; this write would have no effect")


class FrozenDict(ContextDict):
    """A context dict after the walk."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse


class FrozenList(list[Any]):
    """A list of the context after the walk."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse


class FrozenSet(set[Any]):
    """A set of the context after the walk."""

    __iand__ = __ior__ = __isub__ = __ixor__ = _refuse
    add = clear = discard = pop = remove = update = _refuse
    difference_update = intersection_update = symmetric_difference_update = _refuse
