"""What a run costs in requests, counted on the way to the real server and in the report."""

from __future__ import annotations

import importlib.util
import json
import logging
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.cli import main as cli
from kubernator.sandbox import lifecycle
from kubernator.testing.faults import FaultProxy
from kubernator.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubernator.testing.fixtures import Kubectl

pytestmark = pytest.mark.cluster

#: Kinds of the generated tree, the namespaces among them.
KINDS = 10
DISCOVERY = {"/api", "/apis"}
#: What is asked where objects are checked by schemas: those of the server's version come with the package.
VERSION = ["/version"]


@dataclass(frozen=True)
class Cost:
    """What one run sent: by verb as its report says, and as it went by."""

    said: dict[str, int]
    lists: Counter[str]
    gets: list[str]
    others: Counter[str]

    @property
    def first_pages(self) -> int:
        """How many LISTs were begun; the pages that follow depend on what else is in the cluster."""
        return sum(self.lists.values())


@dataclass(frozen=True)
class Client:
    """Runs the program on a tree through a proxy that counts."""

    proxy: FaultProxy
    directory: Path

    def run(self, tree: Path, *words: str) -> Cost:
        """Apply a tree, which must succeed, and return what it cost."""
        self.proxy.clear()
        report = self.directory / "report.json"
        words = ("apply", "--yes", "--no-wait", "--report", str(report), *words)
        assert cli.main(["-p", str(tree), "-v", "WARNING", *words]) == 0
        lists: Counter[str] = Counter()
        gets: list[str] = []
        others: Counter[str] = Counter()
        for seen in self.proxy.seen:
            path, _, query = seen.path.partition("?")
            if seen.method != "GET":
                others["dry-run" if "dryRun=All" in query else seen.method] += 1
            elif path in DISCOVERY:
                others["discovery"] += 1
            elif "limit=" in query:
                lists[path] += "continue=" not in query
            else:
                gets.append(path)
        return Cost(json.loads(report.read_text())["requests"], lists, gets, others)


@pytest.fixture(scope="module")
def control_plane() -> Iterator[lifecycle.Held]:
    """Return a control plane of this module's own: how many others there are of a kind decides how it is read."""
    with lifecycle.running(say=lambda _: None, kubectl=True) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def kubeconfig(control_plane: lifecycle.Held) -> Path:
    """Return its kubeconfig."""
    return control_plane.kubeconfig


@pytest.fixture(scope="module")
def kubectl(kubectl_program: Path, kubeconfig: Path) -> Kubectl:
    """Return its kubectl."""

    def run(*args: str, stdin: str | None = None, check: bool = True) -> process.Completed:
        return process.run([str(kubectl_program), f"--kubeconfig={kubeconfig}", *args], stdin=stdin, check=check)

    return run


