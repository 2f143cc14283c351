"""Running scripts: what they see, and what their errors say."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

import pytest

from kubernator.errors import KubernatorError, LoadError, PluginError, ProjectError, ScriptError
from kubernator.model.origin import Origin

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Tree


def test_what_a_script_sees(tree: Tree) -> None:
    """``ktor``, ``logger`` and the built-ins; no ``__file__``, no shared globals, the real path in its code."""
    tree.scripts(
        {
            ".": """
                leftover = 1
                assert __name__ == "builtins"
                assert "__file__" not in globals() and "leftover" in globals()
                assert logger.name == "kubernator.script"
                ktor.globals.seen((lambda: 0).__code__.co_filename)
                ktor.globals.seen(ktor.app.script == ktor.app.cwd / ".kubernator.py")
                """,
            "a": "assert 'leftover' not in globals(); import sys; ktor.globals.seen(str(ktor.app.cwd) in sys.path)",
        }
    ).walk()
    assert tree.seen == [str(tree.root / ".kubernator.py"), True, False]


def test_only_the_exact_name_is_a_script(tree: Tree) -> None:
    """A file of a similar name is none."""
    tree.write({"kubernator.py": "1 / 0", ".kubernator.pyc": "1 / 0", "a/.Kubernator.py": "1 / 0"}).walk()


def test_the_importable_names_are_the_running_scripts_own(tree: Tree) -> None:
    """``from kubernator.script import ktor, logger`` gives the objects of the directory."""
    tree.scripts(
        {
            ".": "from kubernator.script import ktor as mine, logger as log\nassert mine is ktor and log is logger",
            "a": "import kubernator.script as s\nktor.x = 1\ndef f(): return s.ktor.x\nktor.globals.seen(f())",
        }
    ).walk()
    assert tree.seen == [1]


def test_the_importable_names_need_a_running_script() -> None:
    """Elsewhere the import says so."""
    with pytest.raises(ImportError, match="ktor"):
        exec("from kubernator.script import ktor", {})  # noqa: S102 - what a module would do


def test_a_syntax_error_has_its_place_and_text(tree: Tree) -> None:
    """File, line, column and the line itself."""
    with pytest.raises(ScriptError, match="no Python") as raised:
        tree.scripts({"a": "x = 1\nif x\n  pass\n"}).walk()
    assert raised.value.detail[0] == ("at", "a/.kubernator.py:2:5")
    assert raised.value.detail[1] == ("text", "if x")


@pytest.mark.parametrize("source", [b"x = '\xff'\n", b"x = 1\0\n", b"# coding: nonsense\n", b"("])
def test_bytes_that_are_no_python(tree: Tree, source: bytes) -> None:
    """Wrong encodings and null bytes are errors of the script, whatever the compiler raises."""
    (tree.root / ".kubernator.py").write_bytes(source)
    with pytest.raises(ScriptError, match="no Python"):
        tree.walk()


def test_a_coding_line_counts(tree: Tree) -> None:
    """As in every Python file."""
    (tree.root / ".kubernator.py").write_bytes("# coding: latin-1\nktor.globals.seen('ä')\n".encode("latin-1"))
    tree.walk()
    assert tree.seen == ["ä"]


def test_a_script_that_cannot_be_read(tree: Tree) -> None:
    """A broken link, or a directory of that name, is not taken for "no script"."""
    (tree.root / ".kubernator.py").symlink_to("nowhere")
    with pytest.raises(ScriptError, match="cannot be read: No such file"):
        tree.walk()


def test_an_exception_names_only_the_users_frames(tree: Tree) -> None:
    """The innermost line of a script is the place, the others follow; frames of ours and of libraries are left out."""
    tree.scripts(
        {
            ".": "import json\ndef parse(text):\n    return json.loads(text)\nktor.parse = parse",
            "a": "def go():\n    return ktor.parse('{')\n\ngo()",
        }
    )
    with pytest.raises(ScriptError, match="the script raised JSONDecodeError: Expecting") as raised:
        tree.walk()
    assert raised.value.detail == [
        ("at", ".kubernator.py:3:1"),
        ("called from", "a/.kubernator.py:2:1"),
        ("called from", "a/.kubernator.py:4:1"),
    ]
    assert type(raised.value.__cause__).__name__ == "JSONDecodeError"


def test_a_recursion_is_not_spelt_out(tree: Tree) -> None:
    """Each place once, and not too many."""
    lines = "\n".join(f"def f{n}(x): return f{(n + 1) % 20}(x)" for n in range(20))
    with pytest.raises(ScriptError, match="RecursionError") as raised:
        tree.scripts({".": f"{lines}\nf0(1)"}).walk()
    assert len(raised.value.detail) == 10
    assert raised.value.detail[-1] == ("called from", "12 more places")


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("ktor.k8s.add_resources('')", "register_plugin..k8s"),
        ("ktor.k8z", "did you mean `ktor.k8s`?"),
        ("from kubernetes import client", r"kubernator\[client\]"),
        ("import no_such_module_here", "install `no_such_module_here` where Kubernator is installed"),
        ("open(str(ktor.app.cwd / 'beside.py'), 'w').close()\nimport beside.more", "module path"),
        ("1 / 0", "^$"),
    ],
)
def test_hints(tree: Tree, monkeypatch: pytest.MonkeyPatch, source: str, hint: str) -> None:
    """Mistakes that are ours to explain are explained."""
    monkeypatch.setitem(sys.modules, "kubernetes", None)  # as where it is not installed
    with pytest.raises(ScriptError) as raised:
        tree.scripts({".": source}).walk()
    assert re.search(hint, raised.value.hint)


def test_an_error_of_ours_keeps_its_class_and_learns_who_asked(tree: Tree) -> None:
    """It gains the script's line, once."""
    tree.given["fail"] = _load_error
    with pytest.raises(LoadError) as raised:
        tree.scripts({"a": "x = 1\n\nktor.fail(None)"}).walk()
    assert raised.value.detail == [("at", "a/.kubernator.py:3:1")]
    with pytest.raises(LoadError) as raised:
        tree.scripts({"a": "x = 1\n\nktor.fail('web.yaml')"}).walk()
    assert raised.value.detail == [("at", "web.yaml"), ("asked by", "a/.kubernator.py:3:1")]


