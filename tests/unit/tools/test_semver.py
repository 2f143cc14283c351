"""Versions."""

from __future__ import annotations

import itertools

import pytest

from kubernator.tools import semver

#: In order, the lowest first: the examples of https://semver.org (11), and numbers that are no texts.
ORDER = [
    "0.9.10",
    "v0.10.0",
    "1.0.0-1",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2.9",
    "1.10.0",
    "10.0.0",
]


@pytest.mark.parametrize(("low", "high"), list(itertools.combinations(ORDER, 2)))
def test_versions_have_an_order(low: str, high: str) -> None:
    """Numbers compare by value, a pre-release is lower than its release."""
    first, second = semver.parse(low), semver.parse(high)
    assert first is not None
    assert second is not None
    assert first < second
    assert not second < first
    assert first != second


def test_builds_do_not_count() -> None:
    """Versions that differ in build metadata or the leading letter are equal."""
    assert semver.parse("1.0.0+a") == semver.parse("v1.0.0+b")
    assert len({semver.parse("1.0.0+a"), semver.parse("1.0.0")}) == 1
    assert str(semver.parse("v1.0.0+a")) == "v1.0.0+a"


@pytest.mark.parametrize("text", ["", "1", "1.2", "^1.2.3", "1.2.x", "1.2.3.4", "latest", "1.2.3 ", "1.2.3-", "a1.2.3"])
def test_what_is_no_version(text: str) -> None:
    """Ranges, words and halves are none."""
    assert semver.parse(text) is None
