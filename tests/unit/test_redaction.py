"""What must not be shown is not shown, in any of its spellings."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest

from kubernator.redaction import Secrets

CANARY = 's3cr3t/va"lue+1 ü'


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
