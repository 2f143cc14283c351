"""Templates: what files define and apply, what scripts ask for, and what is said of mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kubernator import errors
from kubernator.model.diagnostics import Severity

if TYPE_CHECKING:
    from conftest import Project

REGISTER = 'ktor.app.register_plugin("templates")'

BODY = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {${ values.name }$}
  namespace: default
data:
  host: {${ values.host | default("none") }$}
"""

DEFINE = """
define:
- name: web
  path: .web.yaml
  defaults: {name: web, host: "{${ ktor.host }$}"}
"""


def made(project: Project) -> dict[str, dict[str, str]]:
    return {resource.manifest["metadata"]["name"]: resource.manifest["data"] for resource in project.resources()}


def test_files_define_and_apply(project: Project) -> None:
    """`define` goes before `apply` in one document; values go over defaults; the files are no manifests."""
    project.script("ktor.host = 'h'", register=REGISTER).write(
        {
            ".web.yaml": BODY,
            "a.tmpl.yaml": f"apply:\n- name: web\n- {{name: web, values: {{name: two, host: x}}}}\n{DEFINE}",
        }
    )
    assert made(project) == {"web": {"host": "h"}, "two": {"host": "x"}}
    assert project.messages == []


def test_values_go_over_defaults_key_by_key(project: Project) -> None:
    """A map that is given replaces the default map; nothing is merged deeper."""
    project.script("", register=REGISTER).write(
        {
            ".t.txt": "{${ values.a | to_json }$}{${ values.b }$}",
            "t.tmpl.yaml": "define: [{name: t, path: .t.txt, defaults: {a: {x: 1, y: 2}, b: 1}}]",
            "sub/.kubernator.py": "ktor.globals.seen(ktor.templates.render_template('t', 'me', {'a': {'x': 5}}))",
        }
    )
    project.walk()
    assert project.seen == ['{"x": 5}1']


def test_definitions_are_seen_by_later_directories_everywhere(project: Project) -> None:
    """A script does not see those of its own directory's files, since these are read after it."""
    ask = """
    try:
        ktor.globals.seen(ktor.templates.render_template("web", "x", {"name": "n"}))
    except ValueError as error:
        ktor.globals.seen(str(error))
    """
    project.script("ktor.host = 'h'", register=REGISTER).write(
        {
            "a/.kubernator.py": ask,
            "a/x.tmpl.yml": DEFINE,
            "a/.web.yaml": "{${ values.name }$}",
            "a/deep/.kubernator.py": ask,
            "b/.kubernator.py": ask,
        }
    )
    project.walk()
    assert project.seen == ["there is no template `web`", "n", "n"]


def test_the_context_is_that_of_the_application(project: Project) -> None:
    """`ktor` is what the directory sees that applies, not the one that defines."""
    project.script("ktor.host = 'above'", register=REGISTER).write(
        {
            ".web.yaml": BODY,
            "a.tmpl.yaml": DEFINE,
            "sub/.kubernator.py": "ktor.host = 'below'\nktor.templates.apply_template('web')",
            "sub/b.tmpl.yaml": "apply: [{name: web, values: {name: file}}]",
        }
    )
    assert made(project) == {"web": {"host": "below"}, "file": {"host": "below"}}


def test_a_script_applies_with_default_values_and_gets_the_resources(project: Project) -> None:
    """`values` may be left out, be a dict, or pairs; `source` is shown."""
    project.script("ktor.host = 'h'", register=REGISTER).write(
        {
            ".web.yaml": BODY,
            "a.tmpl.yaml": DEFINE,
            "sub/.kubernator.py": """
            (one,) = ktor.templates.apply_template("web")
            (two,) = ktor.templates.apply_template("web", [("name", "two")], "my script")
            ktor.globals.seen((one.name, one.source))
            ktor.globals.seen((two.name, two.source))
            """,
        }
    )
    project.walk()
    assert project.seen == [
        ("web", "template web of a.tmpl.yaml, applied in sub/.kubernator.py:1:1"),
        ("two", "my script"),
    ]
    two = project.host.resources()[1]
    assert [str(origin) for origin in two.origin.chain][:2] == [
        ".web.yaml:1:1, document 1, template web",
        "sub/.kubernator.py:2:1, my script",
    ]


