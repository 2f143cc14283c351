"""The client against the real API server, straight and through a proxy that makes trouble."""

from __future__ import annotations

import base64
import contextlib
import json
import sys
import threading

import pytest

from kubernator import errors
from kubernator.cluster import kubeconfig as kubeconfigs
from kubernator.cluster.connect import connect
from kubernator.model.gvk import GroupKind
from kubernator.redaction import Secrets
from kubernator.sandbox import certificates
from kubernator.testing.faults import Cut, Delay, Drop, FaultProxy, Refuse

pytestmark = pytest.mark.cluster

MANAGER = "kubernator-test"


@pytest.fixture
def secrets():
    return Secrets()


@pytest.fixture
def opened(secrets):
    """Return a function that connects, with a kubeconfig; all connections end with the test."""
    with contextlib.ExitStack() as stack:

        def function(kubeconfig, **more):
            made = connect(kubeconfig=kubeconfig, secrets=secrets, **more)
            stack.callback(made.close)
            return made

        yield function


@pytest.fixture
def cluster(kubeconfig, opened):
    """Return a client that authenticates by client certificate."""
    return opened(kubeconfig)


@pytest.fixture
def kind(cluster):
    """Return ConfigMap as the server serves it."""
    return cluster.kinds().preferred(GroupKind("", "ConfigMap"))


@pytest.fixture
def here(cluster, namespace):
    """Return a namespace that is there."""
    namespaces = cluster.kinds().preferred(GroupKind("", "Namespace"))
    cluster.create(namespaces, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, manager="t")
    return namespace


def config_map(name, namespace, *, data=None, **metadata):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "data": data or {"a": "b"},
    }


@pytest.fixture
def token(cluster, here):
    """Return a function that gives a token of a service account that may do what a cluster administrator may."""
    cluster.raw("POST", f"/api/v1/namespaces/{here}/serviceaccounts", body={"metadata": {"name": "robot"}})
    binding = {
        "metadata": {"name": here},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": here}],
    }
    cluster.raw("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", body=binding)

    def issue():
        path = f"/api/v1/namespaces/{here}/serviceaccounts/robot/token"
        return cluster.raw("POST", path, body={"spec": {"expirationSeconds": 600}})["status"]["token"]

    yield issue
    cluster.raw("DELETE", f"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{here}")


def with_user(kubeconfig, directory, user):
    """Return a kubeconfig for the same server and another user."""
    found = kubeconfigs.load([kubeconfig], must_exist=True).select()
    file = directory / "other.kubeconfig"
    file.write_text(
        json.dumps(
            {
                "current-context": "a",
                "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
                "clusters": [
                    {
                        "name": "a",
                        "cluster": {
                            "server": found.cluster.server,
                            "certificate-authority-data": base64.b64encode(found.cluster.authority).decode(),
                        },
                    }
                ],
                "users": [{"name": "a", "user": user}],
            }
        )
    )
    return file


