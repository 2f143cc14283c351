"""What ``dump`` and ``apply`` have in common: a session over the tree that the command line names."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kubernator.cli.main import Run
    from kubernator.run.options import RunOptions
    from kubernator.run.session import Session

__all__ = ["options", "reading", "session"]

_logger = logging.getLogger("kubernator")

#: What settings are called on the command line.
_OPTIONS: Final = {
    **{
        name: name
        for name in (
            "cached_repositories",
            "command",
            "context",
            "dry_run",
            "file",
            "force_conflicts",
            "keep_going",
            "kube_version",
            "locked",
            "offline",
            "output_format",
            "path",
            "pre_start_script",
            "preflight",
            "report",
            "server",
            "show_secrets",
            "timeout",
            "wait",
        )
    },
    "manager": "field_manager",
}


def session(run: Run, chosen: RunOptions) -> Session:
    """Return the session of a run."""
    from kubernator.run.session import Session  # noqa: PLC0415 - brings the rest of the program with it

    return Session(chosen, secrets=run.secrets, diagnostics=run.diagnostics, interrupts=run.interrupts, live=run.live)


def options(run: Run) -> RunOptions:
    """Return the settings of a run from its command line; what its verb has no option for keeps its default."""
    from kubernator.run.options import RunOptions  # noqa: PLC0415 - as above

    args = run.args
    return RunOptions(
        args=args,
        policies=tuple(getattr(args, "policies", ())),
        include_project=tuple(args.include_project),
        exclude_project=tuple(args.exclude_project),
        **{field: getattr(args, name) for field, name in _OPTIONS.items() if hasattr(args, name)},
    )


def reading(run: Run) -> RunOptions:
    """Return the settings of a verb that only looks, and log that it starts; scripts see a dry run."""
    run.args.dry_run = True
    chosen = options(run)
    _logger.info("starting in `%s` (%s only)", chosen.path, chosen.command)
    return chosen
