"""A round of the differential suite: many objects, each with a history, applied by us and by kubectl."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Self

import edits
import twins
from excuses import excuse, noted
from twins import Engine, Verdict

import specimens
from kubernator.errors import ApiError
from kubernator.model.change import ChangeKind
from kubernator.model.outcome import OutcomeKind
from kubernator.planning import managed, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from edits import Edit

    from kubernator.model.change import Change
    from kubernator.model.outcome import Outcome

#: Who may have made an object before we see it; mostly nobody has.
BIRTHS = ("", "", "", "", "other", "helm", "kubectl-client-side-apply", "kubernator")


@dataclass
class Case:
    """One object of a kind, its two manifests, and what others do to it."""

    specimen: specimens.Specimen
    seed: str
    tokens: tuple[str, str]
    name: str
    edits: list[Edit] = field(default_factory=list)
    #: What happened, for people.
    said: list[str] = field(default_factory=list)
    #: The change that we planned in the second apply.
    change: Change | None = None
    outcome: Outcome | None = None

    def __post_init__(self) -> None:
        self.random = Random(f"{self.specimen} {self.seed}")  # noqa: S311 - chosen, not secret
        self.birth = self.random.choice(BIRTHS)
        self.force = self.random.random() < 0.5
        self.same = self.random.random() < 0.35

    def __str__(self) -> str:
        return f"{self.specimen} {self.name} (seed {self.seed}; {'; '.join([self.birth, *self.said])})"

    def manifest(self, twin: int, version: int) -> dict[str, Any]:
        """Return the first or the second manifest of the first or the second twin."""
        token = self.tokens[twin]
        name = self.name if self.specimen.namespaced else f"{self.name}-{token}"
        made = {"name": name, "namespace": f"{token}-apart" if self.specimen.apart else token}
        first = specimens.make(self.specimen, **made, seed=f"{self.seed} 0")
        if version == 0 or self.same:
            return first
        second = specimens.make(self.specimen, **made, seed=f"{self.seed} 1")
        return mixed(first, second, Random(f"{self.seed} mix"))  # noqa: S311 - the same


def mixed(first: dict[str, Any], second: dict[str, Any], random: Random) -> dict[str, Any]:
    """Return the first with some of what the second says, so that some changes are small."""
    chance = random.choice([0.3, 1.0])
    result: dict[str, Any] = {}
    for key in {**first, **second}:
        source = second if random.random() < chance else first
        if (
            isinstance(first.get(key), dict)
            and isinstance(second.get(key), dict)
            and key in {"spec", "metadata", "data"}
        ):
            result[key] = mixed(first[key], second[key], random)
        elif key in source:
            result[key] = source[key]
        elif key in first and key in {"selector", "template", "name"}:
            result[key] = first[key]
    return result


def plain(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest as we send it: without an empty status, and with `stringData` as `data`.

    Of `stringData` the server would remember our ownership in the wrong place.
    """
    if manifest.get("status") == {}:
        manifest = {key: value for key, value in manifest.items() if key != "status"}
    if manifest["kind"] != "Secret":
        return manifest
    if None in (manifest.get("data") or {}).values():  # which kubectl itself refuses
        manifest = {**manifest, "data": {key: value or "" for key, value in manifest["data"].items()}}
    texts = manifest.get("stringData")
    if texts is None:
        return manifest
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    return {
        **{key: value for key, value in manifest.items() if key != "stringData"},
        **({"data": {**manifest.get("data", {}), **encoded}} if encoded else {}),
    }


@dataclass
class Found:
    """What a round found."""

    objects: int = 0
    histories: int = 0
    verdicts: int = 0
    unchanged: int = 0
    wrong: list[str] = field(default_factory=list)
    left_open: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    #: Differences between the twins that are none of ours to mend, by reason.
    excused: Counter[str] = field(default_factory=Counter)
    equal: int = 0

    def __str__(self) -> str:
        reasons = "".join(
            f"\n  {count} x {why} [{self.examples[why][:300]}]" for why, count in self.left_open.most_common()
        )
        return (
            f"{self.objects} objects, {self.histories} histories; twins equal {self.equal} times, "
            f"differing for a reason {dict(self.excused)}\n"
            f"{self.verdicts} verdicts, {self.unchanged} unchanged by the server; wrong {len(self.wrong)}, "
            f"left open {sum(self.left_open.values())}{reasons}"
        )

    def note(self, case: object, verdict: Verdict | None) -> None:
        """Count one verdict."""
        if verdict is None or verdict.changes is None:
            return
        self.verdicts += 1
        self.unchanged += not verdict.changes
        if verdict.wrong:
            self.wrong.append(f"{case}: {verdict.changes[:5]}")
        if verdict.left_open:
            self.left_open[verdict.local] += 1
            self.examples.setdefault(verdict.local, f"{case}: {verdict.why()}")


