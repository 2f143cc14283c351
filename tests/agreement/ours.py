"""What we say of a text: it is read as every file is, and checked as every resource is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from kubernator.load import decode, yamldoc
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource, ResourcePolicy
from kubernator.schema.validation import Validation

if TYPE_CHECKING:
    from kubernator.schema.documents import Documents

__all__ = ["Finding", "Left", "Ours"]

Left = Callable[[Resource, dict[str, Any]], dict[str, Any]]

#: As strict as the server is asked to be.
_STRICT: Final = ResourcePolicy(field_validation="Strict", immutable_changes={})
_FILE: Final = PurePosixPath("object.yaml")


@dataclass(frozen=True, slots=True)
class Finding:
    """One error: what we say, the field as we write it, and where."""

    message: str
    field: str
    place: tuple[int, int]
    code: str = ""


class Ours:
    """A judge that asks nobody."""

    def __init__(self, documents: Documents, definitions: list[dict[str, Any]] | None = None) -> None:
        self.documents = documents
        self.validation = Validation(documents, definitions=definitions or [])

    def findings(self, text: str, *, live: dict[str, Any] | None = None, left: Left | None = None) -> list[Finding]:
        """Return the errors in a text with one object; ``left`` says what stays of what is live beside it."""
        origin = Origin(path=_FILE)
        problems: list[Diagnostic] = []
        read = decode.manifests(yamldoc.parse(text, origin=origin, problems=problems), problems=problems)
        for document in read:
            manifest = document.value
            resource = Resource(
                manifest=manifest,
                ref=ResourceRef.of(manifest),
                gvk=GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]),
                origin=document.origin,
                source_map=document.source_map,
                policy=_STRICT,
            )
            stays = left(resource, live) if left is not None and live is not None else None
            problems += self.validation.check(resource, live=live, left=stays)
        return [_finding(each) for each in problems if each.severity is Severity.ERROR]


def _finding(found: Diagnostic) -> Finding:
    origin = found.origin
    place = (origin.line, origin.column) if origin else (0, 0)
    return Finding(found.message, found.field, place, found.code)
