"""What helm is told, and how its answers are read."""

from __future__ import annotations

import pytest

from kubernator.tools import helm
from kubernator.tools.helm import Failure, Part


def _template(**more: object) -> list[str]:
    settings = {"namespace": "ns", "kube_version": "v1.36.2", "api_versions": ["v1", "apps/v1"], "include_crds": True}
    return helm.template("r", "/charts/web", **{**settings, **more})  # type: ignore[arg-type] - a table of keywords


def test_rendering() -> None:
    """The cluster's version and kinds are told, values come from stdin."""
    assert _template() == [
        "template",
        "r",
        "/charts/web",
        "--namespace=ns",
        "--kube-version=v1.36.2",
        "--api-versions=v1,apps/v1",
        "--include-crds",
        "--values=-",
    ]
    assert "--include-crds" not in _template(include_crds=False)


def test_many_kinds_are_several_arguments() -> None:
    """No argument is longer than the system takes, and none is lost."""
    many = [f"group-{number}.example.com/v1/Kind{number}" for number in range(5000)]
    told = [word.removeprefix("--api-versions=") for word in _template(api_versions=many) if "api-versions" in word]
    assert max(map(len, told)) < 128 * 1024
    assert many == [version for piece in told for version in piece.split(",")]


def test_too_many_kinds_are_left_out() -> None:
    """A cluster of ten thousands of kinds has its groups told."""
    many = [f"group-{number}.example.com/v1{kind}" for number in range(20000) for kind in ("", f"/Kind{number}")]
    words = _template(api_versions=["v1", "v1/Pod", *many])
    told = [each for word in words if "api-versions" in word for each in word.partition("=")[2].split(",")]
    assert ["v1", *many[::2]] == told


def test_fetching() -> None:
    """Versions may be ranges; what follows an equals sign is no option, whatever it begins with."""
    assert helm.pull("a/web", version="--debug", destination="/d", plain_http=False, ca_file=None) == [
        "pull",
        "a/web",
        "--destination=/d",
        "--version=--debug",
    ]
    assert helm.pull("oci://h/web", version=None, destination="/d", plain_http=True, ca_file="/ca") == [
        "pull",
        "oci://h/web",
        "--destination=/d",
        "--plain-http",
        "--ca-file=/ca",
    ]
    assert helm.add_repository("a", "https://h", username=None, ca_file=None) == [
        "repo",
        "add",
        "a",
        "https://h",
        "--force-update",
    ]
    assert helm.add_repository("a", "https://h", username="ada", ca_file=None)[5:] == [
        "--username=ada",
        "--password-stdin",
    ]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("", []),
        ("garbage\n", []),
        ("---\n# Source: a/t/x.yaml\nkind: A\n", [Part("a/t/x.yaml", "kind: A\n")]),
        (
            "---\n# Source: a/crds/x.yaml\n# two\n---\nkind: A\n---\nkind: B\n---\n# Source: a/t/y z.yaml\nkind: C\n",
            [Part("a/crds/x.yaml", "# two\n---\nkind: A\n---\nkind: B\n"), Part("a/t/y z.yaml", "kind: C\n")],
        ),
        (
            "---\n# Source: a/t/x.yaml\ntext: |\n  ---\n  # Source: no.yaml\n",
            [Part("a/t/x.yaml", "text: |\n  ---\n  # Source: no.yaml\n")],
        ),
    ],
)
def test_parts_of_what_is_printed(printed: str, expected: list[Part]) -> None:
    """Each part begins where helm names a file; definitions of one file stay together."""
    assert expected == helm.parts(printed)


NOWHERE = "nil pointer evaluating interface {}.b"
SCHEMA = "values don't meet the specifications of the schema(s) in the following chart(s):"
NO_INDEX = (
    'looks like "https://h" is not a valid chart repository or cannot be reached: failed to fetch https://h : 401 No'
)

FAILURES = [
    ("", Failure(message="it failed and said nothing")),
    (
        (
            "Error: execution error at (web/templates/i.yaml:8:15): host is required\n\n"
            "Use --debug flag to render out invalid YAML\n"
        ),
        Failure(message="execution error: host is required", source="web/templates/i.yaml", line=8, column=15),
    ),
    (
        "Error: parse error at (web/templates/x.yaml:1): missing value for if\n",
        Failure(message="parse error: missing value for if", source="web/templates/x.yaml", line=1),
    ),
    (
        f'Error: template: web/charts/a/templates/x.yaml:1:10: executing "x" at <.a.b>: {NOWHERE}\n',
        Failure(
            message=f'executing "x" at <.a.b>: {NOWHERE}',
            source="web/charts/a/templates/x.yaml",
            line=1,
            column=10,
            hint="a value that the template reads is not set",
        ),
    ),
    (
        (
            'Error: web/templates/x.yaml:1:3\n  executing "x" at <include "nope" .>:\n    error calling include:\n'
            'template: no template "nope"\n'
        ),
        Failure(
            message='executing "x" at <include "nope" .>: error calling include: template: no template "nope"',
            source="web/templates/x.yaml",
            line=1,
            column=3,
        ),
    ),
    (
        "level=WARN msg=x\nError: YAML parse error on web/templates/x.yaml: not JSON: line 2: no\n",
        Failure(message="YAML parse error: not JSON: line 2: no", source="web/templates/x.yaml"),
    ),
    (
        f"Error: {SCHEMA}\nstrict:\n- host is required\n- port is required\n",
        Failure(
            message=f"{SCHEMA} strict: - host is required; - port is required",
            hint="the chart's `values.schema.json` says which values it takes",
        ),
    ),
    (
        (
            "Error: chart \"web\" matching 9.9.9 not found in 0a1b index. (try 'helm repo update'): "
            "no chart version found for web-9.9.9\n"
        ),
        Failure(message="no chart version found for web-9.9.9", hint="`helm search repo` lists what a repository has"),
    ),
    (f"Error: {NO_INDEX}\n", Failure(message=NO_INDEX, hint="credentials are missing or wrong")),
]


@pytest.mark.parametrize(("stderr", "expected"), FAILURES)
def test_why_helm_failed(stderr: str, expected: Failure) -> None:
    """One line, with the place in the chart apart, for both major versions' ways to say it."""
    assert expected == helm.failure(stderr)


@pytest.mark.parametrize(
    ("expected", "stderr"),
    [
        (True, "dial tcp 127.0.0.1:1: connect: connection refused"),
        (True, "failed to fetch http://h/index.yaml : 503 Service Unavailable"),
        (True, "read: connection reset by peer"),
        (True, "unexpected EOF"),
        (False, "failed to fetch http://h/index.yaml : 404 Not Found"),
        (False, "failed to fetch http://h/index.yaml : 401 Unauthorized"),
        (False, "no chart version found for web-5.0.3"),
    ],
)
def test_what_may_pass(expected: bool, stderr: str) -> None:  # noqa: FBT001 - a table
    """Only what another try can mend is tried again."""
    assert expected is helm.transient(stderr)


def test_lists_of_versions() -> None:
    """A search finds similar names too; only the chart's own versions count."""
    said = '[{"name": "a/web", "version": "1.0.0"}, {"name": "a/web-extra", "version": "9.0.0"}]'
    assert helm.listed(said, "a/web") == ["1.0.0"]
    assert helm.listed("", "a/web") == []
