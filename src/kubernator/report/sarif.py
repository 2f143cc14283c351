"""Findings as SARIF 2.1.0 (OASIS), which code hosting services show beside the lines that are blamed.

The place of a result is a file of the checkout, since nothing else can be shown: of what a chart makes, the file that
asks for the chart. The exact place is then in the message, and among the related ones.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final
from urllib import parse

from kubernator.model.diagnostics import Severity
from kubernator.report import codes, findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kubernator.model.diagnostics import Diagnostic
    from kubernator.model.origin import Origin
    from kubernator.redaction import Secrets

__all__ = ["VERSION", "sarif"]

VERSION: Final = "2.1.0"
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
#: What two runs may number differently.
_MARKER: Final = re.compile(r"<secret \d+>")
_FINGERPRINT: Final = "kubernatorFinding/v1"


def sarif(
    diagnostics: Iterable[Diagnostic], secrets: Secrets, *, version: str, start: Path | None = None
) -> dict[str, Any]:
    """Return a SARIF log of one run, the same for the same tree.

    ``version`` is that of Kubernator, ``start`` the directory that origins are relative to; None is the current one, to
    which URIs are relative.
    """
    found = findings.ordered(diagnostics)
    rules = sorted({_rule(each) for each in found})
    places = _Places(start or Path(), secrets.redact)
    seen: Counter[str] = Counter()
    results = [_result(each, rules.index(_rule(each)), places, seen, secrets.redact) for each in found]
    driver = {
        "name": "kubernator",
        "version": version,
        "rules": [_descriptor(rule, secrets.redact) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        **({"originalUriBaseIds": places.bases} if places.bases else {}),
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": VERSION, "runs": [run]}


class _Places:
    """Turns origins into locations.

    ``bases`` says what is not in the checkout: id -> the repository or chart that relative URIs are below.
    """

    def __init__(self, start: Path, hide: Callable[[str], str]) -> None:
        self._start = start
        self._hide = hide
        self._files: dict[PurePath, bool] = {}
        self._ids: dict[str, str] = {}
        self.bases: dict[str, Any] = {}

    def chosen(self, origin: Origin) -> Origin:
        """Return the nearest of the chain that is a file of the checkout, else the origin itself."""
        return next(filter(self._is_file, origin.chain), origin)

    def physical(self, origin: Origin) -> dict[str, Any]:
        """Return the place in a file."""
        region = {"region": {"startLine": origin.line, "startColumn": origin.column}} if origin.line else {}
        return {"artifactLocation": self._artifact(origin), **region}

    def _artifact(self, origin: Origin) -> dict[str, str]:
        if self._is_file(origin):
            inside = PurePath(os.path.relpath(self._start / origin.path))
            if inside.parts[0] == os.pardir:
                return {"uri": self._hide(Path(os.path.abspath(self._start / origin.path)).as_uri())}  # noqa: PTH100 - links stay as written
            return {"uri": self._uri(inside)}
        if origin.path.is_absolute():
            return {"uri": self._hide(Path(origin.path).as_uri())}
        base = origin.maker
        if origin.repository:
            base = f"{origin.repository}?ref={origin.ref}" if origin.ref else origin.repository
        if not base:
            return {"uri": self._uri(origin.path)}
        base = self._hide(base)
        name = self._ids.setdefault(base, f"source-{len(self._ids) + 1}")
        self.bases[name] = {"description": {"text": base}}
        return {"uri": self._uri(origin.path), "uriBaseId": name}

    def _is_file(self, origin: Origin) -> bool:
        if origin.repository:
            return False
        known = self._files.get(origin.path)
        if known is None:
            path = self._start / origin.path
            # a link to nowhere is a file as well: that it cannot be read is what is told of it
            known = self._files[origin.path] = os.path.isfile(path) or _is_astray(path)  # noqa: PTH113 - a name may hold anything, NUL too
        return known

    def _uri(self, path: PurePath) -> str:
        return parse.quote(self._hide(path.as_posix()), safe="/", errors="backslashreplace")


def _is_astray(path: Path) -> bool:
    return os.path.islink(path) and not os.path.isdir(path)  # noqa: PTH112, PTH114 - a name may hold anything, NUL too


def _result(
    found: Diagnostic, index: int, places: _Places, seen: Counter[str], hide: Callable[[str], str]
) -> dict[str, Any]:
    chain = list(found.origin.chain) if found.origin else []
    chosen = places.chosen(found.origin) if found.origin else None
    text = findings.sentence(found)
    if found.origin is not None and chosen is not found.origin:
        text += f"\nat {found.origin}"
    if found.hint:
        text += f"\nhint: {found.hint}"
    others = [
        {
            "id": number,
            "physicalLocation": places.physical(each),
            "message": {"text": hide(f"{'asked by' if number else 'at'} {each}")},
        }
        for number, each in enumerate(chain)
        if each is not chosen
    ]
    location = {
        **({"physicalLocation": places.physical(chosen)} if chosen else {}),
        **({"logicalLocations": logical} if (logical := _logical(found, hide)) else {}),
    }
    properties = {
        **({"changedBy": [hide(who) for who in found.changed_by]} if found.changed_by else {}),
        **({"detail": [hide(f"{label}: {line}") for label, line in found.detail]} if found.detail else {}),
    }
    return {
        "ruleId": hide(_rule(found)),
        "ruleIndex": index,
        "level": _LEVELS[found.severity],
        "message": {"text": hide(text)},
        "locations": [location] if location else [],
        **({"relatedLocations": others} if others else {}),
        "partialFingerprints": {_FINGERPRINT: _fingerprint(found, seen, hide)},
        **({"properties": properties} if properties else {}),
    }


def _logical(found: Diagnostic, hide: Callable[[str], str]) -> Sequence[dict[str, str]]:
    """Return the object that is blamed, and its field."""
    return [
        *([{"fullyQualifiedName": hide(found.resource), "kind": "object"}] if found.resource else ()),
        *([{"fullyQualifiedName": hide(found.field), "kind": "property"}] if found.field else ()),
    ]


def _descriptor(rule: str, hide: Callable[[str], str]) -> dict[str, Any]:
    known = codes.meaning(rule)
    return {
        "id": hide(rule),
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": f"{known.title}."},
        "help": {"text": known.help},
    }


def _rule(found: Diagnostic) -> str:
    return found.code or "other"


def _fingerprint(found: Diagnostic, seen: Counter[str], hide: Callable[[str], str]) -> str:
    """Return what tells a finding from others when lines have moved; the second of two alike is told by its number."""
    file = str(found.origin.path) if found.origin else ""
    parts = (_rule(found), file, found.resource, found.field, _MARKER.sub("<secret>", hide(found.message)))
    text = "\n".join(map(hide, parts))
    seen[text] += 1
    return hashlib.sha256(f"{text}\n{seen[text]}".encode(errors="backslashreplace")).hexdigest()[:32]