def who(cluster):
    """Return the name the server knows us by."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = cluster.raw("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=review)
    return answer["status"]["userInfo"]


def test_what_the_server_is(cluster):
    """Version and kinds come from the server, for three requests in all."""
    assert cluster.version().major == 1
    assert cluster.kinds().preferred(GroupKind("apps", "Deployment")).subresources >= {"scale", "status"}
    assert cluster.kinds() is cluster.kinds()
    assert cluster.requests == {"version": 1, "discovery": 2}


def _built_in(group):
    return "." not in group or group.endswith(".k8s.io")


def test_discovery_is_cached(kubeconfig, opened, tmp_path):
    """A second run gets the same kinds from the cache, as the server confirms."""
    first = opened(kubeconfig, cache_dir=tmp_path)
    with FaultProxy(kubeconfig, directory=tmp_path) as proxy:
        runs = [opened(proxy.kubeconfig, cache_dir=tmp_path) for _ in range(2)]
        # definitions of other tests come and go meanwhile
        found = [{kind.gvk for kind in run.kinds() if _built_in(kind.gvk.group)} for run in (first, *runs)]
        tags = [{key.lower() for key in seen.headers} >= {"if-none-match"} for seen in proxy.seen]
    assert found[0] == found[1] == found[2]
    assert tags == [False, False, True, True]


def test_a_certificate_says_who_we_are(cluster):
    """The administrator of the sandbox is known by certificate."""
    assert "system:masters" in who(cluster)["groups"]


def test_a_token_says_who_we_are(kubeconfig, tmp_path, opened, token, here):
    """A token from a kubeconfig or a file; one that is not known is refused."""
    file = tmp_path / "token"
    file.write_text(token())
    for user in ({"token": token()}, {"tokenFile": "token"}):
        made = opened(with_user(kubeconfig, tmp_path, user))
        assert who(made)["username"] == f"system:serviceaccount:{here}:robot"
    made = opened(with_user(kubeconfig, tmp_path, {"token": "nonsense-token"}))
    with pytest.raises(errors.Unauthorized):
        who(made)


def test_a_pod_says_who_it_is(kubeconfig, tmp_path, opened, token, here):
    """In-cluster configuration works, and a token that was renewed after a 401 is read again."""
    found = kubeconfigs.load([kubeconfig], must_exist=True).select().cluster
    host, _, port = found.server.removeprefix("https://").rpartition(":")
    (tmp_path / "token").write_text(token())
    (tmp_path / "ca.crt").write_bytes(found.authority)
    (tmp_path / "namespace").write_text(here)
    environ = {
        "HOME": str(tmp_path / "home"),
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": port,
    }
    made = opened(None, environ=environ, service_account=tmp_path)
    assert (who(made)["username"], made.namespace) == (f"system:serviceaccount:{here}:robot", here)
    (tmp_path / "token").write_text("nonsense-token")
    other = opened(None, environ=environ, service_account=tmp_path)
    with pytest.raises(errors.Unauthorized):
        who(other)
    (tmp_path / "token").write_text(token())
    assert who(other)["username"] == f"system:serviceaccount:{here}:robot"


def test_impersonation(kubeconfig, tmp_path, opened, token):
    """Who may act as somebody else does so, with groups, uid and extra."""
    user = {
        "token": token(),
        "as": "jane",
        "as-uid": "7",
        "as-groups": ["dev", "ops"],
        "as-user-extra": {"example.com/Scopes": ["view", "edit"]},
    }
    made = opened(with_user(kubeconfig, tmp_path, user))
    info = who(made)
    assert (info["username"], info["uid"], set(info["groups"]) >= {"dev", "ops"}) == ("jane", "7", True)
    assert info["extra"]["example.com/scopes"] == ["view", "edit"]


def test_apply_is_create_and_update(cluster, kind, here):
    """The first apply creates, the second changes, the third changes nothing; a dry run writes nothing."""
    manifest = config_map("a", here)
    assert cluster.apply(kind, manifest, manager=MANAGER, dry_run=True).created
    assert cluster.get(kind, namespace=here, name="a") is None
    first = cluster.apply(kind, manifest, manager=MANAGER)
    assert first.created
    second = cluster.apply(kind, config_map("a", here, data={"a": "c"}), manager=MANAGER)
    third = cluster.apply(kind, config_map("a", here, data={"a": "c"}), manager=MANAGER)
    versions = [one.manifest["metadata"]["resourceVersion"] for one in (first, second, third)]
    assert versions[0] != versions[1] == versions[2]
    assert (second.created, second.manifest["data"]) == (False, {"a": "c"})
    assert cluster.get(kind, namespace=here, name="a")["metadata"]["managedFields"][0]["manager"] == MANAGER


@pytest.mark.parametrize(
    "text",
    ["emoji 😀", "\x7f\x80\x85\x9f\xa0", "\u2028 \u2029 \ufeff \ufffe \uffff", 'quote " \\ / \t\r\n', "<<: *a #"],
)
def test_every_text_arrives(cluster, kind, here, text):
    """What the server reads as YAML is what we wrote as JSON."""
    applied = cluster.apply(kind, config_map("a", here, data={"a": text}), manager=MANAGER)
    assert applied.manifest["data"] == {"a": text}
    assert cluster.create(kind, config_map("b", here, data={"a": text}), manager="t").manifest["data"] == {"a": text}


def test_preconditions(cluster, kind, here):
    """A stale version is a conflict without causes, a wrong uid is invalid, create-only refuses what is there."""
    uid = cluster.apply(kind, config_map("a", here), manager=MANAGER).manifest["metadata"]["uid"]
    with pytest.raises(errors.Conflict, match="the object has been modified") as caught:
        cluster.apply(kind, config_map("a", here, resourceVersion="1"), manager=MANAGER, force=True)
    assert caught.value.causes == ()
    with pytest.raises(errors.Invalid) as caught:
        cluster.apply(kind, config_map("a", here, uid="another"), manager=MANAGER)
    assert {cause.field for cause in caught.value.causes} == {"metadata.uid"}  # older servers say it twice
    with pytest.raises(errors.Conflict, match="uid mismatch"):
        cluster.apply(kind, config_map("b", here, uid=uid), manager=MANAGER)
    assert cluster.apply(kind, config_map("c", here, resourceVersion="1"), manager=MANAGER).created


def test_conflicts_name_their_fields(cluster, kind, here):
    """A field of another manager is a cause with field and manager; force takes it."""
    cluster.apply(kind, config_map("a", here), manager="other")
    wanted = config_map("a", here, data={"a": "c"})
    with pytest.raises(errors.Conflict) as caught:
        cluster.apply(kind, wanted, manager=MANAGER)
    (cause,) = caught.value.causes
    assert (cause.reason, cause.field) == ("FieldManagerConflict", ".data.a")
    assert cluster.apply(kind, wanted, manager=MANAGER, force=True).manifest["data"] == {"a": "c"}


def test_what_is_refused(cluster, kind, here):
    """A wrong field, a wrong name, a namespace that is not there, and a kind that is not served."""
    with pytest.raises(errors.Invalid, match=r"\.bogus: field not declared in schema") as caught:
        cluster.apply(kind, {**config_map("a", here), "bogus": 1}, manager=MANAGER)
    assert caught.value.status == 500
    with pytest.raises(errors.Invalid, match="RFC 1123"):
        cluster.apply(kind, config_map("A_", here), manager=MANAGER)
    with pytest.raises(errors.NotFound, match="namespaces"):
        cluster.apply(kind, config_map("a", f"{here}-gone"), manager=MANAGER)
    with pytest.raises(errors.NotFound, match="404 page not found"):
        cluster.raw("GET", "/apis/no.such.group/v1/things")
    assert cluster.requests.get("retry", 0) == 0


def test_warnings_are_heard(cluster, here):
    """A deprecated or doubtful manifest brings the server's warnings along."""
    pods = cluster.kinds().preferred(GroupKind("", "Pod"))
    container = {"name": "a", "image": "x", "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "a-", "namespace": here},
        "spec": {"containers": [container]},
    }
    applied = cluster.create(pods, manifest, manager="t", dry_run=True)
    assert any('hides previous definition of "A"' in warning for warning in applied.warnings)


