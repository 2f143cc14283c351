"""Adding resources: from files and scripts, through patchers and transformers, to data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kubernator import errors

if TYPE_CHECKING:
    from conftest import Project

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: one, namespace: web}
data: {a: b}
"""

REMOVE_REPLICAS = """
def remove_replicas(resources, r: "K8SResource"):
    if (r.group == "apps" and r.kind in ("StatefulSet", "Deployment")
            and "replicas" in r.manifest["spec"]):
        logger.warning("Resource %s in %s contains `replica` specification that will be removed. Use HPA!!!",
                       r, r.source)
        del r.manifest["spec"]["replicas"]


ktor.k8s.add_transformer(remove_replicas)
"""


def test_manifests_of_files_become_resources_with_their_places(project: Project) -> None:
    """A file's manifests are resources with origin, directory and identity."""
    (found,) = project.script("").write({"web/app.yaml": CONFIG}).resources()
    assert str(found) == "v1 ConfigMap web/one"
    assert str(found.origin).startswith("web/app.yaml:1:1")
    assert found.directory == 1
    assert found.place(("data", "a")).line == 4
    assert project.messages == []


def test_the_documents_transformer_runs_as_printed(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    """The original document's `remove_replicas` removes, warns with name and place, and is noted as who did."""
    project.script(REMOVE_REPLICAS).write(
        {
            "app.yaml": """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: app, namespace: web}
            spec: {replicas: 3, paused: false}
            """
        }
    )
    (found,) = project.resources()
    assert found.manifest["spec"] == {"paused": False}
    assert [str(touch) for touch in found.touched_by] == ["remove_replicas, .kubernator.py:11"]
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "kubernator.script"]
    assert warning.startswith("Resource apps/v1/Deployment/app.web in app.yaml:1:1")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("add({'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'x'}}).name", "x"),
        ("[r.name for r in add(TEXT)]", ["one", "two"]),
        ("[r.name for r in add(iter([dict(D, metadata={'name': 'x'}), None]))]", ["x"]),
        ("[r.name for r in add({'apiVersion': 'v1', 'kind': 'List', 'items': [D, E]})]", ["d", "e"]),
        ("add(D) is add(dict(D))", True),
        ("[r.key for r in add(TEXT)][0]", ("", "ConfigMap", "one", None)),
        ("str(add(D)), str(add(D).key), add(D).is_crd", ("v1/ConfigMap/d", "v1/ConfigMap/d", False)),
        ("add({**D, 'metadata': {'name': 'n', 'namespace': 's'}}).source", ".kubernator.py:6:1"),
        ("add(D, source='mine').source", "mine"),
        ("add({**D, 'data': {80: 'x', 'l': ('a',)}}).manifest['data']", {"80": "x", "l": ["a"]}),
    ],
)
def test_what_scripts_add_comes_back_as_resources(project: Project, expression: str, expected: object) -> None:
    """A dict gives one resource; text, lists and iterables give lists; equal manifests give the first resource."""
    text = "apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: %s}\\n"
    project.script(
        f"""add = ktor.k8s.add_resources
TEXT = "{text % "one"}---\\n{text % "two"}"
D = {{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "d"}}}}
E = {{**D, "metadata": {{"name": "e"}}}}
ktor.globals.seen(({expression}))
"""
    ).walk()
    assert project.seen == [expected]


def test_a_manifest_of_a_script_is_not_shared_with_it(project: Project) -> None:
    """Changing the dict afterwards changes nothing."""
    project.script(
        """
        d = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d", "namespace": "n"}, "data": {}}
        ktor.k8s.add_resources(d)
        d["data"]["late"] = "x"
        """
    )
    assert [found.manifest["data"] for found in project.resources()] == [{}]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("add(3)", "a `int` is no manifest"),
        ("add([1])", "a `int` is no manifest"),
        ("add(None)", "a `NoneType` is no manifest"),
        ("add({'kind': 'X', 'apiVersion': 'v1', 'metadata': {'name': 'x'}, 'd': {1, 2}})", "`d` is a `set`"),
        ("add({'kind': 'X', 'apiVersion': 'v1', 'metadata': {'name': 'x'}, 'd': float('nan')})", "`d` is `nan`"),
        ("add({'kind': 'X', 'apiVersion': 'v1'})", "`metadata` is missing"),
        ("add({'apiVersion': 'v1', 'metadata': {'name': 'x'}})", "`kind` is missing"),
        ("add('a: b: c')", "not YAML"),
        ("ktor.k8s.resource('')", "one manifest is wanted, there are 0"),
        ("ktor.k8s.add_transformer(3)", "a transformer is a function, not a `int`"),
        ("ktor.k8s.remove_transformer(print)", "`print` is not registered as a transformer"),
        ("setattr(ktor.k8s, 'field_validation', 'Loose')", "`field_validation` cannot be `Loose`"),
        ("setattr(ktor.k8s, 'patch_field_excludes', ['('])", "no regular expression"),
        ("ktor.k8s.load_resources('x', 'toml')", "`file_type` cannot be `toml`"),
        ("ktor.k8s.load_resources('nothing.yaml', 'yaml')", "cannot read `nothing.yaml`: No such file"),
    ],
)
def test_what_is_wrong_in_a_call_raises_at_its_line(project: Project, call: str, message: str) -> None:
    """A wrong call stops the script, and the error knows the line."""
    project.script(f"add = ktor.k8s.add_resources\n{call}\n")
    with pytest.raises(errors.KubernatorError) as caught:
        project.walk()
    assert message in str(caught.value)
    shown = [text for _, text in caught.value.detail]
    shown += [str(o) for found in getattr(caught.value, "diagnostics", ()) for o in found.origin.chain]
    assert any(".kubernator.py:3" in text for text in shown)


