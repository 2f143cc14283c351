"""Against `kubectl apply --server-side` and the server's own dry run, for hundreds of objects of all kinds.

``KUBERNATOR_DIFFERENTIAL=2000`` tries so many objects, each with a history of its own, instead of `USUAL`. What was
counted is printed: ``pytest -rP tests/cluster/test_differential.py``.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
from collections import Counter
from pathlib import Path, PurePath
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import twins
from rounds import Found, Round
from twins import Engine

import specimens
from kubernator.apply.wait import Waiter
from kubernator.load import yamldoc
from kubernator.model.change import ChangeKind
from kubernator.model.origin import Origin
from kubernator.model.outcome import OutcomeKind
from kubernator.model.ref import ResourceRef
from kubernator.planning import canonical, changes, equalities, managed
from kubernator.tools import process
from specimens import custom, spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.cluster

#: Objects, each as two twins, in a usual run; a round has one of each kind.
USUAL = 180
WANTED = int(os.environ.get("KUBERNATOR_DIFFERENTIAL", USUAL))
ROUNDS = [str(seed) for seed in range(-(-WANTED // len(specimens.KINDS)))]
#: Of each object so many things are said otherwise, in turn; 0 is all.
PROBES = 15 if WANTED <= USUAL else 150
CHARTS = Path(__file__).parents[1] / "charts"


@pytest.fixture(scope="session")
def defined(kubeconfig: Path) -> None:
    """Have the custom resources' definitions there; they stay, since tests of other workers may be using them."""
    with Engine(kubeconfig) as engine:
        definitions = custom.definitions()
        report = engine.carry_out(engine.plan(definitions))
        waiter = Waiter(engine.cluster, engine.workers, lambda event: None, threading.Event())
        statuses = waiter.wait(report.outcomes, timeout=120)
        assert not report.failed, [found.error for found in report.outcomes]
        assert {"current"} >= {str(found.status) for found in statuses.values()}


def say(text: object) -> None:
    """Print what was counted, for ``-rP``."""
    sys.stdout.write(f"{text}\n")


@pytest.fixture
def rounds(kubeconfig: Path, kubectl_program: Path, tmp_path: Path, defined: None) -> Iterator[Callable[..., Round]]:
    """Return what makes a round; its objects are gone afterwards."""
    made: list[Round] = []

    def make(seed: str) -> Round:
        with Engine(kubeconfig) as engine:
            kinds = specimens.served(engine.cluster.kinds().api_versions)
            kinds = [found for found in kinds if engine.cluster.kinds().get(twins.gvk(_head(found))) is not None]
        base = f"d-{secrets.token_hex(3)}"
        found = Round(kubeconfig, kubectl_program, base=base, kinds=kinds, seeds=[seed], directory=tmp_path)
        made.append(found)
        return found.__enter__()

    yield make
    for each in made:
        each.__exit__()


def _head(specimen: specimens.Specimen) -> dict[str, Any]:
    return {"apiVersion": specimen.api_version, "kind": specimen.kind}


@pytest.mark.parametrize("seed", ROUNDS)
def test_objects_end_as_kubectl_leaves_them(rounds, seed):
    """Made by others or by nobody, applied, edited by others and applied again, our twin is equal to kubectl's.

    Equal are content and managed fields. On the way the proof never calls unchanged what the server would change, and
    the last apply, done once more, sends nothing but the dry runs of what could not be decided.
    """
    found = rounds(seed)
    found.born()
    found.applied(0)
    assert not (apart := found.compared()), "\n".join(apart)
    found.judged()
    found.edited()
    found.judged()
    found.applied(1)
    assert not (apart := found.compared()), "\n".join(apart)
    found.judged()
    restless = {case.name for case in found.cases if found.restless(case, 0 if case.same else 1)}
    _, moved = found.again(1)
    # after managedFields were cleared the first apply has the server remember who owned what, the next takes that over
    cleared = {case.name for case in moved if case.change.take_over == ("before-first-apply (Update)",)}
    assert [str(case) for case in moved if case.name not in cleared | restless] == []
    sent, moved = found.again(1)
    assert [str(case) for case in moved] == []
    assert sent.keys() <= {"dry-run"}
    say(f"{found.found}\nthe last apply sent {sent}; never still: {len(restless)}")
    assert found.found.wrong == []


