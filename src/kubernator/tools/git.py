"""Running git: its environment and its credentials.

Nothing secret is in an argument list, in a configuration file or in an address: the address of the remote and a
credential helper are handed over as configuration in git's environment, and the helper, a line of shell, prints two
more variables of that environment. Only processes of the same user can read those. The helper answers for the server
it was meant for and no other, so a redirect elsewhere does not carry the password along.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.tools import gittrouble, giturl, process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from kubernator.redaction import Secrets

__all__ = ["REMOTE", "Git", "environment"]

REMOTE: Final = "kubernator"
"""What the remote is called; its address is only ever in the environment. No repository has one of that name."""

OLDEST: Final = (2, 31)
"""The first git that takes configuration from the environment (``GIT_CONFIG_COUNT``)."""

USERNAME: Final = "KUBERNATOR_GIT_USERNAME"
PASSWORD: Final = "KUBERNATOR_GIT_PASSWORD"  # noqa: S105 - the name of a variable
DEFAULT_USERNAME: Final = "git"
"""Goes with a password that came alone: hosting services take any name with a token, some refuse none."""

HELPER: Final = (
    "!f() { while read -r line; do :; done; "
    f'test "$1" != get || printf \'username=%s\\npassword=%s\\n\' "${USERNAME}" "${PASSWORD}"; }}; f'
)
"""Reads all of the question first: git must not write into a pipe that is closed already."""

SSH_COMMAND: Final = "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30"
"""ssh that never asks. git runs in a process group of its own, so a question could not even be answered."""

STALLED: Final = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "300"}
"""A server that sends less than this many bytes a second for so many seconds is given up; nobody else would end it.
Unless the environment says otherwise. ssh has limits of its own."""

FOREIGN: Final = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
    "LANGUAGE",
)
"""Variables that would point git at another repository (set when we run in a git hook), or that change its language."""

LFS: Final = (
    ("filter.lfs.process", "git-lfs filter-process"),
    ("filter.lfs.smudge", "git-lfs smudge -- %f"),
    ("filter.lfs.clean", "git-lfs clean -- %f"),
    ("filter.lfs.required", "true"),
)
"""What ``git lfs install`` writes. A machine that has the program may not have run that for this user."""

_logger = logging.getLogger("kubernator.repository.git")


def environment(
    base: Mapping[str, str],
    *,
    url: giturl.GitUrl | None = None,
    ssh_command: str | None = None,
    lazy: bool = False,
    options: Iterable[tuple[str, str]] = (),
) -> dict[str, str]:
    """Return the whole environment of a git that works on a repository of the cache and never asks a question.

    Configuration that is already in the environment stays and comes first. ``url`` is the remote, with its credentials;
    ``lazy`` lets git get missing files from it; ``options`` are further configuration.
    """
    result = {name: value for name, value in base.items() if name not in FOREIGN}
    result |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    result = {**STALLED, **result}
    config = [
        ("advice.detachedHead", "false"),
        ("core.fsmonitor", "false"),  # it would leave a process behind for each checkout
        ("core.hooksPath", os.devnull),  # a user's own hooks are not for what we check out
        ("submodule.recurse", "false"),
        ("gc.auto", "0"),  # it would go on in the background, past our lock
        ("maintenance.auto", "false"),
        *options,
    ]
    if url is not None:
        config += [(f"remote.{REMOTE}.url", url.clone_url), *_credentials(url)]
        if lazy:
            config += [(f"remote.{REMOTE}.promisor", "true"), (f"remote.{REMOTE}.partialclonefilter", "blob:none")]
        if url.credentials.password is not None:
            result[USERNAME] = url.credentials.username or DEFAULT_USERNAME
            result[PASSWORD] = url.credentials.password
    if ssh_command is not None:
        result["GIT_SSH_COMMAND"] = ssh_command
    count = int(base["GIT_CONFIG_COUNT"]) if base.get("GIT_CONFIG_COUNT", "").isdigit() else 0
    for number, (key, value) in enumerate(config, start=count):
        result[f"GIT_CONFIG_KEY_{number}"] = key
        result[f"GIT_CONFIG_VALUE_{number}"] = value
    result["GIT_CONFIG_COUNT"] = str(count + len(config))
    return result


def _credentials(url: giturl.GitUrl) -> list[tuple[str, str]]:
    if url.scheme in giturl.SSH:
        return []
    if url.credentials.password is not None:
        # the empty one first: it takes away the user's helpers, whose answer would come before ours
        return [(f"credential.{url.server}.helper", ""), (f"credential.{url.server}.helper", HELPER)]
    if url.credentials.username:
        return [(f"credential.{url.server}.username", url.credentials.username)]
    return []


class Git:
    """The git program, with the environment, the logging and the redaction of one run."""

    def __init__(
        self,
        *,
        secrets: Secrets | None = None,
        runner: Callable[..., process.Completed] = process.run,
        base: Mapping[str, str] | None = None,
    ) -> None:
        """Take ``base`` as the environment git inherits; ours, as it is at each call, if there is none."""
        self.secrets = secrets
        self._runner = runner
        self._base = base
        self._ssh: list[str | None] = []
        self._checked = False

    def run(
        self,
        *args: str | Path,
        url: giturl.GitUrl | None = None,
        git_dir: Path | None = None,
        work_tree: Path | None = None,
        objects: Path | None = None,
        cwd: Path | None = None,
        lazy: bool = False,
        options: Iterable[tuple[str, str]] = (),
    ) -> process.Completed:
        """Run git and return what came of it, whatever its exit code.

        Its output goes to ``kubernator.repository.git``: stdout at DEBUG, stderr at INFO. Raises `errors.SourceError`
        if there is no git.
        """
        ssh = self._ssh_command() if url is not None and url.scheme in giturl.SSH else None
        env = environment(self._inherited, url=url, ssh_command=ssh, lazy=lazy, options=options)
        for name, path in (("GIT_DIR", git_dir), ("GIT_WORK_TREE", work_tree), ("GIT_OBJECT_DIRECTORY", objects)):
            if path is not None:
                env[name] = str(path)
        if git_dir is None and cwd is not None:
            env["GIT_CEILING_DIRECTORIES"] = str(cwd.parent)  # a repository around the cache is none of our business
        return self._run(["git", *map(str, args)], env=env, cwd=cwd)

    def require(self) -> None:
        """Raise `errors.SourceError` unless there is a git that is new enough."""
        if self._checked:
            return
        said = self._run(["git", "version"], env=environment(self._inherited)).stdout
        found = re.search(r"(\d+)\.(\d+)", said)
        if found and (int(found[1]), int(found[2])) < OLDEST:
            raise errors.SourceError(
                f"git {found[0]} is too old for remote directories",
                hint=f"install git {'.'.join(map(str, OLDEST))} or newer",
            )
        self._checked = True

    @property
    def large_files(self) -> bool:
        """Whether git can put the files of Git LFS in the place of their pointers: git-lfs is there, and is wanted."""
        skip = self._inherited.get("GIT_LFS_SKIP_SMUDGE", "").lower() not in {"", "0", "f", "false"}
        return not skip and shutil.which("git-lfs", path=self._inherited.get("PATH")) is not None

    def large_file_options(self, storage: Path | None = None) -> list[tuple[str, str]]:
        """Return the configuration with which git does so, keeping the files in ``storage``; else nothing."""
        if not self.large_files:
            return []
        return [*LFS, *([("lfs.storage", str(storage))] if storage else [])]

    @property
    def _inherited(self) -> Mapping[str, str]:
        return os.environ if self._base is None else self._base

    def error(self, url: giturl.GitUrl, completed: process.Completed) -> errors.SourceError:
        """Put a failure into words."""
        return gittrouble.source_error(url, completed.stderr, secrets=self.secrets)

    def _run(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | None = None) -> process.Completed:
        try:
            return self._runner(
                argv,
                cwd=cwd,
                env=env,
                check=False,
                secrets=self.secrets,
                on_stdout=lambda line: self._log(logging.DEBUG, line),
                on_stderr=lambda line: self._log(logging.INFO, line),
            )
        except errors.ToolNotFound as error:
            raise errors.SourceError(
                f"remote directories need `git`: {error.title}",
                hint="install git, for instance with `apt install git` or `brew install git`",
            ) from error
        except errors.ToolError as error:
            raise errors.SourceError(error.title, detail=error.detail, hint=error.hint) from error

    def _log(self, level: int, line: str) -> None:
        if line.strip() and _logger.isEnabledFor(level):
            _logger.log(level, "%s", self.secrets.redact(line) if self.secrets else line)

    def _ssh_command(self) -> str | None:
        """Return what to set as ``GIT_SSH_COMMAND``: nothing where the user chose an ssh."""
        if not self._ssh:
            base = self._inherited
            chosen = base.get("GIT_SSH_COMMAND") or base.get("GIT_SSH")
            if not chosen:
                chosen = self._run(["git", "config", "--get", "core.sshCommand"], env=environment(base)).stdout.strip()
            self._ssh.append(None if chosen else SSH_COMMAND)
        return self._ssh[0]
