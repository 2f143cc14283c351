"""Which cluster is meant."""

from __future__ import annotations

import contextlib
import json

import pytest

from kubernator import errors
from kubernator.cluster import api
from kubernator.cluster.connect import connect
from kubernator.model.gvk import GroupVersionKind
from kubernator.redaction import Secrets
from kubernator.testing.transport import ScriptedTransport, answer


def write(file, server, **cluster):
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "current-context": "a",
        "contexts": [
            {"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "web"}},
            {"name": "b", "context": {"cluster": "b"}},
        ],
        "clusters": [
            {"name": "a", "cluster": {"server": server, **cluster}},
            {"name": "b", "cluster": {"server": "https://other"}},
        ],
        "users": [{"name": "a", "user": {"token": "token-of-a"}}],
    }
    file.write_text(json.dumps(content))
    return file


@pytest.fixture
def pod(tmp_path):
    """Return the directory of a service account."""
    directory = tmp_path / "account"
    directory.mkdir()
    (directory / "token").write_text("pod-token\n")
    (directory / "ca.crt").write_text("authority")
    (directory / "namespace").write_text("home\n")
    return directory


IN_POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.mark.parametrize(
    ("named", "variable", "home", "inside", "expected"),
    [
        (True, True, True, True, "https://named"),
        (False, True, True, True, "https://variable"),
        (False, False, True, True, "https://home"),
        (False, False, False, True, "https://10.0.0.1:443"),
    ],
)
def test_the_order(*, tmp_path, pod, named, variable, home, inside, expected):
    """Named, KUBECONFIG, home, pod: what somebody chose wins over where we run."""
    environ = {"HOME": str(tmp_path / "home")}
    if variable:
        environ["KUBECONFIG"] = str(write(tmp_path / "variable", "https://variable"))
    if home:
        write(tmp_path / "home" / ".kube" / "config", "https://home/")
    if inside:
        environ |= IN_POD
    cluster = connect(
        kubeconfig=write(tmp_path / "named", "https://named") if named else None,
        secrets=Secrets(),
        environ=environ,
        service_account=pod,
    )
    assert expected == cluster.server
    assert cluster.namespace == ("home" if "10.0" in expected else "web")


def test_a_list_of_files_and_a_context(tmp_path):
    """KUBECONFIG may name several, some of them missing; the context may be another."""
    file = write(tmp_path / "a", "https://a")
    cluster = connect(
        context="b",
        secrets=Secrets(),
        environ={"KUBECONFIG": f"{tmp_path / 'missing'}:{file}:"},
        service_account=tmp_path,
    )
    assert (cluster.server, cluster.context, cluster.namespace) == ("https://other", "b", "default")


