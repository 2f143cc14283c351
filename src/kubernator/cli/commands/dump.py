"""``dump``: print what ``apply`` would send. Nothing is written to the cluster, with or without ``--yes``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.cli.commands import tree

if TYPE_CHECKING:
    from kubernator.cli.main import Run

__all__ = ["run"]

_logger = logging.getLogger("kubernator")


def run(run: Run) -> int:
    """Carry out the verb. Raises `errors.KubernatorError` and its kin."""
    chosen = tree.options(run)
    if chosen.kube_version is not None and not chosen.offline:
        raise errors.UsageError(
            "`--kube-version` is for `dump --offline`", hint="with a cluster the version is that of the cluster"
        )
    _logger.info("starting in `%s` (dump only%s)", chosen.path, ", without a cluster" if chosen.offline else "")
    tree.session(run, chosen).dump()
    _logger.info("terminated successfully")
    return errors.ExitCode.OK