def test_a_resource_knows_template_and_application(project: Project) -> None:
    """The line is the template's own, whatever was printed above it."""
    project.script("", register=REGISTER).write(
        {
            ".web.yaml": "{% for n in values.names %}\n" + BODY.replace("values.name ", "n ") + "---\n{% endfor %}\n",
            "a.tmpl.yaml": "define: [{name: web, path: .web.yaml}]\n---\napply:\n"
            "- name: web\n  values: {names: [a, b]}\n",
        }
    )
    for resource in project.resources():
        assert [str(origin) for origin in resource.origin.chain] == [
            f".web.yaml:3:1, document {resource.origin.document}, template web",
            "a.tmpl.yaml:4:3, document 2",
        ]
        assert resource.source_map.find(("data", "host")) == (9, 3)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("- a", ["a document of templates must be a map with `define` and `apply` 1:1"]),
        ("define: {}", ["`define` of a document of templates must be a list 1:1"]),
        ("define: [a]", ["an item of `define` must be a map with `name` and `path` 1:10"]),
        ("apply: [a]", ["an item of `apply` must be a map with `name` 1:9"]),
        ("define:\n- {name: x}", ["an item of `define` has no `path` 2:3"]),
        ("define:\n- {name: 5, path: }",
         ["`name` of an item of `define` must be text 2:4", "an item of `define` has no `path` 2:13"]),
        ("define:\n- {name: '', path: x}", ["`name` of an item of `define` must be text, and not be empty 2:4"]),
        ("define:\n- {name: x, path: .t, defaults: []}", ["`defaults` of an item of `define` must be a map 2:23"]),
        ("define:\n- {name: x, path: .t, schema: 1}",
         ["`schema` of an item of `define` must be a map: a JSON Schema 2:23"]),
        ("apply:\n- name: t\n  values: 1", ["`values` of an item of `apply` must be a map 3:3"]),
        ("apply:\n- name: t\n  vales: {}", ["an item of `apply` has no key `vales` 3:3"]),
        ("applies: []", ["a document of templates has no key `applies` 1:1"]),
        ("aply: []\ndefine: [{name: t, path: .t}]",
         ["a document of templates has no key `aply` 1:1", "template `t` is defined twice 2:11"]),
        ("apply:\n- name: tt", ["there is no template `tt` 2:3"]),
        ("define:\n- {name: x, path: .nothing}", ["cannot read `.nothing`: No such file or directory 0:1"]),
        ("define:\n- {name: x, path: .bad}",
         ["not a template: expected an expression, got 'end of print statement' 1:1"]),
        ("define:\n- {name: x, path: .t, schema: {minimum: a}}",
         ['the schema of template `x` is no JSON Schema: the value is not of type "number" 2:32']),
        ("define:\n- {name: x, path: .t, defaults: {a: 1}, schema: {properties: {a: {type: string}}}}",
         ["`values.a` of template `x` must be of type `string`, it is of type `integer` 2:34"]),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_has_its_place(project: Project, file: str, expected: list[str]) -> None:
    """Every finding is an error with line and column."""
    project.script("", register=REGISTER).write(
        {".t": "", ".bad": "\n{${ }$}", "a.tmpl.yaml": "define: [{name: t, path: .t}]\n", "b.tmpl.yaml": file + "\n"}
    )
    project.walk()
    found = [f"{each.message} {each.origin.line}:{each.origin.column}" for each in project.diagnostics if each.origin]
    assert expected == found
    assert all(each.severity is Severity.ERROR for each in project.diagnostics)


@pytest.mark.parametrize("rest", ["path: .nothing", "path: .bad", "path: .t, schema: {type: 5}"])
def test_a_wrong_definition_is_complained_about_once(project: Project, rest: str) -> None:
    """Not again where it is applied."""
    project.script("", register=REGISTER).write(
        {".t": "", ".bad": "{${", "a.tmpl.yaml": f"define: [{{name: x, {rest}}}]\napply: [{{name: x}}]\n"}
    )
    assert made(project) == {}
    assert len(project.messages) == 1


def test_unknown_keys_are_passed_over_with_a_warning(project: Project) -> None:
    """As Kubernator 1 passes over them; only what looks like a slip is an error."""
    project.script("ktor.host = 'h'", register=REGISTER).write(
        {".web.yaml": BODY, "a.tmpl.yaml": f"{DEFINE}  owner: me\nnotes: x\napply: [{{name: web, why: 1}}]\n"}
    )
    assert set(made(project)) == {"web"}
    assert project.messages == [
        "an item of `define` has no key `owner`; it is passed over",
        "a document of templates has no key `notes`; it is passed over",
        "an item of `apply` has no key `why`; it is passed over",
    ]
    assert not project.diagnostics.errors


