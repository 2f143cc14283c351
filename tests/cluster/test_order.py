"""Order on the real control plane: by references, by word, around webhooks, and what is set aside past a failure."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from trees import REGISTER, Program, config, plant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster


#: An authority that nobody has the key of: the server wants a certificate, and calls nobody that has one.
AUTHORITY = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJlRENDQVIrZ0F3SUJBZ0lVZFVFQjlDaWZBbGFvM281RUwrVTVhVVFGTFRr"
    "d0NnWUlLb1pJemowRUF3SXcKRVRFUE1BMEdBMVVFQXd3R2JtOWliMlI1TUNBWERUSTJNVEV5TXpBNU5UUXlOVm9ZRHpJeE1qWXhN"
    "RE13TURrMQpOREkxV2pBUk1ROHdEUVlEVlFRRERBWnViMkp2Wkhrd1dUQVRCZ2NxaGtqT1BRSUJCZ2dxaGtqT1BRTUJCd05DCkFB"
    "UWo2dEg2ZEdsazFFb3pNNlI3dnV5TTl6aTJvMEpUWGhPOE1yTW1aMW9NUlZNaVZ0RFJmM2xQUEVjN0NxbjgKLzduMWxXNnNuTDAz"
    "eklqYlRZbXRLR1ZxbzFNd1VUQWRCZ05WSFE0RUZnUVU3c1NXM25DLzQ2SnhjS1IwdWsvQQpyRDdMbkVZd0h3WURWUjBqQkJnd0Zv"
    "QVU3c1NXM25DLzQ2SnhjS1IwdWsvQXJEN0xuRVl3RHdZRFZSMFRBUUgvCkJBVXdBd0VCL3pBS0JnZ3Foa2pPUFFRREFnTkhBREJF"
    "QWlCQ0JETTd6VWYzb09Fck5uc0dWNVh5QnpQS09Zcm8KK1BYR1ZQQjVKSSszK1FJZ0YzY2VKNU1NTVFKa0VUTmxzam1Xa05XZVZN"
    "bGdlOUJLNlBVb216QktmUm89Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"
)


@pytest.fixture
def program(tmp_path: Path, kubeconfig: Path) -> Program:
    """Return the program with a home of its own."""
    return Program(tmp_path / "home", kubeconfig)


@pytest.fixture
def live(kubectl: Kubectl, namespace: str) -> Callable[..., Any]:
    """Return a function that gets an object as the server holds it."""

    def get(kind: str, name: str = "", *, of: str | None = None) -> Any:
        said = kubectl("get", kind, *([name] if name else []), "-n", of or namespace, "-o", "json", check=False)
        return json.loads(said.stdout) if said.stdout else None

    return get


def yaml(*manifests: dict[str, Any]) -> str:
    """Return manifests as documents; JSON is YAML."""
    return "\n---\n".join(map(json.dumps, manifests)) + "\n"


def thing(
    kind: str,
    name: str,
    namespace: str = "",
    *,
    api: str = "v1",
    annotations: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def deployment(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "nginx:1"}], **spec}}
    return thing(
        "Deployment",
        name,
        namespace,
        api="apps/v1",
        spec={"selector": {"matchLabels": labels}, "template": template},
    )


def version(manifest: Any) -> int:
    """Return when an object was last written, as a number: they grow in the order of writes."""
    return int(manifest["metadata"]["resourceVersion"])


def random_tree(dice: random.Random, namespace: str) -> list[dict[str, Any]]:
    """Return objects in a random order that refer to each other; a wrong order shows as a refusal or an event."""
    made: list[dict[str, Any]] = []
    for number in range(6):
        name = f"app-{number}"
        made += [
            thing("ServiceAccount", name, namespace),
            thing("ConfigMap", name, namespace, data={"a": "b"}),
            thing("Secret", name, namespace, stringData={"a": f"value-{number}"}),
            thing("Role", name, namespace, api="rbac.authorization.k8s.io/v1", rules=[]),
            thing(
                "RoleBinding",
                name,
                namespace,
                api="rbac.authorization.k8s.io/v1",
                roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                subjects=[{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
            ),
        ]
        spec = {
            "serviceAccountName": f"app-{dice.randrange(6)}",
            "containers": [
                {
                    "name": "a",
                    "image": "nginx:1",
                    "envFrom": [{"configMapRef": {"name": f"app-{dice.randrange(6)}"}}],
                }
            ],
            "volumes": [{"name": "v", "secret": {"secretName": f"app-{dice.randrange(6)}"}}],
        }
        made.append(
            thing("Pod", name, namespace, spec=spec)
            if number % 2
            else thing(
                "Job",
                name,
                namespace,
                api="batch/v1",
                spec={"template": {"spec": {**spec, "restartPolicy": "Never"}}},
            )
        )
    made.append(
        thing("LimitRange", "l", namespace, spec={"limits": [{"type": "Container", "default": {"cpu": "100m"}}]})
    )
    made.append(thing("ResourceQuota", "q", namespace, spec={"hard": {"limits.cpu": "8"}}))
    dice.shuffle(made)
    return made


@pytest.mark.parametrize("new", [False, True], ids=["a namespace that is there", "a new namespace"])
@pytest.mark.parametrize("seed", range(3))
def test_references_never_lead_to_a_failure_that_passes(
    program: Program, kubectl: Kubectl, namespace: str, tmp_path: Path, *, seed: int, new: bool
) -> None:
    """Bare Pods and Jobs that need accounts, quotas and limits of their own tree are made at the first try."""
    dice = random.Random(seed)  # noqa: S311 - a generator of examples
    tree = random_tree(dice, namespace)
    if new:
        tree.append(thing("Namespace", namespace))
    else:
        kubectl("create", "namespace", namespace)
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree), ".kubernator.py": REGISTER})
    ran = program("-p", tmp_path / "tree", "apply", "--yes", "--no-wait", "--report", tmp_path / "report.json")
    assert ran.code == 0, ran.err
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["counts"]["created"] == len(tree)
    assert report["requests"]["apply"] == len(tree)
    events = json.loads(kubectl("get", "events", "-n", namespace, "-o", "json").stdout)["items"]
    assert [event["message"] for event in events if event["reason"] == "FailedCreate"] == []


@pytest.mark.parametrize("form", ["Deployment/slow", "apps/namespaces/NS/Deployment/slow"])
@pytest.mark.parametrize("name", ["kubernator.io/depends-on", "config.kubernetes.io/depends-on"])
def test_depends_on_waits_until_current(
    program: Program, live: Callable[..., Any], namespace: str, tmp_path: Path, *, form: str, name: str
) -> None:
    """What depends by its annotation is written after the Pods of the other are ready; a second run does nothing."""
    late = thing("ConfigMap", "a-late", namespace, annotations={name: form.replace("NS", namespace)})
    tree = [thing("Namespace", namespace), late, deployment("slow", namespace)]
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree)})
    ran = program("-p", tmp_path / "tree", "apply", "--yes", "--no-wait")
    assert ran.code == 0, ran.err
    (pod,) = live("pods")["items"]
    assert version(pod) < version(live("configmap", "a-late"))
    again = program("-p", tmp_path / "tree", "apply", "--yes", "--no-wait")
    assert again.code == 0, again.err
    assert "created 0, patched 0, deleted 0, unchanged 3" in again.err
    assert "watch" not in again.err


def test_a_target_that_never_gets_current_stops_the_run_or_its_dependents(
    program: Program, live: Callable[..., Any], namespace: str, tmp_path: Path
) -> None:
    """Without the target nothing after it is written, unless told to keep going with what does not depend on it."""
    stuck = deployment("stuck", namespace, nodeSelector={"no": "such-node"})
    tree = [
        thing("Namespace", namespace),
        stuck,
        thing("ConfigMap", "waits", namespace, annotations={"kubernator.io/depends-on": "Deployment/stuck"}),
    ]
    plant(
        tmp_path / "tree",
        {"one/all.yaml": yaml(*tree), "two/all.yaml": config("later", namespace)},
    )
    ran = program("-p", tmp_path / "tree", "apply", "--yes", "--no-wait", "--timeout", "2s").failed(70)
    assert "stuck" in ran.blocks[-1]
    assert live("configmap", "waits") is None
    assert live("configmap", "later") is None
    ran = program("-p", tmp_path / "tree", "apply", "--yes", "--no-wait", "--timeout", "2s", "--keep-going").failed(70)
    why = f"depends on `Deployment.apps {namespace}/stuck`, which did not become current"
    assert f"skipped v1 ConfigMap {namespace}/waits: {why}" in ran.err
    assert live("configmap", "waits") is None
    assert live("configmap", "later") is not None


@pytest.fixture
def group(kubectl: Kubectl, namespace: str) -> Iterator[str]:
    """Return a group of our own, whose definition and webhook are gone afterwards."""
    found = f"{namespace}.example.test"
    yield found
    kubectl("delete", "validatingwebhookconfiguration", found, "--ignore-not-found")
    kubectl("delete", "customresourcedefinition", f"widgets.{found}", "--ignore-not-found", "--wait=false")


def test_a_webhook_comes_after_what_serves_it(
    program: Program, live: Callable[..., Any], namespace: str, group: str, tmp_path: Path
) -> None:
    """Its Service and the Pods behind it first, then the webhook, then what it is called for."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    definition = thing(
        "CustomResourceDefinition",
        f"widgets.{group}",
        api="apiextensions.k8s.io/v1",
        spec={
            "group": group,
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    )
    hook = {
        "name": f"widgets.{group}",
        "clientConfig": {
            "service": {"namespace": namespace, "name": "hook"},
            "caBundle": AUTHORITY,
        },
        "rules": [{"apiGroups": [group], "apiVersions": ["*"], "resources": ["widgets"], "operations": ["CREATE"]}],
        "failurePolicy": "Ignore",
        "timeoutSeconds": 1,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    tree = [
        thing("Widget", "w", namespace, api=f"{group}/v1"),
        thing("ValidatingWebhookConfiguration", group, api="admissionregistration.k8s.io/v1", webhooks=[hook]),
        deployment("server", namespace),
        thing("Service", "hook", namespace, spec={"selector": {"app": "server"}, "ports": [{"port": 443}]}),
        definition,
        thing("Namespace", namespace),
    ]
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree)})
    ran = program("-p", tmp_path / "tree", "apply", "--yes", "--no-wait")
    assert ran.code == 0, ran.err
    (pod,) = live("pods")["items"]
    configuration = live("validatingwebhookconfiguration", group)
    assert version(live("service", "hook")) < version(configuration)
    assert version(pod) < version(configuration) < version(live(f"widgets.{group}", "w"))


