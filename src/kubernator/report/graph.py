"""The order of a tree as a graph: for people, for Graphviz, for Mermaid, for programs.

An arrow goes from an object to what it needs, so that its label reads as a sentence: Deployment - mounts -> ConfigMap.
Phases are boxes, in the order in which they are applied. What is not followed is dashed. Nothing of a manifest is shown
but names, and what looks like a secret is masked even there.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.gvk import LEADING
from kubernator.model.reference import Fate
from kubernator.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kubernator.model.ref import ResourceRef
    from kubernator.model.reference import Cycle, Edge, Reference
    from kubernator.model.resource import Resource
    from kubernator.pipeline.order import Order, OrderedPhase
    from kubernator.redaction import Secrets

__all__ = ["FORMAT", "cycles", "data", "dot", "mermaid", "text"]

#: The format of `data`. What is added to it later has a new name; what changes its meaning, a new number.
FORMAT: Final = "kubernator/graph/v1"

_FATES: Final = {Fate.FOLLOWED: "followed", Fate.LATER: "later", Fate.BROKEN: "circle"}
#: Characters that mean something inside a quoted label of Mermaid, as its own entities.
_ENTITIES: Final = {ord(sign): f"#{ord(sign)};" for sign in '"#&<>`|\\{}[]()'}


def text(order: Order, secrets: Secrets) -> str:
    """Return every phase with its objects, and below each what it comes after and why.

    That contents come after their Namespace, and custom resources after their definition, the phases say already.
    """
    edges: dict[ResourceRef, list[Edge]] = defaultdict(list)
    for edge in order.edges:
        if edge.fate is not Fate.FOLLOWED or edge.target.group_kind not in LEADING:
            edges[edge.source].append(edge)
    lines: list[str] = []
    for number, phase in enumerate(order.phases, start=1):
        lines.append(f"{number}. {_title(phase)}")
        for resource in phase.resources:
            lines.append(f"   {resource.ref}")
            lines += [f"     {_sentence(edge)}" for edge in edges[resource.ref]]
    lines += _circles(order.cycles)
    return _shown(lines, secrets)


def cycles(order: Order, secrets: Secrets) -> str:
    """Return the circles alone, each with its references and reasons; nothing where there are none."""
    return _shown(_circles(order.cycles), secrets)


def data(order: Order, secrets: Secrets, *, only_cycles: bool = False) -> dict[str, Any]:
    """Return the graph as plain data: ``phases`` with their objects, ``edges`` and ``cycles``."""
    whole = {
        "format": FORMAT,
        "cycles": [
            {"stated": circle.stated, "references": [_reference(found) for found in circle.references]}
            for circle in order.cycles
        ],
    }
    if not only_cycles:
        whole["phases"] = [
            {"name": phase.name, "wait": phase.wait, "objects": [_object(found) for found in phase.resources]}
            for phase in order.phases
        ]
        whole["edges"] = [
            {
                "source": edge.source._asdict(),
                "target": edge.target._asdict(),
                "fate": _FATES[edge.fate],
                "wait": edge.wait,
                "references": [_reference(found) for found in edge.references],
            }
            for edge in order.edges
        ]
    masked: dict[str, Any] = secrets.data(whole)
    return masked


def dot(order: Order, secrets: Secrets, *, only_cycles: bool = False) -> str:
    """Return the graph in the language of Graphviz."""
    phases, edges = _drawn(order, only_cycles=only_cycles)
    names = _names(phases)
    lines = ["digraph order {", "  rankdir=LR", "  node [shape=box]"]
    for number, (title, members) in enumerate(phases):
        lines += [f"  subgraph cluster_{number} {{", f"    label={_quoted(title, secrets)}"]
        lines += [f"    {names[resource.ref]} [label={_quoted(str(resource.ref), secrets)}]" for resource in members]
        lines.append("  }")
    for edge in edges:
        style = ", style=dashed" if edge.fate is not Fate.FOLLOWED else ""
        style += ", penwidth=2" if edge.wait else ""
        lines.append(f"  {names[edge.source]} -> {names[edge.target]} [label={_quoted(_label(edge), secrets)}{style}]")
    return "\n".join([*lines, "}", ""])


def mermaid(order: Order, secrets: Secrets, *, only_cycles: bool = False) -> str:
    """Return the graph as a flowchart of Mermaid, as Markdown of many kinds can hold it."""
    phases, edges = _drawn(order, only_cycles=only_cycles)
    names = _names(phases)
    lines = ["flowchart LR"]
    for number, (title, members) in enumerate(phases):
        lines.append(f'  subgraph p{number}["{_entities(title, secrets)}"]')
        lines += [f'    {names[resource.ref]}["{_entities(str(resource.ref), secrets)}"]' for resource in members]
        lines.append("  end")
    for edge in edges:
        arrow = "-.->" if edge.fate is not Fate.FOLLOWED else "==>" if edge.wait else "-->"
        label = _entities(_label(edge), secrets)
        lines.append(f'  {names[edge.source]} {arrow}|"{label}"| {names[edge.target]}')
    return "\n".join([*lines, ""])


def _drawn(order: Order, *, only_cycles: bool) -> tuple[list[tuple[str, Sequence[Resource]]], Sequence[Edge]]:
    """Return the phases, each with its title and objects, and the edges of a drawing."""
    phases: list[tuple[str, Sequence[Resource]]] = [
        (f"{number}. {_title(phase)}", phase.resources) for number, phase in enumerate(order.phases, start=1)
    ]
    if not only_cycles:
        return phases, order.edges
    pairs = {(found.source, found.target) for circle in order.cycles for found in circle.references}
    in_circle = {ref for pair in pairs for ref in pair}
    some = [(title, [found for found in members if found.ref in in_circle]) for title, members in phases]
    return [phase for phase in some if phase[1]], [edge for edge in order.edges if (edge.source, edge.target) in pairs]


def _names(phases: Iterable[tuple[str, Sequence[Resource]]]) -> Mapping[ResourceRef, str]:
    members = [resource.ref for _, several in phases for resource in several]
    return {ref: f"n{number}" for number, ref in enumerate(members)}


def _title(phase: OrderedPhase) -> str:
    return f"{phase.name} (waited for)" if phase.wait else phase.name


def _label(edge: Edge) -> str:
    return f"{edge.reason} (in a later phase)" if edge.fate is Fate.LATER else edge.reason


def _sentence(edge: Edge) -> str:
    if edge.fate is not Fate.FOLLOWED:
        return f"({edge.fate.value}) {edge.target}: {edge.reason}"
    return f"after {edge.target}{' is current' if edge.wait else ''}: {edge.reason}"


def _circles(circles: Sequence[Cycle]) -> Iterator[str]:
    for number, circle in enumerate(circles, start=1):
        note = "cannot be resolved: `depends-on` is part of it" if circle.stated else "the weakest reference gives way"
        yield f"circle {number} ({note})"
        for found in circle.references:
            yield f"   {found.source} {found.reason}"


def _reference(reference: Reference) -> dict[str, Any]:
    return {
        "source": reference.source._asdict(),
        "target": reference.target._asdict(),
        "reason": reference.reason,
        "field": list(reference.path),
        "strength": reference.strength.name.lower(),
        "wait": reference.wait,
        "stated": reference.stated,
    }


def _object(resource: Resource) -> dict[str, Any]:
    return {
        **resource.ref._asdict(),
        "apiVersion": resource.gvk.api_version,
        "origin": [str(origin) for origin in resource.origin.chain],
    }


def _shown(lines: Iterable[str], secrets: Secrets) -> str:
    return "".join(f"{printable(secrets.redact(_flat(line)))}\n" for line in lines)


def _quoted(value: str, secrets: Secrets) -> str:
    """Return a string of DOT: double quotes end it, and a backslash begins an escape of labels."""
    masked = printable(secrets.redact(_flat(value)))
    return '"' + masked.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _entities(value: str, secrets: Secrets) -> str:
    return printable(secrets.redact(_flat(value))).translate(_ENTITIES)


def _flat(value: str) -> str:
    """Return a value on one line; a name may hold anything."""
    return " ".join(value.splitlines())
