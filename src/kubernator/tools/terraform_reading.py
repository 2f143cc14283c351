"""Reads the outputs of one directory with Terraform or OpenTofu: prepares it, asks, and says in words what goes wrong.

Never a plan, never an apply. What the program prints as outputs is neither logged nor put into an error, and values it
calls sensitive are declared secrets before anybody else sees them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.tools import dirlock, terraform, terraform_trouble

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.model.origin import Origin
    from kubernator.redaction import Secrets
    from kubernator.tools.locate import Programs
    from kubernator.tools.process import Completed
    from kubernator.tools.terraform import Output
    from kubernator.tools.terraform_trouble import Trouble
    from kubernator.tools.tool import Tool

__all__ = [
    "INITS",
    "Directory",
    "MissingOutput",
    "NoOutputs",
    "Reading",
    "as_error",
    "learnt",
    "missing",
    "seconds",
    "timed_out",
]

#: When a directory is initialised.
INITS: Final = ("always", "needed", "never")

_LOCKFILE: Final = ".terraform.lock.hcl"

_logger = logging.getLogger("kubernator.terraform")


_CONFIGURATION: Final = (".tf", ".tf.json", ".tofu", ".tofu.json")


class NoOutputs(errors.ProjectError, RuntimeError):
    """A directory has no outputs in its state; also the RuntimeError of the reference."""


class MissingOutput(errors.ProjectError, KeyError):
    """An output that a script asks for is not in the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory whose outputs are read.

    ``data`` is where the program keeps its own files instead of in ``.terraform``, for a directory that must not be
    written to.
    """

    path: Path
    shown: str
    origin: Origin
    data: Path | None = None


class Reading:
    """How outputs are read in one run. May be used from several threads, for several directories at once."""

    def __init__(
        self,
        programs: Programs,
        tool: Tool,
        *,
        secrets: Secrets,
        init: str = "always",
        init_args: Sequence[str] = (),
        timeout: float | None = None,
    ) -> None:
        self._programs = programs
        self._tool = tool
        self._secrets = secrets
        self._init = init
        self._init_args = tuple(init_args)
        self._timeout = timeout
        self._warned: set[str] = set()
        self._one_by_one = threading.Lock() if _shares_plugin_cache() else contextlib.nullcontext()

    def outputs(self, directory: Directory) -> dict[str, Any]:
        """Return the outputs of a directory, by name.

        Raises `NoOutputs`, `errors.LockHeld` for a locked state, `errors.ToolTimedOut`, `errors.Interrupted` when the
        run is over, and `errors.ToolError` for everything else.
        """
        with dirlock.alone(directory.path, directory.shown, stopped=self._programs.stopped):
            if self._init == "always":
                self._prepare(directory)
            said = self._ask(directory, terraform.OUTPUT)
            if said.code and self._init == "needed" and _not_prepared(said):
                self._prepare(directory)
                said = self._ask(directory, terraform.OUTPUT)
        self._check(directory, "output", said)
        try:
            found = terraform.outputs(_only(terraform.decode(said.stdout)))
        except ValueError as error:
            raise errors.ToolError(  # the text is not shown: it may hold what is secret
                f"`{self._tool.name} output -json` did not answer with outputs in `{directory.shown}`: {error}",
                origin=directory.origin,
                hint=f"`{self._tool.path}` may be a wrapper that prints more than the program itself",
            ) from None
        values = learnt(found, self._secrets)
        if not values:
            raise self._none(directory)
        return values

    def version(self) -> str:
        """Return the version that the program calls itself."""
        said = self._programs.run(
            self._tool, *terraform.VERSION, plugin="terraform", env=terraform.ENVIRONMENT, timeout=self._timeout
        )
        found = terraform.version(said.stdout)
        if not found:
            raise errors.ToolError(f"`{self._tool.path} version` does not tell a version")
        return found

    def _prepare(self, directory: Directory) -> None:
        locked = directory.data is not None and (directory.path / _LOCKFILE).is_file()
        with self._one_by_one:
            said = self._ask(directory, terraform.init(self._init_args, keep_lockfile=locked), log=True)
        self._check(directory, "init", said)

    def _ask(self, directory: Directory, args: Sequence[str], *, log: bool = False) -> Completed:
        try:
            said = self._programs.run(
                self._tool,
                *args,
                plugin="terraform",
                cwd=directory.path,
                env=_environment(directory),
                timeout=self._timeout,
                check=False,
                log_stdout=log,
                stderr_level=logging.DEBUG,
            )
        except errors.ToolTimedOut:
            raise timed_out(self._tool, args[0], self._timeout, directory) from None
        if said.code == 0:
            self._warn(directory, said)
        return said

    def _warn(self, directory: Directory, said: Completed) -> None:
        """Log warnings, each once: most are about the machine or the backend, and so come for every directory."""
        for each in terraform.warnings(self._secrets.redact(said.stderr)):
            if each.summary not in self._warned:
                self._warned.add(each.summary)
                _logger.warning("%s: %s: %s", directory.shown, each.summary, " ".join(each.detail.split()))

    def _check(self, directory: Directory, verb: str, said: Completed) -> None:
        if said.code == 0:
            return
        stderr = self._secrets.redact(said.stderr)
        found = terraform_trouble.trouble(
            terraform.complaints(stderr),
            program=self._tool.name,
            verb=verb,
            directory=directory.shown,
            code=said.code,
            rest=stderr,
        )
        origin = directory.origin
        if found.file:
            origin = replace(origin, path=PurePath(os.path.normpath(origin.path / found.file)), line=found.line)
        raise as_error(found, origin=origin)

    def _none(self, directory: Directory) -> NoOutputs:
        name = self._tool.name
        if not any(each.name.endswith(_CONFIGURATION) for each in directory.path.iterdir()):
            return NoOutputs(
                f"`{directory.shown}` holds no files of Terraform",
                origin=directory.origin,
                hint="ask in the script of the directory that holds them, or name it: `ktor.terraform.outputs(path)`",
            )
        declares = [
            ("declares", f"`{each}` ({place}), which is not in the state")
            for each, place in _declared(directory.path).items()
        ]
        return NoOutputs(
            f"the state of `{directory.shown}` has no outputs",
            origin=directory.origin,
            detail=declares,
            hint=f"run `{name} apply` there first, and look whether workspace and backend are the right ones"
            if declares
            else "leave a directory without outputs out with `ktor.terraform.excludes.add('*')` in its script, or "
            "with `ktor.app.excludes.add(...)` above it",
        )


def learnt(found: Mapping[str, Output], secrets: Secrets) -> dict[str, Any]:
    """Declare what is sensitive to be secret, and return the values by name."""
    for output in found.values():
        if output.sensitive:
            for leaf in terraform.leaves(output.value):
                secrets.add(leaf)
    return {name: output.value for name, output in found.items()}


def as_error(trouble: Trouble, *, origin: Origin, also: Sequence[str] = ()) -> errors.KubernatorError:
    """Return the error that says what is wrong; ``also`` are lines about what else is."""
    kind = errors.LockHeld if trouble.locked else errors.ToolError
    detail = [*trouble.detail, *(("also", each) for each in also)]
    return kind(trouble.title, origin=origin, detail=detail, hint=trouble.hint)


def timed_out(tool: Tool, verb: str, timeout: float | None, directory: Directory) -> errors.ToolTimedOut:
    """Return the error of a program that took too long, without what it printed so far, which may be outputs."""
    return errors.ToolTimedOut(
        f"`{tool.name} {verb}` did not end within {timeout or 0:g} s in `{directory.shown}`",
        origin=directory.origin,
        hint="the plugin's `timeout=` is the limit in seconds; None is no limit",
    )


def seconds(value: Any) -> float | None:
    """Return the option `timeout` of a plugin. Raises `errors.PluginError`."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value <= 0):
        raise errors.PluginError(f"`timeout` is `{value!r}`", hint="it is a number of seconds, or None for no limit")
    return value


