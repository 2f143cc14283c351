"""Contexts as plugins written for the reference make and read them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from kubernator.scope.containers import ContextDict
from kubernator.scope.namespace import Namespace, View
from kubernator.scope.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PropertyDict", "calling_frame_source", "config_as_dict", "config_get", "config_parent"]


class _AnyView(type):
    """Lets ``isinstance(x, PropertyDict)`` say yes to every part of the context."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, View | ContextDict)


class PropertyDict(View, metaclass=_AnyView):
    """A context of one's own: values over those of a parent, with everything that ``ktor`` can do."""

    def __init__(self, _dict: Mapping[str, Any] | None = None, _parent: View | None = None) -> None:
        parent = _parent._scope if isinstance(_parent, View) else None  # noqa: SLF001 - a view is its scope
        super().__init__(Scope(parent, label="PropertyDict"), _parent._space if isinstance(_parent, View) else "")  # noqa: SLF001
        for name, value in (_dict or {}).items():
            self[name] = value

    def __scope_copy__(self) -> PropertyDict:
        """Give a directory below a layer of its own over this."""
        return PropertyDict(None, self)


def config_as_dict(config: Any) -> dict[str, Any]:
    """Return the names and values of a context, the inherited ones too, as a plain dict."""
    if isinstance(config, View):
        names = config._scope.names(config._space)  # noqa: SLF001 - a view is its scope
        return {name: getattr(config, name) for name in names}
    return dict(config)


def config_parent(config: Any) -> Any:
    """Return the same part of the context as the directory above sees it; None at the top."""
    if not isinstance(config, View) or config._scope.parent is None:  # noqa: SLF001 - a view is its scope
        return None
    scope, space = config._scope.parent, config._space  # noqa: SLF001 - the same
    if isinstance(config, Namespace):
        return type(config)(scope, space, plugin=config._plugin, host=config._host)  # noqa: SLF001 - the same
    return (View if type(config) is PropertyDict else type(config))(scope, space)


def config_get(config: Any, key: str, default: Any = None) -> Any:
    """Return a value of a context, or the default."""
    return getattr(config, key, default)


def calling_frame_source() -> str:
    """Return ``file:line`` of the script that leads here, else of the nearest caller outside this package."""
    frame = inspect.currentframe()
    outside = ""
    while frame is not None:
        if "__kubernator_script__" in frame.f_globals:
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        if not outside and not str(frame.f_globals.get("__name__", "")).startswith("kubernator."):
            outside = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return outside
