"""Kubeconfig files: reading, merging, choosing."""

from __future__ import annotations

import base64
import json

import pytest

from kubernator import errors
from kubernator.cluster import kubeconfig


def b64(text):
    return base64.b64encode(text.encode()).decode()


def config(*, user=None, cluster=None, context=None, name="a", current="a", **extra):
    return {
        "current-context": current,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, **(context or {})}}],
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}", **(cluster or {})}}],
        "users": [{"name": name, "user": user or {}}],
        **extra,
    }


@pytest.fixture
def select(tmp_path):
    """Return a function that writes a kubeconfig and selects its context."""

    def function(**kwargs):
        file = tmp_path / "config"
        file.write_text(json.dumps(config(**kwargs)))
        return kubeconfig.load([file], must_exist=True).select()

    return function


def test_a_whole_one(tmp_path):
    """YAML with everything in it becomes one selection; relative paths start at the file."""
    (tmp_path / "ca.pem").write_text("authority")
    (tmp_path / "token").write_text("t")
    file = tmp_path / "config"
    file.write_text(
        f"""
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: {{cluster: c, user: u, namespace: web}}
clusters:
- name: c
  cluster:
    server: https://api.example:6443/prefix/
    certificate-authority: ca.pem
    tls-server-name: other.example
    proxy-url: socks5://proxy:1080
    disable-compression: true
    extensions:
    - name: client.authentication.k8s.io/exec
      extension: {{audience: x}}
users:
- name: u
  user:
    client-certificate-data: {b64("certificate")}
    client-key-data: {b64("key")}
    tokenFile: token
    as: jane
    as-uid: "7"
    as-groups: [dev, ops]
    as-user-extra: {{scopes: [view]}}
"""
    )
    found = kubeconfig.load([file], must_exist=True).select()
    assert (found.context, found.namespace) == ("dev", "web")
    assert found.cluster == kubeconfig.ClusterEntry(
        server="https://api.example:6443/prefix/",
        authority=b"authority",
        server_name="other.example",
        proxy_url="socks5://proxy:1080",
        compression=False,
        exec_config={"audience": "x"},
    )
    assert found.user == kubeconfig.UserEntry(
        certificate=b"certificate",
        key=b"key",
        token_file=tmp_path / "token",
        impersonate="jane",
        impersonate_uid="7",
        impersonate_groups=("dev", "ops"),
        impersonate_extra=(("scopes", ("view",)),),
    )


def test_the_first_of_several_files_wins(tmp_path):
    """Whole entries by name, the first current context that is set, missing files passed over."""
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_text(json.dumps(config(name="a", current="", cluster={"tls-server-name": "first"})))
    second = config(name="a", current="b", cluster={"tls-server-name": "second", "proxy-url": "http://x"})
    second["contexts"].append({"name": "b", "context": {"cluster": "a"}})
    two.write_text(json.dumps(second))
    merged = kubeconfig.load([tmp_path / "missing", one, two, one], must_exist=False)
    found = merged.select()
    assert (found.context, found.cluster.server_name, found.cluster.proxy_url) == ("b", "first", "")
    assert merged.files == (one, two)


def test_a_relative_path_belongs_to_its_own_file(tmp_path):
    """Of two files in two directories each finds its own neighbour."""
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ca").write_text(name)
        content = config(name=name, current=name, cluster={"certificate-authority": "ca"})
        (tmp_path / name / "config").write_text(json.dumps(content))
    merged = kubeconfig.load([tmp_path / "x" / "config", tmp_path / "y" / "config"], must_exist=True)
    assert [merged.select(name).cluster.authority for name in ("x", "y")] == [b"x", b"y"]


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"command": "tool"}, "tool"),
        ({"command": "/bin/tool"}, "/bin/tool"),
        ({"command": "bin/tool"}, "{}/bin/tool"),
        ({"command": "./tool"}, "{}/tool"),
    ],
)
def test_where_an_exec_plugin_is(select, tmp_path, user, expected):
    """A bare name is looked up in PATH, a relative path starts at the file."""
    version = "client.authentication.k8s.io/v1beta1"
    found = select(user={"exec": {"apiVersion": version, **user}})
    assert found.user.program.command == expected.format(tmp_path)
    assert found.user.program.interactive_mode == "IfAvailable"


