"""How bad a fault is where its resource is, and the finding that it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.schema.fault import Fault, Reason, api_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubernator.model.resource import Resource

__all__ = ["STRUCTURE", "Telling", "may_be_mended"]

#: Faults of what a value is, not of what it means: rules are not asked about such a manifest.
STRUCTURE: Final = frozenset({Reason.TYPE, Reason.UNKNOWN})


def may_be_mended(fault: Fault) -> bool:
    """Say whether a fault is looked for only after others had their say about the object."""
    fixed = fault.reason in STRUCTURE or fault.reason is Reason.IMMUTABLE
    return fault.severity is Severity.ERROR and not fixed


class Telling:
    """Faults of one resource as findings."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource

    def all(self, faults: Iterable[Fault], code: str, *, mender: str = "") -> Iterator[Diagnostic]:
        """Yield the findings that faults are; ``mender`` is who may put some right on the way in, for people."""
        for fault in faults:
            mended = mender if may_be_mended(fault) else ""
            severity = Severity.INFO if fault.reason is Reason.UNDECIDED else fault.severity
            yield self._finding(fault, Severity.WARNING if mended else severity, code, mended=mended)

    def _finding(self, fault: Fault, severity: Severity, code: str, *, mended: str) -> Diagnostic:
        resource = self._resource
        return Diagnostic(
            severity=severity,
            message=fault.message,
            origin=resource.place(fault.path),
            resource=str(resource),
            field=api_path(fault.path, resource.manifest),
            changed_by=tuple(map(str, resource.touched_by)),
            detail=(("may be mended by", mended),) if mended else (),
            code=code,
        )
