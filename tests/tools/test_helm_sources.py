"""Where charts come from: directories, archives, repositories over HTTP, a registry; what is said if they do not."""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from helmtree import CHARTS, Repository, Tree
from helmtree import helm as run_helm

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.tools

PASSWORD = "s3cret-of-the-repository"


@pytest.fixture(params=["helm", "helm3"])
def helm(request: pytest.FixtureRequest, program: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a helm of each major version, and have it on `PATH`; what it would find at home is empty."""
    found: Path = program(request.param)
    monkeypatch.setenv("PATH", f"{found.parent}:/usr/bin:/bin")
    for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    return found


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Return an empty tree that registers the plugin, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Tree(tmp_path)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """Return an empty repository."""
    made = Repository(tmp_path / "repository")
    yield made
    made.close()


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Repository]:
    """Return an empty repository that wants a password."""
    made = Repository(tmp_path / "private", credentials=f"ada:{PASSWORD}")
    yield made
    made.close()


def release(chart: str, *, repository: str = "", version: str = "", more: str = "") -> str:
    lines = [f"chart: {chart}", "name: r", "namespace: ns"]
    lines += [f"repository: {repository}"] if repository else []
    lines += [f"version: {version!r}"] if version else []
    return "\n".join([*lines, more, ""])


def test_local_directories_and_archives(helm: Path, tree: Tree, tmp_path: Path) -> None:
    """A path begins at the directory of the release, whatever the working directory is."""
    run_helm(helm, "package", str(CHARTS / "scopes"), "-d", str(tree.root / "a"))
    (tree.root / "a" / "charts").mkdir()
    (tree.root / "a" / "charts" / "scopes").symlink_to(CHARTS / "scopes")
    tree.write({"a/one.helm.yaml": release("scopes-0.1.0.tgz"), "a/two.helm.yaml": release("./charts/scopes")})
    tree.write({"a/charts/.kubernator.py": "ktor.app.includes.clear()"})
    first = {"Namespace/ns-made", "ClusterRole/ns-r", "ServiceAccount/plain"}
    assert first | {"ServiceAccount/explicit", "ServiceAccount/elsewhere"} == set(tree.run().names())
    assert not tree.diagnostics.errors
    assert {"scopes"} == {found.origin.path.parts[0] for found in tree.resources}


def test_an_exact_version_is_fetched_once_and_for_all(helm: Path, tree: Tree, repository: Repository) -> None:
    """One index and one archive for two releases; nothing at all in the next run, not even with a repository gone."""
    repository.add(helm, CHARTS / "web", version="1.0.0")
    repository.add(helm, CHARTS / "web", version="1.1.0")
    text = release("web", repository=repository.url, version="1.0.0")
    tree.write({"1.helm.yaml": text, "2.helm.yaml": text.replace("name: r", "name: s")})
    first = tree.run().manifests
    assert {"web-1.0.0"} == {each["metadata"]["labels"]["helm.sh/chart"] for each in first if each["kind"] == "Service"}
    assert (repository.fetched("index.yaml"), repository.fetched("web-1.0.0.tgz")) == (1, 1)
    repository.close()
    assert first == tree.run().manifests
    tree.args = {"no_cache": True}
    assert [found[-17:] for found in _without_reason(tree.run().messages)] == ["cannot be fetched"] * 2


def _without_reason(messages: list[str]) -> list[str]:
    return [re.sub(r"cannot be fetched: .*", "cannot be fetched", message) for message in messages]


@pytest.mark.parametrize(
    ("version", "expected"), [("", "1.10.0"), ("^1.0", "1.10.0"), ("~1.2", "1.2.9"), (">=2.0.0-0", "2.0.0-rc.1")]
)
def test_ranges_mean_the_newest_that_fits(
    helm: Path, tree: Tree, repository: Repository, version: str, expected: str
) -> None:
    """Without a version it is the newest release; versions are compared as numbers, pre-releases only on request."""
    for each in ("1.2.9", "1.10.0", "2.0.0-rc.1"):
        repository.add(helm, CHARTS / "scopes", version=each)
    tree.write({"a.helm.yaml": release("scopes", repository=repository.url, version=version)})
    tree.run()
    assert not tree.diagnostics.errors
    assert {f"chart scopes {expected}"} == {found.origin.maker for found in tree.resources}
    repository.add(helm, CHARTS / "scopes", version="1.2.10")
    repository.add(helm, CHARTS / "scopes", version="1.11.0")
    newer = {"1.10.0": "1.11.0", "1.2.9": "1.2.10"}.get(expected, expected)
    assert {f"chart scopes {newer}"} == {found.origin.maker for found in tree.run().resources}


def test_a_private_repository(
    helm: Path, tree: Tree, private: Repository, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Credentials of the URL reach the server and nobody else: no log, no argument, no file that stays."""
    caplog.set_level(logging.DEBUG)
    private.add(helm, CHARTS / "scopes")
    url = f"http://ada:{PASSWORD}@{private.address}/"
    tree.write({"a.helm.yaml": release("scopes", repository=url)})
    assert tree.run().diagnostics.errors == []
    assert PASSWORD not in caplog.text
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if PASSWORD.encode() in path.read_bytes()]
    wrong = release("scopes", repository=url.replace(PASSWORD, "wrong-password"), version="9.9.9")
    (message,) = tree.write({"a.helm.yaml": wrong}).run().messages
    assert "401" in message
    assert "wrong-password" not in message + caplog.text
    assert [f"http://{private.address}"] == re.findall(r"the repository `([^`]+?)/?`", message)
    assert "credentials are missing or wrong" in tree.diagnostics.errors[0].hint


