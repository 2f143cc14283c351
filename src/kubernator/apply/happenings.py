"""What Events say about an object that does not itself say why it is not there yet. Pure.

Source: API reference *Event v1 core*; ``reason`` is a word that each controller chooses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.apply.conditions import metadata_of, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubernator.model.resource import Manifest

__all__ = ["Happening", "newest", "written"]

#: Reasons of events that are no warnings and still tell what is going on.
_TELLING: Final = frozenset(
    {
        "EnsuringLoadBalancer",
        "ExternalProvisioning",
        "FailedBinding",
        "NotTriggerScaleUp",
        "Provisioning",
        "Pulling",
        "TriggeredScaleUp",
        "WaitForFirstConsumer",
        "WaitForPodScheduled",
    }
)

#: The Pods of a controller are refused, by a quota, a limit range, admission.
_REFUSED: Final = frozenset({"FailedCreate"})

#: To the second, as most times of the API are.
_SECOND: Final = len("2026-01-01T00:00:00")


class Happening(NamedTuple):
    """What an event says. ``suspect``: it will not pass by itself."""

    text: str
    suspect: bool = False


def newest(events: Iterable[Manifest], *, since: str = "") -> Happening | None:
    """Return the newest event that tells something, warnings first; those from before a time (RFC 3339) do not count.

    An older event may be about what has been mended since.
    """
    telling = [
        event
        for event in events
        if (event.get("type") == "Warning" or event.get("reason") in _TELLING) and _time(event) >= since[:_SECOND]
    ]
    if not telling:
        return None
    found = max(telling, key=lambda event: (event.get("type") == "Warning", _time(event)))
    return Happening(reason(found), suspect=found.get("reason") in _REFUSED)


def written(manifest: Manifest) -> str:
    """Return when what an object asks for was last written: an event from before is not about it."""
    metadata = metadata_of(manifest)
    times = [
        str(entry.get("time") or "")
        for entry in metadata.get("managedFields") or ()
        if entry.get("subresource") != "status"
    ]
    return max([*times, str(metadata.get("creationTimestamp") or "")])


def _time(event: Mapping[str, Any]) -> str:
    series: Mapping[str, Any] = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return max(str(time or "")[:_SECOND] for time in (*times, metadata_of(event).get("creationTimestamp")))
