"""``cache``: what is in the parts of the cache directory, whether it is whole, and clearing them."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.report import structured, table
from kubernator.tools import cache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kubernator.cli.main import Run

__all__ = ["run"]

_logger = logging.getLogger("kubernator")

_STEP = 1024


def run(run: Run) -> int:
    """Carry out ``cache ls``, ``verify`` or ``clear``. Raises `errors.UsageError` for a part that there is not."""
    found = cache.Cache()
    unknown = sorted(set(run.args.parts) - set(cache.PARTS))
    if unknown:
        raise errors.UsageError(f"the cache has no part `{unknown[0]}`", hint=f"parts are {', '.join(cache.PARTS)}")
    parts = run.args.parts or list(cache.PARTS)
    match run.args.action:
        case "clear":
            found.clear(*run.args.parts)
            _logger.info("cleared %s in `%s`", ", ".join(run.args.parts) or "everything", found.root)
        case "verify":
            _verify(run, found, parts)
        case _:
            _list(run, found, parts)
    return errors.ExitCode.OK


def _list(run: Run, found: cache.Cache, parts: Sequence[str]) -> None:
    from kubernator.tools import store  # noqa: PLC0415 - clearing needs none of it

    sizes = [(part, *_size(found.root / part)) for part in parts]
    programs = store.Store(found)
    stored = programs.all() if "bin" in parts else []
    if run.args.output_format == "text":
        rows = [(part, str(files), _human(size), str(found.root / part)) for part, files, size in sizes]
        text = table.render(("PART", "FILES", "SIZE", "WHERE"), rows)
        if stored:
            lines = [(each.name, each.version, each.machine, str(programs.path(each))) for each in stored]
            text += "\n" + table.render(("PROGRAM", "VERSION", "MACHINE", "WHERE"), lines)
        structured.write(text, run.args.file)
        return
    data: list[dict[str, Any]] = [
        {"part": part, "files": files, "bytes": size, "path": str(found.root / part)} for part, files, size in sizes
    ]
    for entry in data:
        if entry["part"] == "bin":
            entry["programs"] = [
                {
                    "name": each.name,
                    "version": each.version,
                    "machine": each.machine,
                    "path": str(programs.path(each)),
                    "url": each.url,
                    "sha256": each.fetched,
                }
                for each in stored
            ]
    _write(run, data)


def _verify(run: Run, found: cache.Cache, parts: Sequence[str]) -> None:
    """Raise `errors.ToolError` when something is damaged, after all of it is shown."""
    from kubernator.tools import damage  # noqa: PLC0415 - as above

    checked = [each for part in parts for each in damage.check(found, part)]
    if run.args.output_format == "text":
        rows = [(each.part, each.name, "damaged" if each.damage else "ok") for each in checked]
        structured.write(table.render(("PART", "WHAT", "STATE"), rows), run.args.file)
    else:
        _write(run, [{"part": each.part, "name": each.name, "damage": list(each.damage)} for each in checked])
    bad = [each for each in checked if each.damage]
    if bad:
        mend = " ".join(dict.fromkeys(each.part for each in bad))
        raise errors.ToolError(
            f"{len(bad)} of {len(checked)} things in the cache are damaged",
            detail=[(each.part, "\n".join(each.damage)) for each in bad],
            hint=f"`kubernator cache clear {mend}` removes the parts concerned; the next run fetches what it needs",
        )


def _write(run: Run, data: Any) -> None:
    structured.write(structured.render(data, run.args.output_format).rstrip("\n") + "\n", run.args.file)


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
