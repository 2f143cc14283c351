"""Where containers see the volumes of their pod: as directories and as devices.

Source: ``ValidateVolumeMounts`` and ``ValidateVolumeDevices`` of Kubernetes' package ``core/validation``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator.schema.builtin import parts, paths
from kubernator.schema.fault import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["check_devices", "check_mounts"]


def check_mounts(container: Field, volumes: Mapping[str, Field]) -> None:
    """Add what is wrong with ``volumeMounts`` of a container in a pod with these volumes."""
    devices = {each["name"].text: each["devicePath"].text for each in container["volumeDevices"].items()}
    seen: set[str] = set()
    for each in container["volumeMounts"].items():
        name, path = each["name"], each["mountPath"]
        _check_known(name, volumes)
        if not path.text:
            path.required()
        if path.text in seen:
            path.invalid("must be unique")
        seen.add(path.text)
        if name.text in devices:
            name.invalid("must not already exist in volumeDevices")
        if path.text in devices.values():
            path.invalid("must not already exist as a path in volumeDevices")
        _check_sub_path(each)
        _check_propagation(container, each)


def _check_known(name: Field, volumes: Mapping[str, Field]) -> None:
    if not name.text:
        name.required()
    elif name.text not in volumes:
        name.fault(Reason.INVALID, f'Not found: "{name.text}"')


def _check_sub_path(mount: Field) -> None:
    paths.check_below(mount["subPath"])
    paths.check_below(mount["subPathExpr"])
    if mount["subPath"].text and mount["subPathExpr"].text:
        mount["subPathExpr"].invalid("subPathExpr and subPath are mutually exclusive")


def _check_propagation(container: Field, mount: Field) -> None:
    propagation, recursive = mount["mountPropagation"], mount["recursiveReadOnly"]
    if propagation.text == "Bidirectional" and not container["securityContext"]["privileged"].flag:
        propagation.forbidden("Bidirectional mount propagation is available only to privileged containers")
    parts.check_word(recursive, ("Disabled", "Enabled", "IfPossible"))
    if recursive.text in {"Enabled", "IfPossible"}:
        if not mount["readOnly"].flag:
            recursive.forbidden("may only be specified when readOnly is true")
        if propagation and propagation.text != "None":
            recursive.forbidden("may only be specified when mountPropagation is None or not specified")


def check_devices(container: Field, volumes: Mapping[str, Field]) -> None:
    """Add what is wrong with ``volumeDevices`` of a container in a pod with these volumes."""
    mounts = {each["name"].text: each["mountPath"].text for each in container["volumeMounts"].items()}
    seen_names: set[str] = set()
    seen_paths: set[str] = set()
    for each in container["volumeDevices"].items():
        name, path = each["name"], each["devicePath"]
        _check_known(name, volumes)
        if name.text in seen_names:
            name.invalid("must be unique")
        if name.text in volumes and not _may_be_device(volumes[name.text]):
            name.invalid("can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode")
        if not path.text:
            path.required()
        if path.text in seen_paths:
            path.invalid("must be unique")
        if ".." in path.text.split("/"):
            path.invalid("can not contain backsteps ('..')")
        if name.text in mounts:
            name.invalid("must not already exist in volumeMounts")
        if path.text in mounts.values():
            path.invalid("must not already exist as a path in volumeMounts")
        seen_names.add(name.text)
        seen_paths.add(path.text)


def _may_be_device(volume: Field) -> bool:
    return bool(volume["persistentVolumeClaim"] or volume["ephemeral"])
