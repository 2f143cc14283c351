"""Reading what stands in a live object, which may be of any shape, and saying how it stands. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator.model.status import Status, StatusResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.resource import Manifest

__all__ = [
    "condition",
    "current",
    "failed",
    "has",
    "in_progress",
    "metadata_of",
    "number",
    "outdated",
    "reason",
    "spec_of",
    "status_of",
    "unseen",
]


def metadata_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``metadata``; empty where it is none."""
    return _mapping(manifest, "metadata")


def spec_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``spec``; empty where it is none."""
    return _mapping(manifest, "spec")


def status_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``status``; empty where it is none."""
    return _mapping(manifest, "status")


def _mapping(manifest: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = manifest.get(key)
    return found if isinstance(found, dict) else {}


def condition(manifest: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the condition of a type; empty where there is none."""
    found = status_of(manifest).get("conditions")
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict) and each.get("type") == kind:
            return each
    return {}


def has(manifest: Mapping[str, Any], kind: str, value: str = "True") -> bool:
    """Say whether the condition of a type has a value."""
    return condition(manifest, kind).get("status") == value


def reason(holder: Mapping[str, Any]) -> str:
    """Return ``reason: message`` of a condition or a container's state, on one line."""
    parts = (" ".join(str(holder.get(key) or "").split()) for key in ("reason", "message"))
    return ": ".join(part for part in parts if part)


def number(holder: Mapping[str, Any], key: str, default: int = 0) -> int:
    """Return a number; the default where it is none."""
    found = holder.get(key)
    return found if isinstance(found, int) else default


def unseen(manifest: Manifest) -> bool:
    """Say whether no controller has looked at any generation of the object."""
    return "observedGeneration" not in status_of(manifest)


def outdated(manifest: Manifest) -> StatusResult | None:
    """Return "in progress" while the status is about an older generation than the spec."""
    observed, generation = status_of(manifest).get("observedGeneration"), metadata_of(manifest).get("generation")
    if isinstance(observed, int) and isinstance(generation, int) and observed < generation:
        return in_progress(f"generation {generation} is not yet seen, {observed} is")
    return None


def current(message: str = "") -> StatusResult:
    """Return that an object is as its spec wants it."""
    return StatusResult(Status.CURRENT, message)


def in_progress(message: str, *, suspect: bool = False) -> StatusResult:
    """Return that an object is on its way."""
    return StatusResult(Status.IN_PROGRESS, message, suspect)


def failed(message: str) -> StatusResult:
    """Return that an object will not get there."""
    return StatusResult(Status.FAILED, message)
