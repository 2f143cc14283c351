"""The eks plugin with the real ``aws``: what it says when a cluster cannot be had, and in whose environment."""

from __future__ import annotations

import json
import os
import re
import stat
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import cloudservers
import pytest

from kubernator.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudservers import Cloud, Ran

    from toolchain.fixtures import Moto, PathOf, Program

pytestmark = pytest.mark.tools

DEMO = {"server": "https://127.0.0.1:1", "authority": "Zm9v"}

_EXEC = {"command": "aws", "apiVersion": "client.authentication.k8s.io/v1alpha1"}
OUTDATED = {"current-context": "x", "users": [{"name": "x", "user": {"exec": _EXEC}}]}

LOOK = """
import os
from pathlib import Path
import json
file = Path(ktor.eks.kubeconfig)
seen = {
    "same": ktor.kubeconfig.kubeconfig == ktor.eks.kubeconfig,
    "mode": [oct(file.stat().st_mode & 0o777), oct(file.parent.stat().st_mode & 0o777)],
    "name": ktor.eks.name,
    "region": ktor.eks.region,
    "config": file.read_text(),
}
Path(os.environ["SEEN"]).write_text(json.dumps(seen))
"""


@pytest.fixture
def amazon() -> Iterator[Cloud]:
    """Run a cloud with the cluster `demo`."""
    with cloudservers.cloud() as state:
        state.eks("demo", **DEMO)
        yield state


class Project:
    """A tree of one script, and runs of it."""

    def __init__(self, place: Path, path: str, cloud: Cloud) -> None:
        self.tree = place / "tree"
        self.tree.mkdir()
        self.home = place / "home"
        self.path = path
        self.cloud = cloud

    def run(self, script: str, *, answers: dict[str, str] | None = None, **env: str) -> Ran:
        """Run a script with credentials and a region, unless told otherwise; an empty variable is not set.

        With ``answers`` somebody sits at a terminal.
        """
        (self.tree / ".kubernator.py").write_text(textwrap.dedent(script))
        given = {"SEEN": str(self.home / "seen"), **self.cloud.aws(AWS_DEFAULT_REGION="eu-west-1"), **env}
        ran = cloudservers.kubernator(
            self.tree,
            path=self.path,
            home=self.home,
            answers=answers,
            env={name: value for name, value in given.items() if value or name == "AWS_PAGER"},
        )
        assert cloudservers.left_over(self.home) == []
        for secret in (cloudservers.SECRET_KEY, cloudservers.ACCESS_KEY, cloudservers.SESSION_TOKEN):
            assert secret not in ran.out + ran.err
        return ran

    @property
    def seen(self) -> dict[str, object]:
        """What the script noted."""
        found: dict[str, object] = json.loads((self.home / "seen").read_text())
        return found


@pytest.fixture
def project(tmp_path: Path, path_of: PathOf, amazon: Cloud) -> Project:
    """Return a tree whose runs have the real ``aws`` and the cloud on loopback."""
    return Project(tmp_path, path_of("aws"), amazon)


def eks(name: str = "demo", **options: str) -> str:
    """Return a script that chooses a cluster."""
    more = "".join(f", {key}={value!r}" for key, value in options.items())
    return f"ktor.app.register_plugin('eks', name={name!r}{more})\n"


def test_the_kubeconfig_is_private_chosen_and_names_the_program_by_its_path(project: Project) -> None:
    """The file is there for the script, readable by its owner only, and gone afterwards."""
    project.run(eks() + LOOK).passed()
    seen = project.seen
    aws = Path(project.path.partition(os.pathsep)[0], "aws")
    assert seen["same"] is True
    assert seen["mode"] == ["0o600", "0o700"]
    assert (seen["name"], seen["region"]) == ("demo", None)
    assert f"command: {aws}" in str(seen["config"])


def test_a_region_is_handed_on(project: Project, amazon: Cloud) -> None:
    """With the option none need be configured; tokens are for that region too."""
    amazon.eks("demo", **DEMO, region="us-east-2")
    project.run(eks(region="us-east-2") + LOOK, AWS_DEFAULT_REGION="").passed()
    assert "us-east-2" in str(project.seen["config"])
    assert project.seen["region"] == "us-east-2"


