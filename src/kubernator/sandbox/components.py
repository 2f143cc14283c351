"""The programs of a control plane and what each is told, in the order in which they start. Pure.

The flags are those that were seen to work; each that is not self-evident says why it is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kubernator.sandbox.binaries import Binaries

__all__ = ["PORTS", "Component", "all_of"]

PORTS: Final = ("api", "etcd", "peer", "kubelet")
"""What needs a port of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One program. ``needs_api`` says that it is started when the API server answers."""

    name: str
    argv: tuple[str, ...]
    needs_api: bool = False


def all_of(
    binaries: Binaries, directory: Path, ports: Mapping[str, int], apiserver_flags: Sequence[str] = ()
) -> tuple[Component, ...]:
    """Return the programs in the order of starting. Every command line names the directory: so they are recognised."""
    config = str(directory / "kubeconfig")
    etcd = f"http://127.0.0.1:{ports['etcd']}"
    peer = f"http://127.0.0.1:{ports['peer']}"
    return (
        Component(
            name="etcd",
            argv=(
                str(binaries.etcd),
                f"--data-dir={directory / 'etcd'}",
                f"--listen-client-urls={etcd}",
                f"--advertise-client-urls={etcd}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
                "--unsafe-no-fsync",  # the data is thrown away; waiting for the disk is half of the time of a write
                "--log-level=warn",
            ),
        ),
        Component(
            name="kube-apiserver",
            argv=(
                str(binaries.apiserver),
                f"--etcd-servers={etcd}",
                f"--secure-port={ports['api']}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                f"--tls-cert-file={directory / 'server.crt'}",
                f"--tls-private-key-file={directory / 'server.key'}",
                f"--client-ca-file={directory / 'ca.crt'}",
                f"--service-account-key-file={directory / 'sa.key'}",
                f"--service-account-signing-key-file={directory / 'sa.key'}",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--allow-privileged=true",
                "--endpoint-reconciler-type=none",  # loopback is refused as the address of an endpoint
                *apiserver_flags,
            ),
        ),
        Component(
            name="kube-controller-manager",
            needs_api=True,
            argv=(
                str(binaries.controller_manager),
                f"--kubeconfig={config}",
                "--use-service-account-credentials=false",
                f"--root-ca-file={directory / 'ca.crt'}",
                f"--service-account-private-key-file={directory / 'sa.key'}",
                "--leader-elect=false",
                "--secure-port=0",  # its fixed port would be taken by the second control plane of a machine
                "--concurrent-deployment-syncs=10",
            ),
        ),
        Component(
            name="kube-scheduler",
            needs_api=True,
            argv=(
                str(binaries.scheduler),
                f"--kubeconfig={config}",
                f"--authentication-kubeconfig={config}",
                f"--authorization-kubeconfig={config}",
                "--leader-elect=false",
                "--secure-port=0",
            ),
        ),
        Component(
            name="kwok",
            needs_api=True,
            argv=(
                str(binaries.kwok),
                f"--kubeconfig={config}",
                "--manage-all-nodes=true",
                f"--config={directory / 'stages.yaml'}",  # it has no behaviour of its own
                "--cidr=10.244.0.0/16",
                "--node-ip=127.0.0.1",
                "--node-lease-duration-seconds=40",
                f"--node-port={ports['kubelet']}",  # the API of a kubelet, for logs and port-forward
                f"--server-address=127.0.0.1:{ports['kubelet']}",
                f"--tls-cert-file={directory / 'server.crt'}",
                f"--tls-private-key-file={directory / 'server.key'}",
            ),
        ),
    )
