"""The terraform plugin: outputs of the tree's Terraform or OpenTofu directories, as ``ktor.tf``."""

from __future__ import annotations

import itertools
import logging
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors, files
from kubernator.files import FileNamespace
from kubernator.plugin import Plugin
from kubernator.scope import containers
from kubernator.scope.containers import ContextDict
from kubernator.tools import private, terraform, terraform_reading
from kubernator.tools.terraform_reading import Directory

if TYPE_CHECKING:
    import tempfile
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from kubernator.plugin import Host, Origin, PluginChange, RunOutcome, Scope, Visit
    from kubernator.tools.tool import Tool

__all__ = ["TerraformNamespace", "TerraformPlugin"]

_KEY: Final = ("", "tf")

#: Files that only Terraform and people read. Where a directory holds nothing else, nothing in it can ask for `ktor.tf`.
_OURS: Final = (
    *(".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json", ".tfstate", ".tfstate.backup", ".tftpl"),
    *(".md", ".terraform.lock.hcl", ".tfstate.lock.info", ".gitignore", ".terraform-version", ".opentofu-version"),
)

_logger = logging.getLogger("kubernator.terraform")


class TerraformNamespace(FileNamespace, includes=["*.tf"]):
    """``ktor.terraform``. The patterns say in which directories outputs are read."""

    _plugin: TerraformPlugin
    _host: Host

    @property
    def version(self) -> str:
        """The version of the program, as it says itself."""
        return self._plugin.version

    @property
    def tf_file(self) -> str:
        """The path of the program."""
        return str(self._plugin.tool.path)

    def stanza(self) -> list[str]:
        """Return the beginning of a command line, for ``ktor.app.run``: a list with the program."""
        return [self.tf_file]

    def output(self, name: str | None = None) -> Any:
        """Return the outputs of the directory in progress, or one of them.

        They are read once in a run. Raises an error that is a RuntimeError when there are none, and one that is a
        KeyError for a name that is not among them.
        """
        if self._host.visit is None:
            raise errors.ProjectError("outputs can be read only while a directory has its turn")
        return self._plugin.output(self._host.visit.path, name)

    def outputs(self, *paths: str | os.PathLike[str]) -> list[ContextDict]:
        """Return the outputs of several directories, in the order given; they are read side by side.

        Relative paths are meant from the directory in progress.
        """
        here = self._host.visit.path if self._host.visit is not None else Path()
        return self._plugin.outputs([here / path for path in paths])


