"""Real git servers on loopback: ``git daemon``, smart and dumb HTTP(S) with passwords, and ssh.

Each is a context manager that listens when it is entered (its port is bound by us, so nobody waits for it) and gives
out every bare repository below a directory.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import http.server
import ipaddress
import json
import os
import shlex
import socketserver
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kubernator.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kubernator.tools.cache import Cache

PASSWORD = "correct-horse-battery"
FILES = {"README.md": "top", "a/app.yaml": "one", "a/sub/more.yaml": "sub", "b/other.yaml": "two"}

RUN = """
import json, sys
from pathlib import Path
from kubernator.run.remote import Remotes
from kubernator.tools.cache import Cache
with Remotes(Cache(Path(sys.argv[1]))) as remotes:
    repository = remotes.repository(sys.argv[2])
    root = repository.local_dir
    print(json.dumps([repository.commit, str(root), sorted(p.name for p in root.rglob("*.yaml"))]), flush=True)
    sys.stdin.read()
"""
"""A run that fetches a repository, says what came of it, and stays until its input is closed."""

LFS = "application/vnd.git-lfs+json"

PLAIN = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}


class Origin:
    """A bare repository that servers give out, and the means to push to it."""

    def __init__(self, root: Path, name: str = "org/project.git", *, form: str = "sha1") -> None:
        self.path = root / name
        self.work = root.parent / f"{root.name}-work" / name
        self.path.mkdir(parents=True)
        self.work.mkdir(parents=True)
        git(self.path, "init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={form}", ".")
        git(self.work, "init", "--quiet", "--initial-branch=main", f"--object-format={form}", ".")
        for option in ("uploadpack.allowFilter", "http.receivepack"):
            git(self.path, "config", option, "true")

    def commit(
        self,
        files: dict[str, str],
        *,
        branch: str = "main",
        tag: str = "",
        force: bool = False,
        only: tuple[str, ...] | list[str] = (),
    ) -> str:
        """Make the files (or ``only`` some) the content of a branch, push it (and an annotated tag), return the commit.

        With ``force`` the branch gets a history that has nothing to do with the one before.
        """
        if force:
            git(self.work, "checkout", "--quiet", "--orphan", "fresh")
            git(self.work, "branch", "-D", branch)
            git(self.work, "branch", "-M", branch)
        elif git(self.work, "symbolic-ref", "HEAD") != f"refs/heads/{branch}":
            git(self.work, "checkout", "--quiet", "-B", branch)
        for old in [] if only else git(self.work, "ls-files").splitlines():
            (self.work / old).unlink(missing_ok=True)  # a submodule is not there
        for name, content in files.items():
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_bytes(content.encode())
        git(self.work, "add", "--all", *(only or ["."]))
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", "commit")
        git(self.work, "push", "--quiet", "--force", str(self.path), f"refs/heads/{branch}")
        if tag:
            git(self.work, "tag", "-a", "-m", tag, tag)
            git(self.work, "push", "--quiet", str(self.path), f"refs/tags/{tag}")
        return git(self.work, "rev-parse", "HEAD")

    def delete(self, ref: str) -> None:
        """Delete a branch or tag on the server."""
        git(self.path, "update-ref", "-d", ref)

    def update_server_info(self) -> None:
        """Write what a server without git needs."""
        git(self.path, "update-server-info")


class Recorder(list[list[str]]):
    """Runs programs and keeps their argument lists."""

    def __call__(self, argv: Any, **options: Any) -> process.Completed:
        """Run one."""
        self.append([*argv])
        return process.run(argv, **options)


def start(cache: Cache, address: str) -> subprocess.Popen[str]:
    """Start a process that does so."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(cache.root), address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def network(recorder: Recorder) -> list[str]:
    """Return the subcommands of git that talked to a server."""
    return [argv[1] for argv in recorder if argv[1] in {"fetch", "ls-remote"}]


def files(directory: Path) -> dict[str, str]:
    """Return the content of a directory, without git's own."""
    found = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in found
        if ".git" not in path.relative_to(directory).parts
    }


def git(cwd: Path, *args: str) -> str:
    """Run git, without anybody's configuration, and return what it printed."""
    return subprocess.run(
        ["git", *args], cwd=cwd, env={**os.environ, **PLAIN}, check=True, capture_output=True, text=True
    ).stdout.strip()


