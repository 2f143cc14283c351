"""Terragrunt: what it is told, by its version, and what it answers. Nothing here runs anything.

Up to 0.72 it is ``run-all`` and ``TERRAGRUNT_…`` in the environment, from 0.73 on ``run --all`` and ``TG_…``. Source:
Terragrunt, *CLI Redesign*.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kubernator.tools import terraform
from kubernator.tools.terraform import Complaint

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VERSION", "Failure", "environment", "everywhere", "failures", "version"]

VERSION: Final = ("--version",)

_REDESIGNED: Final = (0, 73)

_NUMBER: Final = re.compile(r"v?(\d+)\.(\d+)\.(\d+)\S*")


def version(text: str) -> str:
    """Return the version from what ``--version`` says; empty when it says none, as a build of one's own may."""
    found = _NUMBER.search(text)
    return found[0].removeprefix("v") if found else ""


def everywhere(version: str, args: Sequence[str]) -> list[str]:
    """Return the arguments that run something in every unit below; an unknown version is taken for a new one."""
    return ["run", "--all", "--", *args] if _is_new(version) else ["run-all", *args]


def environment(version: str, *, one_by_one: bool, program: str = "", downloads: str = "") -> dict[str, str]:
    """Return what is set in the environment.

    ``one_by_one`` runs units one after the other: dependencies first, then by name, which is the only way to have their
    answers in an order and not mixed up. ``program`` is Terraform's or OpenTofu's, ``downloads`` a directory in place
    of the ``.terragrunt-cache`` in each unit; without them it is what Terragrunt itself takes.
    """
    new = _is_new(version)
    wanted = [
        ("TG_NO_COLOR", "TERRAGRUNT_NO_COLOR", "true"),
        ("TG_TF_FORWARD_STDOUT", "TERRAGRUNT_FORWARD_TF_STDOUT", "true"),
        ("TG_PARALLELISM", "TERRAGRUNT_PARALLELISM", "1" if one_by_one else ""),
        ("TG_TF_PATH", "TERRAGRUNT_TFPATH", program),
        ("TG_DOWNLOAD_DIR", "TERRAGRUNT_DOWNLOAD", downloads),
    ]
    said = {(name if new else old): value for name, old, value in wanted if value}
    return {**terraform.ENVIRONMENT, **said}


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in one unit, empty where it is not told which: Terraform's complaints, else Terragrunt's own."""

    unit: str
    complaints: tuple[Complaint, ...]


_RECORD: Final = re.compile(r"^\d\d:\d\d:\d\d\.\d+ (\w+) +", re.MULTILINE)
_UNIT: Final = re.compile(r" in (\S+?)(?:/\.terragrunt-cache/\S*)?$")
_HCL: Final = re.compile(r"(/.+?):(\d+),[\d-]+: ([^;]+); (.+)")


def failures(stderr: str) -> list[Failure]:
    """Return what Terragrunt says in the end about what failed; nothing where it has another format of the log."""
    records = list(_RECORD.finditer(stderr))
    if not records or records[-1][1] != "ERROR":
        return []
    said = stderr[records[-1].end() :].strip()
    first, *items = re.split(r"^\* ", said, flags=re.MULTILINE)
    return [_failure(item) for item in items or [first]]


def _failure(item: str) -> Failure:
    head, _, rest = item.partition("\n")
    rest = re.sub(r"^  ", "", rest, flags=re.MULTILINE).strip().removesuffix("exit status 1").strip()
    if found := terraform.complaints(rest):
        unit = _UNIT.search(head)
        return Failure(unit[1].removeprefix("./") if unit else "", tuple(found))
    if place := _HCL.match(head):
        return Failure("", (Complaint(place[3], place[4], place[1], int(place[2])),))
    summary, stop, more = head.strip().partition(". ")
    return Failure("", (Complaint(summary, f"{more}\n{rest}".strip() if stop else rest),))


def _is_new(version: str) -> bool:
    found = _NUMBER.match(version)
    return found is None or (int(found[1]), int(found[2])) >= _REDESIGNED