class TerraformPlugin(Plugin):
    """``register_plugin("terraform")``.

    ``program`` is ``terraform`` or ``tofu``; with ``version`` it is downloaded, ``terraform`` unless told, without it
    is the first of them on ``PATH``. ``init`` says when a directory is initialised: ``always``, when it is ``needed``
    to read its outputs, or ``never``; ``init_args`` are further arguments of that. ``timeout`` is how many seconds
    each run of the program may take.
    """

    name = "terraform"
    namespace = TerraformNamespace

    def __init__(
        self,
        *,
        version: str | None = None,
        program: str | None = None,
        init: str = "always",
        init_args: Sequence[str] = (),
        timeout: float | None = 600,
    ) -> None:
        """Raise PluginError for a value that is none of those expected."""
        self._version = version
        self._program = None if program is None else _one_of("program", program, terraform.PROGRAMS)
        self._init = _one_of("init", init, terraform_reading.INITS)
        if isinstance(init_args, str) or not all(isinstance(each, str) for each in init_args):
            raise errors.PluginError("`init_args` is a list of arguments", hint='as `["-backend-config=prod.hcl"]`')
        self._init_args = tuple(init_args)
        self._timeout = terraform_reading.seconds(timeout)
        self._results: dict[str, Future[dict[str, Any]]] = {}
        self._pending: list[tuple[Scope, Directory, Future[dict[str, Any]]]] = []
        self._left: set[int] = set()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._numbers = itertools.count()

    def start(self, host: Host) -> None:
        """Find the program."""
        self._host = host
        self._files = files.Reader(host)
        # who is registered further down does not hear of all directories that may ask for what it read
        self._hears_all = host.visit is None or host.visit.number == 0
        self.tool = self._found(host)
        self.reading = terraform_reading.Reading(
            host.tools,
            self.tool,
            secrets=host.secrets,
            init=self._init,
            init_args=self._init_args,
            timeout=self._timeout,
        )

    @property
    def chosen(self) -> bool:
        """Whether a script said which program it is to be."""
        return self._version is not None or self._program is not None

    @cached_property
    def version(self) -> str:
        """The version of the program."""
        return self.tool.version or self.reading.version()

    def before_directory(self, visit: Visit) -> None:
        """Have the outputs at hand that were read meanwhile, if anything here may ask for them."""
        self._says(visit.scope).begin()
        if self._pending and not only_ours(visit.path):
            self._settle()

    def after_directory(self, visit: Visit) -> None:
        """Read the outputs of a directory with files of Terraform.

        The walk goes on meanwhile, as long as there is nothing but such directories: so those side by side are read
        side by side. What there is to see and when is the same as one after the other.
        """
        if visit.number in self._left or not self._files.names(visit, self._says(visit.scope)):
            return
        directory = self.directory(visit.path)
        self._pending.append((visit.scope, directory, self._read(directory)))
        if not (self._hears_all and only_ours(visit.path)):
            self._settle()

    def walked(self, host: Host) -> list[PluginChange]:  # noqa: ARG002 - nothing is written elsewhere
        """Have all outputs at hand."""
        self._settle()
        return []

    def end(self, outcome: RunOutcome) -> None:  # noqa: ARG002 - whatever the outcome
        """Remove what the program kept outside of the tree."""
        if self._scratch is not None:
            self._scratch.cleanup()

    # What scripts ask for

    def output(self, path: Path, name: str | None = None) -> Any:
        """Return the outputs of a directory, or one of them."""
        directory = self.directory(path)
        found = containers.detach(self._read(directory).result())
        if name is None:
            return ContextDict(found)
        if name not in found:
            raise terraform_reading.missing(name, found, directory, self._host.origin())
        return found[name]

    def outputs(self, paths: Sequence[Path]) -> list[ContextDict]:
        """Return the outputs of directories; they are read side by side."""
        futures = [self._read(self.directory(path)) for path in paths]
        for future in futures:
            future.exception()
        return [ContextDict(containers.detach(future.result())) for future in futures]

    # What terragrunt needs

    def directory(self, path: Path) -> Directory:
        """Return what is known of a directory before its outputs are read."""
        origin = self._host.origin_of(path)
        return Directory(path=path, shown=str(origin.path), origin=origin, data=self._data(path, origin))

    def leave(self, visit: Visit) -> None:
        """Leave a directory to another plugin, which reads its outputs."""
        self._left.add(visit.number)

    def merge(self, scope: Scope, values: Mapping[str, Any], origin: Origin) -> None:
        """Put outputs into ``tf`` of the nearest scope that was given one, else into one of this scope.

        A scope between that has read ``tf`` holds a copy of it, which gets them too.
        """
        holder = scope.holder(_KEY)
        if holder is None:
            scope.write(_KEY, ContextDict(containers.detach(dict(values))))
            return
        for each, found in scope.gather(_KEY):
            if not isinstance(found, dict):
                raise errors.ProjectError(
                    f"outputs cannot be put into `ktor.tf`, which is a {type(found).__name__}",
                    origin=origin,
                    detail=[("set in", each.label)],
                    hint="the plugin `terraform` needs the name `tf`; call yours otherwise, or make it a dict",
                )
            dict.update(found, containers.detach(dict(values)))
            if each is holder:
                break

    # Reading

    def _settle(self) -> None:
        """Wait for what is being read and put it into the context, in the order of the walk."""
        pending, self._pending = self._pending, []
        for _, _, future in pending:
            future.exception()
        failed = [error for _, _, future in pending if (error := future.exception()) is not None]
        if failed:
            raise _together(failed)
        for scope, directory, future in pending:
            values = future.result()
            self.merge(scope, values, directory.origin)
            _logger.info("%s: outputs %s", directory.shown, ", ".join(sorted(values)))

    def _read(self, directory: Directory) -> Future[dict[str, Any]]:
        """Begin to read a directory, or have what was read in this run."""
        key = os.path.realpath(directory.path)
        if key not in self._results:
            self._results[key] = self._host.workers.process(self.reading.outputs, directory)
        return self._results[key]

    def _data(self, path: Path, origin: Origin) -> Path | None:
        """Return where the program keeps its files: in the tree, where that is the user's and can be written."""
        if "TF_DATA_DIR" in os.environ or (origin.repository is None and os.access(path, os.W_OK)):
            return None
        if self._scratch is None:
            self._scratch = private.directory("terraform")
        return Path(self._scratch.name, str(next(self._numbers)))

    def _found(self, host: Host) -> Tool:
        if self._version is not None:
            name = self._program or terraform.PROGRAMS[0]
            return host.tools.find(name, version=str(self._version), origin=host.origin())
        if self._program is not None:
            return host.tools.find(self._program)
        for name in terraform.PROGRAMS:
            try:
                return host.tools.find(name)
            except errors.ToolNotFound:
                continue
        raise errors.ToolNotFound(
            "neither `terraform` nor `tofu` is on `PATH`",
            origin=host.origin(),
            hint="install one of them, or give the plugin a `version=`, which is downloaded then",
        )

    def _says(self, scope: Scope) -> TerraformNamespace:
        return TerraformNamespace(scope, self.name, plugin=self)


def only_ours(path: Path) -> bool:
    """Say whether a directory holds nothing but what Terraform and people read, so that nothing there asks for `tf`."""
    try:
        with os.scandir(path) as entries:
            return all(entry.name.endswith(_OURS) or entry.is_dir(follow_symlinks=False) for entry in entries)
    except OSError:  # who reads it says what is wrong
        return False


def _together(failed: Sequence[BaseException]) -> BaseException:
    """Return the first error, with what else went wrong."""
    first, *others = failed
    if isinstance(first, errors.KubernatorError):
        first.detail += [("also", str(each)) for each in others]
    return first


def _one_of(option: str, value: Any, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise errors.PluginError(
            f"`{option}` is `{value!r}`", hint=f"it is one of {', '.join(f'`{each}`' for each in allowed)}"
        )
    return str(value)
