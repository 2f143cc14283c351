"""A server on loopback that has official downloads, for ``KUBERNATOR_DOWNLOAD_MIRROR``.

It answers what projects' places answer, packed and with checksums as they publish them, so that the whole way of a
program by version is walked without the Internet. What goes wrong on the way is scripted request by request.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import urllib.parse
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from kubernator.tools import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    Fault: TypeAlias = Callable[[Any, bytes], object]

__all__ = ["Mirror", "packed"]


class Mirror:
    """The server, while the ``with`` block lasts. ``url`` is for the variable; ``seen`` lists the paths asked for.

    ``faults`` holds, by path, what answers the next requests in place of the file: functions of the request handler and
    the file's content, used up one by one.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.seen: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="mirror")
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, url: str, content: bytes) -> str:
        """Have a file at the place of an official URL; return its path here."""
        parts = urllib.parse.urlsplit(url)
        path = f"/{parts.netloc}{parts.path}"
        self.files[path] = content
        return path

    def offer(self, name: str, version: str, program: bytes, *, machine: str | None = None) -> str:
        """Offer a program as its project does, with its checksum; return the path of the download."""
        wanted = catalog.download(name, version, machine or catalog.here())
        content = packed(wanted, program)
        if wanted.sums:
            digest = hashlib.sha256(content).hexdigest()
            self.put(wanted.sums, f"{'0' * 64}  other\n{digest}  {wanted.file}\n".encode())
        return self.put(wanted.url, content)


def packed(wanted: catalog.Download, program: bytes) -> bytes:
    """Return what a download holds: the program itself, or an archive with it in its place."""
    if not wanted.member:
        return program
    buffer = io.BytesIO()
    if wanted.file.endswith(".zip"):
        with zipfile.ZipFile(buffer, "w") as opened:
            opened.writestr("README", "read me")
            opened.writestr(wanted.member, program)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as opened_tar:
            info = tarfile.TarInfo(wanted.member)
            info.size, info.mode = len(program), 0o755
            opened_tar.addfile(info, io.BytesIO(program))
    return buffer.getvalue()


def _handler(mirror: Mirror) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            # a proxy is asked for whole URLs
            path = urllib.parse.urlsplit(self.path).path
            mirror.seen.append(path)
            content = mirror.files.get(path)
            if faults := mirror.faults.get(path):
                faults.pop(0)(self, content or b"")
            elif content is None:
                self.send_error(404)
            else:
                self._send(content)

        def _send(self, content: bytes) -> None:
            tag = f'"{hashlib.sha256(content).hexdigest()}"'
            start = self.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
            part = start.isdigit() and self.headers.get("If-Range") == tag
            rest = content[int(start) :] if part else content
            self.send_response(206 if part else 200)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
