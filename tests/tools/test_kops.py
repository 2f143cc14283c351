"""The kOps plugin with the real kops: state stores on disk and in moto's S3, and moto's cloud.

The real kops makes a whole cluster in moto. Only waiting for its machines (`validate cluster`) and replacing them
(`rolling-update cluster --yes`) is recorded, since there are none.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kopscloud
import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.tools]

EXAMPLE = Path(__file__).parents[2] / "examples" / "kops"
FOUR = "maxSize: {${ ktor.cluster.nodes }$}"
OTHERS = ("AWS_", "KOPS_", "KUBE", "S3_", "XDG_", "CLOUDSDK_", "GOOGLE_")


@pytest.fixture(scope="session")
def cloud(moto: Any) -> Iterator[kopscloud.Cloud]:
    """Run the cloud."""
    with kopscloud.cloud(moto.url) as running:
        yield running


class Runs:
    """Runs kubernator on a tree, with a kops that writes down what it is told."""

    def __init__(self, home: Path, cloud: kopscloud.Cloud, kops: Path) -> None:
        self.home = home
        self.tree = home / "tree"
        self.tree.mkdir()
        self.cloud = cloud
        self.recorded = kopscloud.Recorded(home / "bin", kops)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(OTHERS)},
            **cloud.environment(),
            "HOME": str(home),
            "TMPDIR": str(home),
            "PATH": f"{self.recorded.directory}{os.pathsep}{os.environ['PATH']}",
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            [sys.executable, "-m", "kubernator", "-p", str(self.tree), *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def __call__(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        with self.start(*words) as process:
            out, err = process.communicate()
        assert code == process.returncode, err
        assert "Traceback" not in err
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def dump(self) -> list[dict[str, Any]]:
        """Return what would be done, in short where it concerns kops."""
        return [entry["body"] if entry["method"] == "kops" else entry for entry in yaml.safe_load(self("dump").stdout)]

    def write(self, files: dict[str, str]) -> None:
        """Plant files."""
        for name, text in files.items():
            path = self.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))

    def plant(self, name: str, *, state: str = "", more: str = "", **changes: Any) -> str:
        """Plant a cluster, on disk unless told otherwise; return its state store."""
        state = state or f"file://{self.home / 'store'}"
        script = f"""
            ktor.app.register_plugin("kops")
            ktor.kops.cluster_name = "{name}"
            ktor.kops.state_store = "{state}"
            ktor.kops.walk_local("cluster")
            ktor.app.excludes.add("cluster")
            """
        self.write(
            {
                ".kubernator.py": f"{textwrap.dedent(script)}{textwrap.dedent(more)}",
                "cluster/all.kops.yaml": kopscloud.manifests(name, **changes),
            }
        )
        return state

    def held(self, name: str, state: str) -> dict[str, Any]:
        """Return what a state store holds of a cluster, by name."""
        said = subprocess.run(
            [self.recorded.real, "get", "all", f"--name={name}", f"--state={state}", "--output=json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return {found["metadata"]["name"]: found for found in json.loads(said.stdout)}

    def left(self) -> list[str]:
        """Return what is left in the temporary directory."""
        return [found.name for found in self.home.glob("kubernator-kops-*")]


@pytest.fixture
def runs(tmp_path: Path, cloud: kopscloud.Cloud, program: Any) -> Runs:
    """Return an empty tree, and what runs it."""
    return Runs(tmp_path, cloud, program("kops"))


def names(operations: list[dict[str, Any]]) -> list[str]:
    """Return what would be done, in short."""
    return [
        " ".join([found["action"], *([found["kind"], found["name"]] if "kind" in found else [])])
        for found in operations
    ]


# --- a state store --------------------------------------------------------------------------------------------------


def test_a_state_store_from_nothing_to_changed(runs: Runs) -> None:
    """Shown, written by `apply --yes` only, found unchanged, changed; the cloud is not touched without `update()`."""
    name = "demo.k8s.local"
    state = runs.plant(name)
    new = ["create Cluster demo.k8s.local", "create InstanceGroup control-plane", "create InstanceGroup nodes"]
    assert new == names(runs.dump())
    assert "would let kops create Cluster demo.k8s.local" in runs("apply").stderr
    assert not Path(state.removeprefix("file://")).exists()

    first = runs("apply", "--yes")
    assert "the cloud is left as it is" in first.stderr
    held = runs.held(name, state)
    assert {name, "control-plane", "nodes"} == set(held)
    assert held[name]["spec"]["subnets"] == [
        {"name": "us-east-1a", "zone": "us-east-1a", "type": "Public", "cidr": "172.20.0.0/16"}
    ]

    assert runs.dump() == []
    runs.recorded.calls()
    again = runs("apply", "--yes")
    assert "kops: " not in again.stderr
    assert all(line.startswith(("get all", "replace")) for line in runs.recorded.calls())
    assert held == runs.held(name, state)

    runs.plant(name, maximum=3)
    (change,) = runs.dump()
    assert (change["action"], change["name"]) == ("change", "nodes")
    assert change["patch"] == [{"op": "replace", "path": "/spec/maxSize", "value": 3}]
    assert "spec.maxSize 1 → 3" in runs("apply", "--yes").stderr
    assert runs.held(name, state)["nodes"]["spec"]["maxSize"] == 3
    assert runs.held(name, state)[name] == held[name]
    assert runs.dump() == []
    assert runs.left() == []


def test_what_kops_filled_in_stays(runs: Runs) -> None:
    """Addresses that kops chose when it made the cluster are not lost, nor chosen anew, when the cluster changes."""
    name = "demo.k8s.local"
    state = runs.plant(name)
    runs("apply", "--yes")
    before = runs.held(name, state)[name]["spec"]
    text = kopscloud.manifests(name).replace(
        "  topology:", "  - {name: us-east-1b, zone: us-east-1b, type: Public}\n  sshAccess: [10.0.0.0/8]\n  topology:"
    )
    runs.write({"cluster/all.kops.yaml": text})
    (change,) = runs.dump()
    added = {op["path"]: op["value"] for op in change["patch"]}
    assert {"/spec/sshAccess", "/spec/subnets/1"} == set(added)
    assert before["subnets"][0]["cidr"] == "172.20.0.0/16"


@pytest.mark.parametrize(
    ("expected", "line", "old", "new"),
    [
        ("kops does not know `spec.iamm`", 16, "iam:", "iamm:"),
        ("kops does not know `spec.subnets[0].egres`", 24, "type: Public\n", "type: Public\n    egres: x\n"),
        ("unknown type", 1, "type: Public\n  topology", "tyype: Public\n  topology"),
        (
            "`spec.networking.nonMasqueradeCIDR`: invalid",
            7,
            "channel: none",
            "channel: none\n  nonMasqueradeCIDR: 10.0.0.1/8",
        ),
        ("`spec.role`: unsupported value", 48, "role: Node", "role: Nod"),
        ("cannot unmarshal string", 17, "kubernetesApiAccess: [0.0.0.0/0]", "kubernetesApiAccess: all"),
        ("kops cannot write a `Keyset` from a file", 29, "kind: InstanceGroup", "kind: Keyset"),
        ("does not say which cluster", 32, "labels: {kops.k8s.io/cluster: demo.k8s.local}", "labels: {}"),
        ("this belongs to cluster `other`", 28, "cluster: demo.k8s.local}", "cluster: other}"),
        ("is no object of kOps", 1, "kops.k8s.io/v1alpha2", "v1"),
        ("cannot be compared", 1, "kops.k8s.io/v1alpha2", "kops.k8s.io/v1alpha3"),
        ("`maximum` is not set", 38, "maxSize: 1", "maxSize: {${ maximum }$}"),
        ("is in the tree twice", 42, "name: nodes", "name: control-plane"),
        ("`metadata` is missing", 1, "metadata:\n  name: demo.k8s.local\n", ""),
    ],
)
def test_what_is_wrong_in_a_file_has_its_place(runs: Runs, expected: str, line: int, old: str, new: str) -> None:
    """Whether we find it or kops does."""
    runs.plant("demo.k8s.local")
    file = runs.tree / "cluster" / "all.kops.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    failed = runs("dump", code=1)
    assert expected in failed.stderr
    assert f"at          cluster/all.kops.yaml:{line}:" in failed.stderr
    assert "asked by    .kubernator.py:4" in failed.stderr
    assert failed.stdout == ""


def test_what_kops_knows_must_not_change_is_refused(runs: Runs) -> None:
    """The rules for a change are kops' own, asked before anything is written."""
    name = "demo.k8s.local"
    runs.plant(name)
    runs("apply", "--yes")
    events = "  - name: events\n    etcdMembers: [{name: a, instanceGroup: control-plane}]\n"
    runs.write({"cluster/all.kops.yaml": kopscloud.manifests(name, maximum=9).replace(events, "")})
    failed = runs("apply", "--yes", code=1)
    assert (
        "kops does not take it: `spec.etcdClusters.events`: forbidden: EtcdClusters cannot be removed" in failed.stderr
    )
    assert "cluster/all.kops.yaml:11:3" in failed.stderr
    held = runs.held(name, f"file://{runs.home / 'store'}")
    assert (len(held[name]["spec"]["etcdClusters"]), held["nodes"]["spec"]["maxSize"]) == (2, 1)


