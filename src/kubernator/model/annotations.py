"""Annotations by which a manifest itself says how it is handled.

They stand in the manifest and so in the cluster too. Who reads each is said beside it.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CONFLICTS", "DEPENDS_ON", "KNOWN", "PREFIX", "REDACTED", "REPLACE", "TIMEOUT", "WAIT"]

#: Everything of ours begins so; a name after it that is not known here is a misspelling.
PREFIX: Final = "kubernator.io/"

#: What must be current before this object is written; the second name is that of kpt and cli-utils. ``pipeline.order``
DEPENDS_ON: Final = (f"{PREFIX}depends-on", "config.kubernetes.io/depends-on")
#: Whose fields are taken and whose are left, see ``planning.policy``.
CONFLICTS: Final = f"{PREFIX}conflicts"
#: ``Background``, ``Foreground``, ``Orphan`` or ``Never``: whether and how the object may be deleted and made anew.
REPLACE: Final = f"{PREFIX}replace"
#: Seconds, or a number with ``s``, ``m`` or ``h``: how long this object may take to become current. ``apply.wait``.
TIMEOUT: Final = f"{PREFIX}timeout"
#: ``false``: nothing waits for this object. ``apply.wait``.
WAIT: Final = f"{PREFIX}wait"

#: `render` left secrets out of the object, which is not fit to be applied. ``pipeline.annotated``
REDACTED: Final = f"{PREFIX}redacted"

#: Every name of ours. The last two are the reference's: the project of an object, and the root of a project's state.
KNOWN: Final = frozenset(
    {DEPENDS_ON[0], CONFLICTS, REDACTED, REPLACE, TIMEOUT, WAIT, f"{PREFIX}project", f"{PREFIX}project-root"}
)
