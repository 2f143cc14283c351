"""A state store of our own, on disk and private: kops writes into it to say what it makes of manifests.

kops checks an object when it writes it, by the types and rules of its own version, and has no other way to be asked.
The keys of a cluster stand below its ``spec.configBase``, wherever its specification stands: those of a cluster that is
there are read from their place when a change to it is previewed. They are never written, since only specifications are
written here, and SSH keys only to a cluster whose place is in this store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.plugins.kops import comparing
from kubernator.plugins.kops.manifests import API_VERSION
from kubernator.tools import kops, kops_answers
from kubernator.tools.kops import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from kubernator.plugins.kops.program import Program

__all__ = ["Held", "Key", "Scratch", "held"]

#: Kind and name.
Key = tuple[str, str]

#: What a state store holds of one cluster.
Held = dict[Key, dict[str, Any]]

_FILE: Final = "file://"

#: Where the keys and secrets of a cluster are.
_PLACES: Final = ("configBase", "keyStore", "secretStore")


def held(text: str) -> Held:
    """Return what ``kops get all`` printed, without objects that are not kOps' own."""
    found = [item for item in kops_answers.objects(text) if item.get("apiVersion") == API_VERSION]
    return {(str(item.get("kind")), str((item.get("metadata") or {}).get("name"))): item for item in found}


class Scratch:
    """An empty state store for one cluster."""

    def __init__(self, program: Program, real: Target) -> None:
        self._program = program
        self._directory = program.scratch()
        self._number = 0
        self._real = real
        self._target = Target(real.name, f"{_FILE}{self._directory / 'store'}")

    def write(self, values: Iterable[Mapping[str, Any]]) -> str:
        """Let kops write objects, in this order; return what it says against it, empty when it has nothing to say."""
        files = [self._file(value) for value in values]
        if not files:
            return ""
        done = self._program.ask(self._real, kops.replace(self._target, files), quiet=True)
        return (kops_answers.said(done.stderr) or f"it ended with code {done.code}") if done.code else ""

    def read(self) -> Held:
        """Return what kops wrote, as it reads it."""
        return held(self._ask(kops.get(self._target)))

    def preview(self) -> kops_answers.Preview:
        """Return what would be done to the cloud if this were the state store of the cluster."""
        return kops_answers.read_preview(
            self._ask(kops.preview(self._target)).replace(self._target.state, self._real.state)
        )

    def elsewhere(self, cluster: Mapping[str, Any]) -> bool:
        """Say whether a cluster keeps its keys in another place than this."""
        spec = cluster.get("spec") or {}
        return any(spec.get(place) and not self._ours(spec[place]) for place in _PLACES)

    def without_us(self, cluster: Mapping[str, Any]) -> dict[str, Any]:
        """Take out of a cluster what kops fills in when it reads one that does not say where its keys are."""
        spec = {key: value for key, value in cluster["spec"].items() if key not in _PLACES or not self._ours(value)}
        return {**cluster, "spec": spec}

    def _ours(self, place: Any) -> bool:
        # kops itself writes the place without the scheme
        return str(place).removeprefix(_FILE).startswith(str(self._directory))

    def _ask(self, args: list[str]) -> str:
        return self._program.checked(self._real, self._program.ask(self._real, args, quiet=True)).stdout

    def _file(self, value: Mapping[str, Any]) -> Path:
        self._number += 1
        path = self._directory / f"{self._number}.json"
        path.write_text(comparing.encoded(value), encoding="utf-8")
        return path
