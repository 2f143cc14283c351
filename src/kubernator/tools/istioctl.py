"""What istioctl is told and what its answers mean: versions, and which of its actions leads from one to the other."""

from __future__ import annotations

import json
import logging
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["Action", "Version", "command", "decide", "highest", "image_version", "level", "parse", "versions"]

WITHOUT_OPERATOR: Final = (1, 24)
"""Since this version Istio has no operator in the cluster: ``istioctl install`` is what installs."""

_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-.](?!\d)(.+))?")
_PIECE: Final = re.compile(r"\d+|[a-z]+")
_WORD: Final = re.compile(r"[a-zA-Z]{3}")
_BUILD: Final = re.compile(r"-[0-9a-f]{7,40}(?:-(?:Clean|Modified))?$|-(?:distroless|debug)$", re.IGNORECASE)


class Action(StrEnum):
    """What istioctl does to a mesh."""

    INIT = "operator init"
    INSTALL = "install"
    UPGRADE = "upgrade"
    AGAIN = "install again"
    """The version is there already; what changed of the wanted objects is written."""


class Version(NamedTuple):
    """A version of Istio, ordered as semantic versions are: a pre-release comes before its release."""

    numbers: tuple[int, int, int]
    released: bool
    pre: tuple[tuple[int, int, str], ...]
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def operated(self) -> bool:
        """Whether this version installs through an operator in the cluster."""
        return self.numbers[:2] < WITHOUT_OPERATOR


def parse(text: str) -> Version | None:
    """Read ``1.29.1``, ``1.25.0-rc.1``, ``1.31-alpha``, with or without ``v`` and the commit of a build; or None."""
    plain = _BUILD.sub("", text.strip())
    found = _VERSION.fullmatch(plain)
    if found is None:
        return None
    major, minor, patch, pre = found.groups()
    pieces = tuple(
        (0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in _PIECE.findall((pre or "").lower())
    )
    return Version((int(major), int(minor), int(patch or 0)), not pre, pieces, plain.removeprefix("v"))


def versions(said: str) -> tuple[str, list[str], dict[str, Any]]:
    """Read ``istioctl version -o json``: the client's version, those of the mesh's control planes, and all of it.

    Raises `errors.ToolError` when it is not that.
    """
    start = said.find("{")  # with nothing installed, a sentence comes first
    try:
        parsed: dict[str, Any] = json.loads(said[max(start, 0) :])
        client = parsed["clientVersion"]["version"]
        mesh = [
            entry["Info"]["version"]
            for entry in parsed.get("meshVersion") or []
            if entry.get("Component", "pilot") == "pilot"
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.ToolError(
            "`istioctl version -o json` does not answer what is expected", detail=[("said", said.strip()[:500])]
        ) from error
    return str(client), [str(version) for version in mesh], parsed


def level(line: str) -> int:
    """Return the log level of a line of an installation: istioctl draws a ship out of signs before it says anything."""
    return logging.INFO if _WORD.search(line) else logging.DEBUG


def image_version(image: str) -> str:
    """Return the version that the tag of an image of istiod says, or nothing: ``registry/pilot:1.29.1-distroless``."""
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    return tag if parse(tag) else ""


def highest(texts: Iterable[str]) -> Version | None:
    """Return the highest of the versions that can be read, or None."""
    return max((found for text in texts if (found := parse(text))), default=None)


def decide(client: Version, mesh: Version | None) -> Action:
    """Return what leads from the mesh that is there, if any, to the client's version.

    Raises `errors.ToolError`, which is a ValueError too, when a mesh without operator would get one.
    """
    if mesh is None:
        return Action.INIT if client.operated else Action.INSTALL
    if client.operated and not mesh.operated:
        raise Downgrade(
            f"Istio {mesh} cannot be replaced by {client}: versions before 1.24 need an operator, later ones have none",
            hint=f"register the plugin with a version from 1.24 on, `version={mesh.text!r}` for the one that is there",
        )
    if client[:3] == mesh[:3]:
        return Action.AGAIN
    return Action.INIT if client.operated else Action.UPGRADE


class Downgrade(errors.ToolError, ValueError):
    """The mesh cannot be brought to the client's version."""


def command(action: Action, file: Path, *, dry_run: bool = False) -> Sequence[str]:
    """Return the arguments that carry an action out, for a file that holds one operator."""
    match action:
        case Action.INIT:
            return ("operator", "init", "-f", str(file), *(["--dry-run"] if dry_run else []))
        case Action.UPGRADE:
            return ("upgrade", "-f", str(file), "-y", *(["--dry-run"] if dry_run else ["--verify"]))
        case _:
            return ("install", "-f", str(file), "-y", *(["--dry-run"] if dry_run else ["--verify"]))
