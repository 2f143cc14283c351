"""``graph``: show in which order a tree is applied, and why. No cluster is asked unless a plugin does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.cli.commands import tree
from kubernator.pipeline import order
from kubernator.report import graph, structured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.cli.main import Run
    from kubernator.model.resource import Resource
    from kubernator.run.host import RunHost

__all__ = ["run"]


def run(run: Run) -> int:
    """Carry out the verb. Raises `errors.KubernatorError` and its kin, after the graph was printed."""
    args = run.args
    chosen = tree.reading(run)

    def show(_host: RunHost, resources: Sequence[Resource]) -> order.Order:
        found = order.arrange(resources)
        structured.write(_rendered(run, found), args.file)
        return found

    found = tree.session(run, chosen).walked(show, offline=True)
    run.diagnostics.extend(found.findings)
    if run.diagnostics.errors:
        raise errors.ValidationFailed("the order is not valid: `apply` would write nothing", ())
    return errors.ExitCode.OK


def _rendered(run: Run, found: order.Order) -> str:
    only_cycles = run.args.cycles
    match run.args.output_format:
        case "dot":
            return graph.dot(found, run.secrets, only_cycles=only_cycles)
        case "mermaid":
            return graph.mermaid(found, run.secrets, only_cycles=only_cycles)
        case "json":
            return structured.render(graph.data(found, run.secrets, only_cycles=only_cycles), "json-pretty") + "\n"
        case _:
            return (graph.cycles if only_cycles else graph.text)(found, run.secrets)
