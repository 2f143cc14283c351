"""Fetching, from a server on loopback that answers by a script."""

from __future__ import annotations

import hashlib
import resource
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.tools import download

if TYPE_CHECKING:
    from pathlib import Path


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


class Server:
    """Answers each request from a list of functions, the last again and again, and remembers what was asked."""

    def __init__(self) -> None:
        self.answers = []
        self.seen = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.seen.append((self.path, dict(self.headers)))
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server():
    started = Server()
    yield started
    started.close()


def says(content=b"", status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def breaks(content, after, **headers):
    """Promise the whole, send a part, hang up."""

    def answer(handler):
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:after])
        handler.close_connection = True

    return answer


def nap(_seconds):
    """Take the place of waiting."""


def left(directory):
    """Return the files that are no side files."""
    return [name for name in names(directory) if not name.startswith(".")]


def test_fetch(server, tmp_path):
    """A file is fetched whole, private, and its progress told."""
    server.answers = [says(b"content")]
    told = []
    done = download.fetch(f"{server.url}/f", tmp_path / "f", progress=lambda *at: told.append(at))
    assert (done.changed, done.path.read_bytes(), done.path.stat().st_mode) == (True, b"content", 0o100600)
    assert told[-1] == (7, 7)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_checksum(server, tmp_path, algorithm):
    """What has the checksum promised is kept, and not asked for again."""
    server.answers = [says(b"content")]
    sum_ = {algorithm: hashlib.new(algorithm, b"content").hexdigest()}
    assert download.fetch(f"{server.url}/f", tmp_path / "f", **sum_).changed
    assert not download.fetch(f"{server.url}/f", tmp_path / "f", **sum_).changed
    assert len(server.seen) == 1


def test_wrong_checksum_keeps_nothing(server, tmp_path):
    """What has another checksum is not kept, and what was there stays."""
    server.answers = [says(b"evil")]
    (tmp_path / "f").write_text("old")
    with pytest.raises(errors.ChecksumMismatch) as caught:
        download.fetch(f"{server.url}/f", tmp_path / "f", sha256="0" * 64)
    assert hashlib.sha256(b"evil").hexdigest() in str(caught.value.detail)
    assert (left(tmp_path), (tmp_path / "f").read_text()) == (["f"], "old")


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({"ETag": '"1"'}, {"If-None-Match": '"1"'}),
        ({"Last_Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}, {"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}),
    ],
)
def test_unchanged_is_not_fetched_again(server, tmp_path, said, asked):
    """The second time the server is asked whether it changed; it did not, so the file stays."""
    server.answers = [says(b"one", **said), says(status=304), says(b"two", **said)]
    url = f"{server.url}/f"
    assert download.fetch(url, tmp_path / "f").changed
    assert not download.fetch(url, tmp_path / "f").changed
    assert (tmp_path / "f").read_bytes() == b"one"
    assert asked.items() <= server.seen[1][1].items()
    assert download.fetch(url, tmp_path / "f").changed
    assert (tmp_path / "f").read_bytes() == b"two"


def test_conditions_are_for_the_same_url_and_file_only(server, tmp_path):
    """Another URL, or a file that is gone, is asked for without conditions."""
    server.answers = [says(b"one", ETag='"1"')]
    download.fetch(f"{server.url}/a", tmp_path / "f")
    download.fetch(f"{server.url}/b", tmp_path / "f")
    (tmp_path / "f").unlink()
    download.fetch(f"{server.url}/b", tmp_path / "f")
    assert not any("If-None-Match" in headers for _, headers in server.seen)


def test_broken_connection_goes_on_where_it_broke(server, tmp_path):
    """When the connection breaks, only the rest is asked for, if the server vouches that it is of the same file."""

    def rest(handler):
        says(b"ent", status=206)(handler)

    server.answers = [breaks(b"content", 4, ETag='"1"'), rest]
    download.fetch(f"{server.url}/f", tmp_path / "f", sleep=nap)
    assert (tmp_path / "f").read_bytes() == b"content"
    assert {"Range": "bytes=4-", "If-Range": '"1"'}.items() <= server.seen[1][1].items()


