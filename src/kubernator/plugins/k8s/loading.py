"""Files of the tree, local files and downloads: text to resources and definitions."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors, files
from kubernator.load import findings, text, yamldoc
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.gvk import GroupKind
from kubernator.model.origin import Origin
from kubernator.plugins.k8s import crds, wrong

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from kubernator.files import FileNamespace
    from kubernator.load.document import Document
    from kubernator.plugin import Host, Visit
    from kubernator.plugins.k8s.adding import Adding
    from kubernator.plugins.k8s.rdef import Definitions, K8SResourceDef
    from kubernator.plugins.k8s.resource import K8SResource

__all__ = ["Loading"]

_TYPES: Final = ("yaml", "json")
_CATEGORY: Final = "k8s"

#: How names of files end that other plugins read.
_FOREIGN: Final = {
    f".{word}.{ending}": plugin
    for word, plugin in (("helm", "helm"), ("tmpl", "templates"), ("istio", "istio"), ("kops", "kops"))
    for ending in ("yaml", "yml")
}


class Loading:
    """Reads what the tree and its scripts name."""

    def __init__(self, host: Host, adding: Adding, definitions: Definitions) -> None:
        self._host = host
        self._adding = adding
        self._definitions = definitions
        self._reader = files.Reader(host)

    # --- the files of a directory: everything wrong is collected ----------------------------------------------------

    def directory(self, visit: Visit, patterns: FileNamespace) -> None:
        """Add the manifests of a directory's files; what is wrong goes to the findings of the run."""
        for name in self._reader.names(visit, patterns):
            problems: list[Diagnostic] = []
            for document in self._file(visit, name, problems):
                self._host.diagnostics.extend(document.notes)
                self._collect(document)
            self._host.diagnostics.extend(problems)

    def _file(self, visit: Visit, name: str, problems: list[Diagnostic]) -> list[Document]:
        try:
            content, lines = self._reader.lines(visit, name)
        except errors.LoadError as error:
            problems.append(findings.as_finding(error))
            return []
        json = name.lower().endswith(".json")
        origin = self._reader.origin(visit, name)
        documents = _parsed(content, origin, json=json, repeated="error", problems=problems, lines=lines)
        if (foreign := self._foreign(name, documents, origin)) is not None:
            problems.append(foreign)
            return []
        return self._adding.unwrapped(documents, problems, plain_lists=json)

    def _foreign(self, name: str, documents: list[Document], origin: Origin) -> Diagnostic | None:
        """Return one finding for a file that is meant for another plugin, which would be many as a manifest."""
        if not documents or any(isinstance(each.value, dict) and "kind" in each.value for each in documents):
            return None
        plugin = next((found for ending, found in _FOREIGN.items() if name.endswith(ending)), None)
        if name == "Chart.yaml":
            message = "a chart is no manifest"
            hint = "a chart is no directory of the tree: in the directory above, add it to `ktor.app.excludes`"
        elif plugin is not None and self._host.find(plugin) is None:
            message = f"this is for the plugin `{plugin}`, which is not registered here"
            hint = f'call `ktor.app.register_plugin("{plugin}")` here or in a directory above'
        else:
            return None
        return Diagnostic(severity=Severity.ERROR, message=message, origin=origin, hint=hint, code="load")

    def _collect(self, document: Document) -> None:
        """Add one manifest; what is wrong with it does not stop the others. No answer from a cluster does."""
        try:
            self._adding.add(document, source=str(document.origin))
        except errors.ValidationFailed as error:
            self._host.diagnostics.extend(error.diagnostics)
        except errors.ClusterError:
            raise
        except errors.KubernatorError as error:
            found = findings.as_finding(error)
            place = [("manifest", str(document.origin))] if document.origin != found.origin else []
            self._host.diagnostics.add(replace(found, detail=(*found.detail, *place)))

    # --- what a script names: what is wrong raises ------------------------------------------------------------------

    def resources(self, path: str | os.PathLike[str], file_type: Any) -> list[K8SResource]:
        """Add the manifests of a file."""
        return self._adding.add_documents(self._local(path, file_type), source=os.fspath(path))

    def remote_resources(self, url: str, file_type: Any, category: str | None) -> list[K8SResource]:
        """Add the manifests of a download."""
        documents = self._remote(url, file_type, category)
        return self._adding.add_documents(documents, source=_download().shown(url))

    def crds(self, path: str | os.PathLike[str], file_type: Any) -> list[K8SResourceDef]:
        """Register the definitions of a file."""
        return self.register(self._local(path, file_type))

    def remote_crds(self, url: str, file_type: Any, category: str | None) -> list[K8SResourceDef]:
        """Register the definitions of a download."""
        return self.register(self._remote(url, file_type, category))

    def cluster_crds(self) -> list[K8SResourceDef]:
        """Register the definitions of the cluster."""
        kind = self._host.cluster.kinds().preferred(GroupKind(crds.GROUP, crds.KIND))
        if kind is None:
            return []
        items = self._host.cluster.list(kind).items
        return [found for crd in items for found in self._definitions.register(crd)]

    def register(self, documents: Iterable[Document]) -> list[K8SResourceDef]:
        """Register definitions; raises an error that is a ValueError for anything else."""
        registered: list[K8SResourceDef] = []
        for document in documents:
            made = self._adding.made(document)
            if not made.is_crd:
                raise wrong.InvalidInput(
                    f"`{made}` is no CustomResourceDefinition",
                    origin=document.origin,
                    hint="load other manifests with `ktor.k8s.load_resources`",
                )
            registered += self._definitions.register(made.manifest)
        return registered

    def _local(self, path: str | os.PathLike[str], file_type: Any) -> list[Document]:
        visit = self._host.visit
        full = Path(path) if visit is None else visit.path / path
        kind = _file_type(file_type)
        origin = self._host.origin_of(full, asked_by=self._host.origin())
        return self._decoded(text.read(full, origin=origin), kind, origin, repeated="error")

    def _remote(self, url: str, file_type: Any, category: str | None) -> list[Document]:
        kind = _file_type(file_type)
        asked_by = self._host.origin()
        from kubernator.tools import cache, lockfile  # noqa: PLC0415 - few trees download manifests

        download, pins = _download(), self._host.pins
        shown = download.shown(url)
        for secret in download.secrets(url):
            self._host.secrets.add(secret)
        key = lockfile.file_key(url)
        pinned = pins.pinned("file", key, origin=asked_by)
        target = cache.Cache().http / _CATEGORY / _safe(category) / download.cache_name(url)
        try:
            path = download.fetch(url, target, sha256=lockfile.checksum("file", key, pinned)).path
        except errors.ChecksumMismatch as error:
            error.hint = lockfile.CHANGED
            raise
        if pins.locking:
            pins.settle("file", key, f"sha256:{download.digest(path)}", origin=asked_by)
        origin = Origin(path=PurePath(shown.partition("://")[2] or shown), maker="download", via=asked_by)
        return self._decoded(text.read(path, origin=origin), kind, origin, repeated="warn")

    def _decoded(self, content: str, kind: str, origin: Origin, *, repeated: yamldoc.Repeated) -> list[Document]:
        problems: list[Diagnostic] = []
        documents = _parsed(content, origin, json=kind == "json", repeated=repeated, problems=problems)
        return self._adding.checked(documents, problems, plain_lists=kind == "json")


def _parsed(
    content: str,
    origin: Origin,
    *,
    json: bool,
    repeated: yamldoc.Repeated,
    problems: list[Diagnostic],
    lines: list[int] | None = None,
) -> list[Document]:
    if json:
        from kubernator.load import jsondoc  # noqa: PLC0415 - few trees have manifests in JSON

        return jsondoc.parse(content, origin=origin, problems=problems)
    return yamldoc.parse(content, origin=origin, repeated=repeated, problems=problems, lines=lines)


def _download() -> ModuleType:
    from kubernator.tools import download  # noqa: PLC0415 - few trees download manifests

    return download


def _file_type(file_type: Any) -> str:
    """Read ``"yaml"``, ``"JSON"`` or a member of the reference's ``FileType``."""
    name = getattr(file_type, "name", file_type)
    return wrong.one_of("file_type", str(name).lower(), _TYPES)


def _safe(category: str | None) -> str:
    """Return a category of downloads as the name of a directory."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", category or "") or "any"
