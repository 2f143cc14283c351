"""Ignore rules for whatever objects: what is not ours is not sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.patch import carry, pointer
from kubernator.planning import canonical, diff, fields, managed, settling
from specimens.strategies import REPEATABLE, shaped

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = canonical.Rules(GroupVersionKind("example.com", "v1", "Widget"))


def scalars(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the places of all scalars."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not isinstance(value, dict | list):
        yield path
    for step, item in items:
        yield from scalars(item, (*path, step))


@REPEATABLE
@given(found=shaped(), data=st.data())
def test_what_is_ignored_and_not_ours_is_not_sent(found, data):
    """Of the fields that a rule names only those are sent that are ours and as they are live."""
    names = [path[0] for path in scalars(found.wanted)]
    patterns = data.draw(
        st.lists(st.sampled_from(sorted({f"/{re.escape(name)}" for name in names})), unique=True, min_size=1)
    )
    ours = data.draw(st.booleans())
    own = found.fields if ours else {}
    ignored = fields.Ignored(patterns)
    settled = settling.settle(
        found.wanted, found.live, own=own, others=[], ignored=ignored, scalable=False, rules=RULES
    )
    if ours:
        assert settled.manifest == found.wanted
        assert settled.released == ()
    else:
        assert not [path for path in scalars(settled.manifest) if ignored.match(path, settled.manifest)]


@REPEATABLE
@given(found=shaped())
def test_without_rules_all_is_sent(found):
    """Nothing is taken out and nothing given up where no rule says so."""
    settled = settling.settle(
        found.wanted, found.live, own=found.fields, others=[], ignored=fields.Ignored(()), scalable=True, rules=RULES
    )
    assert settled.manifest == found.wanted
    assert settled.released == ()


@REPEATABLE
@given(found=shaped(), other=shaped())
def test_a_stripped_patch_leaves_alone_what_is_ignored(found, other):
    """What remains of a patch does not reach below a rule."""
    ops = fields.Ignored(["/always", "/spec"]).strip(diff.patch(found.live, other.live))
    after = carry(found.live, ops)
    assert after["always"] == found.live["always"]
    assert after.get("spec") == found.live.get("spec")
    assert all(not op.path.startswith(("/always", "/spec")) for op in ops)
    assert pointer(()) == ""
    assert managed.lookup(after, ()) == after
