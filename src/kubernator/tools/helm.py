"""What helm is told and what it answers: argument lists and parsers, nothing is run here. Helm 3 and Helm 4.

Values, passwords and whatever else may be secret never stand in an argument list, which every user of a machine can
read: values go to helm's stdin, passwords into a private repository list.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

__all__ = [
    "OCI",
    "Failure",
    "Part",
    "add_repository",
    "failure",
    "is_oci",
    "listed",
    "parts",
    "pull",
    "search",
    "template",
    "transient",
]

OCI: Final = "oci://"

#: The longest argument we pass; Linux refuses one of 128 KiB (``MAX_ARG_STRLEN``).
_LONGEST: Final = 32 * 1024

#: All of them together; Linux takes 2 MiB with the environment, macOS 1 MiB.
_MOST: Final = 512 * 1024


class Part(NamedTuple):
    """One piece of what a chart renders to. ``source`` is the file of the chart it comes from."""

    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why helm failed, from its stderr. ``source`` is a file of the chart, where helm names one."""

    message: str
    source: str = ""
    line: int = 0
    column: int = 1
    hint: str = ""


def is_oci(reference: str | None) -> bool:
    """Return whether a chart or repository is in an OCI registry."""
    return reference is not None and reference.startswith(OCI)


def template(
    name: str,
    chart: str | os.PathLike[str],
    *,
    namespace: str,
    kube_version: str,
    api_versions: Sequence[str],
    include_crds: bool,
) -> list[str]:
    """Return the arguments that render a chart at a path; its values are expected on stdin."""
    return [
        "template",
        name,
        str(chart),
        f"--namespace={namespace}",
        f"--kube-version={kube_version}",
        *(f"--api-versions={piece}" for piece in _pieces(api_versions)),
        *(["--include-crds"] if include_crds else []),
        "--values=-",
    ]


def _pieces(versions: Sequence[str]) -> Iterator[str]:
    """Join names by commas, no piece longer than an argument may be. When all are too long, kinds are left out."""
    if sum(map(len, versions)) + len(versions) > _MOST:
        versions = [version for version in versions if version.count("/") < 2 and not _is_core_kind(version)]  # noqa: PLR2004
    piece: list[str] = []
    length = 0
    for version in versions:
        if piece and length + len(version) > _LONGEST:
            yield ",".join(piece)
            piece, length = [], 0
        piece.append(version)
        length += len(version) + 1
    if piece:
        yield ",".join(piece)


def _is_core_kind(version: str) -> bool:
    """Return whether it is ``v1/Pod``, not ``apps/v1``: groups are written in small letters."""
    return version.rpartition("/")[2][:1].isupper()


def pull(
    chart: str, *, version: str | None, destination: str | os.PathLike[str], plain_http: bool, ca_file: str | None
) -> list[str]:
    """Return the arguments that fetch the archive of ``repository/chart`` or ``oci://…`` into a directory."""
    return [
        "pull",
        chart,
        f"--destination={destination!s}",
        *([f"--version={version}"] if version else []),
        *_transport(plain_http=plain_http, ca_file=ca_file),
    ]


def add_repository(alias: str, url: str, *, username: str | None, ca_file: str | None) -> list[str]:
    """Return the arguments that enter a repository and fetch its index; with a user the password is read from stdin."""
    return [
        "repo",
        "add",
        alias,
        url,
        "--force-update",
        *([f"--username={username}", "--password-stdin"] if username is not None else []),
        *_transport(plain_http=False, ca_file=ca_file),
    ]


def search(alias: str, chart: str) -> list[str]:
    """Return the arguments that list every version of a repository's chart as JSON."""
    return ["search", "repo", f"{alias}/{chart}", "--versions", "--devel", "--output=json"]


def _transport(*, plain_http: bool, ca_file: str | None) -> Iterable[str]:
    if plain_http:
        yield "--plain-http"
    if ca_file:
        yield f"--ca-file={ca_file}"


def listed(stdout: str, name: str) -> list[str]:
    """Return the versions of the chart ``alias/chart`` in the answer to `search`, which also finds similar names."""
    found = json.loads(stdout or "[]")
    return [str(entry["version"]) for entry in found if entry.get("name") == name]