@pytest.mark.parametrize("seed", ROUNDS)
def test_the_proof_is_never_wrong_in_how_things_are_said(rounds, kubeconfig, seed):
    """Any field left out, empty, zero, null, or said in another way: what we call unchanged, the server does too."""
    found = rounds(seed)
    random = Random(seed)  # noqa: S311 - chosen, not secret
    with Engine(kubeconfig, force=True) as engine:
        engine.carry_out(engine.plan(case.manifest(0, 0) for case in found.cases))
        schemas = spelling.Schemas(lambda path: engine.cluster.raw("GET", path))
        probes = [
            (f"{case.specimen} (seed {seed}): {probe.what}", probe.manifest)
            for case in found.cases
            for probe in spelling.probes(case.manifest(0, 0), schemas, random, most=PROBES)
        ]
        verdicts = found.each(lambda probe: twins.verdict(engine.cluster, probe[1]), probes)
    counted = Found(objects=len(found.cases))
    for (what, _), verdict in zip(probes, verdicts, strict=True):
        counted.note(what, verdict)
    say(counted)
    assert counted.verdicts
    assert counted.wrong == []


def test_what_merges_does_so_in_the_servers_schemas(kubeconfig):
    """The lists and maps that we call merging are no atomic ones in any built-in kind."""
    with Engine(kubeconfig) as engine:
        documents = [
            engine.cluster.raw("GET", f"/openapi/v3/{'apis' if '/' in version else 'api'}/{version}")
            for version in engine.cluster.kinds().api_versions
            if version.rpartition("/")[0] in equalities.BUILTIN_GROUPS
        ]
    seen = Counter(
        (above, key, how)
        for document in documents
        for schema in document["components"]["schemas"].values()
        if "x-kubernetes-group-version-kind" in schema
        for above, key, how in _merging(schema, document["components"]["schemas"], "", 0)
    )
    assert [found for found in seen if found[:2] in equalities.MERGED_LISTS and found[2] not in {"map", "set"}] == []
    assert [found for found in seen if found[:2] in equalities.MERGED_MAPS and found[2] != "granular"] == []
    assert {found[:2] for found in seen} >= equalities.MERGED_LISTS | equalities.MERGED_MAPS


def _merging(schema: dict[str, Any], schemas: dict[str, Any], above: str, depth: int) -> Iterator[tuple[str, str, str]]:
    """Return for every map and list of a kind that is no part of an atomic one how it merges."""
    for key, found in schema.get("properties", {}).items():
        below = _resolved(found, schemas)
        kind = found.get("x-kubernetes-list-type") or below.get("x-kubernetes-list-type")
        if below.get("type") == "array":
            yield above, key, kind or "atomic"
            if kind == "map" and depth < 8:
                yield from _merging(_resolved(below["items"], schemas), schemas, key, depth + 1)
        elif "properties" in below or "additionalProperties" in below:
            atomic = "atomic" in {found.get("x-kubernetes-map-type"), below.get("x-kubernetes-map-type")}
            yield above, key, "atomic" if atomic else "granular"
            if not atomic and depth < 8:
                yield from _merging(below, schemas, key, depth + 1)


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref") or next((part["$ref"] for part in schema.get("allOf", ()) if "$ref" in part), "")
    return {**schemas[reference.rpartition("/")[2]], **schema} if reference else schema


def test_a_policy_that_changes_what_we_own(kubeconfig, defined, rounds):
    """What a mutating policy makes of our value is never called unchanged while the server would change it.

    The policy writes without a manager of its own, so that our ownership stays whole: the value alone shows it.
    """
    with Engine(kubeconfig) as engine:
        version = "admissionregistration.k8s.io/v1"
        if version not in engine.cluster.kinds().api_versions or not any(
            kind.gvk.kind == "MutatingAdmissionPolicy" and kind.gvk.api_version == version
            for kind in engine.cluster.kinds()
        ):
            return  # servers before 1.36 have no such policies without a flag
        name = f"d-{secrets.token_hex(3)}"
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"mutated": name}}}
        config = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "x", "namespace": name},
            "data": {"a": "1"},
        }
        policy = {
            "apiVersion": version,
            "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "reinvocationPolicy": "Never",
                "matchConstraints": {
                    "namespaceSelector": {"matchLabels": {"mutated": name}},
                    "resourceRules": [
                        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
                    ],
                },
                "mutations": [
                    {
                        "patchType": "JSONPatch",
                        "jsonPatch": {"expression": '[JSONPatch{op: "replace", path: "/data/a", value: "policy"}]'},
                    }
                ],
            },
        }
        binding = {
            "apiVersion": version,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name},
        }
        try:
            engine.carry_out(engine.plan([space]))
            engine.carry_out(engine.plan([policy, binding]))
            kind = twins.kind_of(engine.cluster, config)
            while (  # the server takes a moment to hear of a policy
                engine.cluster.apply(kind, config, manager=twins.MANAGER, force=True).manifest["data"]["a"] != "policy"
            ):
                pass
            live = twins.get(engine.cluster, config)
            assert live is not None
            assert managed.own_entry(live, twins.MANAGER)["fieldsV1"] == {"f:data": {"f:a": {}}}
            for data in ({"a": "1"}, {"a": "policy"}, {"a": "2"}):
                verdict = twins.verdict(engine.cluster, {**config, "data": data})
                assert verdict is not None
                assert not verdict.wrong
                assert bool(verdict.local) == (data["a"] != "policy")
        finally:
            for each in (binding, policy, space):
                engine.cluster.delete(
                    twins.kind_of(engine.cluster, each), namespace="", name=name, propagation="Background"
                )


