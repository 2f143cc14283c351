"""Operator files of the tree to what istioctl installs: shown in the plan, written by ``apply --yes``."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.files import FileNamespace, Reader
from kubernator.load import yamldoc
from kubernator.model.change import ChangeKind
from kubernator.model.gvk import GroupKind
from kubernator.model.resource import BACKGROUND
from kubernator.plugin import Diagnostic, Origin, Plugin, PluginChange, Severity
from kubernator.plugins.istio import comparison
from kubernator.report import structured
from kubernator.tools import istioctl, private
from kubernator.tools.cache import Cache, write
from kubernator.tools.istioctl import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubernator.load.document import Document
    from kubernator.model.ref import ResourceRef
    from kubernator.model.resource import Manifest
    from kubernator.plugin import Host, Plan, Visit
    from kubernator.tools.istioctl import Version
    from kubernator.tools.process import Completed
    from kubernator.tools.tool import Tool

__all__ = ["IstioNamespace", "IstioPlugin"]

API_VERSION: Final = "install.istio.io/v1alpha1"
KIND: Final = "IstioOperator"
NAMESPACE: Final = "istio-system"

SECONDS: Final = 120.0
INSTALL_SECONDS: Final = 1800.0
"""For an installation with its waits; istioctl gives up each of them after five minutes."""

_NAMESPACE: Final = GroupKind("", "Namespace")
_DEFINITION: Final = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_DEPLOYMENT: Final = GroupKind("apps", "Deployment")
_OPERATOR: Final = GroupKind("install.istio.io", KIND)

_logger = logging.getLogger("kubernator.istio")


class IstioNamespace(FileNamespace, includes=["*.istio.yaml", "*.istio.yml"]):
    """``ktor.istio``."""

    _plugin: IstioPlugin
    _host: Host

    @property
    def istioctl_file(self) -> str:
        """The path of istioctl."""
        return str(self._plugin.tool.path)

    def stanza(self) -> list[str]:
        """Return the beginning of a command line: istioctl, and the flags that say which cluster it is to talk to."""
        return [self.istioctl_file, *self._plugin.flags]

    def test(self) -> tuple[str, dict[str, Any]]:
        """Ask for versions: that of istioctl, and all that ``istioctl version -o json`` says of it and of the mesh."""
        client, _, said = self._plugin.versions()
        return client, said


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operator:
    """An IstioOperator of the tree; ``made`` are the manifests that istioctl makes of it."""

    manifest: Manifest
    origin: Origin
    made: tuple[Manifest, ...] = ()

    @property
    def name(self) -> str:
        return str((self.manifest.get("metadata") or {}).get("name") or "")

    @property
    def namespace(self) -> str:
        return str((self.manifest.get("metadata") or {}).get("namespace") or NAMESPACE)

    @property
    def revision(self) -> str:
        spec = self.manifest.get("spec") or {}
        return str(spec.get("revision") or (spec.get("values") or {}).get("revision") or "default")

    @property
    def brings(self) -> tuple[Manifest, ...]:
        """The namespace that istioctl makes, and the definitions."""
        own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        return (own, *(found for found in self.made if _kind(found) in {_NAMESPACE, _DEFINITION}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One installation: what istioctl does for one operator, and what that changes."""

    action: Action
    operator: _Operator
    plan: Plan
    pruned: tuple[ResourceRef, ...] = ()

    @property
    def changed(self) -> int:
        """How many objects change. One of which only the record of owners would is none: that is istioctl's business.

        It applies an empty ``annotations``, which is not in what it renders.
        """
        changes = [each for each in self.plan.changes if each.patch or each.kind is not ChangeKind.UPDATE]
        return sum(each.writes or each.kind is ChangeKind.REFUSED for each in changes) + len(self.pruned)


