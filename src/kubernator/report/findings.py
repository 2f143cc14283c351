"""What was found wrong with a tree, for people and editors and as data: what ``validate`` prints.

::

    web.yaml:12:13: error: spec.replicas: Invalid value: -1: must be greater than or equal to 0
      resource    apps/v1 Deployment shop/web
      changed by  scale, .kubernator.py:9

    checked 24 objects: 1 error

Compilers and linters begin their lines like that, so editors jump to the place and services that build mark the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.model.diagnostics import Severity
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kubernator.model.diagnostics import Diagnostic
    from kubernator.model.origin import Origin
    from kubernator.redaction import Secrets

__all__ = ["FORMAT", "WORDS", "block", "counted", "data", "ordered", "sentence", "text"]

#: The format of `data`. What is added to it later has a new name; what changes its meaning, a new number.
FORMAT: Final = "kubernator/findings/v1"

WORDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_LABEL_WIDTH: Final = 12


def text(diagnostics: Iterable[Diagnostic], secrets: Secrets, *, checked: int) -> str:
    """Return the findings by file, an empty line between files, and how many there are in a last line.

    ``checked`` is how many objects were looked at.
    """
    found = ordered(diagnostics)
    lines: list[str] = []
    before: str | None = None
    for each in found:
        file = _file(each.origin) if each.origin else ""
        if before is not None and file != before:
            lines.append("")
        before = file
        lines += block(each, secrets.redact)
    if lines:
        lines.append("")
    lines.append(f"checked {checked} object{'s' * (checked != 1)}: {counted(found) or 'nothing is wrong'}")
    return printable(secrets.redact("\n".join(lines))) + "\n"


def data(diagnostics: Iterable[Diagnostic], secrets: Secrets, *, checked: int) -> dict[str, Any]:
    """Return the findings as plain data, the same for the same tree."""
    found = ordered(diagnostics)
    return {
        "format": FORMAT,
        "checked": checked,
        "counts": {f"{word}s": _number(found, severity) for severity, word in WORDS.items()},
        "findings": [_entry(each, secrets.redact) for each in found],
    }


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the findings by place, each once; those of no place first."""
    return sorted(dict.fromkeys(diagnostics), key=_by_place)


def counted(found: Sequence[Diagnostic]) -> str:
    """Return ``2 errors, 1 warning``, empty for nothing."""
    numbers = [(_number(found, severity), word) for severity, word in WORDS.items()]
    return ", ".join(f"{number} {word}{'s' * (number != 1)}" for number, word in numbers if number)


def sentence(found: Diagnostic) -> str:
    """Return the message of a finding with the field before it, as the API server says it."""
    if not found.field or found.field in found.message:
        return found.message
    return f"{found.field}: {found.message}"


def block(found: Diagnostic, hide: Callable[[str], str]) -> list[str]:
    """Return the lines of a finding, redacted: its place and message, and labelled lines below."""
    place = f"{_place(found.origin)}: " if found.origin else ""
    head = "\n  ".join(hide(sentence(found)).splitlines())
    labelled = [(label, hide(line)) for label, line in _labelled(found)]
    width = max([_LABEL_WIDTH, *(len(label) + 2 for label, _ in labelled)])
    indent = "\n" + " " * (width + 2)
    return [
        f"{hide(place)}{WORDS[found.severity]}: {head}",
        *(f"  {label:{width}}{line}".rstrip().replace("\n", indent) for label, line in labelled),
    ]


def _labelled(found: Diagnostic) -> list[tuple[str, str]]:
    origin = found.origin
    chain = list(origin.chain) if origin else []
    return [
        *([("in", _surroundings(origin))] if origin and (origin.maker or origin.repository) else ()),
        *(("asked by", str(each)) for each in chain[1:]),
        *([("resource", found.resource)] if found.resource else ()),
        *(("changed by", who) for who in found.changed_by),
        *found.detail,
        *([("hint", found.hint)] if found.hint else ()),
    ]


def _surroundings(origin: Origin) -> str:
    """Return what tells the file from another of its path: ``document 2, chart web 1.4.2``."""
    repository = f"{origin.repository}?ref={origin.ref}" if origin.ref else origin.repository
    document = f"document {origin.document}" if origin.document is not None else ""
    return ", ".join(filter(None, [repository, document, origin.maker]))


def _place(origin: Origin) -> str:
    file = _file(origin)
    return f"{file}:{origin.line}:{origin.column}" if origin.line else file


def _file(origin: Origin) -> str:
    return " ".join(str(origin.path).splitlines())


def _entry(found: Diagnostic, hide: Callable[[str], str]) -> dict[str, Any]:
    return {
        "severity": WORDS[found.severity],
        "code": hide(found.code),
        "message": hide(found.message),
        "resource": hide(found.resource),
        "field": hide(found.field),
        "hint": hide(found.hint),
        "changedBy": [hide(who) for who in found.changed_by],
        "detail": [{"label": label, "text": hide(line)} for label, line in found.detail],
        "at": _origin(found.origin, hide) if found.origin else None,
        "askedBy": [_origin(each, hide) for each in list(found.origin.chain)[1:]] if found.origin else [],
    }


def _origin(origin: Origin, hide: Callable[[str], str]) -> dict[str, Any]:
    """Return a place; what is not known has no key."""
    return {
        "file": hide(str(origin.path)),
        **({"line": origin.line, "column": origin.column} if origin.line else {}),
        **({"document": origin.document} if origin.document is not None else {}),
        **({"repository": hide(origin.repository)} if origin.repository else {}),
        **({"ref": hide(origin.ref)} if origin.ref else {}),
        **({"madeBy": hide(origin.maker)} if origin.maker else {}),
    }


def _by_place(found: Diagnostic) -> tuple[str, str, int, int, int, str, str]:
    origin = found.origin
    where = (origin.repository or "", str(origin.path), origin.line, origin.column) if origin else ("", "", 0, 0)
    return (*where, -found.severity, found.resource, found.message)


def _number(found: Sequence[Diagnostic], severity: Severity) -> int:
    return sum(each.severity is severity for each in found)
