"""Programs by version and by `PATH`: where they come from, what goes wrong on the way, and how they are run."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import signal
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from kubernator import errors
from kubernator.model.origin import Origin
from kubernator.redaction import Secrets
from kubernator.testing.mirror import Mirror
from kubernator.tools import catalog, download, official, signature
from kubernator.tools.cache import Cache
from kubernator.tools.locate import Programs
from kubernator.tools.lockfile import Pins
from kubernator.tools.tool import Tool, ToolOrigin

HERE = catalog.here()
SCRIPT = b"#!/bin/sh\necho it is ${0##*/} with $*\n"


@pytest.fixture
def mirror(monkeypatch):
    """Serve official downloads from loopback, and let nothing wait between two attempts."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Mirror() as served:
        monkeypatch.setenv(official.MIRROR, served.url)
        yield served


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def programs(cache):
    return Programs(cache)


def left(cache):
    """Return what is in the part of the cache for programs, locks of files apart."""
    return sorted(path.relative_to(cache.bin).as_posix() for path in cache.bin.rglob("*") if path.is_file())


def breaks(after, tag=""):
    """Promise the whole, send a part, hang up."""

    def answer(handler, content):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.send_header("ETag", tag or f'"{download.hashlib.sha256(content).hexdigest()}"')
        handler.end_headers()
        handler.wfile.write(content[:after])
        handler.close_connection = True

    return answer


def says(status, body=b""):
    def answer(handler, _content):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


# By version


@pytest.mark.parametrize("name", [name for name in catalog.NAMES if name != "awscli"])
def test_each_program_by_version(mirror, programs, cache, name):
    """It is downloaded, verified, unpacked, runs, and stands alone in a directory that is exposed."""
    mirror.offer(name, "1.2.3", SCRIPT)
    found = programs.find(name, version="v1.2.3")
    assert found == Tool(name=name, path=cache.bin / name / "1.2.3" / name, version="1.2.3", origin=ToolOrigin.DOWNLOAD)
    assert [path.name for path in found.path.parent.iterdir()] == [name]
    assert found.path.stat().st_mode & 0o777 == 0o700
    assert programs.run(found, "a", "b c", plugin="x").stdout == f"it is {name} with a b c\n"
    assert programs.directories == [str(found.path.parent)]


def test_cached_program_needs_no_network(mirror, programs, cache):
    """The second time nothing is asked for, by this run or another."""
    mirror.offer("helm", "3.17.2", SCRIPT)
    programs.find("helm", version="3.17.2")
    asked = len(mirror.seen)
    for again in (programs, Programs(cache)):
        assert again.find("helm", version="3.17.2").origin is ToolOrigin.CACHE
    assert asked == len(mirror.seen) == 2


def test_wrong_checksum(mirror, programs, cache):
    """What is not what its project published is not kept, and the error says where it was asked for."""
    path = mirror.offer("helm", "3.17.2", SCRIPT)
    mirror.files[path] += b"x"
    with pytest.raises(errors.ChecksumMismatch, match="is not what was promised") as caught:
        programs.find("helm", version="3.17.2", origin=Origin(path=Path("x/.kubernator.py"), line=2))
    assert caught.value.detail[0] == ("at", "x/.kubernator.py:2:1")
    assert left(cache) == []


@pytest.mark.parametrize("sums", [b"", b"<html>sign in</html>", b"0" * 64 + b"  other\n", b"abc  kubectl\n"])
def test_no_checksum(mirror, programs, cache, sums):
    """A place that publishes no checksum of the file is not believed."""
    mirror.offer("kubectl", "1.32.4", SCRIPT)
    mirror.put(catalog.download("kubectl", "1.32.4", HERE).sums, sums)
    with pytest.raises(errors.SourceError, match="has no SHA-256 checksum of `kubectl`"):
        programs.find("kubectl", version="1.32.4")
    assert left(cache) == []


