"""What keeps a Pod from being ready, read off its conditions and containers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.apply.conditions import condition, number, reason, spec_of, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubernator.model.resource import Manifest

__all__ = ["Crash", "Trouble", "trouble"]

#: Why a container waits, when it will not get out of it by itself in a moment.
_STUCK: Final = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
        "RunContainerError",
        "SignatureValidationFailed",
        "StartError",
    }
)


class Crash(NamedTuple):
    """A container that ended badly: its log may say why. ``previous``: it was started again since, ``runs`` times."""

    container: str
    previous: bool
    runs: int = 0


class Trouble(NamedTuple):
    """What speaks against a Pod, for people.

    ``suspect``: it will not pass by itself. ``failed``: the Pod has ended and will not run again. ``vague``: the Pod
    itself does not say why, its events may.
    """

    text: str
    suspect: bool = False
    failed: bool = False
    vague: bool = False
    crash: Crash | None = None

    @property
    def weight(self) -> int:
        """How much it explains: of several Pods the one with the most speaks.

        A Pod that has ended says less than one that was made in its place.
        """
        return 4 * self.suspect + 2 * (not self.vague) - self.failed


def trouble(pod: Manifest) -> Trouble | None:
    """Return what keeps a Pod from being ready; None where nothing does, or it has completed."""
    phase = status_of(pod).get("phase")
    if phase == "Failed":
        return _ended(pod)
    if phase == "Succeeded":
        return None
    if (stuck := _first(_stuck, pod)) is not None or condition(pod, "Ready").get("status") == "True":
        return stuck
    return _placing(pod) or _first(_unready, pod) or _gated(pod) or _waiting(pod)


def _first(judge: Callable[[Mapping[str, Any]], Trouble | None], pod: Manifest) -> Trouble | None:
    return next((found for container in _containers(pod) if (found := judge(container)) is not None), None)


def _placing(pod: Manifest) -> Trouble | None:
    """Say that a Pod has no node, which is no proof that it never will, or loses the one it has."""
    if (disrupted := condition(pod, "DisruptionTarget")).get("status") == "True":
        return Trouble(reason(disrupted) or "it is being evicted")
    if (scheduled := condition(pod, "PodScheduled")).get("status") == "False":
        return Trouble(f"not scheduled: {reason(scheduled)}" if reason(scheduled) else "not scheduled")
    return None


def _gated(pod: Manifest) -> Trouble | None:
    for gate in spec_of(pod).get("readinessGates") or ():
        kind = str(gate.get("conditionType"))
        if (found := condition(pod, kind)).get("status") != "True":
            return Trouble(f"readiness gate `{kind}` is not met" + (f": {reason(found)}" if reason(found) else ""))
    return None


def _waiting(pod: Manifest) -> Trouble:
    phase = status_of(pod).get("phase") or "Pending"
    return Trouble(reason(condition(pod, "Ready")) or f"the Pod is {phase}", vague=True)


def _ended(pod: Manifest) -> Trouble:
    said = reason(status_of(pod))
    for container in _containers(pod):
        end = _state(container, "terminated")
        if end and end.get("exitCode") != 0:
            text = f"{_named(container)} {_exit(end)}"
            crash = Crash(str(container.get("name")), previous=False)
            return Trouble(f"{said}; {text}" if said else text, failed=True, crash=crash)
    return Trouble(f"the Pod failed: {said}" if said else "the Pod failed", failed=True)


def _stuck(container: Mapping[str, Any]) -> Trouble | None:
    waiting = _state(container, "waiting")
    if waiting.get("reason") not in _STUCK:
        return None
    restarts = number(container, "restartCount")
    ended = _state(container, "terminated", of="lastState")
    code = f", last exit code {ended['exitCode']}" if "exitCode" in ended else ""
    why = f" ({ended['reason']})" if ended.get("reason") not in {None, "", "Error", "Completed"} else ""
    times = f" ({restarts} restart{'s' * (restarts != 1)}{code}{why})" if restarts else ""
    crash = None
    if waiting.get("reason") == "CrashLoopBackOff":
        crash = Crash(str(container.get("name")), previous=True, runs=restarts)
    return Trouble(f"{_named(container)}: {reason(waiting)}{times}", suspect=True, crash=crash)


def _unready(container: Mapping[str, Any]) -> Trouble | None:
    """Say what a container is doing that is not ready; an init container that has done its work is."""
    if container.get("ready") is True:
        return None
    end = _state(container, "terminated")
    if end:
        if end.get("exitCode") == 0:
            return None
        return Trouble(f"{_named(container)} {_exit(end)}", crash=Crash(str(container.get("name")), previous=False))
    ended = _state(container, "terminated", of="lastState")
    restarts = number(container, "restartCount")
    if restarts and ended.get("exitCode"):
        crash = Crash(str(container.get("name")), previous=True, runs=restarts)
        return Trouble(f"{_named(container)} was restarted ({restarts}) and last {_exit(ended)}", crash=crash)
    waiting = _state(container, "waiting")
    if waiting:
        return Trouble(f"{_named(container)}: {reason(waiting) or 'it waits'}", vague=True)
    return Trouble(f"{_named(container)} runs and is not ready", vague=True)


def _exit(end: Mapping[str, Any]) -> str:
    why = end.get("reason")
    return f"exited with {end.get('exitCode')}" + (f" ({why})" if why not in {None, "", "Error"} else "")


def _named(container: Mapping[str, Any]) -> str:
    return f"container `{container.get('name')}`"


def _state(container: Mapping[str, Any], kind: str, *, of: str = "state") -> dict[str, Any]:
    found = (container.get(of) or {}).get(kind)
    return found if isinstance(found, dict) else {}


def _containers(pod: Manifest) -> Iterator[Mapping[str, Any]]:
    for key in ("initContainerStatuses", "containerStatuses"):
        found = status_of(pod).get(key)
        yield from (each for each in (found if isinstance(found, list) else ()) if isinstance(each, Mapping))
