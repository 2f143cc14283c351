"""A state store against the manifests of the tree: what differs, as changes of the plan, and how one is written."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.model.change import PatchOp
from kubernator.planning import diff
from kubernator.plugin import PluginChange
from kubernator.plugins.kops import comparing
from kubernator.plugins.kops.manifests import CLUSTER, LABEL, SSH_CREDENTIAL, Manifest
from kubernator.plugins.kops.scratch import Scratch, held
from kubernator.tools import kops, kops_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kubernator.plugin import Diagnostic
    from kubernator.plugins.kops.program import Program
    from kubernator.plugins.kops.scratch import Held, Key
    from kubernator.tools.kops import Target
    from kubernator.tools.kops_answers import Preview

__all__ = ["Comparison", "Difference", "Store"]

PLUGIN: Final = "kops"
CREATE: Final = "create"
CHANGE: Final = "change"

_logger = logging.getLogger("kubernator.kops")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An object that is not in the state store, or is another one there."""

    manifest: Manifest
    wanted: Mapping[str, Any]
    live: Mapping[str, Any] | None = None

    def change(self, target: Target) -> PluginChange:
        """Return it as a change of the plan. All that is needed to carry it out is in its ``detail``."""
        of = "" if self.manifest.kind == CLUSTER else f" of {target.name}"
        detail: dict[str, Any] = {
            "cluster": target.name,
            "stateStore": target.state,
            "kind": self.manifest.kind,
            "name": self.manifest.name,
        }
        if self.live is None:
            title = f"create {self.manifest}{of} in {target.state}"
            detail = {"action": CREATE, **detail, "manifest": comparing.bare(self.wanted)}
        else:
            ops = comparing.patch(self.live, self.wanted)
            title = f"change {self.manifest}{of} in {target.state}: {comparing.summary(ops, self.live)}"
            detail = {
                "action": CHANGE,
                **detail,
                "patch": diff.wire_ops(ops),
                "from": comparing.digest(self.live),
                "to": comparing.digest(self.wanted),
            }
        return PluginChange(
            plugin=PLUGIN, title=title, detail=detail, phase="before", writes=(f"{target.state}/{target.name}",)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The state store and the tree. ``scratch`` holds what the store would hold, None where that is what it holds."""

    live: Held | None
    differences: tuple[Difference, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    scratch: Scratch | None = field(default=None, repr=False)


class Store:
    """One cluster's part of a state store."""

    def __init__(self, program: Program, target: Target) -> None:
        self._program = program
        self.target = target

    def live(self) -> Held | None:
        """Return what is there, None when the cluster is not. Raises `errors.ToolError` when that cannot be told."""
        done = self._program.ask(self.target, kops.get(self.target))
        if done.code and kops_answers.no_cluster(done.stderr, self.target.name):
            return None
        return held(self._program.checked(self.target, done).stdout)

    def preview(self) -> Preview:
        """Return what an update would do to the cloud, as things stand in the state store."""
        return kops_answers.read_preview(self._program.read(self.target, kops.preview(self.target)))

    # --- comparing ------------------------------------------------------------------------------------------------

    def compare(self, manifests: Sequence[Manifest]) -> Comparison:
        """Compare manifests of this cluster with what is there. What kops does not take is in ``problems``."""
        live = self.live()
        ordered = sorted(manifests, key=lambda found: found.order)
        specs = [found for found in ordered if found.kind != SSH_CREDENTIAL]
        keys = [found for found in ordered if found.kind == SSH_CREDENTIAL]
        if live is None and not any(found.kind == CLUSTER for found in specs):
            return Comparison(live=live, problems=tuple(map(self._homeless, ordered)))
        scratch, made, problems = self._made(specs, live or {})
        if problems:
            return Comparison(live=live, problems=tuple(problems))
        changed = list(self._changed(specs, scratch, made, live or {}))
        differences = (*changed, *self._missing(keys, live))
        if live is None:
            if not any(scratch.elsewhere(value) for value in _clusters(made)):
                scratch.write([found.value for found in keys])
            return Comparison(live=live, differences=differences, scratch=scratch)
        if not changed:
            return Comparison(live=live, differences=differences)
        scratch, problems = self._replaced(live, changed)
        return Comparison(live=live, differences=differences, problems=tuple(problems), scratch=scratch)

    def _made(self, specs: Sequence[Manifest], live: Held) -> tuple[Scratch, Held, list[Diagnostic]]:
        """Let kops make objects of manifests in an empty state store."""
        scratch = Scratch(self._program, self.target)
        if not specs:
            return scratch, {}, []
        beside = [] if any(found.kind == CLUSTER for found in specs) else _clusters(live)
        if not scratch.write([*beside, *(found.value for found in specs)]):
            made = scratch.read()
            return scratch, made, [problem for found in specs for problem in self._unknown(found, made)]
        problems: list[Diagnostic] = []
        scratch = Scratch(self._program, self.target)  # empty: kops fills in only what it makes anew
        scratch.write(beside)
        for found in specs:  # one by one, so that each problem has its place
            problems += self._problems(found, scratch.write([found.value]))
            if problems and found.kind == CLUSTER:
                if not live:
                    break  # the others would be refused for want of it
                scratch.write(_clusters(live))
        return scratch, {} if problems else scratch.read(), problems

    def _changed(self, specs: Sequence[Manifest], scratch: Scratch, made: Held, live: Held) -> Iterator[Difference]:
        for found in specs:
            key = _key(found)
            value: dict[str, Any] = comparing.settled(found.value, made[key], live.get(key))
            wanted = scratch.without_us(value) if found.kind == CLUSTER else value
            if key not in live or not comparing.same(live[key], wanted):
                yield Difference(manifest=found, wanted=wanted, live=live.get(key))

    def _replaced(self, live: Held, changed: Sequence[Difference]) -> tuple[Scratch, list[Diagnostic]]:
        """Let kops replace a copy of what is there: it knows which fields must not change."""
        scratch = Scratch(self._program, self.target)
        refused = scratch.write(live.values())
        if refused:
            raise errors.ToolError(
                f"kops does not take its own objects of `{self.target.name}` back",
                detail=[("output", refused)],
                hint="is this kops older than the one that wrote them?",
            )
        problems = [
            problem for found in changed for problem in self._problems(found.manifest, scratch.write([found.wanted]))
        ]
        return scratch, problems

    def _missing(self, keys: Sequence[Manifest], live: Held | None) -> Iterator[Difference]:
        asked = keys and live is not None
        there = kops_answers.public_keys(self._program.read(self.target, kops.ssh_keys(self.target))) if asked else []
        for found in keys:
            if found.value["spec"]["publicKey"].strip() not in there:
                yield Difference(manifest=found, wanted=found.value)

    # --- what is wrong ---------------------------------------------------------------------------------------------

    def _homeless(self, manifest: Manifest) -> Diagnostic:
        return manifest.problem(
            f"cluster `{self.target.name}` is neither in the tree nor in `{self.target.state}`",
            ("metadata", "labels", LABEL),
            hint="is the name right? A manifest of kind `Cluster` makes it",
        )

    def _problems(self, manifest: Manifest, refused: str) -> Iterator[Diagnostic]:
        if not refused:
            return
        for problem in kops_answers.field_problems(refused):
            about = f"`{problem.field}`: " if problem.path else ""
            place = comparing.nearest(manifest.value, problem.path)
            yield manifest.problem(f"kops does not take it: {about}{problem.message}", place, field=problem.field)

    def _unknown(self, manifest: Manifest, made: Held) -> Iterator[Diagnostic]:
        key = _key(manifest)
        if key not in made:
            raise errors.ToolError(f"kops wrote {manifest} and does not show it")
        for path in comparing.dropped(manifest.value, made[key]):
            field = kops_answers.field_name(path)
            yield manifest.problem(
                f"kops does not know `{field}`",
                path,
                field=field,
                hint="`kops get all -o yaml` shows the fields as kops writes them; this one would be lost",
            )

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(self, detail: Mapping[str, Any]) -> None:
        """Carry out a change. Raises `errors.PlanRefused` when the object is not what it was when it was planned."""
        key = (detail["kind"], detail["name"])
        wanted = self._by_now(key, detail)
        if wanted is None:
            _logger.info("%s %s of %s was written by somebody else in the meantime", *key, self.target.name)
            return
        path = self._program.scratch() / "object.json"
        path.write_text(comparing.encoded(wanted), encoding="utf-8")
        self._program.read(self.target, kops.replace(self.target, [path]))

    def _by_now(self, key: Key, detail: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what is to be written, now that it comes to it; None when it is there already."""
        if key[0] == SSH_CREDENTIAL:
            return dict(detail["manifest"])
        live = (self.live() or {}).get(key)
        if detail["action"] == CREATE:
            wanted = dict(detail["manifest"])
            if live is None:
                return wanted
            if comparing.same(_as_written(live, wanted), wanted):
                return None
        elif live is not None:
            if comparing.digest(live) == detail["to"]:
                return None
            if comparing.digest(live) == detail["from"]:
                carried: dict[str, Any] = diff.carry(live, [PatchOp(**op) for op in detail["patch"]])
                return carried
        raise errors.PlanRefused(
            f"{key[0]} {key[1]} in `{self.target.state}` is not what it was when this was planned",
            detail=[("cluster", self.target.name)],
            hint="somebody else has written it; run again to see what is to be done now",
        )


def _key(manifest: Manifest) -> Key:
    return manifest.kind, manifest.name


def _as_written(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Take out the place of the keys, which kops shows whether or not it was written."""
    said = wanted.get("spec") or {}
    return {**live, "spec": {key: value for key, value in live["spec"].items() if key in said or key != "configBase"}}


def _clusters(live: Held) -> list[dict[str, Any]]:
    return [value for (kind, _), value in live.items() if kind == CLUSTER]