#: helm puts it before every document, and once before each file of definitions, which may hold several.
_BEGINNING: Final = re.compile(r"^---\n# Source: (?P<source>[^\n]+)\n", re.MULTILINE)


def parts(stdout: str) -> list[Part]:
    """Split what ``helm template`` prints by the files of the chart, in the order of helm."""
    found = list(_BEGINNING.finditer(stdout))
    ends = [match.start() for match in found[1:]] + [len(stdout)]
    return [Part(match["source"].strip(), stdout[match.end() : end]) for match, end in zip(found, ends, strict=False)]


_HINTS: Final = (
    (
        r"missing in charts/ directory",
        "a dependency is not in the archive: ask who packaged it, or use the chart's directory",
    ),
    (r"chart requires kubeVersion", "another version of the chart may fit the cluster"),
    (r"values don't meet the specifications", "the chart's `values.schema.json` says which values it takes"),
    (r"no chart (name|version) found|improper constraint", "`helm search repo` lists what a repository has"),
    (r"\b(401|403)\b|[Uu]nauthorized|[Ff]orbidden|basic credential not found", "credentials are missing or wrong"),
    (r"x509|certificate", "`ca-file` names the certificates to trust"),
    (r"server gave HTTP response to HTTPS client", "`plain-http: true` is for a registry without TLS"),
    (r"nil pointer evaluating", "a value that the template reads is not set"),
)

_NOISE: Final = (
    re.compile(r"Use --debug flag to render out invalid YAML"),
    # our name of the repository, and advice about a list of repositories that is not the user's
    re.compile(r'\Achart "[^"]*" matching .* not found in \S+ index\. \(try \'helm repo update\'\): '),
)

_PLACES: Final = (
    # execution error at (web/templates/x.yaml:8:15): text; parse error at (web/templates/x.yaml:1): text
    re.compile(
        r"(?P<before>(?:execution|parse) error) at \((?P<source>[^\s():]+):(?P<line>\d+)(?::(?P<column>\d+))?\): ?"
    ),
    # Helm 3: template: web/templates/x.yaml:1:10: executing "…" at <…>: text
    re.compile(r"template: (?P<source>[^\s:]+):(?P<line>\d+):(?P<column>\d+): "),
    # Helm 4: web/templates/x.yaml:1:10, and the rest on lines of their own
    re.compile(r"\A(?P<source>[^\s:]+/templates/[^\s:]+):(?P<line>\d+):(?P<column>\d+)\s+"),
    re.compile(r"(?P<before>YAML parse error) on (?P<source>[^\s:]+): ?"),
)


def failure(stderr: str) -> Failure:
    """Read why helm failed: one line of text, and the place in the chart where it names one."""
    said = stderr[found.end() :] if (found := re.search(r"^Error: ", stderr, re.MULTILINE)) else stderr
    for noise in _NOISE:
        said = noise.sub("", said).strip()
    hint = next((hint for pattern, hint in _HINTS if re.search(pattern, said)), "")
    for pattern in _PLACES:
        place = pattern.search(said)
        if place is None:
            continue
        named = place.groupdict()
        before = f"{named['before']}: " if named.get("before") else ""
        return Failure(
            message=_line(before + said[place.end() :]) or "it failed",
            source=place["source"],
            line=int(named.get("line") or 0),
            column=int(named.get("column") or 1),
            hint=hint,
        )
    return Failure(message=_line(said) or "it failed and said nothing", hint=hint)


def _line(text: str) -> str:
    """Return text of several lines as one."""
    return re.sub(r"\s*\n\s*", "; ", re.sub(r":\s*\n\s*", ": ", text.strip())).rstrip(".")


_TRANSIENT: Final = re.compile(
    r"connection re(?:fused|set)|i/o timeout|TLS handshake timeout|\bEOF\b|no route to host|context deadline exceeded"
    r"|Client\.Timeout|temporary failure|\b(?:408|425|429|500|502|503|504) [A-Z]|status code:? (?:429|5\d\d)"
    r"|toomanyrequests|server misbehaving"
)


def transient(stderr: str) -> bool:
    """Return whether a repository or registry may well answer when it is asked again."""
    return _TRANSIENT.search(stderr) is not None
