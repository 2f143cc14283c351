"""How the official client is set up from a kubeconfig; that it works is tested on the real control plane."""

from __future__ import annotations

import base64
import json
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.tools import private

if TYPE_CHECKING:
    from conftest import Project

PROGRAM_ANSWER = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "kind": "ExecCredential",
    "status": {"token": "a-token-of-a-program"},
}


def configure(project: Project, user: dict[str, Any], **cluster: Any) -> str:
    """Write a kubeconfig and return its path; the stand-in cluster is where it leads."""
    path = project.root.parent / "config"
    entry = {"server": "https://cluster.example", **cluster}
    path.write_text(
        json.dumps(
            {
                "clusters": [{"name": "c", "cluster": entry}],
                "users": [{"name": "u", "user": user}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
    )
    return str(path)


def client(project: Project, path: str) -> Any:
    project.script(
        "ktor.app.register_plugin('k8s')\nktor.globals.seen(ktor.k8s.client)\n",
        register=f"ktor.app.register_plugin('kubeconfig', kubeconfig={path!r})",
    ).walk()
    return project.seen[0]


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"token": "a-token-of-mine"}, "Bearer a-token-of-mine"),
        ({"username": "me", "password": "pass-word"}, f"Basic {base64.b64encode(b'me:pass-word').decode()}"),
        (
            {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": sys.executable,
                    "args": [
                        "-c",
                        f"import json; print(json.dumps({PROGRAM_ANSWER!r}))",
                    ],
                    "interactiveMode": "Never",
                }
            },
            "Bearer a-token-of-a-program",
        ),
    ],
    ids=["token", "password", "program"],
)
def test_credentials_of_every_kind_are_handed_over(project: Project, user: dict[str, Any], expected: str) -> None:
    """The official client says the same header as the run's own."""
    made = client(project, configure(project, user))
    assert made.configuration.auth_settings()["BearerToken"]["value"] == expected
    assert made.configuration.host == "https://cluster.example"


def test_tls_settings_and_impersonation_are_handed_over(project: Project) -> None:
    """Server name, proxy, skipped verification, and who we act as."""
    path = configure(
        project,
        {"token": "a-token-of-mine", "as": "someone", "as-groups": ["a", "b"]},
        **{"insecure-skip-tls-verify": True, "tls-server-name": "other", "proxy-url": "http://proxy.example:1"},
    )
    made = client(project, path)
    settings = made.configuration
    assert (settings.verify_ssl, settings.tls_server_name) == (False, "other")
    assert settings.proxy == "http://proxy.example:1"
    assert made.default_headers["Impersonate-User"] == "someone"


def test_certificates_are_private_files_that_go_with_the_run(project: Project) -> None:
    """What the client wants as files nobody else can read, and it is gone when the plugin ends."""
    authority = base64.b64encode(b"not checked before a connection is made").decode()
    path = configure(project, {"token": "a-token-of-mine"}, **{"certificate-authority-data": authority})
    file = Path(client(project, path).configuration.ssl_ca_cert)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    project.plugin.end(None)  # type: ignore[arg-type] - whatever the outcome
    assert not file.exists()


def test_the_files_go_when_the_process_leaves_at_once(project: Project) -> None:
    """A second interrupt skips every plugin's end; a key must not stay behind for it."""
    authority = base64.b64encode(b"not checked before a connection is made").decode()
    path = configure(project, {"token": "a-token-of-mine"}, **{"certificate-authority-data": authority})
    file = Path(client(project, path).configuration.ssl_ca_cert)
    private.remove_all()
    assert not file.exists()
