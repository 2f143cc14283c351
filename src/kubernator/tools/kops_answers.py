"""What kops answers, as it prints it. Pure; written for kOps 1.26 and newer, run with 1.36.

Where a text is not what is expected nothing is guessed: `errors.ToolError` says so.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "FieldProblem",
    "Preview",
    "field_name",
    "field_problems",
    "log_line",
    "needing_update",
    "no_certificate",
    "no_cluster",
    "objects",
    "public_keys",
    "read_preview",
    "said",
]


def objects(text: str) -> list[dict[str, Any]]:
    """Return the objects that ``get`` printed."""
    found = _json(text, "kops get all")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise errors.ToolError("`kops get all` answered with something else than a list of objects")
    return found


def public_keys(text: str) -> list[str]:
    """Return the keys that ``get sshpublickeys`` printed; it prints ``null`` where there are none."""
    found = _json(text, "kops get sshpublickeys") or []
    try:
        return [str(item["publicKey"]).strip() for item in found]
    except (KeyError, TypeError):
        raise errors.ToolError("`kops get sshpublickeys` answered with something else than keys") from None


def _json(text: str, command: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise errors.ToolError(
            f"`{command}` answered with something else than JSON: {error}",
            detail=[("output", text.strip()[:_SHOWN] or "nothing")],
        ) from None


_SHOWN: Final = 200

#: How klog begins a line: the level and the day, the time, the process, and the place in the source.
_KLOG: Final = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [^ \]]+\] ?")

_LEVELS: Final = {"I": logging.DEBUG, "W": logging.WARNING, "E": logging.ERROR, "F": logging.ERROR}


def log_line(line: str) -> tuple[int, str]:
    """Return the level of a line of stderr, and its text without klog's beginning; other lines are DEBUG."""
    found = _KLOG.match(line)
    if found is None:
        return logging.DEBUG, line
    return _LEVELS[found[1]], line[found.end() :]


def said(stderr: str) -> str:
    """Return what kops says is wrong: what follows the last ``Error:``, else the last lines that are no log."""
    plain = "\n".join(line for line in stderr.splitlines() if not _KLOG.match(line)).strip()
    _, mark, text = plain.rpartition("Error: ")
    return (text if mark else plain).strip()


_NO_CLUSTER: Final = re.compile(
    r'clusters?(?:\.kops\.k8s\.io)? (?:"(?P<name>[^"]*)" )?not found(?: "(?P<other>.*)")?', re.IGNORECASE
)


def no_cluster(stderr: str, name: str) -> bool:
    """Say whether kops failed because the cluster is not in the state store."""
    found = _NO_CLUSTER.search(said(stderr))
    return found is not None and name in {found["name"], found["other"]}


def no_certificate(stderr: str) -> bool:
    """Say whether kops failed because the cluster has no certificate authority: nothing was made of it yet."""
    return "cannot find CA certificate" in said(stderr)


# --- problems with a spec ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One problem, and the field it is about; an empty path where kops names none."""

    path: tuple[str | int, ...]
    message: str

    @property
    def field(self) -> str:
        """The field as kops writes it."""
        return field_name(self.path)