@pytest.mark.parametrize("line", ["{sum}\n", "{sum}  kubectl\n", "{sum} *kubectl\n", "{sum}  _dist/kubectl\n"])
def test_forms_of_a_checksum(mirror, programs, line):
    """A checksum stands alone, or in a list with the name in any of the usual ways."""
    mirror.offer("kubectl", "1.32.4", SCRIPT)
    digest = download.hashlib.sha256(SCRIPT).hexdigest().upper()
    mirror.put(catalog.download("kubectl", "1.32.4", HERE).sums, line.format(sum=digest).encode())
    assert programs.find("kubectl", version="1.32.4").path.read_bytes() == SCRIPT


def test_download_that_breaks_is_resumed(mirror, programs):
    """What has arrived is not sent again."""
    path = mirror.offer("kind", "0.27.0", SCRIPT)
    mirror.faults[path] = [breaks(10), breaks(20)]
    assert programs.find("kind", version="0.27.0").path.read_bytes() == SCRIPT
    assert mirror.seen.count(path) == 3


def test_truncated_file(mirror, programs, cache):
    """A file that never comes whole is an error, and nothing of it stays."""
    path = mirror.offer("kind", "0.27.0", SCRIPT)
    mirror.faults[path] = [breaks(10, tag="W/x")] * 4
    with pytest.raises(errors.SourceError, match="cannot be fetched"):
        programs.find("kind", version="0.27.0")
    assert left(cache) == []


@pytest.mark.parametrize("faults", [[says(503)], [says(429), says(500)]])
def test_passing_faults(mirror, programs, faults):
    """A server that is busy for a moment is asked again."""
    path = mirror.offer("kind", "0.27.0", SCRIPT)
    mirror.faults[path] = faults
    assert programs.find("kind", version="0.27.0").version == "0.27.0"


def test_version_that_there_is_not(mirror, programs, cache):
    """It is told with the place that was asked."""
    with pytest.raises(errors.SourceError, match=r"helm-v9\.9\.9-.*the server answered 404"):
        programs.find("helm", version="9.9.9")
    assert left(cache) == []


