"""Where programs are published."""

from __future__ import annotations

import pytest

from kubernator import errors
from kubernator.tools import catalog

K8S = "https://dl.k8s.io/release"
HASHICORP = "https://releases.hashicorp.com/terraform"
GITHUB = "https://github.com"


@pytest.mark.parametrize(
    ("name", "version", "machine", "url", "sums"),
    [
        ("kubectl", "1.32.4", "linux/arm64", f"{K8S}/v1.32.4/bin/linux/arm64/kubectl", ".sha256"),
        ("helm", "v3.17.2", "linux/amd64", "https://get.helm.sh/helm-v3.17.2-linux-amd64.tar.gz", ".sha256sum"),
        ("helm", "4.1.4", "darwin/arm64", "https://get.helm.sh/helm-v4.1.4-darwin-arm64.tar.gz", ".sha256sum"),
        (
            "terraform",
            "1.11.4",
            "darwin/amd64",
            f"{HASHICORP}/1.11.4/terraform_1.11.4_darwin_amd64.zip",
            f"{HASHICORP}/1.11.4/terraform_1.11.4_SHA256SUMS",
        ),
        (
            "tofu",
            "1.9.0",
            "linux/amd64",
            f"{GITHUB}/opentofu/opentofu/releases/download/v1.9.0/tofu_1.9.0_linux_amd64.zip",
            f"{GITHUB}/opentofu/opentofu/releases/download/v1.9.0/tofu_1.9.0_SHA256SUMS",
        ),
        (
            "terragrunt",
            "0.77.0",
            "linux/arm64",
            f"{GITHUB}/gruntwork-io/terragrunt/releases/download/v0.77.0/terragrunt_linux_arm64",
            f"{GITHUB}/gruntwork-io/terragrunt/releases/download/v0.77.0/SHA256SUMS",
        ),
        (
            "istioctl",
            "1.24.0-rc.1",
            "linux/amd64",
            f"{GITHUB}/istio/istio/releases/download/1.24.0-rc.1/istioctl-1.24.0-rc.1-linux-amd64.tar.gz",
            ".sha256",
        ),
        (
            "istioctl",
            "1.24.0",
            "darwin/amd64",
            f"{GITHUB}/istio/istio/releases/download/1.24.0/istioctl-1.24.0-osx.tar.gz",
            ".sha256",
        ),
        (
            "istioctl",
            "1.24.0",
            "darwin/arm64",
            f"{GITHUB}/istio/istio/releases/download/1.24.0/istioctl-1.24.0-osx-arm64.tar.gz",
            ".sha256",
        ),
        (
            "kops",
            "1.30.0",
            "linux/amd64",
            f"{GITHUB}/kubernetes/kops/releases/download/v1.30.0/kops-linux-amd64",
            ".sha256",
        ),
        (
            "minikube",
            "1.36.0",
            "darwin/arm64",
            f"{GITHUB}/kubernetes/minikube/releases/download/v1.36.0/minikube-darwin-arm64",
            ".sha256",
        ),
        (
            "kind",
            "0.27.0",
            "linux/amd64",
            f"{GITHUB}/kubernetes-sigs/kind/releases/download/v0.27.0/kind-linux-amd64",
            ".sha256sum",
        ),
        (
            "k3d",
            "5.8.3",
            "linux/amd64",
            f"{GITHUB}/k3d-io/k3d/releases/download/v5.8.3/k3d-linux-amd64",
            f"{GITHUB}/k3d-io/k3d/releases/download/v5.8.3/checksums.txt",
        ),
        ("awscli", "2.17.0", "linux/arm64", "https://awscli.amazonaws.com/awscli-exe-linux-aarch64-2.17.0.zip", ""),
    ],
)
def test_downloads(name, version, machine, url, sums):
    """Each program has its project's own place, and its checksum the place that the project gives it."""
    found = catalog.download(name, version, machine)
    expected = f"{url}{sums}" if sums.startswith(".") else sums
    assert (url, expected) == (found.url, found.sums)
    assert found.key == f"{name}@{version.removeprefix('v')} {machine}"


def test_every_program_is_in_the_table_above():
    """A program that is added is added there too."""
    (mark,) = test_downloads.pytestmark
    assert set(catalog.NAMES) == {row[0] for row in mark.args[1]}


@pytest.mark.parametrize("name", catalog.NAMES)
def test_something_vouches_for_each(name):
    """There is a checksum or a signature, and not both."""
    found = catalog.download(name, "1.2.3", "linux/amd64")
    assert bool(found.sums) != bool(found.signature)


@pytest.mark.parametrize(
    ("name", "member"),
    [("helm", "linux-amd64/helm"), ("istioctl", "istioctl"), ("kubectl", ""), ("awscli", "aws/dist/aws")],
)
def test_members(name, member):
    """In an archive the program has a name of its own; a bare download is the program."""
    assert member == catalog.download(name, "1.2.3", "linux/amd64").member


@pytest.mark.parametrize(
    ("name", "version", "machine", "words"),
    [
        ("helm", "3.17.2", "linux/s390x", "no build of `helm` for this machine, `linux/s390x`"),
        ("helm", "3.17.2", "windows/amd64", "no build of `helm`"),
        ("awscli", "2.17.0", "darwin/arm64", "no build of `awscli`"),
        ("hlem", "3.17.2", "linux/amd64", "`hlem` cannot be had by version"),
        ("gcloud", "1", "linux/amd64", "`gcloud` cannot be had by version"),
    ],
)
def test_what_cannot_be_had(name, version, machine, words):
    """The error says so, is the reference's RuntimeError too, and says what else can be done."""
    with pytest.raises(errors.ToolNotFound, match=words) as caught:
        catalog.download(name, version, machine)
    assert isinstance(caught.value, RuntimeError)
    assert caught.value.hint


@pytest.mark.parametrize("version", ["", "latest", "../1.2.3", "1.2.3/..", "v", "1 2", "1.2.3?x", 1.10, True])
def test_what_is_no_version(version):
    """Nothing gets into a URL or a path that is no version."""
    with pytest.raises(errors.ProjectError, match="is no version of `helm`"):
        catalog.download("helm", version, "linux/amd64")


@pytest.mark.parametrize(
    ("system", "processor", "expected"),
    [
        ("Linux", "x86_64", "linux/amd64"),
        ("Darwin", "arm64", "darwin/arm64"),
        ("Linux", "aarch64", "linux/arm64"),
        ("Linux", "riscv64", "linux/riscv64"),
    ],
)
def test_here(monkeypatch, system, processor, expected):
    """A machine is called what Go calls it."""
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: processor)
    assert expected == catalog.here()


@pytest.mark.parametrize(("name", "expected"), [("awscli", "aws"), ("helm", "helm"), ("gcloud", "gcloud")])
def test_command(name, expected):
    """The AWS CLI is called `aws`; what is not known is called as it is."""
    assert expected == catalog.command(name)
