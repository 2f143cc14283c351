"""ValidatingAdmissionPolicies: what they say of a resource before it is sent.

Source: k8s.io/apiserver 0.37, package ``admission/plugin/policy``; API concept *ValidatingAdmissionPolicy*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kubernator.model.diagnostics import Severity
from kubernator.pipeline.fields import mapping
from kubernator.schema import matching
from kubernator.schema.admitted import Partial, admitted
from kubernator.schema.cel.closures import CALL_LIMIT, Meter
from kubernator.schema.cel.failures import Exceeded, Failed, NotCompiled, Undecided
from kubernator.schema.cel.functions import OPAQUE
from kubernator.schema.cel.program import compiled
from kubernator.schema.cel.rules import message_of
from kubernator.schema.cel.typesystem import DYN, Field, Type
from kubernator.schema.cel.values import Lazy
from kubernator.schema.fault import Fault, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernator.schema.cel.program import Program
    from kubernator.schema.matching import Request

__all__ = ["Parameters", "Policies", "Policy", "check_policy_manifest"]

#: Gives resources of parameters: ``apiVersion``, ``kind``, and the ``paramRef``; None if they are not known here.
Parameters = Callable[[str, str, Mapping[str, Any]], "Sequence[Mapping[str, Any]] | None"]

_POLICY: Final = "ValidatingAdmissionPolicy"
_BINDING: Final = "ValidatingAdmissionPolicyBinding"
#: Kinds that policies are never asked about, so that nobody locks themselves out.
_EXEMPT: Final = frozenset({_POLICY, _BINDING, "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"})
_GROUP: Final = "admissionregistration.k8s.io"
_NAMES: Final = {
    **dict.fromkeys(("object", "oldObject", "request", "namespaceObject"), DYN),
    "authorizer": OPAQUE["Authorizer"],
    "authorizer.requestResource": OPAQUE["ResourceCheck"],
}
_REASONS: Final = {"Forbidden": Reason.FORBIDDEN, "Unauthorized": Reason.FORBIDDEN}
_BUDGET: Final = 10 * CALL_LIMIT
#: Fields of a request that nobody knows before it is made.
_UNKNOWN_REQUEST: Final = frozenset({"userInfo", "options", "dryRun", "uid"})


@dataclass(frozen=True, slots=True)
class _Validation:
    expression: str
    message: str
    message_expression: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy, and the bindings that put it in force.

    ``fails`` says whether an error in it denies a request. Texts of expressions are as written.
    """

    name: str
    constraints: Mapping[str, Any]
    conditions: tuple[tuple[str, str], ...]
    validations: tuple[_Validation, ...]
    programs: _Programs
    fails: bool
    param_kind: tuple[str, str] | None
    bindings: tuple[Mapping[str, Any], ...] = ()

    @staticmethod
    def of(manifest: Mapping[str, Any], bindings: Sequence[Mapping[str, Any]]) -> Policy:
        """Return the policy of a manifest, whose structure was found right before."""
        spec = mapping(manifest.get("spec"))
        name = str(mapping(manifest.get("metadata")).get("name"))
        kind = mapping(spec.get("paramKind"))
        return Policy(
            name=name,
            constraints=mapping(spec.get("matchConstraints")),
            conditions=_pairs(spec.get("matchConditions")),
            programs=_Programs(_pairs(spec.get("variables")), has_params=bool(kind)),
            validations=tuple(
                _Validation(
                    expression=str(each.get("expression") or ""),
                    message=str(each.get("message") or "").strip(),
                    message_expression=str(each.get("messageExpression") or ""),
                    reason=_REASONS.get(str(each.get("reason")), Reason.INVALID),
                )
                for each in map(mapping, spec.get("validations") or ())
            ),
            fails=spec.get("failurePolicy", "Fail") != "Ignore",
            param_kind=(str(kind.get("apiVersion")), str(kind.get("kind"))) if kind else None,
            bindings=tuple(each for each in bindings if mapping(each.get("spec")).get("policyName") == name),
        )


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(each.get("name")), str(each.get("expression"))) for each in map(mapping, value or ()))