def archived(*members):
    """Return a tar with these members; a pair of names is a link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as opened:
        for member in members:
            info = tarfile.TarInfo(member if isinstance(member, str) else member[0])
            if isinstance(member, str):
                info.size = len(SCRIPT)
                opened.addfile(info, io.BytesIO(SCRIPT))
            else:
                info.type, info.linkname = tarfile.SYMTYPE, member[1]
                opened.addfile(info)
    return buffer.getvalue()


MEMBER = catalog.download("helm", "3.17.2", HERE).member


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (archived("../helm"), "holds no"),
        (archived((MEMBER, "/bin/sh")), "link that leads outside"),
        (archived((MEMBER, "../../../../x")), "link that leads outside"),
        (archived("README"), "holds no"),
        (b"no archive", "cannot be unpacked"),
        (archived(MEMBER)[:60], "cannot be unpacked"),
    ],
    ids=["outside", "absolute-link", "climbing-link", "without", "junk", "damaged"],
)
def test_odd_archives(mirror, programs, cache, content, words):
    """An archive that leaves its directory, is damaged or has no such program is refused; nothing of it stays."""
    wanted = catalog.download("helm", "3.17.2", HERE)
    mirror.put(wanted.url, content)
    mirror.put(wanted.sums, download.hashlib.sha256(content).hexdigest().encode())
    with pytest.raises(errors.SourceError, match=words):
        programs.find("helm", version="3.17.2")
    assert left(cache) == []
    assert not list(cache.root.parent.rglob("helm"))[1:]


def test_wrong_architecture(mirror, programs):
    """A download that this machine cannot execute is told in words, with what to look at."""
    mirror.offer("kops", "1.30.0", b"\x7fELF no such machine")
    tool = programs.find("kops", version="1.30.0")
    with pytest.raises(errors.ToolError, match="`kops` is no program for this machine") as caught:
        programs.run(tool, "version", plugin="kops")
    assert caught.value.detail == [("file", str(tool.path))]
    assert "kubernator cache verify" in caught.value.hint


def test_program_of_another_machine_is_fetched_again(mirror, cache):
    """A cache that several kinds of machines share gives each its own build."""
    mirror.offer("kops", "1.30.0", b"other", machine="darwin/arm64")
    mirror.offer("kops", "1.30.0", SCRIPT, machine="linux/amd64")
    Programs(cache, machine="darwin/arm64").find("kops", version="1.30.0")
    assert Programs(cache, machine="linux/amd64").find("kops", version="1.30.0").path.read_bytes() == SCRIPT


def test_truncated_in_the_cache(mirror, programs, cache):
    """A program that lost its end, to a full disk for example, is fetched again."""
    mirror.offer("kind", "0.27.0", SCRIPT)
    path = programs.find("kind", version="0.27.0").path
    path.write_bytes(SCRIPT[:5])
    assert Programs(cache).find("kind", version="0.27.0").path.read_bytes() == SCRIPT


def test_threads_share_one_download(mirror, programs):
    """However many ask at once, one downloads."""
    path = mirror.offer("kind", "0.27.0", SCRIPT)
    found = []
    threads = [threading.Thread(target=lambda: found.append(programs.find("kind", version="0.27.0"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (
        [each.origin for each in found if each.origin is ToolOrigin.DOWNLOAD],
        len(found),
        mirror.seen.count(path),
    ) == ([ToolOrigin.DOWNLOAD], 6, 1)


FIND = """
import sys
from pathlib import Path
from kubernator.tools.cache import Cache
from kubernator.tools.locate import Programs
print(Programs(Cache(Path(sys.argv[1]))).find("kind", version="0.27.0").origin.value)
"""


@contextlib.contextmanager
def finding(cache):
    """Look for a program in another process."""
    command = [sys.executable, "-c", FIND, str(cache.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield process


def test_processes_share_one_download(mirror, cache):
    """Two that ask at the same time download once."""
    path = mirror.offer("kind", "0.27.0", SCRIPT)
    arrived, go = threading.Event(), threading.Event()

    def slow(handler, content):
        arrived.set()
        go.wait()
        handler._send(content)

    mirror.faults[path] = [slow]
    with finding(cache) as first:
        arrived.wait()
        with finding(cache) as second:
            go.set()
            said = sorted(each.communicate()[0] for each in (first, second))
    assert said == ["cache\n", "download\n"]
    assert mirror.seen.count(path) == 1


def test_killed_download_leaves_the_cache_intact(mirror, programs, cache):
    """Nothing of it is taken for a program, and the next one tidies up."""
    path = mirror.offer("kind", "0.27.0", SCRIPT)
    arrived, over = threading.Event(), threading.Event()

    def stuck(handler, content):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:5])
        handler.wfile.flush()
        arrived.set()
        over.wait()

    mirror.faults[path] = [stuck]
    with finding(cache) as process:
        arrived.wait()
        process.kill()
    over.set()
    assert programs.find("kind", version="0.27.0").origin is ToolOrigin.DOWNLOAD
    assert left(cache) == ["kind/0.27.0.json", "kind/0.27.0/kind"]
    assert sorted(path.name for path in (cache.bin / "kind").iterdir()) == ["0.27.0", "0.27.0.json"]


def test_through_a_proxy(mirror, programs, monkeypatch):
    """The proxy of the environment is asked, and not for what `NO_PROXY` names."""
    mirror.offer("kind", "0.27.0", SCRIPT)
    monkeypatch.setenv(official.MIRROR, "http://files.example.com")
    monkeypatch.setenv("HTTP_PROXY", mirror.url)
    monkeypatch.setenv("http_proxy", mirror.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    assert programs.find("kind", version="0.27.0").path.read_bytes() == SCRIPT


def test_progress(mirror, cache):
    """Who watches hears what is downloaded, and how far it is."""
    path = mirror.offer("kind", "0.27.0", SCRIPT)
    heard = []

    @contextlib.contextmanager
    def watch(what):
        heard.append(what)
        yield lambda *at: heard.append(at)
        heard.append("over")

    Programs(cache, watch=watch).find("kind", version="0.27.0")
    size = len(mirror.files[path])
    assert ["kind 0.27.0", (size, size), "over"] == heard


def test_progress_in_the_log(mirror, programs, caplog):
    """Where nobody watches the log says that something is downloaded."""
    mirror.offer("kind", "0.27.0", SCRIPT)
    with caplog.at_level(logging.INFO, "kubernator.tools"):
        programs.find("kind", version="0.27.0")
    assert caplog.messages == ["downloading kind 0.27.0", "downloaded kind 0.27.0"]


# What is pinned


def test_settled(mirror, cache, tmp_path):
    """What is downloaded is settled, and what comes from the cache as well."""
    mirror.offer("kind", "0.27.0", SCRIPT)
    for _ in range(2):
        pins = Pins(tmp_path, locking=True)
        Programs(cache, pins=pins).find("kind", version="v0.27.0")
        (change,) = pins.changes()
        expected = (f"kind@0.27.0 {HERE}", f"sha256:{download.hashlib.sha256(SCRIPT).hexdigest()}")
        assert expected == (change.key, change.new)


def test_settled_anew(mirror, cache, tmp_path):
    """`kubernator lock` sees that a release was replaced, whatever the cache has."""
    mirror.offer("kind", "0.27.0", b"#!/bin/sh\nold")
    Programs(cache).find("kind", version="0.27.0")
    mirror.offer("kind", "0.27.0", SCRIPT)
    pins = Pins(tmp_path, locking=True)
    assert Programs(cache, pins=pins).find("kind", version="0.27.0").path.read_bytes() == SCRIPT
    (change,) = pins.changes()
    assert change.new == f"sha256:{download.hashlib.sha256(SCRIPT).hexdigest()}"


def test_other_than_pinned(mirror, cache, tmp_path):
    """A release that was replaced is refused, and not kept."""
    mirror.offer("kind", "0.27.0", SCRIPT)
    pins = Pins(tmp_path, locking=True)
    pins.settle("tool", f"kind@0.27.0 {HERE}", f"sha256:{'0' * 64}")
    pins.write()
    with pytest.raises(errors.ChecksumMismatch):
        Programs(cache, pins=Pins(tmp_path)).find("kind", version="0.27.0")
    assert left(cache) == []


def test_pinned_needs_no_published_checksum(mirror, cache, tmp_path):
    """The pin is the promise; one request less, and one place less to trust."""
    path = mirror.offer("kind", "0.27.0", SCRIPT)
    pins = Pins(tmp_path, locking=True)
    Programs(cache, pins=pins).find("kind", version="0.27.0")
    pins.write()
    cache.clear("bin")
    mirror.seen.clear()
    Programs(cache, pins=Pins(tmp_path, locked=True)).find("kind", version="0.27.0")
    assert [path] == mirror.seen


def test_cached_from_another_download_than_pinned(mirror, cache, tmp_path):
    """A cache that was filled before the release was replaced is not believed."""
    mirror.offer("kind", "0.27.0", b"#!/bin/sh\nold")
    Programs(cache).find("kind", version="0.27.0")
    mirror.offer("kind", "0.27.0", SCRIPT)
    pins = Pins(tmp_path, locking=True)
    pins.settle("tool", f"kind@0.27.0 {HERE}", f"sha256:{download.hashlib.sha256(SCRIPT).hexdigest()}")
    pins.write()
    assert Programs(cache, pins=Pins(tmp_path)).find("kind", version="0.27.0").path.read_bytes() == SCRIPT


def test_locked(mirror, cache, tmp_path):
    """With `--locked` a version that is not pinned is not fetched, not even from the cache; `PATH` is not concerned."""
    mirror.offer("kind", "0.27.0", SCRIPT)
    Programs(cache).find("kind", version="0.27.0")
    locked = Programs(cache, pins=Pins(tmp_path, locked=True))
    with pytest.raises(errors.NotPinned, match=r"tool `kind@0\.27\.0 "):
        locked.find("kind", version="0.27.0")
    assert locked.find("sh").origin is ToolOrigin.PATH


# The AWS command line, which is signed


def aws_zip():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("aws/install", "#!/bin/sh\nexit 1\n")
        opened.writestr("aws/dist/aws", '#!/bin/sh\ncat "$(dirname "$(readlink -f "$0")")/words"\n')
        opened.writestr("aws/dist/words", "it is aws\n")
    return buffer.getvalue()


@pytest.fixture
def aws(mirror):
    wanted = catalog.download("awscli", "2.17.0", "linux/amd64")
    mirror.put(wanted.url, aws_zip())
    return wanted


def test_program_with_what_it_needs_around_it(aws, cache, monkeypatch, caplog, tmp_path):
    """It runs from a directory of its own; where nothing can verify it a warning says so, and a pin holds it."""
    monkeypatch.setattr(signature, "available", lambda: False)
    pins = Pins(tmp_path, locking=True)
    programs = Programs(cache, pins=pins, machine="linux/amd64")
    tool = programs.find("awscli", version="2.17.0")
    assert (tool.name, tool.path.name) == ("awscli", "aws")
    assert programs.run(tool, plugin="x").stdout == "it is aws\n"
    assert programs.find("awscli").path == programs.find("aws").path == tool.path
    assert "trusted only because it came over https" in caplog.text
    assert [change.key for change in pins.changes()] == ["awscli@2.17.0 linux/amd64"]


def test_download_with_a_wrong_signature(aws, mirror, cache):
    """It is refused, and nothing of it stays."""
    mirror.put(aws.signature, b"junk")
    with pytest.raises(errors.ChecksumMismatch, match="is not signed by its project") as caught:
        Programs(cache, machine="linux/amd64").find("awscli", version="2.17.0")
    assert signature.KEYS["awscli"] in str(caught.value.detail)
    assert left(cache) == []


def test_download_without_its_signature(aws, cache):
    """A place that has the file and not its signature is not believed."""
    with pytest.raises(errors.SourceError, match=r"\.zip\.sig` cannot be fetched"):
        Programs(cache, machine="linux/amd64").find("awscli", version="2.17.0")
    assert left(cache) == []


# By `PATH`


def program(directory, name, text="#!/bin/sh\necho it is here\n"):
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(text)
    path.chmod(0o700)
    return path


def test_on_path(programs, tmp_path, monkeypatch):
    """Without a version `PATH` is asked, and what was exposed before it."""
    first, second = program(tmp_path / "a b", "thing"), program(tmp_path / "ü", "thing")
    monkeypatch.setenv("PATH", str(first.parent))
    assert programs.find("thing") == Tool(name="thing", path=first)
    programs.expose(second)
    assert programs.find("thing").path == second
    programs.expose(programs.find("thing"))
    assert programs.directories == [str(second.parent)]


def test_relative_directory_on_path(programs, tmp_path, monkeypatch):
    """It means the same wherever the program is run."""
    program(tmp_path / "bin", "thing")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "bin")
    assert programs.find("thing").path == tmp_path / "bin" / "thing"


@pytest.mark.parametrize(
    ("name", "hint"), [("thing", "install `thing`"), ("awscli", "install `aws`, or name a `version`")]
)
def test_not_on_path(programs, monkeypatch, tmp_path, name, hint):
    """It is an error that scripts know as a RuntimeError, and says whether a version would help."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=f"`{catalog.command(name)}` is not on `PATH`") as caught:
        programs.find(name)
    assert isinstance(caught.value, errors.ToolNotFound)
    assert caught.value.hint.startswith(hint)