def test_no_cluster_at_all(tmp_path):
    """The error names everything that was looked at."""
    with pytest.raises(errors.Unreachable, match="no cluster is configured") as caught:
        connect(
            secrets=Secrets(),
            environ={"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "gone")},
            service_account=tmp_path / "account",
        )
    said = " ".join(text for _, text in caught.value.detail)
    assert all(word in said for word in ("KUBECONFIG", str(tmp_path / "gone"), str(tmp_path / "account")))
    assert caught.value.exit_code == 10


def test_a_named_file_must_be_there(tmp_path):
    """There is no falling back from what was asked for."""
    with pytest.raises(errors.Unreachable, match="is not there"):
        connect(kubeconfig=tmp_path / "gone", secrets=Secrets(), environ=IN_POD, service_account=tmp_path)


def test_a_pod_without_authority(pod):
    """A service account that is half there is told."""
    (pod / "ca.crt").unlink()
    with pytest.raises(errors.Unreachable, match="certificate authority of the pod"):
        connect(secrets=Secrets(), environ={"HOME": "/nowhere", **IN_POD}, service_account=pod)


@pytest.mark.parametrize(
    ("server", "cluster", "expected"),
    [
        ("https://a/", {}, "https://a"),
        ("https://a/k8s/clusters/c/", {}, "https://a/k8s/clusters/c"),
        ("a:6443", {"insecure-skip-tls-verify": True}, "https://a:6443"),
        ("a:8080", {}, "http://a:8080"),
        ("https://me:pass@a:6443/x@y", {}, "https://a:6443/x@y"),
        ("me:pass@a:8080", {}, "http://a:8080"),
    ],
)
def test_the_url_of_the_server(tmp_path, server, cluster, expected):
    """A path before the API stays; a scheme that is left out follows from what is said about TLS."""
    file = write(tmp_path / "a", server, **cluster)
    assert expected == connect(kubeconfig=file, secrets=Secrets(), environ={}).server


@pytest.mark.parametrize(("server", "packed"), [("https://api.example", True), ("https://127.0.0.1:6443", False)])
def test_what_is_said_with_each_request(tmp_path, server, packed):
    """Token and program name always; packed answers for what may be large, unless the server is on this machine."""
    transport = ScriptedTransport().on("GET", "/version", answer(200, {"gitVersion": "v1.37.2-eks-1"}))
    secrets = Secrets()
    cluster = connect(
        kubeconfig=write(tmp_path / "a", server), secrets=secrets, environ={}, transport=transport, user_agent="me/1"
    )
    assert cluster.version() == api.ServerVersion(git_version="v1.37.2-eks-1", major=1, minor=37)
    assert cluster.version().parts == ("1", "37", "2")
    (request,) = transport.requests
    assert (request.headers["Authorization"], request.headers["User-Agent"]) == ("Bearer token-of-a", "me/1")
    assert packed is ("Accept-Encoding" in request.headers)
    assert "token-of-a" not in secrets.redact("token-of-a")
    cluster.close()
    assert transport.closed


def test_a_proxy_password_is_a_secret(tmp_path):
    """It is declared before anything could print it."""
    secrets = Secrets()
    file = write(tmp_path / "a", "https://a", **{"proxy-url": "http://me:sesame%20open@proxy"})
    connect(kubeconfig=file, secrets=secrets, environ={})
    assert "sesame open" not in secrets.redact("sesame open")


@pytest.mark.parametrize(
    ("server", "cluster", "key"),
    [("https://me:sesame@[::1", {}, "server"), ("https://a", {"proxy-url": "http://me:sesame@[::1"}, "proxy-url")],
)
def test_what_is_no_url(tmp_path, server, cluster, key):
    """A bracket that is not closed is an error in words, without the URL: it may hold a password."""
    with pytest.raises(errors.Unreachable, match=f"`{key}` in the kubeconfig is not a URL") as caught:
        connect(kubeconfig=write(tmp_path / "a", server, **cluster), secrets=Secrets(), environ={})
    assert "sesame" not in str(caught.value.detail)


@pytest.mark.parametrize(("minor", "supported"), [(37, True), (29, True), (28, False)])
def test_old_servers_are_refused(minor, supported):
    """Servers before 1.29 get a clear error."""
    version = api.ServerVersion(git_version=f"v1.{minor}.4", major=1, minor=minor)
    if supported:
        api.require_supported(version)
        return
    with pytest.raises(errors.ClusterError, match=r"the API server is Kubernetes `v1\.28\.4`") as caught:
        api.require_supported(version)
    assert "1.29" in caught.value.hint


@pytest.mark.parametrize(
    ("minor", "served", "asked"), [(37, "flowcontrol.apiserver.k8s.io/v1", 0), (29, "v1", 1), (28, "v1", 1)]
)
def test_the_version_is_asked_for_only_in_doubt(minor, served, asked):
    """Discovery tells a server that is new enough, so a usual run spends no request on it."""

    class Server:
        versions = 0

        def kinds(self):
            gvk = GroupVersionKind.of(served, "Thing")
            return api.Kinds([api.Kind(gvk=gvk, plural="things", singular="thing", namespaced=True)])

        def version(self):
            self.versions += 1
            return api.ServerVersion(git_version=f"v1.{minor}.0", major=1, minor=minor)

    server = Server()
    with pytest.raises(errors.ClusterError) if minor < 29 else contextlib.nullcontext():
        api.require_supported_server(server)
    assert server.versions == asked


@pytest.mark.parametrize("body", [{"gitVersion": "latest"}, {}, []])
def test_a_version_that_is_none(tmp_path, body):
    """What does not look like an API server is told."""
    transport = ScriptedTransport().on("GET", "/version", answer(200, body))
    cluster = connect(kubeconfig=write(tmp_path / "a", "https://a"), secrets=Secrets(), environ={}, transport=transport)
    with pytest.raises(errors.ClusterError, match="which is not understood"):
        cluster.version()
