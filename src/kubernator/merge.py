"""The reference's name for the client-side merge instructions."""

from __future__ import annotations

from kubernator.pipeline.merge import apply_merge_instructions, extract_merge_instructions

__all__ = ["apply_merge_instructions", "extract_merge_instructions"]
