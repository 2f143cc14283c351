"""Classes of characters in Go's regular expressions, in words of the engine that matches them."""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Final

from kubernator.load import jsonschema

__all__ = ["HIGHEST_CODE", "PERL", "POSIX", "Ranges", "between", "code", "negated", "unicode_name"]

Ranges = tuple[tuple[int, int], ...]

HIGHEST_CODE: Final = 0x10FFFF
PERL: Final[dict[str, Ranges]] = {
    "d": ((0x30, 0x39),),
    "s": ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)),
    "w": ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)),
}
POSIX: Final[dict[str, Ranges]] = {
    "alnum": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
    "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
    "ascii": ((0x00, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": ((0x30, 0x39),),
    "graph": ((0x21, 0x7E),),
    "lower": ((0x61, 0x7A),),
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": ((0x41, 0x5A),),
    "word": PERL["w"],
    "xdigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
}
#: General categories; `Any`, `Assigned` and `Ascii` are Go's additions to them.
_CATEGORIES: Final = frozenset(
    {
        *("C", "Cc", "Cf", "Cn", "Co", "Cs", "L", "Lc", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn"),
        *("N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So"),
        *("Z", "Zl", "Zp", "Zs", "Any", "Assigned", "Ascii"),
    }
)


def code(number: int) -> str:
    """Return what stands for one character."""
    return f"\\x{{{number:x}}}"


def between(ranges: Ranges) -> str:
    """Return what stands for characters between brackets; surrogates, which no text holds, are left out."""
    parts = []
    for low, high in ranges:
        for first, last in ((low, min(high, 0xD7FF)), (max(low, 0xE000), high)):
            if first <= last:
                parts.append(code(first) if first == last else f"{code(first)}-{code(last)}")
    return "".join(parts) or r"\x{fffe}&&\x{ffff}"


def negated(ranges: Ranges) -> Ranges:
    """Return all characters but those of some ranges, which are in order."""
    edges = [(-1, -1), *ranges, (HIGHEST_CODE + 1, HIGHEST_CODE + 1)]
    return tuple(
        (before[1] + 1, after[0] - 1) for before, after in itertools.pairwise(edges) if before[1] + 1 < after[0]
    )


@lru_cache(maxsize=256)
@lru_cache(maxsize=256)
def unicode_name(name: str) -> str:
    """Return a category or script by the name that the engine knows; nothing if Go has none of that name."""
    words = name.replace("_", "").replace("-", "").replace(" ", "")
    if not words.isascii() or not words.isalpha():
        return ""
    if words.capitalize() in _CATEGORIES:
        return words.capitalize()
    for found in (f"Script={name}", f"General_Category={name}"):
        try:
            jsonschema.Pattern(rf"\p{{{found}}}")
        except jsonschema.NotASchema:
            continue
        return found
    return ""
