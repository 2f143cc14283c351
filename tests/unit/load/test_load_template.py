"""Templates: which texts are templates, what is printed, and what a failure says."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest
import yaml

from kubernator import errors
from kubernator.load import filters, template


@pytest.fixture
def render(origin):
    """Return a function that renders a text as a file of the tree is rendered."""
    engine = template.TemplateEngine()
    return lambda text, **variables: engine.render(text, variables, origin=origin)


@pytest.mark.parametrize("text", ["a: {{ x }}\n", "a: {% raw %}\n", "{# no comment #}\n", "a: $}x{$\n", "", "a: 1\n\n"])
def test_without_the_delimiter_a_file_is_literal(text, render):
    """Statements, comments and Helm's braces are text where no `{${` is."""
    assert render(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {${ x }$} {{ x }}", "a: 7 {{ x }}"),
        ("{% if x == 7 %}b{% endif %}{# c #}{${ x }$}", "b7"),
        ("{% for i in [1, 2] %}{${ i }$},{% endfor %}", "1,2,"),
        ("{${ x }$}\n\n", "7\n"),
        ("{${ none }$} {${ true }$} {${ d }$} {${ '<&>' }$}", "None True {'k': [1]} <&>"),
        ("{${ missing | default('d') }$}", "d"),
        ("{${ missing.very[0].deep | default('d') }$}", "d"),
        ("{% if missing.very.deep %}a{% else %}b{% endif %}{${ x }$}", "b7"),
        ("{${ nested }$}", "<7>"),
        ("{${ twice }$}", "<<7>>"),
        ("{${ '{${ no end' }$}", "{${ no end"),
        ("{% set x = 8 %}{${ x }$}{${ nested }$}", "8<7>"),
    ],
)
def test_what_is_printed(text, expected, render):
    """Values are printed as text; a value that is a template is rendered with the same top-level variables."""
    variables = {"x": 7, "d": {"k": [1]}, "nested": "<{${ x }$}>", "twice": "<{${ nested }$}>"}
    assert render(text, **variables) == expected


@pytest.mark.parametrize(
    ("text", "title", "line"),
    [
        ("a\n{${ missing }$}", "`missing` is not set", 2),
        ("a\n\n{${ missing.b[0] }$}", "`missing.b[0]` is not set", 3),
        ("{${ ktor.nope.deep }$}", "`ktor.nope.deep` is not set", 1),
        ("{${ missing | upper }$}", "`missing` is not set", 1),
        ("{${ missing | to_json }$}", "`missing` is not set", 1),
        ("{${ 'a' ~ missing }$}", "`missing` is not set", 1),
        ("{${ [missing] | join }$}", "`missing` is not set", 1),
        ("\n{${ 1 / 0 }$}", "the template fails: ZeroDivisionError: division by zero", 2),
        ("\n{${ ktor.boom() }$}", "the template fails: RuntimeError: boom", 2),
        ("\n\n{% if %}{${ x }$}", "not a template: expected an expression, got 'end of statement block'", 3),
        ("{${ x", "not a template: unexpected end of template, expected 'end of print statement'", 1),
        ("\n{${ ktor | to_json }$}", "the template fails: TypeError: `SimpleNamespace` is not JSON", 2),
        ("{% macro m() %}\n{${ missing }$}{% endmacro %}\n{${ m() }$}", "`missing` is not set", 2),
    ],
)
def test_a_failure_names_value_and_line(text, title, line, render):
    """The line is the template's own, and the value is named as the template writes it."""

    def boom():
        raise RuntimeError("boom")

    with pytest.raises(errors.LoadError) as caught:
        render(text, ktor=SimpleNamespace(boom=boom))
    assert (str(caught.value), caught.value.origin.line) == (title, line)


def test_a_failure_in_a_printed_value_names_both_lines(render):
    """The error points at the line that prints, and says where in the value it is."""
    with pytest.raises(errors.LoadError, match="`zip` is not set") as caught:
        render("a\n{${ bad }$}", bad="x\ny\n{${ zip }$}")
    assert caught.value.origin.line == 2
    assert ("in", "line 3 of the value printed there") in caught.value.detail