def _load_error(path: str | None) -> None:
    from pathlib import PurePath  # noqa: PLC0415

    raise LoadError("bad", origin=Origin(path=PurePath(path)) if path else None)


@pytest.mark.parametrize(("argument", "code"), [("7", 7), ("", None), ("'words'", "words")])
def test_sys_exit_passes_through(tree: Tree, argument: str, code: object, caplog: pytest.LogCaptureFixture) -> None:
    """``sys.exit`` ends the run with what it was given, and the log says where."""
    with pytest.raises(SystemExit) as raised:
        tree.scripts({".": f"import sys\nsys.exit({argument})", "a": "1 / 0"}).walk()
    assert raised.value.code == code
    assert "the run ends here, by `sys.exit` in .kubernator.py:2:1" in caplog.text


def test_the_pre_start_script_fills_globals(tree: Tree) -> None:
    """It runs once, with the scope of ``ktor.globals``; every directory sees what it sets."""
    tree.scripts({"a": "ktor.globals.seen(ktor.region, ktor.globals.region)"})
    tree.walk(pre_start="ktor.region = 'eu'\nassert ktor.globals == ktor\nktor.globals.seen('pre')")
    assert tree.seen == ["pre", ("eu", "eu")]


@pytest.mark.parametrize("name", ["cwd", "script", "includes", "excludes"])
def test_what_belongs_to_a_visit_is_not_there_before(tree: Tree, name: str) -> None:
    """``hasattr`` says no, and reading says why; ``script`` is there, for this is one."""
    tree.walk(pre_start=f"ktor.globals.seen(hasattr(ktor.app, {name!r}))")
    assert tree.seen == [name == "script"]


def test_a_missing_pre_start_script_is_an_error(tree: Tree, tmp_path: Path) -> None:
    """It names the file."""
    with pytest.raises(ProjectError, match=r"missing.py` cannot be read"):
        tree.make().run_pre_start(tmp_path / "missing.py")


def test_origin_is_the_nearest_script_line(tree: Tree) -> None:
    """A function defined above is the nearer place; who called it, and who queued the directory, follow."""
    tree.given["where"] = lambda: [str(each) for each in tree.host.origin().chain]
    tree.scripts(
        {
            ".": "def f():\n    return ktor.where()\nktor.f = f\nktor.app.excludes.add('b')\nktor.app.walk_local('b')",
            "a": "ktor.globals.seen(ktor.where())\nktor.globals.seen(ktor.f())",
            "b": "ktor.globals.seen(ktor.where())",
        }
    ).walk()
    assert tree.seen == [
        ["b/.kubernator.py:1:1", ".kubernator.py:5:1"],
        ["a/.kubernator.py:1:1"],
        [".kubernator.py:2:1", "a/.kubernator.py:2:1"],
    ]


def test_secrets_declared_in_a_script_are_known(tree: Tree) -> None:
    """``ktor.app.secret`` returns the value and hides it from then on."""
    tree.scripts({".": "ktor.globals.seen(ktor.app.secret('correct-horse'))"}).walk()
    assert tree.seen == ["correct-horse"]
    assert "correct-horse" not in tree.secrets.redact("x correct-horse y")


def test_the_logger_logs_under_its_name(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    """Messages of scripts are told from ours."""
    with caplog.at_level(logging.INFO, logger="kubernator"):
        tree.scripts({".": "logger.info('hello %s', 1)"}).walk()
    assert ("kubernator.script", logging.INFO, "hello 1") in caplog.record_tuples


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ("ktor.app.register_plugin('nothing')", PluginError, "there is no plugin `nothing`"),
        ("ktor.app.register_cleanup(1)", ScriptError, "has no method `cleanup`"),
        ("ktor.app.jp('$$[')", ProjectError, "is no JSONPath"),
        ("ktor.app.cwd = 1", ScriptError, "cwd"),
        ("ktor.app.walk_local = 1", ScriptError, "cannot be replaced"),
        ("ktor.app = 1", ScriptError, "belongs to the plugin `app`"),
        ("ktor.globals = 1", ScriptError, "can only be read"),
        ("ktor.app.repository_credentials_provider(1)", KubernatorError, "takes a function"),
    ],
)
def test_wrong_calls(tree: Tree, call: str, error: type[KubernatorError], message: str) -> None:
    """Each says what is wrong, at the script's line."""
    with pytest.raises(error, match=message) as raised:
        tree.scripts({"a": f"\n{call}"}).walk()
    assert ("at", "a/.kubernator.py:1:1") in raised.value.detail
