"""What both judges said of many objects, and what is counted in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from agreement.comparing import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agreement.comparing import Result

__all__ = ["Tally"]

#: Some refusals repeat the object.
LONGEST: Final = 1000


@dataclass
class Tally:
    """Counts, and what was said of all that the judges don't agree about. Plain data on its way between processes."""

    counts: Counter[str] = field(default_factory=Counter)
    told: dict[str, list[str]] = field(default_factory=dict)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, group: str, results: Iterable[Result]) -> None:
        """Take results of a group of objects."""
        for result in results:
            self.counts[result.verdict.value] += 1
            if result.verdict not in {Verdict.VALID, Verdict.REFUSED, Verdict.NEARER}:
                line = f"{group}: {result.case.name}: {result.said}"[:LONGEST]
                self.told.setdefault(result.verdict.value, []).append(line)

    def excuse(self, group: str, reasons: Iterable[str]) -> None:
        """Take why there is no agreement about objects of a group."""
        self.reasons.setdefault(group, Counter()).update(reasons)

    def merge(self, other: Tally) -> None:
        """Take what another one counted."""
        self.counts.update(other.counts)
        for group, reasons in other.reasons.items():
            self.excuse(group, reasons.elements())
        for verdict, lines in other.told.items():
            self.told.setdefault(verdict, []).extend(lines)

    def plain(self) -> dict[str, Any]:
        """Return it as what JSON has."""
        return {
            "counts": dict(self.counts),
            "told": self.told,
            "reasons": {group: dict(reasons) for group, reasons in self.reasons.items()},
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Tally:
        """Read what `plain` gave."""
        reasons = {group: Counter(counts) for group, counts in plain["reasons"].items()}
        return cls(Counter(plain["counts"]), plain["told"], reasons)

    @property
    def refused(self) -> int:
        """How many objects the server refuses."""
        return sum(count for verdict, count in self.counts.items() if verdict not in {Verdict.VALID, Verdict.FALSE})

    @property
    def taken(self) -> int:
        """How many it takes."""
        return self.counts[Verdict.VALID] + self.counts[Verdict.FALSE]

    def lines(self) -> list[str]:
        """Return what is told at the end of a run."""
        count = self.counts
        found = [
            f"missed refusals: {count[Verdict.MISSED]} of {self.refused:,} objects that the server refuses",
            f"false refusals: {count[Verdict.FALSE]} of {self.taken:,} objects that it takes",
            f"refused by both, of the same field: {count[Verdict.REFUSED]:,}",
            f"refused by both, by us of a part of the field: {count[Verdict.NEARER]:,}",
            f"refused by both, of another field: {count[Verdict.ELSEWHERE]}",
            f"refused by both, at another line: {count[Verdict.MISPLACED]}",
            f"refused by both, and by us for more than the server: {count[Verdict.BESIDES]}",
        ]
        for group, reasons in sorted(self.reasons.items()):
            found += [f"{group}: {number} for this: {why}" for why, number in reasons.most_common()]
        return found
