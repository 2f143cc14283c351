"""The names that scripts and plugins written for the reference import, and the adapter for such plugins."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import logging
import os
import sys
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kubernator import api, errors
from kubernator.api import KubernatorPlugin, PropertyDict
from kubernator.model.diagnostics import Diagnostics
from kubernator.model.outcome import RunOutcome
from kubernator.redaction import Secrets
from kubernator.run.host import RunHost
from kubernator.run.registry import Registry
from kubernator.run.remote import Remotes
from kubernator.run.walk import walk
from kubernator.tools.cache import Cache
from kubernator.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER = logging.getLogger("kubernator.test")

NAMES = {
    "kubernator.api": """
        KubernatorPlugin PropertyDict ContextProperty Globs FileType TemplateEngine Template Repository StripNL StringIO
        scan_dir load_file load_remote_file download_remote_file parse_yaml_docs config_as_dict config_parent config_get
        calling_frame_source validator_with_defaults get_app_cache_dir get_cache_dir prepend_os_path get_golang_os
        get_golang_machine sha256_file_digest to_patterns re_filter clone_url_str install_python_k8s_client jp
        CalledProcessError io_StringIO to_json to_yaml to_yaml_str to_json_yaml_str to_yaml_str_block
        to_json_yaml_str_block
        """,
    "kubernator.proc": "run run_capturing_out run_pass_through_capturing ProcessRunner DEVNULL CalledProcessError",
    "kubernator.merge": "extract_merge_instructions apply_merge_instructions",
    "kubernator.app": "App main define_arg_parse yaml",
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in NAMES.items() for name in names.split()]
)
def test_every_name_of_the_reference_is_there(module: str, name: str) -> None:
    """Each can be imported, and the module lists it."""
    found = importlib.import_module(module)
    assert getattr(found, name) is not None
    assert name in found.__all__


def test_other_names_are_not_there() -> None:
    """An unknown name is an AttributeError that says so."""
    with pytest.raises(AttributeError, match="has no `nothing`"):
        api.nothing  # noqa: B018 - reading it is the test
    assert {"jp", "Globs"} <= set(dir(api))


def test_a_property_dict_is_a_context() -> None:
    """Values over those of a parent; dicts are laid over each other; a part of the context is one too."""
    above = PropertyDict({"a": 1, "d": {"x": 1}})
    below = PropertyDict({"b": 2}, above)
    below.d = {"y": 2}
    assert (below.a, below.b, below.d.x, below.d.y) == (1, 2, 1, 2)
    assert not hasattr(above, "b")
    assert isinstance(below.d, PropertyDict)
    assert api.config_as_dict(below) == {"a": 1, "b": 2, "d": {"x": 1, "y": 2}}
    assert api.config_parent(below).a == 1
    assert api.config_parent(above) is None
    assert (api.config_get(below, "a"), api.config_get(below, "z", 5)) == (1, 5)


def test_a_property_of_a_context() -> None:
    """A ContextProperty answers for every context below the one it is in."""
    above = PropertyDict()
    above.twice = api.ContextProperty(lambda context: context.n * 2)
    below = PropertyDict({"n": 4}, above)
    assert below.twice == 8
    with pytest.raises(AttributeError):
        below.twice = 1


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (api.FileType.TEXT, "a\nb\n", "a\nb\n"),
        (api.FileType.BINARY, "a\n", b"a\n"),
        (api.FileType.JSON, '{"a": [1]}', {"a": [1]}),
        (api.FileType.JSON, "[1]", [1]),
        (api.FileType.YAML, "a: 1\n---\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        (api.FileType.YAML, "", []),
    ],
)
def test_files_are_read_by_their_type(tmp_path: Path, kind: api.FileType, content: str, expected: object) -> None:
    """Text and bytes as they are, one JSON value, a list of YAML documents."""
    (tmp_path / "file").write_text(content)
    assert api.load_file(LOGGER, tmp_path / "file", kind) == expected


def test_files_are_rendered_first_where_there_is_an_engine(tmp_path: Path) -> None:
    """With the variables given."""
    (tmp_path / "file").write_text("a: {${ x }$}\n")
    engine = api.TemplateEngine(LOGGER)
    found = api.load_file(LOGGER, tmp_path / "file", api.FileType.YAML, "here", engine, {"x": 5})
    assert found == [{"a": 5}]


@pytest.mark.parametrize(("content", "kind"), [(b"a: [", "YAML"), (b"{", "JSON"), (b"\xff", "TEXT"), (None, "TEXT")])
def test_what_cannot_be_read_names_its_source(tmp_path: Path, content: bytes | None, kind: str) -> None:
    """Bad content and a missing file are LoadErrors at the place the caller named."""
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    with pytest.raises(errors.LoadError) as raised:
        api.load_file(LOGGER, tmp_path / "file", api.FileType[kind], "the source")
    assert "the source" in f"{raised.value} {raised.value.detail}"


def test_a_directory_is_scanned_in_the_order_of_the_walk(tmp_path: Path) -> None:
    """Excluded, sorted, then by include; patterns may be texts or expressions."""
    for name in ("b.yaml", "a.yaml", "c.txt", "x.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "dir.yaml").mkdir()
    found = api.scan_dir(LOGGER, tmp_path, lambda entry: entry.is_file(), api.to_patterns("x*"), ["b*", "*.yaml"])
    assert [path.name for path in found] == ["b.yaml", "a.yaml"]
    assert api.re_filter("abc", ["a*"])
    assert not api.re_filter("abc", api.to_patterns("b*"))


def test_a_downloader_of_ones_own_is_called_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it fetched is kept, and is up to date the next time."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    calls: list[str] = []

    def fetch(url: str, file: str) -> None:
        calls.append(url)
        with open(file, "w") as out:  # noqa: PTH123 - as urlretrieve does
            out.write('{"a": 1}')

    url = "https://example.com/x/y.json?token=1"
    path, current = api.download_remote_file(LOGGER, url, "crds", "sub", fetch)
    assert (current, json.loads(path.read_text())) == (False, {"a": 1})
    assert path.is_relative_to(api.get_cache_dir("crds", "sub"))
    assert api.download_remote_file(LOGGER, url, "crds", "sub", fetch) == (path, True)
    assert api.load_remote_file(LOGGER, url, api.FileType.JSON, "crds", "sub", fetch) == {"a": 1}
    assert calls == [url]
    assert api.sha256_file_digest(path) == hashlib.sha256(b'{"a": 1}').hexdigest()


def test_a_password_in_a_url_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the log nor in the error about what was fetched."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def fetch(_: str, target: str) -> None:
        Path(target).write_text("{")

    with caplog.at_level(logging.DEBUG), pytest.raises(errors.LoadError) as caught:
        api.load_remote_file(LOGGER, "https://me:sesame@h/a.json?token=swordfish", api.FileType.JSON, downloader=fetch)
    said = f"{caplog.text} {caught.value} {caught.value.detail}"
    assert [word for word in ("sesame", "swordfish") if word in said] == []
    assert "h/a.json" in said


def test_small_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line ends, Go's names, addresses, the path of programs."""
    out = api.StringIO()
    out.write("line  \r\n")
    untrimmed = api.StringIO(trimmed=False)
    untrimmed.write("line\n")
    assert (out.getvalue(), untrimmed.getvalue()) == ("line", "line\n")
    lines: list[object] = []
    strip = api.StripNL(lines.append)
    strip(b"x\r\n")
    strip("y\n")
    assert lines == [b"x", "y"]
    assert api.get_golang_os() == sys.platform
    assert api.get_golang_machine() in {"amd64", "arm64", os.uname().machine}
    assert api.clone_url_str(urllib.parse.urlsplit("https://u@h:1/p?ref=x#y")) == "https://u@h:1/p"
    monkeypatch.setenv("PATH", "/bin")
    assert api.prepend_os_path("/opt/x")
    assert not api.prepend_os_path("/opt/x")
    assert os.environ["PATH"] == "/opt/x:/bin"
    assert api.tool_environment(["/tool"])["PATH"] == "/tool:/opt/x:/bin"
    assert api.calling_frame_source().startswith(__file__)


