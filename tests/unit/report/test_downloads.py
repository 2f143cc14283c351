"""Downloads on a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from kubernator.report import downloads, live

MB = 1 << 20


class Recorded:
    """Stands for a display and keeps what it was told."""

    def __init__(self, shown):
        self.shown = shown

    def __enter__(self):
        self.shown.append("begin")
        return self

    def __exit__(self, *_):
        self.shown.append("end")

    def show(self, lines):
        self.shown.append(list(lines))


@pytest.mark.parametrize(
    ("done", "total", "expected"),
    [
        (0, None, "downloading helm: 0.0 MB"),
        (3 * MB, None, "downloading helm: 3.0 MB"),
        (MB, 4 * MB, "downloading helm: 1.0 of 4.0 MB, 25%"),
        (0, 0, "downloading helm: 0.0 of 0.0 MB, 100%"),
    ],
)
def test_line(done, total, expected):
    """How far it is, and how far it is to go where the server said so."""
    assert expected == downloads.line("helm", done, total)


def test_downloads_share_a_display():
    """It stands as long as anything is under way, with a line for each."""
    shown = []
    watch = downloads.LiveDownloads(lambda: Recorded(shown))
    with watch("helm") as helm:
        helm(MB, MB)
        with watch("kind") as kind:
            kind(MB, 2 * MB)
    with watch("kops"):
        pass
    first = "downloading helm: 1.0 of 1.0 MB, 100%"
    assert shown == [
        "begin",
        ["downloading helm: 0.0 MB"],
        [first],
        [first, "downloading kind: 0.0 MB"],
        "end",
        "begin",
        ["downloading kops: 0.0 MB"],
        "end",
    ]


def test_download_that_fails_leaves_nothing_on_the_screen():
    """The display goes with it."""
    shown = []
    watch = downloads.LiveDownloads(lambda: Recorded(shown))
    with pytest.raises(OSError, match="broken"), watch("helm"):
        raise OSError("broken")
    assert shown[-1] == "end"


def test_display(monkeypatch):
    """The log scrolls above the lines, a second display keeps still, and stderr is itself again afterwards."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    with live.Display() as display:
        display.show(["downloading helm"])
        with live.Display() as other:
            other.show(["never seen"])
        sys.stderr.write("a line of the log\n")
    assert sys.stderr is screen
    assert "a line of the log\n" in screen.getvalue()
    assert "never seen" not in screen.getvalue()
