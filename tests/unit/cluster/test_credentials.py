"""Who we say that we are."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from kubernator import errors
from kubernator.cluster import auth, connect, execplugin
from kubernator.cluster.kubeconfig import ClusterEntry, ExecEntry, UserEntry
from kubernator.redaction import Secrets
from kubernator.transport import ClientCertificate

V1 = "client.authentication.k8s.io/v1"
CLUSTER = ClusterEntry(server="https://api.example")
TOKEN = "sesame-token"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def secrets():
    return Secrets()


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (UserEntry(), {}),
        (UserEntry(token="  sesame-token\n"), {"Authorization": "Bearer sesame-token"}),
        (
            UserEntry(username="jane", password="sesame-password"),
            {"Authorization": f"Basic {base64.b64encode(b'jane:sesame-password').decode()}"},
        ),
        (
            UserEntry(
                token="sesame-token",
                impersonate="joe",
                impersonate_uid="7",
                impersonate_groups=("a", "b"),
                impersonate_extra=(("example.com/scopes%", ("x", "y")),),
            ),
            {
                "Authorization": "Bearer sesame-token",
                "Impersonate-User": "joe",
                "Impersonate-Uid": "7",
                "Impersonate-Group": ("a", "b"),
                "Impersonate-Extra-example.com%2Fscopes%25": ("x", "y"),
            },
        ),
    ],
)
def test_headers_of_a_user(secrets, user, expected):
    """Token, password and impersonation become headers, and secrets that no log shows."""
    source = connect.credentials(user, cluster=CLUSTER, secrets=secrets)
    login = source.login()
    assert expected == login.headers
    assert not source.rejected(login)
    assert "sesame" not in secrets.redact(f"{login.headers}")
    assert "sesame" not in repr(login)


def test_a_certificate_goes_along_with_a_token(secrets):
    """Both are sent, one in TLS and one in the request."""
    user = UserEntry(certificate=b"c", key=b"key-of-the-user", token="t")
    login = connect.credentials(user, cluster=CLUSTER, secrets=secrets).login()
    assert login.certificate == ClientCertificate(certificate=b"c", key=b"key-of-the-user")
    assert "key-of-the-user" not in secrets.redact("key-of-the-user")


def test_a_token_file_is_read_again(tmp_path, secrets):
    """After a minute, and after a 401; a file that is being replaced leaves the old token in use."""
    file, now = tmp_path / "token", [0.0]
    source = auth.TokenFile(file, base=auth.Login(), secrets=secrets, clock=lambda: now[0])
    with pytest.raises(errors.Unauthorized, match="cannot be read: No such file"):
        source.login()
    file.write_text("one\n")
    first = source.login()
    file.write_text("two\n")
    assert source.login() is first
    now[0] = 60.0
    second = source.login()
    assert [first.headers, second.headers] == [{"Authorization": "Bearer one"}, {"Authorization": "Bearer two"}]
    assert not source.rejected(second)
    file.write_text("three\n")
    assert source.rejected(second)
    assert source.rejected(second)  # another thread that was refused with the same one
    file.write_text("")
    now[0] = 120.0
    assert source.login().headers == {"Authorization": "Bearer three"}


def credential(token=TOKEN, *, version=V1, expires=None, **status):
    content = {"token": token, **status}
    if expires:
        content["expirationTimestamp"] = expires
    return json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": content})


class Program:
    """Stands in for running a program: says what it is told to, and notes what it was told."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = []

    def __call__(self, argv, env, *, interactive, **_):
        self.calls.append((argv, json.loads(env["KUBERNETES_EXEC_INFO"]), env, interactive))
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return found


def plugin(program, secrets, *, cluster=CLUSTER, terminal=False, now=None, **entry):
    return execplugin.ExecPlugin(
        ExecEntry(**{"api_version": V1, "command": "/bin/tool", "args": ("a",), "env": (("A", "b"),), **entry}),
        cluster=cluster,
        base=auth.Login(headers={"Impersonate-User": "joe"}),
        secrets=secrets,
        run=program,
        terminal=lambda: terminal,
        clock=lambda: now[0] if now else NOW,
    )


