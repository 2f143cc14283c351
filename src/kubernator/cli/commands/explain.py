"""``explain``: where an object of the tree, or a field of it, comes from. No cluster is asked unless a plugin does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.cli.commands import tree
from kubernator.report import explanation, explanation_text, structured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.cli.main import Run
    from kubernator.model.resource import Resource
    from kubernator.report.explanation import Explanation
    from kubernator.run.host import RunHost

__all__ = ["run"]


def run(run: Run) -> int:
    """Carry out the verb. Raises `errors.KubernatorError` and its kin."""
    args = run.args
    chosen = tree.reading(run)

    def use(host: RunHost, resources: Sequence[Resource]) -> None:
        from kubernator.run.explaining import explain  # noqa: PLC0415 - brings the rest of the program with it

        found = explain(args.resource, host, resources)
        structured.write(_rendered(run, found), args.file, private=args.show_secrets)

    tree.session(run, chosen).walked(use, offline=True, traced=True)
    return errors.ExitCode.OK


def _rendered(run: Run, found: Explanation) -> str:
    if run.args.output_format == "text":
        return explanation_text.render(found, run.secrets)
    data = explanation.data(found, run.secrets)
    shape = "json-pretty" if run.args.output_format == "json" else run.args.output_format
    return structured.render(data, shape).rstrip("\n") + "\n"
