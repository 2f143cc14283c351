"""Hand-overs of managed fields."""

from __future__ import annotations

from typing import Any

from kubernator.planning import changes, migrate


def entry(manager: str, operation: str, fields: dict[str, Any], **other: str) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields, **other}


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "X",
        "metadata": {"name": "x", "labels": {"l": "1"}, "managedFields": list(entries)},
        "data": {"a": "1", "b": "2"},
        "spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}], "replicas": 3},
    }


WANTED = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "data": {"a": "1"}}
DATA = {"f:data": {".": {}, "f:a": {}, "f:b": {}}}


def test_nothing_to_hand_over():
    """An object that only ever was ours needs none."""
    assert migrate.handover(live(entry("kubernator", "Apply", DATA)), WANTED, manager="kubernator", released=()) is None


def test_entries_of_predecessors_become_ours():
    """Update entries become one Apply entry, all of each; status and strangers stay as they are.

    The dot of a map goes along: by it a map that no schema knows leaves with the last thing in it.
    """
    status = entry("kubernator", "Update", {"f:status": {}}, subresource="status")
    other = entry("other", "Update", {"f:spec": {"f:replicas": {}}})
    old = live(entry("kubernator", "Update", DATA), status, other)
    found = migrate.handover(old, WANTED, manager="kubernator", released=())
    assert found is not None
    ours = entry("kubernator", "Apply", DATA)
    assert [status, other, ours] == list(found.managed_fields)
    assert found.managers == ("kubernator (Update)",)
    assert found.dropped == (("f:data", "f:b"),)


def test_a_predecessor_is_only_one_before_we_applied():
    """Later writes of kubectl to an object of ours are conflicts, no predecessors."""
    theirs = entry("kubectl-client-side-apply", "Update", DATA)
    assert [theirs] == migrate.taken(live(theirs), "kubernator")
    assert migrate.taken(live(theirs, entry("kubernator", "Apply", {})), "kubernator") == []
    before = entry("before-first-apply", "Update", DATA)
    assert [before] == migrate.taken(live(before, entry("kubernator", "Apply", {})), "kubernator")


def test_an_update_beside_an_apply_that_owns_the_same():
    """It needs no hand-over by itself: the apply owns all of it, and nobody else stands behind it."""
    applied = entry("kubernator", "Apply", {"f:data": {"f:a": {}, "f:b": {}}})
    part = entry("kubernator", "Update", {"f:data": {".": {}, "f:a": {}}})
    more = entry("kubernator", "Update", {"f:spec": {"f:replicas": {}}})
    before = entry("before-first-apply", "Update", DATA)
    assert migrate.held_already(live(applied, part), "kubernator")
    for entries in ([applied], [part], [applied, part, more], [applied, before]):
        assert not migrate.held_already(live(*entries), "kubernator")


def test_what_others_own_as_well_is_not_dropped():
    """A field of two managers stays when one of them lets go of it."""
    old = live(entry("kubernator", "Update", DATA), entry("other", "Apply", {"f:data": {"f:b": {}}}))
    found = migrate.handover(old, WANTED, manager="kubernator", released=())
    assert found is not None
    assert found.dropped == ()


def test_released_fields_get_an_owner_of_their_own():
    """A field given up moves to the manager for such fields, together with what it had before."""
    before = entry("kubernator-released", "Apply", {"f:data": {"f:b": {}}})
    old = live(entry("kubernator", "Apply", {"f:spec": {"f:replicas": {}}, "f:data": {"f:a": {}}}), before)
    found = migrate.handover(old, WANTED, manager="kubernator", released=[("f:spec", "f:replicas")])
    assert found is not None
    assert {found_entry["manager"]: found_entry["fieldsV1"] for found_entry in found.managed_fields} == {
        "kubernator": {"f:data": {"f:a": {}}},
        "kubernator-released": {"f:data": {"f:b": {}}, "f:spec": {"f:replicas": {}}},
    }
    assert found.released == (".spec.replicas",)
    assert found.dropped == ()


def test_removals_take_what_becomes_empty_and_begin_at_the_end():
    """An item whose every field goes is removed as an item, later items first."""
    item = 'k:{"name":"%s"}'
    fields = [
        ("f:metadata", "f:labels", "f:l"),
        *(("f:spec", "f:containers", item % name, f"f:{field}") for name in "ab" for field in ("name", "image")),
    ]
    assert migrate.removals(fields, live()) == [("spec", "containers"), ("metadata", "labels")]
    assert migrate.removals([field for field in fields[1:] if field[-1] != "f:name" or '"b"' in field[2]], live()) == [
        ("spec", "containers", 1),
        ("spec", "containers", 0, "image"),
    ]


