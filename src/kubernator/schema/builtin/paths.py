"""Paths of files in manifests, which must stay where they are put."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubernator.schema.builtin.field import Field

__all__ = ["check_below", "check_file", "check_no_way_up"]


def check_no_way_up(field: Field) -> None:
    """Add a fault for a path with a step ``..``."""
    if ".." in field.text.split("/"):
        field.invalid("must not contain '..'")


def check_below(field: Field) -> None:
    """Add a fault for a path that is not below where it starts."""
    if field.text.startswith("/"):
        field.invalid("must be a relative path")
    check_no_way_up(field)


def check_file(field: Field) -> None:
    """Add a fault for the path of a file in a volume; names that begin with two points are the kubelet's."""
    check_below(field)
    if field.text.startswith("..") and not field.text.startswith("../") and field.text != "..":
        field.invalid("must not start with '..'")