def test_a_name_is_defined_once_in_a_run(project: Project) -> None:
    """The error names both places; the first definition counts."""
    project.script("ktor.host = 'h'", register=REGISTER).write(
        {
            ".web.yaml": BODY,
            "a.tmpl.yaml": DEFINE,
            "sub/.web.yaml": "no: manifest",
            "sub/b.tmpl.yaml": f"{DEFINE}apply: [{{name: web}}]",
        }
    )
    assert set(made(project)) == {"web"}
    (found,) = project.diagnostics.errors
    assert (str(found.origin), found.detail) == (
        "sub/b.tmpl.yaml:2:3, document 1",
        (("first", "a.tmpl.yaml:2:3, document 1"),),
    )


def test_a_directory_may_be_visited_twice(project: Project) -> None:
    """The same definition, read again, is the same."""
    project.script("ktor.host = 'h'\nktor.app.walk_local('sub', 'sub')\nktor.app.excludes.add('*')", register=REGISTER)
    project.write({"sub/.web.yaml": BODY, "sub/a.tmpl.yaml": DEFINE}).walk()
    assert project.messages == []


SCHEMA = """
define:
- name: web
  path: .web.yaml
  defaults: {host: "{${ ktor.host }$}", size: 1}
  schema:
    required: [name, port]
    properties:
      name: {type: string}
      port: {type: integer, maximum: 9}
      host: {format: ipv4}
      size: {maximum: 3}
    additionalProperties: false
"""


def test_values_are_checked_with_the_schema_all_at_once(project: Project) -> None:
    """Each has the place of the value, and of the schema that describes it; what is a template is not judged."""
    project.script("ktor.host = 'h'", register=REGISTER).write(
        {
            ".web.yaml": BODY,
            "a.tmpl.yaml": SCHEMA,
            "b.tmpl.yaml": "apply:\n- name: web\n  values:\n    name: 5\n    size: 4\n    other: 1\n- name: web\n",
        }
    ).walk()
    found = [(each.message, str(each.origin), each.detail[0][1]) for each in project.diagnostics]
    assert found == [
        ("`values.port` of template `web` is missing", "b.tmpl.yaml:3:3, document 1", "a.tmpl.yaml:9:7, document 1"),
        (
            "`values.name` of template `web` must be of type `string`, it is of type `integer`",
            "b.tmpl.yaml:4:5, document 1",
            "a.tmpl.yaml:8:7, document 1",
        ),
        (
            "`values.size` of template `web` must be at most 3",
            "b.tmpl.yaml:5:5, document 1",
            "a.tmpl.yaml:11:7, document 1",
        ),
        (
            "`values.other` of template `web` is not known to the schema",
            "b.tmpl.yaml:6:5, document 1",
            "a.tmpl.yaml:7:5, document 1",
        ),
        ("`values.name` of template `web` is missing", "b.tmpl.yaml:7:3, document 1", "a.tmpl.yaml:8:7, document 1"),
        ("`values.port` of template `web` is missing", "b.tmpl.yaml:7:3, document 1", "a.tmpl.yaml:9:7, document 1"),
    ]


@pytest.mark.parametrize(
    ("call", "title", "more"),
    [
        ("render_template('nope', 'x')", "there is no template `nope`", ""),
        ("render_template('wob', 'x')", "there is no template `wob`", ""),
        ("render_template('web', 'x', {'name': 1, 'port': 20})", "`values.name` of template `web` must be of type",
         "`values.port` of template `web` must be at most 9"),
        ("apply_template('web', {'name': print, 'port': 1})", "the values of template `web` are not JSON", ""),
        ("apply_template('web', 5)", "the values of a template are a dict, not a `int`", ""),
        ("apply_template('broken')", "the definition of template `broken` is wrong", "a.tmpl.yaml"),
    ],
)  # fmt: skip
def test_a_script_s_mistake_is_a_value_error_at_its_line(project: Project, call: str, title: str, more: str) -> None:
    """As in Kubernator 1, and with all findings."""
    project.script("ktor.host = 'h'", register=REGISTER).write(
        {
            ".web.yaml": BODY,
            ".broken": "{${",
            "a.tmpl.yaml": f"{SCHEMA}- {{name: broken, path: .broken}}\n",
            "sub/.kubernator.py": f"\nktor.templates.{call}",
        }
    )
    with pytest.raises(errors.ProjectError) as caught:
        project.walk()
    assert isinstance(caught.value, ValueError)
    assert caught.value.title.startswith(title)
    assert "sub/.kubernator.py:1:1" in str(caught.value.detail) or "sub/.kubernator.py:2:1" in str(caught.value.detail)
    assert more in str(caught.value.detail)


