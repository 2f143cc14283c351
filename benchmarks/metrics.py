"""Counting requests by the API server's own counter, ``apiserver_request_total``. Pure.

Nothing is estimated: what a tool cost is the difference of two readings. What the server asks itself for all the time
is left out: leases, the addresses that it allots to Services, the events about those, and the index of the OpenAPI
documents.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "Reading", "by_kind", "difference", "parse", "total"]

COUNTER: Final = "apiserver_request_total"

DISCOVERY: Final = "discovery"
DRY_RUN: Final = "dry-run"
WRITE: Final = "write"

KINDS: Final = (DISCOVERY, "list", "get", "watch", DRY_RUN, WRITE, "other")
"""What requests are told apart by, in the order of tables. Discovery is everything that is no resource."""

_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_WRITES: Final = frozenset({"APPLY", "POST", "PUT", "PATCH", "DELETE", "DELETECOLLECTION"})
_OWN_RESOURCES: Final = frozenset({"events", "ipaddresses", "leases"})
_OWN_PATHS: Final = frozenset({"openapi/v3", "metrics", "readyz", "livez", "healthz"})

Reading = Counter[tuple[tuple[str, str], ...]]
"""How often each set of labels was counted."""


def parse(text: str) -> Reading:
    """Return the counter's lines of a page of metrics."""
    found: Reading = Counter()
    for line in text.splitlines():
        if line.startswith(COUNTER + "{"):
            labels, _, value = line.removeprefix(COUNTER).rpartition(" ")
            found[tuple(_LABEL.findall(labels))] += int(float(value))
    return found


def difference(before: Reading, after: Reading) -> Reading:
    """Return what was counted between two readings."""
    return Counter({labels: count - before[labels] for labels, count in after.items() if count > before[labels]})


def by_kind(reading: Reading) -> dict[str, int]:
    """Return how many requests of each of `KINDS` there were; those that were not are left out."""
    found: Counter[str] = Counter()
    for labels, count in reading.items():
        if kind := _kind(dict(labels)):
            found[kind] += count
    return {kind: found[kind] for kind in KINDS if found[kind]}


def total(requests: Mapping[str, int]) -> int:
    """Return how many requests there were in all."""
    return sum(requests.values())


def _kind(labels: Mapping[str, str]) -> str:
    """Return what a request counts as, empty for one that was the server's own."""
    verb = labels.get("verb", "")
    if not labels.get("resource"):
        return "" if labels.get("subresource") in _OWN_PATHS else DISCOVERY
    if labels["resource"] in _OWN_RESOURCES:
        return ""
    if verb in _WRITES:
        return DRY_RUN if labels.get("dry_run") else WRITE
    return {"LIST": "list", "GET": "get", "WATCH": "watch"}.get(verb, "other")
