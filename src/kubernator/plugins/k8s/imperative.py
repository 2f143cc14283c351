"""Calls that scripts make on single objects, at once, outside the plan.

They go through the cluster of the run. Writes that are no dry run are remembered, so that the report can list what the
plan does not know. Where the official Kubernetes client is installed, errors are also its ``ApiException``.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.model.resource import PropagationPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubernator.cluster.api import Kind
    from kubernator.model.resource import Manifest
    from kubernator.plugin import Host
    from kubernator.plugins.k8s.rdef import K8SResourceDef

__all__ = ["Calls", "client_errors"]

_LOG = logging.getLogger("kubernator.k8s")

_POLICIES: Final = ("Background", "Foreground", "Orphan")
_JSON_PATCH: Final = "application/json-patch+json"
_APPLY_PATCH: Final = "application/apply-patch+yaml"

#: Seconds of one watch while waiting for an object to go; it is looked at again after each.
_WINDOW: Final = 10.0
_GONE: Final = 410


class Calls:
    """The calls of one run. ``validation`` says how the server is to check fields right now."""

    def __init__(self, host: Host, *, validation: Callable[[], str]) -> None:
        self._host = host
        self._validation = validation
        self._written: list[str] = []

    def written(self) -> list[str]:
        """Return what was written in this run, one line for each, in order."""
        return list(self._written)

    @property
    def _manager(self) -> str:
        return getattr(self._host.args, "field_manager", None) or "kubernator"

    def get(self, rdef: K8SResourceDef, *, name: str, namespace: str | None) -> Manifest:
        """Return the live object; raises `errors.NotFound` when it, its namespace or its kind is not there."""
        with client_errors():
            found = self._host.cluster.get(_kind(rdef), namespace=namespace or "", name=name)
            if found is None:
                raise _not_found(rdef, name=name, namespace=namespace)
            return found

    def list(
        self, rdef: K8SResourceDef, *, namespace: str | None, label_selector: str, field_selector: str
    ) -> list[Manifest]:
        """Return the live objects of a kind."""
        with client_errors():
            return self._host.cluster.list(
                _kind(rdef),
                namespace=namespace or "",
                label_selector=label_selector,
                field_selector=field_selector,
            ).items

    def create(self, rdef: K8SResourceDef, manifest: Manifest, *, dry_run: bool) -> Manifest:
        """POST an object."""
        self._host.secrets.learn(manifest)
        metadata = manifest["metadata"]
        with client_errors():
            made = self._host.cluster.create(
                _kind(rdef),
                manifest,
                manager=self._manager,
                dry_run=dry_run,
                field_validation=self._validation(),
            )
        self._note("created", rdef, name=metadata["name"], namespace=metadata.get("namespace"), dry_run=dry_run)
        return made.manifest

    def patch(
        self,
        rdef: K8SResourceDef,
        body: Any,
        *,
        name: str,
        namespace: str | None,
        patch_type: Any,
        force: bool,
        dry_run: bool,
    ) -> Manifest:
        """PATCH an object, by JSON Patch or server-side apply."""
        cluster = self._host.cluster
        content_type = getattr(patch_type, "value", patch_type)
        with client_errors():
            if content_type == _APPLY_PATCH:
                self._host.secrets.learn(body)
                done = cluster.apply(
                    _kind(rdef),
                    _addressed(body, name=name, namespace=namespace),
                    manager=self._manager,
                    force=force,
                    dry_run=dry_run,
                    field_validation=self._validation(),
                )
            elif content_type == _JSON_PATCH:
                done = cluster.patch(
                    _kind(rdef),
                    namespace=namespace or "",
                    name=name,
                    body=body,
                    content_type=_JSON_PATCH,
                    manager=self._manager,
                    dry_run=dry_run,
                    field_validation=self._validation(),
                )
            else:
                raise errors.PluginError(
                    f"`{patch_type}` is no type of patch",
                    hint="use `K8SResourcePatchType.JSON_PATCH` or `K8SResourcePatchType.SERVER_SIDE_PATCH`",
                )
        self._note("patched", rdef, name=name, namespace=namespace, dry_run=dry_run)
        return done.manifest

    def delete(
        self,
        rdef: K8SResourceDef,
        *,
        name: str,
        namespace: str | None,
        dry_run: bool,
        propagation_policy: Any,
        wait: bool,
    ) -> Manifest:
        """DELETE an object; with ``wait`` return when it is gone. Raises `errors.NotFound` when it was not there."""
        policy = str(getattr(propagation_policy, "value", propagation_policy))
        if policy not in _POLICIES:
            raise errors.PluginError(
                f"`{policy}` is no propagation policy", hint=f"there are {', '.join(f'`{one}`' for one in _POLICIES)}"
            )
        kind = _kind(rdef)
        with client_errors():
            live = self._host.cluster.get(kind, namespace=namespace or "", name=name)
            answer = live and self._host.cluster.delete(
                kind,
                namespace=namespace or "",
                name=name,
                propagation=PropagationPolicy(policy),
                dry_run=dry_run,
            )
            if live is None or answer is None:
                raise _not_found(rdef, name=name, namespace=namespace)
            self._note("deleted", rdef, name=name, namespace=namespace, dry_run=dry_run)
            if wait and not dry_run:
                self._until_gone(kind, name=name, namespace=namespace or "", uid=live["metadata"].get("uid", ""))
        return answer

    def watch(
        self, rdef: K8SResourceDef, *, name: str, namespace: str | None, timeout_seconds: float | None
    ) -> Iterator[dict[str, Any]]:
        """Yield the events of one object, beginning with what is there now."""
        kind = _kind(rdef)
        end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        version = ""
        while (left := _left(end)) > 0:
            try:
                with (
                    client_errors(),
                    self._host.cluster.watch(
                        kind,
                        namespace=namespace or "",
                        resource_version=version,
                        field_selector=f"metadata.name={name}",
                        timeout=left,
                    ) as events,
                ):
                    for event in events:
                        version = event.object.get("metadata", {}).get("resourceVersion", version)
                        if event.type != "BOOKMARK":
                            yield {"type": event.type, "object": event.object, "raw_object": event.object}
            except errors.ApiError as error:
                if error.status != _GONE:
                    raise
                version = ""  # the server forgot where we were; it begins with what is there now

    def _until_gone(self, kind: Kind, *, name: str, namespace: str, uid: str) -> None:
        """Wait until the object is not there any more, or another one has its name."""
        cluster = self._host.cluster
        while True:
            live = cluster.get(kind, namespace=namespace, name=name)
            if live is None or (uid and live["metadata"].get("uid") != uid):
                return
            try:
                with cluster.watch(
                    kind,
                    namespace=namespace,
                    resource_version=live["metadata"].get("resourceVersion", ""),
                    field_selector=f"metadata.name={name}",
                    timeout=_WINDOW,
                ) as events:
                    if any(event.type == "DELETED" for event in events):
                        return
            except errors.ApiError as error:
                if error.status != _GONE:
                    raise

    def _note(self, verb: str, rdef: K8SResourceDef, *, name: str, namespace: str | None, dry_run: bool) -> None:
        where = f"{namespace}/{name}" if namespace else name
        line = f"{verb} {rdef.key.gvk} {where}"
        if dry_run:
            _LOG.info("%s (dry run)", line)
            return
        origin = self._host.origin()
        self._written.append(f"{line}, asked by {origin}")
        _LOG.info("%s", line)


@contextlib.contextmanager
def client_errors() -> Iterator[None]:
    """Let errors of the API server that pass also be the official client's ``ApiException``, where it is installed."""
    try:
        yield
    except errors.ApiError as error:
        twin = _twin(error)
        if twin is error:
            raise
        raise twin.with_traceback(error.__traceback__) from error.__cause__