def test_the_client_is_never_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is missing, the error names the extra."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(errors.ToolError) as raised:
        api.install_python_k8s_client(None, 37)
    assert "kubernator[client]" in raised.value.hint


def test_defaults_are_filled_in_by_a_validator(monkeypatch: pytest.MonkeyPatch) -> None:
    """`validator_with_defaults` extends whatever validator class it is given."""

    class Validators:
        @staticmethod
        def extend(kind: Any, added: dict[str, Any]) -> Any:
            return {**kind.VALIDATORS, **added}

    class Kind:
        VALIDATORS = {"properties": lambda *_: iter(["checked"])}  # noqa: RUF012 - as the library has it

        def is_type(self, instance: object, name: str) -> bool:
            return name == "object" and isinstance(instance, dict)

    module: Any = type(sys)("jsonschema")
    module.validators = Validators
    monkeypatch.setitem(sys.modules, "jsonschema", module)
    fill: Callable[..., Any] = api.validator_with_defaults(Kind)["properties"]
    instance = {"a": 1}
    found = list(fill(Kind(), {"a": {"default": 5}, "b": {"default": 6}, "c": {}}, instance, {}))
    assert (instance, found) == ({"a": 1, "b": 6}, ["checked"])


def test_the_command_line_parser_of_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    """Options before and after the verb; a bad command line ends with 2, as argparse ends."""
    from kubernator.app import define_arg_parse  # noqa: PLC0415

    args = define_arg_parse().parse_args(["-o", "json", "apply", "--yes"])
    assert (args.command, args.dry_run, args.output_format) == ("apply", False, "json")
    with pytest.raises(SystemExit) as raised:
        define_arg_parse().parse_args(["--nonsense"])
    assert raised.value.code == 2
    assert "--nonsense" in capsys.readouterr().err
    assert "--yes" in define_arg_parse().format_help()


