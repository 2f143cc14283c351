"""What scripts see of a scope: `View`, and `Namespace` for the part a plugin adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator.scope import containers
from kubernator.scope.containers import ContextDict
from kubernator.scope.properties import ContextProperty

if TYPE_CHECKING:
    from kubernator.scope.scope import Scope

__all__ = ["Namespace", "View"]

_OURS = frozenset({"_scope", "_space", "_plugin", "_host"})


class View:
    """A scope and a namespace in it. Not a stored object: each reading of ``ktor.k8s`` makes a new one.

    Attributes that the class does not declare are free: reading walks the chain, writing lands in the scope of this
    view. ``view["x"]`` reads and writes what is set right here, without inheritance, as the reference does.
    """

    _scope: Scope
    _space: str

    __iter__ = None  # Python would else iterate through __getitem__ with numbers

    def __init__(self, scope: Scope, space: str = "") -> None:
        object.__setattr__(self, "_scope", scope)
        object.__setattr__(self, "_space", space)

    def _get_free(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        try:
            return self._shown(self._scope.read((self._space, name)))
        except KeyError:
            raise AttributeError(self._missing(name), name=name, obj=self) from None

    def _shown(self, value: Any) -> Any:
        return value.read(self) if isinstance(value, ContextProperty) else value

    def _missing(self, name: str) -> str:
        return f"`{self._label}.{name}` is not set in this directory or above"

    def _set_free(self, name: str, value: Any) -> None:
        declared = getattr(type(self), name, None)
        if hasattr(declared, "__set__"):
            object.__setattr__(self, name, value)
            return
        if declared is not None or name in _OURS:
            raise AttributeError(f"`{name}` is a member of `{self._label}` and cannot be replaced", name=name, obj=self)
        present = self._peek(self._scope, name)
        if isinstance(present, ContextProperty):
            present.write(self, f"{self._label}.{name}", value)
            return
        self._scope.write((self._space, name), self._laid_over(name, value))

    @property
    def _label(self) -> str:
        return f"ktor.{self._space}" if self._space else "ktor"

    def _peek(self, scope: Scope | None, name: str) -> Any:
        try:
            return scope.peek((self._space, name)) if scope else None
        except KeyError:
            return None

    def _laid_over(self, name: str, value: Any) -> Any:
        """Give a dict attribute access and lay it over the inherited one; other values stay as they are."""
        if not isinstance(value, dict):
            return value
        inherited = self._peek(self._scope.parent, name)
        if inherited is None:
            return ContextDict(value)
        if not isinstance(inherited, dict):
            raise ValueError(  # noqa: TRY004 - the reference's scripts expect this class
                f"`{self._label}.{name}` is a {type(inherited).__name__} above; a dict cannot be laid over it"
            )
        return ContextDict({**containers.detach(inherited), **value})

    if not TYPE_CHECKING:  # so that a misspelt method of a namespace is found by type checkers
        __getattr__ = _get_free
        __setattr__ = _set_free

    def __delattr__(self, name: str) -> None:
        if hasattr(getattr(type(self), name, None), "__delete__"):
            object.__delattr__(self, name)
            return
        self._scope.delete((self._space, name))

    def __getitem__(self, name: str) -> Any:
        if not self._scope.own((self._space, name)):
            raise KeyError(name)
        return self._shown(self._scope.read((self._space, name)))

    def __setitem__(self, name: str, value: Any) -> None:
        self._scope.write((self._space, name), value)

    def __delitem__(self, name: str) -> None:
        self._scope.delete((self._space, name))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (self._space, name) in self._scope

    def __len__(self) -> int:
        return len(self._scope.names(self._space))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._scope.names(self._space)})

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, View):
            return NotImplemented
        return self._scope is other._scope and self._space == other._space

    def __hash__(self) -> int:
        return hash((id(self._scope), self._space))

    def __repr__(self) -> str:
        own = {name: self._scope.peek((self._space, name)) for name in self._scope.own_names(self._space)}
        shown = {name: value for name, value in own.items() if not isinstance(value, ContextProperty)}
        return f"{type(self).__name__}({shown!r})"


class Namespace(View):
    """A plugin's part of the context: declare `scoped` attributes and methods in a subclass.

    ``_plugin`` is the plugin that was registered, ``_host`` the run. Methods act on the visit in progress, whoever
    defined the function that calls them: they use ``self._here`` for the namespace as that visit sees it.
    """

    _plugin: Any
    _host: Any

    def __init__(self, scope: Scope, space: str, *, plugin: Any = None, host: Any = None) -> None:
        super().__init__(scope, space)
        object.__setattr__(self, "_plugin", plugin)
        object.__setattr__(self, "_host", host)

    @property
    def _here(self) -> Any:
        """This namespace in the visit in progress; of ``ktor.globals`` where it was reached through that."""
        visit = None if self._host is None else self._host.visit
        if visit is None or self._scope.parent is None:
            return self
        return type(self)(visit.scope, self._space, plugin=self._plugin, host=self._host)