V1 = "client.authentication.k8s.io/v1"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"current": ""}, "the kubeconfig has no current context"),
        ({"current": "b"}, "the kubeconfig has no context `b`"),
        ({"context": {"cluster": "x"}}, "`cluster` of context `a` in the kubeconfig names `x`, which is not there"),
        ({"context": {"user": "x"}}, "`user` of context `a` in the kubeconfig names `x`, which is not there"),
        ({"context": {"cluster": ""}}, "`cluster` of context `a` in the kubeconfig is missing"),
        ({"cluster": {"server": ""}}, "`server` of cluster `a` in the kubeconfig is missing"),
        ({"cluster": {"server": 7}}, "`server` of cluster `a` in the kubeconfig is not a string"),
        (
            {"cluster": {"certificate-authority-data": "%%"}},
            "`certificate-authority-data` of cluster `a` in the kubeconfig is not base64",
        ),
        ({"cluster": {"certificate-authority": "gone"}}, "which cannot be read: No such file or directory"),
        (
            {"cluster": {"insecure-skip-tls-verify": "yes"}},
            "`insecure-skip-tls-verify` of cluster `a` in the kubeconfig is not `true` or `false`",
        ),
        (
            {"cluster": {"insecure-skip-tls-verify": True, "certificate-authority-data": b64("x")}},
            "contradicts `certificate-authority`",
        ),
        ({"user": {"token": 12345678}}, "`token` of user `a` in the kubeconfig is not a string"),
        (
            {"user": {"token": "sesame", "username": "x"}},
            "`token` of user `a` in the kubeconfig and `username` exclude",
        ),
        ({"user": {"client-key-data": b64("sesame")}}, "`client-certificate` of user `a` in the kubeconfig is missing"),
        ({"user": {"client-certificate-data": b64("x")}}, "`client-key` of user `a` in the kubeconfig is missing"),
        (
            {"user": {"auth-provider": {"name": "gcp"}}},
            "`auth-provider` of user `a` in the kubeconfig is not supported",
        ),
        ({"user": {"as-groups": ["x"]}}, "`as` of user `a` in the kubeconfig is missing beside"),
        ({"user": {"as": "x", "as-groups": "x"}}, "`as-groups` of user `a` in the kubeconfig is not a list of strings"),
        ({"user": {"exec": []}}, "`exec` of user `a` in the kubeconfig is not a map"),
        ({"user": {"exec": {"apiVersion": V1}}}, "`command` of `exec` of user `a` in the kubeconfig is missing"),
        ({"user": {"exec": {"command": "x"}}}, "`apiVersion` of `exec` of user `a` in the kubeconfig is missing"),
        (
            {"user": {"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1alpha1"}}},
            "is `client.authentication.k8s.io/v1alpha1`, which is not supported",
        ),
        ({"user": {"exec": {"command": "x", "apiVersion": V1}}}, "`interactiveMode` of `exec` of user `a`"),
        (
            {"user": {"exec": {"command": "x", "apiVersion": V1, "interactiveMode": "Perhaps"}}},
            "in the kubeconfig is `Perhaps`",
        ),
        (
            {"user": {"exec": {"command": "x", "apiVersion": V1, "interactiveMode": "Never", "env": [{"value": "x"}]}}},
            "is not a list of `name` and `value`",
        ),
        (
            {
                "user": {
                    "exec": {
                        "command": "x",
                        "apiVersion": V1,
                        "interactiveMode": "Never",
                        "env": [{"name": "A", "value": 1}],
                    }
                }
            },
            "has a value under `A` that is not a string",
        ),
        ({"users": [{"name": "a", "user": {}}, {"name": "a", "user": {}}]}, "the kubeconfig has user `a` twice"),
        ({"users": [{"user": {}}]}, "`users[0]` in the kubeconfig has no `name`"),
        ({"users": {}}, "`users` in the kubeconfig is not a list"),
    ],
)
def test_what_is_wrong_is_named(select, tmp_path, content, words):
    """File and key are named, values that may be credentials are not."""
    with pytest.raises(errors.Unreachable) as caught:
        select(**content)
    assert words in caught.value.title
    assert ("at", str(tmp_path / "config")) in caught.value.detail
    assert "sesame" not in f"{caught.value.title} {caught.value.detail} {caught.value.hint}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a: [b", "is not YAML"),
        ('token: "sesame\n', "is not YAML"),
        ("[]", "is not a map"),
        ("\xff", "it is not UTF-8"),
    ],
)
def test_unreadable_files(tmp_path, content, words):
    """The text of a broken file is not quoted."""
    file = tmp_path / "config"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(errors.Unreachable) as caught:
        kubeconfig.load([file], must_exist=True)
    assert words in caught.value.title
    assert "sesame" not in f"{caught.value.title} {caught.value.detail}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_missing_files(tmp_path):
    """A file that must be there is missed, another is not; an empty one has nothing in it."""
    with pytest.raises(errors.Unreachable, match="is not there"):
        kubeconfig.load([tmp_path / "x"], must_exist=True)
    assert kubeconfig.load([tmp_path / "x"], must_exist=False).files == ()
    (tmp_path / "empty").write_text("")
    assert kubeconfig.load([tmp_path / "empty"], must_exist=True).contexts == {}


def test_nothing_secret_is_printed(select):
    """The printed forms of entries have no credentials in them."""
    found = select(user={"token": "sesame"})
    assert "sesame" not in repr(found)
