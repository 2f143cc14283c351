"""What is sent to an API server."""

from __future__ import annotations

import json

import pytest

from kubernator import errors
from kubernator.cluster import requests
from kubernator.cluster.api import Kind
from kubernator.model.gvk import GroupVersionKind

CONFIG_MAP = Kind(gvk=GroupVersionKind("", "v1", "ConfigMap"), plural="configmaps", singular="", namespaced=True)
NAMESPACE = Kind(gvk=GroupVersionKind("", "v1", "Namespace"), plural="namespaces", singular="", namespaced=False)
DEPLOYMENT = Kind(gvk=GroupVersionKind("apps", "v1", "Deployment"), plural="deployments", singular="", namespaced=True)
ROLE = Kind(
    gvk=GroupVersionKind("rbac.authorization.k8s.io", "v1", "ClusterRole"),
    plural="clusterroles",
    singular="",
    namespaced=False,
)


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        (CONFIG_MAP, {}, "/api/v1/configmaps"),
        (CONFIG_MAP, {"namespace": "a", "name": "b"}, "/api/v1/namespaces/a/configmaps/b"),
        (NAMESPACE, {"namespace": "ignored", "name": "b"}, "/api/v1/namespaces/b"),
        (DEPLOYMENT, {"namespace": "a"}, "/apis/apps/v1/namespaces/a/deployments"),
        (
            DEPLOYMENT,
            {"namespace": "a", "name": "b", "subresource": "scale"},
            "/apis/apps/v1/namespaces/a/deployments/b/scale",
        ),
        (ROLE, {"name": "system:a/b c%"}, "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:a%2Fb%20c%25"),
    ],
)
def test_paths(kind, arguments, expected):
    """A path follows from kind, scope and name; names are quoted, colons are not."""
    assert expected == requests.path(kind, **arguments)


def test_an_apply():
    """Server-side apply is a PATCH that may be repeated, with everything in the query."""
    manifest = {"metadata": {"name": "a", "namespace": "b"}}
    call = requests.apply(DEPLOYMENT, manifest, manager="m", force=True, dry_run=False, field_validation="Strict")
    assert call.target == ("/apis/apps/v1/namespaces/b/deployments/a?fieldManager=m&force=true&fieldValidation=Strict")
    assert (call.method, call.content_type, call.verb) == ("PATCH", "application/apply-patch+yaml", "apply")
    assert call.repeatable
    assert call.doing == "apply `Deployment.apps b/a`"
    tried = requests.apply(DEPLOYMENT, manifest, manager="m", force=False, dry_run=True, field_validation="")
    assert (tried.verb, tried.target.partition("?")[2]) == ("dry-run", "fieldManager=m&force=false&dryRun=All")


@pytest.mark.parametrize(("dry_run", "expected"), [(True, ("dry-run", True)), (False, ("create", False))])
def test_a_create_is_not_repeated(dry_run, expected):
    """A POST may be sent again only when it writes nothing."""
    manifest = {"metadata": {"generateName": "a-", "namespace": "b"}}
    call = requests.create(CONFIG_MAP, manifest, manager="m", dry_run=dry_run, field_validation="Warn")
    assert expected == (call.verb, call.repeatable)
    assert call.target.startswith("/api/v1/namespaces/b/configmaps?fieldManager=m")
    assert call.doing == "create `ConfigMap b/a-…`"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json-patch+json", False),
        ("application/merge-patch+json", True),
        ("application/apply-patch+yaml", True),
    ],
)
def test_a_patch_is_repeated_when_it_says_the_same_twice(content_type, expected):
    """A JSON patch may append or test, so it is sent once."""
    call = requests.patch(
        CONFIG_MAP,
        namespace="a",
        name="b",
        body=[],
        content_type=content_type,
        manager="m",
        dry_run=False,
        subresource="status",
        field_validation="",
    )
    assert expected is call.repeatable
    assert call.target == "/api/v1/namespaces/a/configmaps/b/status?fieldManager=m"


