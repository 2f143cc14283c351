"""Reads the YAML of a tree, then validates its objects, and says as JSON how long each took; started by `validating`.

In a process of its own, since schemas are compiled once in a process: ``first`` is with that, ``again`` is without.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubernator.load import yamldoc
from kubernator.model.gvk import GroupVersionKind
from kubernator.model.origin import Origin
from kubernator.model.ref import ResourceRef
from kubernator.model.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernator.model.diagnostics import Diagnostic


def main(argv: Sequence[str]) -> None:
    """Measure one tree."""
    paths = sorted(Path(argv[0]).rglob("*.yaml"))
    begin = time.process_time()
    resources = read(paths)
    read_after = time.process_time()
    found = check(resources)
    checked_after = time.process_time()
    begin_again = time.process_time()
    found += check(resources)
    end = time.process_time()
    figures = {
        "objects": len(resources),
        "kinds": len({each.gvk for each in resources}),
        "findings": len(found),
        "reading": read_after - begin,
        "first": checked_after - read_after,
        "again": end - begin_again,
    }
    sys.stdout.write(json.dumps(figures))


def read(paths: Sequence[Path]) -> list[Resource]:
    """Return the objects of files, each with the places of its fields."""
    found = []
    for path in paths:
        for document in yamldoc.parse(path.read_bytes(), origin=Origin(path=path), problems=[]):
            manifest: dict[str, Any] = document.value
            found.append(
                Resource(
                    manifest=manifest,
                    ref=ResourceRef.of(manifest),
                    gvk=GroupVersionKind.of(manifest["apiVersion"], manifest["kind"]),
                    origin=document.origin,
                    source_map=document.source_map,
                )
            )
    return found


def check(resources: Sequence[Resource]) -> list[Diagnostic]:
    """Return what is wrong with objects, by the bundled schemas of the newest version."""
    # imported here, since loading the code belongs to what validation costs
    from kubernator.schema import documents  # noqa: PLC0415
    from kubernator.schema.validation import Validation  # noqa: PLC0415

    validation = Validation(documents.bundled())
    return [finding for resource in resources for finding in validation.check(resource)]


if __name__ == "__main__":
    main(sys.argv[1:])
