"""A directory of policies for those who don't write Python: rules in CEL, and ValidatingAdmissionPolicies as they are.

Files end in ``.yaml`` or ``.yml``. A document is a manifest of a policy or a binding, or a map with ``rules``.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from kubernator.load import yamldoc
from kubernator.load.jsonschema import Schema
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.origin import Origin
from kubernator.schema import matching
from kubernator.schema.cel.failures import Failed, NotCompiled, Undecided
from kubernator.schema.cel.program import compiled
from kubernator.schema.cel.rules import message_of
from kubernator.schema.cel.typesystem import DYN
from kubernator.schema.cel.values import Lazy
from kubernator.schema.fault import Fault, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from kubernator.load.document import Document
    from kubernator.schema.cel.program import Program
    from kubernator.schema.matching import Request

__all__ = ["LocalRule", "PolicyFiles", "read_directory"]

_ENDINGS: Final = frozenset({".yaml", ".yml"})
_TEXT: Final = {"type": "string", "minLength": 1}
_TEXTS: Final = {"type": "array", "minItems": 1, "items": _TEXT}
_RULES: Final = {
    "type": "object",
    "required": ["rules"],
    "additionalProperties": False,
    "properties": {
        "rules": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "kinds", "require"],
                "additionalProperties": False,
                "properties": {
                    **dict.fromkeys(("name", "require", "when", "message", "messageExpression"), _TEXT),
                    "kinds": _TEXTS,
                    "namespaces": _TEXTS,
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "variables": {"type": "object", "additionalProperties": _TEXT},
                    "path": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "severity": {"enum": ["error", "warning", "info"]},
                },
            },
        }
    },
}
_SEVERITIES: Final = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}
_NAMES: Final = dict.fromkeys(("object", "oldObject", "request", "namespaceObject", "variables"), DYN)


@lru_cache(maxsize=1)
def _schema() -> Schema:
    return Schema(_RULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRule:
    """A rule that only Kubernator knows. It sees a resource as it is written, without what the server would fill in."""

    name: str
    kinds: tuple[str, ...]
    require: str
    when: str = ""
    message: str = ""
    message_expression: str = ""
    namespaces: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str | int, ...] = ()
    severity: Severity = Severity.ERROR

    def check(self, request: Request) -> list[Fault]:
        """Return what the rule says of a resource: nothing if it holds or is not about it."""
        if not self._is_about(request):
            return []
        values = self._values(request)
        try:
            if self.when and _program(self.when).evaluate(values) is not True:
                return []
            holds = _program(self.require).evaluate(values)
        except Undecided as error:
            return [Fault(self.path, Reason.UNDECIDED, self._said(f"not decided: {error}"), Severity.WARNING)]
        except Failed as error:
            message = self._said(f"{error} evaluating `{self.require.strip()}`")
            return [Fault(self.path, Reason.INVALID, message, self.severity)]
        if holds is True:
            return []
        said = message_of(_program(self.message_expression), values) if self.message_expression else ""
        message = said or self.message.strip() or f"failed rule `{self.require.strip()}`"
        return [Fault(self.path, Reason.INVALID, self._said(message), self.severity)]

    def _said(self, message: str) -> str:
        return f"{message} (policy `{self.name}`)"

    def _is_about(self, request: Request) -> bool:
        gvk = request.gvk
        if not {"*", gvk.kind, f"{gvk.kind}.{gvk.group}"} & set(self.kinds):
            return False
        if self.namespaces and request.namespace not in self.namespaces:
            return False
        labels = (request.manifest.get("metadata") or {}).get("labels") or {}
        return matching.selects({"matchLabels": self.labels}, labels)

    def _values(self, request: Request) -> dict[str, Any]:
        values: dict[str, Any] = {
            "object": request.manifest,
            "oldObject": request.old,
            "request": request.described(),
            "namespaceObject": request.namespace_object,
        }

        def make(text: str) -> Callable[[], Any]:
            return lambda: _program(text).evaluate(values)

        values["variables"] = Lazy({name: make(text) for name, text in self.variables.items()})
        return values


def _program(text: str) -> Program:
    return compiled(text, _NAMES)


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """What a directory of policies holds: rules of Kubernator's own, and manifests of policies and bindings."""

    rules: tuple[LocalRule, ...]
    manifests: tuple[Mapping[str, Any], ...]

    def check(self, request: Request) -> list[Fault]:
        """Return what the rules say of a resource; the manifests are for `kubernator.schema.policies`."""
        return [fault for rule in self.rules for fault in rule.check(request)]


