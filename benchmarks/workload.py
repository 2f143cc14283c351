"""What the tools are given: a tree of files, the same objects as JSON for the bare requests, and a change to make.

Generated trees (`tree`) are the same for the same numbers. Real ones are made of a directory of manifests, or of charts
of the project's tests: files are written anew, namespaces are made where they are named, and what has none is put into
one of its own, since not every tool has a default for it.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from benchmarks import kinds, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.server import Server

__all__ = ["CHARTS", "Workload", "generated", "manifests_of", "real", "rendered", "various"]

Manifest = dict[str, Any]

CHARTS: Final = ("web", "shop", "operator", "files", "documents")
"""Charts of the project's tests that are rendered where no other manifests are at hand."""

RELEASES: Final = 8
"""How often each of them is released, under other names."""

REAL_NAMESPACE: Final = "bench-real"
PER_FILE: Final = 5
_FIRST: Final = ("Namespace", "CustomResourceDefinition")
_CALLING: Final = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "APIService"})
_HEAD: Final = 'ktor.app.register_plugin("k8s")\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One tree, written. ``objects`` are in the order of sending; ``changed`` is the place of the one that changes.

    ``prepared`` is a tree of what must be there before the rest can be timed, None where there is nothing.
    """

    name: str
    directory: Path
    objects: Sequence[Manifest]
    changed: int
    prepared: Path | None
    change: Callable[[], object]

    def defined(self) -> list[str]:
        """Return the paths of the kinds that definitions among the objects make the server serve."""
        return [
            f"/apis/{each['spec']['group']}/{version['name']}/{each['spec']['names']['plural']}"
            for each in self.objects
            if each["kind"] == "CustomResourceDefinition"
            for version in each["spec"]["versions"]
            if version["served"]
        ]

    def bodies(self, server: Server, *, changed: bool = False, first_only: bool = False) -> Path:
        """Write the objects (only those that come first) as the bare requests want them, and return the file."""
        plurals = resources(server)
        path = self.directory.with_suffix(".jsonl")
        lists: dict[str, None] = {}
        lines = []
        wanted = [each for each in self.objects if each["kind"] in _FIRST or not first_only]
        for number, manifest in enumerate(wanted):
            plural, namespaced = plurals[manifest["apiVersion"], manifest["kind"]]
            group = manifest["apiVersion"]
            root = f"/apis/{group}" if "/" in group else f"/api/{group}"
            lists[f"{root}/{plural}"] = None
            place = f"namespaces/{manifest['metadata']['namespace']}/" if namespaced else ""
            body = touched(manifest) if changed and number == self.changed else manifest
            lines.append(
                {
                    "path": f"{root}/{place}{plural}/{manifest['metadata']['name']}",
                    "first": manifest["kind"] in _FIRST,
                    "there": manifest["kind"] in _FIRST and self.prepared is not None and not first_only,
                    "body": body,
                }
            )
        head = {"lists": list(lists), "changed": self.changed}
        path.write_text("\n".join(map(json.dumps, [head, *lines])))
        return path


def generated(directory: Path, objects: int) -> Workload:
    """Write a tree of ``objects`` objects besides its namespaces."""
    tree.write(directory, objects)
    made = [*tree.namespaces(), *tree.manifests(objects)]
    return Workload(
        name=f"{objects}",
        directory=directory,
        objects=made,
        changed=tree.NAMESPACES,  # the first after them
        prepared=None,
        change=lambda: tree.change(directory),
    )


def various(directory: Path, objects: int) -> Workload:
    """Write a tree of ``objects`` objects of thirty kinds; their namespaces are not among them."""
    directory.mkdir(parents=True)
    (directory / ".kubernator.py").write_text(_HEAD)
    made = list(kinds.manifests(objects))
    for start in range(0, objects, PER_FILE):
        tree.save(directory / f"part-{start // PER_FILE:03}.yaml", made[start : start + PER_FILE])
    return Workload(
        name=f"{objects} of {len(kinds.KINDS)} kinds",
        directory=directory,
        objects=made,
        changed=0,
        prepared=None,
        change=lambda: None,
    )


def real(directory: Path, manifests: Iterable[Manifest], *, name: str) -> Workload:
    """Write a tree of manifests; namespaces and definitions also as a tree of their own, to be there before."""
    found = unique(manifests)
    named = {each["metadata"].get("namespace") for each in found} - {None, *_names(found, "Namespace")}
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each}} for each in sorted(named, key=str)]
    first = [*spaces, *(each for each in found if each["kind"] in _FIRST)]
    rest = [each for each in found if each["kind"] not in _FIRST]
    changed = next(number for number, each in enumerate(rest) if each["kind"] in {"ConfigMap", "Deployment"})
    prepared = directory.with_name(directory.name + "-prepared")
    for where, parts in ((prepared, {"first": first}), (directory, {"first": first, "rest": rest})):
        where.mkdir(parents=True)
        (where / ".kubernator.py").write_text(_HEAD)
        for part, these in parts.items():
            for start in range(0, len(these), PER_FILE):
                _dump(where / f"{part}-{start // PER_FILE:03}.yaml", these[start : start + PER_FILE])

    def change() -> None:
        start = changed - changed % PER_FILE
        these = [touched(each) if each is rest[changed] else each for each in rest[start : start + PER_FILE]]
        _dump(directory / f"rest-{start // PER_FILE:03}.yaml", these)

    return Workload(
        name=name,
        directory=directory,
        objects=[*first, *rest],
        changed=len(first) + changed,
        prepared=prepared,
        change=change,
    )


def manifests_of(directory: Path) -> Iterator[Manifest]:
    """Yield the objects of every YAML file below a directory, lists unwrapped."""
    for path in sorted([*directory.rglob("*.yaml"), *directory.rglob("*.yml")]):
        yield from _objects(path.read_text())


def rendered(helm: Path, charts: Path) -> Iterator[Manifest]:
    """Yield the objects of the project's own charts, each released several times."""
    for chart in CHARTS:
        for number in range(RELEASES):
            done = subprocess.run(  # noqa: S603 - our own helm
                [helm, "template", f"{chart}-{number}", charts / chart, "--include-crds", "--no-hooks"],
                capture_output=True,
                text=True,
                check=True,
            )
            yield from _objects(done.stdout)


