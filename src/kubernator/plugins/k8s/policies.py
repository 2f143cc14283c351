"""Directories of policies: rules that only this program knows, for the resources of a directory and all below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kubernator import errors
from kubernator.model.ref import ResourceRef
from kubernator.plugins.k8s.adding import failed
from kubernator.scope.registrations import Registrations

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from kubernator.model.diagnostics import Diagnostic
    from kubernator.model.origin import Origin
    from kubernator.plugin import Host, Scope
    from kubernator.schema.fault import Fault
    from kubernator.schema.matching import Request
    from kubernator.schema.policies import Parameters, Policies
    from kubernator.schema.policyfiles import PolicyFiles

__all__ = ["PolicyDirectories", "Rules", "read"]


class PolicyDirectories:
    """The directories of policies of a run, each where it was named."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._registrations: Registrations[PolicyFiles] = Registrations(("k8s", "_policies"))

    def add(self, scope: Scope, path: str | os.PathLike[str]) -> None:
        """Read a directory, relative to the one in progress, for a scope and below.

        Raises `errors.LoadError` for what is no directory, `errors.ValidationFailed` with all that is wrong in it.
        """
        visit = self._host.visit
        full = Path(path) if visit is None else visit.path / path
        asked_by = self._host.origin()

        def origin(file: Path) -> Origin:
            return self._host.origin_of(file, asked_by=asked_by)

        self._registrations.add(scope, read(full, asked_by=asked_by, origin=origin))

    def visible(self, scope: Scope) -> list[PolicyFiles]:
        """Return the policies of a scope and above."""
        return self._registrations.visible(scope)


def read(directory: Path, *, asked_by: Origin | None, origin: Callable[[Path], Origin] | None = None) -> PolicyFiles:
    """Return the policies of a directory; raises as `PolicyDirectories.add` does."""
    from kubernator.schema import policyfiles  # noqa: PLC0415 - brings CEL with it, and few trees have policies

    if not directory.is_dir():
        raise errors.LoadError(
            f"`{directory}` is no directory of policies",
            origin=asked_by,
            hint="name the directory in which the files of rules are",
        )
    problems: list[Diagnostic] = []
    found = policyfiles.read_directory(directory, problems, origin=origin)
    if problems:
        raise failed(problems)
    return found


class Rules:
    """What directories of policies say of resources, of each those that it can see. Rules of no server.

    ``scopes`` tell where resources were added; ``everywhere`` are directories for all of them.
    """

    def __init__(
        self,
        directories: PolicyDirectories,
        scopes: Mapping[ResourceRef, Scope],
        *,
        everywhere: Sequence[PolicyFiles] = (),
        parameters: Parameters | None = None,
    ) -> None:
        self._directories = directories
        self._scopes = scopes
        self._everywhere = everywhere
        self._parameters = parameters
        self._policies: dict[int, Policies] = {}

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self._everywhere) or any(map(self._directories.visible, set(self._scopes.values())))

    def check(self, request: Request) -> list[Fault]:
        """Return what is wrong with a resource by the rules that see it."""
        ref = ResourceRef(request.gvk.group, request.gvk.kind, request.namespace, request.name)
        scope = self._scopes.get(ref)
        seen = [*self._everywhere, *(self._directories.visible(scope) if scope is not None else ())]
        found: list[Fault] = []
        for files in seen:
            found += files.check(request)
            if files.manifests:
                found += self._policies_of(files).check(request)
        return found

    def _policies_of(self, files: PolicyFiles) -> Policies:
        from kubernator.schema.policies import Policies  # noqa: PLC0415 - as above

        if id(files) not in self._policies:
            self._policies[id(files)] = Policies(files.manifests, self._parameters)
        return self._policies[id(files)]
