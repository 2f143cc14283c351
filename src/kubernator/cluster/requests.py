"""What to send to an API server, as data. Pure."""

from __future__ import annotations

import functools
import json
import re
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.cluster.api import Kind
    from kubernator.model.resource import Manifest

__all__ = [
    "AGGREGATED_DISCOVERY",
    "APPLY_PATCH",
    "Call",
    "apply",
    "create",
    "delete",
    "discovery",
    "encode",
    "encode_apply",
    "get",
    "listing",
    "patch",
    "path",
    "raw",
    "watch",
]

JSON: Final = "application/json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
MERGE_PATCH: Final = "application/merge-patch+json"

AGGREGATED_DISCOVERY: Final = ",".join(
    [
        f"{JSON};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        f"{JSON};g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        JSON,
    ]
)

#: Above an API server's own limit of 60 seconds, so that its answer about a slow request is heard, not our guess.
TIMEOUT: Final = 75.0
#: Bookmarks come every 60 to 72 seconds. A watch that is silent for longer is dead, or has nobody who writes bookmarks;
#: looking again costs one list.
WATCH_SILENCE: Final = 90.0


#: Says of a part of a path that it needs no quoting.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~:@-]*").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request below the server's URL. ``verb`` is what it counts as, ``doing`` completes "cannot …"."""

    verb: str
    method: str
    target: str
    doing: str
    accept: str = JSON
    content_type: str = ""
    body: bytes | None = None
    if_none_match: str = ""
    repeatable: bool = True
    timeout: float = TIMEOUT
    large: bool = False


