"""Moments and spans of time, as Go reads and writes them: whole nanoseconds."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from kubernator.schema.cel.failures import Failed, Undecided

__all__ = ["Duration", "Timestamp", "schema_duration"]

_SECOND: Final = 10**9
_LONGEST: Final = 2**63 - 1
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: Seconds of the years 1 to 9999.
_FIRST: Final = -62135596800
_LAST: Final = 253402300799
_UNITS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 10**6,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}
_DURATION: Final = re.compile(r"[+-]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_PART: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
#: What formats of schemas take besides: a number and a unit in words.
_WORDS: Final = re.compile(r"([0-9]+)\s*([A-Za-zµ]+)", re.ASCII)
_DAY: Final = 86400 * _SECOND
_WORD_UNITS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "ms": 10**6,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
    "hr": 3600 * _SECOND,
    "d": _DAY,
    "w": 7 * _DAY,
    "wk": 7 * _DAY,
}
_WORD_BEGINNINGS: Final = {
    "nano": 1,
    "micro": 1000,
    "milli": 10**6,
    "sec": _SECOND,
    "min": 60 * _SECOND,
    "hour": 3600 * _SECOND,
    "day": _DAY,
    "week": 7 * _DAY,
}
_MOMENT: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))",
    re.ASCII,
)
_OFFSET: Final = re.compile(r"([+-]?)([0-9]+):([0-9]+)", re.ASCII)
_MOST_MINUTES: Final = 59


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time in nanoseconds, of at most 292 years."""

    nanoseconds: int

    def __str__(self) -> str:
        """Return seconds, as in ``90s`` or ``0.5s``."""
        seconds = float(self.nanoseconds // _SECOND) + (self.nanoseconds % _SECOND) / 1e9
        text = f"{Decimal(repr(seconds)):f}"
        return f"{text.rstrip('0').rstrip('.') if '.' in text else text}s"

    @staticmethod
    def of(nanoseconds: int) -> Duration:
        """Return a duration; raise `Failed` for one that is too long."""
        if not -_LONGEST - 1 <= nanoseconds <= _LONGEST:
            raise Failed("duration out of range")
        return Duration(nanoseconds)

    @staticmethod
    def parse(text: str) -> Duration:
        """Read what Go writes, as in ``1h30m``; raise `Failed`."""
        if not _DURATION.fullmatch(text):
            raise Failed(f'time: invalid duration "{text}"')
        total = 0
        for whole, fraction, unit in _PART.findall(text):
            size = _UNITS[unit]
            total += int(whole or 0) * size
            if fraction:
                total += int(fraction) * size // 10 ** len(fraction)
        if total > _LONGEST + text.startswith("-"):
            raise Failed(f'time: invalid duration "{text}"')
        return Duration(-total if text.startswith("-") else total)


def schema_duration(text: str) -> Duration:
    """Read a value of the format ``duration``: one of Go, or the first in words, as in ``3 days``; raise `Failed`."""
    try:
        return Duration.parse(text)
    except Failed:
        for number, written in _WORDS.findall(text):
            unit = written.lower()
            size = _WORD_UNITS.get(unit) or next(
                (size for word, size in _WORD_BEGINNINGS.items() if unit.startswith(word)), 0
            )
            if size:
                return Duration.of(int(number) * size)
        raise


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment: nanoseconds since 1970, and the offset in seconds that it was written with."""

    nanoseconds: int
    offset: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.nanoseconds == other.nanoseconds

    def __hash__(self) -> int:
        return hash(self.nanoseconds)

    def __lt__(self, other: Timestamp) -> bool:
        return self.nanoseconds < other.nanoseconds

    def __le__(self, other: Timestamp) -> bool:
        return self.nanoseconds <= other.nanoseconds

    def __gt__(self, other: Timestamp) -> bool:
        return self.nanoseconds > other.nanoseconds

    def __ge__(self, other: Timestamp) -> bool:
        return self.nanoseconds >= other.nanoseconds

    def __str__(self) -> str:
        """Return it as RFC 3339 has it, with its offset and only the digits of the fraction that matter."""
        moment = self.local(dt.timedelta(seconds=self.offset))
        fraction = f"{self.nanoseconds % _SECOND:09d}".rstrip("0")
        minutes = abs(self.offset) // 60
        zone = f"{'-' if self.offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}" if self.offset else "Z"
        return f"{moment:%Y-%m-%dT%H:%M:%S}".zfill(19) + (f".{fraction}" if fraction else "") + zone

    @staticmethod
    def of(nanoseconds: int, offset: int = 0) -> Timestamp:
        """Return a moment; raise `Failed` outside of the years 1 to 9999."""
        if not _FIRST <= nanoseconds // _SECOND <= _LAST:
            raise Failed("timestamp overflow")
        return Timestamp(nanoseconds, offset)

    @staticmethod
    def parse(text: str, *, dates: bool = False) -> Timestamp:
        """Read RFC 3339, or a date alone; raise `Failed`."""
        found = _MOMENT.fullmatch(f"{text}T00:00:00Z" if dates else text)
        if found is None:
            raise Failed(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}" as "2006"')
        year, month, day, hour, minute, second = (int(found[group]) for group in range(1, 7))
        offset = 0
        if found[9]:
            offset = (int(found[10]) * 60 + int(found[11])) * (-60 if found[9] == "-" else 60)
        try:
            days = (dt.date(year, month, day) - _EPOCH.date()).days
            dt.time(hour, minute, second)
        except ValueError as error:
            raise Failed(f'parsing time "{text}": {error}') from error
        nanoseconds = int(f"{found[7] or '':0<9.9}")
        return Timestamp.of(
            (days * 86400 + hour * 3600 + minute * 60 + second - offset) * _SECOND + nanoseconds, offset
        )

    def local(self, offset: dt.timedelta) -> dt.datetime:
        """Return the date and time so far from Greenwich, without nanoseconds."""
        try:
            return _EPOCH + dt.timedelta(seconds=self.nanoseconds // _SECOND) + offset
        except OverflowError as error:
            raise Failed("timestamp overflow") from error

    def part(self, name: str, zone: str = "") -> int:
        """Return a part, such as ``getHours``, in a zone: a name, an offset as ``-08:00``, or nothing for UTC."""
        if name == "getMilliseconds":
            return self.nanoseconds % _SECOND // 10**6
        moment = self.local(dt.timedelta()) if not zone else self.local(self._distance(zone))
        return int(_PARTS[name](moment))

    def _distance(self, zone: str) -> dt.timedelta:
        if ":" not in zone:
            return self.local(dt.timedelta()).astimezone(_zone(zone)).utcoffset() or dt.timedelta()
        found = _OFFSET.fullmatch(zone)
        if found is None or len(found[2]) > 4 or int(found[3][:3]) > _MOST_MINUTES:  # noqa: PLR2004
            raise Failed(f"invalid timezone: {zone}")
        minutes = int(found[2]) * 60 + int(found[3])
        return dt.timedelta(minutes=-minutes if found[1] == "-" else minutes)


@lru_cache(maxsize=64)
def _zone(name: str) -> dt.tzinfo:
    if name == "Local":
        raise Undecided("the time zone of the API server")
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        if "UTC" in zoneinfo.available_timezones():
            raise Failed(f"unknown time zone {name}") from error
        raise Undecided("time zones, of which there is no database on this machine") from error


_PARTS: Final[dict[str, Any]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfWeek": lambda moment: (calendar.weekday(moment.year, moment.month, moment.day) + 1) % 7,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
}