def test_instance_groups_of_a_cluster_that_is_there(runs: Runs) -> None:
    """A tree may have only some of the objects; the others are left alone. A cluster that is nowhere is an error."""
    name = "demo.k8s.local"
    state = runs.plant(name)
    cluster, control_plane, nodes = kopscloud.manifests(name, maximum=5).split("\n---\n")
    runs.write({"cluster/all.kops.yaml": nodes})
    assert f"cluster `{name}` is neither in the tree nor in `{state}`" in runs("dump", code=1).stderr
    runs.write({"cluster/all.kops.yaml": f"{control_plane}\n---\n{cluster}"})  # in any order
    assert [f"create Cluster {name}", "create InstanceGroup control-plane"] == names(runs.dump())
    runs("apply", "--yes")
    runs.write({"cluster/all.kops.yaml": nodes})
    assert names(runs.dump()) == ["create InstanceGroup nodes"]
    runs("apply", "--yes")
    assert {name, "control-plane", "nodes"} == set(runs.held(name, state))
    assert runs.dump() == []


def test_a_key_of_ssh_is_added_once(runs: Runs) -> None:
    """It may do without a name, as in kOps' documentation; a key that is there is not written again."""
    name = "demo.k8s.local"
    runs.plant(name)
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINzJEjzSqsTSnhS+QztDHILAMo3C1eeSR0QMweviURcd me"
    runs.write(
        {
            "cluster/ssh.kops.yml": f"""
            apiVersion: kops/v1alpha2
            kind: SSHCredential
            metadata:
              labels: {{kops.k8s.io/cluster: {name}}}
            spec:
              publicKey: {key}
            """
        }
    )
    assert "create SSHCredential admin" in names(runs.dump())
    runs("apply", "--yes")
    assert runs.dump() == []
    runs.write({"cluster/ssh.kops.yml": (runs.tree / "cluster/ssh.kops.yml").read_text().replace("INzJ", "INzK")})
    assert names(runs.dump()) == ["create SSHCredential admin"]


