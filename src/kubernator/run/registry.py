"""Which plugins there are: the built-in table and what installed distributions offer; names cost no import."""

from __future__ import annotations

import importlib
import os
import sys
from functools import cached_property
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator import __version__
from kubernator.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import EntryPoint

__all__ = ["BUILT_IN", "GROUP", "Described", "NoSuchPlugin", "Registry"]

#: The entry point group in which a distribution offers plugins: ``acme = "kubernator_acme:AcmePlugin"``.
GROUP: Final = "kubernator.plugins"

BUILT_IN: Final[dict[str, str]] = {
    "app": "kubernator.plugins.app:AppPlugin",
    "awscli": "kubernator.plugins.awscli:AwscliPlugin",
    "eks": "kubernator.plugins.eks:EksPlugin",
    "gke": "kubernator.plugins.gke:GkePlugin",
    "helm": "kubernator.plugins.helm.plugin:HelmPlugin",
    "istio": "kubernator.plugins.istio:IstioPlugin",
    "k3d": "kubernator.plugins.k3d:K3dPlugin",
    "k8s": "kubernator.plugins.k8s.plugin:KubernetesPlugin",
    "kind": "kubernator.plugins.kind:KindPlugin",
    "kops": "kubernator.plugins.kops.plugin:KopsPlugin",
    "kubeconfig": "kubernator.plugins.kubeconfig:KubeconfigPlugin",
    "kubectl": "kubernator.plugins.kubectl:KubectlPlugin",
    "minikube": "kubernator.plugins.minikube:MinikubePlugin",
    "sandbox": "kubernator.plugins.sandbox:SandboxPlugin",
    "templates": "kubernator.plugins.templates.plugin:TemplatesPlugin",
    "terraform": "kubernator.plugins.terraform:TerraformPlugin",
    "terragrunt": "kubernator.plugins.terragrunt:TerragruntPlugin",
}

_OURS: Final = "kubernator"

#: Plugins of Kubernator 1 that this version does not have; its scripts name them.
_LATER: Final = frozenset({"project"})


class NoSuchPlugin(PluginError, RuntimeError):
    """No plugin of that name; also a RuntimeError, which plugins written for the reference catch."""


class Described(NamedTuple):
    """One plugin, for the list of all. ``problem`` says why it cannot be used; ``stages`` are then empty."""

    name: str
    distribution: str
    version: str
    module: str
    stages: tuple[str, ...] = ()
    problem: str = ""


class _Offer(NamedTuple):
    """A name and where its class is, not imported yet."""

    target: str
    distribution: str
    version: str


class Registry:
    """The plugins that can be registered by name. ``entry_points`` replaces what is installed, for tests."""

    def __init__(self, entry_points: Iterable[EntryPoint] | None = None) -> None:
        self._given = entry_points
        self._offers: dict[str, list[_Offer]] | None = None

    @property
    def offers(self) -> dict[str, list[_Offer]]:
        """Every name and who offers it; read from the installed metadata on first use."""
        if self._offers is None:
            found = {name: [_Offer(target, _OURS, __version__)] for name, target in BUILT_IN.items()}
            for point in self._entry_points():
                dist = point.dist
                offer = _Offer(point.value, dist.name if dist else "unknown", dist.version if dist else "")
                offers = found.setdefault(point.name, [])
                if offer not in offers:  # a distribution whose metadata is found twice is still one
                    offers.append(offer)
            self._offers = found
        return self._offers

    def _entry_points(self) -> Iterable[EntryPoint]:
        if self._given is not None:
            return self._given
        from importlib import metadata  # noqa: PLC0415 - slow, and most runs name built-in plugins only

        return metadata.entry_points(group=GROUP)

    @cached_property
    def _alone(self) -> bool:
        """Whether nobody else offers plugins, so that a run with built-in ones is spared reading all metadata."""
        return self._given is None and self._offers is None and not _others_offer()

    def names(self) -> list[str]:
        """Return every name, sorted; nothing is imported."""
        return sorted(self.offers)

    def load(self, name: str) -> Any:
        """Import the plugin of a name. Raises NoSuchPlugin, or PluginError when it is offered twice or broken."""
        if name in BUILT_IN and self._alone:
            return _imported(name, _Offer(BUILT_IN[name], _OURS, __version__))
        offers = self.offers.get(name)
        if not offers:
            raise _unknown(name, self.names())
        if len(offers) > 1:
            raise PluginError(
                f"plugin `{name}` is offered by {' and '.join(f'`{offer.distribution}`' for offer in offers)}",
                detail=[("offered", f"{offer.target} by {offer.distribution}") for offer in offers],
                hint="uninstall one of them, or register the class itself",
            )
        return _imported(name, offers[0])

    def describe(self) -> list[Described]:
        """Describe every plugin, sorted by name; what is broken is described too and harms nobody else."""
        return [self._described(name, offer) for name in self.names() for offer in self.offers[name]]

    def _described(self, name: str, offer: _Offer) -> Described:
        from kubernator.api import adapter  # noqa: PLC0415 - only for the list
        from kubernator.run import stages  # noqa: PLC0415 - the same

        problem = ""
        found: tuple[str, ...] = ()
        try:
            kind = self.load(name)
            found = adapter.stages(kind) if adapter.is_foreign(kind) else stages.implemented(kind)
        except PluginError as error:
            problem = error.title
        return Described(
            name=name,
            distribution=offer.distribution,
            version=offer.version,
            module=offer.target.partition(":")[0],
            stages=found,
            problem=problem,
        )


def _others_offer() -> bool:
    """Say whether an installed distribution may offer plugins.

    Looked up in the files, which takes a fraction of what importing and asking ``importlib.metadata`` does; where
    distributions may be found in another way than as directories on ``sys.path``, the answer is yes.
    """
    if any(hasattr(finder, "find_distributions") and finder is not PathFinder for finder in sys.meta_path):
        return True
    return any(_offered_in(directory or os.curdir) for directory in dict.fromkeys(sys.path))


def _offered_in(directory: str) -> bool:
    try:
        with os.scandir(directory) as entries:
            found = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info", "EGG-INFO"))]
    except NotADirectoryError:  # an archive
        return True
    except OSError:  # not there
        return False
    return any(map(_offers_in, found))


def _offers_in(metadata: str) -> bool:
    try:
        return GROUP.encode() in Path(metadata, "entry_points.txt").read_bytes()
    except OSError:  # most have none
        return False


def _imported(name: str, offer: _Offer) -> Any:
    module, _, path = offer.target.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in filter(None, path.split(".")):
            found = getattr(found, part)
    except Exception as error:
        raise PluginError(
            f"plugin `{name}` cannot be imported: {type(error).__name__}: {error}",
            detail=[("from", f"{offer.target}, distribution {offer.distribution} {offer.version}".rstrip())],
        ) from error
    return found


def _unknown(name: str, names: list[str]) -> NoSuchPlugin:
    if name in _LATER:
        return NoSuchPlugin(
            f"the plugin `{name}` is not part of this version of Kubernator",
            hint=f"Kubernator 1 has it; {_suggestion('', names)}",
        )
    return NoSuchPlugin(f"there is no plugin `{name}`", hint=_suggestion(name, names))


def _suggestion(name: str, names: list[str]) -> str:
    import difflib  # noqa: PLC0415 - for a message

    close = difflib.get_close_matches(name, names, n=1)
    there = f"there are {', '.join(f'`{each}`' for each in names)}"
    return f"did you mean `{close[0]}`? {there}" if close else there
