"""Signals at any moment of a run: what is under way ends, nothing new starts, the report tells, the next run resumes.

Nothing here waits for time to pass: the proxy tells when a request has come, and holds it until it is let go.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import pytest
from faulty import Scene, writes
from trees import REGISTER, UNWANTED, Ran, ended

from kubernator.testing.faults import Delay, FaultProxy, Hang, Meanwhile, Refuse

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}
POLITE = "once more to leave at once"


@pytest.fixture
def scenes(kubeconfig: Path, kubectl: Kubectl, tmp_path: Path) -> Iterator[Callable[..., tuple[Scene, FaultProxy]]]:
    """Hand out prepared scenes, each behind a proxy."""
    made: list[tuple[Scene, FaultProxy]] = []

    def make(*, whole: bool = False) -> tuple[Scene, FaultProxy]:
        directory = tmp_path / str(len(made))
        directory.mkdir()
        name = f"t-{secrets.token_hex(4)}"
        scene = Scene(name, directory / "tree", kubeconfig, kubectl, whole=whole).prepare()
        made.append((scene, FaultProxy(kubeconfig, directory=directory).__enter__()))
        return made[-1]

    yield make
    for scene, proxy in made:
        proxy.__exit__(None, None, None)
        scene.close()


@contextmanager
def running(scene: Scene, proxy: FaultProxy) -> Iterator[subprocess.Popen[str]]:
    """Run the tree as a process of its own, which never outlives the test."""
    with scene.program(proxy.kubeconfig).start(*scene.arguments()) as process:
        try:
            yield process
        finally:
            process.kill()


def until(pipe: IO[str] | None, text: str) -> str:
    """Read lines until one has a text in it."""
    assert pipe is not None
    read = ""
    for line in pipe:
        read += line
        if text in line:
            return read
    raise AssertionError(f"{text!r} was never said:\n{read}")


def interrupted(process: subprocess.Popen[str], number: int, *, already: str = "") -> Ran:
    """Wait for the end of a process that got a signal, and assert that it ended as one does."""
    ran = ended(process, already=already)
    assert CODES[number] == ran.code, ran.err
    assert not [text for text in UNWANTED if text in ran.err], ran.err
    return ran


def outcomes(scene: Scene) -> dict[str, str]:
    report = json.loads(scene.report.read_text())
    assert report["interrupted"] is True
    changes = report["changes"]
    return {f"{change['kind']}/{change['name']}".replace(scene.ns, "NS"): change["outcome"] for change in changes}


def resumed(scene: Scene, proxy: FaultProxy) -> None:
    """Assert that a second run does the rest, and that a third one has nothing left."""
    proxy.release()
    proxy.settle()
    proxy.clear()
    again = scene.run(proxy)
    assert again.code == 0, again.err
    assert None not in scene.state().values()
    proxy.clear()
    assert scene.run(proxy).code == 0
    assert proxy.written == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("path", ["/apis$", "/api/v1/namespaces/.*/configmaps"])
def test_in_the_plan_it_ends_though_the_server_hangs(scenes: Any, path: str, number: int) -> None:
    """Nothing was written, so that nobody waits for an answer that may never come."""
    scene, proxy = scenes()
    proxy.add(Hang("GET", path))
    with running(scene, proxy) as process:
        proxy.wait_for("GET", path)
        process.send_signal(number)
        interrupted(process, number)
    assert proxy.written == []
    resumed(scene, proxy)


def test_in_the_walk_it_ends_the_programs_of_scripts(scenes: Any, tmp_path: Path) -> None:
    """A program that a script runs is ended with the run."""
    scene, proxy = scenes()
    script = (scene.root / ".kubernator.py").read_text()
    said = tmp_path / "said"
    words = ["sh", "-c", f"echo $$ > {said}; kill -INT $PPID; exec sleep 1000"]
    (scene.root / ".kubernator.py").write_text(f"{REGISTER}ktor.app.run({words!r}, None, None).wait()\n")
    with running(scene, proxy) as process:
        interrupted(process, signal.SIGINT)
    with pytest.raises(ProcessLookupError):
        os.kill(int(said.read_text()), 0)
    assert proxy.seen == []
    (scene.root / ".kubernator.py").write_text(script)
    resumed(scene, proxy)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_writing_what_is_under_way_ends_and_nothing_new_starts(scenes: Any, number: int) -> None:
    """The write that was sent is heard out and reported; everything after it is left for the next run."""
    scene, proxy = scenes(whole=True)
    proxy.add(Delay("PATCH", ".*/api/v1/namespaces/[^/]*$|/api/v1/namespaces/[^/]*[?]", when=writes))
    with running(scene, proxy) as process:
        proxy.wait_for("PATCH", "/api/v1/namespaces/[^/]*[?](?!.*dryRun)")
        process.send_signal(number)
        said = until(process.stderr, POLITE)
        before = len(proxy.written)
        proxy.release()
        ran = interrupted(process, number, already=said)
    assert before == len(proxy.written)
    assert "error: interrupted, " in ran.err
    made = outcomes(scene)
    assert made["Namespace/NS-new"] == "created"
    assert made["ConfigMap/fresh"] == "skipped"
    assert len(proxy.carried_out) == sum(outcome in {"created", "updated", "replaced"} for outcome in made.values())
    resumed(scene, proxy)


def test_in_the_middle_of_a_replacement_the_new_object_is_made(scenes: Any) -> None:
    """Between the deletion and the create there is no object, so a polite end comes after both."""
    scene, proxy = scenes()
    proxy.add(Delay("DELETE", ".*/once"))
    with running(scene, proxy) as process:
        proxy.wait_for("DELETE", ".*/once")
        process.send_signal(signal.SIGINT)
        said = until(process.stderr, POLITE)
        proxy.release()
        interrupted(process, signal.SIGINT, already=said)
    assert outcomes(scene)["Job/once"] == "replaced"
    assert scene.state()["Job/once"] is not None
    resumed(scene, proxy)


def test_while_waiting_the_wait_ends(scenes: Any) -> None:
    """Everything was written; the report says so."""
    scene, proxy = scenes()
    proxy.add(Hang("GET", ".*/deployments.*watch=true", times=0))
    with running(scene, proxy) as process:
        proxy.wait_for("GET", ".*/deployments.*watch=true")
        process.send_signal(signal.SIGTERM)
        interrupted(process, signal.SIGTERM)
    assert set(outcomes(scene).values()) == {"created", "updated", "replaced", "unchanged"}
    resumed(scene, proxy)


def test_while_it_is_held_off_by_the_server(scenes: Any) -> None:
    """Who is told to come back in a minute does not stay for that minute."""
    scene, proxy = scenes()
    proxy.add(Refuse("GET", ".*/configmaps", status=429, headers={"Retry-After": "50"}, times=0))
    with running(scene, proxy) as process:
        proxy.wait_for("GET", ".*/configmaps")
        process.send_signal(signal.SIGINT)
        interrupted(process, signal.SIGINT)
    assert proxy.written == []
    proxy.clear()
    resumed(scene, proxy)


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_twice_it_leaves_at_once(scenes: Any, number: int, times: int) -> None:
    """A server that never answers holds nobody who asks twice; a third signal changes nothing."""
    scene, proxy = scenes()
    proxy.add(Hang("*", "/", when=writes, times=0))
    with running(scene, proxy) as process:
        proxy.wait_for("PATCH", "(?!.*dryRun)")
        process.send_signal(number)
        said = until(process.stderr, POLITE)
        for _ in range(times - 1):
            process.send_signal(number)
        interrupted(process, number, already=said)
    assert proxy.carried_out == []
    resumed(scene, proxy)


def test_a_signal_at_every_write(scenes: Any) -> None:
    """Whichever write it meets, the report names just what the server carried out."""
    for position in (0, 3, 6):
        scene, proxy = scenes()
        started: list[subprocess.Popen[str]] = []
        proxy.add(
            Delay("GET", "/api$"),
            Meanwhile("*", "/", when=writes, after=position, arrived=lambda: started[0].send_signal(signal.SIGINT)),  # noqa: B023
        )
        with running(scene, proxy) as process:
            started.append(process)
            proxy.release()
            interrupted(process, signal.SIGINT)
        written = {key for key, outcome in outcomes(scene).items() if outcome in {"created", "updated", "replaced"}}
        carried = {one.path.partition("?")[0].rpartition("/")[2] for one in proxy.carried_out}
        assert {key.partition("/")[2] for key in written} == carried
        resumed(scene, proxy)
