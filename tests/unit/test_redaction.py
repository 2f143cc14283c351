"""What must not be shown is not shown, in any of its spellings."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernator import redaction
from kubernator.redaction import MIN_LENGTH, Secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

CANARY = 's3cr3t/va"lue+1 ü'

#: Few characters, so that secrets begin alike, overlap and hold one another; those that are spelt in several ways.
LETTERS: Final = 'ab"&/\n ü'
VALUES: Final = st.text(LETTERS, min_size=1, max_size=14)


def spellings(value: str) -> set[str]:
    """Return how a value of at least eight characters is spelt, by the rules and not by the code."""
    raw = value.encode()
    found = {
        value,
        base64.b64encode(raw).decode(),
        urllib.parse.quote(raw),
        urllib.parse.quote(raw, safe=""),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
    }
    return {form for form in found if len(value) >= MIN_LENGTH and len(form) >= MIN_LENGTH}


def naive(values: Sequence[str], text: str) -> str:
    """Replace secrets as plainly as it can be said: at each place the longest spelling, of whoever had it first."""
    numbers: dict[str, int] = {}
    for number, value in enumerate(dict.fromkeys(values), 1):
        for form in redaction._forms(value) if len(value) >= MIN_LENGTH else ():
            numbers.setdefault(form, number)
    out, at = "", 0
    while at < len(text):
        here = max((form for form in numbers if text.startswith(form, at)), key=len, default="")
        out += f"<secret {numbers[here]}>" if here else text[at]
        at += len(here) or 1
    return out


@st.composite
def secrets_and_text(draw: st.DrawFn) -> tuple[list[str], str]:
    """Return secrets, and a text in which spellings of them and other characters stand next to each other."""
    values = draw(st.lists(VALUES, min_size=1, max_size=6))
    known = sorted({form for value in values for form in (value, *spellings(value))})
    pieces = draw(st.lists(st.sampled_from(known) | st.text(LETTERS, max_size=4), max_size=8))
    return values, "".join(pieces)


@given(secrets_and_text())
def test_redaction_is_what_its_rule_says(drawn: tuple[list[str], str]) -> None:
    """The index finds what looking for each spelling at each place finds, and no spelling is left between markers."""
    values, text = drawn
    secrets = Secrets()
    for value in values:
        secrets.add(value)
    shown = secrets.redact(text)
    assert shown == naive(values, text)
    left = re.split("<secret [0-9]+>", shown)
    assert [form for value in values for form in spellings(value) if any(form in piece for piece in left)] == []


@pytest.mark.parametrize(
    "spelling",
    [
        "correct-horse/&1\n",
        "correct-horse/&1",
        base64.b64encode(b"correct-horse/&1").decode(),
        "correct-horse%2F%261",
        "correct-horse%2f%261",
        r"correct-horse/\u00261",
        r"correct-horse/\\u00261",
    ],
)
def test_a_value_with_a_line_feed_at_its_end_is_known_without_it(spelling: str) -> None:
    """Of what `echo` wrote, the bare value is spelt in every way too, in Go's JSON, in small hexadecimal digits."""
    secrets = Secrets()
    secrets.add("correct-horse/&1\n")
    assert secrets.redact(f"[{spelling}]") == "[<secret 1>]"


def test_a_value_is_known_in_json_within_json() -> None:
    """An annotation that holds JSON, shown as JSON, escapes what was escaped."""
    secrets = Secrets()
    secrets.add('correct "horse"')
    inner = json.dumps({"password": 'correct "horse"'})
    assert "horse" not in secrets.redact(json.dumps({"annotation": inner}))


def test_bytes_that_are_no_text_are_known_by_their_base64() -> None:
    """A binary key is shown nowhere but in base64."""
    secrets = Secrets()
    secrets.add(b"\xff\xfe\x00\x01\x02\x03\x04\x05")
    assert "//4AAQIDBAU=" not in secrets.redact("key: //4AAQIDBAU=")


def test_a_known_number_is_masked_in_a_structure() -> None:
    """A value that one manifest writes in quotes and another without is the same secret."""
    secrets = Secrets()
    secrets.add("1234567890")
    assert secrets.data({"a": 1234567890, "b": [1234567890.5, 12, True]}) == {
        "a": "<secret 1>",
        "b": ["<secret 1>.5", 12, True],
    }


def test_a_secret_of_many_lines_that_begin_alike_is_learned_in_one_go() -> None:
    """Lines of a table are looked up, not compared with each other: their number costs what it is, not its square."""
    secrets = Secrets()
    lines = [f"2024-01-01 line {number}" for number in range(20_000)]
    secrets.add("\n".join(lines))
    shown = secrets.redact(f"{lines[17]}, {lines[19_999]}")
    assert shown == "<secret 1>, <secret 1>"