def test_all_that_is_wrong_in_files_is_found(project: Project) -> None:
    """A bad file or manifest does not stop the others, and every finding has its place."""
    project.script("").write(
        {
            "a.yaml": "a: [",
            "b.yaml": "kind: X\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: ns}\n",
            "c.yaml": CONFIG,
            "d.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: d-}\n",
            "e.yaml": "{${ ktor.nothing.here }$}",
            "f.yaml": CONFIG.replace("a: b}", "a: c}"),
        }
    )
    (project.root / "g.yaml").symlink_to("nowhere")
    (project.root / "i.yaml").write_bytes(b"a: \xff")
    names = [found.ref.name for found in project.resources()]
    assert names == ["b", "one"]
    places = {str(found.origin.path) for found in project.diagnostics.errors if found.origin}
    assert places == {f"{letter}.yaml" for letter in "abdefgi"}
    (twice,) = [found for found in project.diagnostics if "twice" in found.message]
    assert dict(twice.detail)["first"].startswith("c.yaml:1:1")


def test_files_are_chosen_by_includes_and_excludes_here_and_below(project: Project) -> None:
    """Patterns hold in their directory and below, not beside it; `*.json` is read where it is included."""
    json = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "j", "namespace": "n"}}'
    project.script("").write(
        {
            "a/.kubernator.py": "ktor.k8s.excludes.add('no.yaml')\nktor.k8s.includes.add('*.json')",
            "a/j.json": json,
            "a/no.yaml": "[",
            "a/x.yaml": CONFIG.replace("one", "x"),
            "a/sub/no.yaml": "[",
            "a/sub/j.json": json.replace('"j"', '"below"'),
            "b/no.yaml": CONFIG.replace("one", "beside"),
            "b/j.json": "[",
        }
    )
    assert [found.ref.name for found in project.resources()] == ["x", "j", "below", "beside"]
    assert project.messages == []


def test_changed_defaults_hold_from_the_directories_below_on(project: Project) -> None:
    """A directory below one that changes `default_excludes` begins with the defaults anew."""
    project.script(
        """
        ktor.k8s.excludes.add("no.yaml")
        ktor.k8s.default_excludes.add("never.yaml")
        """
    ).write(
        {
            "no.yaml": "[",
            "never.yaml": CONFIG.replace("one", "here"),
            "sub/no.yaml": CONFIG.replace("one", "below"),
            "sub/never.yaml": "[",
        }
    )
    assert [found.ref.name for found in project.resources()] == ["here", "below"]
    assert project.messages == []


def test_only_files_with_template_marks_are_rendered(project: Project) -> None:
    """`{${` renders with `ktor`; without it, Jinja's other tags are text."""
    project.script("ktor.team = 'blue'").write(
        {
            "a.yaml": CONFIG.replace("one", "{${ ktor.team }$}"),
            "b.yaml": CONFIG.replace("one", "b").replace("a: b", 'a: "{% raw %}{# x #}"'),
        }
    )
    first, second = project.resources()
    assert (first.ref.name, second.manifest["data"]) == ("blue", {"a": "{% raw %}{# x #}"})


def test_functions_run_last_added_first_and_in_their_scope(project: Project) -> None:
    """A patcher acts before a transformer, the last added first, and one of a sub-directory there only."""
    project.script(
        """
        def note(word):
            def transformer(resources, r):
                r.manifest.setdefault("data", {}).setdefault("order", "")
                r.manifest["data"]["order"] += word
            return transformer
        ktor.note = note

        def patcher(manifest, description):
            manifest["data"] = {"order": "p", "from": description.partition(":")[0]}

        first = note("1")
        ktor.k8s.add_transformer(first)
        ktor.k8s.add_transformer(note("2"))
        ktor.k8s.add_manifest_patcher(patcher)
        """
    ).write(
        {
            "a/.kubernator.py": "ktor.k8s.add_transformer(ktor.note('a'))\n",
            "a/a.yaml": CONFIG.replace("one", "a"),
            "b/b.yaml": CONFIG.replace("one", "b"),
            "c/.kubernator.py": "ktor.globals.k8s.add_transformer(ktor.note('g'))\n",
            "c/c.yaml": CONFIG.replace("one", "c"),
        }
    )
    found = {resource.ref.name: resource.manifest["data"] for resource in project.resources()}
    assert found == {
        "a": {"order": "pa21", "from": "a/a.yaml"},
        "b": {"order": "p21", "from": "b/b.yaml"},
        "c": {"order": "pg21", "from": "c/c.yaml"},
    }


