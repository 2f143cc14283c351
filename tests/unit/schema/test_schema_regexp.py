"""Regular expressions of Go. What is expected was printed by Go 1.26."""

from __future__ import annotations

import pytest

from kubernator.schema import regexp


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("b", "abc", "ac"),
        ("^a$", "a", "a\n"),
        ("(?m)^a$", "b\na", "ba"),
        ("^.$", "é", "\n"),
        ("(?s)^.$", "\n", ""),
        ("^((?i)january|x)\\z", "JANUARY", "may"),
        ("(?i)^k(?-i)k$", "\u212ak", "kK"),
        ("^[[:alpha:]_]+$", "ab_", "a1"),
        ("^[[:^digit:]]$", "a", "1"),
        ("^[^a-c]$", "d", "b"),
        ("^[]a]+$", "a]", "["),
        ("^[a-]$", "-", "b"),
        ("^[&&~~-]$", "&", "x"),
        ("^\\d\\w\\s$", "1a ", "\u0661a "),
        ("^[\\D]$", "a", "1"),
        ("\\bA\\B", "é Ab", "éA"),
        ("^\\Qa.b\\E$", "a.b", "axb"),
        ("^\\x41\\x{e9}\\101\\n$", "AéA\n", "Aé"),
        ("^\\pN\\p{Greek}\\P{^Lu}$", "1\u03b1A", "1aA"),
        ("^{a{,2}}$", "{a{,2}}", "{aa}"),
        ("^(?P<n>a)(?<m>b){2,3}?$", "abb", "ab"),
        ("^(?:a|)$", "", "b"),
    ],
)
def test_matches_are_those_of_go(pattern: str, matching: str, other: str) -> None:
    """A pattern matches what Go finds it in, and nothing else."""
    matches = regexp.matcher(pattern)
    assert matches is not None
    assert (matches(matching), matches(other)) == (True, False)


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("missing closing ): `(`", "("),
        ("unexpected ): `a)`", "a)"),
        ("missing closing ]: `[a`", "x[a"),
        ("missing argument to repetition operator: `*`", "*"),
        ("missing argument to repetition operator: `+?`", "(+?)"),
        ("invalid nested repetition operator: `**`", "a**"),
        ("invalid nested repetition operator: `{2}{3}`", "a{2}{3}"),
        ("invalid repeat count: `{1001}`", "a{1001}"),
        ("invalid repeat count: `{3,2}`", "a{3,2}"),
        ("invalid repeat count: `{40}`", "(a{30}){40}"),
        ("invalid character class range: `z-a`", "[z-a]"),
        ("invalid character class range: `[:word1:]`", "[[:word1:]]"),
        ("invalid character class range: `\\p{Foo}`", "\\p{Foo}"),
        ("invalid character class range: `\\p{Alphabetic}`", "\\p{Alphabetic}"),
        ("invalid escape sequence: `\\Z`", "a\\Z"),
        ("invalid escape sequence: `\\1`", "(a)\\1"),
        ("invalid escape sequence: `\\xg`", "\\xg"),
        ("invalid escape sequence: `\\x{110000`", "\\x{110000}"),
        ("trailing backslash at end of expression: ``", "a\\"),
        ("invalid or unsupported Perl syntax: `(?=`", "(?=a)"),
        ("invalid or unsupported Perl syntax: `(?-)`", "(?-)"),
        ("invalid named capture: `(?P<a-b>`", "(?P<a-b>x)"),
    ],
)
def test_what_go_refuses_is_refused_in_its_words(message: str, pattern: str) -> None:
    """What Go does not take is not taken here, with the same message."""
    with pytest.raises(regexp.NotAPattern) as caught:
        regexp.translated(pattern)
    assert f"error parsing regexp: {message}" == str(caught.value)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(.*)*x$", "(a*)*b"])
def test_no_pattern_explodes(pattern: str) -> None:
    """Patterns that take years elsewhere take no longer than others."""
    matches = regexp.matcher(pattern)
    assert matches is not None
    assert not matches("a" * 20_000 + "!")


def test_patterns_too_large_are_not_tried() -> None:
    """What would need too much memory is left to the server."""
    assert regexp.matcher(r"^(\p{L}{30}){30}$") is None


def test_depth_is_bounded() -> None:
    """Parentheses a thousand deep are refused as by Go, and do not end the program."""
    with pytest.raises(regexp.NotAPattern, match="nests too deeply"):
        regexp.translated("(" * 5000 + ")" * 5000)
