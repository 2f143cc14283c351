"""Changes and plans for the tests of reporters."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from kubernator.model.change import Change, ChangeKind
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.redaction import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def secrets() -> Secrets:
    """Return the secrets of a run."""
    return Secrets()


@pytest.fixture
def change() -> Callable[..., Change]:
    """Return something that makes changes of one object."""

    def make(kind: ChangeKind = ChangeKind.CREATE, *, desired: dict[str, Any] | None = None, **fields: Any) -> Change:
        manifest = desired or {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "a"},
        }
        ref = ResourceRef.of(manifest)
        return Change(
            kind=kind,
            ref=ref,
            gvk=GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]),
            origin=Origin(path=PurePosixPath("a/web.yaml"), line=3),
            desired=manifest,
            **fields,
        )

    return make
