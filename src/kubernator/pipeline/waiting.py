"""What a manifest itself says about waiting, by annotations: ``kubernator.io/wait`` and ``kubernator.io/timeout``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.model.annotations import TIMEOUT, WAIT
from kubernator.model.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kubernator.model.resource import Resource

__all__ = ["check", "seconds", "timeout", "waits"]

_FACTORS: Final = {"s": 1, "m": 60, "h": 3600}


def seconds(text: str) -> float:
    """Read a number of seconds, or a number with ``s``, ``m`` or ``h``; raises ValueError for anything else."""
    number, factor = text.strip(), 1
    if number[-1:] in _FACTORS:
        number, factor = number[:-1], _FACTORS[number[-1]]
    if not number.replace(".", "", 1).isdigit() or not number.isascii():
        raise ValueError(text)
    found = float(number) * factor
    if found == float("inf"):
        raise ValueError(text)
    return found


def waits(manifest: Mapping[str, Any]) -> bool:
    """Say whether the object of a manifest is waited for; it is unless it says otherwise."""
    return _annotation(manifest, WAIT) != "false"


def timeout(manifest: Mapping[str, Any]) -> float | None:
    """Return how long the object of a manifest may take to become current, in seconds; None where it does not say."""
    text = _annotation(manifest, TIMEOUT)
    try:
        return None if text is None else seconds(text)
    except ValueError:
        return None  # `check` has told, unless somebody else wrote it into the cluster


def check(resource: Resource) -> Iterator[Diagnostic]:
    """Yield what is wrong with the annotations of a resource about waiting."""
    wait = _annotation(resource.manifest, WAIT)
    if wait not in {None, "true", "false"}:
        yield _finding(resource, WAIT, f"cannot be `{wait}`", 'it is `"true"` or `"false"`')
    text = _annotation(resource.manifest, TIMEOUT)
    if text is None:
        return
    try:
        seconds(text)
    except ValueError:
        yield _finding(resource, TIMEOUT, f"is no length of time: `{text}`", "say `90s`, `5m` or `1h`")


def _annotation(manifest: Mapping[str, Any], name: str) -> str | None:
    metadata = manifest.get("metadata")
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    value = found.get(name) if isinstance(found, dict) else None
    return None if value is None else str(value)


def _finding(resource: Resource, name: str, what: str, hint: str) -> Diagnostic:
    path = ("metadata", "annotations", name)
    return Diagnostic(
        severity=Severity.ERROR,
        message=f"annotation `{name}` {what}",
        origin=resource.place(path),
        resource=str(resource),
        field="/".join(path[:2]) + f"/{name}",
        changed_by=tuple(map(str, resource.touched_by)),
        hint=hint,
        code="annotation",
    )
