"""A tree of everything that a run can do to an object, and the program run on it through a proxy that makes trouble."""

from __future__ import annotations

import copy
import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trees import REGISTER, Program, Ran, plant

from kubernator.cluster.connect import connect
from kubernator.model.gvk import GroupVersionKind
from kubernator.redaction import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kubernator.cluster.api import Cluster
    from kubernator.testing.faults import FaultProxy
    from kubernator.testing.fixtures import Kubectl
    from kubernator.testing.script import Seen

#: Controllers write when they get to it, before or after we look.
_CONTROLLERS = ("kube-controller-manager", "kube-scheduler", "kwok", "kube-apiserver")
_VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "generation", "selfLink")
_WRITTEN = {"created", "updated", "replaced"}


def config(ns: str, name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": ns}, "data": data}


def deployment(ns: str, name: str, *, replicas: int | None = 0, env: list[dict[str, Any]] | None = None) -> Any:
    labels = {"app": name}
    container: dict[str, Any] = {"name": "main", "image": "nginx:1"}
    if env is not None:
        container["env"] = env
    spec: dict[str, Any] = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": ns},
        "spec": spec,
    }


def job(ns: str, image: str) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once", "namespace": ns},
        "spec": {"suspend": True, "template": {"spec": pod}},
    }


def definition(ns: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{ns}.example.com"},
        "spec": {
            "group": f"{ns}.example.com",
            "names": {"kind": "Thing", "plural": "things", "singular": "thing"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def thing(ns: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{ns}.example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "a", "namespace": ns},
        "spec": {"size": 3},
    }


@dataclass
class Scene:
    """One namespace with what was there before, and the tree that is applied to it.

    The small scene creates, updates, takes over, replaces and waits; the ``whole`` one does all that an object can be
    told to do.
    """

    ns: str
    root: Path
    kubeconfig: Path
    kubectl: Kubectl
    whole: bool = False
    tree: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cluster: Cluster = connect(kubeconfig=self.kubeconfig, secrets=Secrets())
        self.tree = self._wanted()
        files = {f"{at:02}.yaml": json.dumps(manifest) for at, manifest in enumerate(self.tree)}
        plant(self.root, {".kubernator.py": REGISTER, **files})

    def prepare(self) -> Scene:
        """Make what is there before the run."""
        ns = self.ns
        self._apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}}, manager="test")
        self._apply(config(ns, "kept", a="1"))
        self._apply(config(ns, "changed", a="1", dropped="1"))
        self._apply(job(ns, "busybox:1"))
        legacy = deployment(ns, "legacy")
        legacy["spec"]["minReadySeconds"] = 1  # dropped by the tree
        self.kubectl("apply", "-f", "-", stdin=json.dumps(legacy))
        if self.whole:
            self._apply(deployment(ns, "scaled", replicas=2))
            self._apply(config(ns, "contested", a="theirs"), manager="rival")
            self._apply(deployment(ns, "instructed", env=[{"name": "A", "value": "1"}]), manager="rival")
        self.kubectl("wait", "--for=condition=Suspended", "job/once", "-n", ns, "--timeout=120s")
        return self

    def program(self, kubeconfig: Path) -> Program:
        """Return the program, led to a cluster."""
        return Program(self.root.parent / f"{self.root.name}-home", kubeconfig)

    def arguments(self, *more: Any) -> list[Any]:
        """Return the words of a run that writes."""
        forced = ["--force-conflicts", "--no-wait"] if self.whole else []
        return ["-p", self.root, "apply", "--yes", "--report", self.report, *forced, *more]

    def run(self, proxy: FaultProxy, *more: Any) -> Ran:
        """Run it through a proxy to its end."""
        self.report.unlink(missing_ok=True)
        return self.program(proxy.kubeconfig)(*self.arguments(*more))

    @property
    def report(self) -> Path:
        """Where the run reports."""
        return self.root.parent / f"{self.root.name}.json"

    def live(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        """Return what the server has of an object of the tree."""
        kind = self.cluster.kinds().get(GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]))
        if kind is None:
            kind = self.cluster.kinds(refresh=True).get(GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]))
        if kind is None:
            return None
        metadata = manifest["metadata"]
        return self.cluster.get(kind, namespace=metadata.get("namespace", ""), name=metadata["name"])

    def state(self) -> dict[str, Any]:
        """Return what the tree's objects are by now, in words that are the same in every namespace."""
        found = {f"{each['kind']}/{each['metadata']['name']}": _lasting(self.live(each)) for each in self.tree}
        text = json.dumps(found, sort_keys=True).replace(self.ns, "NS")
        state: dict[str, Any] = json.loads(text)
        return state

    def believe(self, expected: dict[str, Any]) -> None:
        """Assert that what the report of a run says was written is as it should be."""
        if not self.report.exists():
            return
        state = self.state()
        for change in json.loads(self.report.read_text())["changes"]:
            if change["outcome"] in _WRITTEN:
                key = f"{change['kind']}/{change['name']}".replace(self.ns, "NS")
                assert expected[key] == state[key]

    def writes(self, carried_out: Iterable[Seen]) -> Counter[str]:
        """Return what was written, as method, path and content, the same in every namespace."""
        return Counter(
            f"{one.method} {one.path.partition('?')[0]} {one.headers.get('Content-Type')}".replace(self.ns, "NS")
            for one in carried_out
        )

    def close(self) -> None:
        """Let go of connections, and of what is not in the namespace."""
        if self.whole:
            kind = self.cluster.kinds().get(GroupVersionKind.of("apiextensions.k8s.io/v1", "CustomResourceDefinition"))
            assert kind is not None
            self.cluster.delete(kind, namespace="", name=f"things.{self.ns}.example.com", propagation="Background")
        self.cluster.close()

    def _apply(self, manifest: dict[str, Any], *, manager: str = "kubernator") -> None:
        kind = self.cluster.kinds().get(GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]))
        assert kind is not None
        self.cluster.apply(kind, copy.deepcopy(manifest), manager=manager)

    def _wanted(self) -> list[dict[str, Any]]:
        ns = self.ns
        small = [
            config(ns, "kept", a="1"),
            config(ns, "changed", a="2"),
            config(ns, "fresh", a="1"),
            deployment(ns, "legacy"),
            job(ns, "busybox:2"),
        ]
        if not self.whole:
            return [*small, deployment(ns, "web", replicas=1)]
        new = f"{ns}-new"
        instructed = deployment(ns, "instructed", env=[{"name": "A", "$patch": "delete"}])
        return [
            *small,
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": new}},
            config(new, "inside", a="1"),
            definition(ns),
            thing(ns),
            deployment(ns, "scaled", replicas=None),
            config(ns, "contested", a="ours"),
            instructed,
        ]


