"""Which object of a tree is meant, in the words of people. Pure.

A name stands last, and what tells more about it before it: ``deployment/web``, ``shop/deployment/web``,
``Deployment/shop/web``, ``apps/v1/Deployment/shop/web``, ``Deployment.apps shop/web``. A kind may be written as in a
manifest, in small letters, in the plural, short, and with its group; a slash may be a space.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator import errors
from kubernator.model.diagnostics import either

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from kubernator.cluster.api import Kind
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Resource

__all__ = ["FORMS", "Meant", "ambiguous", "kind_words", "matching", "meant", "spelled"]

FORMS: Final = "`kind/name`, `namespace/kind/name` or `group/version/Kind/namespace/name`"
#: So many objects are listed where a name is not clear.
_LISTED: Final = 10
_GLOB: Final = re.compile(r"[*?]")


class Meant(NamedTuple):
    """An object that a text may mean, and the rest of the text: the name of a field, or nothing."""

    resource: Resource
    rest: str


def kind_words(gvk: GroupVersionKind, known: Kind | None) -> frozenset[str]:
    """Return what a kind may be called, in small letters; ``known`` tells its plural and its short names."""
    kind = gvk.kind.lower()
    names = {kind}
    if known is not None:
        names |= {known.plural, known.singular, *known.short_names} - {""}
    else:
        names |= {f"{kind}s", f"{kind}es", f"{kind[:-1]}ies" if kind.endswith("y") else kind}
    group, version = gvk.group, gvk.version
    ends = ("", f".{group}", f".{version}.{group}") if group else ("", f".{version}")
    return frozenset(f"{name}{end}".lower() for name in names for end in ends)


def spelled(resource: Resource) -> str:
    """Return the shortest text that means exactly this resource, whatever else there is."""
    ref = resource.ref
    place = f"{ref.namespace}/" if ref.namespace else ""
    return f"{resource.gvk.api_version}/{ref.kind}/{place}{ref.name}"


def meant(text: str, resources: Sequence[Resource], kinds: Callable[[Resource], Collection[str]]) -> list[Meant]:
    """Return what a text may mean: of the objects whose names it begins with, those with the longest name.

    More than one means that the text does not tell them apart; the same object is there more than once only where the
    rest can be read in several ways. Raises `errors.UsageError` when it means none.
    """
    found = [each for resource in resources for each in _readings(text, resource, kinds(resource))]
    if not found:
        found = [each for resource in resources for each in _bare(text, resource)]
    if not found:
        raise nothing(text, resources, kinds)
    found.sort(key=lambda each: len(each.rest))
    return found


def matching(text: str, resources: Sequence[Resource], kinds: Callable[[Resource], Collection[str]]) -> list[Resource]:
    """Return every resource that a text means, in which ``*`` and ``?`` stand for others.

    Raises `errors.UsageError` when it means none.
    """
    found = [resource for resource in resources if _fits(text, resource, kinds(resource))]
    if not found:
        raise nothing(text, resources, kinds)
    return found


def ambiguous(text: str, resources: Iterable[Resource]) -> errors.UsageError:
    """Return the error about a text that means several."""
    several = list(dict.fromkeys(map(spelled, resources)))
    return errors.UsageError(
        f"`{text}` means {len(several)} objects",
        detail=[("one is" if not at else "another is", name) for at, name in enumerate(_cut(several))],
        hint="say which one, by its namespace or its whole kind",
    )


def nothing(
    text: str, resources: Sequence[Resource], kinds: Callable[[Resource], Collection[str]]
) -> errors.UsageError:
    """Return the error about a text that means none of the resources."""
    if not resources:
        return errors.UsageError(f"`{text}` is not in the tree, which has no objects")
    written = "/".join(_segments(text))
    name = written.rpartition("/")[2]
    there = {f"{resource.ref.kind.lower()}/{resource.ref.name}": resource for resource in resources}
    near = difflib.get_close_matches(written.lower(), there, n=3, cutoff=0.6)
    if not near:
        by_name = {resource.ref.name: word for word, resource in there.items()}
        near = [by_name[one] for one in difflib.get_close_matches(name, by_name, n=3, cutoff=0.7)]
    hint = f"did you mean {either(near)}?" if near else f"write {FORMS}"
    kind = _segments(text)[0].lower()
    same = [resource for resource in resources if kind in kinds(resource)] or resources
    return errors.UsageError(
        f"`{text}` is not in the tree",
        detail=[("there is" if not at else "", name) for at, name in enumerate(_cut([*map(spelled, same)]))],
        hint=hint,
    )


def _cut(names: Sequence[str]) -> list[str]:
    shown = list(names[:_LISTED])
    return [*shown, f"and {len(names) - _LISTED} more"] if len(names) > _LISTED else shown


def _segments(text: str, separators: str = r"[/\s]+") -> list[str]:
    """Return the parts of a text between slashes and spaces; what stands in brackets belongs to the last one."""
    at = min(found for found in (text.find("["), len(text)) if found >= 0)
    *parts, last = re.split(separators, text[:at].strip("/ ") if at == len(text) else text[:at].lstrip("/ "))
    return [*parts, last + text[at:]]


def _splits(text: str) -> list[list[str]]:
    """Return the ways to take a text apart: a space may also belong to a name, of roles for instance."""
    both = [_segments(text), _segments(text, "/+")]
    return both[: 1 + (both[0] != both[1])]


def _readings(text: str, resource: Resource, kinds: Collection[str]) -> Iterator[Meant]:
    """Yield each way in which a text means a resource: the name may be followed by a field with slashes in it."""
    for segments in _splits(text):
        for number in range(2, min(len(segments), 5) + 1):
            before, last = segments[: number - 1], "/".join(segments[number - 1 :])
            for name in _names(before, resource, kinds):
                if last == name or last.startswith((f"{name}.", f"{name}[")):
                    yield Meant(resource, last[len(name) :])


def _bare(text: str, resource: Resource) -> Iterator[Meant]:
    """Yield what a text means that says nothing but a name."""
    name = resource.ref.name
    if text == name or text.startswith((f"{name}.", f"{name}[")):
        yield Meant(resource, text[len(name) :])


def _fits(text: str, resource: Resource, kinds: Collection[str]) -> bool:
    return any(
        _is(last, name)
        for *before, last in _splits(text)
        for name in (_names(before, resource, kinds) if before else (resource.ref.name,))
    )


def _names(before: Sequence[str], resource: Resource, kinds: Collection[str]) -> Iterator[str]:
    """Yield how the name of a resource is written after these parts; nothing where they are not about it."""
    ref = resource.ref
    words = list(before)
    version = resource.gvk.api_version.split("/")
    whole = len(words) > len(version) and all(map(_is, words, version))
    for rest in [words, words[len(version) :]] if whole else [words]:
        match rest:
            case [kind]:
                fits = _any(kind, kinds)
            case [one, other]:
                fits = (_is(one, ref.namespace) and _any(other, kinds)) or (
                    _is(other, ref.namespace) and _any(one, kinds)
                )
            case _:
                fits = False
        if fits:
            yield ref.name
            if ref.namespace and whole and len(rest) == 1:
                yield f"{ref.name}.{ref.namespace}"  # as the log says it


def _any(pattern: str, words: Collection[str]) -> bool:
    return pattern.lower() in words or (
        bool(_GLOB.search(pattern)) and any(_is(pattern.lower(), word) for word in words)
    )


def _is(pattern: str, word: str) -> bool:
    return pattern == word or (bool(_GLOB.search(pattern)) and fnmatch.fnmatchcase(word, pattern))
