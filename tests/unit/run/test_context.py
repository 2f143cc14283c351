"""The inherited context as scripts meet it: every row of the reference's tables, and what the reference got wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kubernator.errors import ScriptError

if TYPE_CHECKING:
    from conftest import Tree


@pytest.mark.parametrize(
    ("above", "script", "expected"),
    [
        # reading and writing
        ("ktor.x = 1", "seen(ktor.x)", 1),
        ("", "seen(hasattr(ktor, 'x'), getattr(ktor, 'x', 5))", (False, 5)),
        ("ktor.x = 1", "ktor.x = 2\nseen(ktor.x)", 2),
        # a dict is laid over the inherited one, keeps being a dict, and shows its keys as attributes
        (
            "ktor.x = {'a': 1, 'b': 1}",
            "ktor.x = {'b': 2}\nseen(ktor.x.a, ktor.x['b'], dict(ktor.x))",
            (1, 2, {"a": 1, "b": 2}),
        ),
        (
            "ktor.x = dict(a=1)",
            "seen(isinstance(ktor.x, dict), hasattr(ktor.x, 'b'), 'a' in ktor.x)",
            (True, False, True),
        ),
        ("ktor.x = {'a': {'b': 1}}", "seen(type(ktor.x.a) is dict, hasattr(ktor.x.a, 'b'))", (True, False)),
        ("ktor.x = {}", "ktor.x.y = {'z': 1}\nseen(ktor.x.y.z)", 1),
        (
            "ktor.x = {'values': 1, 'get': 2, 'items': 3}",
            "seen(ktor.x.values, ktor.x.get, len(ktor.x.items()))",
            (1, 2, 3),
        ),
        ("ktor.x = 1\nktor.x = {'a': 1}", "seen(ktor.x.a)", 1),
        ("ktor.x = 1", "ktor.x = 2\ndel ktor.x\nktor.y = {'a': 1}\nseen(ktor.x)", 1),
        # deleting
        ("ktor.x = 1", "ktor.x = 2\ndel ktor.x\nseen(ktor.x)", 1),
        ("ktor.x = {'a': 1}", "del ktor.x.a\nseen(hasattr(ktor.x, 'a'))", False),
        # what is set right here
        ("ktor.x = 1", "ktor['y'] = {'a': 1}\nseen(ktor['y'], type(ktor['y']) is dict)", ({"a": 1}, True)),
        ("ktor.x = 1", "ktor.y = 2\ndel ktor['y']\nseen('y' in ktor, 'x' in ktor)", (False, True)),
        # the union over the chain
        ("ktor.x = 1", "ktor.y = 2\nseen({'x', 'y', 'app', 'globals'} <= set(dir(ktor)))", True),
        ("ktor.x = 1", "n = len(ktor)\nktor.y = 2\nktor.x = 3\nseen(len(ktor) - n)", 1),
        ("ktor.x = 1", "ktor.y = 2\nseen(repr(ktor))", "Ktor({'y': 2})"),
        # not provided
        ("", "seen(hasattr(ktor, 'items'), hasattr(ktor, 'get'))", (False, False)),
        # identity
        (
            "",
            "seen(ktor == ktor, ktor == ktor.globals, ktor.app == ktor.app, len({ktor, ktor}))",
            (True, False, True, 1),
        ),
        # lists
        ("ktor.x = [1]", "ktor.x.append(2)\nseen(ktor.x)", [1, 2]),
        ("ktor.x = [1, 2]", "seen(ktor.x.pop(), ktor.x)", (2, [1])),
        ("ktor.x = [1]", "import json\nktor.y = {'l': ktor.x}\nseen(json.dumps(ktor.y))", '{"l": [1]}'),
        ("ktor.x = [1]", "ktor.x += [2]\nseen(isinstance(ktor.x, list), ktor.x)", (True, [1, 2])),
        # what is always there
        ("", "seen(ktor.globals is ktor.globals.globals, ktor.common, hasattr(ktor, 'app'))", (True, {}, True)),
        ("", "seen([p.name for p in ktor._plugins])", ["app"]),
        ("ktor.globals.x = 1", "seen(ktor.x, ktor.globals.x)", (1, 1)),
        ("ktor.x = 1", "seen(hasattr(ktor.globals, 'x'))", False),
        ("ktor.globals.common.x = 1", "seen(ktor.common.x)", 1),
        # helpers
        ("ktor.x = 1", "seen(ktor.app.config_as_dict(ktor)['x'])", 1),
        (
            "ktor.x = 1",
            "ktor.x = 2\nseen(ktor.app.config_parent(ktor).x, ktor.app.config_parent(ktor.globals))",
            (1, None),
        ),
        ("ktor.x = {'a': 1}", "seen(ktor.app.config_as_dict(ktor.x))", {"a": 1}),
        ("", "seen(ktor.app.jp('$.a[*].b').all({'a': [{'b': 1}, {'b': 2}]}))", [1, 2]),
        ("", "out = []\nktor.app.StripNL(out.append)('line\\r\\n')\nseen(out)", ["line"]),
        ("", "seen(ktor.app.args.dry_run, ktor.app.args.command)", (True, "dump")),
        # projects
        ("ktor.app.project = 'one'", "ktor.app.project = 'two-2'\nseen(ktor.app.project)", "one.two-2"),
        ("", "seen(ktor.app.project)", None),
    ],
)
def test_below_a_directory(tree: Tree, above: str, script: str, expected: object) -> None:
    """What a directory's script set is seen, and can be changed, by the one below."""
    tree.scripts({".": above or "pass", "a": f"seen = ktor.globals.seen\n{script}"}).walk()
    assert tree.seen == [expected]