def read_directory(
    directory: Path, problems: list[Diagnostic], *, origin: Callable[[Path], Origin] | None = None
) -> PolicyFiles:
    """Return the policies of a directory and all below it; what is wrong with them goes to ``problems``.

    ``origin`` says how files are called for people; without it as they are. Links are followed, and what they lead to
    twice, as in a volume that Kubernetes makes of a ConfigMap, is read once.
    """
    rules: list[LocalRule] = []
    manifests: list[Mapping[str, Any]] = []
    place = origin or (lambda path: Origin(path=path))
    for file in _files(directory, place, problems):
        for document in _documents(file, place(file), problems):
            if isinstance(document.value, dict) and "kind" in document.value and "apiVersion" in document.value:
                manifests.append(document.value)
            else:
                rules.extend(_rules(document, problems))
    return PolicyFiles(tuple(rules), tuple(manifests))


def _files(directory: Path, origin: Callable[[Path], Origin], problems: list[Diagnostic]) -> list[Path]:
    """Return the files below a directory, sorted, each by the name that is the least deep."""
    found: dict[str, Path] = {}
    entered: set[str] = set()
    waiting = deque([directory])
    while waiting:
        current = waiting.popleft()
        real = os.path.realpath(current)
        if real in entered:
            continue
        entered.add(real)
        try:
            names = sorted(current.iterdir())
        except OSError as error:
            problems.append(_unreadable(current, error, origin(current)))
            continue
        for each in names:
            if each.is_dir():
                waiting.append(each)
            # a link that leads nowhere is one to complain about, a pipe would never end
            elif each.suffix in _ENDINGS and (each.is_file() or not each.exists()):
                found.setdefault(os.path.realpath(each), each)
    return sorted(found.values())


def _unreadable(path: Path, error: OSError, origin: Origin) -> Diagnostic:
    message = f"`{path.name}` cannot be read: {error.strerror}"
    return Diagnostic(severity=Severity.ERROR, message=message, origin=origin, code="load")


def _documents(file: Path, origin: Origin, problems: list[Diagnostic]) -> list[Document]:
    try:
        content = file.read_bytes()
    except OSError as error:
        problems.append(_unreadable(file, error, origin))
        return []
    return yamldoc.parse(content, origin=origin, problems=problems)


def _rules(document: Document, problems: list[Diagnostic]) -> Iterator[LocalRule]:
    violations = _schema().violations(document.value)
    for violation in violations:
        where = ".".join(map(str, violation.path)) or "the document"
        problems.append(
            Diagnostic(
                severity=Severity.ERROR,
                message=f"`{where}` of a policy file {violation.message}",
                origin=document.place(violation.path),
                hint="see the reference of policy files",
                code="policy",
            )
        )
    if violations:
        return
    for index, written in enumerate(document.value["rules"]):
        if not list(_broken(document, index, written, problems)):
            yield LocalRule(
                name=written["name"],
                kinds=tuple(written["kinds"]),
                require=written["require"],
                when=written.get("when", ""),
                message=written.get("message", ""),
                message_expression=written.get("messageExpression", ""),
                namespaces=tuple(written.get("namespaces", ())),
                labels=written.get("labels", {}),
                variables=written.get("variables", {}),
                path=tuple(written.get("path", ())),
                severity=_SEVERITIES[written.get("severity", "error")],
            )


def _broken(
    document: Document, index: int, written: Mapping[str, Any], problems: list[Diagnostic]
) -> Iterator[Diagnostic]:
    """Yield, and keep, what does not compile in a rule."""
    texts: dict[tuple[str, ...], str] = {
        (key,): written[key] for key in ("require", "when", "messageExpression") if key in written
    }
    texts |= {("variables", name): text for name, text in written.get("variables", {}).items()}
    for path, text in texts.items():
        try:
            compiled(text, _NAMES)
        except NotCompiled as error:
            found = Diagnostic(
                severity=Severity.ERROR,
                message=f"`{'.'.join(path)}` of the policy `{written['name']}` does not compile: {error.message}",
                origin=document.place(("rules", index, *path)),
                hint=f"line {error.line}, column {error.column} of the expression",
                code="policy",
            )
            problems.append(found)
            yield found
        except Undecided:
            continue  # it is said when it is evaluated