def path(kind: Kind, *, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """Return the path of an object, or of all objects of a kind in a namespace or everywhere.

    Source: *Resource URIs* of the Kubernetes API concepts. The namespace of a cluster-scoped kind is left out.
    """
    gvk = kind.gvk
    parts = ["apis", gvk.group, gvk.version] if gvk.group else ["api", gvk.version]
    if namespace and kind.namespaced:
        parts += ["namespaces", namespace]
    parts.append(kind.plural)
    parts += [part for part in (name, subresource) if part]
    return "/" + "/".join(part if _PLAIN(part) else urllib.parse.quote(part, safe=":@") for part in parts)


def get(kind: Kind, *, namespace: str, name: str) -> Call:
    """Read one object."""
    return Call(
        verb="get",
        method="GET",
        target=path(kind, namespace=namespace, name=name),
        doing=f"read {_named(kind, namespace, name)}",
    )


def listing(
    kind: Kind, *, namespace: str, label_selector: str, field_selector: str, limit: int, token: str = ""
) -> Call:
    """Read a page of the objects of a kind."""
    return Call(
        verb="list",
        method="GET",
        target=_query(
            path(kind, namespace=namespace),
            limit=str(limit) if limit else "",
            labelSelector=label_selector,
            fieldSelector=field_selector,
            **{"continue": token},
        ),
        doing=f"list {kind.gvk.group_kind}" + (f" in namespace `{namespace}`" if namespace else ""),
        large=True,
    )


def watch(
    kind: Kind,
    *,
    namespace: str,
    resource_version: str,
    field_selector: str,
    timeout: float,
    label_selector: str = "",
) -> Call:
    """Open a watch that the server ends after ``timeout`` seconds."""
    return Call(
        verb="watch",
        method="GET",
        target=_query(
            path(kind, namespace=namespace),
            watch="true",
            allowWatchBookmarks="true",
            resourceVersion=resource_version,
            labelSelector=label_selector,
            fieldSelector=field_selector,
            timeoutSeconds=str(max(1, round(timeout))),
        ),
        doing=f"watch {kind.gvk.group_kind}" + (f" in namespace `{namespace}`" if namespace else ""),
        timeout=WATCH_SILENCE,
    )


def apply(kind: Kind, manifest: Manifest, *, manager: str, force: bool, dry_run: bool, field_validation: str) -> Call:
    """Server-side apply. May be repeated: applying the same twice is applying it once."""
    namespace, name = _identity(kind, manifest)
    named = _named(kind, namespace, name)
    return Call(
        verb="dry-run" if dry_run else "apply",
        method="PATCH",
        target=_query(
            path(kind, namespace=namespace, name=name),
            fieldManager=manager,
            force="true" if force else "false",
            dryRun="All" if dry_run else "",
            fieldValidation=field_validation,
        ),
        doing=f"apply {named}",
        content_type=APPLY_PATCH,
        body=encode_apply(manifest, named=named),
    )


def create(kind: Kind, manifest: Manifest, *, manager: str, dry_run: bool, field_validation: str) -> Call:
    """POST a new object; repeatable only as a dry run."""
    namespace, name = _identity(kind, manifest)
    metadata = manifest.get("metadata") or {}
    named = _named(kind, namespace, name or f"{metadata.get('generateName', '')}…")
    return Call(
        verb="dry-run" if dry_run else "create",
        method="POST",
        target=_query(
            path(kind, namespace=namespace),
            fieldManager=manager,
            dryRun="All" if dry_run else "",
            fieldValidation=field_validation,
        ),
        doing=f"create {named}",
        content_type=JSON,
        body=encode(manifest, named=named),
        repeatable=dry_run,
    )


def patch(
    kind: Kind,
    *,
    namespace: str,
    name: str,
    body: Any,
    content_type: str,
    manager: str,
    dry_run: bool,
    subresource: str,
    field_validation: str,
) -> Call:
    """PATCH an object. A merge patch may be repeated; a JSON patch only when it names the version that it is for."""
    named = _named(kind, namespace, name)
    return Call(
        verb="dry-run" if dry_run else "patch",
        method="PATCH",
        target=_query(
            path(kind, namespace=namespace, name=name, subresource=subresource),
            fieldManager=manager,
            dryRun="All" if dry_run else "",
            fieldValidation=field_validation,
        ),
        doing=f"patch {named}",
        content_type=content_type,
        body=encode_apply(body, named=named) if content_type == APPLY_PATCH else encode(body, named=named),
        repeatable=dry_run or content_type in {MERGE_PATCH, APPLY_PATCH} or _guarded(body),
    )


def _guarded(operations: Any) -> bool:
    """Say whether a JSON patch replaces the resourceVersion: carried out once, it is refused the second time."""
    return isinstance(operations, list) and any(
        isinstance(one, dict) and one.get("op") == "replace" and one.get("path") == "/metadata/resourceVersion"
        for one in operations
    )


def delete(
    kind: Kind, *, namespace: str, name: str, propagation: str, uid: str, resource_version: str, dry_run: bool
) -> Call:
    """DELETE an object under preconditions. With a uid it may be repeated: another object of that name is refused."""
    named = _named(kind, namespace, name)
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
    preconditions = {"uid": uid, "resourceVersion": resource_version}
    if any(preconditions.values()):
        options["preconditions"] = {key: value for key, value in preconditions.items() if value}
    if dry_run:
        options["dryRun"] = ["All"]
    return Call(
        verb="dry-run" if dry_run else "delete",
        method="DELETE",
        target=path(kind, namespace=namespace, name=name),
        doing=f"delete {named}",
        content_type=JSON,
        body=encode(options, named=named),
        repeatable=dry_run or bool(uid),
    )


def discovery(target: str, *, etag: str = "", aggregated: bool = True) -> Call:
    """Ask what is served below ``/api`` or ``/apis``."""
    return Call(
        verb="discovery",
        method="GET",
        target=target,
        doing="discover what the server serves",
        accept=AGGREGATED_DISCOVERY if aggregated else JSON,
        if_none_match=etag,
    )


_VERBS: Final = {"GET": "get", "POST": "create", "PUT": "patch", "PATCH": "patch", "DELETE": "delete"}


def raw(method: str, target: str, *, body: Any, accept: str, content_type: str) -> Call:
    """Make up any other request; ``target`` has its query in it."""
    method = method.upper()
    first = target.lstrip("/").partition("/")[0].partition("?")[0]
    verb = first if first in {"openapi", "version"} else _VERBS.get(method, method.lower())
    kind = content_type or (MERGE_PATCH if method == "PATCH" else JSON)
    named = f"`{target.partition('?')[0]}`"
    encoder = encode_apply if kind == APPLY_PATCH else encode
    return Call(
        verb=verb,
        method=method,
        target=target if target.startswith("/") else f"/{target}",
        doing=f"{method} {named}",
        accept=accept,
        content_type=kind if body is not None else "",
        body=None if body is None else encoder(body, named=named),
        repeatable=method in {"GET", "HEAD", "PUT"} or (method == "PATCH" and kind in {MERGE_PATCH, APPLY_PATCH}),
        large=True,
    )


def encode(value: Any, *, named: str) -> bytes:
    """Write JSON. Raises `errors.ProjectError` when a value is nothing that JSON has."""
    return _dump(value, named=named).encode("utf-8", "replace")


#: What a JSON parser takes as it is and a YAML parser does not: control characters, line breaks of Unicode, the byte
#: order mark, non-characters; and halves of surrogate pairs, which UTF-8 does not have.
_NOT_YAML: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
#: A YAML parser looks no further for the colon after a key; quotes count.
_LONGEST_KEY: Final = 1024
#: A key up to here is never too long: escapes take up to six characters for one.
_SHORT_KEY: Final = _LONGEST_KEY // 6 - 1


def encode_apply(value: Any, *, named: str) -> bytes:
    """Write JSON that a YAML parser reads the same; an API server reads the body of an apply as YAML.

    Measured (``api-facts``, 6): an emoji as two escapes is refused and a raw U+0085 silently becomes a space.
    So nothing is escaped but what must be. Raises `errors.ProjectError` for a key longer than a YAML parser takes.
    """
    text = _escaped(_dump(value, named=named))
    if len(text) > _LONGEST_KEY:
        _check_keys(value, named)
    return text.encode()


def _dump(value: Any, *, named: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise errors.ProjectError(
            f"{named} holds a value that JSON does not have",
            detail=[("reason", str(error))],
            hint="manifests are made of strings, numbers, booleans, null, lists and maps",
        ) from None


def _written(key: str) -> int:
    """Return how many characters a key takes in the body."""
    return len(_escaped(json.dumps(key, ensure_ascii=False)))


def _escaped(text: str) -> str:
    return _NOT_YAML.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _check_keys(value: Any, named: str) -> None:
    if isinstance(value, list):
        for item in value:
            if isinstance(item, (dict, list)):
                _check_keys(item, named)
        return
    for key, item in value.items():
        if isinstance(key, str) and len(key) > _SHORT_KEY and _written(key) > _LONGEST_KEY:
            raise errors.ProjectError(
                f"{named} has a key of {len(key)} characters: `{key[:40]}…`",
                hint="an API server reads no key longer than 1022 characters in a server-side apply",
            )
        if isinstance(item, (dict, list)):  # also spares a call for each scalar
            _check_keys(item, named)


def _identity(kind: Kind, manifest: Mapping[str, Any]) -> tuple[str, str]:
    metadata = manifest.get("metadata") or {}
    namespace = str(metadata.get("namespace") or "") if kind.namespaced else ""
    return namespace, str(metadata.get("name") or "")


def _named(kind: Kind, namespace: str, name: str) -> str:
    return f"`{kind.gvk.group_kind} {namespace}/{name}`" if namespace else f"`{kind.gvk.group_kind} {name}`"


def _query(target: str, **parameters: str) -> str:
    given = tuple((key, value) for key, value in parameters.items() if value)
    return f"{target}?{_encoded(given)}" if given else target


@functools.lru_cache(maxsize=64)  # the writes of a run nearly all have the same ones
def _encoded(parameters: tuple[tuple[str, str], ...]) -> str:
    return urllib.parse.urlencode(parameters)
