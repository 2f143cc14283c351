"""What Terraform's and OpenTofu's complaints come to: what is wrong in a directory, and what helps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kubernator.tools import terraform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.tools.terraform import Complaint, Lock

__all__ = ["Trouble", "short", "telling", "trouble"]

#: What a complaint begins with, its summary and the block it is about in a line, and what helps. Terragrunt has options
#: of its own, so this is not for it. `{program}` is the name of the program.
_HINTS: Final = {
    "Backend initialization required|Backend configuration changed|Initial configuration of the requested backend": (
        "the directory is not initialised for this backend; leave `init=` of the plugin away, or run `{program} init` "
        "there"
    ),
    "Failed to (?:query available|resolve) provider packages|Failed to install provider": (
        'outputs are read without providers: where the directory is initialised already, `init="needed"` of the plugin '
        "spares fetching them; else their registry must be reachable"
    ),
    "Required plugins are not installed|Inconsistent dependency lock file|Provider dependency changes detected": (
        "run `{program} init` there, and commit `.terraform.lock.hcl`"
    ),
    "Unsupported (?:Terraform|OpenTofu) Core version": "choose another program with `version=` of the plugin",
    "(?s:.*)Unsupported state file format": (
        "the state was written by a newer program, which `version=` of the plugin chooses, or it is damaged"
    ),
    "Module not installed|Module source has changed": "run `{program} init` there",
    "(?i:missing) .*, in terraform\n": (
        'what the backend lacks can be given with `init_args=` of the plugin, as `["-backend-config=FILE"]`, or in '
        "`TF_CLI_ARGS_init`"
    ),
    "Failed to get existing workspaces|Error (?:refreshing|loading) state|Failed to load state": (
        "the state cannot be read: look at the credentials for the backend, and whether it can be reached from here"
    ),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong. ``file`` and ``line`` are where the program says so; ``locked`` is who holds the state's lock."""

    title: str
    detail: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    file: str = ""
    line: int = 0
    locked: Lock | None = None


def trouble(found: Sequence[Complaint], *, program: str, verb: str, directory: str, code: int, rest: str) -> Trouble:
    """Put the complaints of one run into words.

    ``verb`` is what the program was asked for, ``rest`` what it wrote to its error output, for where it did not
    complain in its usual form.
    """
    for each in found:
        held = terraform.lock(each.detail)
        if held is not None:
            return _locked(held, program=program, directory=directory)
    if not found:
        said = [("output", "\n".join(rest.strip().splitlines()[-20:]))] if rest.strip() else []
        return Trouble(
            f"`{program} {verb}` failed in `{directory}`", (*_ended(code), *said), "run it there to see what it says"
        )
    first, *others = telling(found)
    detail = [("says", first.detail)] if first.detail else []
    detail += [("also", short(each)) for each in others]
    return Trouble(
        f"`{program} {verb}` failed in `{directory}`: {_lower(first.summary)}",
        tuple(detail),
        _hint([first, *others], program),
        first.file,
        first.line,
    )


def telling(found: Sequence[Complaint]) -> list[Complaint]:
    """Return the complaints without the one in front that says only that others follow."""
    return [each for each in found if "encountered problems during init" not in each.summary] or list(found)


def _locked(held: Lock, *, program: str, directory: str) -> Trouble:
    by = f" by `{held.who}`" if held.who else ""
    since = f" since {held.created}" if held.created else ""
    purpose = f" for `{held.operation}`" if held.operation else ""
    again = f", then `{program} force-unlock {held.id}` there" if held.id else ""
    return Trouble(
        f"the state of `{directory}` is locked{by}{since}{purpose}",
        tuple((label, text) for label, text in (("lock", held.id), ("of", held.path)) if text),
        f"wait until that is over; if whoever held it is gone, make sure of it{again}",
        locked=held,
    )


def _hint(found: Sequence[Complaint], program: str) -> str:
    for each in found if program in terraform.PROGRAMS else ():
        for pattern, hint in _HINTS.items():
            if re.match(pattern, f"{each.summary}, in {each.inside}\n{each.detail}"):
                return hint.replace("{program}", program)
    return ""


def short(complaint: Complaint) -> str:
    """Return a complaint in one line."""
    place = f"{complaint.file}:{complaint.line}: " if complaint.file else ""
    return f"{place}{_lower(complaint.summary)}"


def _lower(summary: str) -> str:
    """Begin with a small letter, unless the first word is a name or in capitals, and drop what ends it."""
    first, *_ = summary.split(" ", 1)
    plain = first[1:].islower() and first not in {"Terraform", "OpenTofu", "Kubernetes"}
    return (summary[0].lower() + summary[1:] if plain else summary).rstrip(".:")


def _ended(code: int) -> list[tuple[str, str]]:
    return [("exit code", str(code))] if code > 0 else [("ended by", f"signal {-code}")]