def test_files_are_chosen_rendered_and_kept_from_kubernetes(runs: Runs) -> None:
    """Patterns, directories below, values of the script, and the old name of the group; others do not read them."""
    name = "demo.k8s.local"
    state = runs.plant(name)
    cluster, control_plane, nodes = kopscloud.manifests(name).split("\n---\n")
    script = f"""
        ktor.app.register_plugin("kops")
        ktor.app.register_plugin("k8s")
        ktor.kops.state_store = "{state}/"
        ktor.cluster = {{"name": "{name}", "nodes": 4}}
        ktor.kops.walk_local(".", includes=["*.kops.yaml", "groups.yml"], excludes=[".*", "not-this*"])
        """
    runs.write(
        {
            ".kubernator.py": script,
            "cluster/all.kops.yaml": "",
            "cluster.kops.yaml": cluster.replace(name, "{${ ktor.cluster.name }$}").replace("kops.k8s.io/", "kops/", 1),
            "deep/er/groups.yml": "\n---\n".join([control_plane, nodes.replace("maxSize: 1", FOUR)]),
            "not-this.kops.yaml": "no: manifest",
            "not-this-either/x.kops.yaml": "no: manifest",
            "deep/.kubernator.py": 'ktor.k8s.excludes.add("groups.yml")',
        }
    )
    runs("apply", "--yes")
    held = runs.held(name, state)
    assert held["nodes"]["spec"]["maxSize"] == 4
    assert runs.dump() == []


