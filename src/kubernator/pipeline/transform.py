"""Run the functions that change a manifest as it is added, and note who changed what.

Used for transformers and manifest patchers alike: the caller says how a function is called and what a result means.
"""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from kubernator import errors
from kubernator.model.resource import Touch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from kubernator.model.origin import Origin

__all__ = ["Registered", "Subject", "Transformed", "run", "user_frames"]

_T = TypeVar("_T")
_F = TypeVar("_F")


class Registered(NamedTuple, Generic[_F]):
    """A function a script registered: what it is called, and the line that registered it."""

    function: _F
    name: str
    origin: Origin


class Subject(Protocol):
    """What is transformed: a resource whose manifest functions may change in place."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest as it is now."""


_S = TypeVar("_S", bound=Subject)


class Transformed(NamedTuple, Generic[_T]):
    """What came out of the chain, and which functions changed the manifest, in the order in which they ran."""

    subject: _T
    touched_by: tuple[Touch, ...]


def run(
    functions: Sequence[Registered[_F]],
    subject: _S,
    call: Callable[[_F, _S], object],
    *,
    accept: Callable[[object], _S | None],
    what: str = "transformer",
    scripts: Collection[str] = (),
    trace: bool = False,
) -> Transformed[_S]:
    """Run a chain over a subject, the function added last first.

    ``call`` calls one function on the subject. None as its result means the subject, changed in place or not; anything
    else goes to ``accept``, which returns the subject to go on with, or None for a result that is nonsense. ``scripts``
    are file names whose frames are the user's, as `user_frames` takes them. With ``trace`` each function that changed
    the manifest is noted with what it left.

    Raise `ScriptError` when a function raises, returns nonsense or leaves a manifest that is not JSON: with the
    function's name, the line that registered it, and the user's frames.
    """
    touched: list[Touch] = []
    before = _canonical(subject)
    for registered in reversed(functions):
        try:
            result = call(registered.function, subject)
        except errors.KubernatorError as error:
            error.detail.append((what, f"{registered.name}, {registered.origin}"))
            raise
        except Exception as error:
            raise _raised(error, registered, subject, what, scripts) from error
        if result is not None:
            subject = _accepted(accept(result), result, registered, subject, what)
        after = _canonical(subject, registered, what)
        if after != before:
            touched.append(Touch(who=registered.name, origin=registered.origin, after=after if trace else ""))
        before = after
    return Transformed(subject=subject, touched_by=tuple(touched))


def user_frames(error: BaseException, scripts: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return the frames of the user's own files, outermost first, as labelled lines.

    With ``scripts`` those are the files named there; without, every file outside this package. Where none is, the frame
    that raised is shown.
    """
    package = __name__.partition(".")[0]
    frames = [
        (frame, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if (
            frame.f_code.co_filename in scripts
            if scripts
            else str(frame.f_globals.get("__name__", "")).partition(".")[0] != package
        )
    ]
    if not frames:
        frames = list(traceback.walk_tb(error.__traceback__))[-1:]
    return [
        ("raised in" if position == len(frames) - 1 else "called from", _frame(frame.f_code, number))
        for position, (frame, number) in enumerate(frames)
    ]


def _frame(code: Any, number: int) -> str:
    return f"{code.co_filename}:{number} in {code.co_name}"


def _raised(
    error: Exception, registered: Registered[Any], subject: Subject, what: str, scripts: Collection[str]
) -> errors.ScriptError:
    words = str(error)
    return errors.ScriptError(
        f"{what} `{registered.name}` raised {type(error).__name__}{f': {words}' if words else ''}",
        origin=registered.origin,
        detail=[*user_frames(error, scripts), ("resource", str(subject))],
    )


def _accepted(accepted: _S | None, result: object, registered: Registered[Any], subject: _S, what: str) -> _S:
    if accepted is not None:
        return accepted
    raise errors.ScriptError(
        f"{what} `{registered.name}` returned a `{type(result).__name__}`",
        origin=registered.origin,
        detail=[("resource", str(subject))],
        hint="return the resource, or nothing when it was changed in place",
    )


def _canonical(subject: Subject, registered: Registered[Any] | None = None, what: str = "") -> str:
    """Return the manifest as text that is equal when the manifest is. Raise `ScriptError` for what JSON cannot hold."""
    try:
        return json.dumps(subject.manifest, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        if registered is None:
            raise errors.ScriptError(
                f"the manifest is not JSON: {error}",
                detail=[("resource", str(subject))],
                hint="a manifest holds maps with text keys, lists, text, numbers, booleans and null",
            ) from error
        raise errors.ScriptError(
            f"{what} `{registered.name}` left a manifest that is not JSON: {error}",
            origin=registered.origin,
            detail=[("resource", str(subject))],
            hint="a manifest holds maps with text keys, lists, text, numbers, booleans and null",
        ) from error