def test_certificates_of_ones_own(helm: Path, tree: Tree, tmp_path: Path) -> None:
    """`ca-file`, beside the release, says whom to trust; without it the hint does."""
    pem = tree.root / "ca.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=repository",
            "-days",
            "2",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            str(tmp_path / "key.pem"),
            "-out",
            str(pem),
        ],
        check=True,
        capture_output=True,
    )
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "key.pem").read_text() + pem.read_text())
    secure = Repository(tmp_path / "secure", certificate=both)
    try:
        secure.add(helm, CHARTS / "scopes")
        text = release("scopes", repository=secure.url)
        (found,) = tree.write({"a.helm.yaml": text}).run().diagnostics.errors
        assert "certificate" in found.message
        assert found.hint == "`ca-file` names the certificates to trust"
        assert tree.write({"a.helm.yaml": f"{text}ca-file: ca.pem\n"}).run().diagnostics.errors == []
    finally:
        secure.close()


def test_a_repository_that_stumbles_is_asked_again(helm: Path, tree: Tree, repository: Repository) -> None:
    """A passing failure of the server is not the end."""
    repository.add(helm, CHARTS / "scopes")
    repository.failing = [503]
    tree.write({"a.helm.yaml": release("scopes", repository=repository.url)})
    assert tree.run().diagnostics.errors == []
    assert repository.fetched("index.yaml") == 2


@pytest.mark.parametrize(
    ("chart", "version", "said", "hint"),
    [
        ("nope", "", "the chart `{place}/nope` cannot be fetched: no chart name found", "helm search repo"),
        (
            "web",
            "9.9.9",
            "the chart `{place}/web` in version `9.9.9` cannot be fetched: no chart version found for web-9.9.9",
            "helm search repo",
        ),
        (
            "web",
            ">1 or so",
            "the chart `{place}/web` in version `>1 or so` cannot be fetched: improper constraint.*",
            "search",
        ),
    ],
)
def test_what_a_repository_does_not_have(
    *, helm: Path, tree: Tree, repository: Repository, chart: str, version: str, said: str, hint: str
) -> None:
    """The message names chart and version, the finding the document; the other release is there all the same."""
    repository.add(helm, CHARTS / "web")
    tree.write(
        {
            "1.helm.yaml": release(chart, repository=repository.url, version=version),
            "2.helm.yaml": release(str(CHARTS / "scopes")),
        }
    ).run()
    (found,) = tree.diagnostics.errors
    assert re.fullmatch(said.format(place=re.escape(repository.url)), found.message)
    assert hint in found.hint
    assert str(found.origin) == "1.helm.yaml:1:1, document 1"
    assert "ServiceAccount/plain" in tree.names()


def test_what_is_no_chart(helm: Path, tree: Tree, repository: Repository) -> None:
    """Missing paths, broken archives, directories without a chart, and an answer that is no repository."""
    (tree.root / "broken.tgz").write_bytes(b"\x1f\x8bnonsense")
    (tree.root / "text.tgz").write_bytes(b"text")
    (tree.root / ".empty").mkdir()
    repository.directory.mkdir(exist_ok=True)
    charts = ["web", "broken.tgz", "text.tgz", ".empty"]
    tree.write({f"{number}.helm.yaml": release(chart) for number, chart in enumerate(charts)})
    tree.write({"9.helm.yaml": release("web", repository=repository.url)}).run()
    for wanted, found in zip(
        (
            "there is no chart `web`: no such directory or archive",
            "the chart `broken.tgz` cannot be read",
            "the chart `text.tgz` cannot be read: not a gzip file",
            "`.empty` is no chart: it has no `Chart.yaml`",
            f"the repository `{repository.url}` cannot be fetched: looks like",
        ),
        tree.diagnostics.errors,
        strict=True,
    ):
        assert found.message.startswith(wanted)