class Legacy(KubernatorPlugin):
    """A plugin as people wrote them: keeps its context, puts a namespace under ``globals``, overlays it below."""

    _name = "legacy"

    def __init__(self) -> None:
        self.log: list[str] = []
        self.context: Any = None

    def set_context(self, context: Any) -> None:
        self.context = context

    def register(self, *, size: int = 1) -> None:
        self.log.append(f"register {size}")
        self.context.globals.legacy = dict(  # noqa: C408 - as people write it
            default_includes=api.Globs(["*.legacy"], True), add=self.add, size=size, instance=self
        )

    def add(self, what: str) -> None:
        self.log.append(f"add {what} in {self.context.app.cwd.name}")

    def handle_init(self) -> None:
        self.log.append("init")

    def handle_start(self) -> None:
        self.context.legacy = dict(started=True)  # noqa: C408 - the same
        self.log.append("start")

    def handle_before_dir(self, cwd: Path) -> None:
        self.context.legacy.includes = api.Globs(self.context.legacy.default_includes)
        self.log.append(f"before_dir {cwd.name}")

    def handle_before_script(self, cwd: Path) -> None:
        self.log.append(f"before_script {cwd.name}")

    def handle_after_script(self, cwd: Path) -> None:
        self.log.append(f"after_script {cwd.name}")

    def handle_after_dir(self, cwd: Path) -> None:
        self.log.append(f"after_dir {cwd.name} {list(self.context.legacy.includes)}")

    def handle_apply(self) -> None:
        self.context.applied = self.context.legacy.size
        self.log.append(f"apply {hasattr(self.context, 'from_start')} {hasattr(self.context, 'from_a')}")

    def handle_verify(self) -> None:
        self.context.verified = self.context.applied
        self.log.append(f"verify {self.context.verified}")

    def handle_cleanup(self) -> None:
        self.log.append("cleanup")

    def handle_shutdown(self) -> None:
        self.log.append("shutdown")

    def handle_summary(self) -> None:
        self.log.append("summary")


def _host(root: Path, cache: Path) -> RunHost:
    secrets = Secrets()
    return RunHost(
        args=argparse.Namespace(),
        secrets=secrets,
        workers=Workers(),
        diagnostics=Diagnostics(),
        connect=lambda kubeconfig, context: pytest.fail("no cluster here"),
        remotes=Remotes(Cache(cache), secrets=secrets),
        start=root,
        registry=Registry(()),
    )


