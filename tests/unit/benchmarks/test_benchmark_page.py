"""Benchmarks: figures, bars, tables and plots."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from benchmarks import bars, page, plot, quoted, tools, validating, values
from benchmarks.figures import Figures, Sample


def sample(tool=tools.OURS, step=tools.UNCHANGED, *, scenario="1000", number=0, requests=None, **changes):
    """Return a sample that cost 1 of everything."""
    costs = {"wall": 1.0, "first": 0.5, "processor": 1.0, "megabytes": 1.0, "server": 1.0, "noise": 0.01, **changes}
    return Sample(scenario=scenario, tool=tool, step=step, round=number, requests=requests or {}, **costs)


def bar(key):
    """Return one of the bars."""
    return next(each for each in bars.BARS if each.key == key)


@pytest.fixture
def figures():
    """Figures of two tools in two scenarios, and one of everything else."""
    made = Figures(about={"cores": 2, "python": "CPython 3.11", "system": "Linux", "date": "2026-01-01"})
    for scenario, size in (("1000", 1.0), ("10000", 10.0)):
        for step in (tools.FIRST, tools.UNCHANGED, tools.CHANGED):
            made.samples += [
                sample(
                    step=step, scenario=scenario, number=number, wall=wall * size, requests={"discovery": 2, "list": 10}
                )
                for number, wall in enumerate((0.5, 9.0, 0.4))
            ]
            made.samples.append(
                sample(tools.KUBECTL, step, scenario=scenario, wall=5.0 * size, requests={"write": 1010})
            )
    made.waiting.append(
        {
            "tool": tools.OURS,
            "code": 0,
            "objects": 2,
            "heard": 2,
            "requests": {"watch": 2},
            "watched": ["pods"],
            "polled": 1,
        }
        | {"lag": 4, "longest lag": 9, "end": 12}
    )
    made.killed.append(
        {"tool": tools.OURS, "objects": 9, "missing": 4, "complete": True, "requests": {"write": 4}, "code": 0}
    )
    made.cases.append({"case": "a | b", "tool": tools.OURS, "passed": False, "seen": "stays"})
    made.lines.append(
        {
            "scenario": "1000",
            "tool": tools.OURS,
            "step": tools.FIRST,
            "round": 0,
            "connections": 8,
            "most": 8,
            "usual": 4,
        }
    )
    for number, processor in enumerate((1.2, 0.8, 1.0)):
        costs = {"round": number, "wall": 1.0, "first": 0.9, "megabytes": 50.0, "noise": 0.0}
        made.validating += [
            {"tool": validating.OURS, "processor": processor, **costs},
            {"tool": validating.KUBECONFORM, "processor": 2 * processor, **costs},
            {"tool": validating.PARTS, "round": number, "reading": 0.5, "first": 0.2 * processor, "again": 0.1},
        ]
    made.about["validated"] = {"objects": 1000, "kinds": 30}
    made.failures.append("1000, kapp: `kapp` ended with 1:\nmore")
    return made


def test_medians_and_ratios(figures):
    """A median is of the rounds, a ratio of two medians; where one is missing there is none."""
    assert figures.median("1000", tools.OURS, tools.UNCHANGED, "wall") == 0.5
    assert figures.ratio("1000", tools.UNCHANGED, "wall", tool=tools.OURS, to=tools.KUBECTL) == 0.1
    assert figures.ratio("1000", tools.UNCHANGED, "wall", tool=tools.OURS, to=tools.KAPP) is None
    assert figures.median("300", tools.OURS, tools.FIRST, "wall") is None


def test_figures_survive_a_file(figures):
    """What is written is what is read."""
    assert Figures.load(figures.dump()) == figures


def test_what_is_published_names_no_place(figures):
    """What tools said goes to the user's own file only."""
    figures.killed[0]["output"] = "error in /home/me/tree"
    figures.failures = ["300, kapp: `kapp` ended with 1:\n/home/me/tree is odd"]
    text = figures.public().dump()
    assert "/home/me" not in text
    assert "`kapp` ended with 1:" in text
    assert "/home/me" in figures.dump()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("unchanged-wall-kubectl", 0.1),
        ("unchanged-wall-reference", 0.1 * 5.7 / 15.3),
        ("unchanged-requests", 0),
        ("growth-wall", 1.0),
        ("waiting-requests", 1),
        ("waiting-lag", 4),
        ("killed", 0),
        ("cases", 1),
        ("first-line", 0.5),
        ("validate-reading", 0.4),
        ("validate-seconds", 0.2),
        ("validate-kubeconform", 0.5),
        ("unchanged-wall-floor", None),
        ("first-wall-floor", None),
        ("undecided", None),
    ],
)
def test_what_bars_measure(figures, key, expected):
    """Each bar takes its value from the figures, None where it was not measured."""
    found = bar(key).value(figures)
    assert expected == (found if found is None else pytest.approx(found[0]))


