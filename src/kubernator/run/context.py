"""The scopes of a run and what scripts see of them: the root, the start directory, and a child for each visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator.scope.containers import ContextDict
from kubernator.scope.properties import ContextProperty
from kubernator.scope.scope import Scope
from kubernator.script import Ktor

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.plugin import Host
    from kubernator.run.entry import Entry

__all__ = ["Context", "RootKtor"]

#: The labels are what messages about frozen scopes say.
_ROOT = "ktor.globals"


class Context:
    """The chain: ``ktor.globals``, a layer for the run, the start directory, and so on down."""

    def __init__(self, *, find: Callable[[str], Entry | None], host: Host, start: str) -> None:
        self.root = Scope(label=_ROOT)
        self.start = Scope(Scope(self.root, label="the run"), label=start)
        self._children: list[Scope] = []
        self._globals = RootKtor(self.root, find=find, host=host)
        self.root.write(("", "globals"), ContextProperty(lambda _view: self._globals))
        self.root.write(("", "common"), ContextDict())

    def child(self, parent: Scope, *, label: str) -> Scope:
        """Make the scope of a directory below another."""
        scope = Scope(parent, label=label)
        self._children.append(scope)
        return scope

    def ktor(self, scope: Scope) -> Ktor:
        """Return what a script of that scope sees."""
        return self._globals if scope is self.root else Ktor(scope)

    def freeze(self) -> None:
        """Refuse writes from now on, everywhere."""
        for scope in (*self.start.chain, *self._children):
            scope.freeze()


class RootKtor(Ktor):
    """``ktor.globals``: also shows the namespace of each plugin that was registered anywhere below."""

    _find: Callable[[str], Entry | None]
    _host: Host

    def __init__(self, scope: Scope, *, find: Callable[[str], Entry | None], host: Host) -> None:
        super().__init__(scope)
        object.__setattr__(self, "_find", find)
        object.__setattr__(self, "_host", host)

    def _get_free(self, name: str) -> Any:
        try:
            return super()._get_free(name)
        except AttributeError:
            view = self._namespace(name)
            if view is None:
                raise
            return view

    def _set_free(self, name: str, value: Any) -> None:
        view = self._namespace(name) if ("", name) not in self._scope else None
        if view is None:
            super()._set_free(name, value)
        else:
            lay_over(view, name, value)

    if not TYPE_CHECKING:
        __getattr__ = _get_free
        __setattr__ = _set_free

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and self._namespace(name) is not None)

    def _namespace(self, name: str) -> Any:
        entry = None if name.startswith("_") else self._find(name)
        return None if entry is None else view_of(entry, self._scope, self._host)


def view_of(entry: Entry, scope: Scope, host: Host) -> Any:
    """Return a plugin's namespace as a scope sees it; None when it has none.

    In the pre-start script a plugin that is used is started then, so that it works on the line after its registration.
    """
    entry.wake()
    kind = entry.plugin.namespace
    return None if kind is None else kind(scope, entry.name, plugin=entry.plugin, host=host)


def namespace(entry: Entry, host: Host) -> ContextProperty:
    """Return what is kept in the scope under a plugin's name."""

    def write(view: Any, value: Any) -> None:
        lay_over(view_of(entry, view._scope, host), entry.name, value)  # noqa: SLF001 - a view is its scope

    return ContextProperty(lambda view: view_of(entry, view._scope, host), write)  # noqa: SLF001 - the same


def lay_over(view: Any, name: str, value: Any) -> None:
    """Lay an assigned dict over a plugin's namespace, as ``ktor.x = {...}`` does with every other name."""
    if not isinstance(value, dict):
        raise AttributeError(  # noqa: TRY004 - it is about the attribute
            f"`ktor.{name}` belongs to the plugin `{name}`; only a dict can be laid over it"
        )
    for key, item in dict.items(value):
        setattr(view, key, item)
