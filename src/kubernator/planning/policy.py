"""What an answer of the server means: a conflict, an object that moved on, a field that cannot change. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.errors import Forbidden
from kubernator.planning import wording
from kubernator.planning.fields import field_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.errors import ApiError, FieldCause
    from kubernator.model.resource import Resource

__all__ = [
    "cannot_change",
    "exists_already",
    "helpers",
    "immutable",
    "is_conflict",
    "is_denied",
    "is_stale",
    "refusal",
    "undeclared",
]

#: How the server says, besides "immutable", that a field cannot change.
_FIXED: Final = ("immutable", "cannot change", "may not be changed", "may not change once set", "can not be unset")
#: How the server says that it does not know a field; then it has looked at nothing but the structure.
_UNDECLARED: Final = "field not declared in schema"
#: How the server names fields that do not fit the schema: a 500 without causes, ``.spec.bogus: field not declared``.
_TYPED: Final = re.compile(
    r"(\.[^\s:]+): ((?:field not declared in schema|expected|duplicate)[^;]*?)(?= \.[^\s:]+: |$)"
)


#: How the server says that somebody may not: RBAC and its kin, not a quota and not an admission webhook.
_MAY_NOT: Final = re.compile(r'\bis forbidden: User "[^"]*" cannot ')


def helpers(manager: str) -> tuple[str, str]:
    """Return the names under which we write besides the field manager: for fields given up, for merge instructions."""
    return f"{manager}-released", f"{manager}-instructions"


def is_conflict(error: ApiError) -> bool:
    """Say whether a 409 is about fields of other managers: it holds nothing but such causes."""
    return error.status == 409 and any(cause.reason == "FieldManagerConflict" for cause in error.causes)  # noqa: PLR2004


def is_stale(error: ApiError) -> bool:
    """Say whether a write was refused because the object moved on, went, came, or is another one of the same name.

    A stale resourceVersion is a 409 without causes; another uid is a 422 on ``metadata.uid`` while an object is there
    and a 409 when none is.
    """
    if error.status == 409:  # noqa: PLR2004
        return not is_conflict(error)
    return error.status == 422 and any(cause.field == "metadata.uid" for cause in error.causes)  # noqa: PLR2004


def is_denied(error: ApiError) -> bool:
    """Say whether we lack the permission, where a 403 may also be a quota or the answer of an admission webhook."""
    return isinstance(error, Forbidden) and _MAY_NOT.search(error.title) is not None


def undeclared(detail: Sequence[tuple[str, str]]) -> bool:
    """Say whether the lines of a refusal name a field that the server does not know."""
    return any(text.endswith(_UNDECLARED) for _, text in detail)


def exists_already(error: ApiError) -> bool:
    """Say whether a create was refused for nothing but the name being taken."""
    return error.status == 409 and error.reason == "AlreadyExists"  # noqa: PLR2004


def immutable(causes: Sequence[FieldCause]) -> bool:
    """Say whether the server refused because a field cannot change; the reference's rule."""
    for cause in causes:
        if cause.reason == "FieldValueInvalid" and "field is immutable" in cause.message:
            return cause.field != "metadata.uid"
        if cause.reason == "FieldValueForbidden" and ("updates to" in cause.message or "pod updates" in cause.message):
            return True
    return False


def cannot_change(causes: Sequence[FieldCause]) -> bool:
    """Say whether a refusal speaks of a field that cannot change, in whatever words."""
    return immutable(causes) or any(
        cause.field != "metadata.uid" and any(words in cause.message for words in _FIXED) for cause in causes
    )


def refusal(error: ApiError, resource: Resource) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return why the server refuses, in one line, and a labelled line for each cause with the place it was written."""
    lines: list[tuple[str, str]] = []
    for field, message in _TYPED.findall(error.title) if not error.causes else ():
        place = resource.place(field_path(field, resource.manifest))
        lines.append(("field", f"`{field}` at {place}: {wording.plain(message)}"))
    lines += [
        ("field", f"`.{'.'.join(path)}` at {resource.place(path)}: not base64; `stringData` takes plain text")
        for path in wording.not_base64(resource.manifest)
    ]
    for cause in error.causes:
        if cause.reason == "FieldManagerConflict":
            continue
        if cause.field:
            place = resource.place(field_path(cause.field, resource.manifest))
            lines.append(("field", f"`{cause.field}` at {place}: {cause.message}"))
        elif cause.message and cause.message not in error.title:
            lines.append(("cause", cause.message))
    return error.title, (*lines, *(line for line in error.detail if line not in lines))
