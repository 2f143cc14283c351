"""What a tree comes to, as manifests that other programs read. Pure; the same tree gives the same bytes.

Values of secrets are markers, unless they are to be shown, and an object of which something is left out so says it by
an annotation, which keeps it from being applied by accident. Markers are numbered in the order in which they are
printed, whatever order the run has learned the secrets in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.annotations import REDACTED
from kubernator.report import diff, explanation, explanation_text, shown, structured
from kubernator.report.errors import LABEL_WIDTH
from kubernator.report.printable import printable
from kubernator.report.provenance import History

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kubernator.model.resource import Resource
    from kubernator.redaction import Secrets
    from kubernator.report.provenance import Work

__all__ = ["FORMAT", "Rendered", "as_json", "as_yaml", "render"]

#: The format of the JSON with provenance. What is added to it later has a new name; what changes its meaning, a number.
FORMAT: Final = "kubernator/render/v1"

_MARKER: Final = re.compile(r"<secret (\d+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One object, fit to be shown. ``redacted`` says that something of it is left out."""

    resource: Resource
    manifest: dict[str, Any]
    redacted: bool
    work: tuple[Work, ...] = ()
    numbers: _Numbers


def render(resources: Iterable[Resource], secrets: Secrets, *, provenance: bool = False) -> list[Rendered]:
    """Return objects as they are applied; with ``provenance`` together with what changed them since they were read."""
    numbers = _Numbers(secrets)
    return [_rendered(resource, numbers, provenance=provenance) for resource in resources]


def as_yaml(found: Iterable[Rendered], *, provenance: bool = False) -> str:
    """Return objects as documents of YAML, keys sorted; with ``provenance`` each below a comment that says its own."""
    return "".join(f"---\n{''.join(_comment(each, provenance=provenance))}{_yaml(each)}" for each in found)


def as_json(found: Sequence[Rendered], *, provenance: bool = False, single: bool = False) -> str:
    """Return objects as a `List` of JSON; with ``provenance`` as data of the format ``kubernator/render/v1``.

    With ``single`` there is one object, which stands for itself.
    """
    entries = [_entry(each) if provenance else each.manifest for each in found]
    if single:
        data: Any = {"format": FORMAT, **entries[0]} if provenance else entries[0]
    elif provenance:
        data = {"format": FORMAT, "objects": entries}
    else:
        data = {"apiVersion": "v1", "kind": "List", "items": entries}
    return f"{structured.render(data, 'json-pretty')}\n"


class _Numbers:
    """Masks what must not be shown, with numbers in the order of masking."""

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self._given: dict[str, str] = {}

    def manifest(self, resource: Resource) -> tuple[dict[str, Any], bool]:
        """Return a manifest fit to be shown, and whether anything is left out of it."""
        masked = shown.manifest(resource.manifest, self.secrets)
        if masked == resource.manifest:
            return masked, False
        return self._renumbered(resource.manifest, masked), True

    def text(self, text: str) -> str:
        """Return a text fit to be shown; markers in it have the run's numbers."""
        return str(self.data(text))

    def data(self, value: Any) -> Any:
        """Return data fit to be shown; markers in it have the run's numbers."""
        return self._marked(self.secrets.data(value))

    def _renumbered(self, original: Any, masked: Any) -> Any:
        """Give markers their numbers, where they stand for something: a text may look like one by itself."""
        match masked:
            case dict() if isinstance(original, dict) and len(original) == len(masked):
                pairs = zip(original.items(), masked.items(), strict=True)
                return {
                    self._renumbered(key, shown_key): self._renumbered(value, shown_value)
                    for (key, value), (shown_key, shown_value) in pairs
                }
            case list() if isinstance(original, list | tuple) and len(original) == len(masked):
                return [self._renumbered(*pair) for pair in zip(original, masked, strict=True)]
            case str() if masked != original:
                return self._marked(masked)
            case _:
                return masked

    def _marked(self, value: Any) -> Any:
        match value:
            case str():
                return _MARKER.sub(lambda found: f"<secret {self._number(found[1])}>", value)
            case dict():
                return {self._marked(key): self._marked(item) for key, item in value.items()}
            case list() | tuple():
                return [self._marked(item) for item in value]
            case _:
                return value

    def _number(self, of_run: str) -> str:
        return self._given.setdefault(of_run, str(len(self._given) + 1))


def _rendered(resource: Resource, numbers: _Numbers, *, provenance: bool) -> Rendered:
    manifest, redacted = numbers.manifest(resource)
    metadata = manifest.get("metadata")
    if redacted and isinstance(metadata, dict) and isinstance(metadata.get("annotations") or {}, dict):
        annotations = {**(metadata.get("annotations") or {}), REDACTED: "true"}
        manifest = {**manifest, "metadata": {**metadata, "annotations": annotations}}
    work = tuple(History(resource, numbers.secrets).work()) if provenance else ()
    return Rendered(resource=resource, manifest=manifest, redacted=redacted, work=work, numbers=numbers)


def _yaml(found: Rendered) -> str:
    return structured.render(found.manifest, "yaml")


def _comment(found: Rendered, *, provenance: bool) -> Iterator[str]:
    if found.redacted:
        yield "# secrets are left out: `<secret N>` stands for them, `--show-secrets` shows them\n"
    if not provenance:
        return
    yield f"# {_line(found, str(found.resource))}\n"
    for label, line in _lines(found):
        yield f"# {f'{label:{LABEL_WIDTH}}{_line(found, line)}'}".rstrip() + "\n"


def _line(found: Rendered, text: str) -> str:
    """Return a text as the rest of a comment: on one line, and harmless."""
    return printable(found.numbers.text(" ".join(text.splitlines())).replace("\t", " "))


def _lines(found: Rendered) -> Iterator[tuple[str, str]]:
    resource = found.resource
    yield from resource.origin.lines()
    yield from explanation_text.work_lines(found.work)
    for path, instruction in explanation.instructions(resource):
        yield "instruction", f"{path}: {diff.one_line(instruction)}"


def _entry(found: Rendered) -> dict[str, Any]:
    resource = found.resource
    provenance: dict[str, Any] = {"origin": [explanation.of_origin(origin) for origin in resource.origin.chain]}
    if found.work:
        provenance["changedBy"] = [explanation.of_work(work) for work in found.work]
    if resource.instructions:
        provenance["instructions"] = [
            {"path": path, "instruction": value} for path, value in explanation.instructions(resource)
        ]
    return {"manifest": found.manifest, "redacted": found.redacted, "provenance": found.numbers.data(provenance)}
