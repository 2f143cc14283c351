"""PGP signatures of downloads, for projects that publish nothing else to verify them with.

``gpgv`` verifies, with the project's public key from ``keys`` and no other, in a directory of its own: the user's
keyring is neither read nor written, and nobody is asked on the network.
"""

from __future__ import annotations

import base64
import tempfile
from importlib import resources
from pathlib import Path
from typing import Final

from kubernator import errors
from kubernator.tools import tool

__all__ = ["KEYS", "PROGRAM", "available", "verify"]

PROGRAM: Final = "gpgv"

KEYS: Final = {
    # https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html
    "awscli": "FB5DB77FD5C118B80511ADA8A6310ACC4672475C",
}
"""The fingerprints of the primary keys that sign; the key of ``name`` is in ``keys/<name>.asc``."""


def available() -> bool:
    """Say whether signatures can be verified on this machine."""
    return tool.find(PROGRAM) is not None


def verify(file: Path, side: Path, *, name: str, shown: str) -> None:
    """Raise `errors.ChecksumMismatch` unless the project made a detached signature of exactly this file.

    ``side`` is the signature, ``name`` the project's in `KEYS`, ``shown`` what the file is called in the error.
    """
    from kubernator.tools import process  # noqa: PLC0415 - rarely needed

    with tempfile.TemporaryDirectory(prefix="kubernator-gpg-") as home:
        ring = Path(home) / "key.gpg"
        ring.write_bytes(_unarmored(_key(name)))
        said = process.run([PROGRAM, "--homedir", home, "--keyring", ring, "--status-fd", "1", side, file], check=False)
    signed = [words for line in said.stdout.splitlines() if (words := line.split())[1:2] == ["VALIDSIG"]]
    if said.code or not any(words[-1] == KEYS[name] for words in signed):
        raise errors.ChecksumMismatch(
            f"`{shown}` is not signed by its project",
            detail=[("key", KEYS[name]), (f"{PROGRAM} said", said.stderr.strip())],
            hint="it was not kept",
        )


def _key(name: str) -> str:
    return resources.files("kubernator.tools").joinpath("keys", f"{name}.asc").read_text("ascii")


def _unarmored(key: str) -> bytes:
    """Return the bytes of an armored key, which is what ``gpgv`` reads."""
    body = key.partition("\n\n")[2].partition("\n=")[0]
    return base64.b64decode("".join(body.split()))