@pytest.mark.parametrize(("later", "code"), [(False, 0), (True, 70)], ids=["last", "something comes after it"])
def test_without_a_wait_at_the_end_a_webhook_waits_only_for_the_sake_of_others(
    program: Program, live: Callable[..., Any], namespace: str, group: str, tmp_path: Path, *, later: bool, code: int
) -> None:
    """What serves it is never ready here: that hinders what is written after the webhook, and not the webhook."""
    service = {"namespace": namespace, "name": "hook"}
    hook = {
        "name": f"widgets.{group}",
        "clientConfig": {"service": service, "caBundle": AUTHORITY},
        "rules": [{"apiGroups": [group], "apiVersions": ["*"], "resources": ["widgets"], "operations": ["CREATE"]}],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    tree = [
        thing("ValidatingWebhookConfiguration", group, api="admissionregistration.k8s.io/v1", webhooks=[hook]),
        deployment("server", namespace, nodeSelector={"no": "such-node"}),
        thing("Service", "hook", namespace, spec={"selector": {"app": "server"}, "ports": [{"port": 443}]}),
        thing("Namespace", namespace),
    ]
    files = {"later/all.yaml": config("later", namespace)} if later else {}
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree), **files})
    ran = program("-p", tmp_path / "tree", "apply", "--yes", "--no-wait", "--timeout", "2s")
    assert ran.code == code, ran.err
    assert (live("validatingwebhookconfiguration", group) is None) is later


