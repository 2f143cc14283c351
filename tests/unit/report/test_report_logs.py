"""The log has the form of the reference, and says no secret."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from kubernator import errors
from kubernator.redaction import Secrets
from kubernator.report import logs

if TYPE_CHECKING:
    from pathlib import Path

CANARY = 'c4nary "of" the\\mine'


@pytest.fixture
def logger() -> Any:
    """Return the logger of the program."""
    return logging.getLogger("kubernator")


def test_the_human_form_has_the_fields_of_the_reference(
    secrets: Secrets, logger: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Local time with microseconds, logger, level, place, message, on stderr."""
    with logs.configured(secrets=secrets):
        logging.getLogger("kubernator.script").info("hello %s", "you")
    out, err = capsys.readouterr()
    assert not out
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} kubernator\.script INFO test_report_logs\.py:\d+ hello you\n"
    assert re.fullmatch(pattern, err)


def test_the_json_form_has_the_keys_of_the_reference(
    secrets: Secrets, logger: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """``message``, ``ts``, ``name``, ``level``, ``fn``, ``ln``, then what is extra; there is no ``time``."""
    with logs.configured(secrets=secrets, log_format="json"):
        logger.info("hello", extra={"team": {"a": (1, b"x")}})
        try:
            raise ValueError("why")  # noqa: TRY301 - a traceback is wanted
        except ValueError:
            logger.exception("failed")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert list(first) == ["message", "ts", "name", "level", "fn", "ln", "team"]
    assert tuple(first[k] for k in ("message", "name", "level", "fn")) == (
        "hello",
        "kubernator",
        "INFO",
        "test_report_logs.py",
    )
    assert first["team"] == {"a": [1, "b'x'"]}
    assert "ValueError: why" in second["exc_info"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [("TRACE", 6), ("DEBUG", 5), ("INFO", 4), ("WARNING", 3), ("ERROR", 2), ("CRITICAL", 1)],
)
def test_the_level_is_that_of_our_loggers(
    secrets: Secrets, logger: Any, capsys: pytest.CaptureFixture[str], level: str, expected: int
) -> None:
    """TRACE is 5 and has a method; other libraries stay at WARNING whatever the level."""
    with logs.configured(secrets=secrets, level=level):
        for method in ("trace", "debug", "info", "warning", "error", "critical"):
            getattr(logger, method)("said")
        logging.getLogger("other").info("not said")
    assert expected == len(capsys.readouterr().err.splitlines())
    assert (logs.TRACE, logging.getLevelName(5)) == (5, "TRACE")


def test_trace_names_who_called_it(secrets: Secrets, logger: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The place of a trace message is that of its caller, not of the method."""
    with logs.configured(secrets=secrets, level="TRACE"):
        logger.trace("said %d", 1)
    assert "TRACE test_report_logs.py:" in capsys.readouterr().err


@pytest.mark.parametrize("log_format", ["human", "json"])
def test_nothing_a_record_carries_shows_a_secret(
    logger: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log_format: str
) -> None:
    """Message, arguments, extra values and their keys, tracebacks, stacks, broken records, warnings and threads."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # those of pytest raise at a broken record
    secrets = Secrets()
    secrets.add(CANARY)

    def fail() -> None:
        raise ValueError(CANARY)

    with logs.configured(secrets=secrets, level="TRACE", log_format=log_format):
        logger.info(CANARY)
        logger.info("%s", CANARY, extra={"a": [CANARY], CANARY: 1})
        logger.trace("%(x)s", {"x": CANARY})
        logger.error("%d", CANARY)
        logger.error("%s %s", CANARY)  # noqa: PLE1206 - it is wrong on purpose
        try:
            fail()
        except ValueError:
            logger.exception("failed")
        logger.info("stack", stack_info=True)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(CANARY, stacklevel=1)
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    err = capsys.readouterr().err
    assert err.count("a log message cannot be written (TypeError: ") == 2
    assert err.count("ValueError: <secret 1>") == 2
    assert "<secret 1>" in err
    assert [form for form in (CANARY, json.dumps(CANARY)[1:-1], repr(CANARY)[1:-1]) if form in err] == []


@pytest.mark.parametrize(
    ("terminal", "environment", "expected"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colour_is_for_terminals(terminal: bool, environment: dict[str, str], expected: bool) -> None:  # noqa: FBT001
    """``NO_COLOR`` switches it off when it is not empty."""
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    assert expected is logs.coloured(stream, environment)


def test_a_log_file_is_emptied_private_and_closed(
    secrets: Secrets, logger: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It begins anew with each run, nothing goes to stderr, and the file is closed afterwards."""
    file = tmp_path / "log"
    for word in ("first", "second"):
        with logs.configured(secrets=secrets, file=str(file)) as handler:
            logger.info(word)
        assert handler.stream.closed  # type: ignore[attr-defined]
    assert file.read_text().endswith("second\n")
    assert "first" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr() == ("", "")


def test_a_log_file_that_cannot_be_opened_is_an_error_of_ours(secrets: Secrets, tmp_path: Path) -> None:
    """The name and the reason are in it."""
    with (
        pytest.raises(errors.KubernatorError, match="cannot be opened: No such file"),
        logs.configured(secrets=secrets, file=str(tmp_path / "no" / "log")),
    ):
        pytest.fail("it was opened")


def test_a_log_nobody_reads_does_not_end_the_run() -> None:
    """A closed or broken stderr costs the log, not the work."""
    code = (
        "import logging, os, sys\n"
        "from kubernator.redaction import Secrets\n"
        "from kubernator.report import logs\n"
        "with logs.configured(secrets=Secrets()):\n"
        "    logging.getLogger('kubernator').info('x' * 100000)\n"
        "print('done')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        running.stderr.close()
        assert running.stdout.read() == b"done\n"
