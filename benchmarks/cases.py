"""Ten bad cases, tried with each tool on one control plane: what happens, and whether it is what one would want."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import actors, tools
from benchmarks.server import fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.figures import Figures

__all__ = ["CASES", "Verdict", "resumed", "try_cases"]

Manifest = dict[str, Any]

_CONSENT: Final = 'ktor.k8s.immutable_changes = {("rbac.authorization.k8s.io", "RoleBinding"): "Background"}\n'
_GROUP: Final = "cases.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a tool did in a case: whether it is what one would want, and what was seen."""

    passed: bool
    seen: str


def try_cases(figures: Figures, *, kapp: Path, say: Callable[[str], object]) -> None:
    """Try all of `CASES` with each tool, on one control plane, and take the killed run from `killed`."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch, fresh(held=False) as server:
        for number, (title, case) in enumerate(CASES.items()):
            verdicts = {}
            for tool in (tools.OURS, tools.KUBECTL, tools.KAPP):
                say(f"bad case: {title}: {tool}")
                name = f"case-{number}-{tool.split()[0].lower()}"
                actor = actors.Actor(tool=tool, name=name, server=server, directory=Path(scratch) / name, kapp=kapp)
                verdicts[tool] = case(actor)
            _note(figures, title, verdicts)
    _note(figures, "killed in the middle, then run again", {each["tool"]: resumed(each) for each in figures.killed})


def _note(figures: Figures, title: str, verdicts: Mapping[str, Verdict]) -> None:
    for tool, verdict in verdicts.items():
        figures.cases.append({"case": title, "tool": tool, "passed": verdict.passed, "seen": verdict.seen})


def resumed(killed: Mapping[str, Any]) -> Verdict:
    """Return the verdict about a second run: whether it completes, and sends nothing but what is missing."""
    sent = killed["requests"].get("write", 0)
    seen = f"{killed['missing']} missing, {sent} writes" + ("" if killed["complete"] else ", not complete")
    return Verdict(passed=killed["complete"] and killed["code"] == 0 and sent <= killed["missing"], seen=seen)


def _dropped(actor: actors.Actor) -> Verdict:
    _namespace(actor)
    actor.write("a.yaml", actor.config_map("a", keep="1", drop="2"))
    actor.apply()
    actor.write("a.yaml", actor.config_map("a", keep="1"))
    code = actor.apply()
    gone = actor.map("a") == {"keep": "1"}
    return Verdict(passed=gone and code == 0, seen="goes" if gone else f"stays, exit {code}")


def _another_manager(actor: actors.Actor) -> Verdict:
    query = "?fieldManager=somebody&force=true"
    return _changed_by_others(actor, "somebody", query, "application/apply-patch+yaml")


def _by_hand(actor: actors.Actor) -> Verdict:
    return _changed_by_others(actor, "by-hand", "?fieldManager=by-hand", "application/merge-patch+json")


def _changed_by_others(actor: actors.Actor, manager: str, query: str, content_type: str) -> Verdict:
    """Have somebody change a field of ours; it is to be kept and named, and the rest of the tree applied."""
    _namespace(actor)
    actor.write("a.yaml", actor.config_map("a", key="ours"))
    actor.write("b.yaml", actor.config_map("b", key="1"))
    actor.apply()
    path = f"/api/v1/namespaces/{actor.namespace}/configmaps/a{query}"
    actor.server.send("PATCH", path, actor.config_map("a", key="theirs"), content_type=content_type)
    actor.write("b.yaml", actor.config_map("b", key="2"))
    code = actor.apply(*(["--keep-going"] if actor.ours else []))
    kept = actor.map("a") == {"key": "theirs"}
    named = manager in actor.output and "data.key" in actor.output.replace("/", ".")
    rest = actor.map("b") == {"key": "2"}
    seen = [
        f"exit {code}",
        "kept" if kept else "overwritten",
        *([f"names {'manager and field' if named else 'neither manager nor field'}"] if kept else []),
        "the rest applied" if rest else "the rest not applied",
    ]
    return Verdict(passed=bool(code) and kept and named and rest, seen=", ".join(seen))


def _definition_late(actor: actors.Actor) -> Verdict:
    _namespace(actor)
    kind = actor.tool.split()[0].capitalize()
    plural = f"{kind.lower()}s"
    version = {"name": "v1", "served": True, "storage": True}
    version |= {"schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    actor.write("a.yaml", _custom(actor, kind))
    actor.write(
        "b.yaml",
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{_GROUP}"},
            "spec": {"group": _GROUP, "scope": "Namespaced", "names": names, "versions": [version]},
        },
    )
    return _again(actor, f"/apis/{_GROUP}/v1/namespaces/{actor.namespace}/{plural}/one")


def _custom(actor: actors.Actor, kind: str) -> Manifest:
    metadata = {"name": "one", "namespace": actor.namespace}
    return {"apiVersion": f"{_GROUP}/v1", "kind": kind, "metadata": metadata, "spec": {"size": 1}}


def _namespace_late(actor: actors.Actor) -> Verdict:
    actor.write("a.yaml", actor.config_map("a", key="1"))
    actor.write("b.yaml", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": actor.namespace}})
    return _again(actor, f"/api/v1/namespaces/{actor.namespace}/configmaps/a")


def _again(actor: actors.Actor, path: str) -> Verdict:
    """Apply once, and again if that did not do; waiting as the tool does by itself, since it may order by that."""
    code = actor.apply(wait=True)
    if code == 0 and actor.server.get(path):
        return Verdict(passed=True, seen="passes")
    second = actor.apply(wait=True)
    return Verdict(passed=False, seen=f"exit {code}, second run {'passes' if second == 0 else f'exit {second}'}")


def _immutable(actor: actors.Actor) -> Verdict:
    """Change a field that cannot be changed: refused, with nothing lost, and done by consent."""
    _namespace(actor)
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{actor.namespace}/rolebindings/a"
    actor.write("a.yaml", _binding(actor, "view"))
    actor.apply()
    actor.write("a.yaml", _binding(actor, "edit"))
    code = actor.apply()
    kept = _role(actor, path) == "view"
    refused = code != 0 and kept
    seen = f"exit {code}, {'nothing lost' if kept else 'not as it was'}"
    if actor.tool == tools.KUBECTL:  # `--force` does not go with `--server-side`
        return Verdict(passed=False, seen=f"{seen}, no way to consent")
    actor.script(_CONSENT)
    consent = [] if actor.ours else ["--apply-default-update-strategy=fallback-on-replace"]
    consented = actor.apply(*consent) == 0 and _role(actor, path) == "edit"
    return Verdict(passed=refused and consented, seen=f"{seen}, {'recreated' if consented else 'refused'} by consent")


def _binding(actor: actors.Actor, role: str) -> Manifest:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "a", "namespace": actor.namespace},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": actor.namespace}],
    }


def _role(actor: actors.Actor, path: str) -> str:
    found = actor.server.get(path) or {"roleRef": {"name": ""}}
    name: str = found["roleRef"]["name"]
    return name


def _deleted(actor: actors.Actor) -> Verdict:
    _namespace(actor)
    actor.write("a.yaml", actor.config_map("a", key="1"))
    actor.write("b.yaml", actor.config_map("b", key="1"))
    actor.apply()
    actor.write("b.yaml")
    code = actor.apply()
    gone = not actor.map("b")
    return Verdict(passed=gone and code == 0, seen="pruned" if gone else "stays")


def _waits(actor: actors.Actor) -> Verdict:
    """Apply what takes a while, then what never works: a tool waits for the one, and not for ever for the other."""
    _namespace(actor)
    actor.write("a.yaml", _deployment(actor, "a", {"sim/ready-after": "1500ms"}))
    code = actor.apply(wait=True)
    found = actor.server.get(f"/apis/apps/v1/namespaces/{actor.namespace}/deployments/a") or {}
    waited = code == 0 and found.get("status", {}).get("availableReplicas") == 1
    if not waited:
        return Verdict(passed=False, seen=f"exit {code}, does not wait")
    actor.write("b.yaml", _deployment(actor, "b", {"sim/fail": "ImagePullBackOff"}))
    limit = ["--timeout", "5s"] if actor.ours else ["--wait-timeout", "5s"]
    code = actor.apply(*limit, wait=True)
    why = "ImagePullBackOff" in actor.output
    seen = "without end" if code == actors.ENDED_BY_US else f"ends with {code}"
    reason = "says why" if why else "does not say why"
    return Verdict(passed=code > 0 and why, seen=f"waits; what never works {seen} and {reason}")


def _deployment(actor: actors.Actor, name: str, annotations: dict[str, str]) -> Manifest:
    template = {
        "metadata": {"labels": {"app": name}, "annotations": annotations},
        "spec": {"containers": [{"name": "main", "image": "registry.example.test/main:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": actor.namespace},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def _broken_service(actor: actors.Actor) -> Verdict:
    """Apply while an aggregated API does not answer."""
    _namespace(actor)
    name = "v1.broken.example.com"
    services = "/apis/apiregistration.k8s.io/v1/apiservices"
    spec = {"group": "broken.example.com", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1}
    spec |= {"insecureSkipTLSVerify": True, "service": {"namespace": "default", "name": "nobody"}}
    actor.server.send("POST", services, {"metadata": {"name": name}, "spec": spec})
    try:
        actor.write("a.yaml", actor.config_map("a", key="1"))
        code = actor.apply()
        second = actor.apply()
    finally:
        actor.server.send("DELETE", f"{services}/{name}")
    there = actor.map("a") == {"key": "1"}
    passed = there and (code, second) == (0, 0)
    return Verdict(passed=passed, seen="unaffected" if passed else f"exit {code}, second run {second}")


def _namespace(actor: actors.Actor) -> None:
    """Make the namespace, and wait until Pods can be made in it."""
    actor.server.send("POST", "/api/v1/namespaces", {"metadata": {"name": actor.namespace}})
    actor.server.until(f"/api/v1/namespaces/{actor.namespace}/serviceaccounts/default")


CASES: Final[Mapping[str, Callable[[actors.Actor], Verdict]]] = {
    "field dropped from the manifest": _dropped,
    "another manager changed our field": _another_manager,
    "our field changed by hand": _by_hand,
    "custom resource before its definition": _definition_late,
    "namespace after its objects": _namespace_late,
    "immutable field": _immutable,
    "manifest deleted from the tree": _deleted,
    "waits by default": _waits,
    "broken APIService in the cluster": _broken_service,
}
"""All but the killed run, which `killed` tries."""
