"""From what somebody asks about to what is known of it: the object, the field, its history, its order, its policy."""

from __future__ import annotations

import difflib
import itertools
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.model.gvk import LEADING
from kubernator.model.reference import Fate
from kubernator.pipeline import order
from kubernator.planning import fields
from kubernator.redaction import Secrets
from kubernator.report import explanation, fieldpath, lineage, paths, selection, shown
from kubernator.report.comparing import ABSENT
from kubernator.report.explanation import Explanation, Placement
from kubernator.report.provenance import History, leaves
from kubernator.run.meaning import Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kubernator.model.reference import Edge
    from kubernator.model.resource import Resource
    from kubernator.model.sourcemap import Path
    from kubernator.run.host import RunHost

__all__ = ["explain"]

_ALL: Final = "every field"


def explain(text: str, host: RunHost, resources: Sequence[Resource]) -> Explanation:
    """Return what is known of an object of a tree, or of a field of it.

    Raises `errors.UsageError` for a text that means nothing, or several objects.
    """
    meaning = Meaning.of(host, resources)
    candidates = selection.meant(text, resources, meaning.words)
    first: errors.UsageError | None = None
    for _, several in itertools.groupby(candidates, key=lambda each: len(each.rest)):
        readings = list(several)
        found = [each for each in readings if _is_there(each, meaning)]
        owners = {each.resource.ref for each in found or readings}
        if len(owners) > 1:
            first = first or selection.ambiguous(text, (each.resource for each in found or readings))
            if found:
                raise first
        elif found:
            return _Explaining(found[0].resource, host.secrets, meaning).of(found[0].rest, resources)
        else:
            first = first or _no_field(readings[0], meaning)
    assert first is not None  # noqa: S101 - there is at least one reading
    raise first


def _is_there(each: selection.Meant, meaning: Meaning) -> bool:
    """Say whether the rest of a text is a field of an object, of one of its earlier states, or of its kind."""
    if not fieldpath.find(each.rest, each.resource.manifest).rest:
        return True
    states = History(each.resource, Secrets()).manifests
    return any(not fieldpath.find(each.rest, state).rest for state in states) or (
        meaning.unset(each.rest, each.resource) is not None
    )


def _no_field(each: selection.Meant, meaning: Meaning) -> errors.UsageError:
    resource = each.resource
    found = fieldpath.find(each.rest, resource.manifest)
    inside = paths.of_path(found.path, resource.manifest) if found.path else ""
    word = next(iter(fieldpath.words(found.rest)), "")
    more = [] if word.startswith("[") else meaning.fields(each.rest, resource)
    known = {name.strip("[]"): name for name in (*found.known, *more)}
    near = [known[name] for name in difflib.get_close_matches(word.strip("["), known, n=3, cutoff=0.6)]
    whole = "".join((inside, found.rest if found.rest.startswith(("[", ".")) else f".{found.rest}")).removeprefix(".")
    named = f"there are {', '.join(f'`{name}`' for name in known.values())}" if known else ""
    return errors.UsageError(
        f"`{resource}` has no field `{whole}`",
        detail=[("in", f"`{inside}`")] if inside else [],
        hint=f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else named,
    )


class _Explaining:
    """Explains one object."""

    def __init__(self, resource: Resource, secrets: Secrets, meaning: Meaning) -> None:
        self._resource = resource
        self._secrets = secrets
        self._meaning = meaning
        self._history = History(resource, secrets)

    def of(self, text: str, resources: Sequence[Resource]) -> Explanation:
        resource = self._resource
        if not text:
            return Explanation(
                resource=resource,
                value=shown.manifest(resource.manifest, self._secrets),
                origin=resource.origin,
                fields=tuple(self._history.fields()),
                work=tuple(self._history.work()),
                instructions=tuple(explanation.instructions(resource)),
                policy=(*self._policy(()), *self._of_whole()),
                placement=_placement(resource, order.arrange(resources)),
            )
        for age, manifest in enumerate(self._history.manifests):
            found = fieldpath.find(text, manifest)
            if not found.rest:
                return self._written(found.path, age)
        unset = self._meaning.unset(text, resource)
        assert unset is not None  # noqa: S101 - somebody has looked
        return Explanation(resource=resource, text=unset.text, unset=True, default=unset.default)

    def _written(self, path: Path, age: int) -> Explanation:
        """Explain a field that is in the manifest, or was."""
        resource = self._resource
        field = self._history.field(path, age=age)
        inside = lineage.value_at(self._history.manifests[age], path)
        single = age > 0 or not (isinstance(inside, dict | list) and inside)
        return Explanation(
            resource=resource,
            text=field.text,
            value=field.value,
            origin=field.place,
            fields=(field,) if single else tuple(self._history.fields(path)),
            work=() if single else tuple(self._history.work(field.text)),
            instructions=tuple(
                (paths.of_path(at, resource.manifest), instruction)
                for at, instruction in resource.instructions
                if at[: len(path)] == path or path[: len(at)] == at
            ),
            policy=tuple(self._policy(path)) if field.value is not ABSENT else (),
        )

    def _policy(self, path: Path) -> Iterator[tuple[str, str]]:
        """Return what scripts say about the fields at a path and below it: whose they are, what becomes of them."""
        resource = self._resource
        manifest = resource.manifest
        below = [*leaves(lineage.value_at(manifest, path), path)]
        for pattern in resource.policy.ignored:
            about = fields.Patterns((pattern,))
            if any(about.match(each, manifest) for each in below):
                yield "ignored", f"`{pattern}`: what differs there in the cluster is left as it is"
        for rule in resource.policy.conflicts:
            about = fields.Patterns(rule.fields)
            if rule.fields and not any(about.match(each, manifest) for each in below):
                continue
            whose = f" from {', '.join(f'`{name}`' for name in rule.managers)}" if rule.managers else ""
            which = ", ".join(f"`{name}`" for name in rule.fields) if rule.fields else _ALL
            yield "conflicts", f"{rule.decision} {which}{whose}{f', {rule.place}' if rule.place else ''}"

    def _of_whole(self) -> Iterator[tuple[str, str]]:
        policy = self._resource.policy
        if policy.warnings_are_fatal:
            yield "validation", "a warning of the server ends a dry run"
        ref = self._resource.ref
        how = policy.replace or policy.immutable_changes.get((ref.group, ref.kind), "")
        if how:
            yield "replace", f"`{how}` is how it is deleted and made anew where a field changes that cannot change"


def _placement(resource: Resource, found: order.Order) -> Placement:
    ref = resource.ref
    number, phase = next(
        (number, phase)
        for number, phase in enumerate(found.phases, start=1)
        if any(each.ref == ref for each in phase.resources)
    )
    return Placement(
        phase=phase.name,
        number=number,
        phases=len(found.phases),
        position=1 + next(at for at, each in enumerate(phase.resources) if each.ref == ref),
        members=len(phase.resources),
        waited=phase.wait,
        after=tuple(edge for edge in found.edges if edge.source == ref and _tells(edge)),
        before=tuple(edge for edge in found.edges if edge.target == ref and _tells(edge)),
    )


def _tells(edge: Edge) -> bool:
    """Say whether an edge says more than the phases: contents come after their Namespace, kinds after definitions."""
    return edge.fate is not Fate.FOLLOWED or edge.target.group_kind not in LEADING