@pytest.mark.parametrize("tag", [{}, {"ETag": 'W/"1"'}])
def test_broken_connection_without_a_tag_begins_again(server, tmp_path, tag):
    """Without a strong tag, the whole is asked for again."""
    server.answers = [breaks(b"old content", 4, **tag), says(b"new")]
    download.fetch(f"{server.url}/f", tmp_path / "f", sleep=nap)
    assert (tmp_path / "f").read_bytes() == b"new"
    assert "Range" not in server.seen[1][1]


def test_file_that_changed_under_way_begins_again(server, tmp_path):
    """A server that answers the rest with the whole gives a whole file."""
    server.answers = [breaks(b"old content", 4, ETag='"1"'), says(b"new", ETag='"2"')]
    download.fetch(f"{server.url}/f", tmp_path / "f", sleep=nap)
    assert (tmp_path / "f").read_bytes() == b"new"


def test_file_that_became_shorter_begins_again(server, tmp_path):
    """A range that is refused is given up for the whole."""
    server.answers = [breaks(b"old content", 4, ETag='"1"'), says(status=416), says(b"n")]
    download.fetch(f"{server.url}/f", tmp_path / "f", sleep=nap)
    assert (tmp_path / "f").read_bytes() == b"n"


@pytest.mark.parametrize(("status", "times"), [(404, 1), (403, 1), (503, 4), (429, 4)])
def test_answers_that_are_no_file(server, tmp_path, status, times):
    """What may pass is asked for again a few times, what will not is told at once; nothing is left."""
    server.answers = [says(status=status)]
    with pytest.raises(errors.SourceError, match=f"the server answered {status}"):
        download.fetch(f"{server.url}/f?secret=1", tmp_path / "f", sleep=nap)
    assert (times, []) == (len(server.seen), left(tmp_path))


def test_patience_asked_for_is_given(server, tmp_path):
    """A server may say how long to wait."""
    server.answers = [says(status=429, Retry_After="7"), says(b"x")]
    waits = []
    download.fetch(f"{server.url}/f", tmp_path / "f", sleep=waits.append)
    assert waits == [7]


def test_too_much_patience_is_not_given(server, tmp_path):
    """A server that asks for an hour is taken at its word that it will not answer."""
    server.answers = [says(status=503, Retry_After="3600")]
    with pytest.raises(errors.SourceError, match="503"):
        download.fetch(f"{server.url}/f", tmp_path / "f", sleep=nap)
    assert len(server.seen) == 1


def test_redirects_are_followed_without_the_credentials(server, tmp_path):
    """Credentials of the URL are sent to its own place only, and never shown."""
    server.answers = [says(status=302, Location="/elsewhere"), says(status=404)]
    url = server.url.replace("http://", "http://user:p%40ss@") + "/f"
    with pytest.raises(errors.SourceError) as caught:
        download.fetch(url, tmp_path / "f")
    assert [headers.get("Authorization") for _, headers in server.seen] == ["Basic dXNlcjpwQHNz", None]
    assert "ss@" not in caught.value.title


def test_redirects_without_end(server, tmp_path):
    """A circle of redirects ends."""
    server.answers = [says(status=302, Location="/f")]
    with pytest.raises(errors.SourceError, match="without end"):
        download.fetch(f"{server.url}/f", tmp_path / "f")


@pytest.mark.parametrize("url", ["ftp://host/f", "file:///etc/passwd", "no url", "http:///f"])
def test_other_schemes(tmp_path, url):
    """Only http and https are fetched."""
    with pytest.raises(errors.SourceError, match="is no http or https URL"):
        download.fetch(url, tmp_path / "f")