def unique(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Return each object once, the first that is met, with a namespace where it is of a kind that wants one.

    What has the API server call somebody is left out: on simulated nodes nobody answers.
    """
    found: dict[tuple[str, ...], Manifest] = {}
    wanted = [each for each in manifests if each["kind"] not in _CALLING]
    scopes = dict(_scopes(wanted))
    for manifest in wanted:
        if manifest["kind"] == "CustomResourceDefinition":
            manifest["spec"].pop("conversion", None)
        group = manifest["apiVersion"].rpartition("/")[0]
        if scopes.get((group, manifest["kind"]), (group, manifest["kind"]) not in _CLUSTER_SCOPED):
            manifest["metadata"].setdefault("namespace", REAL_NAMESPACE)
        else:
            manifest["metadata"].pop("namespace", None)
        metadata = manifest["metadata"]
        found.setdefault((group, manifest["kind"], metadata.get("namespace", ""), metadata["name"]), manifest)
    return list(found.values())


def touched(manifest: Manifest) -> Manifest:
    """Return a manifest with one value changed."""
    metadata = manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), "bench.example.com/changed": "yes"}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def resources(server: Server) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return the plural of every kind of a server, and whether it is namespaced, by apiVersion and kind."""
    found = {}
    versions = ["v1", *(each["groupVersion"] for group in _groups(server) for each in group["versions"])]
    for version in versions:
        answer = server.get(f"/apis/{version}" if "/" in version else f"/api/{version}") or {}
        for each in answer.get("resources", ()):
            if "/" not in each["name"]:
                found[version, each["kind"]] = (each["name"], each["namespaced"])
    return found


def _groups(server: Server) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = (server.get("/apis") or {})["groups"]
    return groups


def _objects(text: str) -> Iterator[Manifest]:
    for document in yaml.load_all(text, Loader=yaml.CSafeLoader):
        match document:
            case {"kind": str(kind), "items": list(items)} if kind.endswith("List"):
                yield from items
            case {"kind": _, "apiVersion": _, "metadata": {"name": _}}:
                yield document


def _dump(path: Path, manifests: list[Manifest]) -> None:
    path.write_text(yaml.dump_all(manifests, Dumper=yaml.CSafeDumper, sort_keys=False))


def _names(manifests: Iterable[Manifest], kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in manifests if each["kind"] == kind}


def _scopes(manifests: Iterable[Manifest]) -> Iterator[tuple[tuple[str, str], bool]]:
    """Yield whether a kind is namespaced, for those that are defined here."""
    for each in manifests:
        if each["kind"] == "CustomResourceDefinition":
            spec = each["spec"]
            yield (spec["group"], spec["names"]["kind"]), spec["scope"] == "Namespaced"


_CLUSTER_SCOPED: Final = frozenset(
    {
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "StorageClass"),
        ("networking.k8s.io", "IngressClass"),
        ("policy", "PodSecurityPolicy"),
    }
)
