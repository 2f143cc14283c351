"""The reference's names for the program as a whole."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from kubernator import errors, redaction
from kubernator.cli import interrupts, options, words
from kubernator.cli.main import Run, main
from kubernator.report import logs

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Self

    import yaml

__all__ = ["App", "ArgumentParser", "define_arg_parse", "main", "yaml"]


def __getattr__(name: str) -> Any:
    if name != "yaml":
        raise AttributeError(f"module `{__name__}` has no `{name}`")
    importlib.import_module("kubernator.load.yamldoc")  # lets PyYAML read `=` as text
    return importlib.import_module(name)


class App:
    """One run of ``dump`` or ``apply`` for arguments from `define_arg_parse`; a context manager, as it was."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def run(self) -> None:
        """Run. Raises `errors.KubernatorError` and its kin; handlers and levels of logging are up to the caller."""
        logs.install_trace()
        verb = self.args.command
        module = importlib.import_module(f"kubernator.cli.commands.{verb}")
        secrets = redaction.Secrets(show=getattr(self.args, "show_secrets", False))
        with interrupts.Interrupts() as signals:
            module.run(Run(invocation=words.Invocation(verb, self.args), secrets=secrets, interrupts=signals))


class ArgumentParser:
    """Reads a command line as the ``kubernator`` command does: options stand before and after the verb."""

    def parse_args(self, args: Sequence[str] | None = None) -> argparse.Namespace:
        """Return the options; a command line that makes no sense ends the process, as argparse does."""
        try:
            return words.parse(sys.argv[1:] if args is None else args).args
        except errors.UsageError as error:
            options.parser(None).exit(int(error.exit_code), f"kubernator: error: {error}\n")

    def format_help(self) -> str:
        """Return the help text."""
        return options.parser(None).format_help()


def define_arg_parse() -> ArgumentParser:
    """Return the parser of the command line."""
    return ArgumentParser()
