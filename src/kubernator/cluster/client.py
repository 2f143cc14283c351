"""`HttpCluster`: the `Cluster` over HTTP."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.cluster import requests, responses
from kubernator.cluster.api import Applied, Kind, Kinds, Listing, ServerVersion
from kubernator.cluster.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from kubernator.cluster.discovery import Discovery
    from kubernator.cluster.exchange import Exchange
    from kubernator.cluster.requests import Call
    from kubernator.model.resource import Manifest, PropagationPolicy
    from kubernator.transport import Response

__all__ = ["HttpCluster"]

_CREATED: Final = 201
_GONE: Final = 410
#: A list that expires this often while being paged is asked for in one piece.
_PAGED_TRIES: Final = 2


class HttpCluster:
    """See `Cluster`. Made by ``cluster.connect``."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        discovery: Discovery,
        namespace: str = "default",
        context: str = "",
        source: str = "",
    ) -> None:
        """``namespace`` is what the context says, ``context`` its name, empty inside a cluster.

        ``source`` says for people what chose this cluster.
        """
        self.namespace = namespace
        self.context = context
        self.source = source
        self._exchange = exchange
        self._discovery = discovery
        self._lock = threading.Lock()
        self._version: ServerVersion | None = None

    @property
    def server(self) -> str:
        """The URL of the API server, for people."""
        return self._exchange.server

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests sent so far by verb, see `Cluster`."""
        return self._exchange.counts

    @property
    def trouble(self) -> str:
        """Why the server is not to be had at this moment, see `Cluster`."""
        return self._exchange.trouble

    def version(self) -> ServerVersion:
        """Ask ``/version``, once."""
        with self._lock:
            if self._version is None:
                self._version = _version(self.raw("GET", "/version"))
            return self._version

    def kinds(self, *, refresh: bool = False) -> Kinds:
        """Return what the server serves; with ``refresh`` what it serves by now, for one request."""
        return self._discovery.kinds(refresh=refresh)

    def get(self, kind: Kind, *, namespace: str, name: str) -> Manifest | None:
        """Return the live object, or None when it, its namespace or its kind is not there."""
        try:
            return self._object(requests.get(kind, namespace=namespace, name=name))
        except errors.NotFound:
            return None

    def list(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        page: int = 1000,
        give_up_above: int | None = None,
        only: Container[tuple[str, str]] | None = None,
    ) -> Listing:
        """Return all objects of a kind, in a namespace or everywhere, page by page; see `Cluster` for what is kept.

        A list that expires between two pages (410) is begun again, and the second time read in one piece.
        """
        for attempt in range(_PAGED_TRIES + 1):
            limit = page if attempt < _PAGED_TRIES else 0
            try:
                return self._pages(
                    kind,
                    limit=limit,
                    give_up_above=give_up_above,
                    only=only,
                    namespace=namespace,
                    label_selector=label_selector,
                    field_selector=field_selector,
                )
            except errors.ApiError as error:
                if error.status != _GONE or not limit:
                    raise
        raise AssertionError("a list without pages does not expire")

    def apply(
        self,
        kind: Kind,
        manifest: Manifest,
        *,
        manager: str,
        force: bool = False,
        dry_run: bool = False,
        field_validation: str = "Strict",
    ) -> Applied:
        """Server-side apply. Preconditions (uid, resourceVersion) travel in the manifest's metadata."""
        return self._write(
            requests.apply(
                kind, manifest, manager=manager, force=force, dry_run=dry_run, field_validation=field_validation
            )
        )

    def create(
        self, kind: Kind, manifest: Manifest, *, manager: str, dry_run: bool = False, field_validation: str = "Strict"
    ) -> Applied:
        """POST a new object. Never repeated once a byte of it may have arrived."""
        return self._write(
            requests.create(kind, manifest, manager=manager, dry_run=dry_run, field_validation=field_validation)
        )

    def patch(
        self,
        kind: Kind,
        *,
        namespace: str,
        name: str,
        body: Any,
        content_type: str,
        manager: str,
        dry_run: bool = False,
        subresource: str = "",
        field_validation: str = "",
    ) -> Applied:
        """PATCH with ``application/json-patch+json`` or ``application/merge-patch+json``."""
        return self._write(
            requests.patch(
                kind,
                namespace=namespace,
                name=name,
                body=body,
                content_type=content_type,
                manager=manager,
                dry_run=dry_run,
                subresource=subresource,
                field_validation=field_validation,
            )
        )

    def delete(
        self,
        kind: Kind,
        *,
        namespace: str,
        name: str,
        propagation: PropagationPolicy,
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> Manifest | None:
        """DELETE with preconditions. Returns the answer's body, or None when nothing was there."""
        call = requests.delete(
            kind,
            namespace=namespace,
            name=name,
            propagation=propagation,
            uid=uid,
            resource_version=resource_version,
            dry_run=dry_run,
        )
        try:
            return self._object(call)
        except errors.NotFound:
            return None

    def watch(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        resource_version: str = "",
        field_selector: str = "",
        label_selector: str = "",
        timeout: float = 300,
    ) -> Watch:
        """Return a watch that opens on entering it, see `Cluster`; `Watch.close` ends it from any thread."""
        call = requests.watch(
            kind,
            namespace=namespace,
            resource_version=resource_version,
            field_selector=field_selector,
            label_selector=label_selector,
            timeout=timeout,
        )
        return Watch(lambda: self._exchange.stream(call), doing=call.doing)

    def raw(
        self, method: str, path: str, *, body: Any = None, accept: str = "application/json", content_type: str = ""
    ) -> Any:
        """Send any other request below the server's URL; the answer is decoded JSON, or text where it is none."""
        call = requests.raw(method, path, body=body, accept=accept, content_type=content_type)
        response = self._exchange.send(call)
        if "json" in response.headers.get("content-type") or response.status >= 400:  # noqa: PLR2004 - failure
            return responses.decode(response, call=call)
        return response.body.decode("utf-8", "replace")

    def close(self) -> None:
        """Close connections. The cluster is not used afterwards."""
        self._exchange.close()

    def _object(self, call: Call) -> Manifest:
        return self._answered(call)[1]

    def _answered(self, call: Call) -> tuple[Response, Manifest]:
        """Return an answer and the object in it.

        What says that it is JSON and cannot be read was cut on its way: it is asked for once more if that does no harm.
        """
        response = self._exchange.send(call)
        try:
            return response, _map(responses.decode(response, call=call), call)
        except responses.Unreadable:
            if not call.repeatable or "json" not in response.headers.get("content-type"):
                raise
        response = replace(self._exchange.send(call), uncertain=True)
        return response, _map(responses.decode(response, call=call), call)

    def _write(self, call: Call) -> Applied:
        response, manifest = self._answered(call)
        return Applied(
            manifest=manifest,
            warnings=responses.warnings(response.headers),
            created=response.status == _CREATED,
        )

    def _pages(
        self,
        kind: Kind,
        *,
        limit: int,
        give_up_above: int | None,
        only: Container[tuple[str, str]] | None,
        **scope: str,
    ) -> Listing:
        items: list[Manifest] = []
        token = ""
        while True:
            call = requests.listing(kind, limit=limit, token=token, **scope)
            body = self._object(call)
            metadata = body.get("metadata") or {}
            items.extend(item for item in body.get("items") or () if only is None or _identity(item) in only)
            version = str(metadata.get("resourceVersion") or "")
            following, remaining = responses.next_page(metadata)
            del body  # the page is let go of before the next one comes
            given_up = not token and give_up_above is not None and remaining > give_up_above
            if not following or given_up:
                break
            token = following
        for item in items:  # a list does not repeat them in each item
            item.setdefault("apiVersion", kind.gvk.api_version)
            item.setdefault("kind", kind.gvk.kind)
        return Listing(items=items, resource_version=version, remaining=remaining, complete=not given_up)


def _identity(item: Manifest) -> tuple[str, str]:
    metadata = item.get("metadata") or {}
    return metadata.get("namespace") or "", metadata.get("name") or ""


def _map(data: Any, call: Call) -> Manifest:
    if not isinstance(data, dict):
        raise errors.ClusterError(
            f"cannot {call.doing}: the answer is not an object",
            hint="is the server's address that of a Kubernetes API server?",
        )
    return data


def _version(data: Any) -> ServerVersion:
    text = str(data.get("gitVersion") or "") if isinstance(data, dict) else ""
    plain = text.removeprefix("v").split(".")
    try:
        # ``major`` and ``minor`` are empty or have a ``+`` with some vendors, gitVersion is always whole
        return ServerVersion(git_version=text, major=int(plain[0]), minor=int(plain[1]))
    except (ValueError, IndexError):
        raise errors.ClusterError(
            f"the server calls its version `{text}`, which is not understood",
            hint="is the server's address that of a Kubernetes API server?",
        ) from None