def test_a_registry(helm: Path, tree: Tree, oci_registry: Any, tmp_path: Path) -> None:
    """An `oci://` chart with and without a version, and a registry given as a repository."""
    space = f"oci://{oci_registry.address}/{tmp_path.name}-{helm.parent.name}".lower().replace("_", "-")
    for version in ("0.1.0", "0.2.0"):
        run_helm(helm, "package", str(CHARTS / "scopes"), "-d", str(tmp_path), "--version", version)
        archive = str(tmp_path / f"scopes-{version}.tgz")
        subprocess.run([helm, "push", archive, space, "--plain-http"], check=True, capture_output=True)
    plain = "plain-http: true"
    for text, version in (
        (release(f"{space}/scopes", version="0.1.0", more=plain), "0.1.0"),
        (release(f"{space}/scopes", more=plain), "0.2.0"),
        (release("scopes", repository=space, version="~0.1.0", more=plain), "0.1.0"),
    ):
        tree.write({"a.helm.yaml": text}).run()
        assert not tree.diagnostics.errors, tree.messages
        assert {f"chart scopes {version}"} == {found.origin.maker for found in tree.resources}
    (message,) = tree.write({"a.helm.yaml": release(f"{space}/nope", version="1.0.0", more=plain)}).run().messages
    assert f"the chart `{space}/nope` in version `1.0.0` cannot be fetched" in message


def test_charts_are_pinned(helm: Path, tree: Tree, repository: Repository) -> None:
    """The lock file pins archives and what ranges mean; another archive is refused, and so is what is not pinned."""
    repository.add(helm, CHARTS / "scopes", version="1.0.0")
    tree.write({"a.helm.yaml": release("scopes", repository=repository.url, version="^1.0")})
    tree.pins = {"locking": True}
    changes = [str(change).split("sha256:")[0] for change in tree.run().host.pins.write()]
    key = f"{repository.url}/scopes"
    assert [f"added chart `{key}@1.0.0`: ", f"added chart `{key}@^1.0`: 1.0.0"] == changes
    repository.add(helm, CHARTS / "scopes", version="1.1.0")
    tree.pins = {"locked": True}
    assert {"chart scopes 1.0.0"} == {found.origin.maker for found in tree.run().resources}
    tree.write({"a.helm.yaml": release("scopes", repository=repository.url, version="1.1.0")})
    assert "is not pinned" in tree.run().messages[0]
    tree.pins = {}
    lock = tree.root / "kubernator.lock"
    lock.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", lock.read_text()))
    tree.write({"a.helm.yaml": release("scopes", repository=repository.url, version="1.0.0")})
    (found,) = tree.run().diagnostics.errors
    assert f"chart `{key}@1.0.0` is not what `kubernator.lock` pins" == found.message


def test_dependencies_come_from_repositories_too(helm: Path, tree: Tree, repository: Repository) -> None:
    """A local chart's missing dependency is fetched like any chart; one that cannot be had names who needs it."""
    repository.add(helm, CHARTS / "common", version="0.3.5")
    blog = tree.home / "blog"
    (blog / "templates").mkdir(parents=True)
    (blog / "templates" / "a.yaml").write_text((CHARTS / "blog" / "templates" / "configmap.yaml").read_text())
    text = (CHARTS / "blog" / "Chart.yaml").read_text().replace("file://../common", repository.url)
    (blog / "Chart.yaml").write_text(text)
    (blog / "values.yaml").write_text("title: x")
    tree.write({"a.helm.yaml": release(str(blog))})
    assert tree.run().names() == ["ConfigMap/r-blog"]
    assert not (blog / "charts").exists()
    for where, said in (
        ("'@mine'", "the chart `blog` needs the chart `common`, and `@mine` is a name on somebody's machine"),
        ("''", "the chart `blog` needs the chart `common`, and it names no repository for it"),
        ("file://../gone", "the chart `blog` needs the chart `common`, and there is no `file://../gone`"),
    ):
        (blog / "Chart.yaml").write_text(text.replace(repository.url, where))
        assert [said] == tree.run().messages
    (blog / "Chart.yaml").write_text(text.replace(">=0.1.0", "9.9.9"))
    (found,) = tree.run().diagnostics.errors
    assert ("needed by", "chart blog 0.1.0") in found.detail