def test_a_plugin_gives_a_token(secrets):
    """It is run once, with its arguments and environment, and its token is a secret."""
    program = Program(credential())
    source = plugin(program, secrets)
    logins = [source.login() for _ in range(3)]
    assert logins[0].headers == {"Impersonate-User": "joe", "Authorization": "Bearer sesame-token"}
    ((argv, info, env, interactive),) = program.calls
    assert (argv, env["A"], interactive) == (["/bin/tool", "a"], "b", False)
    assert info == {"apiVersion": V1, "kind": "ExecCredential", "spec": {"interactive": False}}
    assert secrets.redact("sesame-token") != "sesame-token"


def test_a_plugin_gives_a_certificate(secrets):
    """It replaces the certificate of the connection."""
    program = Program(credential(None, clientCertificateData="CERT", clientKeyData="KEY-OF-PLUGIN"))
    login = plugin(program, secrets).login()
    assert login.certificate == ClientCertificate(certificate=b"CERT", key=b"KEY-OF-PLUGIN")
    assert login.headers == {"Impersonate-User": "joe"}


def test_cluster_information(secrets):
    """A plugin that asks for it is told about the cluster."""
    cluster = ClusterEntry(
        server="https://x",
        authority=b"authority",
        server_name="y",
        proxy_url="http://p",
        compression=False,
        exec_config={"audience": "z"},
    )
    program = Program(credential())
    plugin(program, secrets, cluster=cluster, provide_cluster_info=True).login()
    assert program.calls[0][1]["spec"]["cluster"] == {
        "server": "https://x",
        "certificate-authority-data": base64.b64encode(b"authority").decode(),
        "tls-server-name": "y",
        "proxy-url": "http://p",
        "disable-compression": True,
        "config": {"audience": "z"},
    }


@pytest.mark.parametrize(
    ("mode", "terminal", "expected"),
    [("Never", True, False), ("IfAvailable", True, True), ("IfAvailable", False, False), ("Always", True, True)],
)
def test_interactive_modes(secrets, mode, terminal, expected):
    """A plugin gets the terminal when it wants one and there is one."""
    program = Program(credential())
    plugin(program, secrets, terminal=terminal, interactive_mode=mode).login()
    assert expected is program.calls[0][3]
    assert expected is program.calls[0][1]["spec"]["interactive"]


def test_a_plugin_that_must_ask(secrets):
    """Without a terminal it is not even started."""
    program = Program(credential())
    with pytest.raises(errors.Unauthorized, match="the exec plugin `tool` of the kubeconfig needs a terminal"):
        plugin(program, secrets, interactive_mode="Always").login()
    assert program.calls == []


