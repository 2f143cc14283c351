"""Amazon's and Google's clouds on loopback, as far as getting at a cluster goes, and runs of ours that talk to them.

The real ``aws`` and ``gcloud`` ask these servers where a cluster is; the real API server asks one of them who a token
of Amazon belongs to. Nothing else of the clouds is imitated.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import threading
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
SESSION_TOKEN = "FwoGZXIvYXdzEJrExampleSessionToken"
GOOGLE_TOKEN = "ya29.example-access-token"

_OTHERS = ("AWS_", "CLOUDSDK_", "PYTHON", "KUBERNATOR_DOWNLOAD", "GOOGLE_")


@dataclass
class Cloud:
    """A server that runs. ``clusters`` holds answers to be given: a status and what goes with it, or a description."""

    url: str = ""
    clusters: dict[str, Any] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def eks(self, name: str, *, server: str, authority: str, region: str = "eu-west-1") -> None:
        """Have a cluster of Amazon."""
        self.clusters[name] = {
            "cluster": {
                "name": name,
                "arn": f"arn:aws:eks:{region}:123456789012:cluster/{name}",
                "endpoint": server,
                "status": "ACTIVE",
                "certificateAuthority": {"data": authority},
            }
        }

    def gke(self, name: str, *, server: str, authority: str) -> None:
        """Have a cluster of Google."""
        self.clusters[name] = {
            "name": name,
            "zone": "europe-west1",
            "location": "europe-west1",
            "status": "RUNNING",
            "endpoint": server.removeprefix("https://"),
            "masterAuth": {"clusterCaCertificate": authority},
        }

    def aws(self, **more: str) -> dict[str, str]:
        """Return an environment in which ``aws`` talks to this server."""
        return {
            "AWS_ENDPOINT_URL_EKS": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
            **more,
        }

    def google(self, config: Path, **more: str) -> dict[str, str]:
        """Return an environment in which ``gcloud`` talks to this server."""
        return {
            "CLOUDSDK_CONFIG": str(config),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER": f"{self.url}/",
            "CLOUDSDK_AUTH_ACCESS_TOKEN": GOOGLE_TOKEN,
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
            **more,
        }


@contextlib.contextmanager
def cloud() -> Iterator[Cloud]:
    """Run one server that speaks for both clouds."""
    state = Cloud()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            state.requests.append(self.path)
            path = urllib.parse.unquote(self.path.partition("?")[0])
            found = state.clusters.get(path.rpartition("/")[2])
            if path.endswith("/clusters"):
                self._answer(200, {"clusters": []})
            elif isinstance(found, dict):
                self._answer(200, found)
            elif path.startswith("/v1/"):
                self._google(*(found or (404, "NOT_FOUND", f"Not found: {path[4:]}.")))
            else:
                name = path.rpartition("/")[2]
                self._amazon(*(found or (404, "ResourceNotFoundException", f"No cluster found for name: {name}.")))

        def _google(self, code: int, status: str, message: str) -> None:
            self._answer(code, {"error": {"code": code, "status": status, "message": message}})

        def _amazon(self, code: int, kind: str, message: str) -> None:
            self._answer(code, {"__type": kind, "message": message})

        def do_POST(self) -> None:
            """Say who a token belongs to (``authentication.k8s.io/v1``, *webhook token authentication*)."""
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            token = review["spec"]["token"]
            state.tokens.append(token)
            known = token.startswith("k8s-aws-v1.")
            user = {"username": "eks-user", "groups": ["system:masters"]} if known else {}
            status = {"authenticated": known, **({"user": user} if known else {})}
            self._answer(200, {"apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status})

        def _answer(self, code: int, value: Any) -> None:
            content = json.dumps(value).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def authenticator(directory: Path, state: Cloud) -> Path:
    """Write the file that makes an API server ask the cloud who a token belongs to."""
    file = directory / "authenticator.json"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cloud", "cluster": {"server": f"{state.url}/authn"}}],
        "users": [{"name": "api-server", "user": {}}],
        "contexts": [{"name": "cloud", "context": {"cluster": "cloud", "user": "api-server"}}],
        "current-context": "cloud",
    }
    file.write_text(json.dumps(config))
    return file


@dataclass(frozen=True)
class Ran:
    """What a run of ours said and answered."""

    code: int
    out: str
    err: str

    def failed(self, code: int = 1) -> str:
        """Assert an orderly failure and return its words."""
        assert self.code == code, self.err
        assert "Traceback" not in self.err, self.err
        assert self.out == ""
        return self.err[self.err.index("error: ") :]

    def passed(self) -> str:
        """Assert success and return the data."""
        assert self.code == 0, self.err
        return self.out


def kubernator(
    tree: Path,
    *args: str,
    path: str,
    home: Path,
    env: Mapping[str, str],
    answers: Mapping[str, str] | None = None,
) -> Ran:
    """Run the program on a tree, with nothing of the environment of the tests that clouds or Python listen to.

    With ``answers`` it has a terminal, at which somebody answers to questions.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith((*_OTHERS, "KUBECONFIG"))}
    home.mkdir(exist_ok=True)
    (home / "tmp").mkdir(exist_ok=True)
    argv = [sys.executable, "-m", "kubernator", "-p", str(tree), *args]
    whole = {**clean, "PATH": path, "HOME": str(home), "TMPDIR": str(home / "tmp"), "NO_COLOR": "1", **env}
    if answers is not None:
        return _attended(argv, whole, answers)
    ran = subprocess.run(argv, env=whole, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


#: Makes the terminal that it is given the one of its session, and becomes another program.
_AT_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def _attended(argv: list[str], env: Mapping[str, str], answers: Mapping[str, str]) -> Ran:
    """Run a program at a terminal of its own; all that it writes is in ``err``."""
    ours, its = pty.openpty()
    whole = [sys.executable, "-c", _AT_A_TERMINAL, *argv]
    started = subprocess.Popen(whole, env=env, stdin=its, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    said = ""
    waiting = dict(answers)
    with started, contextlib.suppress(OSError):  # which is how the end of a terminal is told
        while piece := os.read(ours, 65536):
            said += piece.decode("utf-8", "replace")
            for question in [each for each in waiting if each in said]:
                os.write(ours, waiting.pop(question).encode())
    os.close(ours)
    return Ran(started.returncode, "", said)


def left_over(home: Path) -> list[Path]:
    """Return what a run has left in its temporary directory."""
    return sorted((home / "tmp").glob("kubernator-*"))


def recorded(program: Path, directory: Path) -> Path:
    """Put something before a program that notes each call in ``calls`` beside it, and return its directory."""
    place = directory / f"recorded-{program.name}"
    place.mkdir(parents=True)
    script = place / program.name
    log = shlex.quote(str(place / "calls"))
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\nexec {shlex.quote(str(program))} "$@"\n')
    script.chmod(0o700)
    return place


def calls(place: Path) -> list[str]:
    """Return the command lines that were recorded, names of temporary files left out."""
    text = (place / "calls").read_text() if (place / "calls").exists() else ""
    return [re.sub(r"/\S*/kubernator-\S+/config", "FILE", line) for line in text.splitlines()]


def pretend(directory: Path, name: str, script: str) -> Path:
    """Write a program that misbehaves, as a shell script, and return its directory."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)
    return directory


def bare(directory: Path) -> str:
    """Return a ``PATH`` with what shell scripts and we need, and no program of a cloud."""
    place = directory / "bare"
    place.mkdir()
    for name in ("sh", "cat", "chmod", "dirname", "env", "git", "readlink", "uname", "which"):
        if found := shutil.which(name):
            (place / name).symlink_to(found)
    return str(place)
