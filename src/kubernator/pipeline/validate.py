"""Checks over the whole set of resources, after the walk.

The built-in ones say what the API server would refuse, with the place in the file; scripts add their own. Everything
that is found is collected.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from kubernator.load import envelope
from kubernator.load.document import Document
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.pipeline import annotated, transform, waiting

if TYPE_CHECKING:
    from types import FrameType

    from kubernator.model.resource import Resource

__all__ = ["Checked", "FoundError", "Namespaced", "Validator", "built_in", "error_factory", "run", "twice"]

#: Whether a kind is namespaced; None where nothing is known about it.
Namespaced = Callable[[GroupVersionKind], bool | None]

#: A script's validator: ``(resources, resource, error)`` to exceptions or findings, or None for nothing.
Validator = Callable[[Mapping[Any, Any], Any, Callable[..., Exception]], object]


class Checked(NamedTuple):
    """A resource, what scripts see of it, and the validators of its scope."""

    resource: Resource
    subject: object
    validators: tuple[transform.Registered[Validator], ...] = ()


class FoundError(ValueError):
    """What ``error(message, *values)`` in a validator builds; it knows the line that built it."""

    def __init__(self, message: str, origin: Origin) -> None:
        super().__init__(message)
        self.origin = origin


def run(
    checked: Iterable[Checked],
    resources: Mapping[Any, Any],
    *,
    namespaced: Namespaced,
    scripts: Collection[str] = (),
    place: Callable[[], Origin] | None = None,
) -> list[Diagnostic]:
    """Check every resource: by the validators of its scope, the one added last first, then by the built-in ones.

    ``resources`` is what scripts' validators get as their first argument. A validator that raises or answers nonsense
    is a finding too, and the others go on. ``scripts`` are the file names of running scripts; ``place`` tells where
    the running script is, for people.
    """
    found: list[Diagnostic] = []
    for item in checked:
        for registered in reversed(item.validators):
            found.extend(_ask(registered, item, resources, error_factory(scripts, place), scripts))
        found.extend(built_in(item.resource, namespaced=namespaced))
    return found


def error_factory(
    scripts: Collection[str] = (), place: Callable[[], Origin] | None = None
) -> Callable[..., FoundError]:
    """Return the ``error`` of a validator: ``error(message, *values)``, which fills in values like logging does.

    The exception remembers the line that called it, or that of the nearest of ``scripts`` among the callers.
    """

    def error(message: str, *values: object) -> FoundError:
        known = place() if place is not None else None
        if known is None or not known.line:  # what calls is no script, but part of a plugin
            known = _place(sys._getframe(1), scripts)  # noqa: SLF001
        return FoundError(_filled(message, values), known)

    return error


def built_in(resource: Resource, *, namespaced: Namespaced) -> Iterator[Diagnostic]:
    """Yield what is wrong with a resource whoever wrote it: envelope, identity, namespace."""
    as_document = Document(value=resource.manifest, origin=resource.origin, source_map=resource.source_map)
    if broken := envelope.check(as_document):
        yield from (_about(resource, diagnostic) for diagnostic in broken)
        return
    now = ResourceRef.of(resource.manifest)
    kind = GroupVersionKind.of(resource.manifest["apiVersion"], resource.manifest["kind"])
    if now != resource.ref:
        yield _finding(
            resource,
            "the manifest no longer is the object that was added",
            ("metadata", "name"),
            detail=(("added as", str(resource.ref)), ("now", str(now))),
            hint="set `resource.name` and `resource.namespace`, not the metadata in the manifest",
        )
        return
    known = namespaced(kind)
    if known is True and not now.namespace:
        yield _finding(
            resource, "namespaced resource has no namespace", ("metadata", "namespace"), hint="set `metadata.namespace`"
        )
    if known is False and now.namespace:
        yield _finding(
            resource,
            f"cluster-scoped resource has the namespace `{now.namespace}`",
            ("metadata", "namespace"),
            hint="leave `metadata.namespace` out; a transformer that sets it should look at the kind",
        )
    yield from annotated.unknown(resource)
    yield from annotated.misplaced(resource)
    yield from waiting.check(resource)


def twice(first: Resource, second: Resource) -> Diagnostic | None:
    """Return the finding about two resources of one identity, or None where they are equal (then one is enough)."""
    if first.manifest == second.manifest:
        return None
    return _finding(
        second,
        f"`{second.ref}` is declared twice with different content",
        ("metadata", "name"),
        detail=(("first", str(first.origin)),),
        hint="keep one, or give one another name or namespace",
    )


def _ask(
    registered: transform.Registered[Validator],
    item: Checked,
    resources: Mapping[Any, Any],
    error: Callable[..., FoundError],
    scripts: Collection[str],
) -> list[Diagnostic]:
    by = ("found by", f"{registered.name}, {registered.origin}")
    found: list[Diagnostic] = []
    try:
        for answer in _answers(registered.function(resources, item.subject, error)):
            found.append(_answered(answer, item.resource, by))  # noqa: PERF401 - kept when a later answer raises
    except Exception as raised:  # noqa: BLE001 - a script's own; it becomes a finding with its frames
        found.append(
            _finding(
                item.resource,
                f"validator `{registered.name}` raised {type(raised).__name__}: {raised}",
                (),
                detail=(*transform.user_frames(raised, scripts), by),
            )
        )
    return found


def _answers(result: object) -> Iterable[object]:
    if result is None:
        return ()
    if isinstance(result, Iterable) and not isinstance(result, str | bytes | Mapping):
        return result
    return (result,)


def _answered(answer: object, resource: Resource, by: tuple[str, str]) -> Diagnostic:
    if isinstance(answer, Diagnostic):
        return _about(resource, replace(answer, detail=(*answer.detail, by)))
    if not isinstance(answer, Exception):
        return _finding(
            resource,
            f"a validator answered a `{type(answer).__name__}`",
            (),
            detail=(by,),
            hint="yield what `error(message)` returns, or a `Diagnostic`",
        )
    where = (("raised in", str(answer.origin)),) if isinstance(answer, FoundError) else ()
    message = str(getattr(answer, "message", "")) or str(answer) or type(answer).__name__
    return _finding(resource, message, (), detail=(*where, by))


def _finding(
    resource: Resource,
    message: str,
    path: tuple[str | int, ...],
    *,
    detail: tuple[tuple[str, str], ...] = (),
    hint: str = "",
) -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR,
        message=message,
        origin=resource.place(path),
        resource=str(resource),
        changed_by=tuple(map(str, resource.touched_by)),
        detail=detail,
        hint=hint,
        code="validation",
    )


def _about(resource: Resource, diagnostic: Diagnostic) -> Diagnostic:
    """Fill in what a finding leaves open."""
    return replace(
        diagnostic,
        origin=diagnostic.origin or resource.origin,
        resource=diagnostic.resource or str(resource),
        changed_by=diagnostic.changed_by or tuple(map(str, resource.touched_by)),
    )


def _filled(message: str, values: tuple[object, ...]) -> str:
    if not values:
        return message
    try:
        return message % values
    except (TypeError, ValueError):
        return message.format(*values)


def _place(caller: FrameType, scripts: Collection[str]) -> Origin:
    frame: FrameType | None = caller
    while frame is not None and scripts and frame.f_code.co_filename not in scripts:
        frame = frame.f_back
    frame = frame or caller
    return Origin(path=PurePath(frame.f_code.co_filename), line=frame.f_lineno)
