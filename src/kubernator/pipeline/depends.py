"""``depends-on``: what a manifest itself says it comes after. Pure.

Two ways to write a target, several separated by commas or line breaks::

    Kind/name, Kind.group/name, Kind/namespace/name         ours; the namespace is the object's own unless given
    group/namespaces/namespace/Kind/name, group/Kind/name   of cli-utils, kpt and Config Sync; the core group is empty

Source of the latter: sigs.k8s.io/cli-utils, package ``object/dependson``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.model.annotations import DEPENDS_ON
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.reference import Reference, Strength
from kubernator.pipeline.fields import at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Resource
    from kubernator.model.sourcemap import Path

__all__ = ["stated"]

_SEPARATORS: Final = re.compile(r"[,\n]")
_FORMS: Final = "`Kind/name`, `Kind.group/name` or `Kind/namespace/name`"


class _Wanted(NamedTuple):
    """A target as it is written; None where nothing is said."""

    kind: str
    name: str
    group: str | None = None
    namespace: str | None = None


def stated(resources: Iterable[Resource]) -> tuple[list[Reference], list[Diagnostic]]:
    """Return what resources say they come after, and what is wrong with that."""
    everything = list(resources)
    references: list[Reference] = []
    findings: list[Diagnostic] = []
    by_name: dict[str, list[ResourceRef]] | None = None
    for resource in everything:
        for name, path in _annotations(resource):
            text = at(resource.manifest, *path)
            if not isinstance(text, str):
                findings.append(_wrong(resource, path, f"`{name}` is no text", hint=f"write {_FORMS}"))
                continue
            if by_name is None:
                by_name = _by_name(everything)
            for word in filter(None, map(str.strip, _SEPARATORS.split(text))):
                found = _resolve(resource, path, word, by_name)
                if isinstance(found, Diagnostic):
                    findings.append(found)
                else:
                    reason = f"depends on {found.kind} `{found.name}`, by its annotation"
                    references.append(Reference(resource.ref, found, reason, path, Strength.STATED, wait=True))
    return references, findings


def _annotations(resource: Resource) -> Iterator[tuple[str, Path]]:
    annotations = at(resource.manifest, "metadata", "annotations")
    if isinstance(annotations, dict):
        for name in DEPENDS_ON:
            if name in annotations:
                yield name, ("metadata", "annotations", name)


def _by_name(resources: Iterable[Resource]) -> dict[str, list[ResourceRef]]:
    found: dict[str, list[ResourceRef]] = defaultdict(list)
    for resource in resources:
        found[resource.ref.name].append(resource.ref)
    return found


def _resolve(
    resource: Resource, path: Path, word: str, by_name: Mapping[str, Sequence[ResourceRef]]
) -> ResourceRef | Diagnostic:
    wanted = _parse(word)
    if wanted is None:
        return _wrong(resource, path, f"`{word}` names no object", hint=f"write {_FORMS}")
    own = resource.ref.namespace
    spaces = {own, ""} if wanted.namespace is None else {wanted.namespace}
    alike = [
        ref for ref in by_name.get(wanted.name, ()) if ref.kind == wanted.kind and wanted.group in {None, ref.group}
    ]
    found = [ref for ref in alike if ref.namespace in spaces]
    if len(found) > 1:
        # the core group and the own namespace are what a short form means first
        found = [ref for ref in found if ref.group == ""] or found
        found = [ref for ref in found if ref.namespace == own] or found
    match found:
        case [target] if target == resource.ref:
            return _wrong(resource, path, f"`{word}` is the object itself", hint="leave it out")
        case [target]:
            return target
        case []:
            return _missing(resource, path, word, alike or [ref for refs in by_name.values() for ref in refs])
        case _:
            choices = " or ".join(f"`{_spelled(ref, own)}`" for ref in sorted(found))
            return _wrong(resource, path, f"`{word}` may be several objects", hint=f"write {choices}")


def _wanted(kind: str, name: str, namespace: str | None = None) -> _Wanted:
    kind, dot, group = kind.partition(".")
    return _Wanted(kind, name, group if dot else None, namespace)


def _parse(word: str) -> _Wanted | None:
    parts = word.split("/")
    if not all(parts[1:]):
        return None
    match parts:
        case [kind, name] if kind:
            return _wanted(kind, name)
        case [kind, namespace, name] if kind[:1].isupper():
            return _wanted(kind, name, namespace)
        case [group, kind, name]:
            return _Wanted(kind, name, group, "")
        case [group, "namespaces", namespace, kind, name]:
            return _Wanted(kind, name, group, namespace)
        case _:
            return None


def _spelled(ref: ResourceRef, own: str) -> str:
    kind = f"{ref.kind}.{ref.group}" if ref.group else ref.kind
    return f"{kind}/{ref.name}" if ref.namespace in {"", own} else f"{kind}/{ref.namespace}/{ref.name}"


def _missing(resource: Resource, path: Path, word: str, others: Iterable[ResourceRef]) -> Diagnostic:
    import difflib  # noqa: PLC0415 - for a message

    own = resource.ref.namespace
    spelled = sorted({_spelled(ref, own) for ref in others if ref != resource.ref})
    short = {each.partition("/")[0].partition(".")[0] + "/" + each.partition("/")[2]: each for each in spelled}
    close = difflib.get_close_matches(word, [*spelled, *short], n=3, cutoff=0.6)
    meant = list(dict.fromkeys(short.get(each, each) for each in close))
    hint = (
        f"did you mean {' or '.join(f'`{each}`' for each in meant)}"
        if meant
        else "only what is in this tree can be waited for; name its namespace where it is another one"
    )
    return _wrong(resource, path, f"`{word}` is not in the tree", hint=hint)


def _wrong(resource: Resource, path: Path, what: str, *, hint: str) -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR,
        message=f"{what}, and cannot be depended on",
        origin=resource.place(path),
        resource=str(resource),
        field=".".join(map(str, path[:2])) + f"[{path[2]}]",
        changed_by=tuple(map(str, resource.touched_by)),
        hint=hint,
        code="depends-on",
    )
