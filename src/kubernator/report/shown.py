"""Parts of a plan as they may be shown: every manifest and value passes here before anybody sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator import redaction
from kubernator.model.patch import path_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.model.change import Change, PatchOp
    from kubernator.model.sourcemap import Path
    from kubernator.redaction import Secrets

__all__ = ["brief", "manifest", "of", "operation", "subject", "value"]

#: kubectl keeps a copy of the whole object here, so for a Secret its values, and short ones are known only by place.
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
#: Where a server's message begins to list fields, and what is said in place of the list.
_LISTS: Final = {
    " is invalid: ": " is invalid",
    "failed to create typed patch object": "it does not fit its schema",
    "failed to convert new object": "it does not fit its kind",
}
_REMOVED: Final = "<secret>"


def manifest(found: Mapping[str, Any], secrets: Secrets) -> dict[str, Any]:
    """Return a manifest fit to be shown."""
    masked = secrets.manifest(found)
    metadata = masked.get("metadata")
    if secrets.show or not redaction.is_secret(found) or not isinstance(metadata, dict):
        return masked
    annotations = metadata.get("annotations")
    if not isinstance(annotations, dict) or _LAST_APPLIED not in annotations:
        return masked
    return {**masked, "metadata": {**metadata, "annotations": {**annotations, _LAST_APPLIED: _REMOVED}}}


def operation(change: Change, op: PatchOp, secrets: Secrets) -> tuple[Any, Any]:
    """Return the new and the old value of an operation of a change, fit to be shown."""
    path = path_of(op.path)
    return value(change, path, op.value, secrets), value(change, path, op.old, secrets)


def value(change: Change, path: Path, found: Any, secrets: Secrets) -> Any:
    """Return a value that stands at a path of the object of a change, fit to be shown."""
    owner = change.desired or change.live or {"apiVersion": change.gvk.api_version, "kind": change.gvk.kind}
    return of(owner, path, found, secrets)


def of(owner: Mapping[str, Any], path: Path, found: Any, secrets: Secrets) -> Any:
    """Return a value that stands at a path of a manifest, fit to be shown."""
    if secrets.show or found is None:
        return found
    if not redaction.is_secret(owner):
        return secrets.data(found)
    if not path and isinstance(found, dict):
        return manifest(found, secrets)
    if path[:1] == ("metadata",) and _mentions(path, found):
        return _REMOVED
    return secrets.at(owner, path, found)


def brief(reason: str, detail: Sequence[tuple[str, str]]) -> str:
    """Return the beginning of a server's message whose fields are listed in the detail, with their places."""
    if not any(label == "field" for label, _ in detail):
        return reason
    for mark, end in _LISTS.items():
        start, found, _ = reason.partition(mark)
        if found:
            return f"{start}{end}"
    return reason


def subject(change: Change) -> str:
    """Return ``apps/v1 Deployment web/nginx``."""
    name = f"{change.ref.namespace}/{change.ref.name}" if change.ref.namespace else change.ref.name
    return f"{change.gvk} {name}"


def _mentions(path: Path, value: Any) -> bool:
    """Say whether an operation on the metadata of a Secret holds kubectl's copy of it."""
    if _LAST_APPLIED in path:
        return True
    return isinstance(value, dict) and (_LAST_APPLIED in value or any(_mentions((), item) for item in value.values()))
