"""Unpacking: what comes out, and what is refused."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.tools import archive

if TYPE_CHECKING:
    from pathlib import Path


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def member(name: str, content: bytes = b"", **attributes: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, content


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as opened:
        for info, content in members:
            opened.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(tmp_path, mode):
    """Files, directories and links inside come out, private to the user, executable if they were."""
    packed = tar(
        tmp_path / "a.tar",
        member("dir", type=tarfile.DIRTYPE, mode=0o777),
        member("dir/run", b"x", mode=0o755),
        member("dir/read", b"y", mode=0o666),
        member("link", type=tarfile.SYMTYPE, linkname="dir/run"),
        member("dir/up", type=tarfile.SYMTYPE, linkname="../link"),
        member("hard", type=tarfile.LNKTYPE, linkname="dir/read"),
        mode=mode,
    )
    archive.unpack(packed, tmp_path / "out")
    out = tmp_path / "out"
    assert (out / "link").read_bytes() == (out / "dir" / "up").read_bytes() == b"x"
    assert (out / "hard").read_bytes() == b"y"
    modes = [stat.S_IMODE((out / name).stat().st_mode) for name in ("dir", "dir/run", "dir/read")]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize(
    "members",
    [
        [member("/etc/x", b"x")],
        [member("../x", b"x")],
        [member("a/../../x", b"x")],
        [member("..\\x", b"x")],
        [member("l", type=tarfile.SYMTYPE, linkname="/etc")],
        [member("l", type=tarfile.SYMTYPE, linkname="..")],
        [member("a/l", type=tarfile.SYMTYPE, linkname="../../x")],
        [member("a/l", type=tarfile.SYMTYPE, linkname=".."), member("m", type=tarfile.SYMTYPE, linkname="a/l/../x")],
        [member("l", type=tarfile.SYMTYPE, linkname="sub"), member("l/x", b"x")],
        [member("h", type=tarfile.LNKTYPE, linkname="../../etc/passwd")],
        [member("h", type=tarfile.LNKTYPE, linkname="/etc/passwd")],
        [member("d", type=tarfile.CHRTYPE)],
        [member("p", type=tarfile.FIFOTYPE)],
    ],
    ids=lambda members: " ".join(f"{info.name}->{info.linkname}" for info, _ in members),
)
def test_tar_that_wants_out(tmp_path, members):
    """Whatever leads outside, or is no file, is refused before anything is written."""
    packed = tar(tmp_path / "a.tgz", member("innocent", b"x"), *members)
    with pytest.raises(errors.SourceError, match=r"`a\.tgz` is refused"):
        archive.unpack(packed, tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_zip(tmp_path):
    """A zip archive comes out likewise."""
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as opened:
        info = zipfile.ZipInfo("dir/run")
        info.external_attr = 0o100755 << 16
        opened.writestr(info, "x")
        opened.writestr("dir/read", "y")
        opened.mkdir("empty")
    archive.unpack(packed, tmp_path / "out")
    out = tmp_path / "out"
    modes = [stat.S_IMODE((out / name).stat().st_mode) for name in ("dir/run", "dir/read", "empty")]
    assert ((out / "dir/run").read_text(), (out / "dir/read").read_text(), modes) == ("x", "y", [0o700, 0o600, 0o700])


@pytest.mark.parametrize(("name", "kind"), [("../x", 0o100644), ("/x", 0o100644), ("link", 0o120777)])
def test_zip_that_wants_out(tmp_path, name, kind):
    """A zip archive that leads outside or holds links is refused."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        info = zipfile.ZipInfo(name)
        info.external_attr = kind << 16
        opened.writestr(info, "/etc")
    with pytest.raises(errors.SourceError, match="is refused"):
        archive.unpack(tmp_path / "a.zip", tmp_path / "out")


def test_only_some(tmp_path):
    """Only what was asked for comes out, and the rest is not even looked at."""
    packed = tar(tmp_path / "a.tgz", member("d/a", b"a"), member("d/b", b"b"), member("../x", b"x"))
    archive.unpack(packed, tmp_path / "out", only=["d/a"])
    assert names(tmp_path / "out" / "d") == ["a"]


def test_only_what_is_there(tmp_path):
    """A member that is asked for and missing is an error."""
    with pytest.raises(errors.SourceError, match="holds no `d/c`"):
        archive.unpack(tar(tmp_path / "a.tgz", member("d/a")), tmp_path / "out", only=["d/c"])


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"\x1f\x8b\x08broken"])
def test_no_archive(tmp_path, content):
    """What is no archive, or damaged, is told in words."""
    (tmp_path / "a.tgz").write_bytes(content)
    with pytest.raises(errors.SourceError, match="cannot be unpacked"):
        archive.unpack(tmp_path / "a.tgz", tmp_path / "out")


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("place", [0.3, 0.6, 0.99])
def test_damaged_tar(tmp_path, mode, place):
    """Damage anywhere in a packed archive is found, at its very end too, where only the checksum tells."""
    packed = tar(tmp_path / "a.tar", member("a", hashlib.shake_128(b"x").digest(100_000)), member("b", b"b"), mode=mode)
    content = bytearray(packed.read_bytes())
    at = int(len(content) * place)
    content[at : at + 4] = bytes(byte ^ 0xFF for byte in content[at : at + 4])
    packed.write_bytes(content)
    with pytest.raises(errors.SourceError, match=r"^`a\.tar` cannot be unpacked: .+$"):
        archive.unpack(packed, tmp_path / "out")


def test_damaged_zip(tmp_path):
    """Likewise in a zip archive."""
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a", b"hello" * 1000)
    content = bytearray(packed.read_bytes())
    content[31:40] = b"\xff" * 9
    packed.write_bytes(content)
    with pytest.raises(errors.SourceError, match="cannot be unpacked"):
        archive.unpack(packed, tmp_path / "out")


def test_hard_link_to_nothing(tmp_path):
    """A hard link to what the archive does not hold is an error of ours."""
    packed = tar(tmp_path / "a.tgz", member("h", type=tarfile.LNKTYPE, linkname="gone"))
    with pytest.raises(errors.SourceError, match=r"cannot be unpacked: .*gone"):
        archive.unpack(packed, tmp_path / "out")


def test_bomb(tmp_path, monkeypatch):
    """An archive that would unpack to more than is sensible is refused."""
    monkeypatch.setattr(archive, "MAX_SIZE", 10)
    with pytest.raises(errors.SourceError, match="is refused: it holds 1 files of 11 bytes"):
        archive.unpack(tar(tmp_path / "a.tgz", member("a", b"x" * 11)), tmp_path / "out")
