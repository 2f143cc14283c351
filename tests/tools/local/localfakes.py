"""Stand-ins for kind, k3d, minikube and the container engines: they write down what they are told, and remember.

No container engine runs where these tests do, so past that point the exact command lines are the contract. Where a test
needs more than those, the cluster that is started or chosen is the real control plane (`real`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APPLY = ("apply", "--yes")
ENGINES = ("docker", "podman", "nerdctl")
PROGRAMS = ("kind", "k3d", "minikube", "kubectl", *ENGINES)

#: What each program does; `HOME` is filled in. It keeps a cluster's state in one file: absent, down or up.
FAKE = """#!{python} -SE
import json, os, shutil, sys, time
home = {home!r}
name, args = os.path.basename(sys.argv[0]), sys.argv[1:]
stdin = sys.stdin.read() if "-" in args or "--filename=-" in args else None
kept = {{key: os.environ.get(key) for key in ("KUBECONFIG", "MINIKUBE_HOME", "KIND_EXPERIMENTAL_PROVIDER")}}
line = " ".join([name, *args])
with open(home + "/log", "a") as log:
    log.write(json.dumps({{"line": line, "stdin": stdin, "env": kept}}) + "\\n")
for start, (code, text) in json.load(open(home + "/trouble.json")).items():
    if line.startswith(start):
        if code == "hang":
            print("waiting", file=sys.stderr, flush=True)
            parent = os.getppid()
            while os.getppid() == parent:  # one that was killed ends nobody
                time.sleep(0.1)
            sys.exit(1)
        sys.stderr.write(text)
        sys.exit(code)
state = json.load(open(home + "/state.json"))
def put(cluster, value):
    state.update({{cluster: value}}) if value else state.pop(cluster, None)
    json.dump(state, open(home + "/state.json", "w"))
def after(word):
    return args[args.index(word) + 1]
def write_kubeconfig():
    shutil.copy(home + "/kubeconfig", kept["KUBECONFIG"])
if args[:1] == ["version"]:
    known = {{"kind": "kind v0.99.1 go1.30 linux/amd64", "k3d": "k3d version v5.99.2"}}
    print(known.get(name, name + " version: v1.99.3"))
elif name in {engines!r} and args[0] == "ps":
    cluster = after("--filter").partition("=")[2].partition("=")[2]
    for wanted in ("running", "exited"):
        if "status=" + wanted in args and state.get(cluster) == {{"running": "up", "exited": "down"}}[wanted]:
            print(cluster + "-control-plane")
            print(cluster + "-worker")
elif name in {engines!r} and args[0] in ("start", "stop"):
    put(args[1].removesuffix("-control-plane"), {{"start": "up", "stop": "down"}}[args[0]])
elif name == "kind" and args[:2] == ["get", "clusters"]:
    print("\\n".join(state) or "No kind clusters found.", file=sys.stdout if state else sys.stderr)
elif name == "kind" and args[:2] == ["create", "cluster"]:
    put(after("--name"), "up")
elif name == "kind" and args[:2] == ["delete", "cluster"]:
    put(after("--name"), None)
elif name == "kind" and args[:2] == ["export", "kubeconfig"]:
    write_kubeconfig()
elif name == "k3d" and args[:2] == ["cluster", "list"]:
    print(json.dumps([dict(name=each, serversCount=1, serversRunning=int(how == "up"), agentsCount=0, agentsRunning=0)
                      for each, how in state.items()]))
elif name == "k3d" and args[0] == "cluster":
    put(args[2], {{"create": "up", "start": "up", "stop": "down", "delete": None}}[args[1]])
elif name == "k3d" and args[:2] == ["kubeconfig", "get"]:
    print(open(home + "/kubeconfig").read())
elif name == "minikube" and args[2] == "status":
    sys.exit(0 if state.get(args[1]) == "up" else 7 if args[1] in state else 85)
elif name == "minikube" and args[2] in ("start", "stop", "delete"):
    put(args[1], {{"start": "up", "stop": "down", "delete": None}}[args[2]])
elif name == "minikube" and args[2] == "update-context":
    write_kubeconfig()
elif name == "kubectl" and "get" in args and os.path.exists(home + "/class.json"):
    print(open(home + "/class.json").read())
"""

NO_CLUSTER = """apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
"""


@dataclass(frozen=True)
class Ran:
    """What a run answered."""

    code: int
    out: str
    err: str


class Machine:
    """A machine with these stand-ins on its ``PATH``, and a tree to run on it."""

    def __init__(self, root: Path, *programs: str, kubeconfig: Path | None = None) -> None:
        self.root = root
        self.home = root / "fakes"
        self.bin = self.home / "bin"
        self.bin.mkdir(parents=True)
        self.tree = root / "tree"
        self.tree.mkdir()
        self.state()
        self.trouble()
        (self.home / "log").touch()
        for program in programs or PROGRAMS:
            file = self.bin / program
            file.write_text(FAKE.format(python=sys.executable, home=str(self.home), engines=ENGINES))
            file.chmod(0o700)
        if kubeconfig is None:
            (self.home / "kubeconfig").write_text(NO_CLUSTER)
        else:
            shutil.copy(kubeconfig, self.home / "kubeconfig")
        self.env = {
            "PATH": str(self.bin),
            "HOME": str(root),
            "XDG_CACHE_HOME": str(root / "cache"),
            "XDG_STATE_HOME": str(root / "state"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_COLOR": "1",
        }

    def state(self, **clusters: str) -> None:
        """Say which clusters there are: ``up`` or ``down``."""
        (self.home / "state.json").write_text(json.dumps(clusters))

    def trouble(self, **said: Any) -> None:
        """Let command lines that begin so (``_`` for a blank) end with a code and a text, or hang."""
        lines = {start.replace("_", " "): what for start, what in said.items()}
        (self.home / "trouble.json").write_text(json.dumps(lines))

    def argv(self, script: str, *args: str) -> list[str]:
        """Write the tree's script and return the command line of a run."""
        (self.tree / ".kubernator.py").write_text(script)
        return [sys.executable, "-m", "kubernator", "-p", str(self.tree), *(args or ("dump",))]

    def run(self, script: str, *args: str, **env: str) -> Ran:
        """Run the program on a tree with this script, ``dump`` unless told."""
        said = subprocess.run(
            self.argv(script, *args), env={**self.env, **env}, capture_output=True, text=True, check=False
        )
        return Ran(said.returncode, said.stdout, said.stderr)

    @property
    def told(self) -> list[dict[str, Any]]:
        """What the programs were told so far."""
        return [json.loads(line) for line in (self.home / "log").read_text().splitlines()]

    @property
    def lines(self) -> list[str]:
        """The command lines so far."""
        return [each["line"] for each in self.told]

    def taken(self) -> list[str]:
        """Return the command lines since the last call."""
        found = self.lines
        (self.home / "log").write_text("")
        return found

    def said_to(self, start: str) -> dict[str, Any]:
        """Return the one thing that a program was told in a command line that begins so."""
        (found,) = [each for each in self.told if each["line"].startswith(start)]
        return found

    def kubeconfig(self, plugin: str, profile: str = "default") -> Path:
        """Return where a cluster's kubeconfig is."""
        return Path(self.env["XDG_STATE_HOME"], "kubernator", plugin, ".kube", profile, "config")


def option(text: str) -> str:
    """Return an option as it follows others."""
    return f", {text}" if text else ""


def mode(path: Path) -> str:
    """Return who may do what with a file, in the usual digits."""
    return f"{path.stat().st_mode & 0o777:o}"