def _run(tmp_path: Path, scripts: dict[str, str], *, error: BaseException | None = None, **given: Any) -> RunHost:
    root = tmp_path / "tree"
    for name, text in scripts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / ".kubernator.py").write_text(text)
    host = _host(root, tmp_path / "cache")
    ktor = host.script_ktor(host.globals)
    for name, value in given.items():
        setattr(ktor, name, value)
    host.register_first()
    walk(host, root)
    host.walked()
    host.freeze()
    if error is None:
        host.applied("report")  # type: ignore[arg-type] - handed through
    host.end(RunOutcome(error=error))
    return host


SCRIPTS = {
    ".": "ktor.app.register_plugin(ktor.Legacy, size=3)\nktor.from_start = 1\nktor.legacy.add('x')",
    "a": "ktor.from_a = 1\nktor.legacy.add('y')\nktor.legacy.includes.add('more')",
}


def test_a_plugin_of_the_reference_takes_part(tmp_path: Path) -> None:
    """All handlers, in the reference's order, each with the context of its moment; writable to the end."""
    host = _run(tmp_path, SCRIPTS, Legacy=Legacy)
    plugin = host.script_ktor(host.globals).legacy.instance
    assert plugin.log == [
        "register 3",
        "init",
        "start",
        "before_dir tree",
        "before_script tree",
        "add x in tree",
        "after_script tree",
        "after_dir tree ['*.legacy']",
        "before_dir a",
        "before_script a",
        "add y in a",
        "after_script a",
        "after_dir a ['*.legacy', 'more']",
        "apply True False",
        "verify 3",
        "cleanup",
        "shutdown",
        "summary",
    ]
    assert plugin.context is None


def test_after_a_failure_only_shutdown_runs(tmp_path: Path) -> None:
    """No verification, no summary."""
    plugin = Legacy()
    _run(tmp_path, {".": "ktor.app.register_plugin(ktor.plugin)"}, error=errors.KubernatorError("x"), plugin=plugin)
    assert plugin.log[-2:] == ["apply False False", "shutdown"]


def test_a_wrong_option_names_those_there_are(tmp_path: Path) -> None:
    """From the signature of ``register``."""
    with pytest.raises(errors.PluginError, match="plugin `legacy` does not take these options") as raised:
        _run(tmp_path, {".": "ktor.app.register_plugin(ktor.Legacy, length=3)"}, Legacy=Legacy)
    assert "size" in raised.value.hint


def test_missing_handlers_are_tolerated(tmp_path: Path) -> None:
    """A class that has just a name and ``register`` will do, as it did; assert_plugin knows it by class and by name."""

    class Bare:
        _name = "bare"

        def set_context(self, context: Any) -> None:
            """Take nothing."""

        def register(self) -> None:
            """Do nothing."""

    script = (
        "ktor.app.register_plugin(ktor.Bare)\nktor.app.assert_plugin(ktor.Bare, 'me')\nktor.app.assert_plugin('bare')"
    )
    _run(tmp_path, {".": script}, Bare=Bare)


def test_programs_are_run_with_the_tools_in_front(tmp_path: Path) -> None:
    """``run``, ``run_capturing_out`` and ``run_passthrough_capturing``; this process's ``PATH`` stays as it is."""
    seen: list[Any] = []
    tool = tmp_path / "bin" / "a-tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho out; echo err >&2; exit $1\n")
    tool.chmod(0o755)
    script = """
app = ktor.app
app._plugin.tool_dirs.append(ktor.bin)
lines = []
code = app.run(["sh", "-c", "a-tool 3"], app.StripNL(lines.append), None).wait(fail=False)
ktor.note(code, lines, app.run_capturing_out(["sh", "-c", "a-tool 0"], None))
ktor.note(app.run_passthrough_capturing(["sh", "-c", "a-tool 0"], lines.append, None), lines)
try:
    app.run_capturing_out(["sh", "-c", "a-tool 4", "word"], None, safe_args=["sh", "hidden"])
except __import__("subprocess").CalledProcessError as error:
    ktor.note(error.returncode, error.output, "word" in str(error))
"""
    _run(tmp_path, {".": script}, bin=str(tool.parent), note=lambda *values: seen.append(values))
    assert seen == [
        (3, ["out", "out\n"], "out\n"),
        (("out\n", "err\n"), ["out", "out\n"]),
        (4, "out\n", False),
    ]
