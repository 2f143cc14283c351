"""Operator files of the tree to what istioctl installs: shown in the plan, written by ``apply --yes``."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.files import FileNamespace, Reader
from kubernator.model.change import ChangeKind
from kubernator.plugin import Plugin, PluginChange
from kubernator.plugins.istio import comparison, mesh, operators
from kubernator.plugins.istio.operators import Operator
from kubernator.plugins.istio.program import Program
from kubernator.report import structured
from kubernator.tools import istioctl
from kubernator.tools.istioctl import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.model.ref import ResourceRef
    from kubernator.plugin import Host, Plan, Visit
    from kubernator.tools.istioctl import Version

__all__ = ["IstioNamespace", "IstioPlugin"]

_logger = logging.getLogger("kubernator.istio")


class IstioNamespace(FileNamespace, includes=["*.istio.yaml", "*.istio.yml"]):
    """``ktor.istio``."""

    _plugin: IstioPlugin

    @property
    def istioctl_file(self) -> str:
        """The path of istioctl."""
        return str(self._plugin.program.tool.path)

    def stanza(self) -> list[str]:
        """Return the beginning of a command line: istioctl, and the flags that say which cluster it is to talk to."""
        return [self.istioctl_file, *self._plugin.program.flags]

    def test(self) -> tuple[str, dict[str, Any]]:
        """Ask for versions: that of istioctl, and all that ``istioctl version -o json`` says of it and of the mesh."""
        client, _, said = self._plugin.program.versions()
        return client, said


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One installation: what istioctl does for one operator, and what that changes."""

    action: Action
    operator: Operator
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
        self._operators: list[Operator] = []
        self._steps: dict[str, _Step] = {}
        self._installed: Version | None = None

    def start(self, host: Host) -> None:
        """Find istioctl, and make the kinds known that it brings."""
        self._host = host
        self._reader = Reader(host)
        self.program = Program(host, host.tools.find("istioctl", version=self._wanted, origin=host.origin()))
        _logger.info("Found istioctl version %s", self.program.client)
        definitions = host.find("k8s").state.definitions  # type: ignore[union-attr] # required above
        for manifest in self.program.definitions():
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
                if problem := operators.problem(document):
                    self._host.diagnostics.add(problem)
                else:
                    self._take(Operator(manifest=document.value, origin=document.origin))

    def walked(self, host: Host) -> Iterable[PluginChange]:
        """Return what istioctl would do; nothing where the cluster holds already what it would write."""
        if not self._operators:
            return []
        if host.documents is not None:
            return [self._announcement(self._first(operator)) for operator in self._operators]
        _, said, _ = self.program.versions()
        self._installed = mesh.version(said, host.cluster)
        action = istioctl.decide(self.program.client, self._installed)
        if host.args.command == "apply" and not host.diagnostics.errors:
            self.program.precheck()
        announced = []
        for operator in self._operators:
            step = self._step(action, operator)
            if not self._needed(step):
                _logger.info("Istio %s is as %s wants it", self.program.client, operator.origin)
                continue
            change = self._announcement(step)
            self._steps[change.title] = step
            announced.append(change)
        return announced

    def carry_out(self, change: PluginChange) -> None:
        """Let istioctl try what was announced, and then do it."""
        step = self._steps[change.title]
        if step.action is Action.INIT:
            mesh.make_namespace(step.operator.namespace, self._host.cluster)
        if step.action is Action.UPGRADE and self._installed is not None and self._installed.operated:
            mesh.remove_operator(self._host.cluster)
        self.program.install(step.action, step.operator)

    def _take(self, operator: Operator) -> None:
        """Keep an operator with its manifests; that istioctl refuses it is a finding."""
        self._host.secrets.learn(operator.manifest)
        try:
            rendered = self.program.rendered(operator)
        except errors.ToolFailed as error:
            self._host.diagnostics.add(operators.refused(operator, error))
            return
        for manifest in rendered.made:
            self._host.secrets.learn(manifest)
        self._operators.append(rendered)

    def _step(self, action: Action, operator: Operator) -> _Step:
        cluster, workers = self._host.cluster, self._host.workers
        return _Step(
            action=action,
            operator=operator,
            plan=comparison.plan(operator.made, origin=operator.origin, cluster=cluster, workers=workers),
            pruned=tuple(comparison.pruned(operator, cluster=cluster, workers=workers)),
        )

    def _first(self, operator: Operator) -> _Step:
        """Return the step for a cluster of which nothing is known, so that nothing is there."""
        return _Step(
            action=istioctl.decide(self.program.client, None),
            operator=operator,
            plan=comparison.everything(operator.made, origin=operator.origin, kinds=self._host.cluster.kinds()),
        )

    def _needed(self, step: _Step) -> bool:
        if step.action is not Action.AGAIN:
            return True
        if self.program.client.operated:
            return not mesh.follows(step.operator, self._host.cluster)
        return step.changed > 0

    def _announcement(self, step: _Step) -> PluginChange:
        operator, client = step.operator, self.program.client
        what = f"{step.changed} object{'s' * (step.changed != 1)}"
        match step.action:
            case Action.AGAIN:
                title = f"write what changed of Istio {client}, {what}"
            case Action.UPGRADE:
                title = f"bring Istio from {self._installed} to {client}, {what}"
            case _:
                title = f"install Istio {client}, {what}"
        operations = [each for each in structured.operations(step.plan, self._host.secrets) if each.get("body") != []]
        deletions = [
            {"method": "delete", "resource": ref._asdict(), "propagation_policy": "Foreground"} for ref in step.pruned
        ]
        return PluginChange(
            plugin=self.name,
            title=f"{title} ({operator.origin})",
            detail={
                "action": str(step.action),
                "version": str(client),
                "installed": str(self._installed) if self._installed else None,
                "operator": operator.manifest,
                "operations": [*operations, *deletions],
            },
            phase="before",
            brings=operator.brings,
        )
