"""Addresses and node ports of Services, where a dry run does not tell the truth about them. Pure."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kubernator.errors import ApiError
    from kubernator.model.resource import Manifest

__all__ = ["fixed", "own_port_taken", "without_ports_of"]

_TAKEN: Final = "provided port is already allocated"


def own_port_taken(answer: ApiError) -> bool:
    """Say whether a create was refused for a node port that may be the old object's own."""
    return any(_TAKEN in cause.message for cause in answer.causes)


def without_ports_of(body: Manifest, live: Manifest) -> Manifest:
    """Return a Service without the node ports that the live one has itself; others stay and are refused if taken."""
    own = {(port.get("nodePort"), port.get("protocol", "TCP")) for port in _ports(live)}
    result = copy.deepcopy(body)
    for port in _ports(result):
        if (port.get("nodePort"), port.get("protocol", "TCP")) in own:
            del port["nodePort"]
    spec = result.get("spec") or {}
    if spec.get("healthCheckNodePort") == (live.get("spec") or {}).get("healthCheckNodePort"):
        spec.pop("healthCheckNodePort", None)
    return result


def fixed(service: Manifest) -> set[str]:
    """Return the cluster addresses that a Service has or asks for by number."""
    spec = service.get("spec") or {}
    found = [spec.get("clusterIP"), *(spec.get("clusterIPs") or ())]
    return {str(address) for address in found if address and address != "None"}


def _ports(service: Manifest) -> list[dict[str, Any]]:
    ports = (service.get("spec") or {}).get("ports")
    return [port for port in ports or () if isinstance(port, dict) and port.get("nodePort")]
