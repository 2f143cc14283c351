"""The chain of causes, from what the server answers when asked."""

from __future__ import annotations

from typing import Any

import pytest

from kubernator import errors
from kubernator.apply import explaining, inquiry
from kubernator.cluster.api import Kind, Kinds, Listing
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.ref import ResourceRef
from kubernator.model.status import Status, StatusResult
from kubernator.workers import Workers

WAITS = StatusResult(Status.IN_PROGRESS, "0 of 1 replicas are ready")


def kind(api_version: str, name: str) -> Kind:
    gvk = GroupVersionKind.of(api_version, name)
    return Kind(gvk=gvk, plural=f"{name.lower()}s", singular=name.lower(), namespaced=name != "StorageClass")


KINDS = Kinds(
    [kind("v1", "Pod"), kind("v1", "Event"), kind("apps/v1", "ReplicaSet"), kind("storage.k8s.io/v1", "StorageClass")]
)


class Server:
    """Answers from dicts; an error in place of an answer is raised."""

    def __init__(self, *, pods: Any = (), events: Any = None, objects: Any = None, log: Any = "") -> None:
        self.pods, self.events, self.objects, self.log = pods, events or {}, objects or {}, log
        self.asked: list[str] = []

    def kinds(self) -> Kinds:
        return KINDS

    def list(self, kind: Kind, *, field_selector: str = "", **scope: Any) -> Listing:
        self.asked.append(f"{kind.plural} {scope.get('label_selector', '')}{field_selector}")
        uid = field_selector.partition("=")[2]
        items = self.pods if kind.plural == "pods" else self.events.get(uid, [])
        return Listing(items=list(_answer(items)), resource_version="1")

    def get(self, kind: Kind, *, namespace: str, name: str) -> Any:
        del namespace
        self.asked.append(f"{kind.plural}/{name}")
        return _answer(self.objects.get(name))

    def raw(self, method: str, target: str, *, accept: str) -> Any:
        del accept
        self.asked.append(f"{method} {target}")
        return _answer(self.log)


def _answer(found: Any) -> Any:
    if isinstance(found, Exception):
        raise found
    return found


