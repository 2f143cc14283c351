"""A run that is killed when any of its writes is under way, and run again: the end is that of an undisturbed run.

The tree does all that can be done to an object. With ``KUBERNATOR_FAULTS=all`` every write is a point at which the
process is killed, before the server has it and after; else a few of them are, spread over the run.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from faulty import Scene, everything, writes
from trees import ended

from kubernator.testing.faults import FaultProxy, Meanwhile

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

#: The points of a run are dealt out to so many tests.
SHARES = 8
BEFORE, AFTER = "before", "after"
#: The first half of what takes two writes may be sent again with the second, and changes nothing then.
AGAIN = Counter({"PATCH /apis/apps/v1/namespaces/NS/deployments/instructed application/apply-patch+yaml": 1})


@pytest.fixture(scope="module")
def scenes(
    kubeconfig: Path, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], tuple[Scene, FaultProxy]]]:
    """Hand out prepared scenes, each with a proxy of its own."""
    made: list[tuple[Scene, FaultProxy]] = []

    def make() -> tuple[Scene, FaultProxy]:
        directory = tmp_path_factory.mktemp("scene")
        scene = Scene(f"t-{secrets.token_hex(4)}", directory / "tree", kubeconfig, kubectl, whole=True).prepare()
        proxy = FaultProxy(kubeconfig, directory=directory)
        made.append((scene, proxy))
        return scene, proxy

    yield make
    for scene, _ in made:
        scene.close()


@pytest.fixture(scope="module")
def undisturbed(scenes: Callable[[], tuple[Scene, FaultProxy]]) -> tuple[dict[str, Any], Counter[str]]:
    """Return the end of a run that nothing befell, and what it wrote."""
    scene, proxy = scenes()
    with proxy:
        ran = scene.run(proxy)
        assert ran.code == 0, ran.err
        return scene.state(), scene.writes(proxy.carried_out)


def points(share: int, count: int) -> list[tuple[int, str]]:
    """Return the points of one share: the write by its number, and whether the server gets it first."""
    every = [(number, when) for number in range(count) for when in (BEFORE, AFTER)]
    mine = every[share::SHARES]
    return mine if everything() else mine[share % len(mine) :][:1]


@pytest.mark.parametrize("share", range(SHARES))
def test_a_run_that_is_killed_at_a_write_and_run_again(scenes: Any, undisturbed: Any, share: int) -> None:
    """The second run ends as if nothing had happened, and sends only what is missing."""
    expected, whole = undisturbed
    for number, when in points(share, whole.total()):
        scene, proxy = scenes()
        with proxy:
            running = killed_at(scene, proxy, number, when)
            assert running.wait() == -9
            proxy.settle()
            done = scene.writes(proxy.carried_out)
            proxy.clear()
            ran = scene.run(proxy)
            assert ran.code == 0, (number, when, ran.err)
            assert expected == scene.state(), (number, when)
            assert not scene.writes(proxy.carried_out) - (whole - done) - AGAIN, (number, when)
            assert len(proxy.written) == len(proxy.carried_out), (number, when)


def killed_at(scene: Scene, proxy: FaultProxy, number: int, when: str) -> subprocess.Popen[str]:
    """Run the tree and kill the process when its n-th write is under way."""
    started = threading.Event()
    running: list[subprocess.Popen[str]] = []

    def kill() -> None:
        started.wait()
        running[0].kill()
        running[0].wait()

    moment: dict[str, Any] = {"arrived": kill, "forward": False} if when == BEFORE else {"answered": kill}
    proxy.add(Meanwhile("*", "/", after=number, when=writes, answer=False, **moment))
    running.append(scene.program(proxy.kubeconfig).start(*scene.arguments()))
    started.set()
    ended(running[0])
    return running[0]


def test_two_runs_at_once_on_one_tree(scenes: Any, undisturbed: Any) -> None:
    """Both end, in words; what is there afterwards is whole, and a third run has nothing to do or does the rest."""
    expected, _ = undisturbed
    scene, proxy = scenes()
    with proxy:
        program = scene.program(proxy.kubeconfig)
        both = [program.start(*scene.arguments()) for _ in range(2)]
        rans = [ended(each) for each in both]
        for ran in rans:
            assert ran.code in {0, 4, 8}, ran.err
            assert "Traceback" not in ran.err
        assert scene.run(proxy).code == 0
        assert expected == scene.state()


def test_a_killed_run_leaves_no_lock_and_no_credentials(scenes: Any, undisturbed: Any) -> None:
    """Nothing that a human would have to clear away stays behind."""
    scene, proxy = scenes()
    with proxy:
        killed_at(scene, proxy, 3, AFTER)
        proxy.clear()
        ran = scene.run(proxy)
        assert ran.code == 0, ran.err
        assert json.loads(scene.report.read_text())["interrupted"] is False
