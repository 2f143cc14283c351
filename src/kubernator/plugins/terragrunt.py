"""The terragrunt plugin: outputs of the tree's Terragrunt units, as ``ktor.tf``."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from kubernator import errors, files
from kubernator.files import FileNamespace
from kubernator.plugin import Plugin
from kubernator.scope import containers
from kubernator.scope.containers import ContextDict
from kubernator.tools import dirlock, terraform, terraform_reading, terraform_trouble, terragrunt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubernator.plugin import Host, Origin, Scope, Visit
    from kubernator.tools.process import Completed
    from kubernator.tools.terraform_reading import Directory
    from kubernator.tools.tool import Tool

__all__ = ["TerragruntNamespace", "TerragruntPlugin"]

_UNIT: Final = "terragrunt.hcl"

_logger = logging.getLogger("kubernator.terragrunt")


class _Terraform(Protocol):
    """What this plugin needs of the one named ``terraform``."""

    tool: Tool

    @property
    def chosen(self) -> bool: ...
    def directory(self, path: Path) -> Directory: ...
    def leave(self, visit: Visit) -> None: ...
    def merge(self, scope: Scope, values: Mapping[str, Any], origin: Origin) -> None: ...


class TerragruntNamespace(FileNamespace, includes=["*.hcl"]):
    """``ktor.terragrunt``. The patterns say in which directories outputs are read."""

    _plugin: TerragruntPlugin
    _host: Host

    @property
    def version(self) -> str:
        """The version of the program, as it says itself."""
        return self._plugin.version

    @property
    def tg_file(self) -> str:
        """The path of the program."""
        return str(self._plugin.tool.path)

    def stanza(self) -> list[str]:
        """Return the beginning of a command line, for ``ktor.app.run``: a list with the program."""
        return [self.tg_file]

    def output(self, name: str | None = None) -> Any:
        """Return the outputs of all units in and below the directory in progress, or one of them.

        They are read once in a run. Raises an error that is a KeyError for a name that is not among them.
        """
        if self._host.visit is None:
            raise errors.ProjectError("outputs can be read only while a directory has its turn")
        return self._plugin.output(self._host.visit.path, name)


class TerragruntPlugin(Plugin):
    """``register_plugin("terragrunt")``.

    With ``version`` the program is downloaded, without it is the one on ``PATH``. ``init=False`` leaves initialising to
    Terragrunt, which does it where it is needed. ``timeout`` is how many seconds each run of the program may take.
    """

    name = "terragrunt"
    requires = ("terraform",)
    namespace = TerragruntNamespace

    def __init__(self, *, version: str | None = None, init: bool = True, timeout: float | None = 600) -> None:
        """Raise PluginError for a value that is none of those expected."""
        self._version = version
        self._init = bool(init)
        self._timeout = terraform_reading.seconds(timeout)
        self._results: dict[str, dict[str, Any]] = {}

    def start(self, host: Host) -> None:
        """Find the program."""
        self._host = host
        self._files = files.Reader(host)
        self._terraform = cast("_Terraform", host.find("terraform"))
        version = None if self._version is None else str(self._version)
        self.tool = host.tools.find(self.name, version=version, origin=host.origin())

    @cached_property
    def version(self) -> str:
        """The version of the program; empty when it does not tell."""
        if self.tool.version:
            return self.tool.version
        said = self._host.tools.run(self.tool, *terragrunt.VERSION, plugin=self.name, timeout=self._timeout)
        return terragrunt.version(said.stdout)

    def before_directory(self, visit: Visit) -> None:
        """Begin with the patterns of the directory above."""
        self._says(visit.scope).begin()

    def after_directory(self, visit: Visit) -> None:
        """Read the outputs of all units in and below a directory with files of Terragrunt."""
        if not self._files.names(visit, self._says(visit.scope)):
            return
        if (visit.path / _UNIT).is_file():
            self._terraform.leave(visit)  # without Terragrunt its `*.tf` files lack backend and inputs
        directory = self._terraform.directory(visit.path)
        values = self._read(directory)
        if not values:
            _logger.info("%s: no outputs", directory.shown)
            return
        self._terraform.merge(visit.scope, values, directory.origin)
        _logger.info("%s: outputs %s", directory.shown, ", ".join(sorted(values)))

    def output(self, path: Path, name: str | None = None) -> Any:
        """Return the outputs in and below a directory, or one of them."""
        directory = self._terraform.directory(path)
        found = containers.detach(self._read(directory))
        if name is None:
            return ContextDict(found)
        if name not in found:
            raise terraform_reading.missing(name, found, directory, self._host.origin())
        return found[name]

    def _read(self, directory: Directory) -> dict[str, Any]:
        key = os.path.realpath(directory.path)
        if key not in self._results:
            top = _top(Path(key))
            with dirlock.alone(top, str(top), stopped=self._host.tools.stopped):  # units read one another
                if self._init:
                    self._ask(directory, terraform.init(), log=True)
                said = self._ask(directory, terraform.OUTPUT)
            self._results[key] = self._values(directory, said)
        return self._results[key]

    def _values(self, directory: Directory, said: Completed) -> dict[str, Any]:
        values: dict[str, Any] = {}
        try:
            units = [terraform.outputs(document) for document in terraform.decode(said.stdout)]
        except ValueError as error:
            raise errors.ToolError(  # the text is not shown: it may hold what is secret
                f"`terragrunt` did not answer with outputs in `{directory.shown}`: {error}", origin=directory.origin
            ) from None
        for outputs in units:
            values.update(terraform_reading.learnt(outputs, self._host.secrets))
        return values

    def _ask(self, directory: Directory, args: Sequence[str], *, log: bool = False) -> Completed:
        changes = terragrunt.environment(
            self.version,
            one_by_one=not log,
            program=str(self._terraform.tool.path) if self._terraform.chosen else "",
            downloads=str(directory.data) if directory.data is not None else "",
        )
        try:
            said = self._host.tools.run(
                self.tool,
                *terragrunt.everywhere(self.version, args),
                plugin=self.name,
                cwd=directory.path,
                env=changes,
                timeout=self._timeout,
                check=False,
                log_stdout=log,
                stderr_level=logging.DEBUG,
            )
        except errors.ToolTimedOut:
            raise terraform_reading.timed_out(self.tool, args[0], self._timeout, directory) from None
        if said.code:
            raise self._failed(directory, args[0], said)
        return said

    def _failed(self, directory: Directory, verb: str, said: Completed) -> errors.KubernatorError:
        """Return the error of a run that failed: the first unit's, with the others' in a line each."""
        stderr = self._host.secrets.redact(said.stderr)
        found = terragrunt.failures(stderr)
        first, *others = found or [terragrunt.Failure("", ())]
        place = PurePath(directory.shown) / first.unit
        trouble = terraform_trouble.trouble(
            first.complaints, program=self.name, verb=verb, directory=str(place), code=said.code, rest=stderr
        )
        origin = directory.origin
        if os.path.isabs(trouble.file):  # noqa: PTH117 - text of the program
            origin = self._host.origin_of(Path(trouble.file), line=trouble.line)
        elif trouble.file:
            origin = replace(origin, path=origin.path / first.unit / trouble.file, line=trouble.line)
        also = [
            f"{each.unit or directory.shown}: {terraform_trouble.short(terraform_trouble.telling(each.complaints)[0])}"
            for each in others
        ]
        return terraform_reading.as_error(trouble, origin=origin, also=also)

    def _says(self, scope: Scope) -> TerragruntNamespace:
        return TerragruntNamespace(scope, self.name, plugin=self)


def _top(path: Path) -> Path:
    """Return the highest directory above that has files of Terragrunt: what is below may belong together."""
    return next((each for each in reversed([path, *path.parents]) if any(each.glob("*.hcl"))), path)
