"""Requests and answers as data."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kubernator import transport
from kubernator.transport import Headers, Request


def test_headers_have_no_case_and_many_values():
    """A name is found in any case; all values are there in order."""
    headers = Headers([("Warning", "a"), ("ETag", "e"), ("warning", "b")])
    assert (headers.get("etag"), headers.get("none", "-"), headers.all("WARNING")) == ("e", "-", ["a", "b"])
    assert len(headers) == 3
    assert dict(headers) == {"Warning": "a", "ETag": "e", "warning": "b"}


@pytest.mark.parametrize(("said", "expected"), [(None, True), (False, False), (True, True)])
def test_what_is_said_about_repeating_wins(said, expected):
    """``repeatable`` overrides what the method says."""
    assert expected is Request(method="GET", url="", repeatable=said).may_repeat


def test_the_data_load_without_the_library():
    """Importing the package loads neither http.client nor ssl."""
    code = "import sys, kubernator.transport; sys.exit(bool({'http.client', 'ssl'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_names_are_unknown():
    """The lazy attribute does not hide mistakes."""
    with pytest.raises(AttributeError, match="nonsense"):
        _ = transport.nonsense