def test_lists_in_pages(cluster, kind, here):
    """Pages are put together; a listing can be given up; a selector chooses."""
    for number in range(7):
        labels = {"odd": str(number % 2)}
        cluster.create(kind, config_map(f"m{number}", here, labels=labels), manager="t")
    before = cluster.requests.get("list", 0)
    listing = cluster.list(kind, namespace=here, page=3)
    mine = [item["metadata"]["name"] for item in listing.items if item["metadata"]["name"].startswith("m")]
    assert mine == [f"m{number}" for number in range(7)]
    assert cluster.requests["list"] - before == 3
    assert {item["kind"] for item in listing.items} == {"ConfigMap"}
    given_up = cluster.list(kind, namespace=here, page=3, give_up_above=2)
    assert (given_up.complete, len(given_up.items), given_up.remaining) == (False, 3, len(listing.items) - 3)
    assert len(cluster.list(kind, namespace=here, label_selector="odd=1", page=2).items) == 3
    assert len(cluster.list(kind, namespace=here, field_selector="metadata.name=m1").items) == 1


def test_a_watch_follows_a_list(cluster, kind, here):
    """What happens after the list is seen; closing from another thread ends it."""
    cluster.create(kind, config_map("a", here), manager="t")
    version = cluster.list(kind, namespace=here).resource_version
    seen, deleted = [], threading.Event()
    watch = cluster.watch(kind, namespace=here, resource_version=version, timeout=60)

    def follow():
        with watch as events:
            for event in events:
                if event.object["metadata"].get("name") == "a":
                    seen.append(event.type)
                if event.type == "DELETED":
                    deleted.set()

    thread = threading.Thread(target=follow)
    thread.start()
    cluster.patch(
        kind,
        namespace=here,
        name="a",
        body={"data": {"a": "c"}},
        content_type="application/merge-patch+json",
        manager="t",
    )
    cluster.delete(kind, namespace=here, name="a", propagation="Background")
    deleted.wait()
    watch.close()
    thread.join()
    assert seen == ["MODIFIED", "DELETED"]


def test_a_watch_ends(cluster, kind, here):
    """The server ends it after the time that was asked for."""
    version = cluster.list(kind, namespace=here).resource_version
    with cluster.watch(kind, namespace=here, resource_version=version, timeout=1) as events:
        assert all(event.type == "BOOKMARK" or event.object for event in events)