def test_manifests_of_a_repository(runs: Runs) -> None:
    """A directory of a repository at a tag; what is wrong there says so."""
    name = "demo.k8s.local"
    state = runs.plant(name)
    repository = runs.home / "repository"
    (repository / "clusters" / "one").mkdir(parents=True)
    (repository / "clusters" / "one" / "all.kops.yaml").write_text(kopscloud.manifests(name))
    (repository / "other.kops.yaml").write_text("no: manifest")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"], ["tag", "v1"]):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", "-C", repository, *identity, *words], check=True, env=runs.environment)
    script = f"""
        ktor.app.register_plugin("kops")
        ktor.kops.state_store = "{state}"
        ktor.kops.walk_remote("file://{repository}?ref=v1", "clusters/one")
        """
    runs.write({".kubernator.py": script})
    shutil.rmtree(runs.tree / "cluster")
    assert names(runs.dump())[0] == "create Cluster demo.k8s.local"
    runs.write({".kubernator.py": script.replace(', "clusters/one"', "")})
    assert f"at          file://{repository}?ref=v1 other.kops.yaml:1:1" in runs("dump", code=1).stderr


@pytest.mark.parametrize(
    ("expected", "script"),
    [
        ("there is no state store", 'ktor.kops.walk_local("cluster")'),
        ("is no state store: `bucket`", 'ktor.kops.state_store = "bucket"\nktor.kops.walk_local("cluster")'),
        ("`ktor.kops.cluster_name` is not set", 'ktor.kops.state_store = "s3://x"\nktor.kops.update()'),
        ("`ktor.kops.cluster_name` is not set", "ktor.kops.export()"),
        ("`8` is no duration", 'ktor.kops.node_interval = "8"'),
        ("is not there", 'ktor.kops.state_store = "s3://x"\nktor.kops.walk_local("nowhere")'),
        (
            "no file in `.` is one of kOps",
            'ktor.kops.state_store = "s3://x"\nktor.kops.walk_local(".", includes=["x"])',
        ),
        ("unexpected keyword argument 'interval'", 'ktor.kops.update(interval="8m")'),
    ],
)
def test_mistakes_in_scripts_have_their_place(runs: Runs, expected: str, script: str) -> None:
    """Each says what to do, at the line of the script."""
    runs.plant("demo.k8s.local")
    runs.write({".kubernator.py": f'ktor.app.register_plugin("kops")\n{script}\n'})
    failed = runs("dump", code=1)
    assert expected in failed.stderr
    assert f".kubernator.py:{2 + script.count(chr(10))}" in failed.stderr


