"""Parts of a plan as they may be shown: every manifest and value passes here before anybody sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator import redaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.change import Change, PatchOp
    from kubernator.redaction import Secrets

__all__ = ["manifest", "operation", "path_of", "subject"]

#: kubectl keeps a copy of the whole object here, so for a Secret its values, and short ones are known only by place.
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_REMOVED: Final = "<secret>"


def manifest(value: Mapping[str, Any], secrets: Secrets) -> dict[str, Any]:
    """Return a manifest fit to be shown."""
    masked = secrets.manifest(value)
    metadata = masked.get("metadata")
    if secrets.show or not redaction.is_secret(value) or not isinstance(metadata, dict):
        return masked
    annotations = metadata.get("annotations")
    if not isinstance(annotations, dict) or _LAST_APPLIED not in annotations:
        return masked
    return {**masked, "metadata": {**metadata, "annotations": {**annotations, _LAST_APPLIED: _REMOVED}}}


def operation(change: Change, op: PatchOp, secrets: Secrets) -> tuple[Any, Any]:
    """Return the new and the old value of an operation of a change, fit to be shown."""
    return _value(change, op.path, op.value, secrets), _value(change, op.path, op.old, secrets)


def path_of(pointer: str) -> tuple[str, ...]:
    """Split a JSON pointer (RFC 6901) into its parts."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def subject(change: Change) -> str:
    """Return ``apps/v1 Deployment web/nginx``."""
    name = f"{change.ref.namespace}/{change.ref.name}" if change.ref.namespace else change.ref.name
    return f"{change.gvk} {name}"


def _value(change: Change, pointer: str, value: Any, secrets: Secrets) -> Any:
    if secrets.show or value is None:
        return value
    path = path_of(pointer)
    owner = change.desired or change.live or {"apiVersion": change.gvk.api_version, "kind": change.gvk.kind}
    if not redaction.is_secret(owner):
        return secrets.data(value)
    if not path and isinstance(value, dict):
        return manifest(value, secrets)
    if path[:1] == ("metadata",) and _mentions(path, value):
        return _REMOVED
    return secrets.at(owner, path, value)


def _mentions(path: tuple[str, ...], value: Any) -> bool:
    """Say whether an operation on the metadata of a Secret holds kubectl's copy of it."""
    if _LAST_APPLIED in path:
        return True
    return isinstance(value, dict) and (_LAST_APPLIED in value or any(_mentions((), item) for item in value.values()))