def test_system_directory_is_not_brought_to_the_front(programs):
    """What is found on `PATH` shares its directory with others."""
    programs.expose(programs.find("sh"))
    assert programs.directories == []


def test_directory_that_cannot_stand_on_path(programs, tmp_path):
    """Else scripts would find another version than the one that was asked for."""
    (tmp_path / "a:b").mkdir()
    with pytest.raises(errors.ToolError, match="cannot stand on `PATH`"):
        programs.expose(tmp_path / "a:b")


def test_environment(programs, tmp_path, monkeypatch):
    """Exposed directories are in front, the last first; changes are made; this process keeps its own."""
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("GONE", "x")
    for name in ("a", "b", "a"):
        programs.expose(tmp_path / name / "program")
    made = programs.environment({"GONE": None, "NEW": "1"})
    assert made["PATH"] == os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b"), "/usr/bin"])
    assert ("GONE" in made, made["NEW"], os.environ["GONE"], os.environ["PATH"]) == (False, "1", "x", "/usr/bin")


# Running


def test_what_a_program_says_goes_into_the_log(programs, tmp_path, caplog):
    """Line by line, redacted, into the logger of the plugin; stdout only if that is asked for."""
    secrets = Secrets()
    secrets.add("opensesame")
    tool = program(tmp_path, "talk", "#!/bin/sh\necho out opensesame\necho err opensesame >&2\necho >&2\n")
    with caplog.at_level(logging.DEBUG, "kubernator"):
        said = Programs(secrets=secrets).run(tool, "opensesame", plugin="thing", log_stdout=True)
        programs.run(tool, plugin="quiet", stderr_level=logging.DEBUG)
    assert (said.stdout, said.stderr) == ("out opensesame\n", "err opensesame\n\n")
    told = {(each.name, each.levelname, each.getMessage()) for each in caplog.records}
    assert told >= {
        ("kubernator.thing.proc", "INFO", "out <secret 1>"),
        ("kubernator.thing.proc", "WARNING", "err <secret 1>"),
        ("kubernator.thing.proc", "DEBUG", f"running {tool} <secret 1>"),
        ("kubernator.quiet.proc", "DEBUG", "err opensesame"),
    }
    assert ("kubernator.quiet.proc", "INFO", "out opensesame") not in told


