"""Programs that only say their version, and a place for everything."""

from __future__ import annotations

import pytest

MAIN = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")


@pytest.fixture
def said():
    """Take what is said about long steps."""
    return []


@pytest.fixture
def make_programs():
    """Fill a directory with programs that answer ``--version``."""

    def make(directory, version="1.37.2", *, names=MAIN, **versions):
        directory.mkdir(parents=True, exist_ok=True)
        for name in names:
            number = versions.get(name.replace("-", "_"), version)
            program = directory / name
            program.write_text(f"#!/bin/sh\necho Kubernetes v{number}\n")
            program.chmod(0o700)
        return directory

    return make


@pytest.fixture(autouse=True)
def own_places(monkeypatch, tmp_path):
    """Keep the user's cache, state and programs out of the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.delenv("KUBERNATOR_DOWNLOAD_MIRROR", raising=False)
