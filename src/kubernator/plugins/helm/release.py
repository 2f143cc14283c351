"""A release: which chart, under which name, in which namespace, with which values; and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator import errors
from kubernator.load import envelope
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.tools import helm

if TYPE_CHECKING:
    from kubernator.load.document import Document
    from kubernator.model.origin import Origin

__all__ = ["HOOKS", "KEYS", "InvalidRelease", "Release", "ReleaseFailed", "as_error", "read"]

HOOKS: Final = ("apply", "skip", "plain")
"""What becomes of a chart's hooks: done in their turn, left out, or ordinary resources as in Kubernator 1."""


class InvalidRelease(errors.ValidationFailed, RuntimeError, ValueError):
    """What describes a release is wrong; also a RuntimeError, as in Kubernator 1."""


class ReleaseFailed(errors.ProjectError, RuntimeError):
    """A chart cannot be had or rendered; also a RuntimeError, as in Kubernator 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release. ``values_file`` and ``ca_file`` are relative to the directory in progress.

    ``hooks`` is one of `HOOKS`, or None for what the directory says. ``repository`` may hold credentials: do not show
    it. ``origin`` is the document or the line of the script that asks for it.
    """

    chart: str
    name: str
    namespace: str
    origin: Origin
    repository: str | None = None
    version: str | None = None
    include_crds: bool = True
    values: Mapping[str, Any] | None = None
    values_file: str | None = None
    hooks: str | None = None
    plain_http: bool = False
    ca_file: str | None = None

    def __str__(self) -> str:
        return f"`{self.name}`"

    @property
    def described(self) -> dict[str, Any]:
        """What a values file sees as ``helm``."""
        names = ("chart", "name", "namespace", "include_crds", "repository", "version")
        return {name: getattr(self, name) for name in names}


class _Key(NamedTuple):
    kind: type
    required: bool = False
    choices: tuple[str, ...] = ()


KEYS: Final[Mapping[str, _Key]] = {
    "repository": _Key(str),
    "chart": _Key(str, required=True),
    "version": _Key(str),
    "name": _Key(str, required=True),
    "namespace": _Key(str, required=True),
    "include-crds": _Key(bool),
    "values": _Key(Mapping),
    "values-file": _Key(str),
    "hooks": _Key(str, choices=HOOKS),
    "plain-http": _Key(bool),
    "ca-file": _Key(str),
}
"""The keys of a ``*.helm.yaml``; with underscores, the arguments of ``add_helm``."""

_WORDS: Final[Mapping[type, str]] = {str: "text", bool: "`true` or `false`", Mapping: "a map"}

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_NAME_LENGTH: Final = 53
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.")
_CHART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*\Z")


def as_error(found: list[Diagnostic]) -> InvalidRelease:
    """Return one error for one or more findings about a release."""
    first, *others = found
    return InvalidRelease(f"{first.message} (and {len(others)} more)" if others else first.message, found)


def read(document: Document, problems: list[Diagnostic]) -> Release | None:
    """Return the release that a document describes; all that is wrong with it goes to ``problems``."""
    value = document.value
    if not isinstance(value, Mapping):
        problems.append(_found(document, "a release is a map of its keys", (), hint=f"keys are {_names()}"))
        return None
    before = len(problems)
    for key, given in value.items():
        problems += _key_problems(document, key, given)
    problems += [
        _found(document, f"the release has no `{key}`", (), hint=_hint(key))
        for key, known in KEYS.items()
        if known.required and key not in value
    ]
    if len(problems) == before:
        problems += _together(document, value)
    if len(problems) > before:
        return None
    given = {str(key).replace("-", "_"): item for key, item in value.items() if item is not None}
    return Release(**given, origin=document.origin)


def _key_problems(document: Document, key: Any, given: Any) -> list[Diagnostic]:
    known = KEYS.get(key)
    if known is None:
        return [_found(document, f"a release has no key `{key}`", (key,), hint=_suggestion(str(key)))]
    if given is None and not known.required:
        return []
    if not isinstance(given, known.kind):
        quoted = 'quote it: `version: "1.0"`' if key == "version" else ""
        return [
            _found(document, f"`{key}` is {_WORDS[known.kind]}, not {envelope.kind_of(given)}", (key,), hint=quoted)
        ]
    if isinstance(given, str) and not given.strip():
        return [_found(document, f"`{key}` is empty", (key,))]
    if known.choices and given not in known.choices:
        return [_found(document, f"`{key}` cannot be `{given}`", (key,), hint=f"it is one of {_or(known.choices)}")]
    return _form(document, key, given)


def _form(document: Document, key: str, given: Any) -> list[Diagnostic]:
    """Refuse what helm would refuse, and what it might take for an option."""
    match key:
        case "name" if len(given) > _NAME_LENGTH or not _NAME.match(given):
            rule = f"at most {_NAME_LENGTH} small letters, digits, `-` and `.`, with a letter or digit at both ends"
            return [_found(document, f"`{given}` is no name of a release", (key,), hint=rule)]
        case "namespace" if not _NAMESPACE.match(given):
            rule = "at most 63 small letters, digits and `-`, with a letter or digit at both ends"
            return [_found(document, f"`{given}` is no name of a namespace", (key,), hint=rule)]
        case _:
            return []


def _together(document: Document, value: Mapping[str, Any]) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    if value.get("values") is not None and value.get("values-file") is not None:
        found.append(
            _found(
                document, "a release has either `values` or `values-file`", ("values-file",), hint="remove one of them"
            )
        )
    chart, repository = value["chart"], value.get("repository")
    if repository is not None and helm.is_oci(chart):
        found.append(
            _found(
                document,
                "a chart in a registry has no `repository`",
                ("repository",),
                hint="`chart` says it all: remove it",
            )
        )
    elif repository is not None and not _CHART.match(chart):
        found.append(_found(document, f"`{chart}` is no name of a chart in a repository", ("chart",)))
    elif repository is not None and not _URL.match(repository):
        found.append(
            _found(
                document,
                f"`{repository}` is no URL of a repository",
                ("repository",),
                hint="it begins with `https://`, `http://` or `oci://`; a local chart is named by `chart` alone",
            )
        )
    return found


def _found(document: Document, message: str, path: tuple[Any, ...], *, hint: str = "") -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR, message=message, origin=document.place(path), hint=hint, code="helm-release"
    )


def _suggestion(key: str) -> str:
    import difflib  # noqa: PLC0415 - for a message

    close = difflib.get_close_matches(key.replace("_", "-"), list(KEYS), n=1)
    return f"did you mean `{close[0]}`?" if close else f"keys are {_names()}"


def _hint(key: str) -> str:
    match key:
        case "chart":
            return "a chart's name with `repository`, an `oci://` address, or the path of a directory or archive"
        case "name":
            return "the name of the release, which charts put into the names of their objects"
        case _:
            return ""


def _names() -> str:
    return ", ".join(f"`{key}`" for key in KEYS)


def _or(choices: tuple[str, ...]) -> str:
    return ", ".join(f"`{choice}`" for choice in choices)
