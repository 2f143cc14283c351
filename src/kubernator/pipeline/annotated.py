"""Annotations of ours that are wrong: a misspelling, which would otherwise pass without effect, and one that warns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator.model.annotations import KNOWN, PREFIX, REDACTED
from kubernator.model.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.resource import Resource

__all__ = ["misplaced", "unknown"]


def unknown(resource: Resource) -> Iterator[Diagnostic]:
    """Yield a warning for each annotation that begins with ``kubernator.io/`` and means nothing."""
    said = (resource.manifest.get("metadata") or {}).get("annotations")
    if not isinstance(said, dict):
        return
    for name in said:
        if not str(name).startswith(PREFIX) or name in KNOWN:
            continue
        import difflib  # noqa: PLC0415 - for a message

        ends = [known.removeprefix(PREFIX) for known in KNOWN]
        close = difflib.get_close_matches(str(name).removeprefix(PREFIX), ends, n=1)
        yield Diagnostic(
            severity=Severity.WARNING,
            message=f"the annotation `{name}` means nothing",
            origin=resource.place(("metadata", "annotations", str(name))),
            resource=str(resource),
            changed_by=tuple(map(str, resource.touched_by)),
            hint=f"did you mean `{PREFIX}{close[0]}`"
            if close
            else f"known are {', '.join(f'`{one}`' for one in sorted(KNOWN))}",
            code="annotation",
        )


def misplaced(resource: Resource) -> Iterator[Diagnostic]:
    """Yield an error for an object that `render` wrote without its secrets: markers stand where their values were."""
    said = (resource.manifest.get("metadata") or {}).get("annotations")
    if isinstance(said, dict) and REDACTED in said:
        yield Diagnostic(
            severity=Severity.ERROR,
            message="this object was rendered without its secrets, so it cannot be applied",
            origin=resource.place(("metadata", "annotations", REDACTED)),
            resource=str(resource),
            changed_by=tuple(map(str, resource.touched_by)),
            hint="render it with `--show-secrets`, or put the values in and take the annotation away",
            code="annotation",
        )
