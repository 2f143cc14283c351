"""Expressions are what they are to a real API server; the verdicts of the table are its own."""

from __future__ import annotations

import celdata
import pytest

from kubernator.schema.cel.cost import estimated
from kubernator.schema.cel.declared import declared, escaped
from kubernator.schema.cel.failures import Exceeded, Failed, NotCompiled, Undecided
from kubernator.schema.cel.program import compiled
from kubernator.schema.cel.typesystem import DYN
from kubernator.schema.node import node_of

SELF = declared(node_of(celdata.SCHEMA, lambda _: None))
assert SELF
#: What the server takes and we leave to it.
LEFT = {"google.protobuf.Int64Value{value: 1} == 1"}
MOST = 10_000_000


def verdict(expression: str) -> str:
    """Return what becomes of an expression here."""
    try:
        program = compiled(expression, {"self": SELF, "oldSelf": SELF})
        if program.type.kind != "bool" or estimated(program.tree, SELF) > MOST:
            return "refused"
        if "oldSelf" in program.uses:
            return "true"  # passed over, as there is nothing old
        return str(program.evaluate({"self": celdata.VALUE})).lower()
    except NotCompiled:
        return "refused"
    except Undecided:
        return "undecided"
    except Failed:
        return "error"


@pytest.mark.parametrize("case", celdata.cases(), ids=lambda case: case.expression)
def test_an_expression_is_what_it_is_to_the_server(case: celdata.Case) -> None:
    """It compiles if the server compiles it, and is true, false or an error where it is there."""
    assert verdict(case.expression) == ("undecided" if case.expression in LEFT else case.verdict)


REFUSALS = {
    "self.nope": "1:5: undefined field 'nope'",
    "nope + 1": "1:1: undeclared reference to 'nope' (in container '')",
    "1 + 'a'": "1:3: found no matching overload for '_+_' applied to '(int, string)'",
    "self.i.nope()": "1:12: undeclared reference to 'nope' (in container '')",
    "self.s.contains(1)": "1:16: found no matching overload for 'contains' applied to 'string.(int)'",
    "true && 1": "1:9: expected type 'bool' but found 'int'",
    "\nself.nope": "2:5: undefined field 'nope'",
    "[1, 'a']": "1:5: expected type 'int' but found 'string'",
    "self.i.x": "1:7: type 'int' does not support field selection",
    "for": "1:1: reserved identifier: for",
    "self.s.matches('(')": "1:16: invalid matches argument",
    "duration('x')": "1:10: invalid duration argument",
}


@pytest.mark.parametrize("expression", REFUSALS)
def test_a_refusal_says_what_and_where(expression: str) -> None:
    """The words and the place are those of the server."""
    with pytest.raises(NotCompiled) as raised:
        compiled(expression, {"self": SELF})
    assert f"ERROR: <input>:{REFUSALS[expression]}" == str(raised.value)


FAILURES = {
    "self.absent == ''": "no such key: absent",
    "self.li[7] == 1": "index out of bounds: 7",
    "1 / self.zero == 1": "division by zero",
    "9223372036854775807 + self.i > 0": "integer overflow",
    "self.ios2 > 5": "no such overload",
    "timestamp(self.s) > self.t": "type conversion error from 'string' to 'google.protobuf.Timestamp'",
}


@pytest.mark.parametrize("expression", FAILURES)
def test_an_error_has_the_words_of_the_server(expression: str) -> None:
    """What went wrong in an evaluation is said as the server says it."""
    with pytest.raises(Failed) as raised:
        compiled(expression, {"self": SELF}).evaluate({"self": celdata.VALUE})
    assert FAILURES[expression] == str(raised.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", "a"),
        ("namespace", "__namespace__"),
        ("a-b.c/d", "a__dash__b__dot__c__slash__d"),
        ("a__b", "a__underscores__b"),
        ("$a", ""),
        ("1a", ""),
        ("", ""),
    ],
)
def test_names_are_escaped(name: str, expected: str) -> None:
    """Fields with names that are no names of CEL have others; some have none."""
    assert expected == escaped(name)


@pytest.mark.parametrize(
    "expression",
    [
        "self.all(a, self.all(b, self.all(c, self.all(d, true))))",
        "self.exists(a, self.exists(b, a + b == -1))",
        "lists.range(2000000).size() == 1",
        "self.all(a, self.all(b, self.exists(c, c == 2499)))",
    ],
)
def test_what_runs_for_very_long_is_stopped(expression: str) -> None:
    """An evaluation that surely costs more than the server allows ends."""
    with pytest.raises(Exceeded):
        compiled(expression, {"self": DYN}).evaluate({"self": list(range(2500))})


def test_what_may_cost_too_much_is_left_to_the_server() -> None:
    """Between what is surely allowed and what is surely not, nothing is decided."""
    program = compiled("self.all(a, self.all(b, a + b + a + b >= 0))", {"self": DYN})
    with pytest.raises(Undecided):
        program.evaluate({"self": list(range(300))})


@pytest.mark.parametrize(
    "expression",
    [
        "self.s.matches('^(a+)+$')",
        "self.s.find('(x+x+)+y') == ''",
        "self.s.findAll('(.*)(.*)(.*)b').size() == 0",
    ],
)
def test_patterns_do_not_explode(expression: str) -> None:
    """The time of a pattern grows with the text only."""
    assert compiled(expression, {"self": SELF}).evaluate({"self": {"s": "a" * 5000 + "!"}}) is (
        "matches" not in expression
    )


def test_growing_texts_are_not_made() -> None:
    """A text that doubles and doubles is left to the server before it is made."""
    text = "self" + ".replace('a', 'aaaaaaaaaaaaaaaaaaaa')" * 12 + ".size() > 1"
    with pytest.raises(Undecided):
        compiled(text, {"self": DYN}).evaluate({"self": "aaaa"})


@pytest.mark.parametrize("value", [None, 5, "text", [], {"i": "text"}, {"i": {}}, {"lo": {}}, {"lo": [5]}, {"d": "x"}])
def test_data_of_another_type_crashes_nothing(value: object) -> None:
    """What is not what its schema says is for the check of its structure to tell."""
    for expression in ("self.i + 1 > 0", "self.lo.all(x, x.x > 0)", "self.d > 0.0", "self.lo[0].y == 'a'"):
        try:
            compiled(expression, {"self": SELF}).evaluate({"self": value})
        except Failed:
            continue


@pytest.mark.parametrize(
    "text", ["(" * 3000 + "1" + ")" * 3000, "[" * 3000 + "]" * 3000, "!" * 9999 + "true", "-" * 5001 + "self"]
)
def test_deep_texts_crash_nothing(text: str) -> None:
    """What nests very deeply is not compiled, or left to the server."""
    try:
        compiled(text, {"self": DYN})
    except (NotCompiled, Undecided):
        return


def test_long_chains_are_evaluated() -> None:
    """How many conditions are joined does not matter."""
    text = " && ".join(["self.i > 0"] * 2000)
    assert compiled(text, {"self": SELF}).evaluate({"self": {"i": 1}}) is True


def test_new_functions_wait_for_a_version() -> None:
    """A function that came with the newest version can't be used in new rules yet."""
    with pytest.raises(NotCompiled):
        compiled("[1].includes(1)", {}, minor=37)
    assert compiled("[1].includes(1)", {}, minor=38).evaluate({}) is True


def test_programs_are_kept_for_texts_and_types() -> None:
    """The same text for the same type is compiled once."""
    assert compiled("self.i == 1", {"self": SELF}) is compiled("self.i == 1", {"self": SELF})
