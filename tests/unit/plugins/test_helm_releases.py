"""Releases as they are written, and charts as they are looked at."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pytest

from kubernator import errors
from kubernator.load import yamldoc
from kubernator.model.origin import Origin
from kubernator.plugins.helm import release, scan
from kubernator.plugins.helm.namespace import HelmNamespace
from kubernator.plugins.helm.scan import Dependency

if TYPE_CHECKING:
    from kubernator.model.diagnostics import Diagnostic

ORIGIN = Origin(path=PurePath("a.helm.yaml"))
CHARTS = Path(__file__).parents[2] / "charts"
DOCS = Path(__file__).parents[3] / "docs"


def _read(text: str) -> tuple[release.Release | None, list[Diagnostic]]:
    problems: list[Diagnostic] = []
    (document,) = yamldoc.parse(text, origin=ORIGIN)
    return release.read(document, problems), problems


def test_a_whole_release() -> None:
    """Every key of the file is read; what is not said has its default."""
    found, problems = _read(
        """
        repository: https://charts.example.com
        chart: web
        version: "1.0"
        name: shop.web-1
        namespace: shop
        include-crds: false
        values: {a: 1}
        values-file:
        hooks: skip
        plain-http: true
        ca-file: ca.pem
        """
    )
    assert problems == []
    assert found == release.Release(
        repository="https://charts.example.com",
        chart="web",
        version="1.0",
        name="shop.web-1",
        namespace="shop",
        include_crds=False,
        values={"a": 1},
        hooks="skip",
        plain_http=True,
        ca_file="ca.pem",
        origin=found.origin if found else ORIGIN,
    )
    short, _ = _read("{chart: ./web, name: r, namespace: ns}")
    assert short is not None
    assert (
        short.include_crds,
        short.values,
        short.hooks,
        short.repository,
        short.plain_http,
    ) == (True, None, None, None, False)


BASE = {"chart": "./web", "name": "r", "namespace": "ns"}

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"namee": "x"}, "a release has no key `namee`", "did you mean `name`?"),
    ({"values_file": "x"}, "a release has no key `values_file`", "did you mean `values-file`?"),
    ({"zzz": 1}, "a release has no key `zzz`", "keys are `repository`, `chart`"),
    ({"chart": None}, "`chart` is text, not null", ""),
    ({"chart": ""}, "`chart` is empty", ""),
    ({"name": "-x"}, "`-x` is no name of a release", "small letters"),
    ({"name": "x" * 54}, f"`{'x' * 54}` is no name of a release", "at most 53"),
    ({"namespace": "a.b"}, "`a.b` is no name of a namespace", "at most 63"),
    ({"version": 1.5}, "`version` is text, not a number", "quote it"),
    ({"include-crds": "yes"}, "`include-crds` is `true` or `false`, not text", ""),
    ({"values": ["a"]}, "`values` is a map, not a list", ""),
    ({"hooks": "run"}, "`hooks` cannot be `run`", "it is one of `apply`, `skip`, `plain`"),
    ({"values": {}, "values-file": "x"}, "a release has either `values` or `values-file`", "remove one"),
    ({"chart": "oci://h/x", "repository": "https://h"}, "a chart in a registry has no `repository`", "remove it"),
    ({"chart": "-x", "repository": "https://h"}, "`-x` is no name of a chart in a repository", ""),
    ({"chart": "x", "repository": "stable"}, "`stable` is no URL of a repository", "https://"),
]


@pytest.mark.parametrize(("changes", "message", "hint"), WRONG)
def test_what_is_wrong_with_a_release(changes: dict[str, Any], message: str, hint: str) -> None:
    """The message names the key, the place is the key's line, the hint says what would do."""
    found, problems = _read(yamldoc.dump({**BASE, **changes}))
    assert found is None
    (problem,) = problems
    assert message == problem.message
    assert hint in problem.hint
    assert problem.origin is not None
    assert problem.origin.line > 0


def test_all_that_is_wrong_is_found() -> None:
    """Several findings of one release come together; as an exception they are also a RuntimeError."""
    _, problems = _read("{a: 1, b: 2}")
    error = release.as_error(problems)
    assert [len(problems), len(error.diagnostics)] == [5, 5]
    assert "(and 4 more)" in error.title
    assert isinstance(error, RuntimeError)