def test_unreachable(tmp_path):
    """A server that is not there is told, with the hint about proxies."""
    with pytest.raises(errors.SourceError, match="cannot be fetched") as caught:
        download.fetch("http://127.0.0.1:1/f", tmp_path / "f", sleep=nap)
    assert "HTTPS_PROXY" in caught.value.hint


def test_full_disk(server, tmp_path):
    """What the disk does not take is told in words, and nothing is left."""
    server.answers = [says(b"x" * 100_000)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(errors.ToolError, match=r"f` cannot be written: File too large") as caught:
            download.fetch(f"{server.url}/f", tmp_path / "f")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert ("make room" in caught.value.hint, left(tmp_path)) == (True, [])


@pytest.mark.parametrize("url", ["http://[::1/f", "https://user:secret\N{FULLWIDTH SOLIDUS}@example.com/f"])
def test_what_is_no_url(tmp_path, url):
    """An address that cannot be read is an error, and not shown, since what in it is a password cannot be told."""
    with pytest.raises(errors.SourceError, match="cannot be read") as caught:
        download.fetch(url, tmp_path / "f")
    assert "secret" not in str(caught.value)
    with pytest.raises(errors.SourceError, match="cannot be read"):
        download.shown(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://me:sesame@example.com/a?token=sesame#x", "https://example.com/a"),
        ("me:sesame@example.com/a", "me:example.com/a"),
    ],
)
def test_shown(url, expected):
    """Nothing that may be secret is shown, though `//` was forgotten."""
    assert download.shown(url) == expected


def test_secrets():
    """The password and the query are what must not be shown."""
    assert download.secrets("https://me:sesame@example.com/a?token=x") == ["sesame", "token=x"]
    assert download.secrets("https://example.com/a") == []


def test_url_that_is_written_for_people(server, tmp_path):
    """Spaces and other letters are quoted; what is quoted already stays."""
    server.answers = [says(b"content")]
    download.fetch(f"{server.url}/a b/\u00e9%20?q=x y", tmp_path / "f")
    assert server.seen[0][0] == "/a%20b/%C3%A9%20?q=x%20y"


def test_redirect_to_what_is_no_url(server, tmp_path):
    """Nor does a server's nonsense raise anything else."""
    server.answers = [says(status=302, Location="http://[::1/f")]
    with pytest.raises(errors.SourceError, match="cannot be read"):
        download.fetch(f"{server.url}/f", tmp_path / "f")


def test_lengths_that_are_none(server, tmp_path):
    """A length or a delay that is no number counts as not said."""

    def odd(handler):
        handler.wfile.write(b"HTTP/1.1 503 Later\r\nRetry-After: \xb2\r\nContent-Length: \xb2\r\n\r\n")
        handler.close_connection = True

    server.answers = [odd, says(b"content")]
    assert download.fetch(f"{server.url}/f", tmp_path / "f", sleep=nap).path.read_bytes() == b"content"


def test_proxy_from_the_environment(server, tmp_path, monkeypatch):
    """A proxy of the environment is asked in place of the server."""
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.answers = [says(b"from the proxy")]
    download.fetch("http://files.example/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"from the proxy"


def test_read_text(server):
    """A small text is returned; a large one is refused."""
    server.answers = [says(b"abc")]
    assert download.read_text(f"{server.url}/sums") == "abc"
    with pytest.raises(errors.SourceError, match="larger than 2 bytes"):
        download.read_text(f"{server.url}/sums", limit=2)


def test_the_name_in_the_cache_tells_urls_apart_and_holds_no_credential():
    """It is readable, and safe as the name of a file."""
    name = download.cache_name("https://me:hunter2@host/a/b c.yaml?token=hunter2")
    assert name.endswith("-b_c.yaml")
    assert "hunter2" not in name
    assert name != download.cache_name("https://host/a/b c.yaml")
    assert download.cache_name("https://host/").endswith("-file")