def _scaler(name: str, amount: str) -> dict[str, Any]:
    target = {"type": "AverageValue", "averageValue": amount}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "x", "namespace": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
            "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": {"name": "memory", "target": target}}],
        },
    }


def _service(name: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "x", "namespace": name},
        "spec": {"ports": [{"port": port, "name": f"p{port}"}]},
    }


@pytest.mark.parametrize(
    ("make", "before", "after"),
    [(_scaler, "0.25Gi", "1.5Gi"), (_service, 80, 81)],
    ids=["what the server rewrites", "what cannot go alone"],
)
def test_taken_over_at_once(kubeconfig, make, before, after):
    """An object of client-side apply is ours after one apply, also where its hand-over is no plain matter."""
    name = f"d-{secrets.token_hex(3)}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    with Engine(kubeconfig) as engine:
        engine.carry_out(engine.plan([space]))
        old, new = make(name, before), make(name, after)
        kind = twins.kind_of(engine.cluster, old)
        engine.cluster.create(kind, old, manager="kubectl-client-side-apply")
        report = engine.carry_out(engine.plan([new]))
        assert [(found.kind, found.error) for found in report.outcomes] == [(OutcomeKind.UPDATED, None)]
        live = twins.get(engine.cluster, new)
        assert live is not None
        assert {entry["manager"] for entry in managed.entries(live)} - twins.CONTROLLERS == {twins.MANAGER}
        assert [change.kind for change in engine.plan([new]).changes] == [ChangeKind.UNCHANGED]
        engine.cluster.delete(twins.kind_of(engine.cluster, space), namespace="", name=name, propagation="Background")


def test_a_take_over_ends_where_the_server_writes_in_another_order(kubeconfig):
    """Of an autoscaler's metrics the server stores the processor's apart, so that each write seems to change them.

    Wanted as they are, they are taken over once; dropped, they go.
    """
    name = f"d-{secrets.token_hex(3)}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    targets = {
        "memory": {"type": "AverageValue", "averageValue": "64Mi"},
        "cpu": {"type": "Utilization", "averageUtilization": 80},
    }
    metrics = [{"type": "Resource", "resource": {"name": of, "target": target}} for of, target in targets.items()]
    wanted = _scaler(name, "64Mi")
    wanted["spec"] = {**wanted["spec"], "metrics": metrics}
    with Engine(kubeconfig, force=True) as engine:
        engine.carry_out(engine.plan([space]))
        engine.carry_out(engine.plan([wanted]))
        kind = twins.kind_of(engine.cluster, wanted)
        cleared = [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]
        where = {"namespace": name, "name": wanted["metadata"]["name"], "content_type": changes.JSON_PATCH}
        engine.cluster.patch(kind, body=cleared, manager="kubectl-edit", **where)
        for _ in range(2):
            engine.carry_out(engine.plan([wanted]))
        assert [change.kind for change in engine.plan([wanted]).changes] == [ChangeKind.UNCHANGED]
        fewer = {**wanted, "spec": {key: value for key, value in wanted["spec"].items() if key != "metrics"}}
        engine.carry_out(engine.plan([fewer]))
        live = twins.get(engine.cluster, fewer)
        assert live is not None
        assert [found["resource"]["name"] for found in live["spec"]["metrics"]] == ["cpu"]  # the default
        assert [change.kind for change in engine.plan([fewer]).changes] == [ChangeKind.UNCHANGED]
        engine.cluster.delete(twins.kind_of(engine.cluster, space), namespace="", name=name, propagation="Background")


