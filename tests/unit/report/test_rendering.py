"""Manifests for other programs."""

from __future__ import annotations

import base64
import json
from pathlib import PurePath
from typing import Any

import pytest
import yaml

from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource, Touch
from kubernator.redaction import Secrets
from kubernator.report import rendering

SCRIPT = Origin(path=PurePath(".kubernator.py"), line=7)
PASSWORD = "correct-horse"


def resource(kind: str, name: str, *, origin: Origin | None = None, touched: Any = None, **fields: Any) -> Resource:
    """Return an object; ``touched`` is what a function made of it."""
    written = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **fields}
    manifest = touched or written
    return Resource(
        manifest=manifest,
        ref=ResourceRef("", kind, "n", name),
        gvk=GroupVersionKind("", "v1", kind),
        origin=origin or Origin(path=PurePath("a.yaml"), line=3),
        touched_by=(Touch(who="f", origin=SCRIPT, after=json.dumps(manifest)),) if touched else (),
        written=json.dumps(written),
    )


def encoded(text: str) -> str:
    """Return a value as a Secret has it."""
    return base64.b64encode(text.encode()).decode()


TREE = [
    resource("ConfigMap", "first", data={"url": f"x://{PASSWORD}@y", "mark": "<secret 7>"}),
    resource("Secret", "s", data={"a": encoded("longer-than-that"), "b": encoded(PASSWORD)}),
    resource("ConfigMap", "plain", data={"v": "1e3"}),
]


def test_yaml() -> None:
    """Documents with sorted keys; what is left out is said by a comment and an annotation."""
    text = rendering.as_yaml(rendering.render(TREE[2:], Secrets()))
    assert text == ("---\napiVersion: v1\ndata:\n  v: '1e3'\nkind: ConfigMap\nmetadata:\n  name: plain\n")
    masked = rendering.as_yaml(rendering.render(TREE[1:2], Secrets()))
    assert masked.startswith("---\n# secrets are left out: ")
    assert yaml.safe_load(masked)["metadata"]["annotations"] == {"kubernator.io/redacted": "true"}


@pytest.mark.parametrize(
    "order", [["longer-than-that", PASSWORD], [PASSWORD, "longer-than-that"], ["other-secret", PASSWORD]]
)
def test_the_same_bytes_each_time(order: list[str]) -> None:
    """In whatever order secrets became known; a text that only looks like a marker stays as it is."""
    secrets = Secrets()
    for each in order:
        secrets.add(each)
    first, secret, plain = [each.manifest for each in rendering.render(TREE, secrets)]
    assert first["data"] == {"url": "x://<secret 1>@y", "mark": "<secret 7>"}
    assert secret["data"] == {"a": "<secret 2>", "b": "<secret 1>"}
    assert plain == TREE[2].manifest


def test_secrets_may_be_shown() -> None:
    """Then nothing is left out, and nothing is said."""
    found = rendering.render(TREE, Secrets(show=True))
    assert [each.manifest for each in TREE] == [each.manifest for each in found]
    assert not any(each.redacted for each in found)
    assert "#" not in rendering.as_yaml(found)


def test_json() -> None:
    """A list that other programs take, or one object that stands for itself."""
    found = rendering.render(TREE, Secrets())
    data = json.loads(rendering.as_json(found))
    assert (data["kind"], len(data["items"])) == ("List", 3)
    assert json.loads(rendering.as_json(found[2:], single=True)) == TREE[2].manifest
    assert json.loads(rendering.as_json([])) == {"apiVersion": "v1", "kind": "List", "items": []}


TOUCHED = resource(
    "Secret",
    "s",
    origin=Origin(
        path=PurePath("web/templates/a\nb.yaml"),
        line=2,
        maker="chart web 1.0.0",
        via=Origin(path=PurePath("web.helm.yaml"), line=1),
    ),
    data={"p": "YQ=="},
    touched={"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"p": "Yg=="}},
)


def test_provenance_as_a_comment() -> None:
    """Each object says where it comes from; nothing in it can end the comment, and no secret is in it."""
    text = rendering.as_yaml(rendering.render([TOUCHED], Secrets(), provenance=True), provenance=True)
    comment = [line for line in text.splitlines() if line.startswith("#")]
    assert comment[1:] == [
        "# v1 Secret n/s",
        "# at          web/templates/a b.yaml:2:1, chart web 1.0.0",
        "# asked by    web.helm.yaml:1:1",
        "# changed by  f, .kubernator.py:7",
        "#               ~ data.p: <secret 2> → <secret 1>",
    ]
    assert yaml.safe_load(text)["data"] == {"p": "<secret 1>"}


def test_provenance_as_data() -> None:
    """The manifest, and beside it the same that the comment says."""
    (entry,) = json.loads(rendering.as_json(rendering.render([TOUCHED], Secrets(), provenance=True), provenance=True))[
        "objects"
    ]
    assert entry["redacted"] is True
    assert [each.get("maker") for each in entry["provenance"]["origin"]] == ["chart web 1.0.0", None]
    (work,) = entry["provenance"]["changedBy"]
    assert work == {
        "who": "f",
        "at": ".kubernator.py:7",
        "fields": [{"op": "changed", "path": "data.p", "old": "<secret 2>", "new": "<secret 1>"}],
    }


def test_merge_instructions_are_said() -> None:
    """They are not in the manifest, and part of where the object comes from."""
    found = resource("ConfigMap", "c", data={})
    with_one = Resource(
        manifest=found.manifest,
        ref=found.ref,
        gvk=found.gvk,
        origin=found.origin,
        instructions=((("data",), {"$patch": "replace"}),),
    )
    rendered = rendering.render([with_one], Secrets(), provenance=True)
    assert '# instruction data: {"$patch": "replace"}\n' in rendering.as_yaml(rendered, provenance=True)
    entry = json.loads(rendering.as_json(rendered, provenance=True, single=True))
    assert entry["provenance"]["instructions"] == [{"path": "data", "instruction": {"$patch": "replace"}}]
