"""Programs and their surroundings, under the reference's names."""

from __future__ import annotations

import importlib.util
import io
import os
import platform
import sys
from typing import TYPE_CHECKING, Any

from kubernator.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = [
    "StringIO",
    "StripNL",
    "get_golang_machine",
    "get_golang_os",
    "install_python_k8s_client",
    "prepend_os_path",
    "tool_environment",
    "validator_with_defaults",
]


class StripNL:
    """Calls a function with each line without the line break at its end."""

    def __init__(self, func: Callable[[Any], object]) -> None:
        self.func = func

    def __call__(self, line: str | bytes) -> None:
        """Pass a line on."""
        self.func(line.rstrip(b"\r\n") if isinstance(line, bytes) else line.rstrip("\r\n"))


class StringIO(io.StringIO):
    """Collects what a program writes. ``trimmed`` removes white space at the end of each piece, a line mostly."""

    def __init__(self, trimmed: bool = True) -> None:  # noqa: FBT001, FBT002 - the reference's signature
        super().__init__()
        self._trimmed = trimmed

    def write(self, text: str, /) -> int:
        """Add a piece."""
        return super().write(text.rstrip() if self._trimmed else text)


def get_golang_os() -> str:
    """Return the operating system as Go names it."""
    return "windows" if sys.platform == "win32" else sys.platform


def get_golang_machine() -> str:
    """Return the processor as Go names it."""
    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386"}.get(machine, machine)


def tool_environment(directories: Sequence[str | os.PathLike[str]]) -> dict[str, str]:
    """Return the environment programs are run with: ours, with directories of tools in front of ``PATH``."""
    from kubernator.tools import process  # noqa: PLC0415 - only where something is run

    return process.environment(path=directories)


def prepend_os_path(path: str | os.PathLike[str]) -> bool:
    """Put a directory in front of this process's ``PATH`` and say whether it was not there before.

    Only plugins of the reference's manner change the process; ours append to ``tool_dirs`` of the app plugin.
    """
    directory = os.fspath(path)
    present = os.environ.get("PATH", "").split(os.pathsep)
    if directory in present:
        return False
    os.environ["PATH"] = os.pathsep.join([directory, *filter(None, present)])
    return True


def install_python_k8s_client(*_args: Any, **_options: Any) -> None:
    """Check that the official client is there: nothing is installed while a run is under way. Raises ToolError."""
    if importlib.util.find_spec("kubernetes") is None:
        raise ToolError(
            "the official Kubernetes client is not installed, and nothing is installed during a run",
            hint="install `kubernator[client]`",
        )


def validator_with_defaults(validator_class: Any) -> Any:
    """Return a class like a ``jsonschema`` validator class that also fills in the defaults of properties."""
    from jsonschema import validators  # type: ignore[import-untyped] # noqa: PLC0415 - whoever has such a class has it

    check = validator_class.VALIDATORS["properties"]

    def fill(validator: Any, properties: Mapping[str, Any], instance: Any, schema: Any) -> Iterator[Any]:
        if validator.is_type(instance, "object"):
            for name, of in properties.items():
                if isinstance(of, dict) and "default" in of:
                    instance.setdefault(name, of["default"])
        yield from check(validator, properties, instance, schema)

    return validators.extend(validator_class, {"properties": fill})