def test_a_map_that_no_schema_knows_goes_whole(kubeconfig, defined):
    """What Helm wrote into it and the manifest drops leaves nothing behind, not even a null."""
    name = f"d-{secrets.token_hex(3)}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    old, new = (
        {
            "apiVersion": f"{custom.GROUP}/v1",
            "kind": "Gadget",
            "metadata": {"name": "x", "namespace": name},
            "spec": {"open": content},
        }
        for content in ({"requests": {"cpu": "1"}, "n": 1}, {"n": 1})
    )
    with Engine(kubeconfig) as engine:
        engine.carry_out(engine.plan([space]))
        engine.cluster.create(twins.kind_of(engine.cluster, old), old, manager="helm")
        engine.carry_out(engine.plan([new]))
        live = twins.get(engine.cluster, new)
        assert live is not None
        assert live["spec"]["open"] == {"n": 1}
        assert [change.kind for change in engine.plan([new]).changes] == [ChangeKind.UNCHANGED]
        engine.cluster.delete(twins.kind_of(engine.cluster, space), namespace="", name=name, propagation="Background")


def test_another_version_of_a_kind_is_another_apply(kubeconfig, rounds, defined):
    """Applied as v1, an object is undecided as v2, for the server records the version; once, and then it is proven."""
    name = f"d-{secrets.token_hex(3)}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    one = {
        "apiVersion": f"{custom.GROUP}/v1",
        "kind": "Gadget",
        "metadata": {"name": "x", "namespace": name},
        "spec": {"plain": ["a"]},
    }
    other = {**one, "apiVersion": f"{custom.GROUP}/v2"}
    with Engine(kubeconfig) as engine:
        engine.carry_out(engine.plan([space]))
        engine.carry_out(engine.plan([one]))
        for manifest, undecided in [(one, False), (other, True)]:
            verdict = twins.verdict(engine.cluster, manifest)
            assert verdict is not None
            assert (bool(verdict.local), bool(verdict.changes)) == (undecided, undecided)
        engine.carry_out(engine.plan([other]))
        verdict = twins.verdict(engine.cluster, other)
        assert verdict is not None
        assert (verdict.local, verdict.changes) == ("", ())
        engine.cluster.delete(twins.kind_of(engine.cluster, space), namespace="", name=name, propagation="Background")


def test_what_the_server_itself_holds(kubeconfig):
    """Applied as they stand, in a dry run, nearly all objects of a fresh server are decided when they come again."""
    counted = Found()
    with Engine(kubeconfig) as engine:
        for kind in engine.cluster.kinds():
            wanted = {"list", "patch", "create"} <= kind.verbs
            if not wanted or kind.gvk.group not in equalities.BUILTIN_GROUPS or kind.gvk.kind in {"Event", "Lease"}:
                continue
            if kind != engine.cluster.kinds().preferred(kind.gvk.group_kind):
                continue
            for live in engine.cluster.list(kind).items:
                metadata = live["metadata"]
                if not _of_the_server(live):
                    continue
                manifest = {"apiVersion": kind.gvk.api_version, "kind": kind.gvk.kind, **live}
                manifest["metadata"] = {
                    key: metadata[key] for key in ("name", "namespace", "labels", "annotations") if key in metadata
                }
                wanted_now = canonical.wire(manifest, status="status" in kind.subresources)
                after = engine.cluster.apply(kind, wanted_now, manager=twins.MANAGER, force=True, dry_run=True).manifest
                local = managed.undecided(wanted_now, after, manager=twins.MANAGER, gvk=kind.gvk)
                counted.note(
                    f"{kind.gvk} {metadata['name']}",
                    twins.Verdict(local=local, changes=(), wanted=wanted_now, live=after),
                )
    say(counted)
    assert counted.verdicts > 100
    assert not counted.left_open


def _of_the_server(live: dict[str, Any]) -> bool:
    """Say whether an object came with the server, and not with a test that runs beside this one."""
    name, namespace = live["metadata"]["name"], live["metadata"].get("namespace", "")
    own = {"default", "kube-system", "kube-public", "kube-node-lease"}
    if namespace:
        return namespace in own and name in {
            "kube-root-ca.crt",
            "default",
            "kubernetes",
            "extension-apiserver-authentication",
        }
    return (
        name in own
        or name.startswith(("system:", "system-"))
        or name
        in {
            "admin",
            "cluster-admin",
            "edit",
            "view",
            "exempt",
            "catch-all",
            "probes",
            "workload-high",
            "workload-low",
            "global-default",
            "leader-election",
            "node-high",
            "service-accounts",
            "kube-controller-manager",
            "kube-scheduler",
            "kube-system-service-accounts",
            "workload-leader-election",
            "endpoint-controller",
        }
    )


