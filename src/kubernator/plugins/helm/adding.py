"""From what a chart renders to, to resources of the run: places, hooks in their turn, the release's namespace."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.load import envelope, findings, yamldoc
from kubernator.model.origin import Origin
from kubernator.plugins.helm import hooks
from kubernator.plugins.helm.hooks import Turn
from kubernator.tools import helm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.load.document import Document
    from kubernator.model.diagnostics import Diagnostic
    from kubernator.plugin import Host
    from kubernator.plugins.helm.hooks import Hook
    from kubernator.plugins.helm.release import Release
    from kubernator.plugins.helm.scan import Chart

__all__ = ["Adder", "documents"]

_logger = logging.getLogger("kubernator.helm")


def documents(text: str, *, release: Release, chart: Chart, problems: list[Diagnostic]) -> list[Document]:
    """Return the documents of what helm printed, each with its file of the chart as its origin.

    Lines count in what helm printed of that file: helm renders, and says no other. Documents of one file are numbered.
    A file of values is named beside the chart, since it has made them too.
    """
    found: list[Document] = []
    numbers: Counter[str] = Counter()
    maker = f"chart {chart}, {release.values_file}" if release.values_file else f"chart {chart}"
    for part in helm.parts(text):
        origin = Origin(path=PurePosixPath(part.source), maker=maker, via=release.origin)
        wrong: list[Diagnostic] = []
        there = yamldoc.parse(part.text, origin=origin, repeated="warn", problems=wrong)
        before = numbers[part.source]
        problems += [_renumbered_finding(each, before) for each in wrong]
        found += [
            replace(
                each,
                origin=_renumbered(each.origin, before),
                notes=tuple(_renumbered_finding(note, before) for note in each.notes),
            )
            for each in there
        ]
        numbers[part.source] += len(there)
    return found


def _renumbered(origin: Origin, before: int) -> Origin:
    return replace(origin, document=(origin.document or 0) + before) if before else origin


def _renumbered_finding(found: Diagnostic, before: int) -> Diagnostic:
    return replace(found, origin=_renumbered(found.origin, before)) if before and found.origin else found


class Adder:
    """Adds what charts render to; keeps count of the turns of each directory."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._turns: dict[int, int] = {}

    @property
    def _state(self) -> Any:
        """The state of the Kubernetes plugin, which is there: it is required."""
        plugin: Any = self._host.find("k8s")
        return plugin.state

    def add(
        self, release: Release, chart: Chart, text: str, *, hooks_mode: str, namespaced: bool
    ) -> tuple[list[Any], list[Diagnostic]]:
        """Add the resources of a release; return them, and all that is wrong with others.

        ``hooks_mode`` is one of `release.HOOKS`; ``namespaced`` says that objects without a namespace get the
        release's. What a cluster answers raises.
        """
        problems: list[Diagnostic] = []
        read = documents(text, release=release, chart=chart, problems=problems)
        for document in read:
            self._host.diagnostics.extend(document.notes)
        manifests = self._state.adding.unwrapped(read, problems)
        added: list[tuple[Any, Hook]] = []
        with self._namespace(release) if namespaced else contextlib.nullcontext():
            for document in manifests:
                hook = hooks.of(document.value)
                if _left_out(hook, hooks_mode, document, release):
                    continue
                resource = self._added(document, release, problems)
                if resource is not None and resource.record is not None and resource.record.origin == document.origin:
                    added.append((resource, hook))
        if hooks_mode == "apply":
            self._take_turns(added)
        return [resource for resource, _ in added], problems

    def _added(self, document: Document, release: Release, problems: list[Diagnostic]) -> Any:
        try:
            return self._state.adding.add(document, source=str(release.origin))
        except errors.ValidationFailed as error:
            problems += error.diagnostics
        except (errors.ClusterError, errors.Interrupted):
            raise
        except errors.KubernatorError as error:
            found = findings.as_finding(error)
            problems.append(replace(found, detail=(*found.detail, ("manifest", str(document.origin)))))
        return None

    @contextlib.contextmanager
    def _namespace(self, release: Release) -> Iterator[None]:
        """Give what is added without a namespace the release's, unless its kind has none."""

        def into_namespace(_resources: Any, resource: Any) -> None:
            if resource.namespace is None and self._may_have_namespace(resource):
                resource.namespace = release.namespace

        into_namespace.__qualname__ = f"namespace of release `{release.name}`"
        state = self._state
        scope = self._host.current_scope
        state.functions.transformers.add(scope, into_namespace, origin=release.origin)
        try:
            yield
        finally:
            state.functions.transformers.remove(scope, into_namespace)

    def _may_have_namespace(self, resource: Any) -> bool:
        """Return whether a kind has namespaces; most have, so one that is not known yet is taken to."""
        known = self._state.definitions.find(resource.rdef.key.gvk)
        return known is None or known.namespaced

    def _take_turns(self, added: list[tuple[Any, Hook]]) -> None:
        """Give the resources of a release their turns, behind those of the releases before it in the directory.

        What a release wants done before it goes first, one turn a weight, then the release, then what it wants done
        after it. Without hooks a release has its turn together with what is there before it.
        """
        visit = self._host.visit
        directory = visit.number if visit is not None else -1
        turn = self._turns.get(directory, 0)
        places = sorted({(hook.turn, hook.weight) for _, hook in added} | {(Turn.WITH, 0)})
        for place in places:
            awaited = place[0] is not Turn.WITH
            turn += awaited or place != places[0]
            _give([resource for resource, hook in added if (hook.turn, hook.weight) == place], turn, awaited=awaited)
        self._turns[directory] = turn + (places[-1][0] is Turn.AFTER)


def _give(resources: list[Any], turn: int, *, awaited: bool) -> None:
    for resource in resources:
        resource.record.turn = turn
        resource.record.awaited = awaited


def _left_out(hook: Hook, mode: str, document: Document, release: Release) -> bool:
    """Say whether an object is not added, and why, in the log."""
    if mode == "plain" or hook.turn is Turn.WITH:
        return False
    if mode == "apply" and hook.turn is not Turn.NEVER:
        return False
    what = envelope.describe(document.value)
    _logger.info("leaving out hook %s (%s) of release %s", what, hook.events, release.name)
    return True
