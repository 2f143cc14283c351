"""Files to manifests of kOps: found, rendered, read, and told apart by the cluster they belong to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.load import decode, envelope, findings, template, text, yamldoc
from kubernator.plugin import Diagnostic, Severity
from kubernator.scope.globs import select

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.load.document import Document
    from kubernator.plugin import Globs, Host, Origin

__all__ = ["API_VERSION", "CLUSTER", "INSTANCE_GROUP", "LABEL", "SSH_CREDENTIAL", "Manifest", "Reader"]

API_VERSION: Final = "kops.k8s.io/v1alpha2"
LABEL: Final = "kops.k8s.io/cluster"

CLUSTER: Final = "Cluster"
INSTANCE_GROUP: Final = "InstanceGroup"
SSH_CREDENTIAL: Final = "SSHCredential"

#: What `kops replace` writes, in the order in which it has to be written.
KINDS: Final = (CLUSTER, INSTANCE_GROUP, SSH_CREDENTIAL)

#: The name of the group before kOps 1.15; kops still takes it in files.
_OLD_API_VERSION: Final = "kops/v1alpha2"

#: The one user of kOps' SSH keys. Its own examples leave the name out.
_ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One object of the tree."""

    document: Document
    kind: str
    name: str
    cluster: str

    @property
    def value(self) -> dict[str, Any]:
        """What was written, with the apiVersion of today."""
        value: dict[str, Any] = self.document.value
        return value

    @property
    def order(self) -> int:
        """Where its kind stands in the order of writing."""
        return KINDS.index(self.kind)

    def __str__(self) -> str:
        """Return kind and name, for people."""
        return self.kind if self.kind == SSH_CREDENTIAL else f"{self.kind} {self.name}"

    def problem(self, message: str, path: tuple[str | int, ...] = (), *, field: str = "", hint: str = "") -> Diagnostic:
        """Return a finding at a field of it."""
        return Diagnostic(
            severity=Severity.ERROR,
            message=message,
            origin=self.document.place(path),
            resource=f"{self.kind} {self.cluster}/{self.name}" if self.kind != CLUSTER else str(self),
            field=field,
            hint=hint,
            code="kops",
        )


class Reader:
    """Reads what scripts name. What is wrong in a file goes to the findings of the run, and the others are read."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._engine = template.TemplateEngine()

    def manifests(self, root: Path, *, excludes: Globs, includes: Globs, asked_by: Origin) -> list[Manifest]:
        """Return the manifests of a file, or of the files that the patterns choose in a directory and below.

        Raises `errors.LoadError` when there is no such file or directory, or nothing in it is chosen.
        """
        if root.is_dir():
            paths = list(_files(root, excludes=excludes, includes=includes, above=frozenset()))
            if not paths:
                raise errors.LoadError(
                    f"no file in `{self._host.origin_of(root).path}` is one of kOps",
                    origin=asked_by,
                    hint=f"files are chosen by their names: {', '.join(f'`{pattern}`' for pattern in includes)}",
                )
        else:
            paths = [root]
            if not root.exists():
                raise errors.LoadError(f"`{root}` is not there", origin=asked_by)
        return [found for path in paths for found in self._file(path, asked_by)]

    def _file(self, path: Path, asked_by: Origin) -> Iterator[Manifest]:
        origin = self._host.origin_of(path, asked_by=asked_by)
        problems: list[Diagnostic] = []
        try:
            content = self._engine.render(
                text.read(path, origin=origin),
                {"ktor": self._host.script_ktor(self._host.current_scope)},
                origin=origin,
            )
        except errors.LoadError as error:
            self._host.diagnostics.add(findings.as_finding(error))
            return
        documents = yamldoc.parse(content, origin=origin, problems=problems)
        for document in documents:
            _modernise(document.value)
        for document in decode.manifests(documents, problems=problems):
            self._host.diagnostics.extend(document.notes)
            if found := _wrong(document):
                problems.append(found)
            else:
                yield _manifest(document)
        self._host.diagnostics.extend(problems)


def _files(directory: Path, *, excludes: Globs, includes: Globs, above: frozenset[str]) -> Iterator[Path]:
    """Return the files of a directory in the order of the includes, then those of the directories in it."""
    real = os.path.realpath(directory)
    if real in above:
        return  # a link back to where we come from
    entries = {entry.name: entry for entry in os.scandir(directory)}
    files = [name for name, entry in entries.items() if not entry.is_dir()]
    yield from (directory / name for name in select(files, excludes=excludes, includes=includes))
    for name in sorted(entries):
        if entries[name].is_dir() and not excludes.matches(name):
            yield from _files(directory / name, excludes=excludes, includes=includes, above=above | {real})


def _modernise(value: Any) -> None:
    """Bring what kops takes in files too into the form that it gives back."""
    if not isinstance(value, dict):
        return
    if value.get("apiVersion") == _OLD_API_VERSION:
        value["apiVersion"] = API_VERSION
    metadata = value.get("metadata")
    if value.get("kind") == SSH_CREDENTIAL and isinstance(metadata, dict):
        metadata.setdefault("name", _ADMIN)


def _wrong(document: Document) -> Diagnostic | None:
    """Return what keeps a manifest from being one that we can compare and kops can write."""
    value = document.value
    version, kind = value["apiVersion"], value["kind"]
    if version.partition("/")[0] != API_VERSION.partition("/")[0]:
        return _finding(
            document,
            f"`{envelope.describe(value)}` is no object of kOps",
            ("apiVersion",),
            hint="`*.kops.yaml` files hold kOps' own objects; others stand in files of the Kubernetes plugin",
        )
    if version != API_VERSION:
        return _finding(
            document,
            f"`{version}` cannot be compared with a state store, which holds `{API_VERSION}`",
            ("apiVersion",),
            hint="write what `kops get all -o yaml` prints",
        )
    if kind not in KINDS:
        return _finding(
            document,
            f"kops cannot write a `{kind}` from a file",
            ("kind",),
            hint=f"it writes {', '.join(f'`{each}`' for each in KINDS)}; `kops create keypair` makes keys",
        )
    labels = value["metadata"].get("labels")
    if kind != CLUSTER and not (isinstance(labels, dict) and isinstance(labels.get(LABEL), str) and labels[LABEL]):
        return _finding(
            document,
            f"this `{kind}` does not say which cluster it belongs to",
            ("metadata", "labels"),
            hint=f"give it the label `{LABEL}` with the cluster's name",
        )
    if kind == SSH_CREDENTIAL and not _public_key(value):
        return _finding(document, "an `SSHCredential` needs a `spec.publicKey`", ("spec", "publicKey"))
    return None


def _public_key(value: dict[str, Any]) -> str:
    spec = value.get("spec")
    key = spec.get("publicKey") if isinstance(spec, dict) else None
    return key.strip() if isinstance(key, str) else ""


def _manifest(document: Document) -> Manifest:
    value = document.value
    metadata = value["metadata"]
    cluster = metadata["name"] if value["kind"] == CLUSTER else metadata["labels"][LABEL]
    return Manifest(document=document, kind=value["kind"], name=metadata["name"], cluster=cluster)


def _finding(document: Document, message: str, path: tuple[str | int, ...], *, hint: str = "") -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, message=message, origin=document.place(path), hint=hint, code="kops")