def missing(name: str, there: Mapping[str, Any], directory: Directory, asked_by: Origin) -> MissingOutput:
    """Return the error of a script that asks for an output that is not there."""
    import difflib  # noqa: PLC0415 - for a message

    names = ", ".join(f"`{each}`" for each in sorted(there))
    declared = _declared(directory.path).get(name)
    close = difflib.get_close_matches(name, there, n=1)
    if declared:
        hint = f"it is declared in {declared}; apply it there first"
    else:
        hint = f"did you mean `{close[0]}`? there are {names}" if close else f"there are {names}"
    return MissingOutput(f"`{directory.shown}` has no output `{name}` in its state", origin=asked_by, hint=hint)


def _only(documents: Sequence[Any]) -> Any:
    if len(documents) > 1:
        raise ValueError("several JSON values")
    return documents[0] if documents else {}


def _environment(directory: Directory) -> dict[str, str | None]:
    changes: dict[str, str | None] = dict(terraform.ENVIRONMENT)
    if directory.data is not None:
        changes["TF_DATA_DIR"] = str(directory.data)
        with contextlib.suppress(OSError):  # most directories have the default workspace
            workspace = (directory.path / ".terraform" / "environment").read_text(encoding="utf-8").strip()
            if workspace and not os.environ.get("TF_WORKSPACE"):
                changes["TF_WORKSPACE"] = workspace
    return changes


def _not_prepared(said: Completed) -> bool:
    return any("initialization required" in each.summary.lower() for each in terraform.complaints(said.stderr))


def _declared(path: Path) -> dict[str, str]:
    """Return the outputs that the files of a directory declare, each with its place, for a message."""
    found: dict[str, str] = {}
    for file in sorted(path.glob("*.tf")):
        with contextlib.suppress(OSError):
            text = file.read_text(encoding="utf-8", errors="replace")
            for name, line in terraform.declared(text).items():
                found.setdefault(name, f"{file.name}:{line}")
    return found


def _shares_plugin_cache() -> bool:
    named = os.environ.get("TF_CLI_CONFIG_FILE") or os.environ.get("TERRAFORM_CONFIG")
    files = [Path(named)] if named else [Path.home() / name for name in (".terraformrc", ".tofurc")]
    text = ""
    for file in files:
        with contextlib.suppress(OSError):
            text += file.read_text(encoding="utf-8", errors="replace")
    return terraform.shares_plugin_cache(os.environ, text)
