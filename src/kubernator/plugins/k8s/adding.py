"""Adding a resource: what happens to a manifest between a file, chart or script and the set of the run.

In this order: manifest patchers, envelope check, transformers, envelope check again, identity. Functions are those
registered in the scope of the visit in progress at this moment, the last added first. What is wrong raises
`errors.ValidationFailed`, which who reads files collects.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeAlias

from kubernator import errors
from kubernator.load import decode, envelope, yamldoc
from kubernator.load.document import Document
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.origin import Origin
from kubernator.plugins.k8s import copying, wrong
from kubernator.plugins.k8s.resource import K8SResource, K8SResourceKey, Record

if TYPE_CHECKING:
    from kubernator.plugin import Host, Scope
    from kubernator.plugins.k8s.functions import Functions
    from kubernator.plugins.k8s.rdef import Definitions

__all__ = ["Adding", "Manifests", "Source"]

Manifests: TypeAlias = "str | Mapping[str, Any] | Iterable[Mapping[str, Any]]"
Source: TypeAlias = "str | os.PathLike[str] | Origin | None"

_LOG = logging.getLogger("kubernator.k8s")


class Adding:
    """The resources of a run, in the order in which they were added."""

    def __init__(self, host: Host, definitions: Definitions, functions: Functions) -> None:
        self._host = host
        self._definitions = definitions
        self._functions = functions
        self._directory = 0
        self.resources: dict[K8SResourceKey, K8SResource] = {}

    @property
    def scope(self) -> Scope:
        """The scope of the visit in progress; without one, of the plugin that adds, else of ``ktor.globals``."""
        return self._host.current_scope

    def add_any(
        self, manifests: Manifests, source: Source = None, *, repeated: yamldoc.Repeated = "error"
    ) -> K8SResource | list[K8SResource]:
        """Add what a script or plugin hands over; see ``ktor.k8s.add_resources``."""
        added = self.add_documents(self.documents(manifests, source, repeated=repeated), source=_words(source))
        return added[0] if isinstance(manifests, Mapping) and len(added) == 1 else added

    def add_documents(self, documents: Iterable[Document], *, source: str | None = None) -> list[K8SResource]:
        """Add manifests that are decoded; those that are wrong raise together when the others have been added."""
        added: list[K8SResource] = []
        found: list[Diagnostic] = []
        for document in documents:
            try:
                added.append(self.add(document, source=source))
            except errors.ValidationFailed as error:
                found += error.diagnostics
        if found:
            raise failed(found)
        return added

    def add(self, document: Document, *, source: str | None = None) -> K8SResource:
        """Add one manifest and return its resource, or the one that is there already with the same content."""
        resource = self._functions.transformed(
            self.made(document, source=source), scope=self.scope, others=self.resources
        )
        there = self.resources.get(resource.key)
        if there is not None:
            return same(there, resource)
        if resource.record is not None:
            resource.record.renamed = self._renamed
        if not self.resources:
            self._host.expect()
        self.resources[resource.key] = resource
        if resource.is_crd:
            self._definitions.register(resource.manifest)
        _LOG.info("Adding resource %s from %s", resource, resource.source)
        return resource

    def made(self, document: Document, *, source: str | None = None) -> K8SResource:
        """Run manifest patchers, check the envelope, and return the resource; it is not added."""
        scope = self.scope
        self._host.secrets.learn(document.value)
        written = json.dumps(document.value, default=str) if self._host.traced else ""
        document, touched_by = self._functions.patched(document, scope=scope)
        if touched_by:
            self._host.secrets.learn(document.value)
        if self._host.visit is not None:
            self._directory = self._host.visit.number
        return K8SResource(
            document.value,
            self._definitions.of(document.value["apiVersion"], document.value["kind"]),
            source,
            record=Record(
                origin=document.origin,
                scope=scope,
                directory=self._directory,
                source_map=document.source_map,
                touched_by=touched_by,
                written=written,
            ),
        )

    def one(self, manifest: Mapping[str, Any] | str, source: Source = None) -> K8SResource:
        """Return a resource, not added, of exactly one manifest: a dict or YAML text."""
        documents = self.documents(manifest, source)
        if len(documents) != 1:
            raise wrong.InvalidInput(f"one manifest is wanted, there are {len(documents)}", origin=self._host.origin())
        return self.made(documents[0], source=_words(source))

    def documents(
        self, manifests: Manifests, source: Source = None, *, repeated: yamldoc.Repeated = "error"
    ) -> list[Document]:
        """Return what is handed over as documents of one manifest each, which share nothing with it."""
        asked_by = self._host.origin()
        words = _words(source)
        problems: list[Diagnostic] = []
        if isinstance(manifests, str):
            text = Origin(path=PurePath(words or f"text in {asked_by.path}"), via=asked_by)
            origin = source if isinstance(source, Origin) else text
            documents = yamldoc.parse(manifests, origin=origin, repeated=repeated, problems=problems)
        else:
            origin = source if isinstance(source, Origin) else replace(asked_by, maker=words or asked_by.maker)
            documents = [Document(value=copying.plain(value), origin=origin) for value in _values(manifests, asked_by)]
        return self.checked(documents, problems)

    def checked(
        self, documents: list[Document], problems: list[Diagnostic], *, plain_lists: bool = False
    ) -> list[Document]:
        """Return documents of one manifest each; all that is wrong so far raises together."""
        found = self.unwrapped(documents, problems, plain_lists=plain_lists)
        if problems:
            raise failed(problems)
        for document in found:
            self._host.diagnostics.extend(document.notes)
        return found

    def unwrapped(
        self, documents: list[Document], problems: list[Diagnostic], *, plain_lists: bool = False
    ) -> list[Document]:
        """Return documents of one manifest each, and put what is wrong with the others to ``problems``.

        Where there are manifest patchers, an object that is no manifest yet goes on to them: they may make it one.
        """
        if not self._functions.patchers.visible(self.scope):
            return decode.manifests(documents, problems=problems, plain_lists=plain_lists)
        good: list[Document] = []
        for document in documents:
            wrong_here: list[Diagnostic] = []
            found = decode.manifests([document], problems=wrong_here, plain_lists=plain_lists)
            if wrong_here and not found and isinstance(document.value, dict) and "items" not in document.value:
                good.append(document)
                continue
            good += found
            problems += wrong_here
        return good

    def _renamed(self, resource: K8SResource, before: K8SResourceKey) -> None:
        """Keep the order when a resource gets another identity after it was added."""
        if self.resources.get(before) is not resource:
            return
        there = self.resources.get(resource.key)
        if there is not None:
            same(there, resource)
        self.resources = {other.key: other for other in self.resources.values()}


def same(there: K8SResource, again: K8SResource) -> K8SResource:
    """Return the first of two resources with one identity; raises when they are not the same throughout."""
    if there.manifest == again.manifest:
        return there
    origin = again.record.origin if again.record else None
    first = there.record.origin if there.record else None
    raise failed(
        [
            Diagnostic(
                severity=Severity.ERROR,
                message=f"`{again.key}` is there twice, with different content",
                origin=origin,
                resource=envelope.describe(again.manifest),
                detail=(("first", str(first or there.source)), *(("first asked by", str(o)) for o in _askers(first))),
                changed_by=tuple(str(touch) for touch in again.record.touched_by) if again.record else (),
                hint="rename one of them, remove one, or exclude its file with `ktor.k8s.excludes`",
                code="identity",
            )
        ]
    )


def failed(found: list[Diagnostic]) -> errors.ValidationFailed:
    """Return one error for one or more findings."""
    first, *others = found
    title = f"{first.message} (and {len(others)} more)" if others else first.message
    return errors.ValidationFailed(title, found)


def _askers(origin: Origin | None) -> list[Origin]:
    return list(origin.chain)[1:] if origin else []


def _values(manifests: Any, origin: Origin) -> list[Any]:
    match manifests:
        case Mapping():
            return [manifests]
        case bytes() | K8SResource():
            pass
        case Iterable():
            values = [value for value in manifests if value]
            strange = [value for value in values if not isinstance(value, Mapping)]
            if not strange:
                return values
            manifests = strange[0]
        case _:
            pass
    raise wrong.InvalidInput(
        f"a `{type(manifests).__name__}` is no manifest",
        hint="manifests are dicts, a list of dicts, or YAML text",
        origin=origin,
    )


def _words(source: Source) -> str | None:
    match source:
        case None:
            return None
        case Origin():
            return str(source)
        case _:
            return os.fspath(source) if isinstance(source, os.PathLike) else str(source)
