"""From a plan to its difference: what each change means for the fields, by what is live and what is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator import redaction
from kubernator.model import patch
from kubernator.model.change import ChangeKind, PatchOp
from kubernator.report import comparing, difference, paths, shown
from kubernator.report.comparing import ABSENT, Op
from kubernator.report.owners import Claims, Owner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.change import Change, FieldConflict
    from kubernator.model.plan import Phase, Plan
    from kubernator.model.sourcemap import Path
    from kubernator.redaction import Secrets

__all__ = ["fields", "of"]


def of(plan: Plan, secrets: Secrets) -> difference.Difference:
    """Return what a plan would change, fit to be shown."""
    made = [_object(phase, change, secrets, plan.manager) for phase in plan.phases for change in phase.changes]
    return difference.Difference(
        manager=plan.manager,
        objects=tuple(each for each in made if each.kind is not ChangeKind.UNCHANGED),
        unchanged=tuple(each for each in made if each.kind is ChangeKind.UNCHANGED),
        plugins=tuple(
            difference.PluginWork(
                plugin=work.plugin,
                title=secrets.redact(work.title),
                phase=work.phase,
                detail=secrets.data(work.detail),
                reads=work.reads,
                writes=work.writes,
            )
            for work in plan.plugin_changes
        ),
        counts=dict(plan.summary),
        requests={verb: number for verb, number in plan.requests.items() if number},
    )


def fields(change: Change, secrets: Secrets) -> tuple[difference.FieldChange, ...]:
    """Return the fields that a change of a live object changes, those of its merge instructions included."""
    if not change.patch:
        return ()
    reader = _Reader(change, secrets, "")
    return tuple(reader.between(change.live or {}, reader.after))


def _object(phase: Phase, change: Change, secrets: Secrets, manager: str) -> difference.ObjectChange:
    resource = change.resource
    reader = _Reader(change, secrets, manager)
    created = change.kind in {ChangeKind.CREATE, ChangeKind.REPLACE} and change.desired is not None
    return difference.ObjectChange(
        kind=change.kind,
        api_version=change.gvk.api_version,
        object_kind=change.gvk.kind,
        namespace=secrets.redact(change.ref.namespace),
        name=secrets.redact(change.ref.name),
        phase=phase.name,
        origin=change.origin,
        changed_by=tuple(secrets.redact(str(touch)) for touch in resource.touched_by) if resource else (),
        reason="" if change.deferred else secrets.redact(shown.brief(change.reason, change.detail)),
        detail=tuple((label, secrets.redact(line)) for label, line in change.detail),
        hint=secrets.redact(change.hint),
        unproven=_unproven(change, secrets),
        fields=tuple(reader.first()),
        instructions=tuple(reader.second()),
        conflicts=tuple(map(reader.conflict, change.conflicts)) if change.kind is ChangeKind.REFUSED else (),
        left=tuple(map(reader.conflict, change.left)),
        takes_over=change.take_over,
        gives_up=tuple(map(reader.kept, change.release)),
        propagation=str(change.propagation or "Background") if _deletes(change) else "",
        warnings=tuple(map(secrets.redact, change.warnings)),
        manifest=shown.manifest(change.desired or {}, secrets) if created else None,
    )


def _deletes(change: Change) -> bool:
    return change.kind in {ChangeKind.DELETE, ChangeKind.REPLACE}


def _unproven(change: Change, secrets: Secrets) -> str:
    if change.deferred:
        return secrets.redact(change.reason)
    asked = ((change.predicted or {}).get("metadata") or {}).get("uid")
    return "" if change.kind is not ChangeKind.CREATE or asked else "the server was not asked"


class _Reader:
    """Reads one change: what is live, what is wanted, and who claims what."""

    def __init__(self, change: Change, secrets: Secrets, manager: str) -> None:
        self._change = change
        self._secrets = secrets
        self._manager = manager
        self._live = change.live or {}
        silent = change.kind is ChangeKind.UNCHANGED and not change.left
        self._claims = Claims() if silent else Claims.of(change.live)

    @property
    def after(self) -> Any:
        """What is there afterwards; not all that the server predicts, since the patch leaves ignored fields out."""
        after = patch.carry(self._live, self._change.patch)
        return patch.carry(after, self._lost(after)) if self._change.kind is ChangeKind.REPLACE else after

    def _lost(self, after: Any) -> list[PatchOp]:
        """Return what a new object does not have any more: fields somebody wrote that do not stand in the manifest."""
        gone = {
            found[0]
            for owner, elements in self._claims.leaves()
            if not owner.subresource
            and paths.locate(self._change.desired, elements) is None
            and (found := paths.locate(after, elements)) is not None
            and not self._plain(found[0])
        }
        in_order = sorted(gone, key=lambda path: [(isinstance(step, int), step) for step in path], reverse=True)
        return [PatchOp(op="remove", path=patch.pointer(path)) for path in in_order]

    def first(self) -> Iterator[difference.FieldChange]:
        """Return what the apply changes."""
        if self._change.patch:
            yield from self.between(self._live, self._between)

    def second(self) -> Iterator[difference.FieldChange]:
        """Return what the merge instructions change after it."""
        if self._change.patch and self._change.instructions:
            yield from self.between(self._between, self.after)

    @property
    def _between(self) -> Any:
        """What is there after the apply and before the merge instructions."""
        instructions = self._change.instructions
        return patch.carry(self.after, patch.inverse(instructions)) if instructions else self.after

    def between(self, old: Any, new: Any) -> Iterator[difference.FieldChange]:
        """Return the fields that differ between two states."""
        change = self._change
        forced = {paths.of_elements(self._claims.named(conflict.field)): conflict.rule for conflict in change.conflicts}
        found = comparing.compare(
            old,
            new,
            written=change.desired if change.desired is not None else {},
            claims=self._claims,
            shape=Claims.of(change.predicted),
        )
        for each in found:
            owners = each.claims.owners if each.old is not ABSENT else ()
            taken = [
                rule for path, rule in forced.items() if _is_within(path, each.text) or _is_within(each.text, path)
            ]
            yield difference.FieldChange(
                op=each.op,
                path=self._secrets.redact(each.text),
                old=self._shown(each, each.old),
                new=self._shown(each, each.new),
                written=self._written(each),
                owners=tuple(owner for owner in owners if not self._is_ours(owner)),
                ours=any(map(self._is_ours, owners)),
                taken=bool(taken),
                rule=next(iter(taken), ""),
                source=self._source(each.path if each.written_at is None else each.written_at, each.written),
            )

    def conflict(self, found: FieldConflict) -> difference.Conflict:
        """Return a conflict with both values."""
        elements = self._claims.named(found.field)
        theirs = paths.locate(self._live, elements) if elements else None
        ours = paths.locate(self._change.desired, elements) if elements else None
        owner = next(
            (
                owner
                for owner, leaf in self._claims.leaves()
                if leaf == elements and owner.manager == found.manager and owner.since == found.time
            ),
            Owner(manager=found.manager, operation="", since=found.time),
        )
        return difference.Conflict(
            path=self._secrets.redact(paths.of_elements(elements) or found.field.removeprefix(".")),
            owner=owner,
            theirs=self._value(*theirs) if theirs else None,
            ours=self._value(*ours) if ours else None,
            rule=found.rule,
            source=self._source(ours[0], ours[1]) if ours else None,
        )

    def kept(self, field_of_server: str) -> difference.Kept:
        """Return a field that is given up with its value."""
        elements = self._claims.named(field_of_server)
        found = paths.locate(self._live, elements) if elements else None
        return difference.Kept(
            path=self._secrets.redact(paths.of_elements(elements) or field_of_server.removeprefix(".")),
            value=self._value(*found) if found else None,
        )

    def _is_ours(self, owner: Owner) -> bool:
        return (owner.manager, owner.operation, owner.subresource) == (self._manager, "Apply", "")

    def _shown(self, found: comparing.Found, value: Any) -> Any:
        return value if found.op is Op.MOVED else self._value(found.path, value)

    def _value(self, path: Path, value: Any) -> Any:
        return None if value is ABSENT else shown.value(self._change, path, value, self._secrets)

    def _written(self, found: comparing.Found) -> Any:
        """Return the part of a new value that the manifest has, where that is not all."""
        if found.written is ABSENT or found.op in {Op.REMOVED, Op.MOVED} or not isinstance(found.new, dict | list):
            return None
        part = _common(found.new, found.written)
        return None if part == found.new else self._value(found.path, part)

    def _source(self, path: Path, written: Any) -> difference.Source | None:
        resource = self._change.resource
        if resource is None:
            return None
        if written is ABSENT:
            path = self._plain(path)
            if not path:
                return None
        return difference.Source(
            place=resource.place(path),
            exact=path in resource.source_map.places,
            changed_by=tuple(touch.who for touch in resource.touched_by),
        )

    def _plain(self, path: Path) -> Path:
        """Return where the manifest of a Secret says in plain text what the server keeps encoded."""
        manifest = self._change.desired or {}
        there = (manifest.get("stringData") or {}) if redaction.is_secret(manifest) and path[:1] == ("data",) else {}
        return ("stringData", path[1]) if len(path) > 1 and isinstance(there, dict) and path[1] in there else ()


def _is_within(path: str, other: str) -> bool:
    """Say whether a field is another one or stands in it."""
    return path == other or path.startswith((f"{other}.", f"{other}["))


def _common(value: Any, written: Any) -> Any:
    """Return the part of a value that is written too, with the value's own spelling."""
    if isinstance(value, dict) and isinstance(written, dict):
        return {key: _common(item, written[key]) for key, item in value.items() if key in written}
    if isinstance(value, list) and isinstance(written, list) and len(value) == len(written):
        return [_common(item, other) for item, other in zip(value, written, strict=True)]
    return value
