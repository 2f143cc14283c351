"""``validate``: look for all that is wrong with a tree, without a cluster. Nothing is written anywhere."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import kubernator
from kubernator import errors
from kubernator.cli.commands import tree
from kubernator.model.diagnostics import Severity
from kubernator.report import findings, structured

if TYPE_CHECKING:
    from kubernator.cli.main import Run
    from kubernator.run.validating import Checked

__all__ = ["run"]

_logger = logging.getLogger("kubernator")


def run(run: Run) -> int:
    """Carry out the verb. Findings are its output, so it raises only what keeps it from looking."""
    args = run.args
    if args.server and args.kube_version is not None:
        raise errors.UsageError(
            "`--server` and `--kube-version` exclude each other", hint="a server has the version that it has"
        )
    checked = tree.session(run, tree.reading(run)).checked()
    structured.write(_rendered(run, checked), args.file, private=args.show_secrets)
    if checked.error is not None:
        return int(checked.error.exit_code)
    worst = max((found.severity for found in run.diagnostics), default=Severity.INFO)
    if worst >= (Severity.WARNING if args.strict else Severity.ERROR):
        return errors.ExitCode.INVALID
    _logger.info("terminated successfully")
    return errors.ExitCode.OK


def _rendered(run: Run, checked: Checked) -> str:
    found, secrets, number = list(run.diagnostics), run.secrets, len(checked.resources)
    match run.args.output_format:
        case "json":
            return structured.render(findings.data(found, secrets, checked=number), "json-pretty") + "\n"
        case "sarif":
            from kubernator.report import sarif  # noqa: PLC0415 - only where it is asked for

            data = sarif.sarif(found, secrets, version=kubernator.__version__, start=run.args.path)
            return structured.render(data, "json-pretty") + "\n"
        case "junit":
            from kubernator.report import junit  # noqa: PLC0415 - the same

            return junit.junit(found, checked.resources, secrets)
        case _:
            return findings.text(found, secrets, checked=number)
