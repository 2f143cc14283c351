"""One directory's frame in the chain of context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator.scope import containers

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Key", "Scope"]

#: Namespace (empty for ``ktor`` itself) and name.
Key = tuple[str, str]


class Scope:
    """Values of one directory, above those of its parent.

    Reading walks the chain. A container found in an ancestor is copied here on first touch, so that changing it changes
    nothing above or beside. Writing always lands here. After `freeze`, writes raise.
    """

    __slots__ = ("_copied", "_values", "frozen", "label", "parent")

    def __init__(self, parent: Scope | None = None, *, label: str = "") -> None:
        self.parent = parent
        self.label = label
        self.frozen = False
        self._values: dict[Key, Any] = {}
        self._copied: set[Key] = set()

    def __repr__(self) -> str:
        return f"Scope({self.label!r})"

    @property
    def chain(self) -> Iterator[Scope]:
        """This scope, its parent, and so on up to the root."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    @property
    def root(self) -> Scope:
        """The scope of ``ktor.globals``."""
        *_, last = self.chain
        return last

    def read(self, key: Key) -> Any:
        """Return the value seen here; raises KeyError when nobody in the chain has set it."""
        values = self._values
        if key in values:
            value = values[key]
            return containers.freeze(value) if self.frozen else value
        for scope in self.chain:
            if key in scope._values:
                return self._touch(key, scope._values[key])
        raise KeyError(key)

    def peek(self, key: Key) -> Any:
        """Return the value seen here without making it this scope's own: it must not be changed. Raises KeyError."""
        for scope in self.chain:
            if key in scope._values:
                return scope._values[key]
        raise KeyError(key)

    def _touch(self, key: Key, inherited: Any) -> Any:
        if self.frozen:
            return containers.freeze(inherited)
        mine = containers.detach(inherited)
        if mine is not inherited:
            self._values[key] = mine
            self._copied.add(key)
        return mine

    def gather(self, key: Key) -> Iterator[tuple[Scope, Any]]:
        """Yield each scope in the chain that has set a value itself, nearest first; nothing is copied."""
        for scope in self.chain:
            if key in scope._values:
                yield scope, scope._values[key]

    def holder(self, key: Key) -> Scope | None:
        """Return the nearest scope that was given a value, or None; one that copied its ancestor's was not."""
        return next((scope for scope, _ in self.gather(key) if key not in scope._copied), None)

    def write(self, key: Key, value: Any) -> None:
        """Set a value here. Raises RuntimeError after the walk."""
        if self.frozen:
            raise RuntimeError(
                f"the walk is over and the context of `{self.label}` can only be read now; "
                f"setting `{_name(key)}` would have no effect"
            )
        self._values[key] = value
        self._copied.discard(key)

    def delete(self, key: Key) -> None:
        """Remove a value set here; what an ancestor set is seen again. Raises KeyError when it is not set here."""
        if self.frozen:
            raise RuntimeError(f"the walk is over and `{_name(key)}` cannot be removed from `{self.label}` now")
        if key not in self._values:
            raise KeyError(key[1])
        del self._values[key]
        self._copied.discard(key)

    def own(self, key: Key) -> bool:
        """Whether the value is set here and not only inherited."""
        return key in self._values

    def __contains__(self, key: Key) -> bool:
        return any(key in scope._values for scope in self.chain)

    def names(self, namespace: str) -> list[str]:
        """Every name of a namespace that is visible here, sorted."""
        return sorted({name for scope in self.chain for space, name in scope._values if space == namespace})

    def own_names(self, namespace: str) -> list[str]:
        """Return the names of a namespace that are set here."""
        return [name for space, name in self._values if space == namespace]

    def freeze(self) -> None:
        """Refuse writes from now on."""
        self.frozen = True


def _name(key: Key) -> str:
    return ".".join(part for part in ("ktor", *key) if part)
