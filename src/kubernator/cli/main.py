"""From the words of a command line to an exit code.

Data goes to stdout, talk to stderr. An error ends here: in words on stderr for people, as log lines where the log is
JSON, and in both where the log goes to a file.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kubernator import errors, redaction
from kubernator.cli import interrupts, options, words
from kubernator.model.diagnostics import Diagnostics
from kubernator.report import errors as shown
from kubernator.report import logs, progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.cli.interrupts import Interrupts
    from kubernator.cli.words import Invocation

__all__ = ["READER_LEFT", "Run", "main"]

#: What the process answers when who reads its output has left: what a shell says of a program that SIGPIPE ended.
READER_LEFT = 128 + signal.SIGPIPE

_logger = logging.getLogger("kubernator")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a verb is given: its command line, the secrets, the collector of findings, and the signals."""

    invocation: Invocation
    secrets: redaction.Secrets
    interrupts: Interrupts
    diagnostics: Diagnostics = field(default_factory=Diagnostics)

    @property
    def args(self) -> Any:
        """The parsed options, as scripts see them too."""
        return self.invocation.args

    @property
    def live(self) -> bool:
        """Whether progress is shown live: people read the log, and stderr is a terminal."""
        return self.args.log_format == "human" and progress.live_wanted(sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return the exit code."""
    _open_streams()
    try:
        invocation = words.parse(sys.argv[1:] if argv is None else argv)
    except SystemExit as end:  # --help and --version
        return _code(end)
    except errors.UsageError as error:
        _say([shown.of_error(error)], redaction.Secrets())
        return int(error.exit_code)
    args = invocation.args
    secrets = redaction.Secrets(show=getattr(args, "show_secrets", False))
    try:
        with logs.configured(secrets=secrets, level=args.verbose, log_format=args.log_format, file=args.log_file):
            return _run(invocation, secrets)
    except errors.KubernatorError as error:  # the log cannot be opened
        _say([shown.of_error(error)], secrets)
        return _by_style(error.exit_code, args)


def _run(invocation: Invocation, secrets: redaction.Secrets) -> int:
    with interrupts.Interrupts() as signals:
        run = Run(invocation=invocation, secrets=secrets, interrupts=signals)
        try:
            code = _instead(run)
            return _verb(run) if code is None else code
        except SystemExit as end:
            return _by_style(_ended(end, secrets), run.args)
        except BrokenPipeError:
            _let_go_of_stdout()
            return READER_LEFT
        except BaseException as error:  # noqa: BLE001 - here every error becomes words and a number
            _report(error, run)
            return _exit_code(error, run)


def _verb(run: Run) -> int:
    module = importlib.import_module(f"kubernator.cli.commands.{run.invocation.verb}")
    if options.VERBS[run.invocation.verb].raw:
        return int(module.run(list(run.invocation.rest), out=sys.stdout, err=sys.stderr))
    return int(module.run(run))


def _open_streams() -> None:
    """Open what the process was started without (``>&-``) on nothing, since all else takes it to be there."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - until the end


def _instead(run: Run) -> int | None:
    """Do what options ask for instead of a run; None when they ask for nothing."""
    args = run.args
    if args.clear_cache:
        from kubernator.tools import cache  # noqa: PLC0415 - most runs do not get here

        found = cache.Cache()
        found.clear()
        _logger.info("cleared the cache `%s`", found.root)
        return errors.ExitCode.OK
    if args.clear_k8s_cache or args.pre_cache_k8s_client:
        option = "--clear-k8s-cache" if args.clear_k8s_cache else "--pre-cache-k8s-client"
        _logger.warning("`%s` does nothing: no Kubernetes client library is installed at run time any more", option)
        return errors.ExitCode.OK
    return None


def _report(error: BaseException, run: Run) -> None:
    args = run.args
    said = list(shown.blocks(error, run.diagnostics, told=run.diagnostics.told))
    if args.log_format == "json" or args.log_file:
        shown.log(said, _logger, final=True)
    if args.log_file:  # who looks at stderr has seen nothing of it
        said = list(shown.blocks(error, run.diagnostics))
    if args.log_format != "json" or args.log_file:
        _say(said, run.secrets)
    # what is not an error of ours is a bug, whose traceback is wanted; of the others the cause may help
    level = logging.DEBUG if not isinstance(error, KeyboardInterrupt) else logs.TRACE
    _logger.log(level, "this is where it happened", exc_info=error)


def _exit_code(error: BaseException, run: Run) -> int:
    if isinstance(error, BaseExceptionGroup):
        return _exit_code(error.exceptions[0], run)
    if isinstance(error, KeyboardInterrupt | errors.Interrupted):
        return run.interrupts.exit_code
    code = error.exit_code if isinstance(error, errors.KubernatorError) else errors.ExitCode.ERROR
    return code.compatible if run.invocation.compatible else _by_style(code, run.args)


def _by_style(code: int, args: Any) -> int:
    """Return the code of a failure so that nobody who goes by the style of ``diff`` takes it for a difference."""
    style = getattr(args, "exit_code_style", None)
    return errors.ExitCode.CHANGES if style == "diff" and code == errors.ExitCode.ERROR else code


def _say(said: Sequence[shown.Block], secrets: redaction.Secrets) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{shown.render(said, secrets)}\n")
        sys.stderr.flush()


def _ended(end: SystemExit, secrets: redaction.Secrets) -> int:
    """Return what a script's ``sys.exit`` asks for; a text is printed, as Python does."""
    if isinstance(end.code, str):
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{secrets.redact(end.code)}\n")
    return _code(end)


def _code(end: SystemExit) -> int:
    match end.code:
        case None:
            return errors.ExitCode.OK
        case int(number):
            return number
        case _:
            return errors.ExitCode.ERROR


def _let_go_of_stdout() -> None:
    """Point stdout at nothing, so that the interpreter does not complain about what it cannot flush at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