class IstioPlugin(Plugin):
    """``register_plugin("istio", version=None)``.

    With ``version`` that istioctl is fetched and verified; without, the one on ``PATH`` is used. Its version is the
    version of Istio that is installed.
    """

    name = "istio"
    requires = ("k8s",)
    namespace = IstioNamespace

    def __init__(self, *, version: str | None = None) -> None:
        self._wanted = version
        self._operators: list[_Operator] = []
        self._steps: dict[str, _Step] = {}
        self._installed: Version | None = None

    # --- stages -----------------------------------------------------------------------------------------------------

    def start(self, host: Host) -> None:
        """Find istioctl, and make the kinds known that it brings."""
        self._host = host
        self._reader = Reader(host)
        self.tool: Tool = host.tools.find("istioctl", version=self._wanted)
        said = self._run("version", "--remote=false", "-o", "json")
        self._client = _readable(istioctl.versions(said.stdout)[0])
        _logger.info("Found istioctl version %s", self._client)
        definitions = host.find("k8s").state.definitions  # type: ignore[union-attr] # required above
        for manifest in self._definitions():
            definitions.register(manifest)

    def before_directory(self, visit: Visit) -> None:
        """Keep operator files from being read as manifests."""
        says = IstioNamespace(visit.scope, self.name, plugin=self)
        says.begin()
        says.take(visit)

    def after_directory(self, visit: Visit) -> None:
        """Collect the directory's operators; what is wrong with one goes to the findings of the run."""
        for name in self._reader.names(visit, IstioNamespace(visit.scope, self.name, plugin=self)):
            for document in self._reader.documents(visit, name):
                if problem := _problem(document):
                    self._host.diagnostics.add(problem)
                elif operator := self._rendered(_Operator(manifest=document.value, origin=document.origin)):
                    self._operators.append(operator)

    def walked(self, host: Host) -> Iterable[PluginChange]:
        """Return what istioctl would do; nothing where the cluster holds already what it would write."""
        if not self._operators:
            return []
        self._installed = self._mesh()
        action = istioctl.decide(self._client, self._installed)
        if host.args.command == "apply" and not host.diagnostics.errors:
            self._run("x", "precheck", *self.flags, aloud=True)
        announced = []
        for operator in self._operators:
            step = self._step(action, operator)
            if not self._needed(step):
                _logger.info("Istio %s is as %s wants it", self._client, operator.origin)
                continue
            change = self._announcement(step)
            self._steps[change.title] = step
            announced.append(change)
        return announced

    def carry_out(self, change: PluginChange) -> None:
        """Let istioctl try what was announced, and then do it."""
        step = self._steps[change.title]
        with self._file(step.operator) as file:
            if step.action is Action.INIT:
                self._make_namespace(step.operator.namespace)
            if step.action is Action.UPGRADE and self._installed is not None and self._installed.operated:
                self._remove_operator()
            for dry_run in (True, False):
                words = istioctl.command(step.action, file, dry_run=dry_run)
                self._run(*words, *self.flags, aloud=True, seconds=INSTALL_SECONDS)

    # --- istioctl ---------------------------------------------------------------------------------------------------

    @property
    def flags(self) -> list[str]:
        """The flags that say which cluster is meant: one kubeconfig, whatever the run's is made of."""
        kubeconfig: Any = self._host.find("kubeconfig")
        file = kubeconfig.file()
        return [f"--kubeconfig={file}"] if file else []

    def versions(self) -> tuple[str, list[str], dict[str, Any]]:
        """Return the client's version, the versions in the mesh, and all that istioctl says of them."""
        return istioctl.versions(self._run("version", "-o", "json", *self.flags).stdout)

    def _run(self, *words: str, aloud: bool = False, seconds: float = SECONDS) -> Completed:
        return self._host.tools.run(
            self.tool,
            *words,
            plugin=self.name,
            timeout=seconds,
            log_stdout=aloud,
            stderr_level=istioctl.level if aloud else logging.DEBUG,
        )

    def _definitions(self) -> list[Manifest]:
        """Return the definitions that this istioctl installs: its charts are inside it, nothing is fetched.

        Rendering and reading them takes seconds, so they are kept for the next run with the same program.
        """
        program = self.tool.path.stat()
        identity = f"{self.tool.path} {program.st_size} {program.st_mtime_ns} {self._client}"
        kept = Cache().renders / f"istio-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.json"
        with contextlib.suppress(OSError, ValueError):
            found: list[Manifest] = json.loads(kept.read_bytes())
            return found
        only_base = ("--set", "profile=empty", "--set", "components.base.enabled=true")
        said = self._run("manifest", "generate", *only_base).stdout
        made = [found for found in _manifests(said, Origin(path=PurePath("istioctl"))) if _kind(found) == _DEFINITION]
        write(kept, json.dumps(made))
        return made

    def _rendered(self, operator: _Operator) -> _Operator | None:
        """Return an operator with its manifests, or None when istioctl refuses it, which is a finding."""
        self._host.secrets.learn(operator.manifest)
        with self._file(operator) as file:
            try:
                said = self._run("manifest", "generate", "-f", str(file)).stdout
            except errors.ToolFailed as error:
                self._host.diagnostics.add(_refused(operator, error))
                return None
        made = _manifests(said, replace(operator.origin, maker="istioctl"))
        for manifest in made:
            self._host.secrets.learn(manifest)
        return replace(operator, made=tuple(made))

    @contextlib.contextmanager
    def _file(self, operator: _Operator) -> Iterator[Path]:
        """Hand out a file that only we can read and that goes afterwards: an operator may hold secrets."""
        with private.directory("istio") as directory:
            file = Path(directory) / "operator.yaml"
            file.touch(mode=0o600)
            file.write_text(yamldoc.dump(operator.manifest), encoding="utf-8")
            yield file

    # --- the mesh ---------------------------------------------------------------------------------------------------

    def _mesh(self) -> Version | None:
        """Return the highest version of Istio in the cluster: what Pods say, else how Deployments are marked."""
        _, texts, _ = self.versions()
        if (found := istioctl.highest(texts)) is not None:
            return found
        cluster = self._host.cluster
        kind = cluster.kinds().preferred(_DEPLOYMENT)
        if kind is None:
            return None
        items = cluster.list(kind, label_selector="app=istiod").items
        found = istioctl.highest((item["metadata"].get("labels") or {}).get(comparison.VERSION, "") for item in items)
        if found is not None:
            return found
        images = [
            str(container.get("image", ""))
            for item in items
            for container in item["spec"]["template"]["spec"].get("containers") or []
        ]
        return istioctl.highest(map(istioctl.image_version, images))

    def _step(self, action: Action, operator: _Operator) -> _Step:
        host = self._host
        plan = comparison.plan(operator.made, origin=operator.origin, cluster=host.cluster, workers=host.workers)
        pruned = comparison.pruned(
            operator.made,
            name=operator.name,
            namespace=str((operator.manifest.get("metadata") or {}).get("namespace") or ""),
            revision=operator.revision,
            cluster=host.cluster,
            workers=host.workers,
        )
        return _Step(action=action, operator=operator, plan=plan, pruned=tuple(pruned))

    def _needed(self, step: _Step) -> bool:
        match step.action:
            case Action.AGAIN if self._client.operated:
                return self._operator_differs(step.operator)
            case Action.AGAIN:
                return step.changed > 0
            case _:
                return True

    def _operator_differs(self, operator: _Operator) -> bool:
        """Whether the operator in the cluster follows another IstioOperator than the tree's (before Istio 1.24)."""
        cluster = self._host.cluster
        kind = cluster.kinds().preferred(_OPERATOR)
        live = kind and cluster.get(kind, namespace=operator.namespace, name=operator.name)
        return not live or live.get("spec") != operator.manifest.get("spec")

    def _announcement(self, step: _Step) -> PluginChange:
        operator = step.operator
        what = f"{step.changed} object{'s' * (step.changed != 1)}"
        match step.action:
            case Action.AGAIN:
                title = f"write what changed of Istio {self._client}, {what}"
            case Action.UPGRADE:
                title = f"bring Istio from {self._installed} to {self._client}, {what}"
            case _:
                title = f"install Istio {self._client}, {what}"
        operations = [each for each in structured.operations(step.plan, self._host.secrets) if each.get("body") != []]
        deletions = [
            {"method": "delete", "resource": ref._asdict(), "propagation_policy": "Foreground"} for ref in step.pruned
        ]
        return PluginChange(
            plugin=self.name,
            title=f"{title} ({operator.origin})",
            detail={
                "action": str(step.action),
                "version": str(self._client),
                "installed": str(self._installed) if self._installed else None,
                "operator": operator.manifest,
                "operations": [*operations, *deletions],
            },
            phase="before",
            brings=operator.brings,
        )

    def _make_namespace(self, name: str) -> None:
        """Make the namespace that an operator in the cluster installs into; one that is there stays as it is."""
        cluster = self._host.cluster
        kind = cluster.kinds().preferred(_NAMESPACE)
        metadata = {"name": name, "labels": {"istio-injection": "disabled"}}
        if kind is not None and cluster.get(kind, namespace="", name=name) is None:
            cluster.create(kind, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, manager="kubernator")

    def _remove_operator(self) -> None:
        """Remove the operator of an older Istio, which would undo what istioctl writes."""
        cluster = self._host.cluster
        kind = cluster.kinds().preferred(_DEPLOYMENT)
        if kind is not None:
            cluster.delete(kind, namespace=NAMESPACE, name="istio-operator", propagation=BACKGROUND)


