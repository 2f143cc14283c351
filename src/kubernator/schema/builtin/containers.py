"""The containers of a pod: those that work, those that prepare, and those that are put in later.

Source: ``validateContainers``, ``validateInitContainers`` and ``validateEphemeralContainers`` of Kubernetes' package
``core/validation``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kubernator.schema import names
from kubernator.schema.builtin import environment, mounts, parts, podnetwork, probes, resources, security, systems
from kubernator.schema.fault import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from kubernator.schema.builtin.field import Field

__all__ = ["Surroundings", "all_containers", "check_containers"]

#: What only containers that go on may have.
_OF_WORKERS: Final = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
_NOT_EPHEMERAL: Final = (*_OF_WORKERS, "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules")
#: From this version of Kubernetes on the server keeps the rules of when containers start again.
_RULES_SINCE: Final = 35
#: From this version on it says how containers that prepare may be given other resources.
_RESIZING_SINCE: Final = 36
_RESTARTS: Final = ("Always", "Never", "OnFailure")
_ACTIONS: Final = ("Restart", "RestartAllContainers")
#: From this version of Kubernetes on a rule may start all containers again.
_RESTARTING_ALL_SINCE: Final = 36
_OPERATORS: Final = ("In", "NotIn")
_MOST_RULES: Final = 20
_MOST_CODES: Final = 255
_DEFAULT_GRACE: Final = 30


class Surroundings(NamedTuple):
    """What containers find in their pod: its volumes and resource claims by name, and how it is ended and restarted."""

    volumes: Mapping[str, Field]
    claims: AbstractSet[str]
    grace: int = _DEFAULT_GRACE
    restarts: str = "Always"
    own_users: bool = False
    is_pod: bool = False
    host_network: bool = False


def all_containers(spec: Field) -> list[Field]:
    """Return all containers of a pod, in the order in which the server visits them."""
    return [
        each for kind in spec.given(("initContainers", "containers", "ephemeralContainers")) for each in kind.items()
    ]


def check_containers(spec: Field, around: Surroundings) -> None:
    """Add what is wrong with the containers of a pod."""
    working = spec["containers"]
    if not working.size:
        working.required()
    seen: set[str] = set()
    for each in working.items():
        _check_common(each, around)
        _check_name(each["name"], seen)
        _check_worker(each, around)
        if each.minor >= _RULES_SINCE:
            _check_rules(each)
    for each in spec["initContainers"].items():
        _check_common(each, around)
        _check_name(each["name"], seen)
        _check_preparer(each, around)
    _check_ephemeral(spec["ephemeralContainers"], around, seen)
    podnetwork.check_host_ports(working.items(), all_of_host=around.is_pod and around.host_network)


def _check_name(field: Field, seen: set[str]) -> None:
    if field.text in seen:
        field.duplicate()
    if field.text:
        seen.add(field.text)


def _check_common(field: Field, around: Surroundings) -> None:
    name, image = field["name"], field["image"]
    if not name.text:
        name.required()
    else:
        name.complain(names.dns_label(name.text))
    if not image.text:
        image.required()
    elif around.is_pod and image.text != image.text.strip():
        image.invalid("must not have leading or trailing whitespace")
    _check_ports(field["ports"])
    environment.check_environment(field["env"], around.volumes)
    environment.check_environment_from(field["envFrom"])
    if "volumeMounts" in field:
        mounts.check_mounts(field, around.volumes)
    if "volumeDevices" in field:
        mounts.check_devices(field, around.volumes)
    resources.check_requirements(field["resources"], around.claims)
    _check_resizing(field["resizePolicy"], around)
    if "securityContext" in field:
        security.check_container_security(field["securityContext"], own_users=around.own_users)
        systems.check_windows_options(field["securityContext"]["windowsOptions"])


def _check_ports(field: Field) -> None:
    seen: set[str] = set()
    for each in field.items():
        name, number = each["name"], each["containerPort"]
        if complaint := names.port_name(name.text) if name.text else "":
            name.invalid(complaint)
        elif name.text in seen:
            name.duplicate()
        elif name.text:
            seen.add(name.text)
        if number.number:
            parts.check_port(number)
        else:
            number.required()
        if each["hostPort"].number:
            parts.check_port(each["hostPort"])


def _check_resizing(field: Field, around: Surroundings) -> None:
    seen: set[str] = set()
    for each in field.items():
        name = each["resourceName"].text
        if name in seen:
            each.duplicate()
        seen.add(name)
        parts.check_word(each["resourceName"], ("cpu", "memory"), required=True)
        parts.check_word(each["restartPolicy"], ("NotRequired", "RestartContainer"), required=True)
        if around.restarts == "Never" and each["restartPolicy"].text == "RestartContainer":
            each["restartPolicy"].invalid("must be 'NotRequired' when pod `restartPolicy` is 'Never'")


def _check_worker(field: Field, around: Surroundings) -> None:
    probes.check_lifecycle(field["lifecycle"], around.grace)
    probes.check_probes(field, around.grace)


def _check_preparer(field: Field, around: Surroundings) -> None:
    goes_on = field["restartPolicy"].text == "Always"
    podnetwork.check_host_ports([field], all_of_host=around.is_pod and around.host_network)
    if goes_on:
        _check_worker(field, around)
    else:
        for name in _OF_WORKERS:
            if field[name]:
                field[name].forbidden("may not be set for init containers without restartPolicy=Always")
    if field.minor >= _RULES_SINCE:
        _check_rules(field)
    if goes_on or field.minor < _RESIZING_SINCE:
        return
    for each in field["resizePolicy"].items():
        if each["restartPolicy"].text == "RestartContainer":
            each["restartPolicy"].invalid("must not be set to 'RestartContainer' for non-sidecar initContainers")


def _check_rules(field: Field) -> None:
    """Add what is wrong with the rules of when a container starts again."""
    rules, restart = field["restartPolicyRules"], field["restartPolicy"]
    parts.check_word(restart, _RESTARTS)
    if restart.value == "":
        restart.unsupported(_RESTARTS)
    if rules.size and not restart:
        restart.required("must specify restartPolicy when restart rules are used")
    parts.too_many(rules, _MOST_RULES)
    actions = _ACTIONS if field.minor >= _RESTARTING_ALL_SINCE else _ACTIONS[:1]
    for each in rules.items():
        codes = each["exitCodes"]
        if not codes:
            codes.required("must be specified")
        elif codes["operator"].text not in _OPERATORS:
            codes["operator"].unsupported(_OPERATORS)
        if each["action"].text not in actions:
            each["action"].unsupported(actions)
        parts.too_many(codes["values"], _MOST_CODES)


def _check_ephemeral(field: Field, around: Surroundings, seen: set[str]) -> None:
    others = frozenset(seen)
    for each in field.items():
        _check_common(each, around)
        _check_name(each["name"], seen)
        target = each["targetContainerName"]
        if target.text and target.text not in others:
            target.fault(Reason.INVALID, f'Not found: "{target.text}"')
        for name in _NOT_EPHEMERAL:
            if not parts.is_missing(each[name]):
                each[name].forbidden("cannot be set for an Ephemeral Container")
        for mount in each["volumeMounts"].items():
            for name in ("subPath", "subPathExpr"):
                if mount[name].text:
                    mount[name].forbidden("cannot be set for an Ephemeral Container")
