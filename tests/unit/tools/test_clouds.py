"""Command lines of the clouds, their environment, and what their complaints mean."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.model.origin import Origin
from kubernator.tools import clouds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WORDS = {
    "name": "demo",
    "place": "region `eu-west-1`",
    "region_option": " --region eu-west-1",
    "region": "europe-west1",
    "project": "shop",
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["aws", "--output", "json"]),
        ({"output": None}, ["aws"]),
        ({"output": "text", "args": ["s3", "ls"]}, ["aws", "--output", "text", "s3", "ls"]),
        ({"region": "r", "debug": True, "args": ["x"]}, ["aws", "--output", "json", "--region", "r", "--debug", "x"]),
        ({"region": ""}, ["aws", "--output", "json"]),
    ],
)
def test_a_stanza(options: dict[str, object], expected: list[str]) -> None:
    """Options for all commands, then what the caller says."""
    assert expected == clouds.aws_stanza("aws", **options)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("aws-cli/2.15.30 Python/3.11.8 Linux/6.1 exe/x86_64.debian.12 prompt/off\n", "2.15.30"),
        ("aws-cli/1.46.3 Python/3.11.7 Linux/6.18 botocore/1.43.62", "1.46.3"),
        ("warning: something\naws-cli/2.0.0dev4 Python/3.8", "2.0.0dev4"),
    ],
)
def test_a_version(said: str, expected: str) -> None:
    """Of both generations of the program."""
    assert expected == clouds.aws_version(said)


@pytest.mark.parametrize("said", ["", "git version 2", "aws-cli/next"])
def test_no_version(said: str) -> None:
    """Anything else is an error that shows it."""
    with pytest.raises(errors.ToolError, match="does not say a version") as caught:
        clouds.aws_version(said)
    assert caught.value.detail == [("it said", said or "nothing")]


@pytest.mark.parametrize("value", ["demo", "größe", "two words", "a/b"])
def test_a_name(value: str) -> None:
    """Whether there is such a cluster is for the cloud to say."""
    assert value == clouds.named("eks", "name", value)


@pytest.mark.parametrize("value", [None, "", 7, "-x", "--endpoint-url=x", "a\nb", "a\0b"])
def test_no_name(value: object) -> None:
    """What is missing, or would be read as an option, is the reference's ValueError and names the option."""
    with pytest.raises(ValueError, match="option `name`") as caught:
        clouds.named("eks", "name", value)
    assert isinstance(caught.value, errors.PluginError)


def test_credentials_of_an_environment() -> None:
    """Empty ones are none."""
    environ = {
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": "r",
        "CLOUDSDK_AUTH_ACCESS_TOKEN": "t",
    }
    assert clouds.secrets(environ) == ["s", "t"]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"PATH": "/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}, []),
        ({"PYTHONHOME": "/p", "VIRTUAL_ENV": "/v"}, ["PYTHONHOME", "VIRTUAL_ENV"]),
        ({"PYTHONPATH": "{other}"}, ["PYTHONPATH"]),
        ({"PYTHONPATH": ":{other}:{own}", "PYTHONHOME": "/p"}, ["PYTHONHOME"]),
    ],
)
def test_an_environment_without_our_interpreter(tmp_path: Path, environ: dict[str, str], expected: list[str]) -> None:
    """``PYTHONPATH`` stays only where it is how the program was installed."""
    (tmp_path / "own" / "awscli").mkdir(parents=True)
    filled = {name: value.format(own=tmp_path / "own", other=tmp_path) for name, value in environ.items()}
    assert dict.fromkeys(expected) == clouds.interpreter(filled, package="awscli")
    assert ("PYTHONPATH" in filled) == ("PYTHONPATH" in clouds.interpreter(filled))