class Policies:
    """The policies in force, of a tree and of a cluster. Policies without a binding do nothing, as in the cluster."""

    def __init__(self, manifests: Sequence[Mapping[str, Any]], parameters: Parameters | None = None) -> None:
        """Take policies and bindings; of two of one name, the first counts, so those of the tree go first."""
        self._parameters = parameters or (lambda *_: None)
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for manifest in manifests:
            kind = str(manifest.get("kind"))
            if str(manifest.get("apiVersion")).startswith(f"{_GROUP}/") and kind in {_POLICY, _BINDING}:
                found.setdefault((kind, str(mapping(manifest.get("metadata")).get("name"))), manifest)
        bindings = [manifest for (kind, _), manifest in found.items() if kind == _BINDING]
        self._policies = [
            policy
            for (kind, _), manifest in found.items()
            if kind == _POLICY and (policy := Policy.of(manifest, bindings)).bindings
        ]

    def __bool__(self) -> bool:
        """Say whether any policy is in force."""
        return bool(self._policies)

    def check(self, request: Request) -> list[Fault]:
        """Return what the policies in force say of a request: an error denies it, a warning warns of it."""
        if request.gvk.group == _GROUP and request.gvk.kind in _EXEMPT:
            return []
        return [fault for policy in self._policies for fault in self._policy(policy, request)]

    def _policy(self, policy: Policy, request: Request) -> Iterator[Fault]:
        try:
            if not matching.matches(policy.constraints, request):
                return
        except Undecided as error:
            yield _undecided(policy.name, str(error))
            return
        for binding in policy.bindings:
            spec = mapping(binding.get("spec"))
            said = _Said(policy.name, str(mapping(binding.get("metadata")).get("name")), spec)
            try:
                if not matching.matches(mapping(spec.get("matchResources")), request, bare=True):
                    continue
                for params in self._params(policy, spec):
                    yield from said.faults(_decisions(policy, request, params))
            except Undecided as error:
                yield _undecided(policy.name, str(error))
            except Failed as error:
                if policy.fails:
                    yield from said.faults([(Reason.INVALID, str(error))])

    def _params(self, policy: Policy, spec: Mapping[str, Any]) -> Sequence[Any]:
        reference = mapping(spec.get("paramRef"))
        if policy.param_kind is None or not reference:
            return (None,)
        found = self._parameters(*policy.param_kind, reference)
        if found is None:
            raise Undecided("the parameters, which are in the cluster")
        if not found and reference.get("parameterNotFoundAction") != "Allow":
            raise Failed(
                "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
            )
        return found


@dataclass(frozen=True, slots=True)
class _Said:
    """How a decision of a policy reaches the user, as a binding has it."""

    policy: str
    binding: str
    spec: Mapping[str, Any]

    def faults(self, decisions: Sequence[tuple[Reason, str]]) -> Iterator[Fault]:
        actions = self.spec.get("validationActions") or ()
        who = f"ValidatingAdmissionPolicy '{self.policy}' with binding '{self.binding}'"
        for reason, message in decisions:
            if reason is Reason.UNDECIDED:
                yield _undecided(self.policy, message)
                continue
            if "Deny" in actions:
                yield Fault((), reason, f"{who} denied request: {message}")
            elif "Warn" in actions:
                yield Fault((), reason, f"Validation failed for {who}: {message}", Severity.WARNING)


def _undecided(policy: str, what: str) -> Fault:
    message = f"left to the server: {what}, in ValidatingAdmissionPolicy '{policy}'"
    return Fault((), Reason.UNDECIDED, message, Severity.WARNING)


class _Variables(Type):
    """The type of ``variables``, of which each sees those before it."""

    __slots__ = ("fields",)

    def __init__(self, fields: Mapping[str, Field]) -> None:
        super().__init__("object", "kubernetes.variables")
        self.fields = fields


