"""What must not be shown, and the one way to not show it.

Every sink (log handlers, reporters, error renderer, tool runner) passes what it is about to say through one `Secrets`.
Values are known by content: whoever reads a secret registers it with `Secrets.add`, and from then on the value is
replaced wherever it turns up, plain, base64, URL-quoted or JSON-escaped, by a marker ``<secret N>``. N tells equal
from different within one run and nothing else. A value shorter than 8 characters would mask innocent text, so it is
only masked where it stands: the data of a Secret object, through `Secrets.manifest`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import urllib.parse
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["MIN_LENGTH", "Secrets"]

MIN_LENGTH: Final = 8

_STRIDE: Final = 4
_SAMPLE: Final = MIN_LENGTH - _STRIDE + 1
"""Whatever a text hides, so many characters of its first `MIN_LENGTH` stand at a multiple of the stride."""

_URLSAFE: Final = str.maketrans("+/", "-_")
_PLAIN: Final = re.compile("[A-Za-z0-9_.~-]*")
"""What neither a URL nor JSON spells in another way."""
_ESCAPE: Final = re.compile("%[0-9A-F]{2}")
_HTML: Final = re.compile("[<>&\u2028\u2029]")


class Secrets:
    """The secrets of one run. Safe to use from several threads."""

    def __init__(self, *, show: bool = False) -> None:
        self.show = show
        self._numbers: dict[str, int] = {}
        # Every spelling is found by its first characters, so the cost of a text does not grow with the secrets known.
        self._spellings: dict[str, _Alike] = {}
        self._samples: set[str] = set()
        self._lock = threading.Lock()

    def add(self, value: str | bytes) -> str:
        """Declare a secret and return it unchanged, as text."""
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if text:
            self._number(text)
        if isinstance(value, bytes) and "\ufffd" in text:  # no text: what stands somewhere is its base64
            self._number(base64.b64encode(value).decode())
        return text

    def marker(self, value: str) -> str:
        """Return what stands for this value, whatever its length."""
        return value if self.show or not value else f"<secret {self._number(value)}>"

    def redact(self, text: str) -> str:
        """Replace every known secret in a text; of several that begin at one place, the longest."""
        if self.show or self._samples.isdisjoint(
            [text[at : at + _SAMPLE] for at in range(0, len(text) - _SAMPLE + 1, _STRIDE)]
        ):
            return text
        parts: list[str] = []
        done = at = 0
        last = len(text) - MIN_LENGTH
        while at <= last:
            alike = self._spellings.get(text[at : at + MIN_LENGTH])
            known = alike and alike.longest(text, at)
            if not known:
                at += 1
                continue
            length, number = known
            parts += [text[done:at], f"<secret {number}>"]
            done = at = at + length
        return "".join([*parts, text[done:]]) if parts else text

    def data(self, value: Any) -> Any:
        """Replace every known secret in the keys, strings and numbers of a structure, which stays as it is."""
        if self.show:
            return value
        return self._data(value)

    def manifest(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Return a manifest fit to be shown: the values of a Secret become markers, known secrets go everywhere.

        A Secret of an unusual shape (``data`` is a list, a value is a number) is masked as well: what cannot be
        understood is not shown.
        """
        if self.show:
            return dict(manifest)
        self.learn(manifest)
        if not is_secret(manifest):
            shown: dict[str, Any] = self._data(dict(manifest))
            return shown
        return {
            key: self._mask(value, encoded=key == "data") if key in {"data", "stringData"} else self._data(value)
            for key, value in manifest.items()
        }

    def learn(self, manifest: Mapping[str, Any]) -> None:
        """Register the values of a Secret object; other kinds are left alone."""
        if not is_secret(manifest):
            return
        for key in ("data", "stringData"):
            for text in _strings(manifest.get(key)):
                self.add(_decoded(text) if key == "data" else text)
                if key == "data":
                    self.add(text)

    def at(self, manifest: Mapping[str, Any], path: Iterable[str | int], value: Any) -> Any:
        """Return a value of a manifest fit to be shown, knowing where in the manifest it stands."""
        if self.show:
            return value
        first = next(iter(path), None)
        if is_secret(manifest) and first in {"data", "stringData"}:
            return self._mask(value, encoded=first == "data")
        return self._data(value)

    def _mask(self, value: Any, *, encoded: bool) -> Any:
        match value:
            case dict():
                return {key: self._mask(item, encoded=encoded) for key, item in value.items()}
            case list():
                return [self._mask(item, encoded=encoded) for item in value]
            case None:
                return None
            case _:
                text = str(value)
                return self.marker(_decoded(text) if encoded else text)

    def _data(self, value: Any) -> Any:
        match value:
            case str():
                return self.redact(value)
            case dict():
                return {self._data(key): self._data(item) for key, item in value.items()}
            case list() | tuple():
                return [self._data(item) for item in value]
            case int() | float():
                text = str(value)
                masked = self.redact(text)
                return value if masked == text else masked
            case _:
                return value

    def _number(self, text: str) -> int:
        with self._lock:
            number = self._numbers.get(text)
            if number is None:
                number = self._numbers[text] = len(self._numbers) + 1
                if len(text) >= MIN_LENGTH:
                    for form in _forms(text):
                        self._keep(form, number)
            return number

    def _keep(self, form: str, number: int) -> None:
        start = form[:MIN_LENGTH]
        alike = self._spellings.get(start)
        if alike is None:
            alike = self._spellings[start] = _Alike()
        alike.keep(form, number)
        self._samples.update(start[at : at + _SAMPLE] for at in range(_STRIDE))