def test_credentials_expire(secrets):
    """They are used until their time is over, then the plugin is asked again."""
    now = [NOW]
    expires = (NOW + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    program = Program(credential("one", expires=expires), credential("two"))
    source = plugin(program, secrets, now=now)
    tokens = [source.login().headers["Authorization"]]
    now[0] += timedelta(seconds=59)
    tokens.append(source.login().headers["Authorization"])
    now[0] += timedelta(seconds=1)
    tokens.append(source.login().headers["Authorization"])
    assert tokens == ["Bearer one", "Bearer one", "Bearer two"]


def test_a_refused_token_is_asked_for_once(secrets):
    """After a 401 one thread asks the plugin; the others, refused with the same token, use what it got."""
    program = Program(credential("one"), credential("two"), credential("three"))
    source = plugin(program, secrets)
    login = source.login()
    threads = [threading.Thread(target=source.rejected, args=(login,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.login().headers["Authorization"] == "Bearer two"
    assert len(program.calls) == 2


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("sesame", "did not write JSON"),
        ("[]", "did not write an object of kind `ExecCredential`"),
        ('{"kind": "sesame"}', "did not write an object of kind `ExecCredential`"),
        (credential(version="client.authentication.k8s.io/v1beta1"), f"answered in version `{V1}beta1`, not `{V1}`"),
        (json.dumps({"apiVersion": V1, "kind": "ExecCredential"}), "answered without a `status`"),
        (credential(""), "gave neither a token nor a certificate"),
        (credential("sesame", clientKeyData="sesame"), "gave half a certificate"),
        (credential(7), "gave credentials that are not strings"),
        (credential("sesame", expires="tomorrow"), "gave an `expirationTimestamp` that is not a time"),
        (errors.ToolNotFound("`tool` is not there"), "is missing"),
        (errors.ToolFailed("x", argv=["tool", "--password", "sesame"], code=3, stderr="no luck"), "failed"),
        (errors.TimedOut("`tool` did not end"), "failed"),
    ],
)
def test_a_plugin_that_fails(secrets, said, words):
    """The fault is told with the hint of the kubeconfig, and without what it wrote or was given."""
    with pytest.raises(errors.Unauthorized) as caught:
        plugin(Program(said), secrets, install_hint="ask the administrator").login()
    assert caught.value.title.startswith(f"the exec plugin `tool` of the kubeconfig {words}")
    assert "sesame" not in f"{caught.value.title} {caught.value.detail} {caught.value.hint}"
    if isinstance(said, Exception):
        assert caught.value.hint == "ask the administrator"


def test_a_real_program(tmp_path, secrets, capfd):
    """A program is run with our environment, its stderr is passed on, its stdout is read."""
    script = tmp_path / "plugin.py"
    script.write_text(
        "import json, os, sys\n"
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "print('please log in', file=sys.stderr)\n"
        "info['status'] = {'token': os.environ['A'] + sys.argv[1]}\n"
        "print(json.dumps(info))\n"
    )
    entry = ExecEntry(api_version=V1, command=sys.executable, args=(str(script), "-token"), env=(("A", "real"),))
    source = execplugin.ExecPlugin(entry, cluster=CLUSTER, base=auth.Login(), secrets=secrets, terminal=lambda: False)
    assert source.login().headers == {"Authorization": "Bearer real-token"}
    assert capfd.readouterr().err == "please log in\n"


@pytest.mark.parametrize(
    ("command", "args", "words"),
    [("no-such-plugin", (), "is missing"), (sys.executable, ("-c", "import sys; sys.exit('no luck')"), "failed")],
)
def test_a_real_program_that_fails(secrets, command, args, words):
    """What is missing says how to get it; what fails is quoted."""
    entry = ExecEntry(api_version=V1, command=command, args=args, install_hint="install it")
    source = execplugin.ExecPlugin(entry, cluster=CLUSTER, base=auth.Login(), secrets=secrets, terminal=lambda: False)
    with pytest.raises(errors.Unauthorized, match=words) as caught:
        source.login()
    assert caught.value.hint == "install it"
    if words == "failed":
        assert ("output", "no luck") in caught.value.detail


def test_a_real_program_that_asks(tmp_path, secrets, monkeypatch):
    """With a terminal a program may ask something there; its answer is still read from its stdout."""
    script = tmp_path / "plugin.py"
    script.write_text(
        "import json, os, sys\n"
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "print('password?', file=sys.stderr)\n"
        "info['status'] = {'token': sys.stdin.readline().strip()}\n"
        "print(json.dumps(info))\n"
    )
    person, terminal = os.openpty()
    os.write(person, b"typed-token\n")
    with os.fdopen(terminal, "r+b", buffering=0) as file:
        monkeypatch.setattr(sys, "stdin", file)
        monkeypatch.setattr(sys, "stderr", file)
        entry = ExecEntry(api_version=V1, command=sys.executable, args=(str(script),), interactive_mode="Always")
        login = execplugin.ExecPlugin(entry, cluster=CLUSTER, base=auth.Login(), secrets=secrets).login()
        monkeypatch.undo()
        shown = os.read(person, 1000)
    os.close(person)
    assert login.headers == {"Authorization": "Bearer typed-token"}
    assert b"password?" in shown