def test_a_directory_and_its_archive_are_the_same_chart(tmp_path: Path) -> None:
    """Name, version and what is found in templates do not depend on the packaging."""
    archive = tmp_path / "gates.tgz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(CHARTS / "gates", "gates")
    for path in (archive, CHARTS / "gates"):
        found = scan.look(path, origin=ORIGIN)
        assert (
            found.name,
            found.version,
            found.asks_versions,
            found.steady,
            found.missing,
        ) == ("gates", "0.1.0", True, True, ())


@pytest.mark.parametrize(
    ("chart", "steady", "asks"),
    [("web", True, False), ("random", False, False), ("gates", True, True), ("operator", True, False)],
)
def test_what_a_chart_does(chart: str, steady: bool, asks: bool) -> None:  # noqa: FBT001 - a table
    """A chart that makes something new each time is told from one that does not."""
    found = scan.look(CHARTS / chart, origin=ORIGIN)
    assert (steady, asks) == (found.steady, found.asks_versions)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "{{ now | date `2006` }}"),
        (True, '{{- $ca := genCA "a" 365 -}}'),
        (True, "{{ randAlphaNum 8 }}"),
        (True, "{{ if true }}\n{{ uuidv4\n}}{{ end }}"),
        (False, "now and randAlphaNum"),
        (False, "{{/* not now */}}"),
        (False, "{{- /* not now */ -}} {{ .Values.nowhere }} {{ .Values.random }}"),
        (False, ""),
    ],
)
def test_unsteady_actions(expected: bool, text: str) -> None:  # noqa: FBT001 - a table
    """Only functions in actions count, not words in comments or around."""
    assert expected is scan.unsteady(text)


def test_dependencies_that_are_missing() -> None:
    """Of Helm 3's `Chart.yaml` and Helm 2's `requirements.yaml`; what is in `charts/` is there."""
    assert (Dependency("common", ">=0.1.0", "file://../common"),) == scan.look(CHARTS / "blog", origin=ORIGIN).missing
    assert (Dependency("mail", "1.0.0", "file://../shop/charts/mail"),) == scan.look(
        CHARTS / "legacy", origin=ORIGIN
    ).missing
    assert scan.look(CHARTS / "shop", origin=ORIGIN).missing == ()


def test_the_lock_says_which_version(tmp_path: Path) -> None:
    """`Chart.lock` wins over the range of `Chart.yaml`; an archive in `charts/` is the chart it says it is."""
    (tmp_path / "Chart.yaml").write_text(
        "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n"
        "- {name: b, version: ^1.0.0, repository: https://h}\n- {name: c, version: ^1.0.0, repository: https://h}\n"
    )
    (tmp_path / "Chart.lock").write_text("dependencies:\n- {name: b, version: 1.4.2, repository: https://h}\n")
    (tmp_path / "charts").mkdir()
    with tarfile.open(tmp_path / "charts" / "whatever.tgz", "w:gz") as file:
        content = b"apiVersion: v2\nname: 'c' # see\nversion: 1.0.0\n"
        member = tarfile.TarInfo("c/Chart.yaml")
        member.size = len(content)
        file.addfile(member, io.BytesIO(content))
    assert (Dependency("b", "1.4.2", "https://h"),) == scan.look(tmp_path, origin=ORIGIN).missing


def test_links_in_a_chart_end(tmp_path: Path) -> None:
    """A link to a directory above is followed once, not for ever."""
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: a, version: 1.0.0}")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert scan.look(tmp_path, origin=ORIGIN).name == "a"


@pytest.mark.parametrize("content", [b"", b"text", b"\x1f\x8b\x08\x00garbage"])
def test_archives_that_are_none(tmp_path: Path, content: bytes) -> None:
    """What cannot be read is an error with the file's name, not an exception of somebody else."""
    path = tmp_path / "broken.tgz"
    path.write_bytes(content)
    with pytest.raises(errors.SourceError, match=r"`broken\.tgz`"):
        scan.look(path, origin=ORIGIN)


def test_what_is_public_is_documented() -> None:
    """Every member of `ktor.helm`, key of a release and choice for hooks is on the page."""
    page = (DOCS / "how-to" / "helm.md").read_text() + (DOCS / "reference" / "context.md").read_text()
    members = {name for name in vars(HelmNamespace) if not name.startswith("_")}
    for name in {*members, *release.KEYS, *release.HOOKS}:
        assert f"`{name}" in page, name