def test_an_update_of_a_cluster_that_is_nowhere(runs: Runs) -> None:
    """Neither in the state store nor in the tree."""
    runs.write(
        {
            ".kubernator.py": """
            ktor.app.register_plugin("kops")
            ktor.kops.cluster_name, ktor.kops.state_store = "demo.k8s.local", "file:///nowhere"
            ktor.kops.update()
            """
        }
    )
    failed = runs("dump", code=1)
    assert "cluster `demo.k8s.local` is neither in `file:///nowhere` nor in the tree" in failed.stderr
    assert ".kubernator.py:3" in failed.stderr


def test_odd_names_of_directories(runs: Runs) -> None:
    """Spaces, commas, quotes and other letters in paths, of the tree, of the state store, and of temporary files."""
    odd = runs.home / 'ein "schönes", leeres Verzeichnis'
    odd.mkdir()
    runs.environment["TMPDIR"] = str(odd)
    runs.tree = odd / "tree"
    runs.tree.mkdir()
    state = runs.plant("demo.k8s.local", state=f"file://{runs.home}/der Speicher")
    runs("apply", "--yes")
    assert {"demo.k8s.local", "control-plane", "nodes"} == set(runs.held("demo.k8s.local", state))
    assert runs.dump() == []


@pytest.mark.parametrize("name", ["Demo K8s", "../etc", "--yes", 'a"b'])
def test_odd_names_of_clusters(runs: Runs, name: str) -> None:
    """What is no name of a cluster is refused, by us or by kops, and nothing is written."""
    runs.plant("demo.k8s.local")
    script = (runs.tree / ".kubernator.py").read_text()
    runs.write({".kubernator.py": script.replace('"demo.k8s.local"', "None")})
    runs.write(
        {"cluster/all.kops.yaml": kopscloud.manifests("demo.k8s.local").replace("demo.k8s.local", json.dumps(name))}
    )
    failed = runs("apply", "--yes", code=1)
    assert "error: " in failed.stderr
    assert not (runs.home / "store").exists()


def test_two_runs_at_once_do_not_get_in_each_others_way(runs: Runs) -> None:
    """What the other one has written by now is not written again, and both end well."""
    state = runs.plant("demo.k8s.local")
    both = [runs.start("apply", "--yes"), runs.start("apply", "--yes")]
    for process in both:
        _, err = process.communicate()
        assert process.returncode == 0, err
    assert {"demo.k8s.local", "control-plane", "nodes"} == set(runs.held("demo.k8s.local", state))
    assert sum(line.startswith("replace") and f"--state={state}" in line for line in runs.recorded.calls()) in range(
        3, 7
    )
    assert runs.dump() == []


def test_additional_objects_of_the_state_store_are_left_alone(runs: Runs) -> None:
    """What else is kept with a cluster is no object of kOps' own, and kops cannot replace it."""
    name = "demo.k8s.local"
    state = runs.plant(name)
    extra = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: kube-system}\n"
    runs.write({"../extra.yaml": f"{kopscloud.manifests(name)}---\n{extra}"})
    subprocess.run(
        [runs.recorded.real, "create", f"--name={name}", f"--state={state}", f"--filename={runs.home / 'extra.yaml'}"],
        env=runs.environment,
        check=True,
        capture_output=True,
    )
    assert runs.dump() == []
    runs.plant(name, maximum=2)
    runs("apply", "--yes")
    held = runs.held(name, state)
    assert held["extra"]["kind"] == "ConfigMap"
    assert held["nodes"]["spec"]["maxSize"] == 2


# --- the cloud ------------------------------------------------------------------------------------------------------


def clusters() -> Iterator[str]:
    """Return names that moto takes: of shorter ones kops makes names with two hyphens in a row."""
    for number in range(1000):
        yield f"kubernator{number}.k8s.local"


NAMES = clusters()
UPDATE = "ktor.kops.update()"


@pytest.fixture
def stored(runs: Runs) -> tuple[str, str]:
    """Make a bucket; return a name for a cluster and the state store."""
    name = next(NAMES)
    runs.cloud.make_bucket(name)
    return name, f"s3://{name}"


