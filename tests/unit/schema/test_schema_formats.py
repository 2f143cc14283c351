"""Formats and quantities. What is expected was answered by a real API server (1.37)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kubernator.schema import quantity
from kubernator.schema.formats import FORMATS, is_base64, is_time


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("uuid", ["123E4567E89B12D3A456426614174000"], ["x"]),
        ("uuid4", ["123e4567-e89b-42d3-a456-426614174000"], ["123e4567-e89b-12d3-a456-426614174000"]),
        ("ipv4", ["1.2.3.4", "010.0.0.1", "::ffff:1.2.3.4"], ["256.1.1.1", "1.2.3", "::1"]),
        ("ipv6", ["::1", "::ffff:1.2.3.4"], ["fe80::1%eth0", "1.2.3.4", "g::"]),
        ("cidr", ["10.0.0.0/8", "010.0.0.0/08", "::/128"], ["10.0.0.0/33", "10.0.0.1", "10.0.0.0/-1", "10.0.0.0/"]),
        ("mac", ["01:23:45:67:89:ab", "0123.4567.89ab"], ["01:23:45:67:89", "01:23-45:67:89:ab"]),
        (
            "uri",
            ["http://a.b", "/x", "mailto:a@b", "http://[::1]:80/", "*", "http://a/?%zz", "http:///x"],
            ["foo", "./x", "http://a b", "http://a/%zz", "http://a:b", "", "1a://x", "http://[::1", "http://%41/"],
        ),
        (
            "email",
            ["a@b", "Bob <a@b.c>", '"a b"@c', "a@[1.2.3.4]", " a@b", "ä@b", "group: a@b;"],
            ["a", "a b@c", "a..b@c", "a@b@c", "a@", "@b", "a,b@c", "<a@b"],
        ),
        ("hostname", ["a.example.com", "example", "a", "a--b.com"], ["a_b.com", "-a.com", "1.2.3.4", "x.c", "a.com."]),
        ("byte", ["YQ==", "YWI="], ["YQ", "", "a b=", "YWJj\nYWJj"]),
        ("date", ["2020-02-29", "0000-01-01"], ["2021-02-29", "2020-1-1", "2020-13-01"]),
        ("datetime", ["2020-01-01T00:00:00Z", "2020-01-01t00:00:00.5z"], ["2020-01-01T24:00:00Z", "2020-01-01"]),
        ("duration", ["1h30m", "3 days", "0", "1d", "1 hourly"], ["5", "", "1 fortnight", "x"]),
        ("isbn", ["978-3-8362-2119-1", "3836221195"], ["3836221194", "x"]),
        ("isbn10", ["3 401 01319 X"], ["3423214121"]),
        ("creditcard", ["4220 8554-2622x2389"], ["4220855426222388"]),
        ("ssn", ["123-45-6789"], ["123456789"]),
        ("hexcolor", ["#fff", "FFFFFF"], ["ffff"]),
        ("rgbcolor", ["rgb(0,1,255)"], ["rgb(256,0,0)", "rgba(0,0,0)"]),
        ("bsonobjectid", ["507f1f77bcf86cd799439011"], ["507f1f77bcf86cd79943901"]),
        ("k8sshortname", ["a"], ["a.b", "A", "a" * 64]),
        ("k8slongname", ["a.b"], ["a..b", "a" * 254]),
        ("password", ["", "x"], []),
    ],
)
def test_formats_are_those_of_the_server(name: str, good: list[str], bad: list[str]) -> None:
    """A text is of a format when the server says so."""
    assert [*good] == [text for text in [*good, *bad] if FORMATS[name](text)]


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        (Decimal("0.5"), "500m"),
        (Decimal(1024**3), "1Gi"),
        (Decimal(1000), "1e3"),
        (Decimal(10) ** 18, "1E"),
        (Decimal(5), " 5 "),
        (Decimal(2), 2),
        (Decimal("1.5"), 1.5),
        (Decimal("0.5"), ".5"),
        (None, "1gb"),
        (None, "1ki"),
        (None, ""),
        (None, "five"),
        (None, True),
        (None, None),
        (None, {}),
    ],
)
def test_quantities_are_read_as_the_server_reads_them(expected: Decimal | None, written: object) -> None:
    """A number with a suffix of either kind is an amount, anything else is none."""
    assert expected == quantity.amount(written)
    assert (expected is not None) is quantity.is_quantity(written)


def test_fields_of_built_in_kinds_are_read_by_go() -> None:
    """Times need all of RFC 3339; base64 may have line breaks."""
    assert [is_time(text) for text in ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00.5+01:00", "2020-01-01", "now")] == [
        True,
        True,
        False,
        False,
    ]
    assert [is_base64(text) for text in ("", "YWJj\nYWJj", "YQ")] == [True, True, False]