def test_keep_going_past_a_refusal_in_the_plan(
    program: Program, kubectl: Kubectl, live: Callable[..., Any], namespace: str, tmp_path: Path
) -> None:
    """What is refused in the plan is set aside with what depends on it; the rest is applied, and the answer is 8."""
    kubectl("create", "namespace", namespace)
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree_with_a_bad_one(namespace))})
    assert program("-p", tmp_path / "tree", "apply", "--yes").failed(1)
    assert live("configmap", "free") is None
    past_a_bad_one(program, live, namespace, tmp_path, outcome="refused", why="was refused")


def test_keep_going_past_what_is_found_without_a_dry_run(
    program: Program, kubectl: Kubectl, live: Callable[..., Any], namespace: str, tmp_path: Path
) -> None:
    """What the server is not asked about before is found by its schema, and is set aside in the same way."""
    kubectl("create", "namespace", namespace)
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree_with_a_bad_one(namespace))})
    past_a_bad_one(program, live, namespace, tmp_path, "--no-preflight", outcome="refused", why="was refused")


def test_keep_going_past_a_refusal_at_the_write(
    program: Program, kubectl: Kubectl, live: Callable[..., Any], namespace: str, tmp_path: Path
) -> None:
    """What only the server can know, as of a quota, fails when it is written, and is set aside in the same way."""
    kubectl("create", "namespace", namespace)
    kubectl("-n", namespace, "create", "quota", "none", "--hard=count/secrets=0")
    kubectl("-n", namespace, "wait", "quota/none", "--for=jsonpath={.status.hard}", "--timeout=60s")
    word = {"kubernator.io/depends-on": "Secret/over"}
    tree = [
        thing("Secret", "over", namespace),
        thing("ConfigMap", "further", namespace, annotations=word),
        thing("ConfigMap", "free", namespace),
    ]
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree)})
    report = tmp_path / "report.json"
    command = ("-p", tmp_path / "tree", "apply", "--yes", "--keep-going", "--no-preflight", "--report", report)
    ran = program(*command).failed(8)
    assert "1 failed, 1 skipped; 1 of 3 changes were made" in ran.blocks[-1]
    ran.block("error: ", "exceeded quota: none")
    outcomes = {change["name"]: change["outcome"] for change in json.loads(report.read_text())["changes"]}
    assert outcomes == {"over": "failed", "further": "skipped", "free": "created"}
    assert live("configmap", "further") is None
    assert live("configmap", "free") is not None


