"""A kubeconfig that a program of a cloud writes for one run: private, checked, and gone when the run is over.

It leads to a program that hands out credentials (``user.exec``). That program is named by its full path, since what we
fetched is not on everybody's ``PATH``, and gets an environment in which it works.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.model.origin import Origin
from kubernator.tools import cache, private

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KubeFile"]

_OUTDATED: Final = "client.authentication.k8s.io/v1alpha1"


class KubeFile:
    """A place for a kubeconfig in a directory that only we can read. ``maker`` is the program that writes it."""

    def __init__(self, maker: str) -> None:
        self.maker = maker
        self._directory = private.directory(maker)
        self.path = Path(self._directory.name) / "config"

    def finish(self, *, programs: Mapping[str, str | os.PathLike[str]], env: Mapping[str, str]) -> None:
        """Take what was written: only we may read it, its programs get full paths and more environment.

        Raises `errors.ToolError` when it is no kubeconfig, or one of a form that Kubernetes has given up.
        """
        content = self._content()
        for user in _users(content):
            exec_ = user.get("exec")
            if not isinstance(exec_, dict):
                continue
            if exec_.get("apiVersion") == _OUTDATED:
                raise errors.ToolError(
                    f"`{self.maker}` is too old: it writes kubeconfigs of version `v1alpha1`",
                    hint=f"install a newer `{self.maker}`",
                )
            command = exec_.get("command")
            if isinstance(command, str) and command in programs:
                exec_["command"] = os.fspath(programs[command])
            exec_["env"] = [
                *({"name": name, "value": value} for name, value in env.items()),
                *(exec_.get("env") or ()),  # the later one counts
            ]
        from kubernator.load import yamldoc  # noqa: PLC0415 - as below

        cache.write(self.path, yamldoc.dump(content), mode=0o600)

    def remove(self) -> None:
        """Remove it with its directory; it is no error if it is not there."""
        self._directory.cleanup()

    def _content(self) -> dict[str, Any]:
        from kubernator.load import yamldoc  # noqa: PLC0415 - most trees need no such file

        try:
            text = self.path.read_text(encoding="utf-8")
            documents = yamldoc.parse(text, origin=Origin(path=self.path), repeated="last")
        except (FileNotFoundError, UnicodeDecodeError, errors.LoadError):
            documents = []
        except OSError as error:
            raise errors.ToolError(f"`{self.path}` cannot be read: {error.strerror}") from error
        content = documents[0].value if documents else None
        if not isinstance(content, dict) or not content.get("current-context"):
            raise errors.ToolError(
                f"`{self.maker}` ended well and wrote no kubeconfig",
                hint=f"is the `{self.maker}` on `PATH` really the one of the cloud?",
            )
        return content


def _users(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries = content.get("users")
    found = [each.get("user") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    return [user for user in found if isinstance(user, dict)]