@pytest.fixture
def client(tmp_path: Path, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client whose requests are counted."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with FaultProxy(kubeconfig, directory=tmp_path) as proxy:
        monkeypatch.setenv("KUBECONFIG", str(proxy.kubeconfig))
        yield Client(proxy, tmp_path)


@pytest.fixture(scope="session")
def generated() -> Callable[..., None]:
    """Return what writes the tree of the benchmarks."""
    path = Path(__file__).parents[2] / "benchmarks" / "tree.py"
    spec = importlib.util.spec_from_file_location("benchmark_tree", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    write: Callable[..., None] = module.write
    return write


def config_maps(tree: Path, *places: str) -> Path:
    """Write a tree of a ConfigMap for each ``namespace/name``."""
    tree.mkdir(exist_ok=True)
    (tree / ".kubernator.py").write_text('ktor.app.register_plugin("k8s")\n')
    documents = [
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{namespace: {namespace}, name: {name}}}\ndata: {{a: '1'}}\n"
        for namespace, name in (place.split("/") for place in places)
    ]
    (tree / "maps.yaml").write_text("---\n".join(documents))
    return tree


@pytest.mark.parametrize("objects", [300, 1000])
def test_an_unchanged_tree_costs_a_list_a_kind(
    client: Client, generated: Any, namespace: str, tmp_path: Path, objects: int
) -> None:
    """First a write an object, a dry run only for the namespaces; then K LISTs and discovery; then one change.

    What the server cannot be asked about before is checked by the schemas of its version.
    """
    tree = tmp_path / "tree"
    generated(tree, objects, prefix=namespace)
    first = client.run(tree)
    assert first.others == {"discovery": 2, "dry-run": 10, "PATCH": objects + 10}
    assert (first.first_pages, first.gets) == (1, VERSION)
    again = client.run(tree)
    assert again.others == {"discovery": 2}
    assert (len(again.lists), again.first_pages, again.gets) == (KINDS, KINDS, [])
    assert again.said.keys() == {"discovery", "list"}
    assert again.said["list"] >= KINDS
    part = next(path for path in sorted(tree.rglob("*.yaml")) if 'key-0: "' in path.read_text())
    part.write_text(part.read_text().replace('key-0: "', 'key-0: "other ', 1))
    changed = client.run(tree)
    assert changed.others == {"discovery": 2, "dry-run": 1, "PATCH": 1}
    assert (changed.first_pages, changed.gets) == (KINDS, [])
    assert changed.said["dry-run"] == changed.said["apply"] == 1


@pytest.mark.parametrize(("words", "dry_runs"), [((), 5), (("--no-preflight",), 0)])
def test_a_first_apply_where_the_namespace_is_there(
    client: Client, namespace: str, kubectl: Kubectl, words: tuple[str, ...], dry_runs: int
) -> None:
    """One LIST, one write an object, and at most one dry run each; without one, schemas of the version are asked."""
    kubectl("create", "namespace", namespace)
    cost = client.run(
        config_maps(client.directory / "tree", *(f"{namespace}/m{number}" for number in range(5))), *words
    )
    assert cost.others == Counter({"discovery": 2, "dry-run": dry_runs, "PATCH": 5})
    assert cost.lists == {f"/api/v1/namespaces/{namespace}/configmaps": 1}
    assert cost.gets == ([] if dry_runs else VERSION)


def test_among_many_others_few_are_read_one_by_one(
    client: Client, namespace: str, kubectl: Kubectl, tmp_path: Path
) -> None:
    """The first page tells that a LIST would be the dearer way; a hundred objects are what it costs to know."""
    crowd = {"apiVersion": "v1", "kind": "List", "items": []}
    for number in range(150):
        metadata = {"namespace": f"{namespace}-z", "name": f"other-{number}"}
        crowd["items"].append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    for suffix in "abz":
        kubectl("create", "namespace", f"{namespace}-{suffix}")
    kubectl("create", "-f", "-", stdin=json.dumps(crowd))
    tree = config_maps(tmp_path / "tree", f"{namespace}-a/one", f"{namespace}-b/two")
    client.run(tree)
    cost = client.run(tree)
    assert cost.lists == {"/api/v1/configmaps": 1}
    expected = [f"/api/v1/namespaces/{namespace}-{place}" for place in ("a/configmaps/one", "b/configmaps/two")]
    assert expected == sorted(cost.gets)
    assert cost.others == {"discovery": 2}


def test_who_may_list_only_in_namespaces_does_so(
    client: Client, namespace: str, kubectl: Kubectl, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The LIST across the cluster is refused once a kind; then one for each namespace, and nothing is written."""
    places = [f"{namespace}-{suffix}" for suffix in "ab"]
    for place in places:
        kubectl("apply", "-f", "-", stdin=_granted(place, user=namespace))
    user = {"token": kubectl("-n", places[0], "create", "token", namespace).stdout.strip()}
    tree = config_maps(client.directory / "tree", *(f"{place}/{name}" for place in places for name in ("one", "two")))
    directory = client.directory / "limited"
    directory.mkdir()
    with FaultProxy(kubeconfig, directory=directory, user=user) as proxy:
        monkeypatch.setenv("KUBECONFIG", str(proxy.kubeconfig))
        limited = Client(proxy, directory)
        limited.run(tree)
        cost = limited.run(tree)
    assert cost.lists == Counter(
        {"/api/v1/configmaps": 1, **{f"/api/v1/namespaces/{place}/configmaps": 1 for place in places}}
    )
    assert cost.others == {"discovery": 2}
    assert cost.gets == []
    assert cost.said == {"discovery": 2, "list": 3}


def _granted(namespace: str, *, user: str) -> str:
    """Return a namespace in which a service account of the first one may do what an apply needs."""
    holder = f"{namespace[:-1]}a"
    return textwrap.dedent(f"""
        apiVersion: v1
        kind: Namespace
        metadata: {{name: {namespace}}}
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {{name: {user}, namespace: {namespace}}}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {{name: maps, namespace: {namespace}}}
        rules: [{{apiGroups: [""], resources: [configmaps], verbs: [get, list, create, patch]}}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {{name: maps, namespace: {namespace}}}
        roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: maps}}
        subjects: [{{kind: ServiceAccount, name: {user}, namespace: {holder}}}]
    """)