@pytest.mark.parametrize(
    ("answer", "expected", "hint"),
    [
        (None, "there is no cluster of that name in the region `eu-north-1`", "list-clusters --region eu-north-1"),
        (
            (403, "ExpiredTokenException", "The security token included in the request is expired"),
            "the credentials have expired",
            "log in again",
        ),
        (
            (403, "UnrecognizedClientException", "The security token included in the request is invalid."),
            "AWS does not accept the credentials",
            "get-caller-identity",
        ),
        (
            (403, "AccessDeniedException", "User: x is not authorized to perform: eks:DescribeCluster"),
            "the credentials do not allow it",
            "eks:DescribeCluster",
        ),
        (
            {"cluster": {"name": "other", "status": "CREATING", "arn": "arn:aws:eks:eu-north-1:1:cluster/other"}},
            "the cluster is not ready",
            "aws eks wait cluster-active --name other --region eu-north-1",
        ),
        ((500, "ServerException", "boom"), "`aws` failed", ""),
    ],
)
def test_what_the_cloud_answers_is_said_with_what_helps(
    project: Project, amazon: Cloud, answer: object, expected: str, hint: str
) -> None:
    """The words of the cloud stay; a sentence about what to do comes with them, and the line that asked."""
    if answer is not None:
        amazon.clusters["other"] = answer
    words = project.run(eks("other", region="eu-north-1")).failed()
    assert words.startswith(f"error: the kubeconfig of the EKS cluster `other` cannot be had: {expected}\n")
    assert ".kubernator.py:1" in words
    assert hint in words.partition("hint:")[2]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"AWS_DEFAULT_REGION": ""}, "no region is chosen"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "there are no credentials for AWS"),
        ({"AWS_PROFILE": "nobody"}, "the chosen profile is not there"),
        ({"AWS_ENDPOINT_URL_EKS": "http://127.0.0.1:1"}, "AWS cannot be reached"),
        ({"AWS_DEFAULT_REGION": "in the east"}, "the configured region cannot be one"),
    ],
)
def test_what_is_wrong_on_this_side_is_said_too(project: Project, env: dict[str, str], expected: str) -> None:
    """What `aws` finds before it asks the cloud is explained as well."""
    assert expected in project.run(eks(), **env).failed()


def test_an_expired_login_names_the_login(project: Project) -> None:
    """A session of AWS' single sign-on that is over, which `aws` tells from a file."""
    (project.home / ".aws" / "sso" / "cache").mkdir(parents=True)
    (project.home / ".aws" / "config").write_text(
        "[profile sso]\nsso_session=x\nsso_account_id=123456789012\nsso_role_name=r\n"
        "[sso-session x]\nsso_start_url=https://example.awsapps.com/start\nsso_region=eu-west-1\n"
    )
    script = eks()
    words = project.run(script, AWS_PROFILE="sso", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="").failed()
    assert "aws sso login" in words.partition("hint:")[2]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PYTHONHOME", "/nowhere"),
        ("PYTHONPATH", "{broken}"),
        ("PYTHONWARNINGS", "error"),
        ("PYTHONINSPECT", "1"),
        ("PYTHONPLATLIBDIR", "nowhere"),
        ("VIRTUAL_ENV", "/nowhere"),
    ],
)
def test_settings_of_our_interpreter_do_not_reach_aws(
    project: Project, tmp_path: Path, variable: str, value: str
) -> None:
    """They may well be those of the program that runs us; ``aws`` is a Python of its own."""
    broken = tmp_path / "broken" / "botocore"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise SystemExit('the wrong botocore')\n")
    script = f"import os\nos.environ[{variable!r}] = {value.format(broken=broken.parent)!r}\n"
    project.run(f"{script}{eks()}{LOOK}assert ktor.awscli.version\n").passed()
    quiet = re.search(r"name: (\w+)\s+value: ''", str(project.seen["config"]))
    assert quiet is not None
    assert quiet[1] == variable


def test_an_aws_that_was_installed_by_pythonpath_keeps_it(project: Project, program: Program, tmp_path: Path) -> None:
    """Taken away, it would not start at all."""
    environment = program("aws").resolve().parents[1]
    packages = next((environment / "lib").glob("python*/site-packages"))
    script = f'exec {environment}/bin/python -S -c "import awscli.clidriver as c, sys; sys.exit(c.main())" "$@"'
    place = cloudservers.pretend(tmp_path / "own", "aws", script)
    project.path = f"{place}{os.pathsep}{project.path}"
    project.run(f"import os\nos.environ['PYTHONPATH'] = {str(packages)!r}\n{eks()}{LOOK}").passed()
    assert str(place) in str(project.seen["config"])


