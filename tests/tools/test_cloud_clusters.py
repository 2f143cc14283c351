"""All the way: the real ``aws`` and ``gcloud``, their ways of handing out credentials, and a real API server."""

from __future__ import annotations

import base64
import json
import os
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cloudservers
import pytest

from kubernator import sandbox
from kubernator.cluster import kubeconfig
from kubernator.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloudservers import Cloud

    from toolchain.fixtures import PathOf, Program

pytestmark = [pytest.mark.tools, pytest.mark.cluster]

CREATED = ["settings", "shop"]


@dataclass
class Stage:
    """A cloud that knows the clusters `demo` of Amazon and of Google, which are one API server of ours."""

    cloud: Cloud
    google: Cloud
    sandbox: sandbox.Held
    authority: str

    def kubectl(self, *args: str, config: Path | None = None, env: dict[str, str] | None = None) -> str:
        """Run kubectl, as the sandbox's administrator unless told otherwise."""
        assert self.sandbox.binaries.kubectl
        argv = [self.sandbox.binaries.kubectl, f"--kubeconfig={config or self.sandbox.kubeconfig}", *args]
        return process.run(argv, env={**os.environ, **(env or {})}).stdout.strip()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Run a control plane that believes the tokens of both clouds."""
    place = tmp_path_factory.mktemp("stage")
    tokens = place / "tokens.csv"
    tokens.write_text(f'{cloudservers.GOOGLE_TOKEN},gke-user,1,"system:masters"\n')
    with cloudservers.cloud() as amazon, cloudservers.cloud() as google:
        flags = [
            f"--authentication-token-webhook-config-file={cloudservers.authenticator(place, amazon)}",
            "--authentication-token-webhook-version=v1",
            f"--token-auth-file={tokens}",
        ]
        with sandbox.running(say=print, apiserver_flags=flags, kubectl=True) as held:
            content = kubeconfig.load([held.kubeconfig], must_exist=True).select().cluster.authority or b""
            authority = base64.b64encode(content).decode()
            amazon.eks("demo", server=held.server, authority=authority)
            google.gke("demo", server=held.server, authority=authority)
            yield Stage(amazon, google, held, authority)


def test_the_example_of_eks_is_applied_and_then_unchanged(stage: Stage, program: Program, tmp_path: Path) -> None:
    """`aws` is asked for the kubeconfig once in a run and for a token once; nothing is left, no credential is shown."""
    place = cloudservers.recorded(program("aws"), tmp_path)
    path = f"{place}{os.pathsep}{os.environ['PATH']}"
    tree = cloudservers.ROOT / "examples" / "eks"

    def run(*args: str) -> cloudservers.Ran:
        return cloudservers.kubernator(
            tree,
            *args,
            path=path,
            home=tmp_path / "home",
            env=stage.cloud.aws(AWS_SESSION_TOKEN=cloudservers.SESSION_TOKEN),
        )

    first = run("-v", "TRACE", "apply", "--yes")
    first.passed()
    assert "EUR" in stage.kubectl("get", "configmap", "settings", "--namespace=shop", "--output=yaml")
    managed = stage.kubectl(
        "get", "configmap", "settings", "--namespace=shop", "--show-managed-fields", "--output=json"
    )
    assert json.loads(managed)["metadata"]["managedFields"][0]["manager"] == "kubernator"
    asked = [
        "eks update-kubeconfig --name demo --kubeconfig FILE --region eu-west-1",
        "--version",
        "--region eu-west-1 eks get-token --cluster-name demo --output json",
    ]
    assert cloudservers.calls(place) == asked
    second = run("dump", "-o", "json")
    assert json.loads(second.passed()) == []
    assert cloudservers.calls(place) == asked * 2
    said = first.err + second.err
    for secret in (cloudservers.ACCESS_KEY, cloudservers.SECRET_KEY, cloudservers.SESSION_TOKEN, *stage.cloud.tokens):
        assert secret not in said
    assert cloudservers.left_over(tmp_path / "home") == []


def test_the_example_of_gke_is_applied_and_then_unchanged(stage: Stage, program: Program, tmp_path: Path) -> None:
    """`gcloud` is asked for the kubeconfig, its plugin for a token, once each in a run."""
    gcloud = cloudservers.recorded(program("gcloud"), tmp_path)
    auth = cloudservers.recorded(program("gke-gcloud-auth-plugin"), tmp_path)
    path = os.pathsep.join([str(gcloud), str(auth), os.environ["PATH"]])
    tree = cloudservers.ROOT / "examples" / "gke"

    def run(*args: str) -> cloudservers.Ran:
        env = stage.google.google(tmp_path / "config")
        return cloudservers.kubernator(tree, *args, path=path, home=tmp_path / "home", env=env)

    first = run("-v", "TRACE", "apply", "--yes")
    first.passed()
    assert "EUR" in stage.kubectl("get", "configmap", "settings", "--namespace=shop", "--output=yaml")
    asked = ["container clusters get-credentials demo --region europe-west1 --project example-shop"]
    assert cloudservers.calls(gcloud) == asked
    assert cloudservers.calls(auth)[-1:] == [""]
    second = run("dump", "-o", "json")
    assert json.loads(second.passed()) == []
    assert cloudservers.calls(gcloud) == asked * 2
    assert cloudservers.GOOGLE_TOKEN not in first.err + second.err
    assert cloudservers.left_over(tmp_path / "home") == []
    assert not (tmp_path / "home" / ".kube").exists()


def test_an_interpreter_that_is_not_awss_does_not_reach_the_credentials_either(
    stage: Stage, path_of: PathOf, tmp_path: Path
) -> None:
    """The token is asked for later, by another part of the run, or by a program that a script runs with the file."""
    kubectl = stage.sandbox.binaries.kubectl
    tree = _tree(
        tmp_path,
        f"""
        import os
        os.environ.update(PYTHONHOME="/nowhere", PYTHONPLATLIBDIR="nowhere", VIRTUAL_ENV="/nowhere")
        ktor.app.register_plugin("eks", name="demo", region="eu-west-1")
        ktor.app.register_plugin("k8s")
        argv = [{str(kubectl)!r}, "--kubeconfig", ktor.eks.kubeconfig]
        argv += ["auth", "whoami", "-o", "yaml"]
        logger.info("we are %s", ktor.app.run_capturing_out(argv, logger.warning))
        """,
    )
    ran = cloudservers.kubernator(tree, "dump", path=path_of("aws"), home=tmp_path / "home", env=stage.cloud.aws())
    assert "name: seen" in ran.passed()
    assert "username: eks-user" in ran.err


def test_a_token_that_the_cluster_refuses_is_renewed_once(stage: Stage, program: Program, tmp_path: Path) -> None:
    """Then the run ends, with an error that says who did not accept what."""
    aws = f"""