def test_a_patcher_may_make_a_manifest_of_what_is_none_yet(project: Project) -> None:
    """Patchers run before the envelope is checked; what they leave wrong is found."""
    project.script(
        """
        def name_it(manifest, description):
            metadata = manifest.get("metadata", {})
            if metadata.pop("generateName", None):
                return {**manifest, "metadata": {**metadata, "name": "given", "namespace": "web"}}

        ktor.k8s.add_manifest_patcher(name_it)
        ktor.globals.seen(ktor.k8s.create_resource(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x"}}).name)
        """
    ).write({"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n---\nkind: ConfigMap\n---\n[]"})
    assert [found.ref.name for found in project.resources()] == ["given"]
    assert project.seen == ["given"]
    assert sorted(project.messages) == [
        "`apiVersion` is missing",
        "`metadata` is missing",
        "the document is a list, not a Kubernetes object",
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 3", "transformer `bad` returned a `int`"),
        ("raise KeyError('x')", "transformer `bad` raised KeyError: 'x'"),
        ("r.manifest['metadata'].pop('name')", "`metadata.name` is missing"),
        ("r.manifest['data'] = {1, 2}", "transformer `bad` left a manifest that is not JSON"),
    ],
)
def test_a_transformer_that_fails_is_a_finding_about_its_resource(project: Project, body: str, message: str) -> None:
    """The finding names the transformer and the manifest; the other resources go on."""
    project.script(
        f"""
def bad(resources, r):
    if r.name == "one":
        {body}
ktor.k8s.add_transformer(bad)
"""
    ).write({"a.yaml": CONFIG, "b.yaml": CONFIG.replace("one", "two")})
    assert [found.ref.name for found in project.resources()] == ["two"]
    (found,) = project.diagnostics.errors
    assert message in found.message
    assert "bad" in str(found.lines()) or "bad" in found.message
    assert "a.yaml:" in str(found.lines())


def test_resources_are_renamed_through_their_setters(project: Project) -> None:
    """A transformer's new name and namespace are the identity; a rename after adding keeps the order."""
    project.script(
        """
        def move(resources, r):
            r.namespace = r.namespace or "web"
            r.name = r.name + "-" + str(len(resources))
        ktor.k8s.add_transformer(move)
        one, two = ktor.k8s.add_resources([
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": n}} for n in "xy"])
        one.name = "first"
        """
    )
    assert [f"{found.ref.namespace}/{found.ref.name}" for found in project.resources()] == ["web/first", "web/y-1"]


def test_local_files_are_loaded_without_rendering(project: Project) -> None:
    """`load_resources` reads YAML and JSON, one object or a list, as text without templates."""
    project.script(
        """
        load = ktor.k8s.load_resources
        ktor.globals.seen([r.name for r in load("x/one.json", "JSON") + load(ktor.app.cwd / "x/two.yaml", "yaml")])
        """
    ).write(
        {
            "x/one.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "n"}}',
            "x/two.yaml": CONFIG.replace("one", "two").replace("a: b", 'a: "{${ x }$}"'),
        }
    )
    project.write({"x/.kubernator.py": "ktor.k8s.excludes.add('*')\n"})
    _, two = project.resources()
    assert project.seen == [["one", "two"]]
    assert two.manifest["data"] == {"a": "{${ x }$}"}
    assert str(two.origin.via).startswith(".kubernator.py:4")


@pytest.mark.parametrize(
    ("name", "text", "message", "hint"),
    [
        ("web.helm.yaml", "chart: web\nname: web\n", "is for the plugin `helm`", 'register_plugin("helm")'),
        ("all.tmpl.yml", "apply:\n- name: web\n", "is for the plugin `templates`", 'register_plugin("templates")'),
        ("Chart.yaml", "apiVersion: v2\nname: web\n", "a chart is no manifest", "`ktor.app.excludes`"),
    ],
)
def test_files_for_others_are_one_finding(project: Project, name: str, text: str, message: str, hint: str) -> None:
    """It says for whom, instead of what it lacks as a manifest."""
    project.write({name: text}).script("").walk()
    (found,) = project.diagnostics.errors
    assert message in found.message
    assert hint in found.hint


def test_a_manifest_may_be_called_as_files_for_others_are(project: Project) -> None:
    """What has a kind is a manifest, whatever the name."""
    project.write({"web.helm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n"})
    assert [found.ref.name for found in project.script("").resources()] == ["a"]
