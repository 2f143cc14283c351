"""What is read, and by how many requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubernator import errors
from kubernator.cluster.api import Kind, Listing
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.ref import ResourceRef
from kubernator.planning.observe import Observer
from kubernator.workers import Workers

CONFIG = Kind(gvk=GroupVersionKind("", "v1", "ConfigMap"), plural="configmaps", singular="configmap", namespaced=True)
ROLE = Kind(gvk=GroupVersionKind("x", "v1", "Big"), plural="bigs", singular="big", namespaced=False)


class Scripted:
    """Answers reads from a table of objects; ``forbidden`` and ``crowded`` are scopes that are not listed."""

    def __init__(
        self, names: list[tuple[str, str]], *, forbidden: set[str] = frozenset(), crowded: set[str] = frozenset()
    ):
        self.names, self.forbidden, self.crowded = names, forbidden, crowded
        self.asked: list[tuple[str, ...]] = []

    def list(
        self, _: Kind, *, namespace: str = "", give_up_above: int, only: frozenset[tuple[str, str]], **__: int
    ) -> Listing:
        self.asked.append(("list", namespace))
        if namespace in self.forbidden:
            raise errors.Forbidden("no", status=403)
        if namespace in self.crowded:
            return Listing(items=[], resource_version="1", remaining=give_up_above + 1, complete=False)
        found = [thing(*name) for name in self.names if namespace in {"", name[0]} and name in only]
        return Listing(items=found, resource_version="1")

    def get(self, _: Kind, *, namespace: str, name: str) -> dict[str, Any] | None:
        self.asked.append(("get", namespace, name))
        if f"{namespace}/{name}" in self.forbidden:
            raise errors.Forbidden("no", status=403)
        return thing(namespace, name) if (namespace, name) in self.names else None


def thing(namespace: str, name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, **({"namespace": namespace} if namespace else {})}}


def ref(namespace: str, name: str) -> ResourceRef:
    return ResourceRef("", "ConfigMap", namespace, name)


@pytest.fixture
def workers():
    made = Workers()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("wanted", "options", "asked"),
    [
        pytest.param([("a", "1")], {}, [("get", "a", "1")], id="one object"),
        pytest.param([("a", "1"), ("a", "2")], {}, [("list", "a")], id="one namespace"),
        pytest.param([("a", "1"), ("b", "2")], {}, [("list", "")], id="several namespaces"),
        pytest.param(
            [("a", "1"), ("a", "2"), ("b", "3")],
            {"forbidden": {""}},
            [("get", "b", "3"), ("list", ""), ("list", "a")],
            id="not allowed across the cluster",
        ),
        pytest.param(
            [("a", "1"), ("a", "2")],
            {"forbidden": {"a"}},
            [("get", "a", "1"), ("get", "a", "2"), ("list", "a")],
            id="not allowed to list at all",
        ),
        pytest.param(
            [("a", "1"), ("a", "2"), ("b", "3"), ("b", "4")],
            {"crowded": {"", "b"}},
            [("get", "b", "3"), ("get", "b", "4"), ("list", ""), ("list", "a"), ("list", "b")],
            id="too many others",
        ),
    ],
)
def test_reading(workers, wanted, options, asked):
    """A LIST where it is cheap and allowed, else narrower ones, else GETs; what is not there is None."""
    cluster = Scripted([name for name in wanted if name[1] != "2"], **options)
    found = Observer(cluster, workers).read((ref(*name), CONFIG) for name in wanted)
    expected = {ref(*name): None if name[1] == "2" else thing(*name) for name in wanted}
    assert expected == found
    assert asked == sorted(cluster.asked)


def test_a_get_that_is_refused_is_a_result(workers):
    """Who may not read an object learns so for that object; the others are read."""
    cluster = Scripted([("a", "1"), ("a", "2")], forbidden={"a", "a/1"})
    found = Observer(cluster, workers).read((ref("a", name), CONFIG) for name in "12")
    assert isinstance(found[ref("a", "1")], errors.Forbidden)
    assert thing("a", "2") == found[ref("a", "2")]


def test_what_cannot_be_listed_is_asked_for_by_name(workers):
    """Kinds such as reviews can only be created: the refusal of each is a result, where that of a LIST ends a run."""
    cluster = Scripted([])
    review = replace(ROLE, verbs=frozenset({"create"}))
    wanted = [(ref("", "1"), review), (ref("", "2"), review)]
    assert dict.fromkeys(each for each, _ in wanted) == Observer(cluster, workers).read(wanted)
    assert sorted(cluster.asked) == [("get", "", "1"), ("get", "", "2")]


def test_cluster_scoped_kinds_go_from_list_to_get(workers):
    """There is no namespace to narrow a LIST of a cluster-scoped kind to."""
    cluster = Scripted([("", "1"), ("", "2")], forbidden={""})
    found = Observer(cluster, workers).read((ResourceRef("x", "Big", "", name), ROLE) for name in "12")
    assert sum(value is not None for value in found.values()) == 2
    assert sorted(cluster.asked) == [("get", "", "1"), ("get", "", "2"), ("list", "")]


class Counted(Scripted):
    """Gives every object another version each time it is read, so that a second reading shows."""

    def list(self, kind: Kind, **options: Any) -> Listing:
        listing = super().list(kind, **options)
        for item in listing.items:
            item["metadata"]["resourceVersion"] = str(len(self.asked))
        return listing


@pytest.mark.parametrize("names", [["a"], ["a", "b"]])
def test_what_lacks_its_namespace_is_nowhere(workers, names):
    """However crowded the cluster is; what is to be validated may lack it."""
    cluster = Scripted([("n", name) for name in names], crowded={""})
    wanted = [(ref("", name), CONFIG) for name in names]
    observer = Observer(cluster, workers)
    assert observer.read(wanted) == dict.fromkeys(reference for reference, _ in wanted)
    assert cluster.asked == []


def test_what_was_begun_is_handed_out_once(workers):
    """The next reading takes what was begun; the one after it, a plan made anew, reads afresh."""
    cluster = Counted([("a", "1"), ("a", "2")])
    observer = Observer(cluster, workers)
    wanted = [(ref("a", name), CONFIG) for name in "12"]
    observer.begin(wanted)
    first = observer.read(wanted)
    assert cluster.asked == [("list", "a")]
    assert first[ref("a", "1")]["metadata"]["resourceVersion"] == "1"
    assert observer.read(wanted)[ref("a", "1")]["metadata"]["resourceVersion"] == "2"


def test_what_was_begun_and_not_asked_for_is_forgotten(workers):
    """It would be old when a deferred object is planned again."""
    cluster = Counted([("a", "1"), ("a", "2")])
    observer = Observer(cluster, workers)
    wanted = [(ref("a", name), CONFIG) for name in "12"]
    observer.begin(wanted)
    observer.forget()
    observer.read(wanted)
    assert len(cluster.asked) == 2


def test_what_was_not_begun_is_read_beside_it(workers):
    """What is asked for beyond what was begun takes a request of its own."""
    cluster = Scripted([("a", "1"), ("a", "2"), ("b", "3")])
    observer = Observer(cluster, workers)
    observer.begin([(ref("a", name), CONFIG) for name in "12"])
    found = observer.read([(ref("a", "1"), CONFIG), (ref("a", "2"), CONFIG), (ref("b", "3"), CONFIG)])
    assert all(found.values())
    assert sorted(cluster.asked) == [("get", "b", "3"), ("list", "a")]


SPACE = Kind(gvk=GroupVersionKind("", "v1", "Namespace"), plural="namespaces", singular="namespace", namespaced=False)


def test_nothing_is_read_ahead_in_a_namespace_that_is_not_there(workers):
    """Namespaces are read first; what cannot exist is not looked for, unless it is asked for all the same."""
    cluster = Scripted([("", "old"), ("old", "1"), ("old", "2")])
    observer = Observer(cluster, workers)
    spaces = [(ResourceRef("", "Namespace", "", name), SPACE) for name in ("new", "old")]
    maps = [(ref(space, name), CONFIG) for space in ("new", "old") for name in "12"]
    observer.begin([*maps, *spaces])
    assert sorted(value is not None for value in observer.read(spaces).values()) == [False, True]
    assert all(observer.read(maps[2:]).values())
    assert cluster.asked == [("list", ""), ("list", "old")]
    assert observer.read(maps[:1]) == {ref("new", "1"): None}


def test_a_server_that_cannot_be_asked_is_told_of_by_who_asks(workers):
    """What fails in the background is raised by the reading that wanted it."""
    cluster = Scripted([])
    cluster.get = cluster.list = lambda *_, **__: (_ for _ in ()).throw(errors.Unreachable("gone"))
    observer = Observer(cluster, workers)
    observer.begin([(ref("a", "1"), CONFIG)])
    with pytest.raises(errors.Unreachable, match="gone"):
        observer.read([(ref("a", "1"), CONFIG)])
