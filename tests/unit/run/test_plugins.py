"""Plugins: registration, stages, lateness, visibility, and what is said when they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kubernator.errors import KubernatorError, LoadError, PluginError
from kubernator.model.outcome import RunOutcome
from kubernator.plugin import Namespace, Plugin, PluginChange, scoped
from kubernator.run import stages
from kubernator.run.registry import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import Tree
    from kubernator.plugin import ApplyReport, Host, Plan, Visit

LOG: list[str] = []


@pytest.fixture(autouse=True)
def _fresh_log() -> None:
    LOG.clear()


class Recorder(Plugin):
    """Notes each call as ``name.stage directory``."""

    name = "one"

    def __init__(self, *, colour: str = "red") -> None:
        self.colour = colour

    def _note(self, stage: str, visit: Visit | None = None) -> None:
        LOG.append(f"{self.name}.{stage}{f' {visit.path.name}' if visit else ''}")

    def start(self, host: Host) -> None:
        self.host = host
        self._note("start")

    def before_directory(self, visit: Visit) -> None:
        self._note("before_directory", visit)

    def before_script(self, visit: Visit) -> None:
        self._note("before_script", visit)

    def after_script(self, visit: Visit) -> None:
        self._note("after_script", visit)

    def after_directory(self, visit: Visit) -> None:
        self._note("after_directory", visit)

    def walked(self, host: Host) -> Iterable[PluginChange]:  # noqa: ARG002 - a stage
        self._note("walked")
        return [PluginChange(plugin=self.name, title=self.colour, detail={})]

    def carry_out(self, change: PluginChange) -> None:
        LOG.append(f"{self.name}.carry_out {change.title}")

    def planned(self, plan: Plan) -> None:  # noqa: ARG002 - a stage
        self._note("planned")

    def applied(self, report: ApplyReport) -> None:  # noqa: ARG002 - a stage
        self._note("applied")

    def end(self, outcome: RunOutcome) -> None:
        self._note(f"end {type(outcome.error).__name__}")


class Two(Recorder):
    """Another one."""

    name = "two"


RECORDERS = {"One": Recorder, "Two": Two}


def test_all_stages_in_order_and_direction(tree: Tree) -> None:
    """``start`` and ``before_*`` in order of registration, all others in reverse; script stages only with a script."""
    tree.given.update(RECORDERS)
    tree.scripts({"a": "pass"}).write({"b/": ""})
    tree.run(pre_start="ktor.app.register_plugin(ktor.One)\nktor.app.register_plugin(ktor.Two)")

    def turn(directory: str, *, script: bool) -> list[str]:
        before = [f"{name}.before_directory {directory}" for name in ("one", "two")]
        after = [f"{name}.after_directory {directory}" for name in ("two", "one")]
        around = [
            *(f"{name}.before_script {directory}" for name in ("one", "two")),
            *(f"{name}.after_script {directory}" for name in ("two", "one")),
        ]
        return [*before, *(around if script else ()), *after]

    assert [
        "one.start",
        "two.start",
        *turn("tree", script=False),
        *turn("a", script=True),
        *turn("b", script=False),
        *(f"{name}.{stage}" for stage in ("walked", "planned", "applied") for name in ("two", "one")),
        "two.end NoneType",
        "one.end NoneType",
    ] == LOG


def test_a_late_plugin_catches_up_at_once(tree: Tree) -> None:
    """Registered in a script it starts, and has the stages before the script, before the next line."""
    tree.given.update(RECORDERS, log=LOG.append)
    tree.scripts({"a": "ktor.app.register_plugin(ktor.One)\nktor.log('script')"}).walk()
    assert LOG == [
        "one.start",
        "one.before_directory a",
        "one.before_script a",
        "script",
        "one.after_script a",
        "one.after_directory a",
    ]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("start", ["one.start", "one.before_directory a", "one.before_script a"]),
        ("before_directory", ["one.start", "one.before_directory a"]),
        ("before_script", ["one.start", "one.before_directory a", "one.before_script a"]),
        ("after_script", ["one.start", "one.before_directory a", "one.before_script a", "one.after_script a"]),
        (
            "after_directory",
            [
                "one.start",
                "one.before_directory a",
                "one.before_script a",
                "one.after_script a",
                "one.after_directory a",
            ],
        ),
        ("walked", ["one.start", "one.walked"]),
    ],
)
def test_a_plugin_registered_by_a_plugin_catches_up(tree: Tree, stage: str, expected: list[str]) -> None:
    """Stages that have passed, and the one that is passing, reach it exactly once."""

    def register(self: Plugin, argument: Any) -> None:
        if not LOG:
            tree.host.register(Recorder)

    kind = type("Late", (Plugin,), {"name": "late", stage: register, "requires": ()})
    tree.given["Late"] = kind
    tree.scripts({"a": "ktor.app.register_plugin(ktor.Late)"}).walk()
    tree.host.walked()
    assert LOG[: len(expected)] == expected
    assert len(LOG) == len(set(LOG))


def test_registered_below_it_takes_part_in_all_later_stages(tree: Tree) -> None:
    """Directory stages where it was registered and below; the stages of the run anyway (the reference drops it)."""
    tree.given.update(RECORDERS)
    tree.scripts({"a": "ktor.app.register_plugin(ktor.One)"}).write({"a/below/": "", "b/": ""}).run()
    assert [entry for entry in LOG if "directory" in entry] == [
        "one.before_directory a",
        "one.after_directory a",
        "one.before_directory below",
        "one.after_directory below",
    ]
    assert LOG[-4:] == ["one.walked", "one.planned", "one.applied", "one.end NoneType"]


def test_the_first_of_a_name_stays(tree: Tree) -> None:
    """The same again is nothing; other options are a warning that names both places."""
    tree.given.update(RECORDERS)
    tree.scripts(
        {
            ".": "ktor.app.register_plugin(ktor.One, colour='blue')\nktor.app.register_plugin(ktor.One)",
            "a": "ktor.app.register_plugin(ktor.One, colour='blue')",
            "b": "\n\nktor.app.register_plugin(ktor.One, colour='green')\nktor.app.register_plugin('one')",
        }
    )
    host = tree.walk()
    assert LOG.count("one.start") == 1
    assert [change.title for change in host.walked()] == ["blue"]
    (warning,) = tree.diagnostics
    assert "other options" in warning.message
    assert warning.lines() == [("at", "b/.kubernator.py:1:1"), ("registered", ".kubernator.py:1:1")]


def test_siblings_have_their_own(tree: Tree) -> None:
    """Each takes part in the run, and carries out its own changes."""
    tree.given.update(RECORDERS)
    tree.scripts({name: f"ktor.app.register_plugin(ktor.One, colour={name!r})" for name in ("a", "b")})
    host = tree.walk()
    changes = host.walked()
    assert [change.title for change in changes] == ["a", "b"]
    LOG.clear()
    for change in changes:
        host.carry_out(change)
    assert LOG == ["one.carry_out a", "one.carry_out b"]
    assert not list(tree.diagnostics)


def test_registered_through_globals_it_is_everywhere(tree: Tree) -> None:
    """``ktor.globals.app.register_plugin`` in a sub-directory acts in later siblings too."""
    tree.given.update(RECORDERS)
    tree.scripts({"a": "ktor.globals.app.register_plugin(ktor.One)"}).write({"b/": ""}).walk()
    assert "one.before_directory b" in LOG


class Paint(Namespace):
    """``ktor.paint``."""

    colour = scoped("red")

    def cwd(self) -> str:
        """Return the directory in progress."""
        return str(self._here._host.visit.path.name)


class Painter(Plugin):
    """Has a namespace."""

    name = "paint"
    namespace = Paint


def test_a_namespace_is_where_the_plugin_is(tree: Tree) -> None:
    """``ktor.paint`` there and below, ``ktor.globals.paint`` from anywhere; free attributes lie over each other."""
    tree.given["Painter"] = Painter
    tree.scripts(
        {
            "a": """
                ktor.app.register_plugin(ktor.Painter)
                ktor.paint.colour = "blue"
                ktor.paint.extra = {"x": 1}
                ktor.paint = {"more": 2}
                ktor.where = lambda: ktor.paint.cwd()
                """,
            "a/in": """
                ktor.paint.extra = {"y": 2}
                paint = ktor.paint
                ktor.globals.seen(paint.colour, paint.extra.x, paint.extra.y, paint.more, ktor.where())
                ktor.globals.paint.everywhere = 7
                """,
            "b": "ktor.globals.seen(hasattr(ktor, 'paint'), ktor.globals.paint.everywhere, ktor.globals.paint.colour)",
        }
    ).walk()
    assert tree.seen == [("blue", 1, 2, 2, "in"), (False, 7, "red")]


class Needs(Recorder):
    """Requires another."""

    name = "needs"
    requires = ("one",)


class Circle(Plugin):
    """Requires itself, in the end."""

    name = "circle"
    requires = ("circle",)


def test_required_plugins_come_first(tree: Tree) -> None:
    """They are registered by name, unless they are there; a circle is an error."""
    tree.registry = _offering({"one": "Recorder", "circle": "Circle"})
    tree.given.update(Needs=Needs)
    tree.scripts({"a": "ktor.app.register_plugin(ktor.Needs)"}).walk()
    assert [entry for entry in LOG if "start" in entry] == ["one.start", "needs.start"]
    with pytest.raises(PluginError, match="require each other: `circle` -> `circle`"):
        tree.scripts({"a": "ktor.app.register_plugin('circle')"}).walk()


def _offering(offers: dict[str, str]) -> Any:
    from importlib.metadata import EntryPoint  # noqa: PLC0415

    from kubernator.run.registry import Registry  # noqa: PLC0415

    return Registry(
        [EntryPoint(name=name, value=f"{__name__}:{kind}", group="kubernator.plugins") for name, kind in offers.items()]
    )


def _plugin(**members: Any) -> type[Plugin]:
    return type("Odd", (Plugin,), {"name": "odd", **members})


@pytest.mark.parametrize(
    ("given", "options", "message", "hint"),
    [
        ("k9s", {}, "there is no plugin `k9s`", "did you mean `k8s`? there are `app`, `awscli`"),
        ("zzz", {}, "there is no plugin `zzz`", "there are `app`, `awscli`"),
        (
            "project",
            {},
            "the plugin `project` is not part of this version",
            "Kubernator 1 has it; there are `app`, `awscli`",
        ),
        (
            Recorder,
            {"color": "red"},
            "plugin `one` has no option `color`",
            "did you mean `colour`? options are `colour`",
        ),
        (Painter, {"x": 1}, "plugin `paint` has no option `x`", "it takes no options"),
        (Recorder(), {"colour": "red"}, "was given ready-made and with options", "register the class"),
        (_plugin(name=""), {}, "a plugin needs a `name`", ""),
        (_plugin(name="not a name"), {}, "a plugin needs a `name`", ""),
        (_plugin(name="globals"), {}, "cannot be called `globals`", ""),
        (_plugin(requires="k8s"), {}, "`requires` of plugin `odd` is `'k8s'`", "tuple"),
        (_plugin(namespace=dict), {}, "`namespace` of plugin `odd`", "derived from"),
        (_plugin(api=2), {}, "is written for version 2", "version"),
        (_plugin(before_directry=lambda self, visit: None), {}, "`before_directry`", "`before_directory`"),
        (_plugin(before_dir=lambda self, visit: None), {}, "`before_dir`", "`before_directory`"),
        (_plugin(start=lambda self: None), {}, "called with one argument, `host`", "def start(self, host)"),
        (_plugin(end=lambda self, a, b: None), {}, "called with one argument, `outcome`", "def end(self, outcome)"),
        (_plugin(start=3), {}, "`start` of plugin `odd` is no method", "def start"),
        (int, {}, "`int` is no plugin", "derived from"),
        (3, {}, "`3` is no plugin", "derived from"),
        (lambda: 3, {}, "`3` is no plugin", "derived from"),
        (_plugin(__init__=lambda self, a: None), {}, "needs the option `a`", "options are `a`"),
        (_plugin(__init__=lambda self: 1 / 0), {}, "cannot be made: ZeroDivisionError", ""),
    ],
)
def test_wrong_plugins(tree: Tree, given: object, options: dict[str, Any], message: str, hint: str) -> None:
    """Each mistake is said in words, with the place and what helps."""
    tree.given.update(given=given, options=options)
    with pytest.raises(PluginError) as raised:
        tree.scripts({"a": "\n\nktor.app.register_plugin(ktor.given, **ktor.options)"}).walk()
    assert message in raised.value.title
    assert hint in raised.value.hint
    assert ("at", "a/.kubernator.py:1:1") in raised.value.detail


def test_an_asynchronous_stage_is_refused(tree: Tree) -> None:
    """It would never run."""

    async def start(self: Plugin, host: Host) -> None: ...

    tree.given["given"] = _plugin(start=start)
    with pytest.raises(PluginError, match="is asynchronous"):
        tree.scripts({"a": "ktor.app.register_plugin(ktor.given)"}).walk()


def _painter() -> Plugin:
    return Painter()


@pytest.mark.parametrize("given", [_plugin(_start_all=lambda self: 0), _plugin(help=lambda self: 0), _painter])
def test_right_plugins(tree: Tree, given: object) -> None:
    """Helpers are no stages, and a function may make a plugin."""
    tree.given["given"] = given
    tree.scripts({"a": "ktor.app.register_plugin(ktor.given)\nktor.app.register_plugin(ktor.given)"}).run()


def test_a_foreign_exception_in_a_stage(tree: Tree) -> None:
    """It becomes a PluginError that names plugin and stage, with the cause."""
    tree.given["given"] = _plugin(after_directory=lambda self, visit: {}["key"])
    with pytest.raises(PluginError, match="plugin `odd` failed in stage `after_directory`: KeyError: 'key'") as raised:
        tree.scripts({"a": "ktor.app.register_plugin(ktor.given)"}).walk()
    assert raised.value.detail[0] == ("at", "a")
    assert isinstance(raised.value.__cause__, KeyError)


def test_a_users_function_that_fails_in_a_stage_names_its_line(tree: Tree) -> None:
    """The place is the function's, though the script is long over."""
    tree.given["given"] = _plugin(after_directory=lambda self, visit: tree.host.script_ktor(visit.scope).f())
    with pytest.raises(PluginError, match="ZeroDivisionError") as raised:
        tree.scripts({"a": "ktor.app.register_plugin(ktor.given)\ndef f():\n    1 / 0\nktor.f = f"}).walk()
    assert raised.value.detail[0] == ("at", "a/.kubernator.py:3:1")