def made(kind: str, name: str = "x", *, version: str = "apps/v1", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "n", "uid": f"uid-{name}", **more.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def pod(owner: tuple[str, str], status: Any, name: str = "x-1", **labels: str) -> dict[str, Any]:
    group = "batch/v1" if owner[0] == "Job" else "apps/v1"
    references = [{"apiVersion": group, "kind": owner[0], "name": owner[1], "controller": True}]
    found = {key.replace("_", "-"): value for key, value in labels.items()}
    metadata = {"ownerReferences": references, "labels": found}
    return made("Pod", name, version="v1", metadata=metadata, status=status)


def ask(server: Server, live: dict[str, Any], result: StatusResult = WAITS) -> StatusResult:
    workers = Workers()
    try:
        (found,) = explaining.explained(server, workers, [(ResourceRef.of(live), live, result)]).values()  # type: ignore[arg-type]
    finally:
        workers.close()
    return found


def crash(reason: str = "CrashLoopBackOff") -> dict[str, Any]:
    ended = {"terminated": {"exitCode": 1}}
    container = {"name": "c", "restartCount": 2, "state": {"waiting": {"reason": reason}}, "lastState": ended}
    return {"phase": "Running", "containerStatuses": [container]}


SET = made("StatefulSet", spec={"selector": {"matchLabels": {"app": "x"}}})


def test_a_crash_with_the_end_of_its_log():
    """From the object to the Pod, the container, and what it said."""
    server = Server(pods=[pod(("StatefulSet", "x"), crash())], log="one\n\ntwo\n")
    found = ask(server, SET)
    assert found.message == (
        "0 of 1 replicas are ready; Pod `x-1`: container `c`: CrashLoopBackOff (2 restarts, last exit code 1)"
    )
    assert (found.suspect, found.lines) == (True, ("one", "two"))
    assert "GET /api/v1/namespaces/n/pods/x-1/log?container=c&previous=true&tailLines=5" in server.asked


@pytest.mark.parametrize("log", [errors.Forbidden("no", status=403), errors.ApiError("gone", status=500), {"a": 1}])
def test_a_log_that_cannot_be_had(log):
    """The rest of the chain is there."""
    found = ask(Server(pods=[pod(("StatefulSet", "x"), crash())], log=log), SET)
    assert "CrashLoopBackOff" in found.message
    assert found.lines == ()


def test_a_long_line_is_shown_whole_or_not_at_all():
    """Half of a secret would not be known as one."""
    long = "x" * 3000
    found = ask(Server(pods=[pod(("StatefulSet", "x"), crash())], log=f"one\n{long}"), SET)
    assert found.lines == ("one", "… (a line of 3000 characters)")


def deployment(revision: str = "2") -> dict[str, Any]:
    metadata = {"generation": 2, "annotations": {"deployment.kubernetes.io/revision": revision}}
    return made(
        "Deployment",
        metadata=metadata,
        spec={"selector": {"matchLabels": {"app": "x"}}},
        status={"observedGeneration": 2},
    )


@pytest.mark.parametrize(("revision", "expected"), [("2", True), ("1", False)])
def test_only_pods_of_the_newest_template_speak(revision, expected):
    """Who made a Pod is asked where the Pod has something to say."""
    annotations = {"deployment.kubernetes.io/revision": revision}
    server = Server(
        pods=[pod(("ReplicaSet", "x-1a"), crash(), pod_template_hash="1a")],
        objects={"x-1a": made("ReplicaSet", "x-1a", metadata={"annotations": annotations})},
    )
    found = ask(server, deployment())
    assert expected == ("CrashLoopBackOff" in found.message) == found.suspect


def event(reason: str, message: str = "why") -> dict[str, Any]:
    return {"type": "Warning", "reason": reason, "message": message, "lastTimestamp": "2026-01-01T00:00:00Z"}


def test_without_pods_the_events_of_the_workload_tell():
    """A quota that refuses them, for one; a failure when it lasts."""
    found = ask(Server(events={"uid-x": [event("FailedCreate", "exceeded quota")]}), SET)
    assert found.message == "0 of 1 replicas are ready; FailedCreate: exceeded quota"
    assert found.suspect


def test_a_pod_that_does_not_say_why_is_asked_for_its_events():
    """A volume that is missing, for one; no proof that it never comes."""
    creating = {"phase": "Pending", "containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "Creating"}}}]}
    server = Server(pods=[pod(("StatefulSet", "x"), creating)], events={"uid-x-1": [event("FailedMount", "no secret")]})
    found = ask(server, SET)
    assert found.message.endswith("Pod `x-1`: container `c`: Creating: FailedMount: no secret")
    assert not found.suspect


def test_events_that_may_not_be_read_are_not_asked_for_again():
    """Nor is anything else made of it."""
    server = Server(events={"uid-x": errors.Forbidden("no", status=403)})
    assert ask(server, SET) == WAITS
    assert len([asked for asked in server.asked if asked.startswith("events")]) == 1


def test_pods_that_may_not_be_read_leave_the_words_of_the_workload():
    """Who may not look at Pods still hears how many are missing."""
    assert ask(Server(pods=errors.Forbidden("no", status=403)), SET) == WAITS


def test_a_failed_pod_is_no_proof_for_who_makes_another():
    """An evicted Pod stays there beside the one that was made in its place."""
    evicted = {"phase": "Failed", "reason": "Evicted"}
    assert not ask(Server(pods=[pod(("StatefulSet", "x"), evicted)]), SET).suspect


def test_many_crashes_are_not_all_read_to_the_end():
    """Nobody reads the logs of hundreds of containers."""
    workers = Workers()
    server = Server(pods=[pod(("StatefulSet", f"x{number}"), crash(), f"x{number}-0") for number in range(50)], log="a")
    spec = {"selector": {"matchLabels": {"app": "x"}}}
    objects = [made("StatefulSet", f"x{number}", spec=spec) for number in range(50)]
    cases = [(ResourceRef.of(each), each, WAITS) for each in objects]
    found = explaining.explained(server, workers, cases)  # type: ignore[arg-type]
    workers.close()
    assert all(result.suspect for result in found.values())
    assert sum(result.lines == ("a",) for result in found.values()) == 32
    assert len([asked for asked in server.asked if asked.startswith("pods ")]) == 1


def test_a_job_that_failed_says_how_its_pod_ended():
    """Its own verdict stays."""
    job = made("Job", version="batch/v1", spec={"selector": {"matchLabels": {"job": "x"}}})
    ended = {"phase": "Failed", "containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 3}}}]}
    server = Server(pods=[pod(("Job", "x"), ended)], log="boom")
    found = ask(server, job, StatusResult(Status.FAILED, "BackoffLimitExceeded"))
    assert found.message == "BackoffLimitExceeded; Pod `x-1`: container `c` exited with 3"
    assert (found.status, found.lines) == (Status.FAILED, ("boom",))


CLAIM = made("PersistentVolumeClaim", version="v1", spec={"storageClassName": "fast"})


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        ({"volumeBindingMode": "WaitForFirstConsumer"}, Status.CURRENT),
        ({"volumeBindingMode": "Immediate"}, Status.IN_PROGRESS),
        (None, Status.IN_PROGRESS),
        (errors.ApiError("broken", status=500), Status.IN_PROGRESS),
        (errors.Forbidden("no", status=403), Status.UNKNOWN),
    ],
)
def test_when_a_claim_is_bound(storage, expected):
    """Its class says whether that waits for a Pod."""
    found = ask(Server(objects={"fast": storage}), CLAIM, StatusResult(Status.IN_PROGRESS, "not bound"))
    assert expected is found.status


@pytest.mark.parametrize(
    ("result", "asked"),
    [
        (StatusResult(Status.CURRENT), False),
        (StatusResult(Status.NOT_FOUND), False),
        (StatusResult(Status.IN_PROGRESS, "the load balancer has no address"), True),
    ],
)
def test_nothing_is_asked_about_what_needs_no_reason(result, asked):
    """Causes cost requests."""
    server = Server(events={"uid-x": [event("SyncLoadBalancerFailed", "quota")]})
    found = ask(server, made("Service", version="v1"), result)
    assert asked == bool(server.asked)
    assert asked == ("SyncLoadBalancerFailed: quota" in found.message)


def test_inquiries_end_with_their_block():
    """What is asked after it is answered by nobody."""
    told: list[inquiry.Answer] = []
    with inquiry.Inquiries(Server(), told.append) as inquiries:  # type: ignore[arg-type]
        pass
    inquiries.ask(inquiry.StorageClass("x"))
    for thread in inquiries._threads:
        thread.join()
    assert told == []