@pytest.mark.parametrize(
    ("arguments", "options", "repeatable"),
    [
        ({}, {}, False),
        ({"uid": "u"}, {"preconditions": {"uid": "u"}}, True),
        (
            {"uid": "u", "resource_version": "7"},
            {"preconditions": {"uid": "u", "resourceVersion": "7"}},
            True,
        ),
        ({"dry_run": True}, {"dryRun": ["All"]}, True),
    ],
)
def test_a_delete_has_preconditions(arguments, options, repeatable):
    """Without a uid a repeated delete could hit another object of the same name."""
    given = {"uid": "", "resource_version": "", "dry_run": False, **arguments}
    call = requests.delete(CONFIG_MAP, namespace="a", name="b", propagation="Background", **given)
    expected = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background", **options}
    assert (expected, repeatable) == (json.loads(call.body), call.repeatable)


def test_lists_and_watches():
    """Selectors are quoted; a watch asks for bookmarks and is heard longer than it lasts."""
    listed = requests.listing(
        CONFIG_MAP, namespace="a", label_selector="x in (a,b)", field_selector="", limit=10, token="t/="
    )
    assert listed.target == "/api/v1/namespaces/a/configmaps?limit=10&labelSelector=x+in+%28a%2Cb%29&continue=t%2F%3D"
    watched = requests.watch(
        CONFIG_MAP, namespace="", resource_version="7", field_selector="metadata.name=x", timeout=20
    )
    assert watched.target == (
        "/api/v1/configmaps?watch=true&allowWatchBookmarks=true&resourceVersion=7"
        "&fieldSelector=metadata.name%3Dx&timeoutSeconds=20"
    )
    assert watched.timeout > 20


@pytest.mark.parametrize(
    ("method", "path", "content_type", "verb", "repeatable", "sent_as"),
    [
        ("get", "/openapi/v3", "", "openapi", True, "application/json"),
        ("GET", "version", "", "version", True, "application/json"),
        ("GET", "/api/v1/pods?limit=1", "", "get", True, "application/json"),
        ("POST", "/api/v1/pods", "", "create", False, "application/json"),
        ("PUT", "/api/v1/pods/a", "", "patch", True, "application/json"),
        ("PATCH", "/api/v1/pods/a", "", "patch", True, "application/merge-patch+json"),
        ("PATCH", "/api/v1/pods/a", "application/json-patch+json", "patch", False, "application/json-patch+json"),
        ("DELETE", "/api/v1/pods/a", "", "delete", False, "application/json"),
    ],
)
def test_raw_requests(*, method, path, content_type, verb, repeatable, sent_as):
    """Any other request counts as something, and is repeated only if that is harmless."""
    call = requests.raw(method, path, body={}, accept="application/json", content_type=content_type)
    assert (verb, repeatable, sent_as) == (call.verb, call.repeatable, call.content_type)
    assert call.target.startswith("/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("emoji 😀 ü", '"emoji 😀 ü"'),
        ("a/b", '"a/b"'),
        ("\x1f\n\t", '"\\u001f\\n\\t"'),
        ("\x7f\x85\x9f\xa0", '"\\u007f\\u0085\\u009f\xa0"'),
        ("\u2028\u2029\ufeff\ufffd\ufffe\uffff", '"\\u2028\\u2029\\ufeff\ufffd\\ufffe\\uffff"'),
        ("\ud83d", '"\\ud83d"'),
    ],
)
def test_an_apply_body_is_read_the_same_as_yaml(text, expected):
    """Escaped is what a YAML parser does not take raw, and nothing it does not take escaped."""
    assert expected.encode() == requests.encode_apply(text, named="x")


@pytest.mark.parametrize("key", ["k" * 1022, "ü" * 1022, "\n" * 511, "\x85" * 170])
def test_the_longest_keys(key):
    """A YAML parser takes 1024 characters before the colon, quotes and escapes counted."""
    assert requests.encode_apply({"a": [{key: 1}]}, named="x")


@pytest.mark.parametrize("key", ["k" * 1023, "\n" * 512, "\x85" * 171])
def test_longer_keys_are_refused_here(key):
    """The server's words for it would say nothing."""
    with pytest.raises(errors.ProjectError, match="`ConfigMap a` has a key of"):
        requests.encode_apply({"a": [{key: 1}]}, named="`ConfigMap a`")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes", object()])
def test_what_json_does_not_have(value):
    """A value that cannot be sent is told before anything is."""
    with pytest.raises(errors.ProjectError, match="`x` holds a value that JSON does not have"):
        requests.encode({"a": value}, named="`x`")
