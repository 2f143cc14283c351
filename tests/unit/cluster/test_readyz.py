"""Waiting for an API server that has just been started."""

from __future__ import annotations

import pytest

from kubernator import errors
from kubernator.cluster import readyz
from kubernator.redaction import Secrets
from kubernator.testing.transport import ScriptedTransport, answer

KUBECONFIG = """
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://api.example"}}]
users: [{name: u, user: {}}]
"""


@pytest.fixture
def kubeconfig(tmp_path):
    file = tmp_path / "config"
    file.write_text(KUBECONFIG)
    return file


def test_it_waits_until_it_is_ready(kubeconfig, caplog):
    """A server that is there and not ready is asked again, after a pause, until it says yes."""
    transport = ScriptedTransport()
    transport.on("GET", "/readyz", answer(500, "[-]etcd failed"), answer(403, "no"), answer(200, "ok"))
    pauses = []
    caplog.set_level("INFO")
    readyz.wait(kubeconfig, secrets=Secrets(), transport=transport, sleep=pauses.append)
    assert pauses == [2.0, 2.0]
    assert caplog.messages == ["waiting for the API server at https://api.example"]


def test_it_gives_up(kubeconfig):
    """After the limit the error shows the last answer."""
    transport = ScriptedTransport()
    transport.on("GET", "/readyz", *[answer(500, "[-]etcd failed: reason withheld")] * 9)
    now = iter(range(0, 1000, 50))
    with pytest.raises(errors.TimedOut, match=r"api\.example is not ready after 120 s") as caught:
        readyz.wait(
            kubeconfig, secrets=Secrets(), transport=transport, clock=lambda: float(next(now)), sleep=lambda _: None
        )
    assert "etcd failed" in str(caught.value.detail)