def field_name(path: Sequence[str | int]) -> str:
    """Return a field as kops writes it: ``spec.subnets[0].zone``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


#: The kinds of problems of k8s.io/apimachinery/pkg/util/validation/field, as they follow the name of the field.
_KINDS: Final = (
    "Required value|Invalid value|Unsupported value|Forbidden|Duplicate value|Not found|Too long|Too many|Too few"
    "|Internal error"
)
_PROBLEM: Final = re.compile(
    rf"(?P<field>[A-Za-z][\w.\[\]\"/-]*): (?P<text>(?:{_KINDS}).*?)(?=, [A-Za-z][\w.\[\]\"/-]*: (?:{_KINDS})|\]?\Z)",
    re.DOTALL,
)
_STEP: Final = re.compile(r"\[(\d+)\]|\[\"?([^\]\"]*)\"?\]|([^.\[\]]+)")


#: How Go says that a value has another type than its field.
_TYPE: Final = re.compile(
    r"json: (?P<text>cannot unmarshal \S+) into Go struct field \w+\.(?P<field>\S+) of (?P<type>.*)"
)

#: The file is one of ours.
_FILE: Final = re.compile(r'error parsing file "[^"]*": ')


def field_problems(text: str) -> list[FieldProblem]:
    """Split what kops says about a spec into its problems; one without a field when it names none."""
    text = _FILE.sub("", text)
    if match := _TYPE.fullmatch(text):
        return [FieldProblem(_path(match["field"]), f"{match['text']} as {match['type']}")]
    found = [FieldProblem(_path(match["field"]), _lower(match["text"])) for match in _PROBLEM.finditer(text)]
    return found or [FieldProblem((), text)]


def _path(field: str) -> tuple[str | int, ...]:
    return tuple(int(number) if number else key or name for number, key, name in _STEP.findall(field))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


# --- what would be done -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What ``update cluster`` would do to the cloud.

    ``creates`` and ``deletes`` are names, ``modifies`` maps a name to its lines of fields. ``leftovers`` are deleted
    with ``--prune`` only, so they are no reason to update.
    """

    creates: tuple[str, ...] = ()
    modifies: Mapping[str, tuple[str, ...]]
    deletes: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.creates or self.modifies or self.deletes)


_SECTIONS: Final = {
    "Will create resources:": "creates",
    "Will modify resources:": "modifies",
    "Items will be deleted only when the --prune flag is specified:": "leftovers",
    "Items will be deleted during update:": "deletes",
}
_CHANGES: Final = "Must specify --yes to apply changes"
_NO_CHANGES: Final = "No changes need to be applied"


def read_preview(stdout: str) -> Preview:
    """Read what ``update cluster`` printed. Raises `errors.ToolError` when it did not come to an end."""
    found: dict[str, dict[str, list[str]]] = {section: {} for section in _SECTIONS.values()}
    section: str | None = None
    name = ""
    for line in stdout.splitlines():
        if line in _SECTIONS:
            section = _SECTIONS[line]
        elif section and line.startswith("  \t") and name:
            found[section][name].append(" ".join(line.split()))
        elif section and line.startswith("  ") and line.strip():
            name = " ".join(line.split())
            found[section][name] = []
    if _NO_CHANGES not in stdout and _CHANGES not in stdout:
        raise errors.ToolError(
            "`kops update cluster` did not say whether there are changes",
            detail=[("output", stdout.strip()[-_SHOWN:] or "nothing")],
        )
    return Preview(
        creates=tuple(found["creates"]),
        modifies={task: tuple(lines) for task, lines in found["modifies"].items()},
        deletes=tuple(found["deletes"]),
        leftovers=tuple(found["leftovers"]),
    )


_NO_ROLLING: Final = "No rolling-update required."
_ROLLING: Final = "Must specify --yes to rolling-update."


def needing_update(stdout: str) -> dict[str, int]:
    """Return the instance groups with instances that need to be replaced, and how many, as ``rolling-update`` prints.

    Raises `errors.ToolError` when it did not come to an end.
    """
    if _NO_ROLLING in stdout:
        return {}
    rows = [line.split() for line in stdout.splitlines() if line.strip()]
    header: Sequence[str] = next((row for row in rows if row[:1] == ["NAME"] and "NEEDUPDATE" in row), ())
    if not header or _ROLLING not in stdout:
        raise errors.ToolError(
            "`kops rolling-update cluster` did not say whether instances need to be replaced",
            detail=[("output", stdout.strip()[-_SHOWN:] or "nothing")],
        )
    column = header.index("NEEDUPDATE")
    groups = {row[0]: row[column] for row in rows if row != header and len(row) == len(header)}
    return {group: int(number) for group, number in groups.items() if number.isdigit() and number != "0"}