@pytest.mark.parametrize(
    "spelling",
    [
        CANARY,
        base64.b64encode(CANARY.encode()).decode(),
        base64.urlsafe_b64encode(CANARY.encode()).decode(),
        base64.b64encode(CANARY.encode()).decode().rstrip("="),
        urllib.parse.quote(CANARY),
        urllib.parse.quote(CANARY, safe=""),
        urllib.parse.quote_plus(CANARY),
        json.dumps(CANARY)[1:-1],
        json.dumps(CANARY, ensure_ascii=False)[1:-1],
        repr(CANARY)[1:-1],
    ],
)
def test_every_spelling_is_replaced(spelling: str) -> None:
    """A known secret becomes its marker wherever it stands."""
    secrets = Secrets()
    secrets.add(CANARY)
    assert secrets.redact(f"before {spelling} after") == "before <secret 1> after"


def test_equal_values_have_equal_numbers() -> None:
    """The marker tells equal from different, and nothing else."""
    secrets = Secrets()
    first, second = secrets.marker("the same value"), secrets.marker("another value")
    assert (first, second) == ("<secret 1>", "<secret 2>")
    assert secrets.marker("the same value") == first


def test_a_short_value_is_masked_only_where_it_stands() -> None:
    """A value of less than eight characters would mask innocent text elsewhere."""
    secrets = Secrets()
    shown = secrets.manifest({"kind": "Secret", "apiVersion": "v1", "stringData": {"pin": "1234"}})
    assert shown["stringData"] == {"pin": "<secret 1>"}
    assert secrets.redact("port 1234") == "port 1234"


def test_data_and_string_data_of_one_value_are_equal() -> None:
    """Base64 in `data` and plain text in `stringData` are known as the same secret."""
    secrets = Secrets()
    encoded = base64.b64encode(b"correct-horse").decode()
    shown = secrets.manifest({"kind": "Secret", "data": {"a": encoded}, "stringData": {"b": "correct-horse"}})
    assert shown["data"]["a"] == shown["stringData"]["b"]


@pytest.mark.parametrize(
    "data", [["a-secret-value"], {"k": {"deep": "a-secret-value"}}, "a-secret-value", {"k": 12345678}]
)
def test_a_misshapen_secret_is_masked_too(data: object) -> None:
    """What cannot be understood is not shown."""
    shown = Secrets().manifest({"kind": "Secret", "apiVersion": "v1", "data": data})
    assert "a-secret-value" not in str(shown)
    assert "12345678" not in str(shown)


def test_a_learned_value_is_masked_in_other_kinds() -> None:
    """A value of a Secret that turns up in a ConfigMap is masked there."""
    secrets = Secrets()
    secrets.learn({"kind": "Secret", "stringData": {"token": "correct-horse"}})
    shown = secrets.manifest({"kind": "ConfigMap", "data": {"url": "https://u:correct-horse@host"}})
    assert shown["data"]["url"] == "https://u:<secret 1>@host"


def test_a_value_of_several_lines_is_masked_line_by_line() -> None:
    """A key in PEM form does not leak through a tool that prints it line by line, and its armour is no secret."""
    secrets = Secrets()
    secrets.add("-----BEGIN KEY-----\nMIIBVgIBADANBg\n-----END KEY-----")
    assert secrets.redact("line MIIBVgIBADANBg") == "line <secret 1>"
    assert secrets.redact("-----BEGIN KEY-----") == "-----BEGIN KEY-----"


def test_show_shows() -> None:
    """With `--show-secrets` nothing is replaced."""
    secrets = Secrets(show=True)
    secrets.add("correct-horse")
    assert secrets.redact("correct-horse") == "correct-horse"
    assert secrets.marker("x") == "x"


def test_the_input_stays_as_it_is() -> None:
    """Redaction returns copies; what is applied is not what is shown."""
    manifest = {"kind": "Secret", "stringData": {"a": "correct-horse"}}
    Secrets().manifest(manifest)
    assert manifest["stringData"] == {"a": "correct-horse"}


def test_of_several_the_longest_is_replaced() -> None:
    """A secret that begins like another one is not cut in the middle."""
    secrets = Secrets()
    secrets.add("correct-horse")
    secrets.add("correct-horse-battery")
    assert secrets.redact("correct-horse-battery, correct-horse!") == "<secret 2>, <secret 1>!"