def test_bars_have_keys_of_their_own():
    """A reason belongs to one bar."""
    assert len({each.key for each in bars.BARS}) == len(bars.BARS)


def test_no_bar_fails_on_nothing():
    """Where nothing was measured, no bar has a value and the page can be written all the same."""
    assert [each.value(Figures()) for each in bars.BARS] == [None] * len(bars.BARS)
    assert "not measured" in page.page(Figures(), reasons={}, folder="x")


def test_excess_requests_are_counted():
    """Whatever an unchanged run asks beyond discovery and the LISTs of the bare requests is too much."""
    figures = Figures()
    figures.samples += [
        sample(tools.FLOOR, requests={"discovery": 2, "list": 10}),
        sample(requests={"discovery": 3, "list": 12, "get": 1, "dry-run": 4}),
        sample(step=tools.DUMP, requests={"discovery": 2, "list": 10, "write": 1}),
    ]
    assert bar("unchanged-requests").value(figures)[0] == 1 + 2 + 1 + 4 + 1


@pytest.mark.parametrize(
    ("limit", "value", "least", "expected"),
    [
        (0.11, 0.05, 0, 0.058),
        (0.11, 0.1, 0, None),
        (90, 30.1, 0, 35),
        (50, 1, 10, 10),
        (0, 0, 0, None),
        (1, 0, 0, None),
    ],
)
def test_the_next_bar(limit, value, least, expected):
    """A bar that is beaten easily is followed by one a little above what was measured, or the least of use."""
    made = bars.Bar(key="a", what="a", limit=limit, unit="", value=lambda _: None, least=least)
    assert expected == bars.easier(made, value)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0"), (0.0123, "0.012"), (0.5, "0.5"), (1.15, "1.1"), (12.4, "12"), (123.6, "124")]
)
def test_numbers_read_well(value, expected):
    """As many digits are shown as say something."""
    assert expected == values.shown(value)


def test_the_page_says_what_was_missed_and_why(figures):
    """A missed bar has its reason, or says that nobody looked; a met one neither."""
    text = page.page(figures, reasons={"cases": "it is not there yet"}, folder="benchmarks")
    assert "| **missed** | it is not there yet |" in text
    assert "| first line of output, 1,000 objects | ≤ 0.25 s | 0.50 s | **missed** | not looked into yet |" in text
    assert "| unchanged, 1,000 objects: wall, to kubectl | ≤ 0.11 | 0.1 (0.50 s to 5.00 s) | met |  |" in text
    assert "(benchmarks/wall-1000.svg)" in text
    assert "* 1000, kapp: `kapp` ended with 1:" in text
    assert "1,000 objects of 30 kinds without a mistake" in text
    assert "| kubeconform -strict | 1.00 | 2.00 | 50 | 0% |" in text


def test_tables_are_whole(figures):
    """Every row of a table has as many cells as its head, whatever the cells say."""
    widths = set()
    for line in page.page(figures, reasons={}, folder="x").splitlines():
        if line.startswith("|"):
            widths.add(line.count("|"))
        elif widths:
            assert len(widths) == 1
            widths.clear()


@pytest.mark.parametrize(("noise", "warned"), [(0.05, False), (0.3, True)])
def test_noise_is_warned_of(noise, warned):
    """Clocks of a machine that was busy with other things are marked as such."""
    figures = Figures(samples=[sample(noise=noise)])
    assert warned is ("30%" in page.warning(figures))
    assert warned is ("> **Others used" in page.page(figures, reasons={}, folder="x"))


def test_plots_are_well_formed(figures):
    """Every plot is XML, has a title, follows the reader's colours, and shows each tool it has figures of."""
    found = page.plots(figures)
    assert {"wall-1000", "server-1000", "memory-1000", "growth"} == set(found)
    for title, text in found.values():
        root = ET.fromstring(text)  # noqa: S314 - our own
        texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
        assert title in texts
        assert {tools.OURS, tools.KUBECTL} <= set(texts)
        assert "prefers-color-scheme: dark" in text


def test_plots_of_odd_data():
    """Names are escaped; nothing at all, nothing but zeros and a single point are plots, too."""
    texts = [
        plot.bars("a < b & c", {"<first>": {"x & y": 0.0}}, colours={}, unit="s"),
        plot.bars("nothing", {}, colours={}, unit="s"),
        plot.lines("one", {"a": [(300, 1.0)]}, colours={}, x="x", y="y"),
        plot.lines("none", {"a": [(0, 0.0)], "b": []}, colours={}, x="x", y="y"),
    ]
    for text in texts:
        assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own


def test_the_reference_is_reached_by_way_of_kubectl():
    """A ratio to kubectl here times kubectl's to the reference there; nothing without either."""
    assert quoted.to_reference("1000", tools.FIRST, 0.5) == pytest.approx(0.5 * 6.4 / 15.3)
    assert quoted.to_reference("1000", tools.FIRST, None) is None
    assert quoted.to_reference("17", tools.FIRST, 0.5) is None
