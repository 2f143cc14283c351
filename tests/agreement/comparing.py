"""One object before both judges: whether they say the same, of the same field, and whether our line is right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from agreement.places import located

if TYPE_CHECKING:
    from agreement.mutator import Path
    from agreement.ours import Finding
    from agreement.server import Answer
    from agreement.writing import Written

__all__ = ["WHOLE", "WRONG", "Case", "Result", "Verdict", "compared"]

#: What the server calls an object as a whole.
WHOLE: Final = "[]"


@dataclass(frozen=True, slots=True)
class Case:
    """An object that is shown to both: ``name`` says what was done to it, ``path`` where."""

    name: str
    kind: str
    manifest: dict[str, Any]
    path: Path = ()
    again: bool = False


class Verdict(StrEnum):
    """How the two judges stand to each other.

    ``missed`` is refused by the server only, ``false`` by us only. ``nearer`` is refused by both, and we name a part of
    the field that the server names as a whole. ``elsewhere`` is refused by both, but no field that the server names is
    among ours. ``misplaced`` names the right field and the wrong line. ``besides`` is refused by
    both, and we name fields as well in which the server, which looked at all of them, finds nothing.
    """

    VALID = "valid"
    REFUSED = "refused"
    NEARER = "nearer"
    MISSED = "missed"
    FALSE = "false"
    ELSEWHERE = "elsewhere"
    MISPLACED = "misplaced"
    BESIDES = "besides"


#: What must not be, whatever the reason.
WRONG: Final = frozenset({Verdict.FALSE, Verdict.MISPLACED, Verdict.BESIDES})


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case; ``said`` are the words of the one who refused, or of both."""

    case: Case
    verdict: Verdict
    said: str = ""

    def __str__(self) -> str:
        return f"{self.case.kind}: {self.case.name}: {self.said}"


def compared(case: Case, written: Written, answer: Answer, findings: list[Finding]) -> Result:
    """Compare what the server and we say of one object."""
    ours = "; ".join(f"{found.field or found.code}@{found.place[0]}: {found.message}" for found in findings)
    if not answer.refused:
        return Result(case, Verdict.FALSE if findings else Verdict.VALID, ours)
    if not findings:
        return Result(case, Verdict.MISSED, f"{answer.status} {answer.message}")
    said = f"{answer.status} {answer.message} {list(answer.fields)} / ours: {ours}"
    wrong = [found for found in findings if found.field and found.place != _place(found, case, written)]
    if wrong or (case.again and written.again not in {found.place for found in findings}):
        return Result(case, Verdict.MISPLACED, said)
    verdict = _of_fields(case, answer, findings)
    if verdict is not Verdict.ELSEWHERE and answer.complete and _besides(case, answer, findings):
        verdict = Verdict.BESIDES
    return Result(case, verdict, said)


def _place(found: Finding, case: Case, written: Written) -> tuple[int, int]:
    return written.place(located(found.field, case.manifest)[0])


def _of_fields(case: Case, answer: Answer, findings: list[Finding]) -> Verdict:
    """Say how our fields stand to the server's; where it names none, they must be where the change was."""
    if case.again:
        return Verdict.REFUSED
    ours = [located(found.field, case.manifest) for found in findings]
    if not answer.fields:
        near = any(_above(path, case.path) or _above(case.path[:-1], path) for path, _ in ours)
        return Verdict.REFUSED if near or not case.path else Verdict.ELSEWHERE
    theirs = [(field, located(field, case.manifest)) for field in answer.fields]
    if any(_is_same(one, each) for one in ours for _, each in theirs):
        return Verdict.REFUSED
    for field, (path, _) in theirs:
        if (path or field == WHOLE) and any(_above(path, one) for one, _ in ours):
            return Verdict.NEARER
    return Verdict.ELSEWHERE


def _is_same(one: tuple[Path, str], other: tuple[Path, str]) -> bool:
    """Say whether two fields are the same; of what is missing one may be part of the other."""
    (path, rest), (there, more) = one, other
    return path == there and (rest == more or (bool(path or rest) and (more.startswith(rest) or rest.startswith(more))))


def _above(one: Path, other: Path) -> bool:
    return other[: len(one)] == one


def _besides(case: Case, answer: Answer, findings: list[Finding]) -> bool:
    """Say whether we name a field that is neither one of the server's nor above or below one."""
    theirs = [() if field == WHOLE else located(field, case.manifest)[0] for field in answer.fields]
    ours = [located(found.field, case.manifest)[0] for found in findings]
    return any(not any(_above(one, each) or _above(each, one) for each in theirs) for one in ours)
