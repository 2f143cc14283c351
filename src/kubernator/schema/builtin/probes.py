"""What is asked of containers while they live: probes, and what is done as they start and stop.

Source: ``validateProbe``, ``validateHandler`` and ``validateLifecycle`` of Kubernetes' package ``core/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check_lifecycle", "check_probes"]

_PROBED: Final = ("exec", "httpGet", "tcpSocket", "grpc")
_HOOKED: Final = ("exec", "httpGet", "tcpSocket", "sleep")
_NUMBERS: Final = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_HEADER: Final = "[-A-Za-z0-9]+"
_HEADER_SAID: Final = (
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
    "validation is '[-A-Za-z0-9]+')"
)


def check_probes(container: Field, grace: int | None) -> None:
    """Add what is wrong with the probes of a container in a pod that has so many seconds to end."""
    for probe in container.given(("livenessProbe", "readinessProbe", "startupProbe")):
        _check_handler(probe, _PROBED, grace)
        for number in probe.given(_NUMBERS):
            parts.check_signed(number)
        seconds, successes = probe["terminationGracePeriodSeconds"], probe["successThreshold"]
        if seconds.number is not None and seconds.number <= 0:
            seconds.invalid("must be greater than 0")
        if probe.step == "readinessProbe":
            if seconds:
                seconds.invalid("must not be set for readinessProbes")
        elif successes.number not in {None, 0, 1}:
            successes.invalid("must be 1")


def check_lifecycle(field: Field, grace: int | None) -> None:
    """Add what is wrong with what is done as a container starts and stops."""
    for hook in field.given(("postStart", "preStop")):
        _check_handler(hook, _HOOKED, grace)


def _check_handler(field: Field, kinds: tuple[str, ...], grace: int | None) -> None:
    given = field.given(kinds)
    if not given:
        field.required("must specify a handler type")
        return
    for kind in given[1:]:
        kind.forbidden("may not specify more than 1 handler type")
    _check_action(given[0], grace)


def _check_action(action: Field, grace: int | None) -> None:
    match action.step:
        case "exec":
            if not action["command"].size:
                action["command"].required()
        case "httpGet":
            parts.check_named_port(action["port"])
            for header in action["httpHeaders"].items():
                if not re.fullmatch(_HEADER, header["name"].text):
                    header["name"].invalid(_HEADER_SAID)
        case "tcpSocket":
            parts.check_named_port(action["port"])
        case "grpc":
            parts.check_port(action["port"])
        case _:
            seconds = action["seconds"].number or 0
            if grace is not None and not 0 <= seconds <= grace:
                action.invalid(f"must be non-negative and less than terminationGracePeriodSeconds ({grace})")
