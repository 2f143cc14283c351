"""What ``dump`` and ``apply`` have in common: a session over the tree that the command line names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubernator.cli.main import Run
    from kubernator.run.options import RunOptions
    from kubernator.run.session import Session

__all__ = ["options", "session"]


def session(run: Run, chosen: RunOptions) -> Session:
    """Return the session of a run."""
    from kubernator.run.session import Session  # noqa: PLC0415 - brings the rest of the program with it

    return Session(chosen, secrets=run.secrets, diagnostics=run.diagnostics, interrupts=run.interrupts, live=run.live)


def options(run: Run) -> RunOptions:
    """Return the settings of a run from its command line."""
    from kubernator.run.options import RunOptions  # noqa: PLC0415 - as above

    args = run.args
    return RunOptions(
        args=args,
        command=args.command,
        path=args.path,
        dry_run=args.dry_run,
        file=args.file,
        output_format=args.output_format,
        show_secrets=args.show_secrets,
        manager=args.field_manager,
        force_conflicts=args.force_conflicts,
        preflight=args.preflight,
        keep_going=getattr(args, "keep_going", False),
        wait=getattr(args, "wait", True),
        timeout=getattr(args, "timeout", None),
        context=args.context,
        pre_start_script=args.pre_start_script,
        report=getattr(args, "report", None),
        include_project=tuple(args.include_project),
        exclude_project=tuple(args.exclude_project),
    )
