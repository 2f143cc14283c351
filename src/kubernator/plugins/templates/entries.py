"""What stands in a file of templates: documents to definitions and applications, and what is wrong with them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.model.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.load.document import Document
    from kubernator.model.origin import Origin
    from kubernator.model.sourcemap import Path

__all__ = ["CODE", "Application", "Definition", "read"]

CODE: Final = "templates"
"""The code of findings about files of templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    name: str
    document: Document
    path: Path

    def place(self, *path: str | int) -> Origin:
        """Return where a part of it is written, or the nearest part that is."""
        return self.document.place((*self.path, *path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition(_Item):
    """An item of ``define``. ``file`` is as written; ``schema`` is None where there is none."""

    file: str
    defaults: dict[str, Any] = field(default_factory=dict)
    schema: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(_Item):
    """An item of ``apply``."""

    values: dict[str, Any] = field(default_factory=dict)


class _Key(NamedTuple):
    kinds: tuple[type, ...]
    words: str
    required: bool = False


_TEXT: Final = _Key((str,), "text", required=True)
_MAP: Final = _Key((dict,), "a map")

_TOP: Final = {"define": _Key((list,), "a list"), "apply": _Key((list,), "a list")}
_DEFINE: Final = {
    "name": _TEXT,
    "path": _TEXT,
    "defaults": _MAP,
    "schema": _Key((dict, bool), "a map: a JSON Schema"),
}
_APPLY: Final = {"name": _TEXT, "values": _MAP}


def read(document: Document) -> tuple[list[Definition], list[Application], list[Diagnostic]]:
    """Return the items of a document that are right, definitions and applications, and everything that is wrong.

    A key that nobody knows is passed over with a warning, as the reference passes over it; one that is nearly a known
    one is an error.
    """
    checked = _Checked(document)
    if not checked.is_map((), document.value, _TOP):
        return [], [], checked.found
    definitions = [
        Definition(
            name=item["name"],
            document=document,
            path=path,
            file=item["path"],
            defaults=item.get("defaults") or {},
            schema=item.get("schema"),
        )
        for path, item in checked.items("define", _DEFINE)
    ]
    applications = [
        Application(name=item["name"], document=document, path=path, values=item.get("values") or {})
        for path, item in checked.items("apply", _APPLY)
    ]
    return definitions, applications, checked.found


class _Checked:
    """A document and the findings about it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.found: list[Diagnostic] = []

    def items(self, key: str, keys: dict[str, _Key]) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield the items of a list that are right."""
        items = self._document.value.get(key)
        for position, item in enumerate(items if isinstance(items, list) else ()):
            path = (key, position)
            before = self._wrong
            if self.is_map(path, item, keys) and self._wrong == before:
                yield path, item

    @property
    def _wrong(self) -> int:
        return sum(found.severity is Severity.ERROR for found in self.found)

    def is_map(self, path: Path, value: Any, keys: dict[str, _Key]) -> bool:
        """Say whether a value is a map, and note what is wrong with its keys."""
        what = f"an item of `{path[0]}`" if path else "a document of templates"
        if not isinstance(value, dict):
            named = " and ".join(f"`{name}`" for name, key in keys.items() if key.required or not path)
            self._add(f"{what} must be a map with {named}", path)
            return False
        for name, key in keys.items():
            self._key(path, value, name, key, what)
        for name in value:
            if name not in keys:
                self._unknown(path, name, keys, what)
        return True

    def _key(self, path: Path, value: dict[str, Any], name: str, key: _Key, what: str) -> None:
        given = value.get(name)
        if given is None and key.required:
            self._add(f"{what} has no `{name}`", path if name not in value else (*path, name))
        elif given is not None and (not isinstance(given, key.kinds) or given == ""):
            empty = ", and not be empty" if given == "" else ""
            self._add(f"`{name}` of {what} must be {key.words}{empty}", (*path, name))

    def _unknown(self, path: Path, name: str, keys: dict[str, _Key], what: str) -> None:
        known = ", ".join(f"`{key}`" for key in keys)
        close = difflib.get_close_matches(name, keys, n=1)
        self._add(
            f"{what} has no key `{name}`{'' if close else '; it is passed over'}",
            (*path, name),
            hint=f"did you mean `{close[0]}`? keys are {known}" if close else f"keys are {known}",
            severity=Severity.ERROR if close else Severity.WARNING,
        )

    def _add(self, message: str, path: Path, *, hint: str = "", severity: Severity = Severity.ERROR) -> None:
        self.found.append(
            Diagnostic(severity=severity, message=message, origin=self._document.place(path), hint=hint, code=CODE)
        )