def test_deletes_have_preconditions(cluster, kind, here):
    """A wrong uid or version deletes nothing; what is gone is no error; a dry run deletes nothing."""
    metadata = cluster.create(kind, config_map("a", here), manager="t").manifest["metadata"]
    target = {"namespace": here, "name": "a", "propagation": "Background"}
    for wrong in ({"uid": "another"}, {"resource_version": "1"}):
        with pytest.raises(errors.Conflict, match="precondition"):
            cluster.delete(kind, **target, **wrong)
    cluster.delete(kind, **target, dry_run=True)
    assert cluster.get(kind, namespace=here, name="a")
    assert cluster.delete(kind, **target, uid=metadata["uid"], resource_version=metadata["resourceVersion"])
    assert cluster.get(kind, namespace=here, name="a") is None
    assert cluster.delete(kind, **target) is None


def test_json_patches(cluster, kind, here):
    """A JSON patch with tests on what it changes is carried out or refused."""
    cluster.create(kind, config_map("a", here), manager="t")
    operation = [{"op": "test", "path": "/data/a", "value": "b"}, {"op": "replace", "path": "/data/a", "value": "c"}]
    arguments = {"namespace": here, "name": "a", "content_type": "application/json-patch+json", "manager": "t"}
    assert cluster.patch(kind, body=operation, **arguments).manifest["data"] == {"a": "c"}
    with pytest.raises(errors.Invalid):
        cluster.patch(kind, body=operation, **arguments)


def test_a_new_kind_is_found(cluster, here):
    """After a definition was added a refresh finds its kind, for one request."""
    definitions = cluster.kinds().preferred(GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"))
    group = f"{here}.example.com"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    manifest = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": "Thing", "plural": "things"},
            "scope": "Namespaced",
            "versions": [version],
        },
    }
    created = cluster.apply(definitions, manifest, manager=MANAGER).manifest["metadata"]
    with cluster.watch(
        definitions,
        resource_version=created["resourceVersion"],
        field_selector=f"metadata.name=things.{group}",
        timeout=30,
    ) as events:
        for event in events:
            conditions = (event.object.get("status") or {}).get("conditions") or ()
            if any(one["type"] == "Established" and one["status"] == "True" for one in conditions):
                break
    before = cluster.requests["discovery"]
    while (thing := cluster.kinds(refresh=True).preferred(GroupKind(group, "Thing"))) is None:
        before += 1
    assert cluster.requests["discovery"] - before == 1
    manifest = {
        "apiVersion": f"{group}/v1",
        "kind": "Thing",
        "metadata": {"name": "a", "namespace": here},
        "k" * 1022: 1,
    }
    assert cluster.apply(thing, manifest, manager=MANAGER).created
    cluster.delete(definitions, namespace="", name=f"things.{group}", propagation="Background")


PLUGIN = """
import json, os, pathlib, sys
tokens = json.loads(pathlib.Path(sys.argv[1]).read_text())
log = pathlib.Path(sys.argv[2])
log.write_text(log.read_text() + "x" if log.exists() else "x")
status = tokens[min(len(log.read_text()), len(tokens)) - 1]
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
print(json.dumps({"apiVersion": info["apiVersion"], "kind": "ExecCredential", "status": status}))
"""


@pytest.fixture
def exec_user(tmp_path):
    """Return a function that gives a user whose plugin hands out credentials one after the other, and its log."""

    def user(*statuses):
        (tmp_path / "plugin.py").write_text(PLUGIN)
        (tmp_path / "tokens").write_text(json.dumps(statuses))
        log = tmp_path / "log"
        arguments = [str(tmp_path / name) for name in ("plugin.py", "tokens", "log")]
        entry = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": arguments,
            "interactiveMode": "Never",
        }
        return {"exec": entry}, log

    return user


