"""Schemas as a server publishes them: an index, then a document for each group and version, by its hash.

The index says under which hash a document is to be had, so one that was read before, from whatever cluster, is taken
from the disk. Documents that are made from definitions say so in their title. Servers that stand behind the API server
(API concept *APIService*) publish what they like: types that they do not keep to, when the document was converted from
OpenAPI v2. So their kinds have no schema here, and what they refuse only they know.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from kubernator import errors
from kubernator.schema import components
from kubernator.schema.node import Node, Nodes, is_builtin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from kubernator.cluster.api import Cluster
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.schema.kept import Kept

__all__ = ["Document", "Published"]

_INDEX: Final = "/openapi/v3"
#: The title of documents that the API server makes from definitions.
_OF_DEFINITIONS: Final = "Kubernetes CRD Swagger"
_HINT: Final = "is something between us and the API server that changes its answers?"


class Document:
    """The schemas of one group and version. ``custom`` says that definitions made its kinds."""

    def __init__(self, api_version: str, *, custom: bool, schemas: Mapping[str, Any]) -> None:
        group, _, version = api_version.rpartition("/")
        self.custom = custom
        self._schemas = schemas
        self._names = components.kinds(schemas, group, version)
        self._nodes = Nodes(schemas.get)

    def root(self, gvk: GroupVersionKind) -> Node | None:
        """Return the schema of objects of a kind; None where it is unknown, or not what the server goes by."""
        name = self._names.get(gvk.kind)
        if name is None:
            return None
        if self.custom:
            # the API server publishes no fields of a definition whose schema it cannot use, and takes everything
            return self._nodes.named(name) if self._schemas[name].get("properties") else None
        return self._nodes.named(name) if is_builtin(name) else None

    def raw(self, gvk: GroupVersionKind) -> Mapping[str, Any]:
        """Return the schema of a kind as it is published, without descriptions; empty for an unknown kind."""
        found: Mapping[str, Any] = self._schemas.get(self._names.get(gvk.kind, ""), {})
        return found

    def is_custom(self, gvk: GroupVersionKind) -> bool:
        """Say whether a definition made a kind."""
        return self.custom and gvk.kind in self._names


class Published:
    """What one cluster publishes. Nothing is asked before a document is; safe to use from several threads."""

    def __init__(self, cluster: Cluster, kept: Kept) -> None:
        self._cluster = cluster
        self._kept = kept
        self._lock = threading.Lock()
        #: Who reads a document has the turn of it, so that several are read at once and each is read once.
        self._turns: dict[str, threading.Lock] = {}
        self._paths: Mapping[str, Any] | None = None
        self._documents: dict[str, Document | None] = {}
        self.readable = True
        self.warnings: list[str] = []

    def document(self, api_version: str) -> Document | None:
        """Return the document of a group and version, or None where there is none or it cannot be read.

        Raises `errors.ClusterError` when the server does not answer, or its index is nothing that we understand.
        """
        with self._lock:
            turn = self._turns.setdefault(api_version, threading.Lock())
        with turn:
            if api_version not in self._documents:
                self._documents[api_version] = self._find(api_version)
            return self._documents[api_version]

    def _find(self, api_version: str) -> Document | None:
        entry = self._index().get(f"apis/{api_version}" if "/" in api_version else f"api/{api_version}")
        if entry is None:
            return None
        try:
            target = urlsplit(str(entry["serverRelativeURL"]))
        except (KeyError, TypeError, ValueError) as error:
            raise _not_understood() from error
        digest = "".join(parse_qs(target.query).get("hash", ()))
        kept = self._kept.read(api_version, digest) if digest else None
        if kept is not None:
            try:
                return Document(api_version, custom=kept["custom"] is True, schemas=kept["schemas"])
            except (KeyError, TypeError, AttributeError):
                pass  # written by who knows whom: asked for as if it were not there
        try:
            return self._fetch(api_version, target, digest)
        except (errors.Unreachable, errors.Unauthorized):
            raise
        except errors.ClusterError as error:
            self.warnings.append(
                f"the schemas of `{api_version}` cannot be read, so its kinds are left to the server: {error.title}"
            )
            return None

    def _fetch(self, api_version: str, target: SplitResult, digest: str) -> Document:
        try:
            body = self._ask(target.geturl())
        except (errors.Unreachable, errors.Unauthorized):
            raise
        except errors.ClusterError as error:
            moved = not isinstance(error, errors.ApiError) or isinstance(error, errors.NotFound)
            if not digest or not moved:
                raise
            # the definition changed since the index was read: the server sends us on to another hash
            body, digest = self._ask(target.path), ""
        try:
            custom = (body.get("info") or {}).get("title") == _OF_DEFINITIONS
            found = body["components"]["schemas"]
            group, _, version = api_version.rpartition("/")
            schemas = components.needed(found, components.kinds(found, group, version).values())
            document = Document(api_version, custom=custom, schemas=schemas)
        except (AttributeError, KeyError, TypeError, RecursionError) as error:
            raise errors.ClusterError("the document is not understood", hint=_HINT) from error
        if digest:
            self._kept.write(api_version, digest, {"custom": custom, "schemas": schemas})
        return document

    def _index(self) -> Mapping[str, Any]:
        with self._lock:
            if self._paths is None:
                self._paths = self._read_index()
            return self._paths

    def _read_index(self) -> Mapping[str, Any]:
        try:
            body = self._ask(_INDEX)
        except errors.ApiError as error:  # forbidden, no such page, or a server that fails at it
            self.readable = False
            self.warnings.append(f"the server does not show its schemas, so custom kinds are left to it: {error}")
            body = {"paths": {}}
        if not isinstance(body, dict) or not isinstance(body.get("paths"), dict):
            raise _not_understood()
        paths: Mapping[str, Any] = body["paths"]
        return paths

    def _ask(self, target: str) -> Any:
        body = self._cluster.raw("GET", target)
        if not isinstance(body, str):
            return body
        try:
            return json.loads(body)  # the API server does not say that its index is JSON
        except (ValueError, RecursionError):
            return None


def _not_understood() -> errors.ClusterError:
    return errors.ClusterError("what the server says of its schemas is not understood", hint=_HINT)