def tree_with_a_bad_one(namespace: str) -> list[dict[str, Any]]:
    """Return a Deployment that no server takes, a chain of two that depend on it, and two that do not."""
    scaler = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "bad"}, "maxReplicas": 2}
    word = {"kubernator.io/depends-on": "HorizontalPodAutoscaler/scaler"}
    return [
        deployment("bad", namespace, restartPolicy="Sometimes"),
        thing("HorizontalPodAutoscaler", "scaler", namespace, api="autoscaling/v2", spec=scaler),
        thing("ConfigMap", "further", namespace, annotations=word),
        thing("ConfigMap", "free", namespace),
        deployment("good", namespace),
    ]


def past_a_bad_one(
    program: Program, live: Callable[..., Any], namespace: str, tmp_path: Path, *options: str, outcome: str, why: str
) -> None:
    report = tmp_path / "report.json"
    command = ("-p", tmp_path / "tree", "apply", "--yes", "--keep-going", "--report", report, *options)
    ran = program(*command).failed(8)
    assert "1 failed, 2 skipped; 2 of 5 changes were made" in ran.blocks[-1]
    ran.block("error: ", "`spec.template.spec.restartPolicy`")
    changes = {change["name"]: change for change in json.loads(report.read_text())["changes"]}
    root = f"Deployment.apps {namespace}/bad"
    assert changes["bad"]["outcome"] == outcome
    assert changes["scaler"]["reason"] == f"depends on `{root}`, which {why}"
    scaling = f"HorizontalPodAutoscaler.autoscaling {namespace}/scaler"
    assert changes["further"]["reason"] == f"depends on `{scaling}`, which was skipped because of `{root}`"
    assert f"skipped v1 ConfigMap {namespace}/further: {changes['further']['reason']}" in ran.err
    assert live("configmap", "free") is not None
    assert live("deployment", "good") is not None
    assert live("configmap", "further") is None


