"""The stages of a run: their order, their direction, and whether a plugin's methods fit them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.errors import PluginError
from kubernator.plugin import Plugin

if TYPE_CHECKING:
    from kubernator.plugin import Plugin as AnyPlugin

__all__ = [
    "AFTER_DIRECTORY",
    "AFTER_SCRIPT",
    "APPLIED",
    "BEFORE_DIRECTORY",
    "BEFORE_SCRIPT",
    "END",
    "PLANNED",
    "STAGES",
    "START",
    "WALKED",
    "Stage",
    "implemented",
    "verify",
]


class Stage(NamedTuple):
    """A named moment. ``backwards`` means that the plugin registered last comes first, like nested ``with`` blocks."""

    name: str
    argument: str
    backwards: bool = False

    def __str__(self) -> str:
        return self.name


START: Final = Stage("start", "host")
BEFORE_DIRECTORY: Final = Stage("before_directory", "visit")
BEFORE_SCRIPT: Final = Stage("before_script", "visit")
AFTER_SCRIPT: Final = Stage("after_script", "visit", backwards=True)
AFTER_DIRECTORY: Final = Stage("after_directory", "visit", backwards=True)
WALKED: Final = Stage("walked", "host", backwards=True)
PLANNED: Final = Stage("planned", "plan", backwards=True)
APPLIED: Final = Stage("applied", "report", backwards=True)
END: Final = Stage("end", "outcome", backwards=True)

#: In the order in which they happen.
STAGES: Final = (
    START,
    BEFORE_DIRECTORY,
    BEFORE_SCRIPT,
    AFTER_SCRIPT,
    AFTER_DIRECTORY,
    WALKED,
    PLANNED,
    APPLIED,
    END,
)

#: Everything the run calls on a plugin -> the name of its one argument.
_CALLED: Final = {**{stage.name: stage.argument for stage in STAGES}, "carry_out": "change"}

#: What people write who come from the reference, and what they mean.
_KNOWN_MISTAKES: Final = {"before_dir": "before_directory", "after_dir": "after_directory"}

_CLOSE: Final = 0.84


def implemented(kind: type) -> tuple[str, ...]:
    """Return the names of the stages that a plugin class defines itself, in their order."""
    return tuple(
        stage.name for stage in STAGES if getattr(kind, stage.name, None) is not getattr(Plugin, stage.name, None)
    )


def verify(plugin: AnyPlugin) -> None:
    """Raise PluginError when a stage method cannot be called as the run will call it, or is one only nearly."""
    name = plugin.name
    for stage, argument in _CALLED.items():
        if getattr(type(plugin), stage, None) is not getattr(Plugin, stage) or stage in vars(plugin):
            _verify_method(name, stage, argument, getattr(plugin, stage))
    for attribute in _own_methods(type(plugin)):
        import difflib  # noqa: PLC0415 - the built-in plugins need none

        meant = _KNOWN_MISTAKES.get(attribute) or next(
            iter(difflib.get_close_matches(attribute, list(_CALLED), n=1, cutoff=_CLOSE)), None
        )
        if meant:
            raise PluginError(
                f"plugin `{name}` has a method `{attribute}`, which nothing calls",
                detail=[("class", _full_name(type(plugin)))],
                hint=f"did you mean the stage `{meant}`? If it is a helper, let its name begin with an underscore",
            )


def _own_methods(kind: type) -> list[str]:
    """Public methods that a class and its bases add to `Plugin`, stages and what is ours left out."""
    names = dict.fromkeys(
        name
        for base in kind.__mro__
        if base not in Plugin.__mro__ and not base.__module__.startswith("kubernator.plugins.")
        for name, value in vars(base).items()
        if inspect.isroutine(value)
    )
    return [name for name in names if not name.startswith("_") and name not in _CALLED]


def _verify_method(name: str, stage: str, argument: str, method: object) -> None:
    wanted = f"def {stage}(self, {argument})"
    if not callable(method):
        raise PluginError(f"`{stage}` of plugin `{name}` is no method", hint=f"it is declared as `{wanted}`")
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        raise PluginError(
            f"stage `{stage}` of plugin `{name}` is asynchronous", hint=f"it is called as it is: write `{wanted}`"
        )
    signature = inspect.signature(method)
    try:
        signature.bind(object())
    except TypeError as error:
        raise PluginError(
            f"stage `{stage}` of plugin `{name}` takes `{signature}` and is called with one argument, `{argument}`",
            hint=f"write `{wanted}`",
        ) from error


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