_APPLIED = frozenset({OutcomeKind.CREATED, OutcomeKind.UPDATED, OutcomeKind.UNCHANGED})
#: Kinds whose controller applies their status: where managedFields were cleared, that brings `before-first-apply`.
_APPLIED_TO = frozenset({"ValidatingAdmissionPolicy"})
#: Kinds to which controllers write without an entry of their own.
_MOVING = frozenset(
    {"APIService", "CustomResourceDefinition", "Namespace", "PersistentVolume", "PersistentVolumeClaim"}
)


class Round:
    """Twins of many objects, from their birth to the second apply."""

    def __init__(
        self,
        kubeconfig: Path,
        kubectl: Path,
        *,
        base: str,
        kinds: Sequence[specimens.Specimen],
        seeds: Iterable[str],
        directory: Path,
    ) -> None:
        self.kubeconfig = kubeconfig
        self.kubectl = kubectl
        self.directory = directory
        self.tokens = (f"{base}-a", f"{base}-b")
        self.cases = [
            Case(specimen, seed, self.tokens, f"n{number}")
            for number, (specimen, seed) in enumerate((specimen, seed) for seed in seeds for specimen in kinds)
        ]
        self.found = Found(objects=2 * len(self.cases))
        self.engine = Engine(kubeconfig)
        self.kubectl_said: list[str] = []

    def __enter__(self) -> Self:
        self.engine.__enter__()
        names = [f"{token}{suffix}" for token in self.tokens for suffix in ("", "-apart")]
        self.each(self._namespace, names)
        return self

    def __exit__(self, *_: object) -> None:
        self.each(self._discard, [case for case in self.cases if not case.specimen.namespaced])
        for token in self.tokens:
            for suffix in ("", "-apart"):
                self._delete({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{token}{suffix}"}})
        self.engine.__exit__()

    def each(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Do something for many, side by side."""
        return self.engine.workers.map(function, items)

    def _namespace(self, name: str) -> None:
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"twins": "yes"}}}
        self.engine.cluster.apply(twins.kind_of(self.engine.cluster, manifest), manifest, manager="setup")

    def _delete(self, manifest: dict[str, Any]) -> None:
        kind = twins.kind_of(self.engine.cluster, manifest)
        metadata = manifest["metadata"]
        self.engine.cluster.delete(
            kind, namespace=metadata.get("namespace", ""), name=metadata["name"], propagation="Background"
        )

    def _discard(self, case: Case) -> None:
        for twin in (0, 1):
            try:
                self._delete(case.manifest(twin, 0))
            except ApiError:
                continue

    # -- what others do

    def born(self) -> None:
        """Have some of the objects made by other tools."""

        def make(case: Case) -> None:
            if case.birth:
                self.write(case, edits.birth(case.manifest(0, 1), case.birth))

        self.each(make, self.cases)

    def edited(self) -> None:
        """Have others write to what is there."""

        def edit(case: Case) -> None:
            for _ in range(case.random.choice([0, 1, 1, 2])):
                manifest = case.manifest(0, 0)
                live = twins.get(self.engine.cluster, manifest)
                if live is None:
                    return
                kind = twins.kind_of(self.engine.cluster, manifest)
                self.write(case, edits.draw(live, manifest, kind, case.random))

        self.each(edit, self.cases)
        self.found.histories += len({(*case.said, case.birth, case.specimen.kind) for case in self.cases})

    def write(self, case: Case, edit: Edit) -> None:
        """Carry out an edit on both twins, between two writes of their controller; both take it or both refuse it."""
        self._observed(case)
        taken = []
        for twin in (0, 1):
            manifest = case.manifest(twin, 0)
            taken.append(
                edit.carry_out(
                    self.engine.cluster,
                    twins.kind_of(self.engine.cluster, manifest),
                    namespace=manifest["metadata"].get("namespace", ""),
                    name=manifest["metadata"]["name"],
                    token=(self.tokens[0], self.tokens[twin]),
                )
            )
        case.said.append(f"{edit.what}{'' if all(taken) else ' (refused)'}")
        assert taken[0] == taken[1], f"{case}: only one twin took it: {taken}"
        self._observed(case)

    def _observed(self, case: Case) -> None:
        """Wait until a controller that applies to the twins has done it, so that it comes between the same writes."""
        if case.specimen.kind not in _APPLIED_TO:
            return
        for twin in (0, 1):
            live = twins.get(self.engine.cluster, case.manifest(twin, 0))
            while live and (live.get("status") or {}).get("observedGeneration") != live["metadata"]["generation"]:
                time.sleep(0.02)
                live = twins.get(self.engine.cluster, case.manifest(twin, 0))

    # -- what we do

    def applied(self, version: int, *, force: bool | None = None) -> None:
        """Apply one manifest of each, to the one twin by us and to the other by kubectl."""
        for forced in (False, True):
            cases = [case for case in self.cases if (case.force if force is None else force) == forced]
            if not cases:
                continue
            with Engine(self.kubeconfig, force=forced) as engine:
                plan = engine.plan(case.manifest(0, version) for case in cases)
                for case, change in zip(cases, plan.changes, strict=True):
                    case.change = change
                report = engine.carry_out(plan)
                for case, outcome in zip(cases, report.outcomes, strict=True):
                    case.outcome = outcome
            self._gone_on(cases, version)
            noted = self.each(self.prepared, cases)
            for conflicting in (False, True):
                manifests = [
                    plain(case.manifest(1, version))
                    for case, by_us in zip(cases, noted, strict=True)
                    if (forced or by_us) == conflicting
                ]
                if manifests:
                    self.by_kubectl(manifests, force=conflicting)

    def _gone_on(self, cases: list[Case], version: int) -> None:
        """Have us do at once what we do in the next run, where kubectl sees its annotation and does it in the same."""

        def is_late(case: Case) -> bool:
            live = twins.get(self.engine.cluster, case.manifest(0, 0)) or {"metadata": {}}
            owners = {entry["manager"] for entry in managed.entries(live)}
            return migrate.BEFORE_FIRST_APPLY in owners and twins.LAST_APPLIED in live["metadata"].get(
                "annotations", {}
            )

        late = [case for case, found in zip(cases, self.each(is_late, cases), strict=True) if found]
        if late:
            with Engine(self.kubeconfig, force=True) as engine:
                engine.carry_out(engine.plan(case.manifest(0, version) for case in late))

    def prepared(self, case: Case) -> bool:
        """Do to kubectl's twin beforehand what we do and it does not: take over, and keep what is given up.

        Each is done as the documents say it, not as our code does it: the entry of the tool before is called ours, and
        the field given up is applied with its live value by `kubernator-released`. Return whether the server noted this
        itself as an update of ours, with which an apply conflicts.
        """
        change = case.change
        if change is None or change.kind is not ChangeKind.UPDATE or not (change.take_over or change.release):
            return False
        manifest = case.manifest(1, 0)
        kind = twins.kind_of(self.engine.cluster, manifest)
        live = twins.get(self.engine.cluster, manifest)
        assert live is not None, case
        where = {"namespace": manifest["metadata"].get("namespace", ""), "name": manifest["metadata"]["name"]}
        if change.release:
            body = {key: manifest[key] for key in ("apiVersion", "kind", "metadata")}
            body["metadata"] = {key: value for key, value in body["metadata"].items() if key in {"name", "namespace"}}
            for text in change.release:
                steps = text.removeprefix(".").split(".")  # fields of items of lists are not given up here
                holder, value = body, live
                for step in steps[:-1]:
                    holder, value = holder.setdefault(step, {}), value[step]
                holder[steps[-1]] = value[steps[-1]]
            self.engine.cluster.apply(kind, body, manager=f"{twins.MANAGER}-released")
            live = twins.get(self.engine.cluster, manifest)
            assert live is not None, case
        if change.take_over:
            names = {taken.removesuffix(" (Update)") for taken in change.take_over}
            entries: list[dict[str, Any]] = []
            ours: dict[str, dict[str, Any]] = {}
            for entry in live["metadata"]["managedFields"]:
                whose = entry["manager"], entry["operation"], entry.get("subresource")
                if whose != (twins.MANAGER, "Apply", None) and whose not in {(name, "Update", None) for name in names}:
                    entries.append(entry)
                    continue
                known = ours.setdefault(entry["apiVersion"], {**entry, "manager": twins.MANAGER, "operation": "Apply"})
                known["fieldsV1"] = managed.union(known["fieldsV1"], entry["fieldsV1"])
            entries += ours.values()
            ops = [{"op": "replace", "path": "/metadata/managedFields", "value": entries}]
            self.engine.cluster.patch(kind, **where, body=ops, content_type=edits.JSON_PATCH, manager=twins.MANAGER)
        return noted(twins.get(self.engine.cluster, manifest))

    def by_kubectl(self, manifests: list[dict[str, Any]], *, force: bool) -> str:
        """Apply manifests with kubectl and return what it said; what is refused does not keep the others back."""
        file = self.directory / f"{self.tokens[1]}.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))
        words = ["apply", "--server-side", f"--field-manager={twins.MANAGER}", f"--filename={file}"]
        done = subprocess.run(
            [self.kubectl, f"--kubeconfig={self.kubeconfig}", *words, *(["--force-conflicts"] if force else [])],
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        self.kubectl_said.append(done.stdout + done.stderr)
        assert "error validating" not in self.kubectl_said[-1], f"kubectl refused all of it: {self.kubectl_said[-1]}"
        return self.kubectl_said[-1]

    def again(self, version: int) -> tuple[dict[str, int], list[Case]]:
        """Apply once more by us; return what was sent beside looks, and whose object did not stay as it was."""
        cases = [case for case in self.cases if case.outcome is not None and case.outcome.kind in _APPLIED]
        before = self.each(self._version, cases)
        with Engine(self.kubeconfig, force=True) as engine:
            plan = engine.plan(case.manifest(0, version) for case in cases)
            planned = engine.sent()
            report = engine.carry_out(plan)
            sent = {**planned, **engine.sent()}
        for case, outcome in zip(cases, report.outcomes, strict=True):
            case.outcome, case.change = outcome, outcome.change
        after = self.each(self._version, cases)
        moved = [
            case
            for case, old, new in zip(cases, before, after, strict=True)
            if old != new or case.change is None or case.change.kind is not ChangeKind.UNCHANGED
        ]
        return sent, moved

    def _version(self, case: Case) -> Any:
        """Return what moves with every write of ours: what is owned and since when, and the version where it may."""
        live = twins.get(self.engine.cluster, case.manifest(0, 0)) or {"metadata": {}}
        entries = live["metadata"].get("managedFields", [])
        watched = any(entry["manager"] in twins.CONTROLLERS for entry in entries)
        return (
            [entry for entry in entries if entry["manager"] not in twins.CONTROLLERS],
            None if watched or case.specimen.kind in _MOVING else live["metadata"].get("resourceVersion"),
        )

    def restless(self, case: Case, version: int) -> bool:
        """Say whether kubectl's twin would change as well: what the server changes at every other apply, or at each."""
        manifest = plain(case.manifest(1, version))
        found = twins.verdict(self.engine.cluster, manifest)
        return found is not None and bool(found.changes)

    # -- what comes of it

    def compared(self) -> list[str]:
        """Return how the twins differ for no reason that we know; ours stands left."""

        def compare(case: Case) -> tuple[list[str], str]:
            lives = [twins.get(self.engine.cluster, case.manifest(twin, 0)) for twin in (0, 1)]
            one, other = (twins.neutral(live, token) for live, token in zip(lives, self.tokens, strict=True))
            found = list(twins.differences(one, other))
            return found, excuse(case, one, other) if found else ""

        result = []
        for case, (found, why) in zip(self.cases, self.each(compare, self.cases), strict=True):
            if not found:
                self.found.equal += 1
            elif why:
                self.found.excused[why] += 1
            else:
                outcome = case.outcome and (case.outcome.kind, case.outcome.error)
                result.append("\n  ".join([f"{case} force={case.force} {outcome}", *found[:8]]))
        return result

    def judged(self) -> None:
        """Compare the proof with the server's dry run, for both manifests of every object as it stands."""

        def judge(case: Case) -> list[Verdict | None]:
            versions = (0,) if case.same else (0, 1)
            return [twins.verdict(self.engine.cluster, case.manifest(0, version)) for version in versions]

        for case, found in zip(self.cases, self.each(judge, self.cases), strict=True):
            for each in found:
                self.found.note(case, each)
