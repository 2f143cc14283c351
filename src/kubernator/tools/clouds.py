"""The command lines of the clouds, ``aws`` and ``gcloud``: their environment, and what their complaints mean.

Pure functions and tables. Both programs are written in Python, so what configures *our* interpreter must not reach
theirs; both say what is wrong in words of their own, which are kept, and a sentence about what to do is added.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.model.origin import Origin

__all__ = [
    "AWS",
    "GCLOUD",
    "INTERPRETER",
    "MissingOption",
    "Trouble",
    "aws_stanza",
    "aws_version",
    "explained",
    "interpreter",
    "named",
    "secrets",
]

INTERPRETER: Final = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONEXECUTABLE",
    "PYTHONINSPECT",
    "PYTHONDEVMODE",
    "PYTHONWARNINGS",
    "PYTHONOPTIMIZE",
    "PYTHONSAFEPATH",
    "PYTHONNOUSERSITE",
    "PYTHONINTMAXSTRDIGITS",
    "__PYVENV_LAUNCHER__",
    "VIRTUAL_ENV",
)
"""What configures one Python interpreter and breaks another, or makes it talk."""

_SECRET: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
)

_VERSION: Final = re.compile(r"aws-cli/(\d+(?:\.\d+)*\S*)")


class MissingOption(errors.PluginError, ValueError):
    """An option that the plugin needs is missing or cannot be what it was given as; also the reference's ValueError."""


def named(plugin: str, option: str, value: Any) -> str:
    """Return an option that has to be a name. Raises `MissingOption`, also for what would be read as an option."""
    if value is None or value == "":
        raise MissingOption(f"plugin `{plugin}` needs the option `{option}`")
    if not isinstance(value, str):
        raise MissingOption(f"the option `{option}` of plugin `{plugin}` is a text, not `{value!r}`")
    if value.startswith("-") or not value.isprintable():
        raise MissingOption(f"the option `{option}` of plugin `{plugin}` cannot be {value!r}")
    return value


def secrets(environ: Mapping[str, str]) -> list[str]:
    """Return the credentials that stand in an environment, where ``aws --debug`` and its kin would quote them."""
    return [value for name in _SECRET if (value := environ.get(name))]


def interpreter(environ: Mapping[str, str], *, package: str = "") -> dict[str, str | None]:
    """Return the changes to an environment that keep our interpreter's settings from a program in Python.

    ``PYTHONPATH`` stays where it leads to ``package``: then that is how the program was installed.
    """
    found = [name for name in INTERPRETER if name in environ]
    places = environ.get("PYTHONPATH", "").split(os.pathsep)
    if package and any(place and Path(place, package).is_dir() for place in places):
        found.remove("PYTHONPATH")
    return dict.fromkeys(found)


def aws_stanza(
    program: str | os.PathLike[str],
    args: Sequence[str | os.PathLike[str]] = (),
    *,
    output: str | None = "json",
    region: str | None = None,
    debug: bool = False,
) -> list[str]:
    """Return a command line of ``aws``: options for all its commands, then ``args``."""
    return [
        os.fspath(program),
        *(["--output", output] if output else []),
        *(["--region", region] if region else []),
        *(["--debug"] if debug else []),
        *(os.fspath(arg) for arg in args),
    ]


