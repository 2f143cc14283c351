"""What the API server checks of Ingresses and their classes.

Source: k8s.io/kubernetes, package ``pkg/apis/networking/validation``, of Kubernetes 1.34 to 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import addresses, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_CLASS: Final = "kubernetes.io/ingress.class"
_NEVER_IN_PATHS: Final = ("//", "/./", "/../", "%2f", "%2F")
_NEVER_LAST: Final = ("/..", "/.")
_LONGEST_CONTROLLER: Final = 250
#: From this version on, names of Services may begin with a digit.
_DIGITS_FIRST: Final = 36


def _ingress(root: Field) -> None:
    spec = root["spec"]
    if not spec["rules"].size and not spec["defaultBackend"]:
        spec.invalid("either `defaultBackend` or `rules` must be specified")
    if spec["defaultBackend"]:
        _check_backend(spec["defaultBackend"])
    for rule in spec["rules"].items():
        _check_host(rule["host"])
        http = rule["http"]
        if http and http["paths"].value == []:
            http["paths"].required()
        for each in http["paths"].items():
            _check_path(each)
    for tls in spec["tls"].items():
        for host in tls["hosts"].items():
            host.complain((parts.wildcard_subdomain if "*" in host.text else names.dns_subdomain)(host.text))
        parts.check_text(tls["secretName"], names.dns_subdomain)
    name = spec["ingressClassName"]
    if name:
        name.complain(names.dns_subdomain(name.text))
        annotation = root["metadata"]["annotations"][_CLASS]
        if annotation and annotation.text != name.text:
            annotation.invalid("must match `ingressClassName` when both are specified")


def _check_host(host: Field) -> None:
    if not host.text:
        return
    if addresses.read(host.text) is not None:
        host.invalid("must be a DNS name, not an IP address")
    host.complain((parts.wildcard_subdomain if "*" in host.text else names.dns_subdomain)(host.text))


def _check_path(field: Field) -> None:
    kind, path = field["pathType"], field["path"]
    if not kind:  # said to be missing elsewhere, and the server looks at nothing more
        return
    exact = kind.text in {"Exact", "Prefix"}
    if not exact and kind.text != "ImplementationSpecific":
        kind.unsupported(("Exact", "ImplementationSpecific", "Prefix"))
    elif not path.text.startswith("/") and (exact or path.text):
        path.invalid("must be an absolute path")
    if exact:
        _check_exact(path)
    if field["backend"]:
        _check_backend(field["backend"])


def _check_exact(path: Field) -> None:
    for each in _NEVER_IN_PATHS:
        if each in path.text:
            path.invalid(f"must not contain '{each}'")
    for each in _NEVER_LAST:
        if path.text.endswith(each):
            path.invalid(f"cannot end with '{each}'")


def _check_backend(field: Field) -> None:
    resource, service = field["resource"], field["service"]
    if resource and service:
        field.invalid("cannot set both resource and service backends")
    elif resource:
        _check_reference(resource)
    elif service:
        rule = names.dns_label if field.minor >= _DIGITS_FIRST else names.dns_1035_label
        parts.check_text(service["name"], rule)
        if service["name"].value == "":
            service["name"].required()
        name, number = service["port"]["name"], service["port"]["number"]
        if name.text and number.number:
            field.invalid("cannot set both port name & port number")
        elif name.text:
            name.complain(names.port_name(name.text))
        elif number.number:
            parts.check_port(number)
        else:
            field.required("port name or number is required")
    else:
        field.invalid("resource or service backend is required")


def _check_reference(field: Field) -> None:
    if field["apiGroup"]:
        field["apiGroup"].complain(names.dns_subdomain(field["apiGroup"].text))
    for name in ("kind", "name"):
        if parts.is_missing(field[name]):
            field[name].required()
        parts.check_object_path(field[name])


def _class(root: Field) -> None:
    controller, reference = root["spec"]["controller"], root["spec"]["parameters"]
    parts.check_length(controller, _LONGEST_CONTROLLER)
    parts.check_prefixed_path(controller)
    if not reference:
        return
    _check_reference(reference)
    scope, namespace = reference["scope"], reference["namespace"]
    parts.check_word(scope, ("Cluster", "Namespace"))
    if scope.text == "Namespace":
        if not namespace:
            namespace.required("`parameters.scope` is set to 'Namespace'")
        else:
            namespace.complain(names.dns_label(namespace.text))
    elif (scope.text or "Cluster") == "Cluster" and namespace:
        namespace.forbidden("`parameters.scope` is set to 'Cluster'")


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("networking.k8s.io", "Ingress"): _ingress,
    ("networking.k8s.io", "IngressClass"): _class,
}
