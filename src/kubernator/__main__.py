"""``python -m kubernator`` and the ``kubernator`` command.

``--version`` is answered here, before anything else of the program is imported.
"""

from __future__ import annotations

import gc
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line of this process and return its exit code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        from kubernator import __version__  # noqa: PLC0415 - the package is what is imported anyway

        sys.stdout.write(f"{__version__}\n")
        return 0
    # Nearly everything that is made in a run (modules, manifests, answers) is kept to its end, so that looking for
    # garbage as often as Python does by default finds nothing: a tenth of the time of a small run, more of a large one.
    gc.set_threshold(200_000, 20, 50)
    try:
        from kubernator.cli import main as cli  # noqa: PLC0415 - `--version` needs none of it

        return cli.main(arguments)
    except KeyboardInterrupt:  # while the program is still imported: nobody else is there to say it in words
        sys.stderr.write("error: interrupted\n")
        return 130
    finally:
        gc.freeze()  # the process ends: what it holds need not be looked through once more


if __name__ == "__main__":
    sys.exit(main())