class _Alike:
    """The spellings that begin with the same characters. Read while another thread adds to it.

    By length and then by a hash: a secret of many lines that begin alike costs no more than one of others.
    """

    __slots__ = ("_lengths", "_numbers")

    def __init__(self) -> None:
        self._lengths: tuple[int, ...] = ()
        self._numbers: dict[str, int] = {}

    def keep(self, form: str, number: int) -> None:
        """Take a spelling in; the first secret that has it keeps it."""
        self._numbers.setdefault(form, number)
        if len(form) not in self._lengths:
            self._lengths = tuple(sorted((*self._lengths, len(form)), reverse=True))

    def longest(self, text: str, at: int) -> tuple[int, int] | None:
        """Return length and number of the longest spelling that stands at a place, or None."""
        left = len(text) - at
        for length in self._lengths:
            if length <= left and (number := self._numbers.get(text[at : at + length])) is not None:
                return length, number
        return None


def is_secret(manifest: Mapping[str, Any]) -> bool:
    """Say whether a manifest is a core Secret, of any version."""
    return manifest.get("kind") == "Secret" and "/" not in str(manifest.get("apiVersion", "v1"))


def _strings(value: Any) -> Iterable[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _strings(item)
        case list():
            for item in value:
                yield from _strings(item)
        case None | bool():
            return
        case _:
            yield str(value)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return text


def _forms(text: str) -> Iterable[str]:
    """Every spelling under which a secret could turn up; of a value of several lines each line as well.

    A value is often written with a line feed at its end and used without it, so both are spelt.
    """
    bare = text.strip()
    spellings = {*_spelt(text), *(_spelt(bare) if bare != text else ())}
    # PEM armour is no secret
    spellings.update(line.strip() for line in text.splitlines() if not line.startswith("-----"))
    yield from (spelling for spelling in spellings if len(spelling) >= MIN_LENGTH)


def _spelt(text: str) -> Iterable[str]:
    yield text
    raw = text.encode("utf-8", "surrogatepass")
    encoded = base64.b64encode(raw).decode()
    for form in (encoded, encoded.translate(_URLSAFE)):
        yield from (form, form.rstrip("="))
    if _PLAIN.fullmatch(text):
        return
    for form in {urllib.parse.quote(raw), urllib.parse.quote(raw, safe=""), urllib.parse.quote_plus(raw)}:
        yield form
        if "%" in form:
            yield _ESCAPE.sub(lambda found: found[0].lower(), form)
    yield repr(text)[1:-1]
    ours, plain = json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
    # Go's encoding/json, and so the API server and kubectl, writes some more as escapes
    for form in {ours, plain, _HTML.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)}:
        yield form
        if "\\" in form or '"' in form:
            yield json.dumps(form, ensure_ascii=False)[1:-1]  # JSON in a string of JSON
