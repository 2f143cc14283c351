"""What programs read: the operations of ``dump``, and the report of ``apply``, as YAML or JSON.

``dump`` prints what the reference prints, a list in the order of applying. Its entries::

    {"method": "create", "body": MANIFEST}
    {"method": "patch", "resource": {"apiVersion", "kind", "name"[, "namespace"]}, "body": [JSON PATCH]}
    {"method": "delete", "resource": {"apiVersion", "kind", "name"}, "propagation_policy": "Orphan"}
    {"method": PLUGIN, "body": DETAIL}

An object that is replaced is a ``delete`` followed by its ``create``; there, as in the reference, the namespace stands
only in the latter. An object that only goes names its namespace.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.model.change import ChangeKind
from kubernator.report import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kubernator.model.change import Change, PluginChange
    from kubernator.model.outcome import ApplyReport, Outcome
    from kubernator.model.plan import Plan
    from kubernator.redaction import Secrets

__all__ = ["FORMAT", "operations", "render", "report", "write"]

#: The format of `report`. What is added to it later has a new name; what changes its meaning, a new number.
FORMAT: Final = "kubernator/apply/v1"


def operations(plan: Plan, secrets: Secrets) -> list[dict[str, Any]]:
    """Return the operations that carry a plan out, as ``dump`` prints them."""
    return [
        *_of_plugins(plan.plugin_changes, "before", secrets),
        *(entry for change in plan.changes for entry in _operations(change, secrets)),
        *_of_plugins(plan.plugin_changes, "after", secrets),
    ]


def report(done: ApplyReport, secrets: Secrets, *, planned: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what was done: counts, requests, and every change with its end. It holds no manifests.

    Of a dry run, which has done nothing, it holds what was ``planned``.
    """
    return {
        "format": FORMAT,
        "dryRun": done.dry_run,
        "interrupted": done.interrupted,
        "waited": done.waited,
        "counts": {str(kind): number for kind, number in done.counts.items()},
        "requests": dict(done.requests),
        "changes": [_outcome(outcome, secrets) for outcome in done.outcomes],
        "pluginChanges": [
            {"plugin": change.plugin, "title": secrets.redact(change.title)} for change in done.plugin_changes
        ],
        "statuses": [
            {
                **ref._asdict(),
                "status": str(found.status),
                "message": secrets.redact(found.message),
                "seconds": round(found.seconds, 3),
                "timedOut": found.timed_out,
                "log": [secrets.redact(line) for line in found.lines],
            }
            for ref, found in done.statuses.items()
        ],
        **({"planned": planned} if planned is not None else {}),
    }


def render(data: Any, output_format: str) -> str:
    """Return data as ``yaml``, ``json`` or ``json-pretty``; keys sorted, JSON without a line break at its end."""
    match output_format:
        case "json":
            return json.dumps(data, sort_keys=True)
        case "json-pretty":
            return json.dumps(data, sort_keys=True, indent=4)
        case _:
            from kubernator.load import yamldoc  # noqa: PLC0415 - JSON needs none of it

            return yamldoc.dump(data)


def write(text: str, file: str | None, *, private: bool = False) -> None:
    """Write text to a file, as a whole or not at all, or to stdout for None and ``-``.

    A file that is there keeps its mode and, if it is a link, stays one; a device or pipe is written to as it is. With
    ``private`` only the user can read the file. Raises `errors.KubernatorError` if it cannot be written, and
    `BrokenPipeError` if who reads stdout has left.
    """
    if file is None or file == "-":
        _print(text)
        return
    target = Path(file).resolve()
    try:
        there = target.stat() if target.exists() else None
        if there is not None and not stat.S_ISREG(there.st_mode):
            target.write_text(text, encoding="utf-8")
            return
        _replace(target, text, mode=_mode(there, private=private))
    except OSError as error:
        raise errors.KubernatorError(
            f"`{file}` cannot be written: {error.strerror}", hint="what is there was left as it is"
        ) from error


def _operations(change: Change, secrets: Secrets) -> Iterator[dict[str, Any]]:
    resource = {"apiVersion": change.gvk.api_version, "kind": change.gvk.kind, "name": change.ref.name}
    placed = {**resource, "namespace": change.ref.namespace} if change.ref.namespace else resource
    match change.kind:
        case ChangeKind.CREATE:
            yield _create(change, secrets)
        case ChangeKind.UPDATE:
            yield {"method": "patch", "resource": placed, "body": [*_patch(change, secrets)]}
        case ChangeKind.REPLACE:
            yield {"method": "delete", "resource": resource, "propagation_policy": _policy(change)}
            yield _create(change, secrets)
        case ChangeKind.DELETE:
            yield {"method": "delete", "resource": placed, "propagation_policy": _policy(change)}
        case ChangeKind.UNCHANGED | ChangeKind.REFUSED:
            pass


def _create(change: Change, secrets: Secrets) -> dict[str, Any]:
    return {"method": "create", "body": shown.manifest(change.desired or {}, secrets)}


def _patch(change: Change, secrets: Secrets) -> Iterator[dict[str, Any]]:
    for op in change.patch:
        entry: dict[str, Any] = {"op": op.op, "path": secrets.redact(op.path)}
        if op.op != "remove":
            entry["value"] = shown.operation(change, op, secrets)[0]
        yield entry


def _policy(change: Change) -> str:
    return str(change.propagation or "Background")


def _of_plugins(changes: Sequence[PluginChange], phase: str, secrets: Secrets) -> Iterator[dict[str, Any]]:
    for change in changes:
        if (change.phase == "before") is (phase == "before"):
            yield {"method": change.plugin, "body": secrets.data(change.detail)}


def _outcome(outcome: Outcome, secrets: Secrets) -> dict[str, Any]:
    change = outcome.change
    entry: dict[str, Any] = {
        "outcome": str(outcome.kind),
        "apiVersion": change.gvk.api_version,
        "kind": change.gvk.kind,
        "namespace": change.ref.namespace,
        "name": change.ref.name,
        "origin": [str(origin) for origin in change.origin.chain],
        "seconds": round(outcome.seconds, 3),
    }
    if outcome.halfway is not None:
        entry["halfway"] = str(outcome.halfway)
    if change.reason:
        entry["reason"] = change.reason
    if outcome.warnings or change.warnings:
        entry["warnings"] = [*change.warnings, *outcome.warnings]
    if outcome.error is not None:
        error = outcome.error
        entry["error"] = {"title": error.title, "detail": [list(line) for line in error.detail], "hint": error.hint}
    masked: dict[str, Any] = secrets.data(entry)
    return masked


def _print(text: str) -> None:
    try:
        binary = getattr(sys.stdout, "buffer", None)
        if isinstance(binary, io.RawIOBase):
            _whole(binary, text.encode(sys.stdout.encoding, sys.stdout.errors or "strict"))
        else:
            sys.stdout.write(text)
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise errors.KubernatorError(f"stdout cannot be written to: {error.strerror}") from error


def _whole(raw: io.RawIOBase, data: bytes) -> None:
    """Write all of it to a file without a buffer, as stdout is by ``PYTHONUNBUFFERED``: a text stream writes once."""
    left = memoryview(data)
    while left:
        written = raw.write(left)
        if written is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        left = left[written:]


def _mode(there: os.stat_result | None, *, private: bool) -> int | None:
    """Return the mode the file must have, None for that of any new file: the system knows the umask."""
    if private:
        return 0o600
    return stat.S_IMODE(there.st_mode) if there is not None else None


def _replace(target: Path, text: str, *, mode: int | None) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="") as stream:  # noqa: PTH123 - a descriptor
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            part.chmod(mode)
        part.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