@pytest.mark.contract
def test_a_cluster_from_nothing_to_rolled(runs: Runs, stored: tuple[str, str]) -> None:
    """Store, cloud and machines: shown, made, found unchanged, changed, killed and taken up where it stopped."""
    name, state = stored
    both = [f"--name={name}", f"--state={state}"]
    runs.plant(name, state=state, more=f"{UPDATE}\nktor.kops.node_interval = '1m'")
    shown = runs.dump()
    assert names(shown) == [
        f"create Cluster {name}",
        "create InstanceGroup control-plane",
        "create InstanceGroup nodes",
        "update",
        "rolling-update",
    ]
    assert {f"VPC/{name}", f"AutoscalingGroup/nodes.{name}", "Keypair/kubernetes-ca"} <= set(shown[3]["creates"])
    assert shown[4] == {
        "action": "rolling-update",
        "cluster": name,
        "stateStore": state,
        "controlPlaneInterval": "8m",
        "nodeInterval": "8m",
    }
    assert "--yes" not in " ".join(runs.recorded.calls())

    first = runs("apply", "--yes")
    assert "Cluster changes have been applied to the cloud" in first.stderr
    steps = [line for line in runs.recorded.calls() if line.startswith(("update", "validate", "rolling", "export"))]
    kubeconfig = re.escape(f"{runs.home}/kubernator-kops-") + rf"\w+/kubeconfig/{re.escape(name)}-\w+"
    exported = re.compile(rf"export kubeconfig {' '.join(both)} --admin --kubeconfig={kubeconfig}")
    assert exported.fullmatch(steps[0])
    assert steps[1].startswith(f"update cluster --name={name} --state=file://{runs.home}/kubernator-kops-")
    assert steps[2] == " ".join(["update cluster", *both, "--yes --create-kube-config=false"])
    assert exported.fullmatch(steps[3])
    assert steps[4:] == [
        " ".join(["validate cluster", *both, "--wait=900s"]),
        " ".join(["rolling-update cluster", *both, "--control-plane-interval=8m --node-interval=8m --yes"]),
        " ".join(["update cluster", *both]),
    ]

    assert runs.dump() == []
    assert "kops: " not in runs("apply", "--yes").stderr
    assert "--yes" not in " ".join(runs.recorded.calls())

    runs.plant(name, state=state, more=UPDATE, maximum=3, image="ami-12c6146b")
    change, update, _ = runs.dump()
    assert [op["path"] for op in change["patch"]] == ["/spec/image", "/spec/maxSize"]
    assert update["modifies"] == {
        f"AutoscalingGroup/nodes.{name}": ["MaxSize 1 -> 3"],
        f"LaunchTemplate/nodes.{name}": ["ImageID ami-1e749f67 -> ami-12c6146b"],
    }
    assert "creates" not in update

    runs.recorded.killed.touch()
    runs("apply", "--yes", code=-signal.SIGKILL)
    assert runs.held(name, state)["nodes"]["spec"]["maxSize"] == 3
    assert names(runs.dump()) == ["update", "rolling-update"]
    runs("apply", "--yes")
    assert runs.dump() == []

    runs.cloud.aged = name
    (roll,) = runs.dump()
    assert (roll["action"], roll["instanceGroups"]) == ("rolling-update", {"nodes": 1})
    runs.recorded.calls()
    runs("apply", "--yes")
    written = [line.split()[0] for line in runs.recorded.calls() if "--yes" in line or line.startswith("validate")]
    assert written == ["validate", "rolling-update"]


