"""Every kind that comes with Kubernetes: right objects, and each of them wrong in every place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import specimens
from agreement import mistakes
from agreement.comparing import Case

if TYPE_CHECKING:
    from agreement.conftest import Judged
    from agreement.plan import Plan

pytestmark = pytest.mark.cluster

BUILT_IN = list(dict.fromkeys(str(each) for each in specimens.KINDS if "kubernator" not in each.api_version))


@pytest.mark.parametrize("label", BUILT_IN)
def test_changes_by_the_schema(judged: Judged, plan: Plan, label: str) -> None:
    """What the server refuses of objects that were changed in one place, we refuse too, and nothing else."""
    if label in plan.bases:  # else it is no kind of this version
        judged(label, plan.cases(label))


@pytest.mark.parametrize("which", mistakes.OBJECTS)
def test_mistakes_of_meaning(judged: Judged, which: str) -> None:
    """What the server refuses since it contradicts itself, we refuse too, and nothing else."""
    cases = [Case("as it is", which, mistakes.OBJECTS[which])]
    cases += [Case(name, which, manifest) for name, manifest in mistakes.mistaken(which).items()]
    judged(which, cases)
