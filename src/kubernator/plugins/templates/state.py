"""The templates of a run, and what rendering one gives.

Definitions are seen everywhere once they are read, wherever the plugin was registered: a run has one set of names.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.load import findings, template, text, yamldoc
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.plugins.templates import values
from kubernator.plugins.templates.entries import CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.load.document import Document
    from kubernator.load.jsonschema import Schema
    from kubernator.model.sourcemap import Path
    from kubernator.plugin import Host, Origin, Visit
    from kubernator.plugins.templates.entries import Definition

__all__ = ["InvalidTemplate", "Made", "State"]

_KEY = ("templates", "_state")


class InvalidTemplate(errors.ProjectError, ValueError):
    """A template is unknown, or its values are wrong; also the ValueError of the reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A definition that was read. ``body`` is None where it is wrong, which has been said."""

    definition: Definition
    origin: Origin
    body: template.Template | None = None
    schema: Schema | None = None


class State:
    """What is defined in a run."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._engine = template.TemplateEngine()
        self._made: dict[str, Made] = {}

    @classmethod
    def of(cls, host: Host) -> State:
        """Return the state of a run, made when it is first asked for."""
        if _KEY not in host.globals:
            host.globals.write(_KEY, cls(host))
        found: State = host.globals.read(_KEY)
        return found

    def define(self, visit: Visit, definition: Definition) -> list[Diagnostic]:
        """Read and compile a template; return what is wrong. The first definition of a name stays."""
        there = self._made.get(definition.name)
        if there is not None:
            return [] if _same(there.definition, definition) else [_twice(there.definition, definition)]
        problems: list[Diagnostic] = []
        path = visit.path / definition.file
        origin = replace(self._host.origin_of(path, asked_by=definition.place()), maker=f"template {definition.name}")
        body = None
        try:
            body = self._engine.from_string(text.read(path, origin=origin), origin=origin)
        except errors.LoadError as error:
            problems.append(findings.as_finding(error))
        schema = values.schema_of(definition, problems)
        if schema is not None:
            problems += values.check_defaults(definition, schema)
        self._made[definition.name] = Made(
            definition=definition, origin=origin, body=None if problems else body, schema=schema
        )
        return problems

    def find(self, name: str, origin: Origin) -> Made:
        """Return a template by name; raises `InvalidTemplate` for one that nobody defined so far."""
        made = self._made.get(name)
        if made is not None:
            return made
        close = difflib.get_close_matches(str(name), self._made, n=1)
        known = ", ".join(f"`{each}`" for each in sorted(self._made))
        raise InvalidTemplate(
            f"there is no template `{name}`",
            origin=origin,
            hint=(
                f"did you mean `{close[0]}`? defined so far are {known}"
                if close
                else f"defined so far are {known}"
                if known
                else "none is defined so far; files of templates are read after the script of their directory"
            ),
        )

    def rendered(
        self, made: Made, given: Mapping[str, Any], *, asked_by: Origin, place: Callable[[Path], Origin]
    ) -> tuple[str, list[int], Origin]:
        """Return the text of a template with values, the template's line of each of its lines, and the origin of it.

        Raises `errors.ValidationFailed` with all that the schema has against the values, `errors.LoadError` at the line
        of the template for everything else.
        """
        definition = made.definition
        if made.schema is not None and (found := values.check_values(definition, made.schema, given, place)):
            raise errors.ValidationFailed(f"the values of template `{definition.name}` do not fit its schema", found)
        origin = replace(made.origin, via=asked_by)
        assert made.body is not None  # noqa: S101 - callers have looked
        body = template.Template(self._engine, made.body.source, origin=origin, literal=False)
        ktor = self._host.script_ktor(self._host.current_scope)
        try:
            content, lines = body.render_lines({"ktor": ktor, "values": values.merged(definition.defaults, given)})
        except errors.LoadError as error:
            if (defined := ("defined", str(definition.place()))) not in error.detail:  # by itself, again and again
                error.detail.append(defined)
            if error.title.startswith("`values"):
                error.hint = "give it under `values`, in the `defaults` of the definition, or with `| default(…)`"
            raise
        return content, lines, origin

    @staticmethod
    def parsed(content: str, lines: list[int], origin: Origin, problems: list[Diagnostic]) -> list[Document]:
        """Return the documents of a rendered template, every place in them being the template's own."""
        return yamldoc.parse(content, origin=origin, lines=lines, problems=problems)

    @staticmethod
    def source(made: Made, asked_by: Origin) -> str:
        """Say in one line where a resource of a template is from."""
        definition = made.definition
        return f"template {definition.name} of {definition.document.origin.path}, applied in {asked_by}"


def _same(there: Definition, again: Definition) -> bool:
    """Say whether it is one definition, read again because its directory is visited again."""
    return (there.place(), there.document.value) == (again.place(), again.document.value)


def _twice(there: Definition, again: Definition) -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR,
        message=f"template `{again.name}` is defined twice",
        origin=again.place("name"),
        detail=(("first", str(there.place("name"))),),
        hint="templates have one name in a whole run; rename one of them",
        code=CODE,
    )
