"""The functions that scripts register: transformers, validators, manifest patchers and resource filters.

Each is kept in the scope of the directory that registered it, with its name and the line that did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from kubernator import errors
from kubernator.load import envelope
from kubernator.load.document import Document
from kubernator.pipeline import transform
from kubernator.pipeline.transform import Registered
from kubernator.plugins.k8s import wrong
from kubernator.plugins.k8s.resource import K8SResource, K8SResourceKey
from kubernator.scope.registrations import Registrations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.origin import Origin
    from kubernator.model.resource import Manifest, Touch
    from kubernator.plugin import Host, Scope

__all__ = ["Filter", "Functions", "Patcher", "Registry", "Transformer", "Validator"]

Transformer: TypeAlias = "Callable[[list[K8SResource], K8SResource], K8SResource | None]"
Validator: TypeAlias = (
    "Callable[[dict[K8SResourceKey, K8SResource], K8SResource, Callable[..., ValueError]], Iterable[Any] | None]"
)
Patcher: TypeAlias = "Callable[[Manifest, str], Manifest | None]"
Filter: TypeAlias = "Callable[[K8SResource], bool]"

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Registry(Generic[_Function]):
    """The functions of one kind, in all scopes."""

    def __init__(self, word: str, host: Host) -> None:
        self.word = word
        self._host = host
        self._registrations: Registrations[Registered[_Function]] = Registrations(
            ("k8s", f"_{word.replace(' ', '_')}s")
        )

    def add(self, scope: Scope, function: _Function, *, origin: Origin | None = None) -> None:
        """Register a function in a scope; raises `wrong.InvalidOption` for what cannot be called.

        ``origin`` is what messages name when the function has changed something; without it where the run is now.
        """
        if not callable(function):
            raise wrong.InvalidOption(f"a {self.word} is a function, not a `{type(function).__name__}`")
        place = origin or self._host.origin()
        self._registrations.add(scope, Registered(function=function, name=_name(function), origin=place))

    def remove(self, scope: Scope, function: _Function) -> None:
        """Take a function away in a scope and below; raises an error that is a ValueError when it is not there."""
        for found in reversed(self.visible(scope)):
            if found.function == function:
                self._registrations.remove(scope, found)
                return
        raise wrong.InvalidOption(f"`{_name(function)}` is not registered as a {self.word} in this directory or above")

    def visible(self, scope: Scope) -> list[Registered[_Function]]:
        """Return the functions of a scope and above, first registered first."""
        return self._registrations.visible(scope)


class _Draft:
    """A manifest that patchers work on, as `transform.run` wants to see it."""

    __slots__ = ("manifest",)

    def __init__(self, manifest: Any) -> None:
        self.manifest = manifest

    def __str__(self) -> str:
        return envelope.describe(self.manifest)


class Functions:
    """All functions of a run, and calling those that change manifests."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.patchers: Registry[Patcher] = Registry("manifest patcher", host)
        self.transformers: Registry[Transformer] = Registry("transformer", host)
        self.validators: Registry[Validator] = Registry("validator", host)
        self.filters: Registry[Filter] = Registry("resource filter", host)

    def patched(self, document: Document, *, scope: Scope) -> tuple[Document, tuple[Touch, ...]]:
        """Return what manifest patchers make of a manifest, and which of them changed it.

        Raises `errors.ScriptError` for one that fails, `errors.ValidationFailed` when what is left is no manifest.
        """
        patchers = self.patchers.visible(scope)
        if not patchers:
            return document, ()
        description = str(document.origin)
        done = transform.run(
            patchers,
            _Draft(document.value),
            lambda patcher, draft: patcher(draft.manifest, description),
            accept=lambda result: _Draft(result) if isinstance(result, dict) else None,
            what=self.patchers.word,
            trace=self._host.traced,
        )
        patched = replace(document, value=done.subject.manifest)
        _check(patched, done.touched_by)
        return patched, done.touched_by

    def transformed(
        self, resource: K8SResource, *, scope: Scope, others: Mapping[K8SResourceKey, K8SResource]
    ) -> K8SResource:
        """Return what transformers make of a resource; ``others`` are those that were added before.

        Raises `errors.ScriptError` for one that fails, `errors.ValidationFailed` when what is left is no manifest.
        """
        transformers = self.transformers.visible(scope)
        if not transformers:
            return resource
        before = list(others.values())
        done = transform.run(
            transformers,
            resource,
            lambda transformer, subject: transformer(before, subject),
            accept=lambda result: result if isinstance(result, K8SResource) else None,
            what=self.transformers.word,
            trace=self._host.traced,
        )
        changed = done.subject
        if changed is not resource and changed.record is None:
            changed.record = resource.record
        record = changed.record
        if record is None or not done.touched_by:
            return changed
        record.touched_by += done.touched_by
        _check(Document(value=changed.manifest, origin=record.origin, source_map=record.source_map), record.touched_by)
        return changed


def _check(document: Document, touched_by: tuple[Touch, ...]) -> None:
    found = envelope.check(document)
    if found:
        changed_by = tuple(str(touch) for touch in touched_by)
        raise errors.ValidationFailed(found[0].message, [replace(one, changed_by=changed_by) for one in found])


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", None) or type(function).__qualname__
