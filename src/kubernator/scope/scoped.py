"""A typed attribute that is kept in the scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from kubernator.scope import containers

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from kubernator.scope.namespace import View

__all__ = ["scoped"]

_Value = TypeVar("_Value")


class scoped(Generic[_Value]):  # noqa: N801 - reads like a built-in where it is used
    """Declare an attribute of a `View`: read through the chain, written to the own scope, with a default.

    ::

        class HelmNamespace(Namespace):
            includes = scoped(Globs(["*.helm.yaml"]))
            check_chart_versions = scoped(False)

    ``convert`` turns what a script assigns into what is kept, or raises.
    """

    def __init__(self, default: _Value, *, convert: Callable[[Any], _Value] | None = None) -> None:
        self.default = default
        self.convert = convert
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, view: None, owner: type) -> Self: ...
    @overload
    def __get__(self, view: View, owner: type) -> _Value: ...

    def __get__(self, view: View | None, owner: type) -> Self | _Value:
        if view is None:
            return self
        scope, key = view._scope, (view._space, self.name)
        try:
            value: _Value = scope.read(key)
        except KeyError:
            if scope.frozen:
                frozen: _Value = containers.freeze(self.default)
                return frozen
            value = containers.detach(self.default)
            if value is not self.default:
                scope.write(key, value)
        return value

    def __set__(self, view: View, value: _Value) -> None:
        view._scope.write((view._space, self.name), self.convert(value) if self.convert else value)

    def __delete__(self, view: View) -> None:
        view._scope.delete((view._space, self.name))