def test_keep_going_past_a_definition_that_is_refused(
    program: Program, live: Callable[..., Any], namespace: str, group: str, tmp_path: Path
) -> None:
    """Custom resources of a definition that cannot be made are set aside with it, without waiting for their kind."""
    definition = thing(
        "CustomResourceDefinition",
        f"widgets.{group}",
        api="apiextensions.k8s.io/v1",
        spec={
            "group": group,
            "names": {"kind": "Widget", "plural": "gadgets"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {}}],
        },
    )
    tree = [
        definition,
        thing("Widget", "w", namespace, api=f"{group}/v1"),
        thing("Namespace", namespace),
        thing("ConfigMap", "free", namespace),
    ]
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree)})
    ran = program("-p", tmp_path / "tree", "apply", "--yes", "--keep-going").failed(8)
    why = f"depends on `CustomResourceDefinition.apiextensions.k8s.io widgets.{group}`, which was refused"
    assert f"skipped {group}/v1 Widget {namespace}/w: {why}" in ran.err
    assert live("configmap", "free") is not None


def test_keep_going_past_conflicts_alone(
    program: Program, kubectl: Kubectl, live: Callable[..., Any], namespace: str, tmp_path: Path
) -> None:
    """Where only conflicts stand in the way the answer is 4, and the rest was written."""
    kubectl("create", "namespace", namespace)
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=config("theirs", namespace, a="theirs"))
    free = config("free", namespace)
    plant(tmp_path / "tree", {"all.yaml": config("theirs", namespace, a="ours") + "---\n" + free})
    program("-p", tmp_path / "tree", "apply", "--yes", "--keep-going").failed(4)
    assert live("configmap", "theirs")["data"] == {"a": "theirs"}
    assert live("configmap", "free") is not None


def test_a_circle_by_word_is_refused_before_anything_is_written(
    program: Program, live: Callable[..., Any], namespace: str, tmp_path: Path
) -> None:
    """``apply`` and ``graph`` say the circle with its places; the graph is drawn all the same."""
    name = "kubernator.io/depends-on"
    tree = [
        thing("Namespace", namespace),
        thing("ConfigMap", "a", namespace, annotations={name: "ConfigMap/b"}),
        thing("ConfigMap", "b", namespace, annotations={name: "ConfigMap/a"}),
    ]
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree)})
    ran = program("-p", tmp_path / "tree", "apply", "--yes").failed(1)
    ran.block(f"`ConfigMap {namespace}/a` depends on itself", "all.yaml:", "take a `depends-on` of the circle away")
    assert live("configmap", "a") is None
    ran = program("-p", tmp_path / "tree", "graph", "--cycles")
    assert ran.code == 3
    assert ran.out.startswith("circle 1 (cannot be resolved")


def test_the_graph_needs_no_cluster(tmp_path: Path) -> None:
    """Without any kubeconfig the whole graph is printed, with kinds that only a cluster could know."""
    tree = [
        thing("Widget", "w", "n", api="example.test/v1"),
        thing("Pod", "p", "n", spec={"containers": [], "serviceAccountName": "x"}),
        thing("ServiceAccount", "x", "n"),
    ]
    plant(tmp_path / "tree", {"all.yaml": yaml(*tree)})
    program = Program(tmp_path / "home", None)
    ran = program("-p", tmp_path / "tree", "graph")
    assert ran.code == 0, ran.err
    assert "   Pod n/p\n     after ServiceAccount n/x: runs as ServiceAccount `x`\n" in ran.out
    ran = program("-p", tmp_path / "tree", "graph", "-o", "json", "-f", tmp_path / "graph.json")
    assert ran.code == 0, ran.err
    assert ran.out == ""
    assert len(json.loads((tmp_path / "graph.json").read_text())["edges"]) == 1
    assert program("-p", tmp_path / "tree", "graph", "-o", "yaml").code == 64
    assert program("-p", tmp_path / "tree", "graph", "-f", tmp_path / "no" / "such" / "place").code == 1