def test_failure(tmp_path):
    """It names the command, the code and the last lines, without secrets; `check=False` leaves it to the caller."""
    secrets = Secrets()
    secrets.add("opensesame")
    programs = Programs(secrets=secrets)
    tool = program(tmp_path, "fail", "#!/bin/sh\nseq 100 >&2\necho bad opensesame >&2\nexit 3\n")
    with pytest.raises(errors.ToolFailed, match="`fail` failed") as caught:
        programs.run(tool, "--password=opensesame", plugin="x")
    detail = dict(caught.value.detail)
    assert (detail["command"], detail["exit code"]) == (f"{tool} --password=<secret 1>", "3")
    assert detail["output"].splitlines()[-2:] == ["100", "bad <secret 1>"]
    assert detail["output"].splitlines()[:2] == ["…", "72"]
    assert caught.value.stderr.startswith("1\n2\n")
    assert programs.run(tool, plugin="x", check=False).code == 3


def test_safe_args(programs, tmp_path):
    """What is shown in place of the arguments."""
    tool = program(tmp_path, "fail", "#!/bin/sh\nexit 1\n")
    with pytest.raises(errors.ToolFailed) as caught:
        programs.run(tool, "hidden words", plugin="x", safe_args=["…"])
    assert dict(caught.value.detail)["command"] == f"{tool} …"
    assert "hidden" not in repr(vars(caught.value))