def test_a_missing_value_is_named_with_its_line_the_application_and_the_definition(project: Project) -> None:
    """And the next application is rendered all the same."""
    project.script("", register=REGISTER).write(
        {
            ".web.yaml": BODY,
            "a.tmpl.yaml": "define: [{name: web, path: .web.yaml}]\napply:\n"
            "- name: web\n- {name: web, values: {name: x}}\n",
        }
    )
    assert set(made(project)) == {"x"}
    (found,) = project.diagnostics
    assert found.message == "`values.name` is not set"
    assert found.lines() == [
        ("at", ".web.yaml:4:1, template web"),
        ("asked by", "a.tmpl.yaml:3:3, document 1"),
        ("defined", "a.tmpl.yaml:1:10, document 1"),
    ]
    assert "`values`" in found.hint


def test_everything_wrong_with_a_rendering_is_collected(project: Project) -> None:
    """Text that is no YAML, a document that is no manifest, a transformer that raises; the rest is added."""
    project.script(
        """
        def picky(resources, resource):
            if resource.name == "bad":
                raise RuntimeError("no")
        ktor.k8s.add_transformer(picky)
        """,
        register=REGISTER,
    ).write(
        {
            ".web.yaml": BODY,
            ".list": "a: [\n",
            ".part": "kind: ConfigMap\n",
            "a.tmpl.yaml": """
            define: [{name: web, path: .web.yaml}, {name: list, path: .list}, {name: part, path: .part}]
            apply:
            - {name: list}
            - {name: part}
            - {name: web, values: {name: bad}}
            - {name: web, values: {name: good}}
            """,
        }
    )
    assert set(made(project)) == {"good"}
    said = [found.message for found in project.diagnostics.errors]
    assert len(said) == 4
    assert any("not YAML" in each for each in said)
    assert any("apiVersion" in each for each in said)
    assert any("RuntimeError: no" in each for each in said)


def test_patterns_hold_here_and_below_and_keep_the_files_from_the_other_plugin(project: Project) -> None:
    """A pattern that a script adds takes its files away from `k8s`."""
    project.script("ktor.host = 'h'", register=REGISTER).write(
        {
            "sub/.kubernator.py": "ktor.templates.includes.add('*.apply.yaml')\nktor.templates.excludes.add('not*')",
            "sub/.web.yaml": BODY,
            "sub/a.tmpl.yaml": DEFINE,
            "sub/b.apply.yaml": "apply: [{name: web}]",
            "sub/deep/c.apply.yaml": "apply: [{name: web, values: {name: deep}}]",
            "sub/not.tmpl.yaml": "apply: [{name: nobody}]",
            "sub/.hidden.tmpl.yaml": "apply: [{name: nobody}]",
            "beside/c.apply.yaml": "no manifest",
        }
    )
    assert set(made(project)) == {"web", "deep"}
    assert [str(found.origin) for found in project.diagnostics.errors] == ["beside/c.apply.yaml:1:1, document 1"]


def test_the_files_themselves_are_not_rendered(project: Project) -> None:
    """Values are; so a default may ask for what only the application knows."""
    project.script("", register=REGISTER).write(
        {
            ".t.txt": "{${ values.text }$}",
            "t.tmpl.yaml": "define: [{name: t, path: .t.txt, defaults: {text: '{${ values.who }$} {${ ktor.x }$}'}}]",
            "sub/.kubernator.py": """
            ktor.x = 1
            ktor.globals.seen(ktor.templates.render_template("t", None, {"who": "me"}))
            """,
        }
    )
    project.walk()
    assert project.seen == ["me 1"]


def test_a_template_cannot_change_the_defaults(project: Project) -> None:
    """Each application begins with fresh ones."""
    project.script("", register=REGISTER).write(
        {
            ".t.txt": "{% set _ = values.list.append(1) %}{${ values.list }$}",
            "t.tmpl.yaml": "define: [{name: t, path: .t.txt, defaults: {list: []}}]",
            "sub/.kubernator.py": "for _ in range(2): ktor.globals.seen(ktor.templates.render_template('t', 'x'))",
        }
    )
    project.walk()
    assert project.seen == ["[1]", "[1]"]
