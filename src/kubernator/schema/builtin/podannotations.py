"""Annotations of pods that mean something to the API server, most of them from before there were fields.

Source: ``ValidatePodSpecificAnnotations`` and what it uses of Kubernetes' package ``core/validation``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kubernator.schema.builtin import ranges
from kubernator.schema.builtin.containers import all_containers

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check_pod_annotations"]

_MIRROR: Final = "kubernetes.io/config.mirror"
_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
_SECCOMP: Final = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_OF: Final = "container.seccomp.security.alpha.kubernetes.io/"
_APP_ARMOR_OF: Final = "container.apparmor.security.beta.kubernetes.io/"
_NUMBER: Final = "0|-0*[0-9]+|[1-9][0-9]*"
_PROFILES: Final = frozenset({"runtime/default", "docker/default", "unconfined"})
_LOCAL: Final = "localhost/"
_OF_FIELD: Final = {
    "Unconfined": frozenset({"unconfined"}),
    "RuntimeDefault": frozenset({"runtime/default", "docker/default"}),
}


def check_pod_annotations(field: Field, spec: Field) -> None:
    """Add what is wrong with annotations of a pod with this specification."""
    if not field.size:
        return
    containers = all_containers(spec)
    if field[_MIRROR] and not spec["nodeName"].text:
        field[_MIRROR].invalid("must set spec.nodeName if mirror pod annotation is set")
    cost = field[_COST]
    if cost and not (re.fullmatch(_NUMBER, cost.text) and -ranges.LARGEST - 1 <= int(cost.text) <= ranges.LARGEST):
        cost.invalid("must be a 32bit integer")
    names = {each["name"].text for each in containers}
    for key, each in field.entries():
        if key == _SECCOMP or key.startswith(_SECCOMP_OF):
            _check_seccomp(each)
        elif key.startswith(_APP_ARMOR_OF):
            _check_app_armor(each, key.removeprefix(_APP_ARMOR_OF), names)
    _check_same(field[_SECCOMP], spec["securityContext"]["seccompProfile"])
    for container in containers:
        _check_same(field[f"{_SECCOMP_OF}{container['name'].text}"], container["securityContext"]["seccompProfile"])


def _check_seccomp(field: Field) -> None:
    if field.text.startswith(_LOCAL):
        path = field.text.removeprefix(_LOCAL)
        if path.startswith("/"):
            field.invalid("must be a relative path")
        if ".." in path.split("/"):
            field.invalid("must not contain '..'")
    elif field.text not in _PROFILES:
        field.invalid("must be a valid seccomp profile")


def _check_app_armor(field: Field, container: str, names: set[str]) -> None:
    if container not in names:
        field.invalid("container not found")
    if field.text not in {"", "runtime/default", "unconfined"} and not field.text.startswith(_LOCAL):
        field.complain(f'invalid AppArmor profile name: "{field.text}"')


def _check_same(annotation: Field, profile: Field) -> None:
    """Say so if a profile is another than that which an annotation still says."""
    if not annotation or not profile:
        return
    kind, said = profile["type"].text, annotation.text
    if kind == "Localhost":
        if not said.startswith(_LOCAL):
            profile["type"].forbidden("seccomp type in annotation and field must match")
        elif said.removeprefix(_LOCAL) != profile["localhostProfile"].text:
            profile["localhostProfile"].forbidden("seccomp profile in annotation and field must match")
    elif said not in _OF_FIELD.get(kind, {said}):
        profile["type"].forbidden("seccomp type in annotation and field must match")