def test_the_preview_removes_and_names_the_version():
    """The dry run of a hand-over shows what the apply will take away."""
    old = live(entry("kubernator", "Update", DATA))
    found = migrate.handover(old, WANTED, manager="kubernator", released=())
    assert found is not None
    body = migrate.preview_body(found, old, "7")
    assert [(op["op"], op["path"]) for op in body] == [
        ("replace", "/metadata/managedFields"),
        ("replace", "/metadata/resourceVersion"),
        ("remove", "/data/b"),
    ]
    assert body[1]["value"] == "7"


def test_helm_4_is_a_predecessor_too():
    """It applies under the name of its elder; what others apply stays theirs, and so does Helm's once we applied."""
    helm = entry("helm", "Apply", DATA)
    assert [helm] == migrate.taken(live(helm, entry("other", "Apply", DATA)), "kubernator")
    assert migrate.taken(live(helm, entry("kubernator", "Apply", {})), "kubernator") == []


def test_fields_of_a_version_that_is_not_served_are_taken_over():
    """The entry goes into the version that is served, with the fields that it has."""
    old = entry("kubernator", "Apply", {**DATA, "f:spec": {"f:gone": {}}})
    here = {**live({**old, "apiVersion": "v1beta1"}), "apiVersion": "v1"}
    assert migrate.handover(here, WANTED, manager="kubernator", released=()) is None
    found = migrate.handover(here, WANTED, manager="kubernator", released=(), served=lambda version: version == "v1")
    assert found is not None
    (one,) = found.managed_fields
    assert (one["apiVersion"], one["fieldsV1"]) == ("v1", DATA)
    assert found.dropped == (("f:data", "f:b"),)


def test_an_item_takes_along_what_was_given_up_in_it():
    """What `kubernator-released` has in a container would keep the container that the manifest drops."""
    item = 'k:{"name":"b"}'
    own = {"f:spec": {"f:containers": {item: {".": {}, "f:name": {}}}}}
    kept = {"f:spec": {"f:containers": {item: {"f:image": {}}}, "f:replicas": {}}}
    here = live(entry("kubernator", "Apply", own), entry("kubernator-released", "Apply", kept))
    found = migrate.handover(here, WANTED, manager="kubernator", released=())
    assert found is not None
    assert found.dropped == (("f:spec", "f:containers", item),)
    assert {one["manager"]: one["fieldsV1"] for one in found.managed_fields}["kubernator-released"] == {
        "f:spec": {"f:replicas": {}}
    }
    still = {**WANTED, "spec": {"containers": [{"name": "b"}]}}
    assert migrate.handover(here, still, manager="kubernator", released=()) is None


def test_strangers_are_neither_we_nor_become_us():
    """Our helpers' names are ours as well."""
    entries = [
        entry("kubernator", "Apply", DATA),
        entry("kubernator", "Update", DATA),
        entry("kubernator-released", "Apply", DATA),
        entry("other", "Apply", DATA),
        entry("broken", "Apply", None),
    ]
    assert [one["manager"] for one in migrate.strangers(live(*entries), "kubernator")] == ["other"]


def test_what_is_given_up_is_in_the_dry_run():
    """It knows of no hand-over, so that a field without owner would go back to its default, or be missed."""
    here = live()
    item = 'k:{"name":"a"}'
    kept = [("f:spec", "f:replicas"), ("f:spec", "f:containers", item, "f:image"), ("f:data", "f:none")]
    wanted = {"spec": {"containers": [{"name": "a"}]}}
    assert changes.with_kept(wanted, here, kept) == {
        "spec": {"containers": [{"name": "a", "image": "i"}], "replicas": 3}
    }
    assert wanted == {"spec": {"containers": [{"name": "a"}]}}
    assert changes.with_kept(wanted, here, ()) is wanted


def test_no_list_is_made_for_what_is_given_up():
    """Where the manifest has no such list, or not this item of it, what is given up in it is not said either."""
    item = 'k:{"name":"b"}'
    kept = [("f:spec", "f:containers", item, "f:image"), ("f:spec", "f:containers", item)]
    for wanted in ({"spec": {}}, {"spec": {"containers": [{"name": "a"}]}}, {"spec": {"containers": None}}):
        assert changes.with_kept(wanted, live(), kept[:1]) == wanted
    assert changes.with_kept({"spec": {}}, live(), kept[1:]) == {"spec": {}}
