"""Definitions of custom kinds: the schemas they give, and what the API server would say about them.

Source: k8s.io/apiextensions-apiserver, package ``apis/apiextensions/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema import embedded, shapes, structural, structurality
from kubernator.schema.fault import Fault, Reason
from kubernator.schema.names import dns_1035_label, dns_subdomain
from kubernator.schema.node import Node, Nodes
from kubernator.schema.views import column_faults, scale_faults, selectable_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["check_definition", "nodes", "root_node"]


_APPROVAL: Final = "api-approved.kubernetes.io"
_LONGEST_WARNING: Final = 256
#: What the root of a schema may say where ``status`` is checked apart.
_AT_ROOT: Final = frozenset(
    {
        *("description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
        *("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "multipleOf", "required"),
        *("items", "properties", "externalDocs", "example", "x-kubernetes-preserve-unknown-fields"),
        "x-kubernetes-validations",
    }
)
_SCHEMA: Final = ("schema", "openAPIV3Schema")


def nodes(definition: Manifest) -> dict[GroupVersionKind, Node]:
    """Return the schema of each served version of a definition; versions whose schema is none are left out."""
    spec = _map(definition.get("spec"))
    group, kind = spec.get("group"), _map(spec.get("names")).get("kind")
    found: dict[GroupVersionKind, Node] = {}
    if not isinstance(group, str) or not isinstance(kind, str):
        return found
    for each in _list(spec.get("versions")):
        version = _map(each)
        name = version.get("name")
        schema = _map(version.get("schema")).get("openAPIV3Schema")
        if version.get("served") is not True or not isinstance(name, str) or schema is None:
            continue
        if not any(shapes.shape_faults(schema, ())):
            found[GroupVersionKind(group, name, kind)] = root_node(schema)
    return found


def root_node(schema: Mapping[str, Any]) -> Node:
    """Return the node of a whole object by the schema of a definition, which does not say what every object has."""
    properties = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        **_map(schema.get("properties")),
        "metadata": {"$ref": embedded.METADATA.name},
    }
    whole: dict[str, Any] = {**schema, "properties": properties}
    metadata = _map(_map(schema.get("properties")).get("metadata"))
    if metadata.get("properties"):
        narrowed = {"properties": {"metadata": {"properties": metadata["properties"]}}}
        whole["allOf"] = [*_list(schema.get("allOf")), narrowed]
    return _Rooted().of(whole)


def _nothing(_: str) -> None:
    """Resolve no reference: a definition must not have one."""


class _Rooted(Nodes):
    """Nodes of a definition, where the only component is that of ``metadata``."""

    def __init__(self) -> None:
        super().__init__(_nothing)

    def named(self, name: str) -> Node:
        return embedded.METADATA if name == embedded.METADATA.name else super().named(name)


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


class _Asked(NamedTuple):
    """Who knows expressions, and for which minor version of the server is asked."""

    rules: Callable[[Node], list[Fault]] | None
    minor: int


def check_definition(
    definition: Manifest, *, rules: Callable[[Node], list[Fault]] | None = None, minor: int = structural.NEWEST
) -> list[Fault]:
    """Return what is wrong with a definition that its own schema, as a built-in kind, does not tell.

    ``rules`` says what is wrong with the expressions in ``x-kubernetes-validations`` of the schema of a version, which
    it is given as the node of a whole object, with paths that begin there; it is asked where all else is right.
    ``minor`` is the server's minor version. Values of other types than they should be are passed over.
    """
    try:
        return list(dict.fromkeys(_faults(definition, _Asked(rules, minor))))
    except RecursionError:
        return [Fault(("spec", "versions"), Reason.INVALID, "Invalid value: the schema is nested too deeply")]


def _faults(definition: Manifest, asked: _Asked) -> Iterator[Fault]:
    spec = _map(definition.get("spec"))
    names = _map(spec.get("names"))
    group, plural = _text(spec.get("group")), _text(names.get("plural"))
    if _text(_map(definition.get("metadata")).get("name")) != f"{plural}.{group}":
        message = 'Invalid value: must be spec.names.plural+"."+spec.group'
        yield Fault(("metadata", "name"), Reason.INVALID, message)
    yield from _group_faults(group)
    scope = spec.get("scope")
    if not scope:
        yield Fault(("spec", "scope"), Reason.REQUIRED, "Required value")
    elif scope not in ("Cluster", "Namespaced"):
        message = 'Unsupported value: supported values: "Cluster", "Namespaced"'
        yield Fault(("spec", "scope"), Reason.UNSUPPORTED, message)
    yield from _name_faults(names)
    if spec.get("preserveUnknownFields") is True:
        message = (
            "Invalid value: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        yield Fault(("spec", "preserveUnknownFields"), Reason.INVALID, message)
    yield from _approval_faults(group, _map(_map(definition.get("metadata")).get("annotations")))
    yield from _versions_faults(_list(spec.get("versions")), asked)
    if isinstance(spec.get("conversion"), dict):
        yield from _conversion_faults(spec["conversion"])


def _group_faults(group: str) -> Iterator[Fault]:
    place = ("spec", "group")
    if not group:
        yield Fault(place, Reason.REQUIRED, "Required value")
    elif complaint := dns_subdomain(group):
        yield Fault(place, Reason.INVALID, f"Invalid value: {complaint}")
    elif "." not in group:
        yield Fault(place, Reason.INVALID, "Invalid value: should be a domain with at least one dot")


def _approval_faults(group: str, annotations: dict[str, Any]) -> Iterator[Fault]:
    """Yield what is missing where a group belongs to the Kubernetes community, whose review it then needs."""
    if not f".{group}".endswith((".k8s.io", ".kubernetes.io")):
        return
    approval = _text(annotations.get(_APPROVAL))
    place = ("metadata", "annotations", _APPROVAL)
    if not approval:
        message = (
            "protected groups must have approval annotation, see https://github.com/kubernetes/enhancements/pull/1111"
        )
        yield Fault(place, Reason.REQUIRED, f"Required value: {message}")
    elif not approval.startswith("unapproved") and not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]", approval):
        message = (
            'protected groups must have approval annotation with either a URL or a reason starting with "unapproved"'
        )
        yield Fault(place, Reason.INVALID, f"Invalid value: {message}")


def _name_faults(names: dict[str, Any]) -> Iterator[Fault]:
    place = ("spec", "names")
    kind = _text(names.get("kind"))
    for key in ("plural", "kind"):
        if not names.get(key):
            yield Fault((*place, key), Reason.REQUIRED, "Required value")
    for key in ("plural", "singular", "kind", "listKind"):
        name = _text(names.get(key))
        complaint = dns_1035_label(name.lower() if key.lower().endswith("kind") else name)
        if name and complaint:
            yield Fault((*place, key), Reason.INVALID, f"Invalid value: {complaint}")
    for key in ("shortNames", "categories"):
        for index, name in enumerate(_list(names.get(key))):
            if isinstance(name, str) and (complaint := dns_1035_label(name)):
                yield Fault((*place, key, index), Reason.INVALID, f"Invalid value: {complaint}")
    if kind and kind == names.get("listKind"):
        yield Fault((*place, "listKind"), Reason.INVALID, "Invalid value: kind and listKind may not be the same")


def _versions_faults(versions: list[Any], asked: _Asked) -> Iterator[Fault]:
    place = ("spec", "versions")
    names = [_map(version).get("name") for version in versions]
    if len(set(map(str, names))) < len(names):
        yield Fault(place, Reason.INVALID, "Invalid value: must contain unique version names")
    if [_map(version).get("storage") for version in versions].count(True) != 1:
        message = "Invalid value: must have exactly one version marked as storage version"
        yield Fault(place, Reason.INVALID, message)
    for index, version in enumerate(versions):
        if isinstance(version, dict | None):
            yield from _version_faults(version or {}, (*place, index), asked)


def _version_faults(version: dict[str, Any], place: Path, asked: _Asked) -> Iterator[Fault]:
    if complaint := dns_1035_label(_text(version.get("name"))):
        yield Fault((*place, "name"), Reason.INVALID, f"Invalid value: {complaint}")
    yield from _deprecation_faults(version, (*place, "deprecationWarning"))
    subresources = _map(version.get("subresources"))
    schema = _map(version.get("schema")).get("openAPIV3Schema")
    path = (*place, *_SCHEMA)
    if schema is None:
        yield Fault(path, Reason.REQUIRED, "Required value")
    else:
        if isinstance(schema, dict) and subresources.get("status") is not None:
            yield from _root_faults(schema, path)
        found = list(shapes.shape_faults(schema, path)) or list(structurality.schema_faults(schema, path))
        found = found or list(_default_faults(schema, path, asked))
        found = found or list(_expressions(schema, path, asked))
        yield from found
    if isinstance(subresources.get("scale"), dict):
        yield from scale_faults(subresources["scale"], (*place, "subresources", "scale"))
    for index, column in enumerate(_list(version.get("additionalPrinterColumns"))):
        yield from column_faults(_map(column), (*place, "additionalPrinterColumns", index))
    fields = _list(version.get("selectableFields"))
    yield from selectable_faults(fields, _map(schema), (*place, "selectableFields"))


def _deprecation_faults(version: dict[str, Any], place: Path) -> Iterator[Fault]:
    warning = version.get("deprecationWarning")
    if not isinstance(warning, str):
        return
    if version.get("deprecated") is not True:
        yield Fault(place, Reason.INVALID, "Invalid value: can only be set for deprecated versions")
    if len(warning.encode()) > _LONGEST_WARNING:
        yield Fault(place, Reason.INVALID, "Invalid value: must be <= 256 characters long")
    if not warning:
        yield Fault(place, Reason.INVALID, "Invalid value: must not be an empty string")
    if not warning.isprintable():
        yield Fault(place, Reason.INVALID, "Invalid value: must only contain printable UTF-8 characters")


def _root_faults(schema: dict[str, Any], path: Path) -> Iterator[Fault]:
    """Yield what the root says that would be lost when ``status`` is checked by itself."""
    said = {key for key, value in schema.items() if value not in (None, "", [], {}) and value is not False}
    if schema.get("type") not in {None, "", "object"}:
        message = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        yield Fault((*path, "type"), Reason.INVALID, f"Invalid value: {message}")
    elif said - _AT_ROOT:
        message = "some keywords are not allowed at the root of the schema if the status subresource is enabled"
        yield Fault(path, Reason.INVALID, f"Invalid value: {message}: {', '.join(sorted(said - _AT_ROOT))}")


def _walk(node: Node, path: Path) -> Iterator[tuple[Node, Path]]:
    """Yield a node and all that say which fields there are below it."""
    yield node, path
    for name, child in node.properties.items():
        yield from _walk(child, (*path, "properties", name))
    if node.items is not None:
        yield from _walk(node.items, (*path, "items"))
    if isinstance(node.additional, Node):
        yield from _walk(node.additional, (*path, "additionalProperties"))


def _default_faults(schema: dict[str, Any], path: Path, asked: _Asked) -> Iterator[Fault]:
    """Yield what is wrong with defaults, which must themselves be valid and hold nothing that would be dropped."""
    for node, place in _walk(Nodes(_nothing).of(schema), path):
        if node.default is None:
            continue
        found = structural.check_default(node.default, node, minor=asked.minor)
        if place == path and isinstance(node.default, dict):
            found = [*found, *embedded.faults(node.default, ())]
        if not found and asked.rules is not None:
            from kubernator.schema.cel.rules import check_rules  # noqa: PLC0415 - few definitions have defaults

            found = [fault for fault in check_rules(node.default, node) if fault.severity is Severity.ERROR]
        for fault in found:
            yield Fault((*place, "default", *fault.path), fault.reason, fault.message)


def _expressions(schema: dict[str, Any], path: Path, asked: _Asked) -> Iterator[Fault]:
    if asked.rules is None:
        return
    for fault in asked.rules(root_node(schema)):
        yield Fault((*path, *fault.path), fault.reason, fault.message, fault.severity)


def _conversion_faults(conversion: dict[str, Any]) -> Iterator[Fault]:
    place = ("spec", "conversion")
    strategy, webhook = conversion.get("strategy"), _map(conversion.get("webhook"))
    if not strategy:
        yield Fault((*place, "strategy"), Reason.REQUIRED, "Required value")
    elif strategy not in {"None", "Webhook"}:
        message = 'Unsupported value: supported values: "None", "Webhook"'
        yield Fault((*place, "strategy"), Reason.UNSUPPORTED, message)
    if strategy == "Webhook":
        yield from _webhook_faults(webhook, (*place, "webhook"))
    else:
        for key in ("clientConfig", "conversionReviewVersions"):
            if webhook.get(key) not in (None, []):
                message = "Forbidden: should not be set when strategy is not set to Webhook"
                yield Fault((*place, "webhook", key), Reason.FORBIDDEN, message)


def _webhook_faults(webhook: dict[str, Any], place: Path) -> Iterator[Fault]:
    config, where = _map(webhook.get("clientConfig")), (*place, "clientConfig")
    url = config.get("url")
    if not webhook.get("clientConfig"):
        yield Fault(where, Reason.REQUIRED, "Required value: required when strategy is set to Webhook")
    elif (url is None) == (config.get("service") is None):
        yield Fault(where, Reason.REQUIRED, "Required value: exactly one of url or service is required")
    elif isinstance(url, str) and not url.startswith("https://"):
        message = "Invalid value: 'https' is the only allowed URL scheme"
        yield Fault((*where, "url"), Reason.INVALID, message)
    accepted, where = _list(webhook.get("conversionReviewVersions")), (*place, "conversionReviewVersions")
    if not accepted:
        yield Fault(where, Reason.REQUIRED, "Required value")
    elif not {"v1", "v1beta1"} & {each for each in accepted if isinstance(each, str)}:
        yield Fault(where, Reason.INVALID, "Invalid value: must include at least one of v1, v1beta1")