@pytest.mark.contract
def test_the_example_runs(runs: Runs) -> None:
    """Shown, made in the cloud, and found unchanged."""
    shutil.copytree(EXAMPLE, runs.tree, dirs_exist_ok=True)
    runs.cloud.make_bucket("storefront-kops")
    shown = names(runs.dump())
    assert shown[:3] == [
        "create Cluster storefront.k8s.local",
        *(f"create InstanceGroup {g}" for g in ("control-plane", "nodes")),
    ]
    assert shown[3:] == ["update", "rolling-update"]
    runs("apply", "--yes")
    assert [line for line in runs.recorded.calls() if line.startswith("rolling")][-1].endswith(
        "--node-interval=4m --yes"
    )
    assert runs.dump() == []


def test_export_gives_a_private_kubeconfig_or_none(runs: Runs, stored: tuple[str, str]) -> None:
    """None before the cluster is made, and then resources are not planned in any other cluster; no key is shown."""
    name, state = stored
    seen = runs.home / "seen"
    more = f"""
        path = ktor.kops.export()
        with open({str(seen)!r}, "w") as file:
            print(path, file=file)
            if path:
                import os
                print(oct(os.stat(path).st_mode), oct(os.stat(os.path.dirname(path)).st_mode), file=file)
                print(open(path).read(), file=file)
        """
    runs.plant(name, state=state, more=textwrap.dedent(more))
    runs.environment["KUBECONFIG"] = str(runs.home / "others")
    runs.write({"../others": "apiVersion: v1\nkind: Config\n"})
    assert "is not made yet, so there is no kubeconfig" in runs("dump").stderr
    assert seen.read_text() == "None\n"
    runs.write(
        {
            "pod/pod.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n",
            "pod/.kubernator.py": 'ktor.app.register_plugin("k8s")',
        }
    )
    failed = runs("dump", code=1)
    assert f"/kubeconfig/{name}" in failed.stderr
    assert "chosen by" in failed.stderr
    shutil.rmtree(runs.tree / "pod")

    runs("apply", "--yes")
    subprocess.run(
        [runs.recorded.real, "create", "keypair", "kubernetes-ca", "--primary", f"--name={name}", f"--state={state}"],
        env=runs.environment,
        check=True,
        capture_output=True,
    )
    loud = runs("-v", "TRACE", "dump")
    path, modes, *content = seen.read_text().splitlines()
    assert modes == "0o100600 0o40700"
    kubeconfig = yaml.safe_load("\n".join(content))
    key = kubeconfig["users"][0]["user"]["client-key-data"]
    assert len(key) > 100
    assert key not in loud.stderr + loud.stdout
    assert "PRIVATE KEY" not in loud.stderr
    assert not Path(path).exists()


def test_what_kops_says_of_a_missing_bucket(runs: Runs) -> None:
    """In its own words, without the log around them, and with what to do."""
    runs.plant("demo.k8s.local", state="s3://no-such-bucket")
    failed = runs("dump", code=1)
    assert "error: `kops get all` failed for `demo.k8s.local`" in failed.stderr
    assert "NoSuchBucket" in failed.stderr
    assert "hint: make the bucket first; kops does not" in failed.stderr


# --- a kops that misbehaves -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "script"),
    [
        ("`kops` did not end within 1 s", "sleep 60"),
        ("`kops get all` failed for `demo.k8s.local`\n  command     kops get all --name=demo.k8s.local", "kill -9 $$"),
        ("answered with something else than JSON", "echo '<html>'"),
        ("answered with something else than a list of objects", "echo '{}'"),
        ("answered with something else than JSON", ""),
        ("Error: of its own", "echo 'panic: Error: of its own' >&2; exit 3"),
    ],
)
def test_a_kops_that_misbehaves_is_an_error(runs: Runs, expected: str, script: str) -> None:
    """It hangs, dies, or says something else; nothing of it is left running."""
    runs.plant("demo.k8s.local")
    text = (runs.tree / ".kubernator.py").read_text()
    runs.write({".kubernator.py": text.replace('("kops")', '("kops", read_timeout="1s")')})
    kops = runs.recorded.directory / "kops"
    kops.write_text(f"#!/bin/sh\n{script}\n")
    assert expected.removeprefix("Error: ") in runs("dump", code=70 if "within" in expected else 1).stderr
    assert runs.left() == []