case "$*" in *get-token*)
    echo "$*" >> {tmp_path}/calls
    printf '{{"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", '
    printf '"status": {{"token": "stale-token-of-somebody"}}}}'
    exit ;;
esac
exec {program("aws")} "$@"
"""
    place = cloudservers.pretend(tmp_path / "own", "aws", aws)
    tree = _tree(
        tmp_path, 'ktor.app.register_plugin("eks", name="demo", region="eu-west-1")\nktor.app.register_plugin("k8s")'
    )
    path = f"{place}{os.pathsep}{os.environ['PATH']}"
    ran = cloudservers.kubernator(tree, "dump", path=path, home=tmp_path / "home", env=stage.cloud.aws())
    words = ran.failed()
    assert "the API server does not accept our credentials" in words
    assert len((tmp_path / "calls").read_text().splitlines()) == 2
    assert "stale-token" not in ran.err
    assert cloudservers.left_over(tmp_path / "home") == []


def test_tokens_of_google_are_kept_beside_the_kubeconfig_only(
    stage: Stage, program: Program, path_of: PathOf, tmp_path: Path
) -> None:
    """The plugin of Google asks ``gcloud`` and keeps what it got; nothing of it outlives the run."""
    gcloud = f"""
case "$*" in *config-helper*)
    printf '{{"credential": {{"access_token": "{cloudservers.GOOGLE_TOKEN}", "token_expiry": "2099-01-01T00:00:00Z"}}}}'
    exit ;;
esac
exec {program("gcloud")} "$@"
"""
    place = cloudservers.pretend(tmp_path / "own", "gcloud", gcloud)
    tree = _tree(
        tmp_path,
        """
        import os
        ktor.app.register_plugin("gke", name="demo", region="europe-west1", project="example-shop")
        ktor.app.register_plugin("k8s")
        logger.info("version %s", ktor.k8s.server_git_version)
        logger.info("beside %s", sorted(os.listdir(os.path.dirname(ktor.gke.kubeconfig))))
        """,
    )
    token = tmp_path / "token"  # what somebody who is logged in has, for the first of the two programs
    token.write_text(cloudservers.GOOGLE_TOKEN)
    env = stage.google.google(tmp_path / "config", CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=str(token))
    del env["CLOUDSDK_AUTH_ACCESS_TOKEN"]
    path = f"{place}{os.pathsep}{path_of('gke-gcloud-auth-plugin')}"
    ran = cloudservers.kubernator(tree, "dump", path=path, home=tmp_path / "home", env=env)
    assert "name: seen" in ran.passed()
    assert "gke_gcloud_auth_plugin_cache" in ran.err
    assert cloudservers.GOOGLE_TOKEN not in ran.err
    assert not (tmp_path / "home" / ".kube").exists()
    assert cloudservers.left_over(tmp_path / "home") == []


def _tree(place: Path, script: str) -> Path:
    tree = place / "tree"
    tree.mkdir()
    (tree / ".kubernator.py").write_text(textwrap.dedent(script))
    (tree / "seen.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: seen\n  namespace: default\ndata: {}\n"
    )
    return tree