NEEDS = "{apiVersion: v2, name: %s, version: 1.0.0, dependencies: [{name: leaf, version: 1.0.0, repository: %r}]}"


@pytest.mark.parametrize("packed", [False, True])
def test_the_name_of_a_chart_leads_nowhere(
    *, helm: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    """What a chart calls itself is no place to write to, whoever made it."""
    monkeypatch.setenv("TMPDIR", str(tree.home))
    monkeypatch.setattr("tempfile.tempdir", None)
    leaf = tree.home / "the-leaf"
    leaf.mkdir()
    (leaf / "Chart.yaml").write_text("{apiVersion: v2, name: ../../../../leaf, version: 1.0.0}")
    if packed:
        shutil.make_archive(str(leaf), "gztar", leaf.parent, leaf.name)
    web = tree.home / "web"
    web.mkdir()
    (web / "Chart.yaml").write_text(NEEDS % ("../../../web", f"file://../the-leaf{'.tar.gz' * packed}"))
    there = {*tree.home.iterdir(), tree.home / "cache"}
    (found,) = tree.write({"a.helm.yaml": release(str(web))}).run().diagnostics.errors
    assert "cannot be rendered" in found.message
    assert there >= set(tree.home.iterdir())


def test_what_cannot_be_had_is_a_finding(helm: Path, tree: Tree) -> None:
    """A chart that cannot be copied, an address that is none, the home of nobody."""
    web = tree.home / "web"
    web.mkdir()
    (tree.home / "leaf").mkdir()
    (tree.home / "leaf" / "Chart.yaml").write_text("{apiVersion: v2, name: leaf, version: 1.0.0}")
    (web / "link").symlink_to("nowhere")
    for where, said in (
        ("file://../leaf", "the chart `web` cannot be copied to add what it needs"),
        ("http://[bad", "the address of a download cannot be read"),
    ):
        (web / "Chart.yaml").write_text(NEEDS % ("web", where))
        tree.write({"a.helm.yaml": release(str(web))})
        assert [said] == tree.run().messages
    tree.write({"a.helm.yaml": release("~nobody-of-that-name/web")})
    assert tree.run().messages == ["there is no chart `~nobody-of-that-name/web`: no such directory or archive"]


def test_newer_versions_are_said(
    *,
    helm: Path,
    tree: Tree,
    repository: Repository,
    oci_registry: Any,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """The words are those of Kubernator 1; pre-releases are no news, and a repository that is gone fails nothing."""
    for version in ("1.2.9", "1.10.0", "2.0.0-rc.1"):
        repository.add(helm, CHARTS / "scopes", version=version)
    space = f"oci://{oci_registry.address}/{tmp_path.name}-{helm.parent.name}".lower().replace("_", "-")
    for version in ("1.2.9", "1.10.0"):
        archive = str(repository.directory / f"scopes-{version}.tgz")
        subprocess.run([helm, "push", archive, space, "--plain-http"], check=True, capture_output=True)
    tree.script("", register='ktor.app.register_plugin("helm", check_chart_versions=True)')
    tree.write(
        {
            "1.helm.yaml": release("scopes", repository=repository.url, version="1.2.9"),
            "2.helm.yaml": release(f"{space}/scopes", version="1.2.9", more="plain-http: true"),
        }
    ).run()
    said = "Chart scopes is version 1.2.9 while the latest is 1.10.0"
    assert [said, said] == [found.message for found in caplog.records if "while the latest" in found.message]
    assert {"WARNING"} == {found.levelname for found in caplog.records if "while the latest" in found.message}
    caplog.clear()
    tree.write({"1.helm.yaml": release("scopes", repository=repository.url, version="1.10.0"), "2.helm.yaml": ""}).run()
    assert "while the latest" not in caplog.text
    repository.close()
    tree.run()
    assert "has newer versions is not known" in caplog.text


def test_a_script_hears_of_it_at_once(helm: Path, tree: Tree) -> None:
    """What cannot be had raises in the script, as the RuntimeError of Kubernator 1."""
    tree.script(
        """
        try:
            ktor.helm.add_helm(chart="nowhere", name="r", namespace="ns")
        except RuntimeError as error:
            ktor.seen(str(error))
        ktor.helm.add_helm_template({"chart": "nowhere", "name": "r", "namespace": "ns"})
        """
    )
    with pytest.raises(errors.ProjectError) as raised:
        tree.run()
    assert tree.seen == ["there is no chart `nowhere`: no such directory or archive"]
    assert ".kubernator.py:7" in str(raised.value.origin)
