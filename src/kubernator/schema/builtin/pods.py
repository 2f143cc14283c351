"""What the API server checks of pods, and of the templates that workloads make them from.

Source: ``ValidatePodCreate``, ``ValidatePodTemplateSpec`` and ``ValidatePodSpec`` of Kubernetes' package
``core/validation``, after what ``core/v1/defaults.go`` fills in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import (
    amounts,
    containers,
    parts,
    podannotations,
    podnetwork,
    podvolumes,
    ranges,
    resources,
    scheduling,
    security,
    systems,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS", "check_pod_spec", "check_template"]

_NAMED: Final = ("serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName")
_DEFAULT_GRACE: Final = 30
_CLAIM_KINDS: Final = ("resourceClaimName", "resourceClaimTemplateName")


def _pod(root: Field) -> None:
    metadata, spec = root["metadata"], root["spec"]
    labels = [key for key, _ in metadata["labels"].entries()]
    check_pod_spec(spec, pod_name=metadata["name"].text, labels=labels, is_pod=True)
    podannotations.check_pod_annotations(metadata["annotations"], spec)
    if spec["ephemeralContainers"].size:
        spec["ephemeralContainers"].forbidden("cannot be set on create")
    if spec["nodeName"].text and spec["schedulingGates"].size:
        spec["nodeName"].forbidden("cannot be set until all schedulingGates have been cleared")


def _pod_template(root: Field) -> None:
    check_template(root["template"])


def check_template(template: Field) -> None:
    """Add what is wrong with a template of pods."""
    metadata, spec = template["metadata"], template["spec"]
    labelling.check(metadata["labels"])
    labelling.check_annotations(metadata["annotations"])
    check_pod_spec(spec)
    podannotations.check_pod_annotations(metadata["annotations"], spec)
    if spec["ephemeralContainers"].size:
        spec["ephemeralContainers"].forbidden("ephemeral containers not allowed in pod template")


def check_pod_spec(spec: Field, *, pod_name: str = "", labels: Collection[str] = (), is_pod: bool = False) -> None:
    """Add what is wrong with the specification of a pod.

    Of a pod itself, ``pod_name`` is its name, empty if the server will make it, and ``labels`` the keys of its labels.
    """
    volumes = podvolumes.check_volumes(spec["volumes"], pod_name, is_pod=is_pod)
    _check_claims(spec["resourceClaims"])
    grace = spec["terminationGracePeriodSeconds"].number
    containers.check_containers(
        spec,
        containers.Surroundings(
            volumes=volumes,
            claims={each["name"].text for each in spec["resourceClaims"].items()},
            grace=_DEFAULT_GRACE if grace is None else 1 if is_pod and grace < 0 else grace,
            restarts=spec["restartPolicy"].text or "Always",
            own_users=spec["hostUsers"].value is False,
            is_pod=is_pod,
            host_network=spec["hostNetwork"].flag,
        ),
    )
    if "resources" in spec:
        resources.check_for_pod(spec["resources"], spec["containers"].items())
    amounts.check_container_limits(spec["overhead"])
    if "securityContext" in spec:
        security.check_pod_security(spec)
        systems.check_windows_options(spec["securityContext"]["windowsOptions"])
    systems.check_system(spec, containers.all_containers(spec))
    scheduling.check_scheduling(spec, labels)
    podnetwork.check_network(spec)
    _check_host_users(spec)
    ranges.check_within(spec["activeDeadlineSeconds"], 1, ranges.LARGEST)
    if spec["shareProcessNamespace"].flag and spec["hostPID"].flag:
        spec["shareProcessNamespace"].invalid("ShareProcessNamespace and HostPID cannot both be enabled")
    for each in spec.given(_NAMED):
        parts.check_text(each, names.dns_subdomain)


def _check_claims(field: Field) -> None:
    seen: set[str] = set()
    for each in field.items():
        name = each["name"]
        if not name.text:
            name.required()
        elif name.text in seen:
            name.duplicate()
        else:
            name.complain(names.dns_label(name.text))
        seen.add(name.text)
        given = [kind for kind in _CLAIM_KINDS if each[kind]]
        if len(given) > 1:
            each.invalid("at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified")
        elif not given:
            each.invalid("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
        for kind in given:
            each[kind].complain(names.dns_subdomain(each[kind].text))


def _check_host_users(spec: Field) -> None:
    """Say so for what cannot be where a pod has users of its own."""
    if spec["hostUsers"].value is not False:
        return
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec[name].flag:
            spec[name].forbidden("when `hostUsers` is false")
    for each in containers.all_containers(spec):
        if each["volumeDevices"].size:
            each["volumeDevices"].forbidden("when `hostUsers` is false")


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("", "Pod"): _pod,
    ("", "PodTemplate"): _pod_template,
}
