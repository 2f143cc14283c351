"""Real programs by version, from a mirror on loopback that packs them as their projects do."""

from __future__ import annotations

import pytest

from kubernator.testing.mirror import Mirror
from kubernator.tools import official
from kubernator.tools.cache import Cache
from kubernator.tools.locate import Programs
from kubernator.tools.tool import ToolOrigin

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(
    ("name", "version", "command"),
    [
        ("helm", "4.3.1", "version --short"),
        ("kubectl", "1.37.1", "version --client"),
        ("terraform", "1.11.4", "version"),
    ],
)
def test_real_program(program, tmp_path, monkeypatch, *, name, version, command):
    """It is fetched, unpacked, verified, exposed and runs; a script's shell finds it under its plain name."""
    with Mirror() as mirror:
        monkeypatch.setenv(official.MIRROR, mirror.url)
        mirror.offer(name, version, program(name).read_bytes())
        programs = Programs(Cache(tmp_path))
        found = programs.find(name, version=version)
    environment = {"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": None, "CHECKPOINT_DISABLE": "1"}
    assert found.origin is ToolOrigin.DOWNLOAD
    assert f"v{version.partition('.')[0]}." in programs.run(found, *command.split(), plugin="x", env=environment).stdout
    where = programs.run("sh", "-c", f"command -v {name}", plugin="x").stdout
    assert where == f"{found.path}\n"
    assert Programs(Cache(tmp_path)).find(name, version=version).origin is ToolOrigin.CACHE
