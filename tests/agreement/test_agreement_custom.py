"""Kinds that definitions make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agreement import defined
from agreement.comparing import Case
from agreement.edits import edited
from agreement.plan import Plan, telling
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema.definitions import nodes

if TYPE_CHECKING:
    from agreement.conftest import Judged

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("kind", defined.OBJECTS)
def test_changes_by_the_schema(judged: Judged, group: str, kind: str) -> None:
    """What the server refuses of custom resources that were changed in one place, we refuse too, and nothing else."""
    schemas = {gvk: node for each in defined.definitions(group) for gvk, node in nodes(each).items()}
    objects = defined.objects(group, kind)
    plan = Plan()
    plan.add(kind, telling(kind, objects, schemas[GroupVersionKind.of(objects[0]["apiVersion"], kind)]))
    judged(kind, plan.cases(kind))


@pytest.mark.parametrize("kind", defined.MISTAKES)
def test_mistakes_of_meaning(judged: Judged, group: str, kind: str) -> None:
    """What rules of a definition do not allow is found, where the server finds it."""
    first = defined.objects(group, kind)[0]
    mistakes = defined.MISTAKES[kind].items()
    judged(f"{kind}, meaning", [Case(name, kind, edited(first, edits)) for name, edits in mistakes])
