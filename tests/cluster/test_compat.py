"""What scripts written for the reference do with ``ktor.k8s``, member by member, on the real control plane."""

from __future__ import annotations

import functools
import http.server
import json
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kubernator.cli import main as cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

Said = tuple[list[str], str]


@pytest.fixture
def script(
    tmp_path: Path,
    kubeconfig: Path,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Said]:
    """Return something that runs a start script, with ``NS``, ``cm`` and k8s there: what it says, and stdout."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tree = tmp_path / "tree"
    tree.mkdir()
    log = tmp_path / "log"

    def run(text: str, *words: str, code: int = 0, options: str = "") -> Said:
        (tree / ".kubernator.py").write_text(
            f"ktor.app.register_plugin('k8s'{options})\nNS, say, k8s = {namespace!r}, logger.info, ktor.k8s\n"
            "def cm(name='c', namespace='default', **data):\n"
            "    return {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': f'{NS}-{name}',\n"
            "            'namespace': namespace}, 'data': data}\n" + textwrap.dedent(text)
        )
        capsys.readouterr()
        found = cli.main(["-p", str(tree), "--log-format", "json", "--log-file", str(log), *words])
        records = [json.loads(line) for line in log.read_text().splitlines()]
        run.log = "\n".join(f"{each['level']} {each['message']} {each.get('detail', '')}" for each in records)  # type: ignore[attr-defined]
        assert code == found, run.log  # type: ignore[attr-defined]
        said = [each["message"] for each in records if each["name"] == "kubernator.script"]
        return said, capsys.readouterr().out

    return run


MEMBERS = """
    includes excludes default_includes default_excludes add_resources load_resources load_remote_resources load_crds
    load_remote_crds import_cluster_crds create_resource resource add_transformer remove_transformer add_validator
    remove_validator add_manifest_patcher add_resource_filter remove_resource_filter resource_generator get_api_versions
    client server_version server_git_version field_validation field_validation_warn_fatal field_validation_warnings
    disable_client_patches patch_field_excludes immutable_changes conflict_retry_delay openapi_version openapi_source
    _k8s
    """


def test_every_member_is_there(script: Callable[..., Said]) -> None:
    """All of ``ktor.k8s``, here and through ``ktor.globals``."""
    said, _ = script(
        f"for name in {MEMBERS.split()!r}:\n    say(hasattr(k8s, name) and hasattr(ktor.globals.k8s, name))"
    )
    assert {"True"} == set(said)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ktor.k8s.conflict_retry_delay", "0.3"),
        ("ktor.k8s.field_validation", "Warn"),
        ("list(ktor.k8s.default_includes)", "['*.yaml', '*.yml']"),
        ("len(k8s.patch_field_excludes)", "4"),
        ("[type(part).__name__ for part in k8s.server_version]", "['str', 'str', 'str']"),
        ("k8s.server_git_version == 'v' + '.'.join(k8s.server_version)", "True"),
        ("k8s.get_api_versions() == sorted(k8s.get_api_versions())", "True"),
        ("{'v1', 'apps/v1', 'batch/v1'} <= set(k8s.get_api_versions())", "True"),
        ("type(k8s.client).__name__", "ApiClient"),
        ("k8s.add_resources([])", "[]"),
        ("k8s.add_resources('')", "[]"),
        ("k8s.add_resources([{}, None])", "[]"),
        ("len(k8s.add_resources((cm(str(i)) for i in range(3))))", "3"),
        ("k8s.add_resources(cm()) is k8s.add_resources(cm())", "True"),
        ("str(k8s.add_resources(cm()).key).replace(NS, 'x')", "v1/ConfigMap/x-c.default"),
        ("k8s.create_resource(cm()) == k8s.create_resource(cm())", "True"),
        ("k8s.create_resource(cm(), 'a place').source", "a place"),
        ("k8s.create_resource(cm()).rdef.has_api", "True"),
        ("k8s.create_resource(cm()).rdef.populate_api(None, None)", "None"),
        ("k8s.resource({'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': 'x'}}).rdef.namespaced", "False"),
        (
            "k8s.resource({'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'x'}})",
            "apps/v1/Deployment/x",
        ),
        (
            "str(k8s.resource({'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'x'}}).rdef.key)",
            "apps/v1/Deployment",
        ),
        ("k8s.resource(cm()).project", "None"),
        ("k8s._k8s is ktor._plugins[2]", "True"),
    ],
)
def test_values(script: Callable[..., Said], expression: str, expected: str) -> None:
    """What an expression of a script gives."""
    assert [expected] == script(f"say('%s', {expression})")[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("k8s.add_resources({'kind': 'ConfigMap', 'metadata': {'name': 'x'}})", "`apiVersion`"),
        ("k8s.add_resources({'apiVersion': 'v1', 'metadata': {'name': 'x'}})", "`kind`"),
        ("k8s.add_resources({'apiVersion': 'v1', 'kind': 'ConfigMap'})", "metadata"),
        ("k8s.add_resources({'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'generateName': 'x'}})", "name"),
        (
            "k8s.add_resources({'apiVersion': 'v1', 'kind': 'Nonsense', 'metadata': {'name': 'x'}})",
            "is not a defined Kubernetes resource",
        ),
        ("k8s.add_resources(cm(namespace=None))", "no namespace"),
        ("k8s.add_resources(cm(a='1'))\nk8s.add_resources(cm(a='2'), 'the other')", "with different content"),
        ("k8s.add_transformer(lambda rs, r: 1 / 0)\nk8s.add_resources(cm())", "ZeroDivisionError"),
        ("k8s.add_transformer(lambda rs, r: r.manifest.pop('kind') and None)\nk8s.add_resources(cm())", "kind"),
        (
            "k8s.add_transformer(lambda rs, r: r.manifest['metadata'].update(namespace='x'))\nk8s.add_resources(cm())",
            "manifest",
        ),
        ("k8s.add_validator(lambda rs, r, error: [error('bad %s', r)])\nk8s.add_resources(cm())", "bad v1/ConfigMap"),
        ("k8s.add_validator(lambda rs, r, error: iter([ValueError('worse')]))\nk8s.add_resources(cm())", "worse"),
        ("k8s.load_resources('missing.yaml', 'yaml')", "missing.yaml"),
        ("k8s.load_resources('x', 'toml')", "toml"),
    ],
)
def test_what_is_refused(script: Callable[..., Said], text: str, words: str) -> None:
    """The run ends with 1 and one CRITICAL line, nothing is printed, and the log says what and where."""
    said, out = script(text, code=1)
    log: str = script.log  # type: ignore[attr-defined]
    assert (said, out, log.count("CRITICAL")) == ([], "", 1)
    assert words in log
    assert ".kubernator.py:" in log


def test_validators_may_return_nothing(script: Callable[..., Said]) -> None:
    """Which was a TypeError in the reference."""
    said, _ = script("k8s.add_validator(lambda rs, r, error: say(r.name == NS + '-c'))\nk8s.add_resources(cm())")
    assert said == ["True"]


@pytest.mark.parametrize("kind", ["transformer", "validator", "resource_filter"])
def test_what_is_removed_must_be_there(script: Callable[..., Said], kind: str) -> None:
    """Removing a function that is not registered is a ValueError; removing it once takes it away once."""
    said, _ = script(
        f"""
        f = lambda *a: []
        k8s.add_{kind}(f)
        k8s.add_{kind}(f)
        for _ in range(3):
            try:
                k8s.remove_{kind}(f)
                say("removed")
            except ValueError:
                say("not there")
        """
    )
    assert said == ["removed", "removed", "not there"]


@pytest.mark.parametrize("words", [["-o", "yaml"], ["-o", "json"], ["-o", "json-pretty"]])
def test_the_shape_of_a_dump(script: Callable[..., Said], words: list[str], namespace: str) -> None:
    """Create and patch entries, keys sorted, in every format; none for what is unchanged; JSON has no last line end."""
    script("k8s.add_resources([cm('a', x='1'), cm('b', x='1')])", "apply", "--yes")
    _, out = script("k8s.add_resources([cm('a', x='1', y='2'), cm('b', x='1'), cm('new')])", *words)
    name = {"apiVersion": "v1", "kind": "ConfigMap", "name": f"{namespace}-a", "namespace": "default"}
    expected: list[dict[str, Any]] = [
        {"method": "patch", "resource": name, "body": [{"op": "add", "path": "/data/y", "value": "2"}]},
        {
            "method": "create",
            "body": {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": f"{namespace}-new", "namespace": "default"},
                "data": {},
            },
        },
    ]
    assert expected == yaml.safe_load(out)
    assert (out == out.rstrip("\n")) is (words[1] != "yaml")
    assert (out.count("\n") == 0) is (words[1] == "json")
    if words[1] == "json-pretty":
        assert json.dumps(expected, indent=4, sort_keys=True) == out


def test_nothing_is_written_without_yes(script: Callable[..., Said], kubectl: Kubectl, namespace: str) -> None:
    """``dump``, ``dump --yes`` and ``apply`` only look, what is written has our field manager."""
    text = """
        k8s.add_resources({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': NS}})
        k8s.add_resources(cm(namespace=NS))
        """
    for words in (["dump"], ["dump", "--yes"], ["apply"]):
        script(text, *words)
        assert kubectl("get", "namespace", namespace, check=False).code != 0
    script(text, "apply", "--yes")
    found = kubectl("get", "cm", f"{namespace}-c", "-n", namespace, "-o", "json", "--show-managed-fields").stdout
    assert [entry["manager"] for entry in json.loads(found)["metadata"]["managedFields"]] == ["kubernator"]


def test_a_dropped_field_goes(script: Callable[..., Said], kubectl: Kubectl, namespace: str) -> None:
    """Where it stayed in the reference; the summary counts."""
    script("k8s.add_resources(cm(a='1', b='2'))", "apply", "--yes")
    script("k8s.add_resources(cm(a='1'))", "apply", "--yes")
    assert "created 0, patched 1, deleted 0" in script.log  # type: ignore[attr-defined]
    found = json.loads(kubectl("get", "cm", f"{namespace}-c", "-n", "default", "-o", "json").stdout)
    assert found["data"] == {"a": "1"}


def test_objects_of_the_reference_are_taken_over(script: Callable[..., Said], kubectl: Kubectl, namespace: str) -> None:
    """What it wrote, by create and JSON patch under manager `kubernator`, becomes ours; dropped fields go then."""
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{namespace}-c", "namespace": "default"},
        "data": {"a": "1", "old": "x"},
    }
    kubectl("create", "--field-manager=kubernator", "-f", "-", stdin=json.dumps(manifest))
    _, out = script("k8s.add_resources(cm(a='1'))", "-o", "json")
    (entry,) = json.loads(out)
    assert entry["body"] == [{"op": "remove", "path": "/data/old"}]
    script("k8s.add_resources(cm(a='1'))", "apply", "--yes")
    assert script("k8s.add_resources(cm(a='1'))", "-o", "json")[1] == "[]"


def test_order_of_writing(script: Callable[..., Said]) -> None:
    """Namespaces and definitions come first, whatever the order of adding; `dump` shows them so."""
    _, out = script(
        "k8s.add_resources(cm(namespace=NS))\n"
        "k8s.add_resources({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': NS}})",
        "-o",
        "json",
    )
    assert [entry["body"]["kind"] for entry in json.loads(out)] == ["Namespace", "ConfigMap"]


def test_secrets_are_not_printed(script: Callable[..., Said]) -> None:
    """Neither in the dump nor in the log, where the reference printed them; `--show-secrets` shows them."""
    text = """
        k8s.add_resources({'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': NS, 'namespace': 'default'},
                           'stringData': {'password': 'correct-horse'}})
        say('it is correct-horse')
        """
    said, out = script(text, "-v", "TRACE")
    assert "correct-horse" not in f"{said}{out}{script.log}"  # type: ignore[attr-defined]
    assert "correct-horse" in script(text, "dump", "--show-secrets")[1]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """Serve a directory with a manifest and a definition on loopback; give the address."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: remote, namespace: default}\n")
    (served / "one.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "json"}}')
    (served / "crd.yaml").write_text(yaml.safe_dump(CRD))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Handler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Thing", "plural": "things"},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}},
            {"name": "v1alpha1", "served": False, "storage": False, "schema": {"openAPIV3Schema": {"type": "object"}}},
        ],
    },
}


