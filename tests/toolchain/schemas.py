"""Make the schemas that come with the package anew: ``PYTHONPATH=tests python -m toolchain.schemas [MINOR …]``.

They are what real API servers publish: one as it is by default, and one of the same version with all versions of APIs
and all feature gates on, from which comes what is off by default. `kubernator.schema.bundle` says how it is kept.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.cluster.connect import connect
from kubernator.redaction import Secrets
from kubernator.sandbox import lifecycle, versions
from kubernator.schema import bundle, components, node
from kubernator.schema.fault import is_builtin_group

if TYPE_CHECKING:
    from kubernator.cluster.api import Cluster, Kind
    from kubernator.model.gvk import GroupVersionKind

__all__ = ["Served", "make", "served"]

EVERYTHING: Final = ("--runtime-config=api/all=true", "--feature-gates=AllAlpha=true,AllBeta=true")


class Served(NamedTuple):
    """What a server serves by itself: its kinds, the component of each, and the components they need."""

    kinds: list[Kind]
    names: dict[GroupVersionKind, str]
    components: dict[str, Any]


def served(cluster: Cluster) -> Served:
    """Read what a cluster serves of Kubernetes' own kinds."""
    found = Served([], {}, {})
    kinds = cluster.kinds()
    for api_version in filter(_may_be_own, kinds.api_versions):
        path = f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"
        document = cluster.raw("GET", f"/openapi/v3/{path}")
        schemas = document["components"]["schemas"]
        group, _, version = api_version.rpartition("/")
        names = components.kinds(schemas, group, version)
        own = {gvk: names[gvk.kind] for gvk in (kind.gvk for kind in kinds) if gvk.api_version == api_version}
        own = {gvk: name for gvk, name in own.items() if node.is_builtin(name)}
        found.names.update(own)
        for name, schema in components.needed(schemas, own.values()).items():
            known = found.components.setdefault(name, schema)
            assert known == schema, f"`{name}` is another one in `{api_version}`"
    found.kinds.extend(kind for kind in kinds if kind.gvk in found.names)
    return found


def make(minor: str) -> bytes:
    """Return the content of the file for a minor version such as ``1.37``."""
    usual, all_of_it = _started(minor), _started(minor, EVERYTHING)
    listed = [(kind, usual.names[kind.gvk], True) for kind in usual.kinds]
    listed += [(kind, all_of_it.names[kind.gvk], False) for kind in all_of_it.kinds if kind.gvk not in usual.names]
    schemas = all_of_it.components | usual.components
    wanted = components.needed(schemas, [name for _, name, _ in listed])
    return bundle.encode(versions.release(minor).kubernetes, listed, wanted)


def main(minors: list[str]) -> int:
    """Write the files of these minor versions, or of all."""
    for minor in minors or versions.RELEASES:
        content = make(minor)
        path = Path(bundle.__file__).parent / bundle.resource(int(minor.partition(".")[2]))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        made = bundle.Bundle(content)
        _say(f"{path.name}: {len(made.kinds())} kinds and {len(made.optional())} more, {len(content)} bytes")
    return 0


def _may_be_own(api_version: str) -> bool:
    """Say whether documents are worth reading; those of definitions may go while others are read."""
    return is_builtin_group(api_version.rpartition("/")[0])


def _started(minor: str, flags: tuple[str, ...] = ()) -> Served:
    with lifecycle.running(kube_version=minor, say=_say, nodes=0, apiserver_flags=flags) as sandbox:
        cluster = connect(kubeconfig=sandbox.kubeconfig, secrets=Secrets())
        try:
            return served(cluster)
        finally:
            cluster.close()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
