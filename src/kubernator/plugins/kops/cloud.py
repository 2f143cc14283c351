"""The cloud against a state store: kOps' own steps, which are taken only where there is something to do.

``update cluster`` without ``--yes`` and ``rolling-update cluster`` without it say what would be done. So a run that was
killed between two steps is taken up by the next one: what is left of it is what they say.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.load import yamldoc
from kubernator.model.origin import Origin
from kubernator.plugin import PluginChange
from kubernator.tools import kops, kops_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kubernator.plugins.kops.program import Program
    from kubernator.tools.kops import Target
    from kubernator.tools.kops_answers import Preview

__all__ = ["ROLL", "UPDATE", "Cloud"]

PLUGIN: Final = "kops"
UPDATE: Final = "update"
ROLL: Final = "rolling-update"

#: What of a user of a kubeconfig is a secret.
_SECRET: Final = ("client-key-data", "token", "password")

_logger = logging.getLogger("kubernator.kops")


class Cloud:
    """One cluster in the cloud."""

    def __init__(self, program: Program, target: Target) -> None:
        self._program = program
        self._target = target

    # --- what is to be done ----------------------------------------------------------------------------------------

    def changes(self, preview: Preview, *, there: bool, control_plane: str, node: str) -> Iterator[PluginChange]:
        """Return the steps that are needed. ``there`` says that the cluster is in the state store already."""
        if preview.leftovers:
            _logger.info(
                "%s has %d old resources in the cloud, which only `kops update cluster --prune` removes: %s",
                self._target.name,
                len(preview.leftovers),
                ", ".join(preview.leftovers),
            )
        pauses = {"controlPlaneInterval": control_plane, "nodeInterval": node}
        if not preview.empty:
            yield self._change(f"update {self._target.name} in the cloud: {_counts(preview)}", UPDATE, _shown(preview))
            title = f"validate {self._target.name}, and replace the instances that the update makes old"
            yield self._change(title, ROLL, pauses)
        elif there and (groups := self._old_instances()):
            names = ", ".join(f"{name} ({number})" for name, number in groups.items())
            title = f"replace instances of {self._target.name} that are out of date: {names}"
            yield self._change(title, ROLL, {**pauses, "instanceGroups": groups})

    def _old_instances(self) -> dict[str, int]:
        return kops_answers.needing_update(self._program.read(self._target, kops.rolling_preview(self._target)))

    def _change(self, title: str, action: str, more: Mapping[str, Any]) -> PluginChange:
        detail = {"action": action, "cluster": self._target.name, "stateStore": self._target.state, **more}
        return PluginChange(plugin=PLUGIN, title=title, detail=detail, phase="before", writes=(self._target.name,))

    # --- doing it --------------------------------------------------------------------------------------------------

    def update(self) -> None:
        """Make the cloud what the state store says, and export the kubeconfig."""
        self._program.work(
            self._target,
            kops.update(self._target),
            seconds=self._program.limits.update,
            hint="what was done stays; run again to go on",
        )
        self.export()

    def roll(self, detail: Mapping[str, Any]) -> None:
        """Wait until the cluster is valid, and replace the instances that are out of date, with pauses."""
        limits = self._program.limits
        pauses = {"control_plane": detail["controlPlaneInterval"], "node": detail["nodeInterval"]}
        for last in (False, True):
            validate = kops.validate(self._target, wait=f"{limits.validate:.0f}s")
            self._program.work(self._target, validate, seconds=limits.validate + limits.read)
            self._program.work(self._target, kops.roll(self._target, **pauses), seconds=limits.roll)
            left = kops_answers.read_preview(self._program.read(self._target, kops.preview(self._target)))
            if left.empty:
                return
            if last:
                _logger.warning("%s: kops still finds something to update, %s", self._target.name, _counts(left))
                return
            # nodes are not brought further than the control plane is, so an upgrade takes two rounds
            _logger.info("%s: kops has held something back until now, %s", self._target.name, _counts(left))
            self.update()

    def export(self) -> Path | None:
        """Write the kubeconfig and return its path, None when there is no cluster to export yet.

        Raises `errors.ToolError` when it cannot be told.
        """
        path = self._program.kubeconfig(self._target)
        path.touch(mode=0o600)
        done = self._program.ask(self._target, kops.export(self._target, path))
        if done.code:
            path.unlink()
            if kops_answers.no_cluster(done.stderr, self._target.name) or kops_answers.no_certificate(done.stderr):
                return None
            self._program.checked(self._target, done)
        path.chmod(0o600)
        self._learn(path)
        return path

    def _learn(self, path: Path) -> None:
        """Declare the secrets of a kubeconfig, before anybody reads it."""
        documents = yamldoc.parse(path.read_bytes(), origin=Origin(path=path))
        try:
            users = [entry["user"] for entry in documents[0].value["users"]]
            secrets = [user[key] for user in users for key in _SECRET if user.get(key)]
        except (IndexError, KeyError, TypeError, AttributeError):
            raise errors.ToolError(f"kops wrote something else than a kubeconfig for `{self._target.name}`") from None
        for secret in secrets:
            self._program.host.secrets.add(str(secret))


def _shown(preview: Preview) -> dict[str, Any]:
    """Return what would be done as data, without what there is nothing of."""
    parts: dict[str, Any] = {
        "creates": list(preview.creates),
        "modifies": {name: list(lines) for name, lines in preview.modifies.items()},
        "deletes": list(preview.deletes),
    }
    return {name: part for name, part in parts.items() if part}


def _counts(preview: Preview) -> str:
    parts = ((len(preview.creates), "create"), (len(preview.modifies), "modify"), (len(preview.deletes), "delete"))
    return ", ".join(f"{number} to {word}" for number, word in parts if number)