def test_an_error_of_ours_in_a_stage_keeps_its_class(tree: Tree) -> None:
    """It gains a note."""

    def fail(self: Plugin, visit: Visit) -> None:
        raise LoadError("bad")

    tree.given["given"] = _plugin(after_directory=fail)
    with pytest.raises(LoadError) as raised:
        tree.scripts({"a": "ktor.app.register_plugin(ktor.given)"}).walk()
    assert raised.value.__notes__ == [f"in stage `after_directory` of plugin `odd`, directory `{tree.root / 'a'}`"]


def test_changes_of_another_type_are_refused(tree: Tree) -> None:
    """``walked`` returns changes, or nothing."""
    tree.given["given"] = _plugin(walked=lambda self, host: ["words"])
    tree.scripts({"a": "ktor.app.register_plugin(ktor.given)"}).walk()
    with pytest.raises(PluginError, match="`walked` of plugin `odd` returned a `str`"):
        tree.host.walked()


def test_end_reaches_everybody(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    """One failure does not keep the others from cleaning up; the first is raised, the rest is logged."""
    tree.given.update(RECORDERS)
    for name in ("bad", "worse"):
        tree.given[name] = _plugin(name=name, end=lambda self, outcome: 1 / 0)
    host = tree.walk(pre_start="for each in (ktor.One, ktor.bad, ktor.worse, ktor.Two): ktor.app.register_plugin(each)")
    with pytest.raises(PluginError, match="plugin `worse` failed in stage `end`"):
        host.end(RunOutcome())
    assert [entry for entry in LOG if ".end" in entry] == ["two.end NoneType", "one.end NoneType"]
    assert "plugin bad failed at the end of the run" in caplog.text


def test_end_keeps_the_first_error(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    """When the run itself failed, trouble at the end is only logged."""
    tree.given["bad"] = _plugin(end=lambda self, outcome: 1 / 0)
    host = tree.walk(pre_start="ktor.app.register_plugin(ktor.bad)")
    host.end(RunOutcome(error=KubernatorError("first")))
    assert "plugin odd failed at the end" in caplog.text


def test_clean_ups_all_happen_and_in_order(tree: Tree) -> None:
    """What was registered is cleaned up after all plugins' ``end``, also when one of them fails."""
    tree.given.update(RECORDERS, log=LOG.append)
    tree.scripts(
        {
            ".": """
                ktor.app.register_plugin(ktor.One)
                def make(name, fails=False):
                    class Thing:
                        def cleanup(self):
                            ktor.log(name)
                            if fails:
                                raise ValueError(name)
                    return Thing()
                for thing in (make("x"), make("y", True), make("z")):
                    ktor.app.register_cleanup(thing)
                """
        }
    )
    host = tree.walk()
    LOG.clear()
    with pytest.raises(PluginError, match="ValueError: y"):
        host.end(RunOutcome())
    assert LOG == ["one.end NoneType", "x", "y", "z"]


def test_pre_start_comes_before_start(tree: Tree) -> None:
    """A plugin registered there is made at once and started when the script is over, unless it is used before."""
    tree.given.update(RECORDERS, log=LOG.append, Painter=Painter)
    tree.walk(pre_start="ktor.app.register_plugin(ktor.One)\nktor.log('script')")
    assert LOG[:2] == ["script", "one.start"]
    LOG.clear()
    tree.walk(
        pre_start="""
            ktor.app.register_plugin(ktor.One)
            ktor.app.register_plugin(ktor.Painter)
            ktor.log("script")
            ktor.paint.colour = "blue"
            ktor.log("used")
            """
    )
    assert LOG[:3] == ["script", "one.start", "used"]
    assert LOG.count("one.start") == 1


def test_nothing_is_registered_after_the_walk(tree: Tree) -> None:
    """The context is frozen then."""
    host = tree.walk()
    host.freeze()
    with pytest.raises(PluginError, match="cannot be registered after the walk"):
        host.register(Recorder)


def _choose(tree: Tree) -> Any:
    def choose(path: str) -> None:
        tree.host.use_kubeconfig(path)

    return choose


def test_the_cluster_is_connected_on_first_use_and_kept(tree: Tree) -> None:
    """Choosing another one afterwards is an error that names both places; the same one again is none."""
    tree.given.update(use=lambda: tree.host.cluster, choose=_choose(tree))
    host = tree.scripts(
        {
            ".": "ktor.choose('one')\nktor.choose('two')",
            "a": "ktor.use()\nktor.use()\nktor.choose('two')",
            "b": "\nktor.choose('three')",
        }
    )
    with pytest.raises(PluginError, match="cannot be changed once it has been used") as raised:
        host.walk()
    assert tree.clusters == [("two", None)]
    assert raised.value.detail == [
        ("at", "b/.kubernator.py:1:1"),
        ("used", "a/.kubernator.py:1:1"),
        ("chosen", ".kubernator.py:2:1"),
    ]


def test_resources_come_from_every_source_in_order(tree: Tree) -> None:
    """Sources are asked in the order in which they were added."""
    host = tree.walk()
    host.provide(lambda: ["a", "b"])  # type: ignore[list-item] - handed through
    host.provide(lambda: iter(["c"]))  # type: ignore[arg-type] - handed through
    assert host.resources() == ["a", "b", "c"]


def test_find_and_assert_plugin(tree: Tree) -> None:
    """Both look where the directory is; the error is a RuntimeError too."""
    tree.given.update(RECORDERS)
    tree.scripts(
        {
            "a": """
                ktor.app.register_plugin(ktor.One)
                ktor.app.assert_plugin("one", "x")
                ktor.app.assert_plugin(ktor.One)
                """,
            "b": """
                try:
                    ktor.app.assert_plugin("one", "me")
                except RuntimeError as error:
                    ktor.globals.seen(str(error))
                """,
        }
    ).walk()
    assert tree.seen == ["plugin `one` is not registered here; it is needed by 'me'"]


def test_the_list_of_plugins(tree: Tree) -> None:
    """Name, distribution, version, stages and module; what is broken is described too, with what is wrong."""
    registry = _offering({"one": "Recorder", "paint": "Painter", "broken": "Nothing", "k8s": "Recorder"})
    found = {(each.name, each.distribution): each for each in registry.describe()}
    assert found["one", "unknown"].stages == tuple(stage.name for stage in stages.STAGES)
    assert found["paint", "unknown"].stages == ()
    assert found["app", "kubernator"].stages == ("start", "before_directory", "end")
    assert "cannot be imported: AttributeError" in found["broken", "unknown"].problem
    assert "offered by `kubernator` and `unknown`" in found["k8s", "kubernator"].problem
    assert registry.names() == sorted({*BUILT_IN, "broken", "one", "paint"})


def test_a_broken_or_doubled_plugin_harms_only_who_uses_it(tree: Tree) -> None:
    """Others are registered as if it were not there."""
    tree.registry = _offering({"one": "Recorder", "broken": "Nothing", "paint": "Recorder"})
    tree.scripts({"a": "ktor.app.register_plugin('one')"}).walk()
    with pytest.raises(PluginError, match="`broken` cannot be imported"):
        tree.scripts({"a": "ktor.app.register_plugin('broken')"}).walk()
    with pytest.raises(PluginError, match="offered as `paint` calls itself `one`"):
        tree.scripts({"a": "ktor.app.register_plugin('paint')"}).walk()
