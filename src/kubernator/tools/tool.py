"""A program as plugins see it: its name, where it lies, its version, and how it came to be there."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Tool", "ToolOrigin", "find"]


class ToolOrigin(Enum):
    """How a program was had."""

    PATH = "PATH"
    CACHE = "cache"
    DOWNLOAD = "download"
    BUILT = "built"
    GIVEN = "given"


class Tool(NamedTuple):
    """A program that can be run. ``version`` is empty where nobody asked the program."""

    name: str
    path: Path
    version: str = ""
    origin: ToolOrigin = ToolOrigin.PATH


def find(name: str, path_dirs: Iterable[str | os.PathLike[str]] | None = None) -> Tool | None:
    """Return the first executable of that name in the directories, else None. No directories given means ``PATH``."""
    import shutil  # noqa: PLC0415 - brings every kind of compression with it

    if path_dirs is None:
        where = shutil.which(name)
        return Tool(name=name, path=Path(where)) if where else None
    dirs = [os.fspath(directory) for directory in path_dirs]
    where = shutil.which(name, path=os.pathsep.join(dirs)) if dirs else None
    return Tool(name=name, path=Path(where), origin=ToolOrigin.GIVEN) if where else None
