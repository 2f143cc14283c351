"""``plugins``: which plugins scripts can register, where they come from, and in which stages they act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.report import structured, table

if TYPE_CHECKING:
    from kubernator.cli.main import Run

__all__ = ["run"]


def run(run: Run) -> int:
    """Print the list; a plugin that cannot be used is listed with the reason."""
    from kubernator.run import registry  # noqa: PLC0415 - a plugin is imported to see its stages

    found = registry.Registry().describe()
    if run.args.output_format == "text":
        rows = [
            (
                each.name,
                each.distribution,
                each.version,
                f"cannot be used: {each.problem}" if each.problem else " ".join(each.stages),
            )
            for each in found
        ]
        text = table.render(("PLUGIN", "DISTRIBUTION", "VERSION", "STAGES"), rows)
    else:
        data = [
            {
                "name": each.name,
                "distribution": each.distribution,
                "version": each.version,
                "module": each.module,
                "stages": list(each.stages),
                **({"problem": each.problem} if each.problem else {}),
            }
            for each in found
        ]
        text = structured.render(data, run.args.output_format)
    structured.write(run.secrets.redact(text.rstrip("\n") + "\n"), run.args.file)
    return errors.ExitCode.OK