@pytest.mark.parametrize(
    ("above", "change", "look", "expected"),
    [
        ("ktor.x = 'root'", "ktor.x = 'a'", "ktor.x", "root"),  # 8a
        ("ktor.x = [1]", "ktor.x.append(2)", "ktor.x", [1]),  # 8b
        ("ktor.x = {'k': 1}", "ktor.x.k = 2", "ktor.x.k", 1),  # 8c
        ("ktor.x = {'k': 1}", "ktor.x.j = 2", "hasattr(ktor.x, 'j')", False),
        ("ktor.x = {'d': {'k': 1}}", "ktor.x.d['k'] = 2", "ktor.x", {"d": {"k": 1}}),  # 8d
        ("ktor.x = {'l': [1]}", "ktor.x.l.append(2)", "ktor.x", {"l": [1]}),
        ("ktor.x = {'l': [1]}", "ktor.x = {'y': 1}\nktor.x.l.append(2)", "ktor.x", {"l": [1]}),
        ("ktor.x = [[1]]", "ktor.x[0].append(2)", "ktor.x", [[1]]),
        ("ktor.x = ([1],)", "ktor.x[0].append(2)", "ktor.x", ([1],)),
        ("ktor.x = {1}", "ktor.x.add(2)", "ktor.x", {1}),
        ("ktor.x = {'s': {1}}", "ktor.x.s.add(2)", "ktor.x", {"s": {1}}),
        ("from collections import OrderedDict as O\nktor.x = [O(a=1)]", "ktor.x[0]['a'] = 2", "ktor.x[0]['a']", 1),
        ("", "ktor.app.default_excludes.add('q')", "'q' in ktor.app.default_excludes", False),  # 8g
        ("", "ktor.x = 1", "hasattr(ktor, 'x')", False),
        ("ktor.globals.x = [1]", "ktor.x.append(2)", "ktor.x", [1]),
        ("ktor.common", "ktor.common.x = 2", "hasattr(ktor.common, 'x')", False),
        ("ktor.app.project = 'one'", "ktor.app.project = 'two'", "ktor.app.project", "one"),
        ("ktor.x = {'a': 1}", "del ktor.x.a", "ktor.x", {"a": 1}),
    ],
)
def test_nothing_leaks(tree: Tree, above: str, change: str, look: str, expected: object) -> None:
    """What ``/a`` sets or changes is seen in ``/a/below``, and neither in ``/b`` nor above."""
    look = f"ktor.globals.seen({look})"
    tree.scripts(
        {
            ".": f"{above}\nktor.look = lambda: {look[len('ktor.globals.seen') :]}",
            "a": change,
            "a/below": look,
            "b": look,
        }
    )
    tree.scripts({"c": "ktor.globals.seen(ktor.look())"}).walk()
    below, beside, root = tree.seen
    assert below != expected
    assert beside == expected
    assert root == expected


def test_the_documents_example(tree: Tree) -> None:
    """Set in ``/a``: seen in all of it. Set in ``/a/b``: only there. Set in ``/a/c``: there and in ``/a/c/d``."""
    look = "ktor.globals.seen(ktor.app.cwd.name, *(getattr(ktor, name, None) for name in ('in_a', 'in_b', 'in_c')))\n"
    tree.scripts(
        {
            "a": "ktor.in_a = 1\n" + look,
            "a/b": "ktor.in_b = 2\n" + look,
            "a/c": "ktor.in_c = 3\n" + look,
            "a/c/d": look,
            "e": look,
        }
    ).walk()
    assert tree.seen == [
        ("a", 1, None, None),
        ("b", 1, 2, None),
        ("c", 1, None, 3),
        ("d", 1, None, 3),
        ("e", None, None, None),
    ]


