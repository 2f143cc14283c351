"""Which kinds a server serves."""

from __future__ import annotations

import stat

import pytest

from kubernator import errors
from kubernator.cluster import requests
from kubernator.cluster.discovery import Discovery, Store
from kubernator.model.gvk import GroupKind, GroupVersionKind
from kubernator.testing.transport import ScriptedTransport, answer, status
from kubernator.transport import Request


def resource(plural, kind, *, scope="Namespaced", **more):
    return {
        "resource": plural,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": scope,
        "singularResource": kind.lower(),
        "verbs": ["get", "list"],
        **more,
    }


def groups(*items):
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": list(items)}


def group(name, *versions):
    metadata = {"name": name} if name else {}
    return {"metadata": metadata, "versions": [{"version": v, "resources": r, **more} for v, r, more in versions]}


CORE = groups(
    group(
        "",
        (
            "v1",
            [
                resource("pods", "Pod", shortNames=["po"], subresources=[{"subresource": "log"}]),
                resource("namespaces", "Namespace", scope="Cluster"),
                {"resource": "odd", "scope": "Namespaced", "verbs": []},
            ],
            {},
        ),
    )
)
APIS = groups(
    group("apps", ("v1", [resource("deployments", "Deployment")], {"freshness": "Current"})),
    group(
        "autoscaling",
        ("v2", [resource("horizontalpodautoscalers", "HorizontalPodAutoscaler")], {}),
        ("v1", [resource("horizontalpodautoscalers", "HorizontalPodAutoscaler")], {}),
    ),
)


def ask(transport):
    """Send calls over a transport."""

    def send(call):
        headers = {"Accept": call.accept, "If-None-Match": call.if_none_match}
        return transport.send(Request(method=call.method, url=f"https://a{call.target}", headers=headers))

    return send


def tagged(body, etag):
    return answer(200, body, {"ETag": etag})


def test_aggregated_discovery():
    """Two requests tell all kinds, the preferred version of each group first."""
    transport = ScriptedTransport().on("GET", "/apis$", tagged(APIS, '"g"')).on("GET", "/api$", tagged(CORE, '"c"'))
    kinds = Discovery(ask(transport), store=None).kinds(refresh=False)
    assert sorted(transport.asked()) == ["GET /api", "GET /apis"]
    assert {request.headers["Accept"] for request in transport.requests} == {requests.AGGREGATED_DISCOVERY}
    assert kinds.api_versions == ["apps/v1", "autoscaling/v1", "autoscaling/v2", "v1"]
    pod = kinds.get(GroupVersionKind("", "v1", "Pod"))
    assert (pod.plural, pod.namespaced, pod.short_names, pod.subresources) == ("pods", True, ("po",), {"log"})
    assert not kinds.preferred(GroupKind("", "Namespace")).namespaced
    assert kinds.preferred(GroupKind("autoscaling", "HorizontalPodAutoscaler")).gvk.version == "v2"
    assert len(kinds) == 5


def test_a_refresh_is_one_request():
    """Definitions only add to groups; what did not change is not sent again."""
    more = groups(*APIS["items"], group("e.io", ("v1", [resource("xs", "X")], {})))
    transport = (
        ScriptedTransport()
        .on("GET", "/apis$", tagged(APIS, '"g"'), tagged(more, '"h"'), answer(304))
        .on("GET", "/api$", tagged(CORE, '"c"'))
    )
    discovery = Discovery(ask(transport), store=None)
    sizes = [len(discovery.kinds(refresh=refresh)) for refresh in (False, False, True, True)]
    assert sizes == [5, 5, 6, 6]
    assert [r.headers["If-None-Match"] for r in transport.requests if r.url.endswith("apis")] == ["", '"g"', '"h"']


