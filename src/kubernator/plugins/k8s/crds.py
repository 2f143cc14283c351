"""CustomResourceDefinitions: how they are known, and which kinds they define."""

from __future__ import annotations

from typing import Final

from kubernator.schema.custom import versions

__all__ = ["GROUP", "KIND", "versions"]

GROUP: Final = "apiextensions.k8s.io"
KIND: Final = "CustomResourceDefinition"
