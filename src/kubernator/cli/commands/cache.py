"""``cache``: how large the parts of the cache directory are, and clearing them."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.report import structured, table
from kubernator.tools import cache

if TYPE_CHECKING:
    from pathlib import Path

    from kubernator.cli.main import Run

__all__ = ["run"]

_logger = logging.getLogger("kubernator")

_STEP = 1024


def run(run: Run) -> int:
    """Carry out ``cache ls`` or ``cache clear``. Raises `errors.UsageError` for a part that there is not."""
    found = cache.Cache()
    unknown = sorted(set(run.args.parts) - set(cache.PARTS))
    if unknown:
        raise errors.UsageError(f"the cache has no part `{unknown[0]}`", hint=f"parts are {', '.join(cache.PARTS)}")
    if run.args.action == "clear":
        found.clear(*run.args.parts)
        _logger.info("cleared %s in `%s`", ", ".join(run.args.parts) or "everything", found.root)
        return errors.ExitCode.OK
    parts = run.args.parts or cache.PARTS
    sizes = [(part, *_size(found.root / part)) for part in parts]
    if run.args.output_format == "text":
        rows = [(part, str(files), _human(size), str(found.root / part)) for part, files, size in sizes]
        text = table.render(("PART", "FILES", "SIZE", "WHERE"), rows)
    else:
        data = [
            {"part": part, "files": files, "bytes": size, "path": str(found.root / part)} for part, files, size in sizes
        ]
        text = structured.render(data, run.args.output_format).rstrip("\n") + "\n"
    structured.write(text, run.args.file)
    return errors.ExitCode.OK


def _size(path: Path) -> tuple[int, int]:
    """Return how many files are below a directory and their bytes; links are not followed."""
    files = size = 0
    for directory, _, names in os.walk(path):
        for name in names:
            files += 1
            size += os.lstat(os.path.join(directory, name)).st_size  # noqa: PTH118 - os.walk speaks in strings
    return files, size


def _human(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < _STEP or unit == "GiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _STEP
    return ""
