"""What is said of a kind that nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernator.model.diagnostics import either

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.model.gvk import GroupVersionKind

__all__ = ["meant", "unknown"]


def unknown(gvk: GroupVersionKind) -> str:
    """Return the sentence about a kind that nobody knows."""
    return f"`{gvk.api_version}/{gvk.kind}` is not a defined Kubernetes resource"


def meant(gvk: GroupVersionKind, known: Iterable[GroupVersionKind]) -> str:
    """Say which of the known kinds was probably meant, or how an unknown one becomes known."""
    others = list(known)
    same = sorted({other.api_version for other in others if other.kind == gvk.kind})
    if same:
        return f"`{gvk.kind}` is served as {either(same)}"
    import difflib  # noqa: PLC0415 - for a message

    near = difflib.get_close_matches(gvk.kind, sorted({other.kind for other in others}), n=3, cutoff=0.75)
    if near:
        return f"did you mean {either(near)}?"
    return "add its CustomResourceDefinition to the tree, or load it with `ktor.k8s.load_crds`"
