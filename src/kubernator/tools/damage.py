"""Looking for damage in the cache: what is there is compared with the checksums it came with.

Programs by the checksums that were kept beside them, repositories by git itself, schemas by that of their compression.
The other parts hold nothing that could be told from damage; they are small, and asked for again when they cannot be
read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kubernator.tools import git, process, store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernator.tools.cache import Cache

__all__ = ["PARTS", "Checked", "check"]

PARTS: Final = ("bin", "git", "controlplane", "schemas")
"""The parts of the cache that can be verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One thing that was looked at; ``damage`` says what is wrong with it, a line each."""

    part: str
    name: str
    damage: tuple[str, ...] = ()


def check(cache: Cache, part: str) -> Iterator[Checked]:
    """Look at everything in a part, as far as it can be verified."""
    match part:
        case "bin":
            yield from _programs(cache)
        case "git":
            yield from _repositories(cache)
        case "controlplane":
            # sets that were built have none
            noted = {path.parent for path in (cache.root / part).glob(f"*/{store.NOTES}")}
            for directory in sorted(noted):
                yield Checked(part=part, name=directory.name, damage=tuple(store.noted_damage(directory)))
        case "schemas":
            yield from map(_schemas, sorted((cache.root / part).glob("*.json.z")))


def _programs(cache: Cache) -> Iterator[Checked]:
    programs = store.Store(cache)
    for stored in programs.all():
        name = f"{stored.name} {stored.version}"
        yield Checked(part="bin", name=name, damage=tuple(programs.damage(stored)))
    for path in programs.strangers():
        yield Checked(
            part="bin", name=f"{path.parent.name} {path.name}", damage=(f"`{path}` has no checksums and is not used",)
        )


def _repositories(cache: Cache) -> Iterator[Checked]:
    for home in sorted((cache.root / "git").glob("*/")):
        with cache.locked(f"git-{home.name}"):
            for mirror in (home / "mirror", home / "partial"):
                if mirror.is_dir():
                    yield Checked(part="git", name=f"{home.name}/{mirror.name}", damage=_fsck(mirror))


def _schemas(path: Path) -> Checked:
    import json  # noqa: PLC0415 - only for this part
    import zlib  # noqa: PLC0415 - the same

    try:
        name = str(json.loads(zlib.decompress(path.read_bytes()))["of"])
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return Checked(part="schemas", name=path.name, damage=(f"`{path}` cannot be read, and is asked for again",))
    return Checked(part="schemas", name=name)


def _fsck(mirror: Path) -> tuple[str, ...]:
    # what was left out of a partial mirror on purpose is missing only where the remote has not promised it
    promised = ["-c", f"remote.{git.REMOTE}.promisor=true", "-c", f"remote.{git.REMOTE}.url={os.devnull}"]
    env = {**git.environment(os.environ), "GIT_DIR": str(mirror)}
    said = process.run(["git", *promised, "fsck", "--no-dangling", "--no-progress"], env=env, check=False)
    if not said.code:
        return ()
    lines = [line.strip() for line in (said.stderr + said.stdout).splitlines()]
    wrong = [line for line in lines if line and not line.startswith("notice:")]
    return (f"`{mirror}` is damaged; git says:", *(wrong or [f"exit code {said.code}"]))
