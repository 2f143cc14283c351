"""Signatures, by a key that was made for these tests and signed one text."""

from __future__ import annotations

import base64

import pytest

from kubernator import errors
from kubernator.tools import signature

KEY = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawPf4RYJKwYBBAHaRw8BAQdASu+F5h14VHD4GxB4ABag4aCU3yit6pw/rdqN
BEwUk820F1Rlc3QgPHRlc3RAZXhhbXBsZS5jb20+iJAEExYIADgWIQT+t86mehlD
UsK75dw22nDlneHLEQUCawPf4QIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAK
CRA22nDlneHLEZX/AQDB2zeyucr7wWxi6CZGV2WbtvrXGeQo5Kd+tO9bJ7D8YAEA
4SkOzesr507+umJggWtyHYcMx0l9orAWWn0DBtrs9gY=
=mhNw
-----END PGP PUBLIC KEY BLOCK-----
"""
FINGERPRINT = "FEB7CEA67A194352C2BBE5DC36DA70E59DE1CB11"
CONTENT = b"signed content\n"
SIGNATURE = base64.b64decode(
    "iHUEABYIAB0WIQT+t86mehlDUsK75dw22nDlneHLEQUCawPf4QAKCRA22nDlneHLEeFZAQCFdYe4oiFVFAhlnLNdOzxJFmCsDcbV8IY5rirR"
    "kxLWMwEAh3tugBaP07SNZINp9Rurv+TqgvaMYcGplQMQSzFiBQA="
)


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Verify a text that the project `test` may have signed."""
    monkeypatch.setitem(signature.KEYS, "test", FINGERPRINT)
    monkeypatch.setattr(signature, "_key", lambda _name: KEY)

    def verify(content=CONTENT, side=SIGNATURE):
        (tmp_path / "file").write_bytes(content)
        (tmp_path / "file.sig").write_bytes(side)
        signature.verify(tmp_path / "file", tmp_path / "file.sig", name="test", shown="file")

    return verify


def test_signed(check):
    """What the project signed is believed."""
    assert signature.available()
    check()


@pytest.mark.parametrize(
    ("content", "side"),
    [(b"other content\n", SIGNATURE), (CONTENT, b""), (CONTENT, b"junk"), (CONTENT, SIGNATURE[:-9])],
    ids=["changed", "empty", "junk", "damaged"],
)
def test_not_signed(check, content, side):
    """Anything else is not, and the error names the key and what was said."""
    with pytest.raises(errors.ChecksumMismatch, match="`file` is not signed by its project") as caught:
        check(content, side)
    assert dict(caught.value.detail)["key"] == FINGERPRINT


def test_signed_by_somebody_else(check, monkeypatch):
    """A signature that is good counts only if it is of the key that is known."""
    monkeypatch.setitem(signature.KEYS, "test", "0" * 40)
    with pytest.raises(errors.ChecksumMismatch):
        check()


def test_the_key_of_the_project_signs_not_for_others(check, monkeypatch):
    """The key that is part of the program is read, and has not signed this."""
    monkeypatch.undo()
    assert signature._unarmored(signature._key("awscli"))[:1] == b"\x99"
    monkeypatch.setitem(signature.KEYS, "test", signature.KEYS["awscli"])
    monkeypatch.setattr(signature, "_key", lambda _name, read=signature._key: read("awscli"))
    with pytest.raises(errors.ChecksumMismatch):
        check()
