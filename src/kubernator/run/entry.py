"""A registered plugin, and how it is made from what ``register_plugin`` was given."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubernator.api import adapter
from kubernator.errors import KubernatorError, PluginError
from kubernator.plugin import API, Namespace, Plugin
from kubernator.run import stages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.model.origin import Origin
    from kubernator.run.registry import Registry
    from kubernator.scope.scope import Scope

__all__ = ["Entry", "Wanted"]

_RESERVED = frozenset({"globals", "common"})


@dataclass(eq=False, kw_only=True)
class Entry:
    """A plugin and where it was registered.

    ``active`` says that its ``start`` has been called; ``wake`` sees to that before the plugin is used.
    """

    name: str
    plugin: Plugin
    kind: Any
    options: Mapping[str, Any]
    origin: Origin
    scope: Scope
    wake: Callable[[], None]
    active: bool = False


class Wanted:
    """What ``register_plugin`` was given: a name, a class, a function that makes a plugin, or a plugin."""

    def __init__(self, plugin: Any, args: tuple[Any, ...], options: Mapping[str, Any], registry: Registry) -> None:
        self.given = plugin
        self.args = args
        self.options = dict(options)
        self._registry = registry

    @property
    def name(self) -> str:
        """The name where it can be known without making the plugin, else empty."""
        return self.given if isinstance(self.given, str) else adapter.name_of(self.given)

    @property
    def kind(self) -> Any:
        """What is compared to tell one plugin of a name from another."""
        return self.given if isinstance(self.given, str | type) else type(self.given)

    def make(self) -> Plugin:
        """Make the plugin, with its options, and check it. Raises PluginError for everything that is wrong with it."""
        if isinstance(self.given, str):
            plugin = self._from(self._registry.load(self.given))
            if plugin.name != self.given:
                raise PluginError(f"the plugin offered as `{self.given}` calls itself `{plugin.name}`")
        else:
            plugin = self._from(self.given)
        _check(plugin)
        return plugin

    def _from(self, given: Any) -> Plugin:
        if adapter.is_foreign(given):
            self._no_positional(adapter.name_of(given))
            return adapter.Adapted(self._called(given) if isinstance(given, type) else given, self.options)
        if isinstance(given, Plugin):
            if self.args or self.options:
                raise PluginError(
                    f"plugin `{given.name}` was given ready-made and with options",
                    hint="give the options to its constructor, or register the class",
                )
            return given
        if isinstance(given, type) and not issubclass(given, Plugin):
            raise _no_plugin(given)
        if not callable(given):
            raise _no_plugin(given)
        made = self._called(given, *self.args, **self.options)
        if not isinstance(made, Plugin):
            raise _no_plugin(made)
        return made

    def _no_positional(self, name: str) -> None:
        if self.args:
            raise PluginError(f"the options of plugin `{name}` are given by name")

    def _called(self, given: Any, *args: Any, **options: Any) -> Any:
        name = adapter.name_of(given) or getattr(given, "__name__", "plugin")
        _bind(name, given, args, options)
        try:
            return given(*args, **options)
        except KubernatorError:
            raise
        except Exception as error:
            raise PluginError(f"plugin `{name}` cannot be made: {type(error).__name__}: {error}") from error


def _bind(name: str, given: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """Find out before the call whether the options fit, so that the message can say which ones there are."""
    signature = inspect.signature(given)
    try:
        signature.bind(*args, **options)
    except TypeError as error:
        known = {
            each.name: each
            for each in signature.parameters.values()
            if each.kind not in {each.VAR_POSITIONAL, each.VAR_KEYWORD, each.POSITIONAL_ONLY}
        }
        there = f"options are {', '.join(f'`{each}`' for each in known)}" if known else "it takes no options"
        unknown = next((each for each in options if each not in known), None)
        if unknown is not None:
            import difflib  # noqa: PLC0415 - for a message

            close = difflib.get_close_matches(unknown, known, n=1)
            raise PluginError(
                f"plugin `{name}` has no option `{unknown}`",
                hint=f"did you mean `{close[0]}`? {there}" if close else there,
            ) from error
        missing = [each for each, found in known.items() if found.default is found.empty and each not in options]
        if missing and not args:
            raise PluginError(f"plugin `{name}` needs the option `{missing[0]}`", hint=there) from error
        raise PluginError(f"plugin `{name}` does not take these options: {error}", hint=there) from error


def _check(plugin: Plugin) -> None:
    name = getattr(plugin, "name", None)
    kind = type(plugin.inner if isinstance(plugin, adapter.Adapted) else plugin)
    where = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    attribute = "_name" if isinstance(plugin, adapter.Adapted) else "name"
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
        raise PluginError(
            f"a plugin needs a `{attribute}` that can stand after `ktor.`",
            detail=[("class", where), (attribute, repr(name))],
            hint=f'give the class one: `{attribute} = "acme"`',
        )
    if name in _RESERVED:
        raise PluginError(f"a plugin cannot be called `{name}`", detail=[("class", where)])
    requires: Any = plugin.requires
    if isinstance(requires, str) or not all(isinstance(each, str) for each in requires):
        raise PluginError(
            f"`requires` of plugin `{name}` is `{requires!r}`", hint='it is a tuple of names, like `("k8s",)`'
        )
    namespace: Any = plugin.namespace
    if namespace is not None and not (isinstance(namespace, type) and issubclass(namespace, Namespace)):
        raise PluginError(
            f"`namespace` of plugin `{name}` is `{namespace!r}`",
            hint="it is a class derived from `kubernator.plugin.Namespace`",
        )
    if plugin.api != API:
        raise PluginError(
            f"plugin `{name}` is written for version {plugin.api} of the plugin interface; this is version {API}",
            hint=f"install a version of the plugin for interface {API}, or another version of Kubernator",
        )
    if not isinstance(plugin, adapter.Adapted):
        stages.verify(plugin)


def _no_plugin(given: Any) -> PluginError:
    shown = given.__qualname__ if isinstance(given, type) else repr(given)
    return PluginError(
        f"`{shown}` is no plugin", hint="give a name, or a class derived from `kubernator.plugin.Plugin`"
    )
