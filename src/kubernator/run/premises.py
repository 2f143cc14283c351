"""What a run goes by: the schemas that stand for a cluster, policies of the command line, definitions of the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.model.gvk import DEFINITION
from kubernator.model.ref import ResourceRef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.model.resource import Manifest
    from kubernator.run.host import RunHost
    from kubernator.run.options import RunOptions
    from kubernator.schema.documents import Documents
    from kubernator.schema.policyfiles import PolicyFiles

__all__ = ["definitions_of", "documents_of", "policies_of"]

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


def definitions_of(host: RunHost, manifests: Iterable[Manifest]) -> list[Manifest]:
    """Return the CustomResourceDefinitions that scripts loaded, and those among manifests of the tree."""
    entry = host.roster.anywhere("k8s")
    loaded: Any = getattr(entry.plugin, "definitions", None) if entry is not None else None
    own = (each for each in manifests if ResourceRef.of(each).group_kind == DEFINITION)
    return [*(loaded() if loaded is not None else ()), *own]