@pytest.mark.parametrize(
    ("above", "script", "message"),
    [
        ("ktor.x = 1", "ktor.x = {'a': 1}", "ValueError: `ktor.x` is a int above; a dict cannot be laid over it"),
        ("ktor.x = 1", "del ktor.x", "KeyError: 'x'"),
        ("", "del ktor.x", "KeyError: 'x'"),
        ("ktor.x = 1", "ktor['x']", "KeyError: 'x'"),
        ("", "ktor.x", "AttributeError: `ktor.x` is not set in this directory or above"),
        ("ktor.x = {}", "ktor.x.y", "AttributeError: `y` is not set; there are no keys"),
        ("", "for name in ktor: pass", "TypeError: 'Ktor' object is not iterable"),
        ("", "ktor._scope = 1", "cannot be replaced"),
        ("", "ktor.app.project = 'a.b'", "ValueError: `a.b` is no project"),
        ("", "ktor.app.project = 'a'; ktor.app.project = 'b'", "ValueError: this directory is project `a` already"),
    ],
)
def test_what_is_refused(tree: Tree, above: str, script: str, message: str) -> None:
    """With the reference's classes of exceptions, and words that say why."""
    with pytest.raises(ScriptError) as raised:
        tree.scripts({".": above or "pass", "a": script}).walk()
    assert message in raised.value.title


def test_a_parents_function_called_below_acts_on_its_own_directory(tree: Tree) -> None:
    """It writes to the values of the directory that defined it; who has not touched the value sees the change."""
    tree.scripts(
        {
            ".": """
                ktor.images, ktor.n = ['base'], 1
                def add(x):
                    ktor.images.append(x)
                    ktor.n += 1
                ktor.add = add
                ktor.look = lambda here: ktor.globals.seen(list(here.images), here.n)
                """,
            "a": "ktor.add('a')\nktor.look(ktor)\nktor.images.append('mine')",
            "b": "ktor.look(ktor)\nktor.add('b')\nktor.look(ktor)",
        }
    ).walk()
    assert tree.seen == [(["base", "a"], 2), (["base", "a"], 2), (["base", "a"], 3)]


def test_a_parents_function_sees_the_visit_in_progress(tree: Tree) -> None:
    """``cwd``, ``script`` and the methods of namespaces act where the walk is, whoever defined the caller."""
    tree.scripts(
        {
            ".": """
                def go():
                    ktor.globals.seen(ktor.app.cwd.name, ktor.app.script.parent.name)
                    ktor.app.excludes.add("skip")
                    ktor.app.walk_local("../far")
                ktor.go = go
                ktor.app.excludes.add("far")
                """,
            "a": "ktor.here = 'a'\nktor.go()",
            "a/skip": "ktor.globals.seen('skip')",
            "far": "ktor.globals.seen(ktor.here)",
        }
    ).walk()
    assert tree.seen == [("a", "a"), "a"]


@pytest.mark.parametrize(
    "write",
    [
        "ktor.x = 2",
        "ktor.l.append(2)",
        "ktor.l[0] = 2",
        "ktor.d.k = 2",
        "ktor.d['k'] = 2",
        "ktor.d.update(k=2)",
        "del ktor.d.k",
        "ktor.d.deep['k'] = 2",
        "ktor.s.add(2)",
        "del ktor.x",
        "ktor.globals.x = 2",
        "ktor.globals.common.x = 2",
        "ktor.app.default_excludes.add('x')",
        "ktor.new = 1",
        "ktor['x'] = 3",
        "ktor.app.project = 'late'",
    ],
)
def test_after_the_walk_the_context_is_read_only(tree: Tree, write: str) -> None:
    """A function that runs later reads what its author saw; a write raises instead of being lost."""
    tree.scripts(
        {
            "a": f"""
                ktor.x, ktor.l, ktor.d, ktor.s = 1, [1], {{"k": 1, "deep": {{}}}}, {{1}}
                def late():
                    {write}
                ktor.globals.late = late
                ktor.globals.read = lambda: (ktor.x, ktor.l, ktor.d.k, ktor.s, ktor.app.default_excludes)
                """
        }
    )
    host = tree.walk()
    before = host.script_ktor(host.globals).read()
    host.freeze()
    late, read = host.script_ktor(host.globals).late, host.script_ktor(host.globals).read
    with pytest.raises(RuntimeError, match=r"the walk is over|immutable"):
        late()
    assert read()[:4] == before[:4]


def test_values_of_the_users_own_classes_are_shared_unless_they_say_how(tree: Tree) -> None:
    """As in all Python; ``__scope_copy__`` makes the copy for a directory below."""
    tree.scripts(
        {
            ".": """
                class Shared:
                    n = 0
                class Own(Shared):
                    def __scope_copy__(self):
                        twin = Own()
                        twin.n = self.n
                        return twin
                ktor.shared, ktor.own = Shared(), Own()
                """,
            "a": "ktor.shared.n = ktor.own.n = 1",
            "b": "ktor.globals.seen(ktor.shared.n, ktor.own.n)",
        }
    ).walk()
    assert tree.seen == [(1, 0)]
