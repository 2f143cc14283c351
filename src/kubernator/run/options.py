"""What a run is told from outside, as data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["RunOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The settings of one run of ``dump`` or ``apply``.

    ``args`` is what scripts see as ``ktor.app.args``. ``file`` is where the data of ``dump`` goes, None for stdout.
    ``timeout`` is how long ``apply --yes`` waits at its end, in seconds; None leaves it to the default. ``report`` is a
    file for what was done, as JSON. ``show_secrets`` comes from the command line and from nowhere else. ``locked``
    refuses what ``kubernator.lock`` does not pin, ``cached_repositories`` asks no server for a repository.

    ``offline`` does without a cluster, ``kube_version`` says for which version of Kubernetes, and ``server`` lets a
    verb that does without one ask it all the same. ``policies`` are directories of rules for all resources.
    """

    args: Any
    command: str = "dump"
    path: Path = Path()
    dry_run: bool = True
    file: str | None = None
    output_format: str = "yaml"
    show_secrets: bool = False
    manager: str = "kubernator"
    force_conflicts: bool = False
    preflight: bool = True
    keep_going: bool = False
    wait: bool = True
    timeout: float | None = None
    context: str | None = None
    pre_start_script: Path | None = None
    report: str | None = None
    locked: bool = False
    cached_repositories: bool = False
    include_project: tuple[str, ...] = ()
    exclude_project: tuple[str, ...] = ()
    offline: bool = False
    kube_version: str | None = None
    server: bool = False
    policies: tuple[Path, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether the run changes anything outside this process: only ``apply --yes`` does."""
        return self.command == "apply" and not self.dry_run
