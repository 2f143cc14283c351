"""What pods may say for the operating system that they are for.

Source: ``validateWindows``, ``validateLinux``, ``validateWindowsHostProcessPod`` and
``validateWindowsSecurityContextOptions`` of Kubernetes' package ``core/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.schema.builtin.field import Field

__all__ = ["check_system", "check_windows_options"]

_LINUX_OF_PODS: Final = (
    *("appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "runAsUser"),
    *("runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy"),
)
_LINUX_OF_CONTAINERS: Final = (
    *("appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged"),
    *("allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup"),
)
_NOT_WINDOWS: Final = "cannot be set for a windows pod"
_NOT_LINUX: Final = "windows options cannot be set for a linux pod"
_LARGEST_SPEC: Final = 64 * 1024
_LONGEST_DOMAIN: Final = 255
_LONGEST_USER: Final = 104
_CONTROL: Final = r"[\x00-\x1f\x7f]"
_NET_BIOS: Final = r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}'
_LABEL: Final = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_NOT_IN_USERS: Final = r'["/\\:;|=,+*?<>@\[\]]'
_ONLY_DOTS: Final = "[. ]+"


def check_system(spec: Field, containers: Sequence[Field]) -> None:
    """Add what a pod with these containers, of all sorts, says that its system does not have."""
    if "os" in spec:
        _check_named(spec, spec["os"]["name"], containers)
    _check_host_processes(spec, containers)


def _check_named(spec: Field, name: Field, containers: Sequence[Field]) -> None:
    parts.check_word(name, ("linux", "windows"), required=True)
    match name.text:
        case "linux":
            for each in (spec, *containers):
                if each["securityContext"]["windowsOptions"]:
                    each["securityContext"]["windowsOptions"].forbidden(_NOT_LINUX)
        case "windows":
            _check_windows(spec, containers)


def _check_windows(spec: Field, containers: Sequence[Field]) -> None:
    security = spec["securityContext"]
    given = [
        *(security[name] for name in _LINUX_OF_PODS),
        *(spec[name] for name in ("hostUsers", "shareProcessNamespace")),
        *(each["securityContext"][name] for each in containers for name in _LINUX_OF_CONTAINERS),
    ]
    for each in (security["sysctls"], spec["hostPID"], spec["hostIPC"]):
        given += [each] if each.size or each.flag else []
    for each in filter(None, given):
        each.forbidden(_NOT_WINDOWS)
    if spec["resources"]:
        spec["resources"].forbidden("may not be set for a windows pod")


def _check_host_processes(spec: Field, containers: Sequence[Field]) -> None:
    if not any("securityContext" in each for each in (spec, *containers)):
        return
    of_pod = spec["securityContext"]["windowsOptions"]["hostProcess"]
    found = 0
    for each in containers:
        own = each["securityContext"]["windowsOptions"]["hostProcess"]
        if of_pod and own and of_pod.value != own.value:
            own.invalid(f"pod hostProcess value must be identical if both are specified, was {of_pod.flag}".lower())
        found += own.flag if own else of_pod.flag
    if not found:
        return
    if found != len(containers):
        spec.invalid("If pod contains any hostProcess containers then all containers must be HostProcess containers")
    if not spec["hostNetwork"].flag:
        spec["hostNetwork"].invalid("hostNetwork must be true if pod contains any hostProcess containers")


def check_windows_options(field: Field) -> None:
    """Add what is wrong with the ``windowsOptions`` of a pod or a container."""
    if not field:
        return
    name, spec, user = field["gmsaCredentialSpecName"], field["gmsaCredentialSpec"], field["runAsUserName"]
    if name:
        name.complain(names.dns_subdomain(name.text))
    if spec and not spec.text:
        spec.invalid("gmsaCredentialSpec cannot be an empty string")
    elif parts.length(spec.text) > _LARGEST_SPEC:
        spec.invalid("gmsaCredentialSpec size must be under 64 KiB")
    if user:
        user.complain(_user_complaint(user.text))


def _user_complaint(text: str) -> str:
    domain, backslash, user = text.rpartition("\\")
    wrong = (
        (not text, "runAsUserName cannot be an empty string"),
        (re.search(_CONTROL, text), "runAsUserName cannot contain control characters"),
        ("\\" in domain, "runAsUserName cannot contain more than one backslash"),
        (parts.length(domain) > _LONGEST_DOMAIN, "runAsUserName's Domain length must be under 256 characters"),
        (
            backslash and not re.fullmatch(_NET_BIOS, domain) and not re.fullmatch(_DOMAIN, domain),
            "runAsUserName's Domain doesn't match the NetBios nor the DNS format",
        ),
        (not user, "runAsUserName's User cannot be empty"),
        (
            parts.length(user) > _LONGEST_USER,
            f"runAsUserName's User length must not be longer than {_LONGEST_USER} characters",
        ),
        (re.fullmatch(_ONLY_DOTS, user), "runAsUserName's User cannot contain only periods or spaces"),
        (
            re.search(_NOT_IN_USERS, user),
            "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]",
        ),
    )
    return next((complaint for found, complaint in wrong if found), "")