@pytest.mark.parametrize(
    ("troubles", "said", "expected"),
    [
        (
            clouds.AWS,
            "An error occurred (ResourceNotFoundException): No cluster found for name: x.",
            "there is no cluster",
        ),
        (clouds.AWS, 'You must specify a region. You can also configure by running "aws configure".', "no region"),
        (clouds.AWS, "An error occurred (ExpiredTokenException): The security token is expired", "have expired"),
        (clouds.AWS, "Token has expired and refresh failed", "have expired"),
        (clouds.AWS, "The SSO session associated with this profile has expired or is invalid.", "have expired"),
        (clouds.AWS, "Error loading SSO Token: Token for x does not exist", "there are no credentials"),
        (clouds.AWS, "Unable to locate credentials. You can configure", "there are no credentials"),
        (clouds.AWS, "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY", "there are no credentials"),
        (clouds.AWS, "Error when retrieving credentials from custom-process: x", "there are no credentials"),
        (clouds.AWS, "The config profile (x) could not be found", "profile is not there"),
        (clouds.AWS, "An error occurred (UnrecognizedClientException): invalid", "does not accept"),
        (clouds.AWS, "An error occurred (InvalidSignatureException): Signature expired", "does not accept"),
        (clouds.AWS, "An error occurred (AccessDeniedException): User: x is not authorized to perform: y", "allow"),
        (clouds.AWS, "Cluster status is CREATING", "not ready"),
        (clouds.AWS, "Provided region_name 'a b' doesn't match a supported format.", "the region `eu-west-1` cannot"),
        (clouds.AWS, 'Could not connect to the endpoint URL: "https://eks.x.amazonaws.com"', "cannot be reached"),
        (clouds.AWS, "Connect timeout on endpoint URL", "cannot be reached"),
        (clouds.AWS, "SSL validation failed for https://x", "not trusted"),
        (clouds.AWS, "aws: error: argument operation: Invalid choice, valid choices are:", "does not know"),
        (clouds.AWS, "Something new", "`aws` failed"),
        (clouds.GCLOUD, "You do not currently have an active account selected.", "nobody is logged in"),
        (clouds.GCLOUD, "There was a problem refreshing your current auth tokens: x", "not valid any more"),
        (clouds.GCLOUD, "Reauthentication failed. cannot prompt during non-interactive", "not valid any more"),
        (clouds.GCLOUD, "ResponseError: code=401, message=x", "not valid any more"),
        (clouds.GCLOUD, "code=403, message=Kubernetes Engine API has not been used in project x", "API is not enabled"),
        (clouds.GCLOUD, 'code=403, message=Required "container.clusters.get" permission(s)', "may not see it"),
        (clouds.GCLOUD, "code=404, message=Not found: projects/p", "region `europe-west1` of project `shop`"),
        (clouds.GCLOUD, "cluster x is missing endpoint. Is it still PROVISIONING?", "not ready"),
        (clouds.GCLOUD, "The project property must be set to a valid project ID, not", "`shop` is not the id"),
        (clouds.GCLOUD, "gcloud crashed (ConnectionError): Max retries exceeded", "cannot be reached"),
        (clouds.GCLOUD, "Something new", "`aws` failed"),
    ],
)
def test_what_a_complaint_means(troubles: Sequence[clouds.Trouble], said: str, expected: str) -> None:
    """Known words are explained, with a hint; unknown ones are shown as they are; all are kept."""
    failed = errors.ToolFailed("`aws` failed", argv=["aws", "x"], code=255, stderr=said)
    origin = Origin(path=PurePath("a/.kubernator.py"), line=3)
    error = clouds.explained(failed, what="it cannot be had", troubles=troubles, words=WORDS, origin=origin)
    assert error.title.startswith("it cannot be had: ")
    assert expected in error.title
    assert bool(error.hint) == (said != "Something new")
    assert error.detail[0] == ("at", "a/.kubernator.py:3:1")
    assert ("output", said) in error.detail
    assert "{" not in error.title + error.hint


def test_other_errors_of_a_program() -> None:
    """One that does not end is said to have asked something, maybe; a missing one only gets the place."""
    slow = errors.ToolTimedOut("`aws` did not end within 2 s", detail=[("command", "aws")])
    error = clouds.explained(slow, what="it cannot be had", troubles=clouds.AWS, words=WORDS)
    assert error.title == "it cannot be had: `aws` did not end within 2 s"
    assert isinstance(error, errors.TimedOut)
    assert "by hand" in error.hint
    missing = errors.ToolNotFound("`aws` is not there")
    origin = Origin(path=PurePath("x"), line=1)
    assert missing is clouds.explained(missing, what="", troubles=clouds.AWS, words=WORDS, origin=origin)
    assert missing.detail == [("at", "x:1:1")]