def test_values_that_print_each_other_end_in_an_error(render):
    """A ring of values is found."""
    with pytest.raises(errors.LoadError, match="without end"):
        render("{${ a }$}", a="{${ b }$}", b="{${ a }$}")


def test_a_template_body_is_always_a_template():
    """Bodies of `define:` have statements without any `{${`."""
    made = template.TemplateEngine().from_string("{% if values.on %}a{% endif %}{# c #}\n")
    assert (made.render({"values": {"on": True}}), made.render({"values": {}})) == ("a", "")


def test_defaults_give_way_to_the_context():
    """A default counts only where the context has no such name."""
    made = template.TemplateEngine().from_string("{${ a }$}{${ b }$}")
    assert made.render({"a": 1}, {"a": 2, "b": 3}) == "13"


def test_a_bad_template_fails_when_it_is_made():
    """A template that is none is found before anybody renders it."""
    with pytest.raises(errors.LoadError, match="not a template"):
        template.TemplateEngine().from_string("{${")


def test_failures_are_counted_and_logged(caplog):
    """Who hands a logger in gets a warning for each failure."""
    engine = template.TemplateEngine(logging.getLogger("test"))
    made = engine.from_string("{${ missing }$}")
    with pytest.raises(errors.LoadError):
        made.render({})
    assert engine.failures() == 1
    assert "missing" in caplog.text


def test_the_same_text_in_two_files_names_the_right_file(origin):
    """Compiled code is shared by text, places are not."""
    engine = template.TemplateEngine()
    engine.render("{${ 1 }$}", {}, origin=origin)
    first, second = (engine.from_string("{${ x }$}", origin=origin.at(0)) for _ in range(2))
    with pytest.raises(errors.LoadError) as caught:
        second.render({})
    assert (caught.value.origin.path, first.render({"x": 1})) == (origin.path, "1")


TRICKY = ["plain", "a: b", "- a", "yes", "y", "0644", "two\nlines", "trailing \n", " lead", "", "#", "é", "x" * 300]


@pytest.mark.parametrize("text", TRICKY)
def test_a_text_is_one_line_of_yaml(text):
    """`to_yaml_str` gives one line that is that text, at any depth of indentation."""
    printed = filters.to_yaml_str(text)
    assert printed.endswith("\n")
    assert printed.count("\n") == 1
    assert yaml.safe_load(f"a:\n      b: {printed}") == {"a": {"b": text}}


@pytest.mark.parametrize("data", [{"a": [1, None, {"b": "yes"}]}, [], "x", 1.5, {"k": "l\nm"}])
def test_data_in_yaml(data):
    """Each filter gives YAML that holds the data, as data or as JSON."""
    assert yaml.safe_load(f"a:{filters.to_yaml(data, 4, 2)}") == {"a": data}
    assert json.loads(yaml.safe_load(f"a: {filters.to_json_yaml_str(data)}")["a"]) == data
    assert json.loads(yaml.safe_load(f"x:\n  a: {filters.to_json_yaml_str_block(data)}")["x"]["a"]) == data
    assert json.loads(filters.to_json(data)) == data


def test_a_text_as_a_block():
    """Common leading space goes, line breaks at the end stay."""
    block = filters.to_yaml_str_block("  a\n    b\n\n")
    assert block == "|+2\n    a\n      b\n\n"
    assert yaml.safe_load(f"x:\n  a: {block}") == {"x": {"a": "a\n  b\n\n"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{${ d | to_yaml(2) }$}", "\n  a:\n  - 1\n"),
        ("{${ d | to_yaml(level_indent=4, indent=4) }$}", "\n    a:\n    - 1\n"),
        ("{${ d | to_json }$}", '{"a": [1]}'),
        ("{${ 'x' | to_yaml_str }$}|", "x\n|"),
        ("{${ d | to_json_yaml_str }$}", "'{\"a\": [1]}'\n"),
        ("{${ 'x' | to_yaml_str_block(2, 1) }$}", "|+1\n  x"),
        ("{${ [] | to_json_yaml_str_block }$}", "|+2\n    []"),
    ],
)
def test_filters_in_templates(text, expected, render):
    """All six are there under their names."""
    assert render(text, d={"a": [1]}) == expected