def _manifests(text: str, path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for document in yamldoc.parse(text, origin=Origin(path=PurePath(path)), repeated="warn"):
        value = document.value
        if isinstance(value, dict) and not (value.get("metadata") or {}).get("generateName"):
            found += value["items"] if value.get("kind") == "List" else [value]
    return found


def corpora() -> list[Path]:
    """Return the directories of manifests that `KUBERNATOR_CORPUS` holds."""
    given = os.environ.get("KUBERNATOR_CORPUS")
    return sorted(path for path in Path(given).iterdir() if path.is_dir()) if given else []


def _proven(kubeconfig: Path, manifests: list[dict[str, Any]]) -> Found:
    """Apply manifests twice in a namespace of their own; the second time nothing may be shown, sent or wrong."""
    name = f"d-{secrets.token_hex(3)}"
    by_ref = {ResourceRef.of(found): found for found in manifests}
    definitions = [found for found in by_ref.values() if found["kind"] == "CustomResourceDefinition"]
    scoped = {found["spec"]["names"]["kind"]: found["spec"]["scope"] == "Namespaced" for found in definitions}
    counted = Found(objects=len(by_ref))
    with Engine(kubeconfig, force=True) as engine:
        kinds = engine.cluster.kinds()
        for found in by_ref.values():
            kind = kinds.preferred(ResourceRef.of(found).group_kind)
            if kind.namespaced if kind else scoped.get(found["kind"], True):
                found["metadata"].setdefault("namespace", name)
        spaces = {found["metadata"].get("namespace", name) for found in by_ref.values()} | {name}
        given = {found["metadata"]["name"] for found in by_ref.values() if found["kind"] == "Namespace"}
        first = [
            *(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
                for space in sorted(spaces - given)
            ),
            *(found for found in by_ref.values() if found["kind"] in {"Namespace", "CustomResourceDefinition"}),
        ]
        rest = [found for found in by_ref.values() if found["kind"] not in {"Namespace", "CustomResourceDefinition"}]
        report = engine.carry_out(engine.plan(first))
        waiter = Waiter(engine.cluster, engine.workers, lambda event: None, threading.Event())
        waiter.wait(report.outcomes, timeout=120)
        engine.cluster.kinds(refresh=True)
        report = engine.carry_out(engine.plan(rest))
        assert not report.failed, [str(found.error) for found in report.outcomes if found.error]
        everything = [*first, *rest]
        for found in everything:
            counted.note(f"{found['kind']} {found['metadata']['name']}", twins.verdict(engine.cluster, found))
    with Engine(kubeconfig) as engine:
        plan = engine.plan(everything)
        assert [change.ref for change in plan.changes if change.kind is not ChangeKind.UNCHANGED] == []
        assert [op for change in plan.changes for op in change.patch] == []
        assert engine.sent().keys() <= {"dry-run"}
        assert engine.sent().get("dry-run", 0) == sum(counted.left_open.values())
        for space in sorted(spaces):
            if space not in {"default", "kube-system"}:
                kind = twins.kind_of(engine.cluster, first[0])
                engine.cluster.delete(kind, namespace="", name=space, propagation="Background")
    say(counted)
    assert counted.wrong == []
    return counted


@pytest.mark.tools
@pytest.mark.parametrize("chart", ["files", "hooks", "scopes", "shop", "web"])
def test_charts_applied_twice_show_nothing(kubeconfig, program, chart):
    """The second time a chart is all unchanged, decided without a question, and a plan of it has no operation."""
    helm = program("helm")
    words = [str(helm), "template", "r", str(CHARTS / chart), "--no-hooks", "--skip-tests"]
    text = process.run(words).stdout
    manifests = [found for found in _manifests(text, CHARTS / chart) if found["kind"] != "Namespace"]
    for found in manifests:
        found["metadata"].pop("namespace", None)
    local = [found for found in manifests if not found["metadata"]["name"].startswith("cluster")]
    assert not _proven(kubeconfig, local).left_open


if corpora():  # only where somebody has manifests at hand

    @pytest.mark.parametrize("directory", [pytest.param(path, id=path.name) for path in corpora()])
    def test_real_manifests_are_proven(kubeconfig, directory):
        """At most one in a thousand real manifests is left to the server, and none is wrongly called unchanged."""
        manifests = [
            found for path in sorted(directory.rglob("*.yaml")) for found in _manifests(path.read_text(), path)
        ]
        manifests = [found for found in manifests if found["kind"] != "Job"]  # some remove themselves
        found = _proven(kubeconfig, manifests)
        assert 1000 * sum(found.left_open.values()) <= found.objects