def _readable(text: str) -> Version:
    found = istioctl.parse(text)
    if found is None:
        raise errors.ToolError(f"`istioctl` calls its version `{text}`, which is none that can be compared")
    return found


def _manifests(said: str, origin: Origin) -> list[Manifest]:
    found = [document.value for document in yamldoc.parse(said, origin=origin, repeated="warn")]
    odd = next((each for each in found if not isinstance(each, dict)), None)
    if odd is not None:
        raise errors.ToolError(
            "`istioctl manifest generate` writes something else than manifests",
            detail=[("it says", str(odd)[:200])],
            hint="is it istioctl?",
        )
    return found


def _kind(manifest: Any) -> GroupKind:
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    return GroupKind(group, str(manifest.get("kind", "")))


def _problem(document: Document) -> Diagnostic | None:
    """Return what speaks against taking a document for an operator."""
    value = document.value
    if not isinstance(value, dict) or value.get("apiVersion") != API_VERSION or value.get("kind") != KIND:
        path = ("kind",) if isinstance(value, dict) and value.get("apiVersion") == API_VERSION else ("apiVersion",)
        return Diagnostic(
            severity=Severity.ERROR,
            message=f"this is no `{API_VERSION}` `{KIND}`",
            origin=document.place(path),
            hint="files `*.istio.yaml` hold what istioctl installs; other manifests go into files of other names",
            code="istio",
        )
    return None


def _refused(operator: _Operator, error: errors.ToolFailed) -> Diagnostic:
    """Return what istioctl says of an operator as a finding about its file."""
    lines = [re.sub(r"^(Error|error): ", "", line.strip()) for line in error.stderr.splitlines() if line.strip()]
    return Diagnostic(
        severity=Severity.ERROR,
        message=f"istioctl refuses this operator: {lines[-1] if lines else f'it ended with {error.code}'}",
        origin=operator.origin,
        detail=tuple(("istioctl", line) for line in lines[:-1]),
        code="istio",
    )
