"""Both judges, and how many objects are put before them at once."""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

import specimens
from agreement import defined
from agreement.comparing import WRONG, Case, Result, Verdict, compared
from agreement.ours import Ours
from agreement.plan import Plan, telling
from agreement.reasons import explained, reasons
from agreement.server import MANAGER, Answer, Server
from agreement.summary import PROPERTY
from agreement.tally import LONGEST, Tally
from agreement.writing import STYLES, write
from kubernator.cluster.connect import connect
from kubernator.errors import ApiError
from kubernator.model.gvk import DEFINITION, GroupVersionKind
from kubernator.model.resource import BACKGROUND, Resource
from kubernator.planning.wanting import Wanting
from kubernator.redaction import Secrets
from kubernator.schema import documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from kubernator.cluster.client import HttpCluster

#: The newest version of Kubernetes is what the table of reasons is of.
NEWEST = documents.bundled().minor


@pytest.fixture(scope="session")
def cluster(kubeconfig: Path) -> Iterator[HttpCluster]:
    """Return the control plane."""
    made = connect(kubeconfig=kubeconfig, secrets=Secrets())
    yield made
    made.close()


@contextmanager
def served(cluster: HttpCluster, definitions: list[dict[str, Any]], objects: list[dict[str, Any]]) -> Iterator[Server]:
    """Have kinds served for a while; ``objects`` are right ones of each kind."""
    kind = cluster.kinds().preferred(DEFINITION)
    assert kind
    try:
        for manifest in definitions:
            cluster.apply(kind, manifest, manager=MANAGER, force=True)
        server = Server(cluster)
        for manifest in objects:
            _await(server, manifest)
        yield server
    finally:
        for manifest in definitions:
            cluster.delete(kind, namespace="", name=manifest["metadata"]["name"], propagation=BACKGROUND)


@pytest.fixture(scope="session")
def group(cluster: HttpCluster) -> Iterator[str]:
    """Have the kinds of `defined` served, and return their group."""
    name = defined.GROUP.format(secrets.token_hex(4))
    objects = [defined.objects(name, kind)[0] for kind in defined.OBJECTS]
    with served(cluster, defined.definitions(name), objects):
        yield name


def _await(server: Server, manifest: dict[str, Any]) -> None:
    """Wait until a kind is served with its schema: then what it does not have is refused."""
    gvk = GroupVersionKind.of(manifest["apiVersion"], manifest["kind"])
    wrong = write({**manifest, "spec": {**manifest.get("spec", {}), "noSuchField": 1}}).text
    while True:
        kind = server.cluster.kinds(refresh=True).get(gvk)
        with suppress(ApiError):  # known, and not served yet
            if kind is not None and server.answer(kind, manifest, wrong).refused:
                return


@pytest.fixture(scope="session")
def ours(cluster: HttpCluster, group: str) -> Ours:
    """Return what judges by what comes with us, and by the definitions of `defined`."""
    return Ours(documents.bundled(cluster.version().minor), defined.definitions(group))


@pytest.fixture(scope="session")
def plan(cluster: HttpCluster) -> Plan:
    """Return what is shown of each built-in kind."""
    found = Plan()
    own = documents.bundled(cluster.version().minor)
    for specimen in specimens.KINDS:
        gvk = GroupVersionKind.of(specimen.api_version, specimen.kind)
        node = own.root(gvk)
        if node is not None and own.kinds().get(gvk) is not None:
            drawn = (
                specimens.make(specimen, name="agreement", namespace="default", seed=f"agreement {seed}")
                for seed in range(defined.DRAWN)
            )
            label = str(specimen)
            found.add(label, telling(label, drawn, node))
    return found


class Judged:
    """Puts objects before both judges, and says what is wrong with what they say."""

    def __init__(self, server: Server, ours: Ours, record: Callable[[str, object], None]) -> None:
        self.server = server
        self.ours = ours
        self._record = record

    def results(self, cases: Iterable[Case], *, live: Callable[[], dict[str, Any]] | None = None) -> list[Result]:
        """Return what comes of objects; ``live`` gives what is there already under their name."""
        shown = []
        for number, case in enumerate(cases):
            style = STYLES[number % len(STYLES)]
            shown.append((case, write(case.manifest, style=style, again=case.path if case.again else None)))
        kinds = self.server.cluster.kinds()
        asked = []
        for case, written in shown:
            kind = kinds.get(GroupVersionKind.of(case.manifest["apiVersion"], case.manifest["kind"]))
            assert kind, case
            asked.append((kind, case.manifest, written.text))
        answers: list[Answer] = self.server.answers(asked)
        was = live() if live else None
        return [
            compared(case, written, answer, self.ours.findings(written.text, live=was, left=self._left))
            for (case, written), answer in zip(shown, answers, strict=True)
        ]

    def _left(self, resource: Resource, live: dict[str, Any]) -> dict[str, Any]:
        """Return what stays of an object that the server's asker applied, as a run of ours sees it."""
        kind = self.server.cluster.kinds().get(resource.gvk)
        assert kind
        return Wanting(self.server.cluster, manager=MANAGER).left(resource, kind, live)

    def __call__(self, name: str, cases: Iterable[Case]) -> Tally:
        """Show objects, and conclude."""
        return self.conclude(name, self.results(cases))

    def conclude(self, name: str, results: list[Result]) -> Tally:
        """Hand the counts over to the summary, and fail where the judges must agree and don't."""
        tally = Tally()
        tally.add(name, results)
        doubtful = [result for result in results if result.verdict in {Verdict.MISSED, Verdict.ELSEWHERE}]
        newest = self.ours.documents.minor == NEWEST
        why, without, useless = explained(doubtful, reasons(name, newest=newest))
        tally.excuse(name, why)
        self._record(PROPERTY, tally.plain())
        wrong = [f"{result.verdict} without a reason: {result}"[:LONGEST] for result in without]
        wrong += [f"{result.verdict}: {result}"[:LONGEST] for result in results if result.verdict in WRONG]
        if newest:
            wrong += [f"a reason that is not needed: {pattern}" for pattern in useless]
        assert not wrong, "\n".join(wrong)
        return tally


@pytest.fixture
def judged(cluster: HttpCluster, ours: Ours, record_property: Callable[[str, object], None]) -> Judged:
    """Return what puts objects before both judges."""
    return Judged(Server(cluster), ours, record_property)
