"""What every manifest must have before anything else can be said about it.

``apiVersion``, ``kind`` and ``metadata.name``, as text: they are the identity. All that is wrong is found, not only the
first thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeGuard

from kubernator.model.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.load.document import Document
    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["check", "describe", "is_manifest", "kind_of"]


def check(document: Document) -> list[Diagnostic]:
    """Return what is wrong with the envelope of a document's value; nothing when it is a manifest."""
    value = document.value
    if not isinstance(value, dict):
        return [_found(document, f"the document is {kind_of(value)}, not a Kubernetes object", (), hint=_misfit(value))]
    return [
        *_api_version(document, value),
        *_kind(document, value),
        *_metadata(document, value),
    ]


def is_manifest(value: object) -> TypeGuard[Manifest]:
    """Return whether a value is an object with the four texts that make an identity."""
    if not isinstance(value, dict) or not isinstance(metadata := value.get("metadata"), dict):
        return False
    return all(
        isinstance(part, str) and part for part in (value.get("apiVersion"), value.get("kind"), metadata.get("name"))
    )


def describe(value: Any) -> str:
    """Return ``apps/v1 Deployment web/nginx`` as far as a value tells, for messages; empty when it tells nothing."""
    if not isinstance(value, dict):
        return ""
    metadata = value.get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    name = known.get("name") or known.get("generateName") or ""
    namespace = known.get("namespace")
    full = f"{namespace}/{name}" if namespace and name else name
    return " ".join(str(part) for part in (value.get("apiVersion"), value.get("kind"), full) if part)


def _api_version(document: Document, value: Manifest) -> Iterator[Diagnostic]:
    found = value.get("apiVersion")
    if not isinstance(found, str) or not found:
        yield _not_text(document, value, ("apiVersion",), "as in `apiVersion: apps/v1`")
    elif found.count("/") > 1 or found.startswith("/") or found.endswith("/"):
        yield _found(document, f"`apiVersion` is neither `VERSION` nor `GROUP/VERSION`: `{found}`", ("apiVersion",))


def _kind(document: Document, value: Manifest) -> Iterator[Diagnostic]:
    found = value.get("kind")
    if not isinstance(found, str) or not found:
        yield _not_text(document, value, ("kind",), "as in `kind: Deployment`")
    elif not found.isprintable():
        yield _found(document, "`kind` has characters in it that cannot be shown", ("kind",))


def _metadata(document: Document, value: Manifest) -> Iterator[Diagnostic]:
    metadata = value.get("metadata")
    if metadata is None:
        yield _found(document, "`metadata` is missing", ("metadata",), hint="set at least `metadata.name`")
        return
    if not isinstance(metadata, dict):
        yield _found(document, f"`metadata` is {kind_of(metadata)}, not a map", ("metadata",))
        return
    name = metadata.get("name")
    if name in (None, "") and metadata.get("generateName"):
        yield _found(
            document,
            "`metadata.generateName` without a name",
            ("metadata", "generateName"),
            hint="give it a `metadata.name`: without one it cannot be found again, and each run would make another",
        )
    elif not isinstance(name, str) or not name:
        yield _not_text(document, metadata, ("metadata", "name"), "as in `name: web`")
    else:
        yield from _not_in_a_url(document, name, ("metadata", "name"))
    namespace = metadata.get("namespace")
    if isinstance(namespace, str):
        yield from _not_in_a_url(document, namespace, ("metadata", "namespace"))
    elif namespace is not None:
        yield _not_text(document, metadata, ("metadata", "namespace"), "as in `namespace: web`")


def _not_in_a_url(document: Document, found: str, path: Path) -> Iterator[Diagnostic]:
    """Check what holds for names of every kind, since the server would answer 404 (``ValidatePathSegmentName``)."""
    bad = found if found in {".", ".."} else next((character for character in "/%" if character in found), "")
    if bad:
        yield _found(document, f"`{'.'.join(map(str, path))}` cannot be `{found}`: no name has `{bad}` in it", path)


def _not_text(document: Document, holder: Manifest, path: Path, example: str) -> Diagnostic:
    written = ".".join(map(str, path))
    key = path[-1]
    value = holder.get(str(key))
    if value is None:
        return _found(document, f"`{written}` is missing", path, hint=f"set it, {example}")
    if value == "":
        return _found(document, f"`{written}` is empty", path, hint=f"set it, {example}")
    quoted = f'quote it: `{key}: "{value}"`' if isinstance(value, int | float) and not isinstance(value, bool) else ""
    if isinstance(value, bool):
        quoted = "quote the word: unquoted it is a boolean"
    return _found(document, f"`{written}` is {kind_of(value)}, not text", path, hint=quoted)


def _found(document: Document, message: str, path: Path, *, hint: str = "") -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR,
        message=message,
        origin=document.place(path),
        resource=describe(document.value),
        hint=hint,
        code="envelope",
    )


def kind_of(value: object) -> str:
    """Return what a value of YAML is, in words for a message."""
    return _KINDS.get(type(value)) or next(
        (words for kind, words in _KINDS.items() if isinstance(value, kind)), f"a `{type(value).__name__}`"
    )


#: Exact types first; a subclass of dict or list is what it derives from.
_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a map",
}


def _misfit(value: object) -> str:
    if isinstance(value, list):
        return "separate the objects by `---`, or make it `kind: List` with `items`"
    return "exclude the file if it is no manifest: `ktor.k8s.excludes`"