@pytest.mark.contract
def test_an_upgrade_takes_two_rounds(runs: Runs) -> None:
    """Where kops holds nodes back until the control plane is new, it is asked again; to no end it is not."""
    runs.write(
        {
            ".kubernator.py": """
            ktor.app.register_plugin("kops", validate_timeout="2m")
            ktor.kops.cluster_name, ktor.kops.state_store = "demo.k8s.local", "s3://bucket"
            ktor.kops.master_interval = "3m"
            ktor.kops.update()
            """
        }
    )
    script = runs.recorded.directory / "kops"
    script.write_text(f"""#!/bin/sh
        echo "$*" >>{runs.recorded.directory / "calls"}
        case "$*" in
        get*) echo '[]' ;;
        export*) echo '{{"users": [{{"user": {{"token": "much-too-secret"}}}}]}}' >"${{*##*=}}" ;;
        update*--yes*) echo 'I1123 06:25:33.1 1 a.go:1] at it with much-too-secret' >&2 ;;
        update*)
            printf 'Will modify resources:\n  LaunchTemplate/nodes\n  \tVersion  1 -> 2\n\n'
            echo 'Must specify --yes to apply changes' ;;
        esac
        """)
    done = runs("apply", "--yes")
    assert "kops still finds something to update, 1 to modify" in done.stderr
    assert "at it with <secret" in done.stderr
    assert "much-too-secret" not in done.stderr
    both = "--name=demo.k8s.local --state=s3://bucket"
    rolled = [
        f"validate cluster {both} --wait=120s",
        f"rolling-update cluster {both} --control-plane-interval=3m --node-interval=8m --yes",
    ]
    steps = [line for line in runs.recorded.calls() if not line.startswith(("get", "export"))]
    update = f"update cluster {both} --yes --create-kube-config=false"
    preview = f"update cluster {both}"
    assert steps == [preview, update, *rolled, preview, update, *rolled, preview]


@pytest.mark.contract
@pytest.mark.parametrize(
    ("expected", "option", "hangs"),
    [
        ("did not end within 2 s", 'update_timeout="2s"', "update*--yes*"),
        ("did not end within 2 s", 'rolling_update_timeout="2s"', "rolling-update*--yes*"),
    ],
)
def test_steps_have_their_time(runs: Runs, expected: str, option: str, hangs: str) -> None:
    """One that does not end is ended, and what is left can be done in another run."""
    runs.write(
        {
            ".kubernator.py": f"""
            ktor.app.register_plugin("kops", {option})
            ktor.kops.cluster_name, ktor.kops.state_store = "demo.k8s.local", "s3://bucket"
            ktor.kops.update()
            """
        }
    )
    (runs.recorded.directory / "kops").write_text(f"""#!/bin/sh
        case "$*" in
        {hangs}) echo 'W1123 06:25:33.1 1 a.go:1] (9m58s remaining to succeed)' >&2; sleep 60 ;;
        get*) echo '[]' ;;
        export*) echo '{{"users": []}}' >"${{*##*=}}" ;;
        update*) printf 'Will create resources:\n  VPC/x\n\nMust specify --yes to apply changes\n' ;;
        esac
        """)
    failed = runs("apply", "--yes", code=70)
    assert expected in failed.stderr
    assert "kubernator.kops.proc WARNING" in failed.stderr
    assert "remaining to succeed" in failed.stderr


def test_a_kops_that_is_not_there(runs: Runs) -> None:
    """Said where the plugin is registered, and how to get it."""
    runs.plant("demo.k8s.local")
    (runs.recorded.directory / "kops").unlink()
    failed = runs("dump", code=1)
    assert "`kops` is not on `PATH`" in failed.stderr
    assert "name a `version`" in failed.stderr
    assert "failed at the end" not in failed.stderr
    assert ".kubernator.py:1" in failed.stderr
