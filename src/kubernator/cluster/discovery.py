"""Which kinds the server serves.

Aggregated discovery (``APIGroupDiscoveryList``, v2 and v2beta1) takes two requests, answered with 304 when the disk
cache has them. A server, or an aggregator on the way, that does not speak it is asked group by group.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import threading
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors, workers
from kubernator.cluster import requests, responses
from kubernator.cluster.api import Kind, Kinds
from kubernator.model.gvk import GroupVersionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from kubernator.cluster.requests import Call
    from kubernator.transport import Response

__all__ = ["Discovery", "Store", "kinds_of"]

logger = logging.getLogger(__name__)

_CORE: Final = "/api"
_GROUPS: Final = "/apis"
_FORMAT: Final = 1
_NOT_MODIFIED: Final = 304


class Store:
    """Answers on disk, one file for each server; what cannot be read or written is as if it were not there."""

    def __init__(self, directory: Path, *, server: str, authority: bytes | None) -> None:
        identity = hashlib.sha256(server.encode() + b"\0" + (authority or b"")).hexdigest()[:32]
        self._file = directory / f"{identity}.json"

    def read(self) -> dict[str, tuple[str, Any]]:
        """Return path -> (ETag, body)."""
        try:
            content = json.loads(self._file.read_bytes())
            if content["format"] != _FORMAT:
                return {}
            return {path: (str(etag), body) for path, (etag, body) in content["answers"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def write(self, answers: Mapping[str, tuple[str, Any]]) -> None:
        """Keep them, private to the user."""
        from kubernator.tools import cache  # noqa: PLC0415 - only when something changed

        content = json.dumps({"format": _FORMAT, "answers": answers}, separators=(",", ":"))
        # A cache that cannot be written costs time later, not this run.
        with contextlib.suppress(errors.ToolError):
            cache.private_directory(self._file.parent)
            cache.write(self._file, content)


class Discovery:
    """What the server serves, asked for when first needed. ``ask`` sends a call and returns answers of any status."""

    def __init__(self, ask: Callable[[Call], Response], *, store: Store | None) -> None:
        self._ask = ask
        self._store = store
        self._lock = threading.Lock()
        self._answers: dict[str, tuple[str, Any]] = {}
        self._kinds: Kinds | None = None
        self._aggregated = True
        self._changed = False

    def kinds(self, *, refresh: bool) -> Kinds:
        """Return the kinds; with ``refresh`` those of groups (all but core) are asked for again."""
        with self._lock:
            if self._kinds is not None and not refresh:
                return self._kinds
            paths = (_CORE, _GROUPS) if self._kinds is None else (_GROUPS,)
            self._kinds = self._discover(paths)
            return self._kinds

    def _discover(self, paths: tuple[str, ...]) -> Kinds:
        if self._aggregated and self._fetch(paths):
            found: list[Kind] = []
            try:
                for path in (_CORE, _GROUPS):
                    found.extend(kinds_of(self._answers[path][1]))
            except (AttributeError, KeyError, TypeError) as error:
                self._answers = {}
                raise errors.ClusterError(
                    "what the server says of the kinds it serves is not understood",
                    hint="is something between us and the API server that changes its answers?",
                ) from error
            self._keep()
            return Kinds(found)
        self._aggregated = False
        return Kinds(list(self._old_style()))

    def _fetch(self, paths: tuple[str, ...]) -> bool:
        """Bring the answers up to date, both at once; False when the server does not know aggregated discovery."""
        known = self._answers or (self._store.read() if self._store else {})
        results: dict[str, tuple[str, Any] | errors.KubernatorError | None] = {}

        def fetch(path: str) -> None:
            try:
                results[path] = self._one(path, known.get(path))
            except errors.KubernatorError as error:
                results[path] = error

        threads = [workers.thread(fetch, path, name=f"discovery {path}") for path in paths[1:]]
        fetch(paths[0])
        for thread in threads:
            thread.join()
        answers = dict(known)
        for path in paths:
            match results.get(path):
                case None:
                    return False
                case errors.KubernatorError() as error:
                    raise error
                case answer:
                    answers[path] = answer
        self._changed = any(
            known.get(path, ("", None))[0] != answer[0] or not answer[0] for path, answer in answers.items()
        )
        self._answers = answers
        return True

    def _keep(self) -> None:
        """Write to disk what was understood; else it would be met again each time."""
        if self._changed and self._store:
            self._store.write(self._answers)

    def _one(self, path: str, known: tuple[str, Any] | None) -> tuple[str, Any] | None:
        call = requests.discovery(path, etag=known[0] if known else "")
        response = self._ask(call)
        if known and response.status == _NOT_MODIFIED:
            return known
        if response.status in {404, 406}:
            return None
        body = responses.decode(response, call=call)
        if not isinstance(body, dict) or body.get("kind") != "APIGroupDiscoveryList":
            return None
        return response.headers.get("etag"), body

    def _old_style(self) -> Iterator[Kind]:
        core = self._data(_CORE)
        for version in core.get("versions") or ():
            yield from self._group_version("", version, f"{_CORE}/{version}")
        for group in self._data(_GROUPS).get("groups") or ():
            preferred = (group.get("preferredVersion") or {}).get("version")
            versions = [item["version"] for item in group.get("versions") or ()]
            for version in sorted(versions, key=lambda version: version != preferred):  # stable: the rest as it was
                yield from self._group_version(group["name"], version, f"{_GROUPS}/{group['name']}/{version}")

    def _group_version(self, group: str, version: str, path: str) -> Iterator[Kind]:
        try:
            listed = self._data(path)
        except errors.ApiError as error:
            _warn(group, version, f"it cannot be asked ({error.title})")
            return
        resources = listed.get("resources") or ()
        subresources: dict[str, set[str]] = {}
        for resource in resources:
            name, slash, sub = resource["name"].partition("/")
            if slash:
                subresources.setdefault(name, set()).add(sub)
        for resource in resources:
            if "/" in resource["name"]:
                continue
            yield Kind(
                gvk=GroupVersionKind(group, version, resource["kind"]),
                plural=resource["name"],
                singular=resource.get("singularName") or resource["kind"].lower(),
                namespaced=bool(resource.get("namespaced")),
                verbs=frozenset(resource.get("verbs") or ()),
                short_names=tuple(resource.get("shortNames") or ()),
                categories=tuple(resource.get("categories") or ()),
                subresources=frozenset(subresources.get(resource["name"], ())),
            )

    def _data(self, path: str) -> dict[str, Any]:
        call = requests.discovery(path, aggregated=False)
        data = responses.decode(self._ask(call), call=call)
        return data if isinstance(data, dict) else {}


def kinds_of(body: Mapping[str, Any]) -> Iterable[Kind]:
    """Return the kinds of an ``APIGroupDiscoveryList``, in its order: a group's preferred version comes first."""
    for item in body.get("items") or ():
        group = str((item.get("metadata") or {}).get("name") or "")
        for version in item.get("versions") or ():
            name = str(version["version"])
            if version.get("freshness") == "Stale":
                _warn(group, name, "the server behind it does not answer, so what it serves may have changed")
            for resource in version.get("resources") or ():
                kind = str((resource.get("responseKind") or {}).get("kind") or "")
                if not kind:  # only there to hold subresources
                    continue
                yield Kind(
                    gvk=GroupVersionKind(group, name, kind),
                    plural=str(resource["resource"]),
                    singular=str(resource.get("singularResource") or kind.lower()),
                    namespaced=resource.get("scope") == "Namespaced",
                    verbs=frozenset(resource.get("verbs") or ()),
                    short_names=tuple(resource.get("shortNames") or ()),
                    categories=tuple(resource.get("categories") or ()),
                    subresources=frozenset(str(sub["subresource"]) for sub in resource.get("subresources") or ()),
                )


def _warn(group: str, version: str, problem: str) -> None:
    logger.warning("API `%s` is left as far as it is known: %s", f"{group}/{version}".lstrip("/"), problem)
