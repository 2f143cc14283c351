"""Containers of the context: how they are detached from an ancestor's, and how they refuse writes after the walk."""

from __future__ import annotations

import copy
from typing import Any, NoReturn

__all__ = ["ContextDict", "FrozenDict", "FrozenList", "FrozenSet", "detach", "freeze"]


class _NotSet(KeyError):
    """A key that is not there, said in words; KeyError itself shows only the key."""

    def __str__(self) -> str:
        return str(self.args[0])


class ContextDict(dict[str, Any]):
    """A dict whose keys can be read and written as attributes; what ``ktor.x = {...}`` becomes.

    A key wins over the dict method of its name (``ktor.x.values`` is the key ``values`` where there is one), as scripts
    expect; only ``items`` stays the method, because everything that serialises a dict calls it.
    """

    def __getattribute__(self, name: str) -> Any:
        if name != "items" and not name.startswith("__") and dict.__contains__(self, name):
            return dict.__getitem__(self, name)
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(_not_set(self, name), name=name, obj=self)

    def __missing__(self, key: Any) -> Any:
        raise _NotSet(_not_set(self, key))

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = ContextDict(value) if type(value) is dict else value

    def __delattr__(self, name: str) -> None:
        if name not in self:
            raise AttributeError(f"`{name}` is not set", name=name, obj=self)
        del self[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *map(str, self)]


def _not_set(there: dict[str, Any], name: Any) -> str:
    import difflib  # noqa: PLC0415 - for a message

    close = difflib.get_close_matches(str(name), map(str, there), n=1)
    meant = f"; did you mean `{close[0]}`?" if close else ""
    return f"`{name}` is not set; there are {', '.join(map(str, there)) or 'no keys'}{meant}"


def detach(value: Any) -> Any:
    """Copy lists, dicts and sets in structure, all the way down; leaves are shared.

    A container that occurs twice in the structure occurs twice in the copy, as one. A value of another class is shared,
    as in all Python, unless it has a method ``__scope_copy__``.
    """
    return _Copier().copy(value)


class _Copier:
    """One copy of one structure; knows what has been copied already, so that cycles end."""

    def __init__(self) -> None:
        self._done: dict[int, Any] = {}

    def copy(self, value: Any) -> Any:
        if id(value) in self._done:
            return self._done[id(value)]
        match value:
            case dict():
                return self._filled(value, lambda twin: dict.update(twin, self._pairs(value)))
            case list():
                return self._filled(value, lambda twin: list.extend(twin, [self.copy(item) for item in value]))
            case set():
                return self._filled(value, lambda twin: set.update(twin, value))
            case tuple() if type(value) is tuple:
                items = tuple(self.copy(item) for item in value)
                return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
            case _:
                copier = getattr(type(value), "__scope_copy__", None)
                return value if copier is None else copier(value)

    def _pairs(self, value: dict[Any, Any]) -> list[tuple[Any, Any]]:
        return [(key, self.copy(item)) for key, item in dict.items(value)]

    def _filled(self, value: Any, fill: Any) -> Any:
        """Note the empty twin before its items are copied: they may lead back here."""
        twin = _empty(value)
        self._done[id(value)] = twin
        fill(twin)
        return twin


def _empty(value: Any) -> Any:
    """Return an empty container of the same class, of whose other state a shallow copy is good enough."""
    match value:
        case FrozenDict() | ContextDict():
            return ContextDict()
        case FrozenList():
            return []
        case FrozenSet():
            return set()
    if type(value) in {dict, list, set}:
        return type(value)()
    twin = copy.copy(value)
    kind = dict if isinstance(value, dict) else list if isinstance(value, list) else set
    kind.clear(twin)
    return twin


def freeze(value: Any) -> Any:
    """Return a container that reads like this one and refuses to be written; other values as they are.

    A value whose class has a method ``__scope_freeze__`` is asked for its own frozen form.
    """
    match value:
        case FrozenDict() | FrozenList() | FrozenSet():
            return value
        case dict():
            return FrozenDict({key: freeze(item) for key, item in dict.items(value)})
        case list():
            return FrozenList(freeze(item) for item in value)
        case set():
            return FrozenSet(value)
        case _:
            freezer = getattr(type(value), "__scope_freeze__", None)
            return value if freezer is None else freezer(value)


def _refuse(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("the walk is over and the context can only be read now; this write would have no effect")


class FrozenDict(ContextDict):
    """A context dict after the walk."""

    __setattr__ = __delattr__ = _refuse
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
