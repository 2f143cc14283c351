"""A context value that is computed each time it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.scope.namespace import View

__all__ = ["ContextProperty"]


class ContextProperty:
    """Kept in a scope under a name, it answers for that name there and below.

    ``fget`` is called with the view that was asked, ``fset`` with that view and the value; without ``fset`` the name is
    read-only. Plugin namespaces and ``ktor.globals`` are such values; so are those of plugins of the reference.
    """

    def __init__(self, fget: Callable[[Any], Any], fset: Callable[[Any, Any], None] | None = None) -> None:
        self.fget = fget
        self.fset = fset

    def read(self, view: View) -> Any:
        """Compute the value as seen by a view."""
        return self.fget(view)

    def write(self, view: View, name: str, value: Any) -> None:
        """Hand over an assigned value; raises AttributeError when the name is read-only."""
        if self.fset is None:
            raise AttributeError(f"`{name}` can only be read", name=name, obj=view)
        self.fset(view, value)