def test_program_that_dies(programs, tmp_path):
    """The signal that ended it is named."""
    tool = program(tmp_path, "die", "#!/bin/sh\nkill -SEGV $$\n")
    with pytest.raises(errors.ToolFailed) as caught:
        programs.run(tool, plugin="x")
    assert dict(caught.value.detail)["ended by"] == "signal SIGSEGV"
    assert caught.value.code == -signal.SIGSEGV


def test_program_that_hangs(programs, tmp_path):
    """It is ended, and the error is one of a tool and one of time."""
    tool = program(tmp_path, "hang", "#!/bin/sh\nexec sleep 1000\n")
    with pytest.raises(errors.ToolTimedOut, match="`hang` did not end within") as caught:
        programs.run(tool, plugin="x", timeout=0.1)
    assert isinstance(caught.value, errors.ToolError)
    assert isinstance(caught.value, errors.TimedOut)
    assert caught.value.exit_code == errors.ExitCode.TIMED_OUT


def test_interrupted(programs, tmp_path):
    """What threads run is ended, and they start nothing more; who tidies up still may."""
    tool = program(tmp_path, "waits", '#!/bin/sh\ntest -z "$1" || { echo begun >&2; exec sleep 1000; }\n')
    begun, ended = threading.Event(), []

    def work(*args):
        try:
            programs.run(tool, *args, plugin="x")
        except errors.KubernatorError as error:
            ended.append(type(error))

    class Heard(logging.Handler):
        def emit(self, _record):
            begun.set()

    handler = Heard()
    logging.getLogger("kubernator.x.proc").addHandler(handler)
    first = threading.Thread(target=work, args=["wait"])
    first.start()
    begun.wait()
    logging.getLogger("kubernator.x.proc").removeHandler(handler)
    programs.stop()
    first.join()
    second = threading.Thread(target=work)
    second.start()
    second.join()
    assert ended == [errors.Interrupted] * 2
    assert programs.run(tool, plugin="x").code == 0


