"""``render``: print the objects of the tree, or write a file for each. No cluster is asked unless a plugin does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.cli.commands import tree
from kubernator.report import directory, filing, rendering, selection, structured

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from kubernator.cli.main import Run
    from kubernator.model.resource import Resource
    from kubernator.report.rendering import Rendered
    from kubernator.run.host import RunHost

__all__ = ["run"]

_logger = logging.getLogger("kubernator")


def run(run: Run) -> int:
    """Carry out the verb. Raises `errors.KubernatorError` and its kin; nothing is written then."""
    args = run.args
    if args.split is None and (args.split_by is not None or args.force):
        given = "--split-by" if args.split_by is not None else "--force"
        raise errors.UsageError(f"`{given}` is of no use without `--split`", hint="say `render --split DIRECTORY`")
    if args.split is not None and args.file is not None:
        raise errors.UsageError("`--file` and `--split` exclude each other", hint="leave one of them out")
    chosen = tree.reading(run)

    def use(host: RunHost, resources: Sequence[Resource]) -> None:
        if args.split is not None and not args.force:
            _check(args.split, host.visited)
        _write(run, _found(run, host, resources))

    tree.session(run, chosen).walked(use, offline=True, traced=args.provenance)
    return errors.ExitCode.OK


def _check(target: Path, visited: Iterable[Path]) -> None:
    """Raise for a directory below one that was walked, where the next run would read what this one writes."""
    inside = target.resolve()
    for walked in sorted(visited):
        if not inside.is_relative_to(walked):
            continue
        if not any(part.startswith(".") for part in inside.relative_to(walked).parts):  # which the walk passes over
            raise errors.UsageError(
                f"`{target}` is in the tree, which would read what is written there",
                detail=[("walked", str(walked))],
                hint="choose a directory elsewhere, or one whose name begins with a point; "
                "`--force` for one that is excluded",
            )


def _found(run: Run, host: RunHost, resources: Sequence[Resource]) -> list[Rendered]:
    """Return what is printed, in the order of applying."""
    from kubernator.pipeline import order  # noqa: PLC0415 - brings the rest of the program with it
    from kubernator.run.meaning import Meaning  # noqa: PLC0415 - the same

    found = order.arrange(resources)
    run.diagnostics.extend(found.findings)
    if run.diagnostics.errors:
        raise errors.ValidationFailed("the order is not valid: `apply` would write nothing", ())
    ordered = [resource for phase in found.phases for resource in phase.resources]
    if run.args.resources:
        words = Meaning.of(host, resources).words
        wanted = {each.ref for text in run.args.resources for each in selection.matching(text, ordered, words)}
        ordered = [resource for resource in ordered if resource.ref in wanted]
    return rendering.render(ordered, run.secrets, provenance=run.args.provenance)


def _write(run: Run, found: Sequence[Rendered]) -> None:
    args = run.args
    redacted = sum(each.redacted for each in found)
    if redacted:
        _logger.warning(
            "%d object%s without secrets, which `--show-secrets` shows", redacted, "s are" if redacted > 1 else " is"
        )
    if args.split is None:
        structured.write(_text(run, found), args.file, private=args.show_secrets)
        return
    by, ending = args.split_by or "namespace", args.output_format
    done = directory.write(
        args.split,
        {filing.name(each.resource, by=by, ending=ending): _text(run, [each], single=True) for each in found},
        force=args.force,
        private=args.show_secrets,
        complete=not args.resources,
    )
    _logger.info("files in `%s`: %s", args.split, done)


def _text(run: Run, found: Sequence[Rendered], *, single: bool = False) -> str:
    if run.args.output_format == "json":
        return rendering.as_json(found, provenance=run.args.provenance, single=single)
    return rendering.as_yaml(found, provenance=run.args.provenance)
