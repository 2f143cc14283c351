"""What a run goes by besides its tree: the schemas that stand for a cluster, and the policies of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kubernator.run.host import RunHost
    from kubernator.run.options import RunOptions
    from kubernator.schema.documents import Documents
    from kubernator.schema.policyfiles import PolicyFiles

__all__ = ["documents_of", "policies_of"]

#: Verbs that do without a cluster unless told otherwise.
_OFFLINE: Final = frozenset({"explain", "render", "validate"})


def documents_of(options: RunOptions) -> Documents | None:
    """Return the schemas by which a run does without a cluster; None for a run that has one.

    Raises `errors.UsageError` for a version of which there are none.
    """
    if options.server or not (options.offline or options.kube_version or options.command in _OFFLINE):
        return None
    from kubernator.schema import documents  # noqa: PLC0415 - most runs have a cluster

    version = options.kube_version
    return documents.bundled(documents.parse_version(version) if version is not None else None)


def policies_of(options: RunOptions, host: RunHost) -> list[PolicyFiles]:
    """Return the directories of policies that the command line names. Raises as `plugins.k8s.policies.read` does."""
    if not options.policies:
        return []
    from kubernator.plugins.k8s import policies  # noqa: PLC0415 - few runs name any

    return [policies.read(each, asked_by=host.origin()) for each in options.policies]
