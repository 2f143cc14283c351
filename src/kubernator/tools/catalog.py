"""The programs that can be had by version: where their projects publish them, and how each download is verified.

Data and pure functions; nothing here touches the network. A template may use ``{version}`` (without ``v``),
``{system}`` and ``{machine}`` in the words of Go, ``{platform}`` (Istio's words for both) and ``{processor}`` (AWS'
words).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from kubernator import errors

__all__ = ["NAMES", "Download", "command", "download", "here", "plain_version", "repository"]

MACHINES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
ISTIO: Final = {"darwin/amd64": "osx", "darwin/arm64": "osx-arm64"}

_GITHUB: Final = "https://github.com/{repository}/releases/download/v{{version}}/"
_VERSION: Final = re.compile(r"[0-9][0-9A-Za-z.+_-]*")


class _Program(NamedTuple):
    """How a project publishes its program.

    ``url`` is the download, ``sums`` a file with its SHA-256 checksum, alone or in a list: the URL, or what comes after
    the download's own. Where there is none, ``signature`` is a detached PGP signature. ``member`` is the program in an
    archive, empty where the download is the program itself; ``tree`` is the directory around it that it needs.
    ``machines`` are the builds that exist, ``elsewhere`` says how others get the program.
    """

    url: str
    repository: str
    sums: str = ""
    signature: str = ""
    member: str = ""
    tree: str = ""
    command: str = ""
    machines: tuple[str, ...] = ("linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64")
    elsewhere: str = ""


def _github(repository: str, file: str, sums: str, *, member: str = "") -> _Program:
    base = _GITHUB.format(repository=repository)
    return _Program(
        url=base + file,
        sums=sums if sums.startswith(".") else base + sums,
        repository=f"https://github.com/{repository}",
        member=member,
    )


_PROGRAMS: Final = {
    "awscli": _Program(
        # https://docs.aws.amazon.com/cli/latest/userguide/getting-started-version.html
        url="https://awscli.amazonaws.com/awscli-exe-linux-{processor}-{version}.zip",
        signature=".sig",
        repository="https://github.com/aws/aws-cli",
        member="aws/dist/aws",
        tree="aws/dist",
        command="aws",
        machines=("linux/amd64", "linux/arm64"),
        elsewhere="install it with AWS' package or with `brew install awscli`, and give no version",
    ),
    # https://helm.sh/docs/intro/install/
    "helm": _Program(
        url="https://get.helm.sh/helm-v{version}-{system}-{machine}.tar.gz",
        sums=".sha256sum",
        repository="https://github.com/helm/helm",
        member="{system}-{machine}/helm",
    ),
    # https://istio.io/latest/docs/ops/diagnostic-tools/istioctl/
    "istioctl": _Program(
        url="https://github.com/istio/istio/releases/download/{version}/istioctl-{version}-{platform}.tar.gz",
        sums=".sha256",
        repository="https://github.com/istio/istio",
        member="istioctl",
    ),
    # https://k3d.io/stable/#installation
    "k3d": _github("k3d-io/k3d", "k3d-{system}-{machine}", "checksums.txt"),
    # https://kind.sigs.k8s.io/docs/user/quick-start/#installing-from-release-binaries
    "kind": _github("kubernetes-sigs/kind", "kind-{system}-{machine}", ".sha256sum"),
    # https://kops.sigs.k8s.io/getting_started/install/
    "kops": _github("kubernetes/kops", "kops-{system}-{machine}", ".sha256"),
    # https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/
    "kubectl": _Program(
        url="https://dl.k8s.io/release/v{version}/bin/{system}/{machine}/kubectl",
        sums=".sha256",
        repository="https://github.com/kubernetes/kubernetes",
    ),
    # https://minikube.sigs.k8s.io/docs/start/
    "minikube": _github("kubernetes/minikube", "minikube-{system}-{machine}", ".sha256"),
    # https://developer.hashicorp.com/terraform/install
    "terraform": _Program(
        url="https://releases.hashicorp.com/terraform/{version}/terraform_{version}_{system}_{machine}.zip",
        sums="https://releases.hashicorp.com/terraform/{version}/terraform_{version}_SHA256SUMS",
        repository="https://github.com/hashicorp/terraform",
        member="terraform",
    ),
    # https://terragrunt.gruntwork.io/docs/getting-started/install/
    "terragrunt": _github("gruntwork-io/terragrunt", "terragrunt_{system}_{machine}", "SHA256SUMS"),
    # https://opentofu.org/docs/intro/install/standalone/
    "tofu": _github(
        "opentofu/opentofu", "tofu_{version}_{system}_{machine}.zip", "tofu_{version}_SHA256SUMS", member="tofu"
    ),
}

NAMES: Final = tuple(_PROGRAMS)


class Download(NamedTuple):
    """One program, one version, one kind of machine.

    ``sums`` is the URL of a text with the checksum, ``signature`` that of a signature; one of them is empty. ``member``
    and ``tree`` are names in the archive, empty where there is none.
    """

    name: str
    version: str
    machine: str
    url: str
    sums: str
    signature: str
    member: str
    tree: str
    command: str

    @property
    def file(self) -> str:
        """The last part of the URL, under which lists of checksums name it."""
        return self.url.rpartition("/")[2]

    @property
    def key(self) -> str:
        """What it is pinned as: ``<name>@<version> <system>/<machine>``."""
        return f"{self.name}@{self.version} {self.machine}"


def here() -> str:
    """Return the kind of this machine, as Go calls it: ``linux/amd64``."""
    import platform  # noqa: PLC0415 - most runs fetch nothing

    machine = platform.machine().lower()
    return f"{platform.system().lower()}/{MACHINES.get(machine, machine)}"


def download(name: str, version: str, machine: str) -> Download:
    """Return how a version of a program is had for a kind of machine.

    Raises `errors.ToolNotFound` for a program that is not known or has no build for the machine, `errors.ProjectError`
    for what cannot be a version.
    """
    program = _known(name)
    plain = plain_version(name, version)
    if machine not in program.machines:
        raise errors.ToolNotFound(
            f"there is no build of `{name}` for this machine, `{machine}`",
            detail=[("builds", ", ".join(program.machines))],
            hint=program.elsewhere or f"build `{name}` yourself, put it on `PATH`, and give no version",
        )
    system, _, processor = machine.partition("/")
    words = {
        "version": plain,
        "system": system,
        "machine": processor,
        "platform": ISTIO.get(machine, f"linux-{processor}"),
        "processor": {"amd64": "x86_64", "arm64": "aarch64"}[processor],
    }
    url = program.url.format(**words)
    sums, signature = (
        url + text if text.startswith(".") else text.format(**words) for text in (program.sums, program.signature)
    )
    return Download(
        name=name,
        version=plain,
        machine=machine,
        url=url,
        sums=sums,
        signature=signature,
        member=program.member.format(**words),
        tree=program.tree,
        command=command(name),
    )


def command(name: str) -> str:
    """Return what the program is called on ``PATH``; a name that is not known means itself."""
    program = _PROGRAMS.get(name)
    return (program.command if program else "") or name


def repository(name: str) -> str:
    """Return the address of the repository whose tags are the program's versions. Raises `errors.ToolNotFound`."""
    return _known(name).repository


def plain_version(name: str, version: object) -> str:
    """Return a version without its ``v``. Raises `errors.ProjectError` for what would not be one in a URL or a path."""
    text = version.strip() if isinstance(version, str) else ""
    plain = text[1:] if text[:1] in {"v", "V"} else text
    if not _VERSION.fullmatch(plain):
        raise errors.ProjectError(
            f"`{version}` is no version of `{name}`", hint="give the number of a release as a text, such as `1.2.3`"
        )
    return plain


def _known(name: str) -> _Program:
    program = _PROGRAMS.get(name)
    if program is None:
        import difflib  # noqa: PLC0415 - for a message

        close = difflib.get_close_matches(name, NAMES, 1)
        raise errors.ToolNotFound(
            f"`{name}` cannot be had by version: it is not known where it is published",
            hint=f"did you mean `{close[0]}`?" if close else "put it on `PATH`, and give no version",
        )
    return program
