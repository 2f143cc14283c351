"""What the server says of a manifest, in words of who wrote it: no Go syntax, and the field where it names none."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.model.resource import Manifest

__all__ = ["not_base64", "plain"]

#: How the server shows a value of another type than it expected.
_VALUE: Final = re.compile(r"got &(?:value\.valueUnstructured)?\{(?:Value:)?(?P<value>.*)\}$")
_WORDS: Final = {"map[": "a map", "[]in": "a list", "[map": "a list", "inte": "null", "<nil": "null"}


def plain(message: str) -> str:
    """Say what the server got without the Go syntax around it."""
    found = _VALUE.search(message)
    if found is None:
        return message
    value = found["value"]
    return f"{message[: found.start()]}got {_WORDS.get(value[:4], f'`{value}`')}"


def not_base64(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Return the paths in ``data`` of a Secret whose values are no base64; the server names none of them."""
    data = manifest.get("data")
    if manifest.get("kind") != "Secret" or not isinstance(data, dict):
        return
    for key, value in data.items():
        try:
            base64.b64decode("".join(str(value).split()), validate=True)
        except (binascii.Error, ValueError):
            yield ("data", key)
