"""``register_plugin("templates")`` and ``ktor.templates``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kubernator import errors
from kubernator.files import FileNamespace, Reader
from kubernator.load import findings
from kubernator.plugin import Plugin
from kubernator.plugins.templates import entries
from kubernator.plugins.templates.state import InvalidTemplate, State

if TYPE_CHECKING:
    from kubernator.model.diagnostics import Diagnostic
    from kubernator.plugin import Host, Origin, Visit
    from kubernator.plugins.templates.entries import Application
    from kubernator.plugins.templates.state import Made

__all__ = ["TemplatesNamespace", "TemplatesPlugin"]

Values: TypeAlias = Mapping[str, Any] | Iterable[tuple[str, Any]]

_PATTERNS: Final = ("*.tmpl.yaml", "*.tmpl.yml")


class TemplatesNamespace(FileNamespace, includes=_PATTERNS):
    """``ktor.templates``. Names of templates hold for the whole run; patterns of files here and below."""

    _plugin: TemplatesPlugin
    _host: Host

    def render_template(self, name: str, source: str | None = None, values: Values = ()) -> str:
        """Return the text of a template with values; ``source`` says in messages who wants it.

        Raises an error that is also a ValueError when there is no such template or the values do not fit its schema.
        """
        return self._plugin.render(name, values, source)

    def apply_template(self, name: str, values: Values = (), source: str | None = None) -> Any:
        """Render a template, add its manifests as ``ktor.k8s.add_resources`` does, and return the resources.

        Raises as `render_template` does, and for manifests that are wrong.
        """
        return self._plugin.apply(name, values, source)


class TemplatesPlugin(Plugin):
    """Reads ``define`` and ``apply`` from the ``*.tmpl.yaml`` of each directory."""

    name = "templates"
    requires = ("k8s",)
    namespace = TemplatesNamespace

    _host: Host
    _state: State
    _reader: Reader

    def start(self, host: Host) -> None:
        """Join the run."""
        self._host = host
        self._state = State.of(host)
        self._reader = Reader(host)

    def before_directory(self, visit: Visit) -> None:
        """Begin with the patterns of the directory above, and keep the Kubernetes plugin from our files."""
        self._patterns(visit).begin()
        self._claim(visit)

    def after_directory(self, visit: Visit) -> None:
        """Define and apply what the directory's files say; everything wrong goes to the findings of the run."""
        self._claim(visit)
        for name in self._reader.names(visit, self._patterns(visit)):
            for document in self._reader.documents(visit, name, rendered=False):
                definitions, applications, found = entries.read(document)
                self._host.diagnostics.extend(found)
                for definition in definitions:
                    self._host.diagnostics.extend(self._state.define(visit, definition))
                for application in applications:
                    self._apply(application)

    def _patterns(self, visit: Visit) -> TemplatesNamespace:
        return TemplatesNamespace(visit.scope, self.name, plugin=self, host=self._host)

    def _claim(self, visit: Visit) -> None:
        FileNamespace(visit.scope, "k8s").excludes.extend(self._patterns(visit).includes)

    def _apply(self, application: Application) -> None:
        """Carry out an item of ``apply``; a definition that is wrong has been complained about already."""
        diagnostics = self._host.diagnostics
        problems: list[Diagnostic] = []
        asked_by = application.place()
        try:
            made = self._state.find(application.name, application.place("name"))
            if made.body is None:
                return
            content, lines, origin = self._state.rendered(
                made, application.values, asked_by=asked_by, place=lambda path: application.place("values", *path)
            )
        except errors.ValidationFailed as error:
            diagnostics.extend(error.diagnostics)
            return
        except errors.ProjectError as error:
            diagnostics.add(replace(findings.as_finding(error), code=entries.CODE))
            return
        adding: Any = self._adding
        documents = adding.unwrapped(self._state.parsed(content, lines, origin, problems), problems)
        diagnostics.extend(problems)
        for document in documents:
            diagnostics.extend(document.notes)
            try:
                adding.add_documents([document], source=self._state.source(made, asked_by))
            except errors.ValidationFailed as error:
                diagnostics.extend(error.diagnostics)
            except errors.ClusterError:
                raise
            except errors.KubernatorError as error:
                diagnostics.add(findings.as_finding(error))

    # What scripts ask for

    def render(self, name: str, given: Values, source: str | None) -> str:
        """Return the text of a template for a script."""
        content, *_ = self._rendered(self._found(name), given, self._asked_by(source))
        return content

    def apply(self, name: str, given: Values, source: str | None) -> Any:
        """Add the manifests of a template for a script."""
        asked_by = self._asked_by(source)
        made = self._found(name)
        content, lines, origin = self._rendered(made, given, asked_by)
        problems: list[Diagnostic] = []
        documents = self._adding.checked(self._state.parsed(content, lines, origin, problems), problems)
        return self._adding.add_documents(documents, source=source or self._state.source(made, asked_by))

    def _found(self, name: str) -> Made:
        made = self._state.find(name, self._host.origin())
        if made.body is None:
            raise InvalidTemplate(
                f"the definition of template `{name}` is wrong",
                origin=self._host.origin(),
                detail=[("defined", str(made.definition.place()))],
            )
        return made

    def _rendered(self, made: Made, given: Values, asked_by: Origin) -> tuple[str, list[int], Origin]:
        try:
            values = dict(given)
        except (TypeError, ValueError):
            raise InvalidTemplate(
                f"the values of a template are a dict, not a `{type(given).__name__}`", origin=self._host.origin()
            ) from None
        try:
            return self._state.rendered(made, values, asked_by=asked_by, place=lambda _: asked_by)
        except errors.ValidationFailed as error:
            first, *others = error.diagnostics
            raise InvalidTemplate(
                first.message,
                origin=first.origin,
                detail=[*first.detail, *(("also", each.message) for each in others)],
            ) from None

    def _asked_by(self, source: str | None) -> Origin:
        here = self._host.origin()
        return replace(here, maker=source) if source else here

    @property
    def _adding(self) -> Any:
        k8s: Any = self._host.find("k8s")
        return k8s.state.adding
