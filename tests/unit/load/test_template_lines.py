"""From which line of a template each line of what it prints comes."""

from __future__ import annotations

import pytest

from kubernator import errors
from kubernator.load import template, yamldoc
from kubernator.model.diagnostics import Severity

VALUES = {
    "one": 1,
    "two": "x\ny",
    "map": {"p": 1, "q": [1]},
    "nested": "n {${ one }$}\nm",
    "tree": [{"n": 1, "c": [{"n": 2, "c": []}]}],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("", 1)]),
        ("a\nb", [("a", 1), ("b", 2)]),
        ("a: {${ one }$}\nb", [("a: 1", 1), ("b", 2)]),
        ("{${ one }$}\n{${ one }$}", [("1", 1), ("1", 2)]),
        ("{${ two }$}\nb", [("x", 1), ("y", 1), ("b", 2)]),
        ("{${ nested }$}\nb", [("n 1", 1), ("m", 1), ("b", 2)]),
        ("a:{${ map | to_yaml(2) }$}b", [("a:", 1), ("  p: 1", 1), ("  q:", 1), ("  - 1", 1), ("b", 1)]),
        ("{% for i in [1, 2] %}\nb{${ i }$}\n{% endfor %}\nc",
         [("", 1), ("b1", 2), ("", 1), ("b2", 2), ("", 3), ("c", 4)]),
        ("{% for i in [1, 2] -%}\nb{${ i }$}\n{% endfor -%}\n\nc", [("b1", 2), ("b2", 2), ("c", 5)]),
        ("{% if false %}\na\n{% else %}\nb\n{%- endif %}\nc", [("", 3), ("b", 4), ("c", 6)]),
        ("{# of\ntwo lines #}a\nb", [("a", 2), ("b", 3)]),
        ("{% set z %}\nq\n{% endset %}{${ z | length }$}\nc", [("3", 3), ("c", 4)]),
        ("{% macro m() %}k\nl{% endmacro %}\n{${ m() }$}\nc", [("", 2), ("k", 3), ("l", 3), ("c", 4)]),
        ("{% filter upper %}a\nb{% endfilter %}\nc", [("A", 1), ("B", 1), ("c", 3)]),
        ("{% block b %}a\nb{% endblock %}{${ self.b() | length }$}\nc", [("a", 1), ("b3", 1), ("c", 3)]),
        (
            "\n{% for x in tree recursive %}{${ x.n }$}\n{${ loop(x.c) | trim }$}{% endfor %}\nc",
            [("", 1), ("1", 2), ("2", 2), ("c", 4)],
        ),
        ("{% raw %}{${ no }$}\n{% endraw %}b", [("{${ no }$}", 1), ("b", 2)]),
        ("{% with w = 1 %}\na{${ w }$}\n{% endwith %}b", [("", 1), ("a1", 2), ("b", 3)]),
    ],
)  # fmt: skip
def test_each_line_has_the_template_s(text, expected):
    """The text is what `render` gives; a line that an expression prints has the expression's line."""
    made = template.TemplateEngine().from_string(text)
    content, lines = made.render_lines(VALUES)
    assert content == made.render(VALUES)
    assert expected == list(zip(content.split("\n"), lines, strict=True))


def test_a_literal_text_has_its_own_lines(origin):
    """Where nothing is rendered line 3 is line 3."""
    made = template.TemplateEngine().from_string("a\r\nb\nc", origin=origin, always=False)
    assert made.render_lines({}) == ("a\r\nb\nc", [1, 2, 3])


def test_places_of_a_rendered_document_are_the_template_s(origin):
    """Documents, keys, warnings, errors and the other place of a repeated key."""
    text = "{% for i in [1, 2] %}\nname: n{${ i }$}\nflag: yes\nlist:\n- a\n---\n{% endfor %}\n\na: 1\nb: 2\na: 3\n"
    content, lines = template.TemplateEngine().from_string(text).render_lines({})
    problems = []
    first, second = yamldoc.parse(content, origin=origin, lines=lines, problems=problems)
    for document in (first, second):
        assert document.origin.line == 2
        assert document.source_map.find(("list", 0)) == (5, 3)
        assert document.source_map.under(("list",)).find((0,)) == (5, 3)
        assert [(note.severity, note.origin.line) for note in document.notes] == [(Severity.WARNING, 3)]
    assert [(found.origin.line, found.detail) for found in problems] == [(11, (("first", "app.yaml:9:1"),))]


@pytest.mark.parametrize(
    ("text", "line"), [("{${ two }$}\n\na: {\n", 3), ("{${ two }$}\n\nb: {${ bell }$}\n", 3), ("a: [{${ one }$}", 1)]
)
def test_what_is_no_yaml_is_found_at_the_template_s_line(text, line, origin):
    """A syntax error, a control character, and an error at the very end."""
    content, lines = template.TemplateEngine().from_string(text).render_lines({"bell": "\a", "two": "#\n#", "one": 1})
    problems = []
    assert yamldoc.parse(content, origin=origin, lines=lines, problems=problems) == []
    assert [found.origin.line for found in problems] == [line]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{${ values.a }$}", "values.a"),
        ("{${ values.db.port }$}", "values.db.port"),
        ("{${ values.list[0].name }$}", "values.list[0].name"),
        ("{${ values.db['a b'] }$}", "values.db.a b"),
        ("{${ values.list[7] }$}", "values.list[7]"),
    ],
)
def test_a_missing_value_is_named_all_the_way(text, name, origin):
    """Not only by its last part."""
    made = template.TemplateEngine().from_string(text, origin=origin)
    with pytest.raises(errors.LoadError, match="is not set") as caught:
        made.render({"values": {"db": {}, "list": [{}]}})
    assert caught.value.title == f"`{name}` is not set"
