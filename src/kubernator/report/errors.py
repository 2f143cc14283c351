"""Errors and findings in words.

::

    error: namespaced resource has no namespace
      at          web/templates/deployment.yaml:1, chart web 1.4.2
      asked by    envs/prod/web.helm.yaml:1:1, document 1
      resource    apps/v1 Deployment web

    hint: set `metadata.namespace`, or `namespace:` in web.helm.yaml

An error of ours says what stopped us; anything else is a bug of ours and says what to attach to a report.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Final, NamedTuple

import kubernator
from kubernator import errors
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from kubernator.redaction import Secrets

__all__ = ["Block", "blocks", "log", "log_findings", "of_diagnostic", "of_error", "render"]

LABEL_WIDTH: Final = 12

_LEVELS: Final = {"error": logging.ERROR, "warning": logging.WARNING, "note": logging.INFO}


class Block(NamedTuple):
    """One thing to say: ``error``, ``warning`` or ``note``, a line, labelled lines, and perhaps what to do about it."""

    kind: str
    title: str
    lines: tuple[tuple[str, str], ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        width = max([LABEL_WIDTH, *(len(label) + 2 for label, _ in self.lines)])
        indent = "\n" + " " * (width + 2)
        text = ["\n  ".join(f"{self.kind}: {self.title}".splitlines())]
        text += [f"  {label:{width}}{line}".rstrip().replace("\n", indent) for label, line in self.lines]
        if self.hint:
            text += ["", f"hint: {self.hint}"]
        return "\n".join(text)


def of_diagnostic(found: Diagnostic) -> Block:
    """Say a finding."""
    kind = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}[found.severity]
    return Block(kind, found.message, tuple(found.lines()), found.hint)


def of_error(error: BaseException) -> Block:
    """Say what stopped us. Notes that were added on its way are shown as lines."""
    notes = tuple(("note", note) for note in getattr(error, "__notes__", ()))
    if isinstance(error, errors.KubernatorError):
        return Block("error", error.title, (*error.detail, *notes), error.hint)
    if isinstance(error, KeyboardInterrupt):
        return Block("error", "interrupted")
    import platform  # noqa: PLC0415 - for a message

    place = traceback.extract_tb(error.__traceback__)[-1:]
    version = f"Kubernator {kubernator.__version__}, Python {platform.python_version()}, {sys.platform}"
    return Block(
        "error",
        f"Kubernator has a bug: {_exception(error)}",
        (
            *(("in", f"{frame.filename}:{frame.lineno}, {frame.name}") for frame in place),
            ("version", version),
            *notes,
        ),
        "please report this with the output of the same command with `-v DEBUG`, which adds where it happened",
    )


def blocks(
    error: BaseException, findings: Iterable[Diagnostic] = (), *, told: Collection[Diagnostic] = ()
) -> Iterator[Block]:
    """Return everything that is to be said at the end of a failed run.

    First the findings of the whole run, in order of their place and each once, without those that were ``told``
    before; last, with the number of all of them, what ended it.
    """
    shown = list(dict.fromkeys([*findings, *getattr(error, "diagnostics", ())]))
    yield from (of_diagnostic(found) for found in shown if found not in told)
    for part in _parts(error):
        block = of_error(part)
        if counted := _counted(shown):
            block = Block(block.kind, f"{block.title} ({counted})", block.lines, block.hint)
        yield block


def render(said: Iterable[Block], secrets: Secrets) -> str:
    """Return blocks as text, redacted and harmless for a terminal, an empty line between them.

    Redacted before it is laid out as well: indenting would pull a secret of several lines apart.
    """
    hide = secrets.redact
    masked = [
        Block(
            block.kind, hide(block.title), tuple((label, hide(line)) for label, line in block.lines), hide(block.hint)
        )
        for block in said
    ]
    return printable(hide("\n\n".join(map(str, masked))))


def log(said: Sequence[Block], logger: logging.Logger, *, final: bool = False) -> None:
    """Write blocks to the log; with ``final`` the last of them is what ended the run, and CRITICAL."""
    for position, block in enumerate(said, 1):
        level = logging.CRITICAL if final and position == len(said) else _LEVELS[block.kind]
        logger.log(level, "%s", block.title, extra={"lines": block.lines, "hint": block.hint})


def log_findings(found: Iterable[Diagnostic], logger: logging.Logger) -> list[Diagnostic]:
    """Write findings to the log, and return those that its level lets through."""
    told = []
    for each in found:
        block = of_diagnostic(each)
        log([block], logger)
        if logger.isEnabledFor(_LEVELS[block.kind]):
            told.append(each)
    return told


def _parts(error: BaseException) -> Sequence[BaseException]:
    """Return the errors of a group, several having been raised on the way out; else the error itself."""
    if isinstance(error, BaseExceptionGroup):
        return [part for inner in error.exceptions for part in _parts(inner)]
    return [error]


def _counted(findings: Sequence[Diagnostic]) -> str:
    counts = [
        (sum(found.severity is severity for found in findings), word)
        for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"))
    ]
    return ", ".join(f"{number} {word}{'s' * (number != 1)}" for number, word in counts if number)


def _exception(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip().splitlines()[0]