def test_remote_files(script: Callable[..., Said], web: str) -> None:
    """Manifests, definitions and other files are downloaded into the cache; a second time they are up to date."""
    said, _ = script(
        f"""
        from kubernator.api import FileType
        say("%s", [r.name for r in k8s.load_remote_resources("{web}/a.yaml", "yaml", "category")])
        k8s.add_resource_filter(lambda r: False)
        say("%s", [r.name for r in k8s.load_remote_resources("{web}/one.json", "json")])
        say("%s", [(d.kind, d.version) for d in k8s.load_remote_crds("{web}/crd.yaml", "yaml", "crds")])
        k8s.add_transformer(lambda rs, r: setattr(r, "namespace", "default"))
        say("%s", k8s.create_resource({{"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {{"name": "x"}}}}))
        for _ in range(2):
            path, current = ktor.app.download_remote_file(logger, "{web}/a.yaml", "other", "sub")
            say("%s %s", path.read_text().splitlines()[1], current)
        say("%s", ktor.app.load_remote_file(logger, "{web}/a.yaml", FileType.YAML)[0]["kind"])
        """,
        "apply",
        code=1,  # one object of the download has no namespace, which is found for filtered ones too
    )
    assert said[:4] == ["['remote']", "['json']", "[('Thing', 'v1')]", "example.com/v1/Thing/x"]
    assert said[4:] == ["kind: ConfigMap False", "kind: ConfigMap True", "ConfigMap"]
    assert "no namespace" in script.log  # type: ignore[attr-defined]


def test_one_cluster_a_run(script: Callable[..., Said], kubeconfig: Path, tmp_path: Path) -> None:
    """Another kubeconfig before the cluster is used chooses it; after that it is an error naming both places."""
    other = tmp_path / "other"
    other.write_text(kubeconfig.read_text())
    text = "ktor.kubeconfig.register_change_notifier(lambda: say('changed'))\n"
    text += f"ktor.kubeconfig.set({str(other)!r})\n"
    said, _ = script(f"{text}say(ktor.kubeconfig.kubeconfig == {str(other)!r})\nk8s.add_resources(cm())")
    assert said == ["changed", "True"]
    script(f"k8s.server_version\n{text}", code=1)
    assert "a run has one cluster" in script.log  # type: ignore[attr-defined]


def test_the_resource_is_read_only_after_the_walk(script: Callable[..., Said]) -> None:
    """A validator that changes a manifest is told that it is too late."""
    said, _ = script(
        """
        def v(resources, r, error):
            try:
                r.manifest["data"]["x"] = "y"
            except RuntimeError as e:
                say("%s", "walk is over" in str(e))
        k8s.add_validator(v)
        k8s.add_resources(cm(a="1"))
        """
    )
    assert said == ["True"]
