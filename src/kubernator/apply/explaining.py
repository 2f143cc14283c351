"""Why objects are not as they should be, all at once: for what is at rest, and for the end of a wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.apply import following, inquiry
from kubernator.apply.reasons import Reasons
from kubernator.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.apply.following import Scope, Seen
    from kubernator.apply.inquiry import Question
    from kubernator.apply.reasons import Case
    from kubernator.cluster.api import Cluster
    from kubernator.model.ref import ResourceRef
    from kubernator.model.status import StatusResult
    from kubernator.workers import Workers

__all__ = ["explained"]

#: From the object to its Pods, from the Pods to their makers and logs, from those to Events, and what those lead to.
_STEPS: Final = 4


def explained(cluster: Cluster, workers: Workers, cases: Sequence[Case]) -> dict[ResourceRef, StatusResult]:
    """Return how objects stand, with the cause of each that is in progress or failed, as far as it can be read."""
    scopes: list[Scope] = []
    questions: list[Question] = []
    reasons = Reasons(cluster.kinds(), look=scopes.append, ask=questions.append)

    def seen(scope: Scope) -> Seen | None:
        try:
            return following.look(cluster, scope)[0]
        except ClusterError:
            return None

    results: dict[ResourceRef, StatusResult] = {}
    for _ in range(_STEPS):
        reasons.dig(cases, now=0.0)
        looked, asked = scopes[:], questions[:]
        scopes.clear()
        questions.clear()
        for found in workers.map(seen, looked):
            if found is not None:
                reasons.hear_of_pods(found)
        for answer in workers.map(lambda question: inquiry.answer(question, cluster), asked):
            reasons.hear(answer)
        results = {case[0]: reasons.better(case) for case in cases}
    return results