@pytest.mark.parametrize("given", ["tool", "path", "name", "text"])
def test_ways_to_name_a_program(programs, tmp_path, given):
    """As a `Tool`, as a path, as the text of one, or by the name it has on `PATH`."""
    path = program(tmp_path, "thing")
    programs.expose(path)
    named = {"tool": Tool(name="thing", path=path), "path": path, "name": "thing", "text": str(path)}[given]
    assert programs.run(named, plugin="x").stdout == "it is here\n"


def test_program_that_is_not_there(programs, tmp_path):
    """By path and by name it is the same kind of error."""
    for named in (tmp_path / "none", "no-such-program"):
        with pytest.raises(errors.ToolNotFound):
            programs.run(named, plugin="x")


def test_path_of_one_program(programs, tmp_path):
    """A `PATH` that only this program is given is where its name is looked for."""
    path = program(tmp_path / "mine", "thing")
    assert programs.run("thing", plugin="x", env={"PATH": f"{path.parent}:/usr/bin:/bin"}).code == 0
    with pytest.raises(errors.ToolNotFound):
        programs.run("thing", plugin="x", env={"PATH": None})


def test_stdin_and_environment(programs, tmp_path):
    """A program reads what it is given, and nothing of ours when it is given nothing."""
    tool = program(tmp_path, "echoes", "#!/bin/sh\ncat\necho $WORD\n")
    assert programs.run(tool, plugin="x", stdin="in\n", env={"WORD": "out"}).stdout == "in\nout\n"
    assert programs.run(tool, plugin="x", env={"WORD": None}).stdout == "\n"


# Versions


@pytest.fixture
def tagged(tmp_path, monkeypatch):
    """Have a repository with tags where the project's is."""

    def make(*tags):
        root = tmp_path / "repository"
        run = ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        subprocess.run([*run, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
        for tag in tags:
            subprocess.run([*run, "tag", "-a", tag, "-m", tag], check=True)
        config = tmp_path / "gitconfig"
        config.write_text(f'[url "{root}"]\n\tinsteadOf = {catalog.repository("kind")}\n')
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        return root

    return make


def test_latest(tagged, programs):
    """The highest tag that is a plain version; candidates and other tags do not count."""
    tagged("v0.9.0", "v0.27.0", "v0.28.0-rc.1", "stable", "v1", "v0.3.0")
    assert programs.latest("kind") == "0.27.0"


def test_latest_is_asked_once_and_pinned(tagged, cache, tmp_path):
    """A run has one latest version, and a lock file holds it."""
    root = tagged("v0.27.0")
    pins = Pins(tmp_path, locking=True)
    programs = Programs(cache, pins=pins)
    programs.latest("kind")
    subprocess.run(["git", "-C", str(root), "tag", "v0.30.0"], check=True)
    assert programs.latest("kind") == "0.27.0"
    pins.write()
    assert Programs(cache, pins=Pins(tmp_path, locked=True)).latest("kind") == "0.27.0"


def test_no_latest(tagged, programs, monkeypatch):
    """A repository without versions, or one that is not there, is told."""
    tagged("stable")
    with pytest.raises(errors.SourceError, match="has no tag that is a version"):
        programs.latest("kind")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url./nowhere.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", catalog.repository("k3d"))
    with pytest.raises(errors.SourceError, match="cannot be listed"):
        programs.latest("k3d")
