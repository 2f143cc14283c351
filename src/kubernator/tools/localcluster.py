"""Clusters on this machine: what the options of minikube, kind and k3d mean.

Pure. What a script may get wrong is `WrongOption`, which is also the reference's RuntimeError.
"""

from __future__ import annotations

import logging
import re
import shlex
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from kubernator import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

__all__ = [
    "Given",
    "WrongOption",
    "check_nodes",
    "image",
    "k3d_config",
    "kind_config",
    "kube_tuple",
    "only_looks",
    "plain_version",
    "profile",
    "starts_fresh",
    "stays",
    "words",
]

_PROFILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_VERSION: Final = re.compile(r"\d+(?:\.\d+)*")

_Value = TypeVar("_Value")

_logger = logging.getLogger("kubernator.tools")


class WrongOption(errors.PluginError, RuntimeError):
    """An option that cannot be, or one that is missing."""


def profile(value: object) -> str:
    """Return the name of a cluster, which becomes part of a path. Raises `WrongOption`."""
    if not isinstance(value, str) or not _PROFILE.fullmatch(value):
        raise WrongOption(
            f"`profile` cannot be `{value}`", hint="letters, digits, `-`, `_` and `.`, a letter or a digit first"
        )
    return value


def check_nodes(*, nodes: Any, control_plane_nodes: Any = 1) -> None:
    """Check how many nodes are wanted, those of the control plane among them. Raises `WrongOption`."""
    for name, number in (("nodes", nodes), ("control_plane_nodes", control_plane_nodes)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise WrongOption(f"`{name}` cannot be `{number}`", hint="a number from 1 on")
    if control_plane_nodes > nodes:
        raise WrongOption(
            f"`control_plane_nodes` ({control_plane_nodes}) cannot be more than `nodes` ({nodes})",
            hint="`nodes` counts all nodes, those of the control plane too",
        )


def plain_version(version: str | None) -> str | None:
    """Return a version without a leading ``v``."""
    return None if version is None else str(version).removeprefix("v")


def kube_tuple(version: str | None) -> tuple[int, ...] | None:
    """Return the numbers of a version of Kubernetes. Raises `WrongOption` when it does not begin with any."""
    if version is None:
        return None
    found = _VERSION.match(version)
    if found is None:
        raise WrongOption(f"`k8s_version` cannot be `{version}`", hint='for example `"1.35.3"`')
    return tuple(int(part) for part in found[0].split("."))


def image(given: str | None, *, registry: str, version: str | None, suffix: str = "") -> str:
    """Return the image of the nodes: the one given, else that of a version. Raises `WrongOption` without either."""
    if given:
        return given
    if not version:
        raise WrongOption("`k8s_version` or `node_image` is needed", hint='for example `k8s_version="1.35.3"`')
    return f"{registry}:v{version}{suffix}"


def words(option: str, value: str | Sequence[str] | None) -> list[str]:
    """Return arguments from a list, or from one text that is split as a shell does. Raises `WrongOption`."""
    if value is None:
        return []
    try:
        return shlex.split(value) if isinstance(value, str) else [str(word) for word in value]
    except (ValueError, TypeError) as error:
        raise WrongOption(f"`{option}` cannot be `{value}`: {error}", hint="a list of texts") from error


def kind_config(
    *,
    nodes: int = 1,
    control_plane_nodes: int = 1,
    ports: Sequence[Mapping[str, Any]] | None = None,
    feature_gates: Mapping[str, Any] | None = None,
    runtime_config: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Return the configuration of a kind cluster (``kind.x-k8s.io/v1alpha4``), None where the defaults will do."""
    if nodes == 1 and not (ports or feature_gates or runtime_config):
        return None
    workers = nodes - control_plane_nodes
    made: list[dict[str, Any]] = [{"role": "control-plane"} for _ in range(control_plane_nodes)]
    if ports:
        made[0]["extraPortMappings"] = [dict(port) for port in _ports(ports)]
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [*made, *({"role": "worker"} for _ in range(workers))],
        **({"featureGates": dict(_map("feature_gates", feature_gates))} if feature_gates else {}),
        **(
            {"runtimeConfig": {name: _word(value) for name, value in _map("runtime_config", runtime_config).items()}}
            if runtime_config
            else {}
        ),
    }


def k3d_config(
    *,
    image: str,
    nodes: int = 1,
    control_plane_nodes: int = 1,
    ports: Sequence[Mapping[str, Any]] | None = None,
    feature_gates: Mapping[str, Any] | None = None,
    runtime_config: Mapping[str, Any] | None = None,
    server_args: Sequence[str] = (),
    agent_args: Sequence[str] = (),
) -> dict[str, Any] | None:
    """Return the configuration of a k3d cluster (``k3d.io/v1alpha5``), None where the defaults will do."""
    if nodes == 1 and not (ports or feature_gates or runtime_config or server_args or agent_args):
        return None
    extra = [
        *_api_server("feature-gates", _map("feature_gates", feature_gates)),
        *_api_server("runtime-config", _map("runtime_config", runtime_config)),
        *({"arg": arg, "nodeFilters": ["server:*"]} for arg in server_args),
        *({"arg": arg, "nodeFilters": ["agent:*"]} for arg in agent_args),
    ]
    published = [{"port": _published(port), "nodeFilters": ["loadbalancer"]} for port in _ports(ports or ())]
    return {
        "apiVersion": "k3d.io/v1alpha5",
        "kind": "Simple",
        "servers": control_plane_nodes,
        "agents": nodes - control_plane_nodes,
        "image": image,
        **({"ports": published} if published else {}),
        **({"options": {"k3s": {"extraArgs": extra}}} if extra else {}),
    }


def _api_server(option: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not values:
        return []
    joined = ",".join(f"{name}={_word(value)}" for name, value in values.items())
    return [{"arg": f"--kube-apiserver-arg={option}={joined}", "nodeFilters": ["server:*"]}]


def _published(port: Mapping[str, Any]) -> str:
    """Return a port as docker has it: ``[ADDRESS:][HOST:]CONTAINER[/PROTOCOL]``."""
    host = port.get("hostPort")
    address = [str(port["listenAddress"])] if port.get("listenAddress") else []
    before = [*address, *([str(host or "")] if address or host is not None else [])]
    protocol = f"/{port['protocol']}" if port.get("protocol") else ""
    return ":".join([*before, str(port["containerPort"])]) + protocol


def _ports(ports: Any) -> Sequence[Mapping[str, Any]]:
    for port in [ports] if isinstance(ports, str) else ports:
        if not hasattr(port, "items") or "containerPort" not in port:
            raise WrongOption(
                f"`extra_port_mappings` cannot have `{port}`",
                hint='a list of dicts, for example `{"containerPort": 80, "hostPort": 8080}`',
            )
    checked: Sequence[Mapping[str, Any]] = ports
    return checked


def _map(option: str, values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if values is not None and not hasattr(values, "items"):
        raise WrongOption(f"`{option}` cannot be `{values}`", hint='a dict, for example `{"Name": True}`')
    return values or {}


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def starts_fresh(args: Any, options: Mapping[str, Any]) -> bool:
    """Say whether the cluster that is there is to be deleted first: only ``apply --yes`` does that."""
    if not options["start_fresh"]:
        return False
    if not only_looks(args):
        return True
    _logger.warning("`start_fresh` is left to `apply --yes`: `%s` is taken as it is", options["profile"])
    return False


def stays(args: Any, options: Mapping[str, Any], *, was_up: bool) -> bool:
    """Say whether the cluster goes on when the run ends; what only looks leaves one that was up as it was."""
    return bool(options["keep_running"]) or (was_up and only_looks(args))


def only_looks(args: Any) -> bool:
    """Say whether this is any run but ``apply --yes``."""
    return args.command != "apply" or bool(args.dry_run)


class Given(Generic[_Value]):
    """A member of a namespace that reads an option of the plugin back."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, view: None, owner: type) -> Self: ...
    @overload
    def __get__(self, view: Any, owner: type) -> _Value: ...

    def __get__(self, view: Any, owner: type) -> Self | _Value:
        if view is None:
            return self
        value: _Value = view._plugin.options[self.name]  # noqa: SLF001 - it is part of the namespace
        return value
