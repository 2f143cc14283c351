"""A real, throw-away Kubernetes control plane on loopback, without containers.

`up` and `down` one that stays, `status` of all, `running` for one that ends with its block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernator.sandbox.lifecycle import DEFAULT_NAME, DEFAULT_TTL, Held, Sandbox, down, running, status, up

__all__ = ["DEFAULT_NAME", "DEFAULT_TTL", "Held", "Sandbox", "down", "running", "status", "up"]


def __getattr__(name: str) -> Any:
    # the supervisor is a module of this package and is run by name: importing it from here would load it twice
    if name in __all__:
        from kubernator.sandbox import lifecycle  # noqa: PLC0415 - see above

        return getattr(lifecycle, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
