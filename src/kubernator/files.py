"""For plugin authors: the files of a directory that a plugin reads, chosen by patterns, rendered, and parsed.

A plugin of files declares its patterns with its namespace::

    class ReleaseNamespace(FileNamespace, includes=["*.release.yaml", "*.release.yml"]): ...

calls `FileNamespace.begin` in its ``before_directory``, `FileNamespace.take` where the files are also YAML, so that the
Kubernetes plugin leaves them alone, and reads in ``after_directory``::

    reader = files.Reader(host)
    for name in reader.names(visit, says):
        for document in reader.documents(visit, name): ...
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.load import findings, template, text, yamldoc
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.scope.globs import Globs, select
from kubernator.scope.namespace import Namespace
from kubernator.scope.scoped import scoped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubernator.load.document import Document
    from kubernator.plugin import Host, Origin, Visit

__all__ = ["FileNamespace", "Reader", "globs"]


def globs(value: Any) -> Globs:
    """Take whatever names patterns: one of ours, a list, or a single pattern."""
    return Globs([value] if isinstance(value, str | re.Pattern) else value)


class FileNamespace(Namespace):
    """A namespace with patterns over names of files.

    They hold in a directory and below. ``includes`` and ``excludes`` begin with the defaults where the plugin is
    registered, and again below a directory that changes the defaults.
    """

    default_includes = scoped(Globs(), convert=globs)
    default_excludes = scoped(Globs(), convert=globs)
    includes = scoped(Globs(), convert=globs)
    excludes = scoped(Globs(), convert=globs)
    _began_with: scoped[tuple[str | re.Pattern[str], ...]] = scoped(())

    def __init_subclass__(
        cls, *, includes: Iterable[str] | None = None, excludes: Iterable[str] = (".*",), **options: Any
    ) -> None:
        """Declare the defaults; a subclass that names none has those of its base."""
        super().__init_subclass__(**options)
        if includes is None:
            return
        for names, patterns in (
            (("default_includes", "includes"), Globs(includes)),
            (("default_excludes", "excludes"), Globs(excludes)),
        ):
            for name in names:
                declared = scoped(Globs(patterns), convert=globs)
                declared.__set_name__(cls, name)
                setattr(cls, name, declared)

    def begin(self) -> None:
        """Begin a directory: with the patterns of the one above, or with the defaults where those changed."""
        defaults = (*self.default_includes, "|", *self.default_excludes)
        if self._began_with != defaults:
            self.includes, self.excludes = Globs(self.default_includes), Globs(self.default_excludes)
            self._began_with = defaults

    def take(self, visit: Visit, *, of: str = "k8s") -> None:
        """Keep another plugin from reading, in a directory and below, the files that this one reads."""
        FileNamespace(visit.scope, of).excludes.extend(self.default_includes)


class Reader:
    """Reads files of the directories of a run. What is wrong with one goes to the findings; the others are read."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._engine = template.TemplateEngine()
        self._directory: tuple[Visit, Origin] | None = None

    def names(self, visit: Visit, patterns: FileNamespace) -> list[str]:
        """Return the names of the files that the patterns choose, in their order."""
        try:
            with os.scandir(visit.path) as entries:
                names = [entry.name for entry in entries if not _is_directory(entry)]
        except OSError as error:
            self._host.diagnostics.add(_error(f"cannot read the directory: {error.strerror}", visit.origin))
            return []
        return select(names, excludes=patterns.excludes, includes=patterns.includes)

    def origin(self, visit: Visit, name: str) -> Origin:
        """Return the origin of a file of a directory."""
        if self._directory is None or self._directory[0] is not visit:
            self._directory = visit, self._host.origin_of(visit.path)
        directory = self._directory[1]
        return replace(directory, path=directory.path / name)

    def text(
        self, visit: Visit, name: str, *, variables: Mapping[str, Any] | None = None, rendered: bool = True
    ) -> str:
        """Return the text of a file, rendered if it holds ``{${``; ``variables`` are there beside ``ktor``.

        Raises `errors.LoadError` where it cannot be read or rendered.
        """
        return self.lines(visit, name, variables=variables, rendered=rendered)[0]

    def lines(
        self, visit: Visit, name: str, *, variables: Mapping[str, Any] | None = None, rendered: bool = True
    ) -> tuple[str, list[int] | None]:
        """Return what `text` does, and for each line of it the line of the file it comes from; None if not rendered."""
        origin = self.origin(visit, name)
        content = text.read(visit.path / name, origin=origin)
        if not rendered or not template.is_template(content):
            return content, None
        ktor = self._host.script_ktor(visit.scope)
        return self._engine.from_string(content, origin=origin).render_lines({"ktor": ktor, **(variables or {})})

    def documents(
        self, visit: Visit, name: str, *, variables: Mapping[str, Any] | None = None, rendered: bool = True
    ) -> list[Document]:
        """Return the YAML documents of a file; see `text`. Empty ones are left out, wrong ones go to the findings."""
        problems: list[Diagnostic] = []
        try:
            content, lines = self.lines(visit, name, variables=variables, rendered=rendered)
        except errors.LoadError as error:
            self._host.diagnostics.add(findings.as_finding(error))
            return []
        found = yamldoc.parse(content, origin=self.origin(visit, name), problems=problems, lines=lines)
        self._host.diagnostics.extend(problems)
        for document in found:
            self._host.diagnostics.extend(document.notes)
        return found


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links: reading it says what is wrong, if the includes want it
        return False


def _error(message: str, origin: Origin) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, message=message, origin=origin, code="load")
