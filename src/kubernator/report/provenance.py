"""Where the values of a manifest come from: the line they were written on, and every function that changed them. Pure.

A run that is traced keeps what was read and what each function left; a value is followed back through these. Without a
trace only the line is known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator.report import comparing, lineage, paths, shown
from kubernator.report.comparing import ABSENT, Op
from kubernator.report.owners import Claims

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.origin import Origin
    from kubernator.model.resource import Manifest, Resource
    from kubernator.model.sourcemap import Path
    from kubernator.redaction import Secrets
    from kubernator.report.comparing import Found

__all__ = ["AFTERWARDS", "Field", "History", "Step", "Work", "brief", "leaves"]

#: Who is said to have changed what no function of the chain did.
AFTERWARDS: Final = "after it was added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of a value. ``place`` is where the function was registered, None where it is not known.

    ``old`` and ``new`` are `ABSENT` where nothing stood.
    """

    who: str
    place: Origin | None
    old: Any
    new: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value: ``text`` is its path in words. What is shown of secrets are their markers.

    ``place`` is where it was first written, None where a function made it; unless ``exact`` only what is around it was
    written there. ``steps`` are its changes since. ``value`` is `ABSENT` where the last of them removed it.
    """

    path: Path
    text: str
    value: Any
    place: Origin | None
    exact: bool = True
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one function changed. ``fields`` is empty where the run was not traced."""

    who: str
    place: Origin | None
    fields: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class _State:
    """A manifest, and who left it so."""

    manifest: Manifest
    who: str = ""
    place: Origin | None = None


class History:
    """The states of one resource's manifest, from what was read to what is applied."""

    def __init__(self, resource: Resource, secrets: Secrets) -> None:
        self.resource = resource
        self._secrets = secrets
        self._states = list(_states(resource))
        pairs = zip(self._states, self._states[1:], strict=False)
        self._lineages = [lineage.Lineage(new.manifest, old.manifest) for old, new in pairs]
        self._mapped = next(iter(resource.source_map.places), None) is not None

    @property
    def manifests(self) -> list[Manifest]:
        """All states, the last one first."""
        return [state.manifest for state in reversed(self._states)]

    def field(self, path: Path, *, age: int = 0) -> Field:
        """Return where a value comes from that stands at a path of the manifest.

        ``age`` counts back from the last state to the one that has it; those after it have not.
        """
        states = self._states[: len(self._states) - age]
        last = states[-1]
        steps: list[Step] = []
        if age:
            steps.append(self._step(self._states[len(states)], last, None, path))
        at: Path | None = path
        for number in range(len(states) - 1, 0, -1):
            new, old = states[number], states[number - 1]
            before = self._lineages[number - 1].earlier(at) if at is not None else None
            if at is not None and not _same(new.manifest, at, old.manifest, before):
                steps.append(self._step(new, old, at, before))
            at = before
        resource = self.resource
        return Field(
            path=path,
            text=paths.of_path(path, last.manifest),
            value=ABSENT if age else self._value(last, path),
            place=resource.place(at) if at is not None else None,
            exact=at is None or not self._mapped or at in resource.source_map.places,
            steps=tuple(reversed(steps)),
        )

    def fields(self, path: Path = ()) -> Iterator[Field]:
        """Return every single value at a path and below it."""
        yield from (self.field(each) for each in leaves(lineage.value_at(self._states[-1].manifest, path), path))

    def work(self, text: str = "") -> Iterator[Work]:
        """Return what each function changed, in the order in which they ran; with a field, what is in it."""
        if not self.resource.written:
            yield from (Work(who=touch.who, place=touch.origin) for touch in self.resource.touched_by)
            return
        for old, new in zip(self._states, self._states[1:], strict=False):
            found = comparing.compare(old.manifest, new.manifest, written={}, claims=Claims(), shape=Claims())
            # what is only left out at the end are merge instructions, and what only the server may say
            fields = tuple(
                each
                for each in found
                if (new.who != AFTERWARDS or each.op is not Op.REMOVED)
                and (not text or each.text == text or each.text.startswith((f"{text}.", f"{text}[")))
            )
            if fields:
                yield Work(who=new.who, place=new.place, fields=tuple(map(self._shown, fields)))

    def _shown(self, found: Found) -> Found:
        if found.op is Op.MOVED:
            return found
        hide = self._secrets
        manifest = self.resource.manifest
        old, new = (
            value if value is ABSENT else shown.of(manifest, found.path, value, hide)
            for value in (found.old, found.new)
        )
        return found._replace(text=hide.redact(found.text), old=old, new=new)

    def _step(self, new: _State, old: _State, at: Path | None, before: Path | None) -> Step:
        return Step(who=new.who, place=new.place, old=self._value(old, before), new=self._value(new, at))

    def _value(self, state: _State, path: Path | None) -> Any:
        if path is None:
            return ABSENT
        return shown.of(state.manifest, path, lineage.value_at(state.manifest, path), self._secrets)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Return the path of each single value; an empty map or list is one."""
    match value:
        case dict() if value:
            for key, item in value.items():
                yield from leaves(item, (*path, key))
        case list() if value:
            for at, item in enumerate(value):
                yield from leaves(item, (*path, at))
        case _:
            yield path


def brief(origin: Origin) -> str:
    """Return where a function was registered, as path and line."""
    return f"{origin.path}:{origin.line}" if origin.line else str(origin.path)


def _states(resource: Resource) -> Iterator[_State]:
    if not resource.written:
        yield _State(resource.manifest)
        return
    manifest = json.loads(resource.written)
    yield _State(manifest)
    for touch in resource.touched_by:
        if not touch.after:
            continue
        manifest = json.loads(touch.after)
        yield _State(manifest, touch.who, touch.origin)
    if manifest != resource.manifest:
        yield _State(resource.manifest, AFTERWARDS)


def _same(new: Manifest, at: Path, old: Manifest, before: Path | None) -> bool:
    if before is None:
        return False
    texts = [json.dumps(lineage.value_at(found, path), sort_keys=True) for found, path in ((new, at), (old, before))]
    return texts[0] == texts[1]
