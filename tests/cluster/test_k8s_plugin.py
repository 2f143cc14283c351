"""The Kubernetes plugin's calls at once, and the official client, on the real control plane."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from kubernator import errors
from kubernator.cluster.connect import connect
from kubernator.model.diagnostics import Diagnostics
from kubernator.model.outcome import RunOutcome
from kubernator.redaction import Secrets
from kubernator.run.host import RunHost
from kubernator.run.registry import Registry
from kubernator.run.remote import Remotes
from kubernator.run.walk import walk
from kubernator.tools.cache import Cache
from kubernator.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster


@pytest.fixture
def hosts() -> Iterator[list[RunHost]]:
    """Collect hosts, which end with the test."""
    made: list[RunHost] = []
    yield made
    for host in made:
        host.end(RunOutcome())
        host.cluster.close()


@pytest.fixture
def script(
    tmp_path: Path, kubeconfig: Path, kubectl: Kubectl, namespace: str, hosts: list[RunHost]
) -> Callable[[str], list[Any]]:
    """Return a function that runs a script with `NS`, a namespace that is there, and returns what it says to `see`."""
    kubectl("create", "namespace", namespace)

    def run(text: str) -> list[Any]:
        secrets = Secrets()
        (tmp_path / ".kubernator.py").write_text(
            f'ktor.app.register_plugin("kubeconfig", kubeconfig={str(kubeconfig)!r})\n'
            'ktor.app.register_plugin("k8s")\n'
            f"see, NS = ktor.globals.see, {namespace!r}\n"
            'CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": NS}}\n'
            "c = ktor.k8s.resource(CONFIG)\n" + textwrap.dedent(text)
        )
        host = RunHost(
            args=argparse.Namespace(dry_run=True, command="dump"),
            secrets=secrets,
            workers=Workers(),
            diagnostics=Diagnostics(),
            connect=lambda path, context: connect(kubeconfig=path, context=context, secrets=secrets),
            remotes=Remotes(Cache(tmp_path / "cache"), secrets=secrets),
            start=tmp_path,
            registry=Registry(()),
        )
        hosts.append(host)
        seen: list[Any] = []
        host.script_ktor(host.globals).see = seen.append
        host.register_first()
        walk(host, tmp_path)
        return seen

    return run


def written(hosts: list[RunHost]) -> list[str]:
    found = hosts[-1].roster.anywhere("k8s")
    assert found is not None
    lines: list[str] = found.plugin.written()  # type: ignore[attr-defined] - by its name
    return lines


def test_calls_are_dry_runs_unless_told_otherwise(
    script: Callable[[str], list[Any]], kubectl: Kubectl, namespace: str, hosts: list[RunHost]
) -> None:
    """`create` without an argument leaves nothing behind; with `dry_run=False` it writes, and that is remembered."""
    seen = script("see(c.create()['metadata']['name'])")
    assert seen == ["c"]
    assert written(hosts) == []
    assert kubectl("get", "configmap", "c", "-n", namespace, check=False).code != 0
    script("c.create(dry_run=False)")
    assert kubectl("get", "configmap", "c", "-n", namespace).code == 0
    (line,) = written(hosts)
    assert line.startswith(f"created v1 ConfigMap {namespace}/c, asked by .kubernator.py:6")


def test_an_object_is_created_patched_read_and_deleted(
    script: Callable[[str], list[Any]], namespace: str, hosts: list[RunHost]
) -> None:
    """Both kinds of patches work, and `delete` returns when the object is gone."""
    seen = script(
        """
        from kubernator.plugins.k8s_api import K8SPropagationPolicy, K8SResourcePatchType as P

        c.create(dry_run=False)
        c.patch([{"op": "add", "path": "/data", "value": {"a": "1"}}], patch_type=P.JSON_PATCH, dry_run=False)
        body = {**CONFIG, "data": {"b": "2"}}
        c.patch(body, patch_type=P.SERVER_SIDE_PATCH, force=True, dry_run=False)
        see(c.get()["data"])
        see("kubernator" in [manager["manager"] for manager in c.get()["metadata"]["managedFields"]])
        see([one["metadata"]["name"] for one in c.rdef.list(NS) if one["metadata"]["name"] == "c"])
        see(next(iter(c.watch(timeout_seconds=30)))["object"]["data"])
        c.delete(dry_run=False, propagation_policy=K8SPropagationPolicy.FOREGROUND)
        try:
            c.get()
        except Exception as e:
            see((type(e).__name__, e.status))
        """
    )
    data = {"a": "1", "b": "2"}
    assert seen == [data, True, ["c"], data, ("NotFound", 404)]
    assert [line.split()[0] for line in written(hosts)] == ["created", "patched", "patched", "deleted"]


def test_errors_are_also_the_official_clients(script: Callable[[str], list[Any]]) -> None:
    """A script catches `ApiException` with status, reason and a parsed body."""
    seen = script(
        """
        from kubernetes import client

        for call in (c.get, c.delete, lambda: ktor.k8s.resource({**CONFIG, "data": {"a": 1}}).create()):
            try:
                call()
            except client.ApiException as e:
                see((e.status, e.body["kind"]))
        """
    )
    assert [body for _, body in seen] == ["Status"] * 3
    assert [status for status, _ in seen][:2] == [404, 404]


def test_the_official_client_reaches_the_same_cluster(script: Callable[[str], list[Any]], hosts: list[RunHost]) -> None:
    """`ktor.k8s.client` is one `ApiClient`, with the run's credentials; a list under merge patch is a JSON Patch."""
    seen = script(
        """
        from kubernetes import client

        core = client.CoreV1Api(ktor.k8s.client)
        see([item.metadata.name for item in core.list_namespace().items if item.metadata.name == NS] == [NS])
        see(ktor.k8s.client is ktor.k8s.client)
        see(hasattr(ktor.k8s.client.rest_client, "pool_manager"))
        c.create(dry_run=False)
        operation = [{"op": "add", "path": "/data", "value": {"k": "v"}}]
        see(core.patch_namespaced_config_map("c", NS, operation, _content_type="application/merge-patch+json").data)
        """
    )
    assert seen == [True, True, True, {"k": "v"}]


def test_without_the_official_client_the_extra_is_named(
    script: Callable[[str], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(errors.PluginError) as caught:
        script("ktor.k8s.client")
    assert caught.value.hint == "install `kubernator[client]`"


def test_what_the_cluster_defines_can_be_imported(
    script: Callable[[str], list[Any]], kubectl: Kubectl, namespace: str
) -> None:
    """`import_cluster_crds` makes kinds known with their schemas; schemas of built-in kinds come from the cluster."""
    group = f"{namespace}.example.com"
    kubectl(
        "apply",
        "-f",
        "-",
        stdin=f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{kind: Widget, plural: widgets}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
""",
    )
    try:
        seen = script(
            f"""
            found = [one for one in ktor.k8s.import_cluster_crds() if one.group == {group!r}]
            see([(one.kind, one.namespaced, dict(one.schema)["type"]) for one in found])
            see(sorted(c.schema["properties"]))
            see({f"{group}/v1"!r} in ktor.k8s.get_api_versions())
            """
        )
    finally:
        kubectl("delete", "crd", f"widgets.{group}", "--wait=false")
    assert seen[0] == [("Widget", True, "object")]
    assert "binaryData" in seen[1]
    assert seen[2] is True
