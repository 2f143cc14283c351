"""Terraform and OpenTofu: what they are told, and what they answer. Nothing here runs anything.

Both programs take the same arguments and answer the same JSON. What `output -json` says holds sensitive values in the
clear, so text from it is never put into a message.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "ENVIRONMENT",
    "OUTPUT",
    "PROGRAMS",
    "VERSION",
    "Complaint",
    "Lock",
    "Output",
    "complaints",
    "declared",
    "decode",
    "init",
    "leaves",
    "lock",
    "outputs",
    "shares_plugin_cache",
    "version",
    "warnings",
]

#: Names of the programs, in the order in which they are looked for.
PROGRAMS: Final = ("terraform", "tofu")

#: Nobody is there to answer; no hints about commands; no question to the maker about newer versions.
ENVIRONMENT: Final = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}

VERSION: Final = ("version", "-json")
OUTPUT: Final = ("output", "-json", "-no-color")


def init(extra: Sequence[str] = (), *, keep_lockfile: bool = False) -> list[str]:
    """Return the arguments that prepare a directory: its backend as its files say, providers as they are locked.

    ``extra`` comes last, so that it wins. With ``keep_lockfile`` the lock file is read and never written.
    """
    lockfile = ["-lockfile=readonly"] if keep_lockfile else []
    return ["init", "-reconfigure", "-input=false", "-upgrade=false", "-no-color", *lockfile, *extra]


def version(text: str) -> str:
    """Return the version from what ``version -json`` says, or from the plain words of old; empty for neither."""
    try:
        found = json.loads(text)
    except ValueError:
        words = re.search(r"^(?:Terraform|OpenTofu) v(\S+)", text, re.MULTILINE)
        return words[1] if words else ""
    said = found.get("terraform_version") if isinstance(found, dict) else None
    return said if isinstance(said, str) else ""


@dataclass(frozen=True, slots=True)
class Output:
    """One output value."""

    value: Any
    sensitive: bool


def decode(text: str) -> list[Any]:
    """Return the JSON values of a text that has any number of them, one after the other. Raises ValueError.

    The message says where, in line and column, and nothing of the text, which may hold secrets.
    """
    decoder = json.JSONDecoder()
    values: list[Any] = []
    at = _blank(text, 0)
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError as error:
            place = getattr(error, "pos", at)
            line, column = text.count("\n", 0, place) + 1, place - (text.rfind("\n", 0, place) + 1) + 1
            raise ValueError(f"no JSON at line {line}, column {column}") from None
        values.append(value)
        at = _blank(text, at)
    return values


def outputs(document: Any) -> dict[str, Output]:
    """Return the outputs of one directory, by name, from the object that ``output -json`` prints. Raises ValueError."""
    if not isinstance(document, dict):
        raise ValueError("not an object of outputs")  # noqa: TRY004 - the same as for text that is no JSON
    found: dict[str, Output] = {}
    for name, described in document.items():
        if not isinstance(described, dict) or "value" not in described:
            raise ValueError(f"output `{name}` has no value")
        # a program that does not say is taken for the cautious one
        found[name] = Output(described["value"], sensitive=described.get("sensitive", True) is not False)
    return found


def leaves(value: Any) -> Iterator[str]:
    """Yield what is to be kept secret of a sensitive value: every string and number in it, as text."""
    match value:
        case dict():
            for item in value.values():
                yield from leaves(item)
        case list():
            for item in value:
                yield from leaves(item)
        case None | bool():
            return
        case _:
            yield str(value)


def declared(text: str) -> dict[str, int]:
    """Return the outputs that a ``*.tf`` file declares, each with its line; good enough for a message."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r'\s*output\s+"?([\w-]+)"?\s*\{', line):
            found.setdefault(match[1], number)
    return found


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error in the program's words: a line, an explanation, and the place it names; line 0 and no file for none.

    ``inside`` is the block that the place is in, as ``output "x"``.
    """

    summary: str
    detail: str = ""
    file: str = ""
    line: int = 0
    inside: str = ""


_START: Final = re.compile(r"^(Error|Warning): (.+)$")
_PLACE: Final = re.compile(r"^  (?:on|with .*, on) (.+?) line (\d+)(?:, in (.*))?:$")
_SOURCE: Final = re.compile(r"^ +\d*: ")
_NO_WORDS: Final = re.compile(r"$|  |- |Lock Info:")
_FRAME: Final = re.compile(r"^[╷╵│|] ?")
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


def complaints(stderr: str) -> list[Complaint]:
    """Return the errors in what the program wrote to its error output; warnings and other talk are left out."""
    return _blocks(stderr, "Error")


def warnings(stderr: str) -> list[Complaint]:
    """Return the warnings in what the program wrote to its error output."""
    return _blocks(stderr, "Warning")


def _blocks(stderr: str, kind: str) -> list[Complaint]:
    found: list[Complaint] = []
    block: list[str] | None = None
    for raw in [*_COLOUR.sub("", stderr).splitlines(), "Error: the end"]:
        line = _FRAME.sub("", raw).rstrip()
        if start := _START.match(line):
            if block is not None:
                found.append(_complaint(block))
            block = [start[2]] if start[1] == kind else None
        elif block is not None:
            block.append(line)
    return found


def _complaint(block: list[str]) -> Complaint:
    summary, *rest = block
    while rest and not _NO_WORDS.match(rest[0]):  # a long summary is wrapped
        summary += f" {rest.pop(0).strip()}"
    file, line, inside = "", 0, ""
    said: list[str] = []
    for each in rest:
        if not file and (place := _PLACE.match(each)):
            file, line, inside = place[1], int(place[2]), place[3] or ""
        elif not (file and _SOURCE.match(each)):
            said.append(each)
    return Complaint(summary, "\n".join(said).strip(), file, line, inside)


@dataclass(frozen=True, slots=True)
class Lock:
    """Who holds the lock of a state. Empty where the program does not say."""

    id: str = ""
    who: str = ""
    created: str = ""
    operation: str = ""
    path: str = ""


def lock(detail: str) -> Lock | None:
    """Return what a complaint says about the lock that is held, or None when it says nothing of one."""
    _, heading, after = detail.partition("Lock Info:")
    if not heading:
        return None
    said = dict(re.findall(r"^ +(\w+): +(\S.*)$", after, re.MULTILINE))
    return Lock(
        id=said.get("ID", ""),
        who=said.get("Who", ""),
        created=re.sub(r"(\d)\.\d+ ", r"\1 ", said.get("Created", "")),
        operation=said.get("Operation", "").removeprefix("OperationType").lower(),
        path=said.get("Path", ""),
    )


def shares_plugin_cache(environment: Mapping[str, str], configuration: str) -> bool:
    """Say whether directories share a cache of providers, which is not safe for several ``init`` at once.

    ``configuration`` is the text of the program's own configuration file. Source: Terraform, *CLI Configuration File*,
    "Provider Plugin Cache".
    """
    return bool(environment.get("TF_PLUGIN_CACHE_DIR")) or bool(
        re.search(r"^\s*plugin_cache_dir\s*=", configuration, re.MULTILINE)
    )


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
