"""What pods and containers may do on their node, on Linux.

Source: ``ValidateSecurityContext``, ``validatePodSpecSecurityContext`` and what they use of Kubernetes' package
``core/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema.builtin import parts, paths, ranges

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check_container_security", "check_pod_security"]

_SEGMENT: Final = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_KERNEL_SETTING: Final = rf"({_SEGMENT}[\./])*{_SEGMENT}"
_LONGEST_SETTING: Final = 253
_SHARED: Final = frozenset(
    f"kernel.{name}"
    for name in ("sem", "shm", "shmall", "shmmax", "shmmni", "shm_rmid_forced", "msg", "msgmax", "msgmnb", "msgmni")
)
_SWAPPED: Final = str.maketrans("./", "/.")
_LONGEST_PROFILE: Final = 4095


def check_container_security(field: Field, *, own_users: bool) -> None:
    """Add what is wrong with the ``securityContext`` of a container, in a pod that may have users of its own."""
    if not field:
        return
    for name in ("runAsUser", "runAsGroup"):
        ranges.check_id(field[name])
    if field["procMount"].text == "Unmasked" and not own_users:
        field["procMount"].invalid("`hostUsers` must be false to use `Unmasked`")
    if field["allowPrivilegeEscalation"].value is False:
        if field["privileged"].flag:
            field.invalid("cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
        if any(each.text == "CAP_SYS_ADMIN" for each in field["capabilities"]["add"].items()):
            field.invalid("cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")
    _check_seccomp(field["seccompProfile"])
    _check_app_armor(field["appArmorProfile"])


def check_pod_security(spec: Field) -> None:
    """Add what is wrong with the ``securityContext`` of a pod with this specification."""
    field = spec["securityContext"]
    if not field:
        return
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        ranges.check_id(field[name])
    for each in field["supplementalGroups"].items():
        ranges.check_id(each)
    parts.check_word(field["seLinuxChangePolicy"], ("MountOption", "Recursive"))
    _check_kernel_settings(field["sysctls"], spec)
    _check_seccomp(field["seccompProfile"])
    _check_app_armor(field["appArmorProfile"])


def _check_kernel_settings(field: Field, spec: Field) -> None:
    seen: set[str] = set()
    for each in field.items():
        name = each["name"]
        if not name.text:
            name.required()
            continue
        if parts.length(name.text) > _LONGEST_SETTING or not re.fullmatch(_KERNEL_SETTING, name.text):
            name.invalid(
                f"must have at most {_LONGEST_SETTING} characters and match regex ^({_SEGMENT}[\\./])*{_SEGMENT}$"
            )
        elif name.text in seen:
            name.duplicate()
        seen.add(name.text)
        dotted = _dotted(name.text)
        if spec["hostNetwork"].flag and dotted.startswith("net."):
            name.invalid("may not be specified when 'hostNetwork' is true")
        if spec["hostIPC"].flag and (dotted in _SHARED or dotted.startswith("fs.mqueue.")):
            name.invalid("may not be specified when 'hostIPC' is true")


def _dotted(name: str) -> str:
    """Return the name of a setting of the kernel with points between its parts, as in ``net.ipv4.ip_forward``."""
    first = next((letter for letter in name if letter in "./"), "")
    return name.translate(_SWAPPED) if first == "/" else name


def _check_seccomp(field: Field) -> None:
    profile = field["localhostProfile"]
    if field["type"].text == "Localhost":
        if not profile:
            profile.required("must be set when seccomp type is Localhost")
        paths.check_below(profile)
    elif profile:
        profile.invalid("can only be set when seccomp type is Localhost")


def _check_app_armor(field: Field) -> None:
    kind, profile = field["type"].text, field["localhostProfile"]
    if kind == "Localhost":
        if not profile or not profile.text:
            profile.required("must be set when AppArmor type is Localhost")
        elif profile.text != profile.text.strip():
            profile.invalid("must not be padded with whitespace")
        parts.check_length(profile, _LONGEST_PROFILE)
    elif field and not kind:
        field["type"].required("type is required when appArmorProfile is set")
    elif kind in {"RuntimeDefault", "Unconfined"} and profile:
        profile.invalid("can only be set when AppArmor type is Localhost")