def test_an_exec_plugin_is_asked_again_after_a_401(*, kubeconfig, tmp_path, opened, token, exec_user, here):
    """The server refuses the first token: the plugin is run once more and the request goes through."""
    user, log = exec_user({"token": "stale-token-of-plugin"}, {"token": token()})
    with FaultProxy(kubeconfig, directory=tmp_path, user=user) as proxy:
        made = opened(proxy.kubeconfig)
        threads = [threading.Thread(target=who, args=(made,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert who(made)["username"] == f"system:serviceaccount:{here}:robot"
    assert log.read_text() == "xx"
    assert made.requests["retry"] <= 4


def test_an_exec_plugin_gives_a_certificate(kubeconfig, tmp_path, opened, exec_user):
    """A certificate from a plugin is used for the connection."""
    admin = kubeconfigs.load([kubeconfig], must_exist=True).select().user
    user, log = exec_user({"clientCertificateData": admin.certificate.decode(), "clientKeyData": admin.key.decode()})
    made = opened(with_user(kubeconfig, tmp_path, user))
    assert [("system:masters" in who(made)["groups"]) for _ in range(2)] == [True, True]
    assert log.read_text() == "x"


def test_a_429_is_waited_for(kubeconfig, tmp_path, opened, kind, here):
    """``Retry-After`` is honoured, then the write goes through, once."""
    refusal = Refuse("PATCH", "/api/v1/namespaces", status=429, headers={"Retry-After": "1"})
    with FaultProxy(kubeconfig, directory=tmp_path, faults=[refusal]) as proxy:
        made = opened(proxy.kubeconfig)
        assert made.apply(kind, config_map("a", here), manager=MANAGER).created
        assert made.requests == {"apply": 2, "retry": 1, "throttled": 1}
        assert proxy.count("PATCH") == 2


@pytest.mark.parametrize("fault", [Drop("PATCH", "/", forward=True), Cut("PATCH", "/", size=10)])
def test_an_apply_whose_answer_is_lost(*, kubeconfig, tmp_path, opened, kind, here, fault):
    """It is applied once more, which changes nothing."""
    with FaultProxy(kubeconfig, directory=tmp_path, faults=[fault]) as proxy:
        made = opened(proxy.kubeconfig)
        assert not made.apply(kind, config_map("a", here), manager=MANAGER).created
        assert proxy.count("PATCH") == 2


def test_a_create_whose_answer_is_lost(*, kubeconfig, tmp_path, opened, cluster, kind, here):
    """It is not sent again: it may have been carried out, and here it was."""
    fault = Drop("POST", "/", forward=True)
    with FaultProxy(kubeconfig, directory=tmp_path, faults=[fault]) as proxy:
        made = opened(proxy.kubeconfig)
        with pytest.raises(errors.Unreachable, match="broke before the answer was complete"):
            made.create(kind, config_map("a", here), manager="t")
        assert proxy.count("POST") == 1
    assert cluster.get(kind, namespace=here, name="a")


def test_troubles_of_reading_pass(kubeconfig, tmp_path, opened, kind, here):
    """A list that is refused, dropped and cut is there in the end."""
    faults = [
        Refuse("GET", "/api/v1/namespaces", status=503),
        Drop("GET", "/api/v1/namespaces"),
        Cut("GET", "/api/v1/namespaces", size=5),
    ]
    with FaultProxy(kubeconfig, directory=tmp_path, faults=faults) as proxy:
        made = opened(proxy.kubeconfig)
        assert made.list(kind, namespace=here).complete
        assert made.requests == {"list": 3, "retry": 2}  # on a kept connection the transport repeats by itself
        assert proxy.count("GET", "/api/v1/namespaces") == 4


def test_a_watch_that_is_cut_ends(kubeconfig, tmp_path, opened, kind, here):
    """A connection that breaks ends the watch like the server's own end: who watches looks again."""
    with FaultProxy(kubeconfig, directory=tmp_path, faults=[Cut("GET", ".*watch=true", size=20)]) as proxy:
        made = opened(proxy.kubeconfig)
        version = made.list(kind, namespace=here).resource_version
        made.create(kind, config_map("a", here), manager="t")
        with made.watch(kind, namespace=here, resource_version=version) as events:
            assert list(events) == []


def test_a_proxy_with_tls_that_holds_back(kubeconfig, tmp_path, opened, kind, here):
    """The fault proxy speaks TLS too; a request that is held back goes through when it is let go."""
    own = certificates.make()
    certificate = (own.server, own.server_key, own.authority)
    delay = Delay("GET", "/version")
    with FaultProxy(kubeconfig, directory=tmp_path, faults=[delay], certificate=certificate) as proxy:
        made = opened(proxy.kubeconfig)
        asked = threading.Thread(target=made.version)
        asked.start()
        proxy.wait_for("GET", "/version")
        assert made.get(kind, namespace=here, name="gone") is None
        assert asked.is_alive()
        proxy.release()
        asked.join()
        assert made.version().major == 1


def test_the_wrong_authority(kubeconfig, tmp_path, opened):
    """A kubeconfig with another cluster's authority says so."""
    file = with_user(kubeconfig, tmp_path, {})
    content = json.loads(file.read_text())
    content["clusters"][0]["cluster"]["certificate-authority-data"] = base64.b64encode(
        certificates.make().authority
    ).decode()
    file.write_text(json.dumps(content))
    made = opened(file)
    with pytest.raises(errors.Unreachable, match=r"is from an unknown authority|cannot be verified"):
        made.version()