class _Programs:
    """The expressions of one policy, compiled when they are first asked for. Nothing is known of its objects' types."""

    def __init__(self, variables: Sequence[tuple[str, str]], *, has_params: bool) -> None:
        self._names = {**_NAMES, **({"params": DYN} if has_params else {})}
        self._known: dict[str, Program | NotCompiled] = {}
        self._fields: dict[str, Field] = {}
        self.variables: dict[str, Program | NotCompiled] = {}
        for name, text in variables:
            self.variables[name] = found = self._compiled(text)
            kind = DYN if isinstance(found, NotCompiled) else found.type
            self._fields = {**self._fields, name: Field(kind, name)}
        self._names["variables"] = _Variables(self._fields)

    def _compiled(self, text: str) -> Program | NotCompiled:
        names = {**self._names, "variables": self._names.get("variables") or _Variables(self._fields)}
        try:
            return compiled(text, names)
        except NotCompiled as error:
            return error

    def get(self, text: str) -> Program:
        """Return the program of a text; raise `Failed` for one that does not compile."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._compiled(text)
        if isinstance(found, NotCompiled):
            raise Failed(f"compilation error: compilation failed: {found}") from found
        return found


def _decisions(policy: Policy, request: Request, params: Any) -> list[tuple[Reason, str]]:
    """Return the reason and message of each validation that does not hold."""
    programs = policy.programs
    values = _values(programs, request, params)
    meter = Meter()
    found: list[tuple[Reason, str]] = []
    for name, text in policy.conditions:
        holds = _evaluated(programs.get(text), values, meter)
        if holds is False:
            return []
        if holds is not True:
            raise Failed(f"matchCondition '{name}' must evaluate to a bool")
    for validation in policy.validations:
        text = validation.expression.strip()
        try:
            holds = _evaluated(programs.get(validation.expression), values, meter)
        except Undecided as error:
            found.append((Reason.UNDECIDED, str(error)))
            continue
        except Failed as error:
            if policy.fails:
                found.append((Reason.INVALID, f"expression '{text}' resulted in error: {error}"))
            continue
        if holds is not True:
            found.append((validation.reason, _message(programs, validation, values) or f"failed expression: {text}"))
    return found


def _evaluated(program: Program, values: Mapping[str, Any], meter: Meter) -> Any:
    """Evaluate an expression, which counts towards what a policy may cost."""
    once = Meter()
    try:
        return program.evaluate(values, once)
    finally:
        meter.least += once.least
        meter.most += once.most
        if meter.least > _BUDGET:
            raise Exceeded(
                "validation failed due to running out of cost budget, no further validation rules will be run"
            )


def _message(programs: _Programs, validation: _Validation, values: Mapping[str, Any]) -> str:
    if validation.message_expression:
        try:
            said = message_of(programs.get(validation.message_expression), values)
        except Failed:
            said = ""
        if said:
            return said
    return validation.message


def _values(programs: _Programs, request: Request, params: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "object": admitted(request.manifest, request.gvk.group),
        "oldObject": request.old,
        "request": Partial(request.described(), _UNKNOWN_REQUEST),
        "params": params,
        "namespaceObject": _namespace(request),
    }

    def make(program: Program | NotCompiled) -> Callable[[], Any]:
        def evaluate() -> Any:
            if isinstance(program, NotCompiled):
                raise Failed(f"compilation error: compilation failed: {program}") from program
            return program.evaluate(values)

        return evaluate

    values["variables"] = Lazy({name: make(program) for name, program in programs.variables.items()})
    return values


def _namespace(request: Request) -> Any:
    if not request.namespace or request.gvk.kind == "Namespace":
        return None
    if request.namespace_object is None:
        return Partial({"metadata": Partial({"name": request.namespace}, _ALL)}, _ALL)
    return admitted(request.namespace_object, "")


class _Everything(frozenset[str]):
    """All names there are."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return True


_ALL: Final = _Everything()


def check_policy_manifest(manifest: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with the expressions of a policy, which the server does not take if they do not compile."""
    spec = mapping(manifest.get("spec"))
    found: list[Fault] = []
    programs = _Programs(_pairs(spec.get("variables")), has_params=bool(spec.get("paramKind")))
    for index, program in enumerate(programs.variables.values()):
        if isinstance(program, NotCompiled):
            message = f"Invalid value: compilation failed: {program}"
            found.append(Fault(("spec", "variables", index, "expression"), Reason.INVALID, message))
    keys: dict[str, tuple[str, ...]] = {"validations": ("expression", "messageExpression")}
    keys |= {"matchConditions": ("expression",), "auditAnnotations": ("valueExpression",)}
    for part, names in keys.items():
        for index, each in enumerate(map(mapping, spec.get(part) or ())):
            for key in names:
                text = each.get(key)
                if not isinstance(text, str) or not text:
                    continue
                try:
                    complaint = _of_kind(programs.get(text).type, _RESULTS[key, part])
                except Undecided:
                    continue  # the server will say
                except Failed as error:
                    complaint = str(error).removeprefix("compilation error: ")
                if complaint:
                    found.append(Fault(("spec", part, index, key), Reason.INVALID, f"Invalid value: {complaint}"))
    return found


#: What the expressions of a policy give: the kinds of their types.
_RESULTS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("expression", "validations"): ("bool",),
    ("expression", "matchConditions"): ("bool",),
    ("messageExpression", "validations"): ("string",),
    ("valueExpression", "auditAnnotations"): ("string", "null"),
}


def _of_kind(kind: Type, wanted: tuple[str, ...]) -> str:
    """Say so if an expression gives what it must not; nothing where the server knows its type better than we do."""
    if kind.kind in wanted or kind.kind not in {"bool", "int", "uint", "double", "string", "bytes", "null"}:
        return ""
    return f"must evaluate to {' or '.join(wanted)} but got {kind}"
