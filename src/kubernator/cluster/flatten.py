"""Several kubeconfig files, or one with another context, as the one file that other programs take."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

from kubernator.cluster import kubeconfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["flattened"]

#: Keys whose values are paths, relative ones being meant from the directory of the file.
_PATHS: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def flattened(files: Sequence[Path], *, context: str | None, must_exist: bool) -> str:
    """Return the text of one kubeconfig that says what several say together, with every path absolute.

    ``context`` becomes the current one. The text holds credentials. Raises `errors.Unreachable` for a file that cannot
    be read or understood, or a context that is in none of them.
    """
    together = kubeconfig.load(files, must_exist=must_exist)
    if context is not None and context not in together.contexts:
        together.select(context)  # says which there are
    whole = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context or together.current_context,
        "contexts": _section("context", together.contexts),
        "clusters": _section("cluster", together.clusters),
        "users": _section("user", together.users),
    }
    return json.dumps(whole, indent=1)


def _section(name: str, entries: Mapping[str, kubeconfig.Entry]) -> list[dict[str, Any]]:
    return [{"name": each, name: _absolute(entry)} for each, entry in entries.items()]


def _absolute(entry: kubeconfig.Entry) -> dict[str, Any]:
    values = dict(entry.values)
    directory = entry.file.parent
    for key in _PATHS:
        if isinstance(values.get(key), str) and values[key]:
            values[key] = str(directory / values[key])
    program = values.get("exec")
    if isinstance(program, dict) and os.sep in str(program.get("command", "")):
        values["exec"] = {**program, "command": str(directory / program["command"])}
    return values