def _lasting(live: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return an object without what differs from run to run, and without what controllers write in their own time."""
    if live is None:
        return None
    kept = copy.deepcopy({key: value for key, value in live.items() if key != "status"})
    metadata = kept["metadata"]
    for key in _VOLATILE:
        metadata.pop(key, None)
    metadata["managedFields"] = sorted(
        (
            {key: value for key, value in entry.items() if key != "time"}
            for entry in metadata.get("managedFields", [])
            if entry.get("manager") not in _CONTROLLERS
        ),
        key=lambda entry: json.dumps(entry, sort_keys=True),
    )
    annotations = metadata.pop("annotations", {})
    annotations.pop("deployment.kubernetes.io/revision", None)
    if annotations:
        metadata["annotations"] = annotations
    if kept["kind"] == "Job":
        _without_uid(kept)
    if kept["kind"] == "Namespace":
        kept.pop("spec", None)
    return kept


def _without_uid(kept: dict[str, Any]) -> None:
    """Take the uid of a Job out of what repeats it."""
    text = json.dumps(kept)
    uid = kept["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"]
    kept.update(json.loads(re.sub(re.escape(uid), "UID", text)))


def everything() -> bool:
    """Say whether the whole of a suite is wanted, not only the part that fits into every run."""
    return os.environ.get("KUBERNATOR_FAULTS") == "all"


def writes(seen: Seen) -> bool:
    """Say whether a request changes something."""
    return seen.writes