def aws_version(said: str) -> str:
    """Return the number from ``aws --version``. Raises `errors.ToolError` for anything else that it says."""
    found = _VERSION.search(said)
    if found is None:
        raise errors.ToolError(
            "`aws --version` does not say a version", detail=[("it said", said.strip()[:200] or "nothing")]
        )
    return found[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What a program says (a pattern), what that means, and what helps; both may name words in braces."""

    says: str
    means: str
    hint: str


AWS: Final = (
    Trouble(
        says="ResourceNotFoundException|No cluster found",
        means="there is no cluster of that name in the {place}",
        hint="`aws eks list-clusters{region_option}` lists those there are; `aws sts get-caller-identity` says whose",
    ),
    Trouble(
        says="You must specify a region",
        means="no region is chosen",
        hint="give the option `region`, or set `AWS_DEFAULT_REGION`; version 1 of `aws` does not know `AWS_REGION`",
    ),
    Trouble(
        says="ExpiredToken|RequestExpired|has expired|expired and refresh failed",
        means="the credentials have expired",
        hint="log in again: `aws sso login`, or whatever hands out your credentials",
    ),
    Trouble(
        says="Unable to locate credentials|NoCredentials|Partial credentials|Error loading SSO Token|"
        "Error when retrieving (?:credentials|token)|credential_process",
        means="there are no credentials for AWS",
        hint="log in with `aws sso login` or `aws configure`, or choose a profile with `AWS_PROFILE`",
    ),
    Trouble(
        says=r"config profile \(",
        means="the chosen profile is not there",
        hint="`AWS_PROFILE` chooses it; `aws configure list-profiles` lists those there are",
    ),
    Trouble(
        says="UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature",
        means="AWS does not accept the credentials",
        hint="`aws sts get-caller-identity` tries them; a wrong clock makes good ones invalid too",
    ),
    Trouble(
        says="AccessDenied|not authorized to perform",
        means="the credentials do not allow it",
        hint="they need the permission `eks:DescribeCluster`; `aws sts get-caller-identity` says whose they are",
    ),
    Trouble(
        says="Cluster status is",
        means="the cluster is not ready",
        hint="`aws eks wait cluster-active --name {name}{region_option}` waits until it is",
    ),
    Trouble(
        says="region_name .* doesn't match|Invalid endpoint|not a valid region",
        means="the {place} cannot be one",
        hint="`region` is the name of a region, such as `eu-west-1`",
    ),
    Trouble(
        says="Could not connect|Connect timeout|ConnectTimeout|Read timeout|EndpointConnection|ConnectionClosed|"
        "ProxyConnection|Name or service not known|getaddrinfo",
        means="AWS cannot be reached; a region that does not exist looks the same",
        hint="check the {place}, the network, and `HTTPS_PROXY`",
    ),
    Trouble(says="SSL|CERTIFICATE", means="AWS is not trusted", hint="`AWS_CA_BUNDLE` names authorities to trust"),
    Trouble(
        says="Invalid choice|Unknown options|unrecognized arguments",
        means="it does not know this command",
        hint="install `aws` 2.7 or 1.24, or newer",
    ),
)
"""What ``aws eks update-kubeconfig`` says when it fails (seen with 1.46, botocore 1.43); the first that fits counts."""

GCLOUD: Final = (
    Trouble(
        says="active account selected|no credentialed accounts|does not have any valid credentials",
        means="nobody is logged in",
        hint="`gcloud auth login`, or for a service account `gcloud auth activate-service-account --key-file=…`",
    ),
    Trouble(
        says="refreshing your current auth tokens|invalid_grant|[Rr]eauthentication|code=401|UNAUTHENTICATED",
        means="the credentials are not valid any more",
        hint="log in again: `gcloud auth login`; `gcloud auth list` says who is",
    ),
    Trouble(
        says="has not been used in project|SERVICE_DISABLED|accessNotConfigured",
        means="the Kubernetes Engine API is not enabled in project `{project}`",
        hint="`gcloud services enable container.googleapis.com --project {project}`",
    ),
    Trouble(
        says="code=403|PERMISSION_DENIED|permission\\(s\\)",
        means="the account may not see it, or the region does not exist",
        hint="it needs `container.clusters.get` in project `{project}`; `gcloud auth list` says who it is",
    ),
    Trouble(
        says="code=404|NOT_FOUND|No cluster named|could not find cluster",
        means="there is no cluster of that name in region `{region}` of project `{project}`",
        hint="`gcloud container clusters list --project {project}` lists those there are",
    ),
    Trouble(
        says="missing endpoint|PROVISIONING",
        means="the cluster is not ready",
        hint="`gcloud container clusters describe {name} --region {region} --project {project}` says how it stands",
    ),
    Trouble(
        says="valid project ID|resource \\[?projects/",
        means="`{project}` is not the id of a project",
        hint="`project` takes the id, not the name; `gcloud projects list` shows both",
    ),
    Trouble(
        says="Max retries exceeded|ConnectionError|Unable to find the server|Connection refused|network|timed out",
        means="Google Cloud cannot be reached",
        hint="check the network and `HTTPS_PROXY`; `gcloud info --run-diagnostics` looks closer",
    ),
)
"""What ``gcloud container clusters get-credentials`` says when it fails (seen with 528); the first that fits counts."""

_ASKS: Final = (
    "it may be waiting for an answer, such as a code of a second factor; run the command by hand once, and see"
)


def explained(
    error: errors.ToolError,
    *,
    what: str,
    troubles: Sequence[Trouble],
    words: Mapping[str, str],
    origin: Origin | None = None,
) -> errors.ToolError:
    """Return an error of a program that says what could not be done, why as far as it is understood, and what helps.

    What the program said is kept. ``words`` are those that the troubles name; ``origin`` is who asked for it.
    """
    place = origin.lines() if origin else []
    if isinstance(error, errors.ToolTimedOut):
        return errors.ToolTimedOut(f"{what}: {error.title}", detail=[*place, *error.detail], hint=_ASKS)
    if not isinstance(error, errors.ToolFailed):
        error.detail[:0] = place
        return error
    said = f"{error.stderr}\n{error.stdout}"
    trouble = next((each for each in troubles if re.search(each.says, said)), None)
    means = trouble.means.format_map(words) if trouble else error.title
    result = errors.ToolFailed(
        f"{what}: {means}",
        argv=error.argv,
        code=error.code,
        stdout=error.stdout,
        stderr=error.stderr,
        hint=trouble.hint.format_map(words) if trouble else error.hint,
    )
    result.detail[:0] = place
    return result
