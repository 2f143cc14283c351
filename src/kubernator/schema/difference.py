"""Whether a manifest says something else than a live object does.

With server-side apply, what a manifest is silent about stays as it is, and what the server filled in by itself is no
difference. So only what is said counts. Where two values may mean the same, they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.quantity import amount

if TYPE_CHECKING:
    from kubernator.model.sourcemap import Path

__all__ = ["EMPTY", "GONE", "difference"]

EMPTY: Final[tuple[Any, ...]] = (None, "", 0, {}, [])
"""Values that mean the same as none."""

GONE: Final = type("Gone", (), {"__slots__": ()})()
"""Stands in a manifest for what it takes away."""


def difference(said: Any, live: Any, path: Path = (), *, whole: bool = False) -> Path | None:
    """Return the place of the first thing that is said and that is not live; None where there is none.

    ``path`` is where both stand. ``whole`` says that maps and lists replace what is live as a whole, so that what is
    live and not said is a difference too.
    """
    if said is None:
        return None
    if said is GONE:
        return path if live not in EMPTY else None
    if isinstance(said, dict):
        return _in_map(said, live if isinstance(live, dict) else {}, path, whole=whole)
    if isinstance(said, list):
        return _in_list(said, live if isinstance(live, list) else [], path, whole=whole)
    return None if _same(said, live) else path


def _in_map(said: dict[str, Any], live: dict[str, Any], path: Path, *, whole: bool) -> Path | None:
    for key, value in said.items():
        found = difference(value, live.get(key), (*path, key), whole=whole)
        if found is not None:
            return found
    gone = whole and any(said.get(key) is None and value not in EMPTY for key, value in live.items())
    return path if gone else None


def _in_list(said: list[Any], live: list[Any], path: Path, *, whole: bool) -> Path | None:
    if not all(isinstance(each, dict) for each in (*said, *live)):
        if len(said) != len(live):
            return path
        pairs = list(zip(said, live, strict=True))
    elif _named(said) and _named(live):
        by_name = {each["name"]: each for each in live}
        pairs = [(each, by_name.get(each["name"])) for each in said]
    elif len(said) == len(live):
        pairs = list(zip(said, live, strict=True))
        if any(difference(each, was, whole=whole) is not None for each, was in pairs):
            pairs = [(each, _like(each, live, whole=whole)) for each in said]
    else:
        pairs = [(each, _like(each, live, whole=whole)) for each in said]
    for index, (each, was) in enumerate(pairs):
        found = difference(each, was, (*path, index), whole=whole)
        if found is not None:
            return found
    return path if whole and len(said) != len(live) else None


def _named(items: list[Any]) -> bool:
    """Say whether the items of a list have names that tell them apart."""
    names = [each.get("name") for each in items]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _like(said: Any, live: list[Any], *, whole: bool) -> Any:
    """Return the item of a live list that is what is said; None where there is none."""
    return next((each for each in live if difference(said, each, whole=whole) is None), None)


def _same(said: Any, live: Any) -> bool:
    if live is None:
        return said in EMPTY
    if said == "":  # mostly means what is not said, and is filled in
        return True
    if isinstance(said, bool) or isinstance(live, bool):
        return said is live
    if said == live or str(said) == str(live):
        return True
    amounts = amount(said), amount(live)
    return amounts[0] is not None and amounts[0] == amounts[1]