def test_a_cluster_of_moto(project: Project, moto: Moto, program: Program) -> None:
    """With a stand-in for all of Amazon: a cluster that was created there is found, and has tokens."""
    env = {"AWS_ENDPOINT_URL": moto.url, "AWS_ENDPOINT_URL_EKS": "", "AWS_DEFAULT_REGION": "eu-west-1"}
    create = ["eks", "create-cluster", "--name", "moto-demo", "--role-arn", "arn:aws:iam::123456789012:role/eks"]
    process.run(
        [program("aws"), *create, "--resources-vpc-config", "subnetIds=subnet-1,securityGroupIds=sg-1"],
        env={**os.environ, **project.cloud.aws(), "AWS_ENDPOINT_URL": moto.url, "AWS_DEFAULT_REGION": "eu-west-1"}
        | {"AWS_ENDPOINT_URL_EKS": moto.url},
    )
    ask = """
    argv = ktor.awscli.stanza("eks", "get-token", "--cluster-name", ktor.eks.name, region="eu-west-1")
    assert json.loads(ktor.app.run_capturing_out(argv, print))["status"]["token"].startswith("k8s-aws-v1.")
    """
    project.run(eks("moto-demo") + LOOK + textwrap.dedent(ask), **env).passed()
    assert "moto-demo" in str(project.seen["config"])


def test_a_program_that_asks_for_a_code_is_ended(project: Project, tmp_path: Path) -> None:
    """What does not end in its time is ended, and the error says what it may have waited for."""
    place = cloudservers.pretend(tmp_path / "own", "aws", "echo 'Enter MFA code for x:' >&2\nread x < /dev/zero")
    project.path = f"{place}{os.pathsep}{project.path}"
    script = "from kubernator.plugins import eks\neks._TIMEOUT = 0.5\n"
    words = project.run(script + eks()).failed(code=70)
    assert "did not end within 0.5 s" in words
    assert "Enter MFA code" in words
    assert "run the command by hand" in words


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo all is well", "`aws` ended well and wrote no kubeconfig"),
        ('echo "[" > "$6"', "`aws` ended well and wrote no kubeconfig"),
        ('printf "\\377" > "$6"', "`aws` ended well and wrote no kubeconfig"),
        ('mkdir "$6"', "cannot be read"),
        ("kill -9 $$", "signal SIGKILL"),
        ("exit 3", "exit code   3"),
        (f"echo '{json.dumps(OUTDATED)}' > \"$6\"", "`aws` is too old"),
    ],
)
def test_a_program_that_does_something_else(project: Project, tmp_path: Path, script: str, expected: str) -> None:
    """Whatever is called `aws` and on `PATH`: an error in words."""
    place = cloudservers.pretend(tmp_path / "own", "aws", script)
    project.path = f"{place}{os.pathsep}{project.path}"
    assert expected in project.run(eks()).failed()


@pytest.mark.parametrize("name", ["two words", "größe", "quote'\"s", "$(id)", "../other"])
def test_odd_names_reach_the_cloud_as_they_are(project: Project, amazon: Cloud, name: str) -> None:
    """No shell is between us and the program; the cloud says that there is no such cluster, or `aws` refuses."""
    words = project.run(eks(name)).failed()
    assert f"the EKS cluster `{name}` cannot be had" in words


def test_a_run_that_is_killed_leaves_no_credentials(project: Project) -> None:
    """The kubeconfig of a killed run stays; there is nothing in it that opens a door, and nobody else can read it."""
    (project.tree / ".kubernator.py").write_text(eks() + "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    ran = cloudservers.kubernator(
        project.tree, path=project.path, home=project.home, env=project.cloud.aws(AWS_DEFAULT_REGION="eu-west-1")
    )
    assert ran.code == -9
    (left,) = cloudservers.left_over(project.home)
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    assert not re.search("token:|k8s-aws|AKIA", (left / "config").read_text())


def test_a_code_of_a_second_factor_is_asked_for_at_the_terminal(
    project: Project, program: Program, tmp_path: Path
) -> None:
    """``aws`` and what it calls for credentials may read the terminal; without one they would wait in vain."""
    asks = f"""
case "$*" in *update-kubeconfig*)
    printf 'code, please: ' >&2
    read code < /dev/tty
    [ "$code" = 123456 ] || exit 9 ;;
esac
exec {program("aws")} "$@"
"""
    place = cloudservers.pretend(tmp_path / "own", "aws", asks)
    project.path = f"{place}{os.pathsep}{project.path}"
    answers = {"code, please: ": "123456\n"}
    ran = project.run(eks() + LOOK, answers=answers)
    ran.passed()
    assert project.seen["name"] == "demo"
    assert "the kubeconfig of the EKS" in project.run(eks(), answers={"code, please: ": "no\n"}).err