@contextlib.contextmanager
def daemon(root: Path) -> Iterator[int]:
    """``git daemon``, one process for each connection; gives its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            subprocess.run(
                ["git", "daemon", "--inetd", "--export-all", f"--base-path={root}", str(root)],
                stdin=self.request.fileno(),
                stdout=self.request.fileno(),
                stderr=subprocess.DEVNULL,
                env={**os.environ, **PLAIN},
                check=False,
            )

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server, _serving(server):
        yield server.server_address[1]


@dataclass
class Web:
    """A running HTTP server and how it behaves, which a test may change at any time."""

    root: Path
    port: int = 0
    username: str = ""
    password: str = ""
    dumb: bool = False
    redirect: str = ""
    protocol: bool = True
    requests: list[str] = field(default_factory=list)
    sent: int = 0
    logins: list[str] = field(default_factory=list)
    on_login: Callable[[], object] = lambda: None


@contextlib.contextmanager
def web(  # noqa: C901 - the handler needs the state, and the server the handler
    root: Path, *, tls: Path | None = None, **behaviour: Any
) -> Iterator[Web]:
    """HTTP/1.1 around ``git http-backend``; https with the certificate and key of `certificate` in ``tls``."""
    state = Web(root, **behaviour)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding") == "chunked":
                self.answer(b"".join(_chunks(self.rfile)))
            else:
                self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def answer(self, body: bytes) -> None:
            state.requests.append(self.path)
            login = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
            if login:
                state.logins.append(login)
                state.on_login()
            if state.password and login != f"{state.username}:{state.password}":
                self.reply(401, {"WWW-Authenticate": 'Basic realm="git"'}, b"who are you?\n")
            elif state.redirect:
                self.reply(302, {"Location": state.redirect + self.path}, b"")
            elif self.path.endswith("/info/lfs/objects/batch"):
                self.reply(200, {"Content-Type": LFS}, _batch(state, self.path, body))
            elif state.dumb or "/lfs/objects/" in self.path:
                file = state.root / self.path.partition("?")[0].lstrip("/")
                self.reply(200, {}, file.read_bytes()) if file.is_file() else self.reply(404, {}, b"")
            else:
                self.reply(*_backend(self, state, body))

        def reply(self, code: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(code)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            state.sent += len(body)

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing: a client that goes away in the middle of TLS is one of the tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        state.port = server.server_address[1]
        with _serving(server):
            yield state


def _batch(state: Web, path: str, body: bytes) -> bytes:
    """Answer where files of Git LFS are to be had: below the repository, where git-lfs itself puts them.

    Source: git-lfs, docs/api/batch.md.
    """
    repository = path.removesuffix("/info/lfs/objects/batch")
    answers = []
    for each in json.loads(body)["objects"]:
        file = f"{repository}/lfs/objects/{each['oid'][:2]}/{each['oid'][2:4]}/{each['oid']}"
        if (state.root / file.lstrip("/")).is_file():
            answers.append({**each, "actions": {"download": {"href": f"http://127.0.0.1:{state.port}{file}"}}})
        else:
            answers.append({**each, "error": {"code": 404, "message": "Object does not exist"}})
    return json.dumps({"transfer": "basic", "objects": answers}).encode()


def _chunks(stream: Any) -> Iterator[bytes]:
    while size := int(stream.readline(), 16):
        yield stream.read(size)
        stream.readline()
    stream.readline()


def _backend(request: Any, state: Web, body: bytes) -> tuple[int, dict[str, str], bytes]:
    path, _, query = request.path.partition("?")
    environment = {
        **os.environ,
        **PLAIN,
        "GIT_PROJECT_ROOT": str(state.root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": request.command,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "HTTP_GIT_PROTOCOL": request.headers.get("Git-Protocol", "") if state.protocol else "",
        "REMOTE_USER": state.username,
    }
    said = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False).stdout
    head, _, content = said.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    return int(headers.pop("Status", "200").split()[0]), headers, content


def certificate(directory: Path) -> Path:
    """Write a self-signed certificate for 127.0.0.1, and return its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return directory / "cert.pem"


@dataclass
class Ssh:
    """A running ssh server: who came, what they ran, and the client's configuration that gets in."""

    port: int
    config: Path
    users: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


@contextlib.contextmanager
def ssh(root: Path, directory: Path) -> Iterator[Ssh]:
    """Serve by ssh: it runs ``git-upload-pack`` below ``root``, for the one key in ``directory``."""
    host, client = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    client.write_private_key(directory / "id")
    (directory / "id").chmod(0o600)
    state = Ssh(0, directory / "ssh_config")

    async def serve(process: Any) -> None:
        state.users.append(process.get_extra_info("username"))
        state.commands.append(process.command)
        words = shlex.split(process.command)
        path = words[-1] if words[-1].startswith("/") else f"/{words[-1]}"
        child = await asyncio.create_subprocess_exec(
            *words[:-1],
            f"{root}{path}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **PLAIN},
        )
        feeding = asyncio.ensure_future(_feed(process.stdin, child.stdin))
        await asyncio.gather(_copy(child.stdout, process.stdout), _copy(child.stderr, process.stderr))
        feeding.cancel()
        process.exit(await child.wait())

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="ssh server")
    thread.start()

    async def start() -> Any:
        keys = asyncssh.import_authorized_keys(client.export_public_key().decode())
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[host], authorized_client_keys=keys, process_factory=serve, encoding=None
        )

    try:
        acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result()
        state.port = acceptor.get_port()
        known = f"[127.0.0.1]:{state.port} {host.export_public_key().decode()}"
        (directory / "known_hosts").write_text(known)
        state.config.write_text(
            f"IdentityFile {directory}/id\nIdentitiesOnly yes\nUserKnownHostsFile {directory}/known_hosts\n"
            "GlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n"
        )
        yield state

        async def stop() -> None:
            acceptor.close()
            await acceptor.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _copy(source: Any, target: Any) -> None:
    while piece := await source.read(65536):
        target.write(piece)
        await target.drain()


async def _feed(source: Any, target: Any) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await _copy(source, target)
        target.close()


@contextlib.contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="git server")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
