"""The page: Markdown tables of what was measured, what is to be reached, and the plots beside it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks import bars, machine, metrics, plot, quoted, tools, validating, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.figures import Figures

__all__ = ["bar_table", "page", "plots", "tables", "warning"]

_COLOURS: Final = {
    tools.OURS: 0,
    tools.OURS_BARE: 4,
    tools.KUBECTL: 1,
    tools.KAPP: 2,
    tools.FLOOR: 3,
    tools.FLOOR_HTTP: 5,
}
_SHOWN: Final = (tools.OURS, tools.OURS_BARE, tools.KUBECTL, tools.KAPP, tools.FLOOR)
_STEPS: Final = (tools.FIRST, tools.UNCHANGED, tools.CHANGED)

_INTRO: Final = """\
# Benchmarks

This page is written by a program, from one run. [How to run it and how to read it](../how-to/benchmark.md) says what is
measured and how; all figures are in [figures.json]({folder}/figures.json).
"""


def page(figures: Figures, *, reasons: Mapping[str, str], folder: str) -> str:
    """Return the whole page. ``folder`` is where the plots lie, seen from it; ``reasons`` says why bars are missed."""
    parts = [
        _INTRO.format(folder=folder),
        _about(figures),
        *([f"> {text}\n"] if (text := warning(figures)) else []),
        "## What is to be reached\n",
        bar_table(figures, reasons=reasons),
        "## Pictures\n",
        *(f"![{title}]({folder}/{name}.svg)\n" for name, (title, _) in plots(figures).items()),
        *tables(figures),
    ]
    return "\n".join(parts)


def warning(figures: Figures) -> str:
    """Return a warning if others used too much of the machine for clocks to be trusted, else nothing."""
    noise = figures.noise()
    if noise <= machine.MUCH_NOISE:
        return ""
    return (
        f"**Others used {noise:.0%} of the machine while this was measured (median), so the clocks are upper bounds.** "
        "Counts, memory and processor time are little affected, ratios more than one would wish."
    )


def bar_table(figures: Figures, *, reasons: Mapping[str, str], all_of_them: bool = True) -> str:
    """Return the bars (or only those that were measured), whether they are met, and what follows."""
    rows = [_bar(bar, figures, reasons) for bar in bars.BARS if all_of_them or bar.value(figures) is not None]
    return _table(["what", "bar", "measured", "", "reason, or the next bar"], rows)


def tables(figures: Figures) -> Iterator[str]:
    """Yield a section for each scenario, and one for each of the other measurements."""
    for scenario in figures.scenarios():
        yield f"## {_title(scenario, figures)}\n"
        yield _scenario(figures, scenario)
    if rows := list(_quoted()):
        yield "## The reference, quoted\n"
        yield "Kubernator 1.0.23 wants downloads at run time, so it is not run here. Medians of another day.\n"
        yield _table(["objects", "step", "wall s", "kubectl beside it, s", "processor s", "peak MB"], rows)
    if figures.lines:
        yield "## Requests under way\n"
        yield "On the line with 20 ms, by connection: HTTP/2, which kubectl and kapp speak, has one for all.\n"
        seen = {
            (each["tool"], each["step"]): [
                each["tool"],
                each["step"],
                *(str(each[name]) for name in ("connections", "most", "usual")),
            ]
            for each in figures.lines
        }
        yield _table(["tool", "step", "connections", "waiting for an answer at most", "usually"], list(seen.values()))
    yield from _behaviour(figures)
    yield from _validation(figures)
    if figures.failures:
        yield "## What did not run\n"
        yield "\n".join(f"* {each.splitlines()[0]}" for each in figures.failures) + "\n"


def plots(figures: Figures) -> dict[str, tuple[str, str]]:
    """Return the plots by the name of their file: a title and the SVG. Those without data are left out."""
    found = {}
    for name, scenario, title in (
        ("wall-1000", "1000", "1,000 objects: wall seconds"),
        ("wall-300", "300", "300 objects: wall seconds"),
        ("latency", "300, 20 ms", "300 objects, 20 ms round trip: wall seconds"),
    ):
        if rows := _groups(figures, scenario, "wall"):
            found[name] = (title, plot.bars(title, rows, colours=_COLOURS, unit="s"))
    for name, value, title, unit in (
        ("server-1000", "server", "1,000 objects: processor seconds of the server", "s"),
        ("memory-1000", "megabytes", "1,000 objects: peak memory", "MB"),
    ):
        if rows := _groups(figures, "1000", value):
            found[name] = (title, plot.bars(title, rows, colours=_COLOURS, unit=unit))
    series = {tool: _line(figures, tool) for tool in _SHOWN}
    series = {tool: points for tool, points in series.items() if len(points) > 1}
    if series:
        title = "An unchanged tree: wall seconds by size"
        found["growth"] = (title, plot.lines(title, series, colours=_COLOURS, x="objects", y="seconds"))
    return found


def _about(figures: Figures) -> str:
    about = figures.about
    return (
        f"{about.get('date', '')}, Kubernetes {about.get('kubernetes', '?')}, {about.get('python', '')}, "
        f"{about.get('system', '')}, {about.get('cores', '?')} cores shared by server and client, loopback. "
        f"Medians of whole processes; others used {figures.noise():.0%} of the machine (median).\n"
    )


def _bar(bar: bars.Bar, figures: Figures, reasons: Mapping[str, str]) -> list[str]:
    measured = bar.value(figures)
    if measured is None:
        return [bar.what, bar.reads, "", "not measured", ""]
    value, text = measured
    if value > bar.limit:
        return [bar.what, bar.reads, text, "**missed**", reasons.get(bar.key, "not looked into yet")]
    following = bars.easier(bar, value)
    return [bar.what, bar.reads, text, "met", f"next: ≤ {values.shown(following)}{bar.unit}" if following else ""]


def _title(scenario: str, figures: Figures) -> str:
    if scenario == "manifests":
        return f"Real manifests: {figures.about.get('manifests', '?')} objects"
    size, _, rest = scenario.partition(", ")
    return f"{int(size):,} objects" + (f", {rest} round trip" if rest else "")


def _scenario(figures: Figures, scenario: str) -> str:
    head = ["step", "tool", "wall s", "to kubectl", "processor s", "server s", "peak MB", "first output s"]
    head += [*metrics.KINDS[:-1], "noise"]
    steps = dict.fromkeys(each.step for each in figures.samples if each.scenario == scenario)
    order = {name: number for number, name in enumerate(tools.TOOLS)}
    rows = [
        _row(figures, scenario, step, tool)
        for step in steps
        for tool in sorted(figures.tools(scenario), key=lambda name: order.get(name, len(order)))
        if figures.of(scenario, tool, step)
    ]
    return _table(head, rows)


def _row(figures: Figures, scenario: str, step: str, tool: str) -> list[str]:
    def median(value: str) -> float:
        return figures.median(scenario, tool, step, value) or 0.0

    base = tools.UNCHANGED if step in {tools.DUMP, tools.DIFF} else step
    other = figures.median(scenario, tools.KUBECTL, base, "wall")
    sent = figures.requests(scenario, tool, step)
    return [
        step,
        tool,
        f"{median('wall'):.2f}",
        values.shown(median("wall") / other) if other else "",
        f"{median('processor'):.2f}",
        f"{median('server'):.2f}",
        f"{median('megabytes'):.0f}",
        f"{median('first'):.2f}" if median("first") < median("wall") else "",
        *(str(sent.get(kind, 0)) for kind in metrics.KINDS[:-1]),
        f"{median('noise'):.0%}",
    ]


def _quoted() -> Iterator[list[str]]:
    for each in quoted.REFERENCE:
        numbers = (each.wall, each.kubectl, each.processor, each.megabytes)
        yield [each.scenario, each.step, *(f"{number:g}" for number in numbers)]


def _behaviour(figures: Figures) -> Iterator[str]:
    if figures.waiting:
        yield "## Waiting\n"
        yield (
            "Deployments become available one after the other. *Lag* is from when our own watch hears it to the "
            "line in which the tool says so, *end* from the last one to the end of the process. kubectl never waits.\n"
        )
        rows = [
            [
                each["tool"],
                values.requests(each["requests"]),
                str(each["polled"]),
                f"{each['heard']} of {each['objects']}",
                *("" if each[name] is None else f"{each[name]} ms" for name in ("lag", "longest lag", "end")),
            ]
            for each in figures.waiting
        ]
        yield _table(
            ["tool", "requests after the last write", "asked again", "said", "lag", "longest lag", "end"], rows
        )
    if figures.killed:
        yield "## Killed half way, run again\n"
        rows = [
            [
                each["tool"],
                str(each["objects"]),
                str(each["missing"]),
                values.requests(each["requests"]),
                "yes" if each["complete"] else "no",
            ]
            for each in figures.killed
        ]
        yield _table(["tool", "objects", "missing", "the second run asks", "complete then"], rows)
    if figures.cases:
        yield "## Ten bad cases\n"
        yield _cases(figures.cases)


def _validation(figures: Figures) -> Iterator[str]:
    if not figures.validating:
        return
    about = figures.about.get("validated", {})
    yield "## Validation\n"
    yield (
        f"{about.get('objects', '?'):,} objects of {about.get('kinds', '?')} kinds without a mistake, no cluster, the "
        "same schemas for both. kubeconform knows nothing but schemas; ours checks all that it can.\n"
    )
    columns = {"wall": ".2f", "processor": ".2f", "megabytes": ".0f", "noise": ".0%"}
    rows = [
        [tool, *(f"{figures.validation(tool, value) or 0:{how}}" for value, how in columns.items())]
        for tool in (validating.OURS, validating.KUBECONFORM)
    ]
    yield _table(["whole process", "wall s", "processor s", "peak MB", "noise"], rows)
    parts = (
        ("reading", "reading the YAML, with the place of each field"),
        ("first", "validation, for which code is loaded and schemas are compiled"),
        ("again", "validation once more in the same process"),
    )
    rows = [[words, f"{figures.validation(validating.PARTS, part) or 0:.3f}"] for part, words in parts]
    yield _table(["of ours, alone", "processor s"], rows)


def _cases(found: Sequence[Mapping[str, str]]) -> str:
    names = list(dict.fromkeys(each["tool"] for each in found))
    rows = []
    for case in dict.fromkeys(each["case"] for each in found):
        of = {each["tool"]: each for each in found if each["case"] == case}
        rows.append([case, *(_verdict(of[name]) if name in of else "" for name in names)])
    return _table(["case", *names], rows)


def _verdict(each: Mapping[str, str]) -> str:
    return f"{'✓' if each['passed'] else '✗'} {each['seen']}"


def _groups(figures: Figures, scenario: str, value: str) -> dict[str, dict[str, float]]:
    found = {}
    for step in _STEPS:
        rows = {tool: median for tool in _SHOWN if (median := figures.median(scenario, tool, step, value)) is not None}
        if rows:
            found[step] = rows
    return found


def _line(figures: Figures, tool: str) -> list[tuple[float, float]]:
    sizes = sorted(int(each) for each in figures.scenarios() if each.isdecimal())
    found = [(size, figures.median(f"{size}", tool, tools.UNCHANGED, "wall")) for size in sizes]
    return [(float(size), median) for size, median in found if median]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(each.replace('|', '/') for each in line)} |" for line in lines) + "\n"
