"""Every fault in every phase of a run: it ends well, or in words and with the truth; the next run does the rest.

With ``KUBERNATOR_FAULTS=all`` each fault meets each phase, and the soak is long; else a choice in which each fault and
each phase occurs.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from faulty import Scene, everything, writes
from trees import UNWANTED

from kubernator.testing.faults import (
    Cut,
    Drop,
    Fault,
    FaultProxy,
    Hang,
    Meanwhile,
    Outage,
    Refuse,
    Spoil,
    WatchFault,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trees import Ran

    from kubernator.testing.fixtures import Kubectl
    from kubernator.testing.script import Seen

pytestmark = pytest.mark.cluster

PAGE = b"<!DOCTYPE html><html><head><title>Corporate Portal</title></head><body>Sign in</body></html>"
HTML = {"Content-Type": "text/html"}
UNTYPED = "failed to create typed patch object (a/b; /v1, Kind=X): .spec.bogus: field not declared in schema"

#: What happens, by name; each is given which requests are meant.
FAULTS: dict[str, Callable[..., Fault]] = {
    "400": lambda *on, **more: Refuse(*on, status=400, reason="BadRequest", **more),
    "401 once": lambda *on, **more: Refuse(*on, status=401, **more),
    "409 stale": lambda *on, **more: Refuse(*on, status=409, reason="Conflict", **more),
    "410": lambda *on, **more: Refuse(*on, status=410, reason="Expired", **more),
    "422": lambda *on, **more: Refuse(*on, status=422, reason="Invalid", **more),
    "429": lambda *on, **more: Refuse(*on, status=429, times=3, **more),
    "429 with Retry-After": lambda *on, **more: Refuse(*on, status=429, headers={"Retry-After": "1"}, **more),
    "500": lambda *on, **more: Refuse(*on, status=500, reason="InternalError", **more),
    "500 untyped": lambda *on, **more: Refuse(*on, status=500, message=UNTYPED, **more),
    "500 no leader": lambda *on, **more: Refuse(*on, status=500, message="etcdserver: leader changed", **more),
    "502": lambda *on, **more: Refuse(*on, status=502, **more),
    "503": lambda *on, **more: Refuse(*on, status=503, **more),
    "503 with Retry-After": lambda *on, **more: Refuse(*on, status=503, headers={"Retry-After": "1"}, **more),
    "504": lambda *on, **more: Refuse(*on, status=504, **more),
    "504 after it was done": lambda *on, **more: Refuse(*on, status=504, forward=True, **more),
    "connections refused": lambda *on, **more: Outage(*on, seconds=0.5, **more),
    "ended before": Drop,
    "reset before": lambda *on, **more: Drop(*on, reset=True, **more),
    "answer lost": lambda *on, **more: Drop(*on, forward=True, **more),
    "reset instead of the answer": lambda *on, **more: Drop(*on, forward=True, reset=True, **more),
    "cut in the body": lambda *on, **more: Cut(*on, size=20, **more),
    "truncated body": lambda *on, **more: Spoil(*on, way="truncated", **more),
    "body shorter than its length": lambda *on, **more: Spoil(*on, way="short", **more),
    "body longer than its length": lambda *on, **more: Spoil(*on, way="surplus", **more),
    "no gzip": lambda *on, **more: Spoil(*on, way="gzip", **more),
    "no HTTP": lambda *on, **more: Spoil(*on, way="garbage", **more),
    "slow headers": lambda *on, **more: Spoil(*on, way="headers", **more),
    "slow body": lambda *on, **more: Spoil(*on, way="drip", **more),
    "web page 200": lambda *on, **more: Refuse(*on, status=200, body=PAGE, headers=HTML, **more),
    "web page 403": lambda *on, **more: Refuse(*on, status=403, body=PAGE, headers=HTML, **more),
    "web page 502": lambda *on, **more: Refuse(*on, status=502, body=PAGE, headers=HTML, **more),
    "redirect": lambda *on, **more: Refuse(*on, status=307, headers={"Location": "https://sso.example.com/"}, **more),
    "watch ends at once": lambda *on, **more: WatchFault(*on, times=3, **more),
    "watch ends early": lambda *on, **more: WatchFault(*on, events=1, **more),
    "watch expires": lambda *on, **more: WatchFault(*on, then="error", **more),
    "watch has an error": lambda *on, **more: WatchFault(*on, then="error", code=500, **more),
    "half a line": lambda *on, **more: WatchFault(*on, then="half", **more),
}
#: Takes as long as a request is waited for.
SLOW: dict[str, Callable[..., Fault]] = {
    "hangs": Hang,
    "hangs after it was done": lambda *on, **more: Hang(*on, forward=True, **more),
}
#: Read to its end to be spoilt, which a watch does not have: it is silent instead, for as long as silence is believed.
SPOILT = {"truncated body", "body shorter than its length", "body longer than its length", "no gzip", "no HTTP"} | {
    "slow headers",
    "slow body",
}
WATCH_ONLY = {name for name in FAULTS if name.startswith("watch ")} | {"half a line"}
PHASES = (
    "discovery",
    "list",
    "dry run",
    "create",
    "update",
    "hand-over",
    "delete of a replacement",
    "create of a replacement",
    "list of a wait",
    "watch of a wait",
)


def phase(name: str, ns: str, proxy: FaultProxy) -> tuple[str, str, Callable[[Seen], bool] | None]:
    """Return which requests belong to a phase: method, path, and what is to be looked at more closely."""
    configs = f"/api/v1/namespaces/{ns}/configmaps"
    apps = f"/apis/apps/v1/namespaces/{ns}/deployments"

    def hands_over(seen: Seen) -> bool:
        return seen.writes and seen.headers["Content-Type"] == "application/json-patch+json"

    def late(seen: Seen) -> bool:
        return bool(proxy.carried_out) and "watch=true" not in seen.path

    found: dict[str, tuple[str, str, Callable[[Seen], bool] | None]] = {
        "discovery": ("GET", "/apis$", None),
        "list": ("GET", rf"{configs}\?", None),
        "dry run": ("PATCH", f"{configs}/fresh.*dryRun=All", None),
        "create": ("PATCH", f"{configs}/fresh", writes),
        "update": ("PATCH", f"{configs}/changed", writes),
        "hand-over": ("PATCH", f"{apps}/legacy", hands_over),
        "delete of a replacement": ("DELETE", ".*/once", None),
        "create of a replacement": ("PATCH", ".*/jobs/once", writes),
        "list of a wait": ("GET", apps, late),
        "watch of a wait": ("GET", f"{apps}.*watch=true", None),
    }
    return found[name]


def pairs() -> list[tuple[str, str]]:
    """Return which faults meet which phases."""
    if everything():
        return [
            (fault, at)
            for fault in {**FAULTS, **SLOW}
            for at in PHASES
            if fault not in WATCH_ONLY or at == "watch of a wait"
        ]
    chosen = []
    for number, fault in enumerate(FAULTS):
        at = PHASES[(number * 3) % len(PHASES)] if fault not in WATCH_ONLY else "watch of a wait"
        chosen.append((fault, "list" if fault in SPOILT and at == "watch of a wait" else at))
    return [*chosen, *MUST]


#: Where an answer that is lost, or never came, matters most.
MUST = [
    ("answer lost", "create"),
    ("answer lost", "update"),
    ("answer lost", "hand-over"),
    ("answer lost", "delete of a replacement"),
    ("answer lost", "create of a replacement"),
    ("504 after it was done", "create"),
    ("truncated body", "create"),
    ("409 stale", "create of a replacement"),
    ("422", "create of a replacement"),
    ("503", "list of a wait"),
]


@pytest.fixture
def scenes(kubeconfig: Path, kubectl: Kubectl, tmp_path: Path) -> Iterator[Callable[..., tuple[Scene, FaultProxy]]]:
    """Hand out prepared scenes, each behind a proxy."""
    made: list[Scene] = []
    proxies: list[FaultProxy] = []

    def make(**more: Any) -> tuple[Scene, FaultProxy]:
        directory = tmp_path / str(len(made))
        directory.mkdir()
        scene = Scene(f"t-{secrets.token_hex(4)}", directory / "tree", kubeconfig, kubectl).prepare()
        made.append(scene)
        proxies.append(FaultProxy(kubeconfig, directory=directory, **more).__enter__())
        return scene, proxies[-1]

    yield make
    for proxy in proxies:
        proxy.__exit__(None, None, None)
    for scene in made:
        scene.close()


@pytest.fixture(scope="module")
def undisturbed(
    kubeconfig: Path, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Any, int]:
    """Return the end of a run that nothing befell, what it wrote, and how many requests it sent."""
    directory = tmp_path_factory.mktemp("undisturbed")
    scene = Scene(f"t-{secrets.token_hex(4)}", directory / "tree", kubeconfig, kubectl).prepare()
    with FaultProxy(kubeconfig, directory=directory) as proxy:
        ran = scene.run(proxy)
        assert ran.code == 0, ran.err
        found = scene.state(), scene.writes(proxy.carried_out), len(proxy.seen)
    scene.close()
    return found


def orderly(ran: Ran, *, written: bool) -> None:
    """Assert that a run that did not end well ended in words, with a code that tells how much was done."""
    assert not [text for text in UNWANTED if text in ran.err], ran.err
    if ran.code:
        assert ran.blocks, ran.err
        assert ran.blocks[-1].startswith("error: "), ran.err
        assert ran.code in ({4, 7, 8, 70} if written else {1, 4, 8}), (ran.code, ran.err)


@pytest.mark.parametrize(("fault", "at"), pairs())
def test_a_fault_in_a_phase(scenes: Any, undisturbed: Any, fault: str, at: str) -> None:
    """The run ends well or says why not, its report is true, and what is left is done by the next one."""
    expected, whole, count = undisturbed
    scene, proxy = scenes()
    method, path, when = phase(at, scene.ns, proxy)
    proxy.add({**FAULTS, **SLOW}[fault](method, path, when=when))
    if at == "list of a wait":  # what was written says where a watch may begin, so that one must end for a list
        proxy.add(WatchFault("GET", ".*/deployments.*watch=true"))
    ran = scene.run(proxy)
    assert proxy.taken, "the fault never happened"
    orderly(ran, written=bool(proxy.carried_out))
    scene.believe(expected)
    assert len(proxy.seen) <= count + 25, "it asks too often"
    if ran.code == 0:
        assert expected == scene.state()
    proxy.release()
    proxy.settle()
    done = scene.writes(proxy.carried_out)
    proxy.clear()
    again = scene.run(proxy)
    assert again.code == 0, again.err
    assert expected == scene.state()
    missing = whole - (Counter() if "POST" in {key.split()[0] for key in done} else done)  # the old object was put back
    assert not scene.writes(proxy.carried_out) - missing, "it sends more than what is missing"


@pytest.mark.parametrize("seed", range(30 if everything() else 2))
def test_faults_at_random(scenes: Any, undisturbed: Any, seed: int) -> None:
    """Whatever comes together, runs come to the same end in the end, and none of them lies."""
    expected, _, _ = undisturbed
    scene, proxy = scenes(seed=seed)
    for make in FAULTS.values():
        proxy.add(make("*", "/", chance=0.01, when=lambda seen: "watch=true" not in seen.path))
    proxy.add(WatchFault("GET", ".*watch=true", chance=0.3, times=0))
    for _ in range(len(FAULTS)):
        before = len(proxy.carried_out)
        ran = scene.run(proxy)
        orderly(ran, written=len(proxy.carried_out) > before)
        scene.believe(expected)
        if ran.code == 0:
            break
    proxy.clear()
    assert scene.run(proxy).code == 0
    assert expected == scene.state()


PLUGIN = """
import json, pathlib, sys
token = pathlib.Path(sys.argv[1]).read_text()
version = "client.authentication.k8s.io/v1"
print(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}))
"""


@pytest.mark.parametrize("source", ["exec plugin", "token file"])
def test_a_token_that_expires_in_the_middle(
    *, scenes: Any, undisturbed: Any, kubectl: Kubectl, tmp_path: Path, source: str
) -> None:
    """The credentials are read again, and the run goes on as if nothing had happened."""
    expected, whole, _ = undisturbed
    file = tmp_path / "token"
    entry: dict[str, Any] = {"tokenFile": str(file)}
    if source == "exec plugin":
        (tmp_path / "plugin.py").write_text(PLUGIN)
        version = "client.authentication.k8s.io/v1"
        words = {"command": sys.executable, "args": [str(tmp_path / "plugin.py"), str(file)]}
        entry = {"exec": {"apiVersion": version, "interactiveMode": "Never", **words}}
    scene, proxy = scenes(user=entry)
    kubectl("create", "rolebinding", "a", "-n", scene.ns, "--clusterrole=admin", f"--serviceaccount={scene.ns}:default")
    tokens = [kubectl("create", "token", "default", "-n", scene.ns).stdout.strip() for _ in range(2)]
    file.write_text(tokens[0])

    def stale(seen: Seen) -> bool:
        return seen.headers.get("Authorization") != f"Bearer {file.read_text()}"

    proxy.add(
        Refuse("*", "/", status=401, times=0, when=stale),
        Meanwhile("*", "/", after=1, when=writes, arrived=lambda: file.write_text(tokens[1])),
    )
    ran = scene.run(proxy)
    assert ran.code == 0, ran.err
    assert expected == scene.state()
    assert whole == scene.writes(proxy.carried_out)
    assert not [token for token in tokens if token in ran.err]


def test_a_dead_server_is_told_soon(scenes: Any) -> None:
    """Where nobody listens the run says so after a few tries, and with what to check."""
    scene, proxy = scenes()
    proxy.down()
    ran = scene.run(proxy)
    assert ran.code == 1
    assert "refuses connections" in ran.block("error: ")
    assert "hint: check that the server runs" in ran.blocks[-1]


def test_a_server_that_dies_in_a_wait_is_told(scenes: Any) -> None:
    """What was written is reported, and that nothing is heard is not laid at the door of the objects."""
    scene, proxy = scenes()
    proxy.add(Outage("GET", ".*/deployments.*watch=true", seconds=1000))
    ran = scene.run(proxy, "--timeout", "3s")
    assert ran.code == 70
    assert "refuses connections; last seen: " in ran.blocks[-1]


def test_a_lost_answer_is_not_kept_quiet(scenes: Any) -> None:
    """What was made by a request whose answer was lost is in the report as made."""
    scene, proxy = scenes()
    method, path, when = phase("create", scene.ns, proxy)
    proxy.add(Drop(method, path, when=when, forward=True))
    assert scene.run(proxy).code == 0
    changes = json.loads(scene.report.read_text())["changes"]
    assert [change["outcome"] for change in changes if change["name"] == "fresh"] == ["created"]


def test_a_definition_that_the_server_has_not_taken_in(
    kubeconfig: Path, kubectl: Kubectl, tmp_path: Path, namespace: str
) -> None:
    """For a moment after a CRD of ours its objects are refused with a 500: they are tried again, unlike all others."""
    scene = Scene(namespace, tmp_path / "tree", kubeconfig, kubectl, whole=True).prepare()
    things = f"/apis/{namespace}.example.com/v1/.*"
    with FaultProxy(kubeconfig, directory=tmp_path) as proxy:
        proxy.add(Refuse("PATCH", things, status=500, message=UNTYPED, times=3))
        ran = scene.run(proxy)
        assert ran.code == 0, ran.err
        assert len(proxy.taken) == 3
    scene.close()