def test_the_disk_cache(tmp_path):
    """The next run asks whether anything changed; the file is private; another cluster has another."""

    def run(*answers, authority=b"ca"):
        transport = ScriptedTransport().on("GET", "/apis$", answers[0]).on("GET", "/api$", answers[1])
        store = Store(tmp_path / "d", server="https://a", authority=authority)
        kinds = Discovery(ask(transport), store=store).kinds(refresh=False)
        return len(kinds), {request.headers["If-None-Match"] for request in transport.requests}

    fresh = (tagged(APIS, '"g"'), tagged(CORE, '"c"'))
    assert run(*fresh) == (5, {""})
    assert run(answer(304), answer(304)) == (5, {'"g"', '"c"'})
    assert run(tagged(groups(), '"h"'), answer(304)) == (2, {'"g"', '"c"'})
    assert run(answer(304), answer(304)) == (2, {'"h"', '"c"'})
    assert run(*fresh, authority=b"other") == (5, {""})
    files = list((tmp_path / "d").iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    for file in files:
        file.write_text("[broken")
    assert run(*fresh) == (5, {""})


def test_a_cache_that_cannot_be_written(tmp_path):
    """Costs time later, not this run."""
    (tmp_path / "d").write_text("a file where a directory should be")
    transport = ScriptedTransport().on("GET", "/apis$", tagged(APIS, "")).on("GET", "/api$", tagged(CORE, ""))
    store = Store(tmp_path / "d", server="https://a", authority=None)
    assert len(Discovery(ask(transport), store=store).kinds(refresh=False)) == 5


def test_a_stale_group_is_told(caplog):
    """What an aggregated server that is down serves is taken from before, with a warning."""
    stale = groups(group("metrics.k8s.io", ("v1beta1", [resource("nodes", "NodeMetrics")], {"freshness": "Stale"})))
    transport = ScriptedTransport().on("GET", "/apis$", answer(200, stale)).on("GET", "/api$", answer(200, CORE))
    kinds = Discovery(ask(transport), store=None).kinds(refresh=False)
    assert kinds.preferred(GroupKind("metrics.k8s.io", "NodeMetrics"))
    assert "`metrics.k8s.io/v1beta1`" in caplog.text


OLD = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": "autoscaling",
                "versions": [{"version": "v1"}, {"version": "v2"}],
                "preferredVersion": {"version": "v2"},
            },
            {"name": "broken.io", "versions": [{"version": "v1"}]},
        ],
    },
    "/api/v1": {
        "resources": [
            {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get"], "shortNames": ["po"]},
            {"name": "pods/log", "kind": "Pod", "namespaced": True, "verbs": ["get"]},
        ]
    },
    "/apis/autoscaling/v1": {"resources": [{"name": "hpas", "kind": "HPA", "namespaced": True, "verbs": []}]},
    "/apis/autoscaling/v2": {"resources": [{"name": "hpas", "kind": "HPA", "namespaced": True, "verbs": []}]},
}


@pytest.mark.parametrize("refusal", [None, 404, 406])
def test_servers_without_aggregated_discovery(refusal, caplog):
    """They are asked group by group; one that does not answer is left out with a warning."""
    transport = ScriptedTransport()
    if refusal:
        transport.on("GET", "/apis?$", status(refusal, "no"), status(refusal, "no"))
    for path, body in OLD.items():
        transport.on("GET", f"{path}$", answer(200, body), repeat=True)
    transport.on("GET", "/apis/broken.io/v1$", status(503, "down"), repeat=True)
    discovery = Discovery(ask(transport), store=None)
    kinds = discovery.kinds(refresh=False)
    assert [str(kind.gvk) for kind in kinds] == ["v1 Pod", "autoscaling/v2 HPA", "autoscaling/v1 HPA"]
    pod = kinds.preferred(GroupKind("", "Pod"))
    assert (pod.subresources, pod.singular, pod.short_names) == ({"log"}, "pod", ("po",))
    assert "`broken.io/v1`" in caplog.text
    assert len(discovery.kinds(refresh=True)) == 3


def test_discovery_that_is_refused():
    """An error is raised, whichever of the two requests it comes from."""
    transport = ScriptedTransport().on("GET", "/apis$", status(403, "no")).on("GET", "/api$", answer(200, CORE))
    with pytest.raises(errors.Forbidden, match="cannot discover what the server serves: no"):
        Discovery(ask(transport), store=None).kinds(refresh=False)


@pytest.mark.parametrize("item", ["x", {"versions": [{}]}, group("a", ("v1", [{"responseKind": {"kind": "A"}}], {}))])
def test_discovery_that_makes_no_sense(tmp_path, item):
    """It is an error of the cluster, and is not kept on disk."""
    transport = (
        ScriptedTransport()
        .on("GET", "/apis$", tagged(groups(item), '"g"'), tagged(APIS, '"h"'))
        .on("GET", "/api$", tagged(CORE, '"c"'), tagged(CORE, '"c"'))
    )
    store = Store(tmp_path, server="https://a", authority=None)
    with pytest.raises(errors.ClusterError, match="is not understood"):
        Discovery(ask(transport), store=store).kinds(refresh=False)
    assert store.read() == {}
    assert len(Discovery(ask(transport), store=store).kinds(refresh=False)) == 5
