"""What is wrong with what a script hands over: errors of ours that are also the ``ValueError`` of the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["InvalidInput", "InvalidOption", "one_of"]


class InvalidOption(errors.PluginError, ValueError):
    """An option or setting of the plugin has a value it cannot have."""


class InvalidInput(errors.ProjectError, ValueError):
    """A manifest or file that is handed to the plugin is not what the function takes."""


def one_of(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return the value if it is one of the choices, else raise `InvalidOption`."""
    if value not in choices:
        expected = ", ".join(f"`{choice}`" for choice in choices)
        raise InvalidOption(f"`{name}` cannot be `{value}`", hint=f"it is one of {expected}")
    return str(value)