def _twin(error: errors.ApiError) -> errors.ApiError:
    if importlib.util.find_spec("kubernetes") is None:
        return error
    # heavy, and only for errors
    exception: Any = importlib.import_module("kubernetes.client.exceptions").ApiException
    if exception in type(error).__mro__:
        return error
    both: Any = type(type(error).__name__, (type(error), exception), {"__module__": type(error).__module__})
    twin: errors.ApiError = both.__new__(both)
    twin.args = error.args
    twin.__dict__.update({"headers": None, **error.__dict__})
    return twin


def _kind(rdef: K8SResourceDef) -> Kind:
    return rdef.for_calls


def _not_found(rdef: K8SResourceDef, *, name: str, namespace: str | None) -> errors.NotFound:
    where = f"{namespace}/{name}" if namespace else name
    message = f"{rdef.key.gvk} {where} is not there"
    return errors.NotFound(
        message,
        status=404,
        reason="NotFound",
        details={"name": name, "group": rdef.group, "kind": rdef.plural},
        body={
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "reason": "NotFound",
            "code": 404,
            "message": message,
        },
    )


def _addressed(body: Manifest, *, name: str, namespace: str | None) -> Manifest:
    """Return a manifest to apply that says which object it is, as the request's path does."""
    metadata = {**(body.get("metadata") or {}), "name": name}
    return {**body, "metadata": {**metadata, **({"namespace": namespace} if namespace else {})}}


def _left(end: float | None) -> float:
    return 300.0 if end is None else end - time.monotonic()
