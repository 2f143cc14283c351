"""What comes back from an API server."""

from __future__ import annotations

import gc
import json

import pytest

from kubernator import errors
from kubernator.cluster import requests, responses
from kubernator.testing.transport import answer, status
from kubernator.transport import Headers

CALL = requests.Call(verb="get", method="GET", target="/", doing="read `ConfigMap a`")


@pytest.mark.parametrize(
    ("code", "expected", "exit_code"),
    [
        (400, errors.ApiError, 1),
        (403, errors.Forbidden, 11),
        (404, errors.NotFound, 1),
        (409, errors.Conflict, 1),
        (410, errors.ApiError, 1),
        (422, errors.Invalid, 1),
        (429, errors.TooManyRequests, 1),
        (500, errors.ApiError, 1),
        (503, errors.ApiError, 1),
    ],
)
def test_a_status_becomes_an_error(code, expected, exit_code):
    """The class follows from the code; reason, causes and message are kept."""
    causes = [{"reason": "FieldManagerConflict", "message": 'conflict with "x"', "field": ".spec.replicas"}]
    found = responses.failure(
        status(code, "it\nis so", reason="Because", details={"causes": causes, "retryAfterSeconds": 2}),
        doing=CALL.doing,
    )
    assert type(found) is expected
    assert (found.title, found.exit_code) == ("cannot read `ConfigMap a`: it is so", exit_code)
    assert (found.status, found.reason, found.retry_after) == (code, "Because", 2.0)
    assert [(cause.field, cause.reason) for cause in found.causes] == [(".spec.replicas", "FieldManagerConflict")]
    assert found.body["message"] == "it\nis so"


def test_what_we_are_not_believed():
    """401 is about credentials, whatever the server says."""
    found = responses.failure(status(401, "Unauthorized"), doing=CALL.doing)
    assert isinstance(found, errors.Unauthorized)
    assert found.exit_code == 10


def test_a_wrong_field_is_invalid():
    """An API server answers 500 to an unknown field in an apply; nothing is gained by trying again."""
    message = "failed to create typed patch object (a/b; /v1, Kind=ConfigMap): .bogus: field not declared in schema"
    found = responses.failure(status(500, message), doing=CALL.doing)
    assert (type(found), found.status) == (errors.Invalid, 500)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("404 page not found\n", "404 page not found"),
        ("", "HTTP status 404"),
        ("[1]", "[1]"),
        ('{"message": "from a gateway"}', "from a gateway"),
    ],
)
def test_plain_text_is_an_error_too(body, message):
    """What stands in front of the API answers in its own way."""
    found = responses.failure(answer(404, body), doing=CALL.doing)
    assert isinstance(found, errors.NotFound)
    assert found.title == f"cannot read `ConfigMap a`: {message}"


@pytest.mark.parametrize(
    ("header", "expected"), [({}, 5.0), ({"Retry-After": "3"}, 3.0), ({"Retry-After": "Mon"}, 5.0)]
)
def test_how_long_to_wait(header, expected):
    """``Retry-After`` counts before what the Status says."""
    found = responses.failure(status(429, "slow", headers=header, details={"retryAfterSeconds": 5}), doing=CALL.doing)
    assert expected == found.retry_after


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (['299 - "a"'], ("a",)),
        (['299 - "a"', '299 - "b"', '299 - "a"'], ("a", "b")),
        ([r'299 - "say \"a\", \\ b"'], ('say "a", \\ b',)),
        (['299 - "a", 299 - "b"'], ("a", "b")),
        (['299 - "a" "Mon, 23 Nov 2026 00:00:00 GMT", 299 agent "b"'], ("a", "b")),
        (['199 - "misc"'], ()),
        (["299 - unquoted words"], ("unquoted words",)),
        (['299 - "open'], ("open",)),
        ([""], ()),
        (['299 - "' + "ü".encode().decode("latin-1") + '"'], ("ü",)),
        (['299 - "\xfc"'], ("\xfc",)),
    ],
)
def test_warnings(headers, expected):
    """Warnings of code 299 are read as RFC 7234 writes them, each once."""
    assert expected == responses.warnings(Headers([("Warning", value) for value in headers]))


def test_data_is_decoded():
    """An answer of success is its JSON, an empty one None."""
    assert responses.decode(answer(200, {"a": 1}), call=CALL) == {"a": 1}
    assert responses.decode(answer(200), call=CALL) is None


def test_what_is_no_json_is_told():
    """A web page in place of JSON says that the address is wrong."""
    with pytest.raises(errors.ClusterError, match="cannot read `ConfigMap a`: the answer is not JSON") as caught:
        responses.decode(answer(200, "<html>"), call=CALL)
    assert "address" in caught.value.hint


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_rests_while_a_large_answer_is_read(enabled):
    """It is off while parsing and as it was afterwards, also when the answer is broken."""
    large = json.dumps({"a": "x" * 400_000}).encode()
    was = gc.isenabled()
    try:
        gc.enable() if enabled else gc.disable()
        assert responses.parse(large, doing="x")["a"]
        with pytest.raises(errors.ClusterError):
            responses.parse(large[:-1], doing="x")
        assert enabled is gc.isenabled()
    finally:
        gc.enable() if was else gc.disable()


@pytest.mark.parametrize("code", [403, 404, 502])
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("<html>\n<body>", []),
        ("<!DOCTYPE html><title> Sign\n in</title>", [("title", "Sign in")]),
    ],
)
def test_a_web_page_says_nothing_of_an_object(code, body, detail):
    """What answers in front of the API server does not make an object absent or forbidden."""
    found = responses.failure(answer(code, body), doing=CALL.doing)
    assert (errors.ApiError, detail) == (type(found), found.detail)
    assert found.title == f"cannot read `ConfigMap a`: the answer is a web page (HTTP status {code})"


def test_a_redirect_is_told():
    """It is neither followed nor taken for an answer."""
    with pytest.raises(errors.ClusterError, match=r"redirects \(HTTP status 302\)") as caught:
        responses.decode(answer(302, b"{}", {"Location": "https://sso"}), call=CALL)
    assert caught.value.detail == [("to", "https://sso")]
