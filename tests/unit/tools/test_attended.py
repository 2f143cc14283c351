"""Running a program that may ask the person at the terminal. The terminal itself is in `tests/tools/test_eks.py`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.redaction import Secrets
from kubernator.tools import attended

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody answers: what is read from stdin is empty."""
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield


def _run(script: str, *, timeout: float = 60.0) -> None:
    secrets = Secrets()
    secrets.add("a-very-secret-word")
    attended.run(["/bin/sh", "-c", script], env={"PATH": os.defpath}, timeout=timeout, secrets=secrets)


def test_what_is_asked_is_seen_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    """A question without a line end is passed on; what the program writes to stdout is not."""
    _run("printf 'code: ' >&2; echo data")
    assert capfd.readouterr() == ("", "code: ")


def test_it_stays_in_our_process_group() -> None:
    """Otherwise the terminal would stop it when it reads."""
    _run(f"{sys.executable} -c 'import os; raise SystemExit(os.getpgrp() != {os.getpgrp()})'")


def test_a_failure_holds_what_was_said() -> None:
    """Without secrets, neither in the command nor in the output."""
    with pytest.raises(errors.ToolFailed, match="`sh` failed") as caught:
        _run("echo a-very-secret-word >&2; exit 3")
    assert caught.value.code == 3
    assert caught.value.stderr == "<secret 1>\n"
    assert "a-very-secret-word" not in str(caught.value.detail)


def test_what_does_not_end_is_ended() -> None:
    """After its time, with an error that names the command."""
    with pytest.raises(errors.ToolTimedOut, match=r"`sh` did not end within 0\.2 s"):
        _run("read forever < /dev/zero", timeout=0.2)


def test_nobody_sits_at_a_file() -> None:
    """Nor where there is no input at all."""
    assert not attended.terminal()
