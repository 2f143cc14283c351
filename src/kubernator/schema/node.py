"""One schema of the API server, compiled: what an OpenAPI v3 document or a definition says about one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from kubernator.schema.builtin.required import Asked
from kubernator.schema.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NAMELESS", "Node", "Nodes", "is_builtin", "node_of"]

#: Names of components of types that are Go code of Kubernetes, so that conversion to Go checks them too.
_BUILTIN: Final = (
    "io.k8s.api.",
    "io.k8s.apimachinery.",
    "io.k8s.apiextensions-apiserver.",
    "io.k8s.kube-aggregator.",
)
#: Endings of components that read their JSON by themselves -> what `Node.special` says of them.
_SPECIAL: Final = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "micro-time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "raw",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "raw",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
}
_PLAIN: Final[dict[str, type]] = {"string": str, "boolean": bool, "integer": int, "number": float}
#: Keywords that say more about a scalar than its type.
_NARROWING: Final = frozenset(
    {
        *("enum", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf"),
        *("allOf", "anyOf", "oneOf", "not", "x-kubernetes-int-or-string"),
    }
)
_NUMBER_FORMATS: Final = {"integer": {"int32", "int64"}, "number": {"float", "double"}}
#: Keywords with which a schema says more than the reference that it is.
_OWN_WORDS: Final = frozenset({"type", "properties", "items", "additionalProperties", "required"})
#: Defaults that mean nothing: what Go's zero value is anyway.
_NO_DEFAULTS: Final[tuple[Any, ...]] = (None, {}, "")

NAMELESS: Final = ""


class Node:
    """What a schema says about one value. Read only; its fields are read from the schema when one is first asked for.

    ``schema`` is what was compiled and ``name`` the component it is, if it is one. ``types`` are JSON's names, none for
    any type. ``format`` is without dashes, and empty where the server passes over it. Of bounds ``None`` is none.
    ``additional`` is the node of all other keys, or what ``additionalProperties`` said, or None. ``default`` is None
    where there is none. ``rules`` are ``x-kubernetes-validations`` as written. ``builtin`` are types of Kubernetes'
    own, of which ``special`` tells those with a JSON of their own: ``quantity``, ``time``,
    ``micro-time``, ``int-or-string``, ``raw``. ``asked`` is what Go code asks of maps of such a type, None for nothing.
    A value of exactly the class ``plain`` needs no further look.
    """

    __slots__ = (
        "_nodes",
        "additional",
        "all_of",
        "any_of",
        "asked",
        "builtin",
        "combined",
        "default",
        "embedded",
        "enum",
        "exclusive_maximum",
        "exclusive_minimum",
        "format",
        "int_or_string",
        "items",
        "list_map_keys",
        "list_type",
        "map_type",
        "max_items",
        "max_length",
        "max_properties",
        "maximum",
        "min_items",
        "min_length",
        "min_properties",
        "minimum",
        "multiple_of",
        "name",
        "not_",
        "nullable",
        "one_of",
        "pattern",
        "plain",
        "preserve_unknown",
        "properties",
        "required",
        "rules",
        "schema",
        "special",
        "types",
        "unique_items",
    )

    additional: Node | bool | None
    all_of: tuple[Node, ...]
    any_of: tuple[Node, ...]
    asked: Asked | None
    builtin: bool
    combined: bool
    default: Any
    embedded: bool
    enum: tuple[Any, ...]
    exclusive_maximum: bool
    exclusive_minimum: bool
    format: str
    int_or_string: bool
    items: Node | None
    list_map_keys: tuple[str, ...]
    list_type: str
    map_type: str
    max_items: int | None
    max_length: int | None
    max_properties: int | None
    maximum: float | None
    min_items: int | None
    min_length: int | None
    min_properties: int | None
    minimum: float | None
    multiple_of: float | None
    name: str
    not_: Node | None
    nullable: bool
    one_of: tuple[Node, ...]
    pattern: str
    plain: type | None
    preserve_unknown: bool
    properties: Mapping[str, Node]
    required: tuple[str, ...]
    rules: tuple[Mapping[str, Any], ...]
    schema: Mapping[str, Any]
    special: str
    types: tuple[str, ...]
    unique_items: bool

    def __init__(self, schema: Mapping[str, Any], nodes: Nodes, *, name: str = NAMELESS, builtin: bool = False) -> None:
        self.schema = schema
        self.name = name
        self.builtin = builtin
        self.special = _SPECIAL.get(name, "")
        self._nodes = nodes

    def __getattr__(self, name: str) -> Any:
        """Read the schema when the first of its fields is asked for; all of them are there after that."""
        if name.startswith("_") or name not in Node.__slots__:
            raise AttributeError(name)
        self._read()
        return getattr(self, name)

    def _read(self) -> None:
        schema = self.schema
        get = schema.get
        self.nullable = get("nullable") is True
        self.int_or_string = get("x-kubernetes-int-or-string") is True or self.special == "int-or-string"
        kind = get("type")
        self.types = ("integer", "string") if self.int_or_string else (kind,) if isinstance(kind, str) and kind else ()
        self.enum = tuple(get("enum") or ())
        self.format = _format(self.types, get("format"))
        self.pattern = get("pattern") or ""
        self.minimum, self.maximum = get("minimum"), get("maximum")
        self.exclusive_minimum = get("exclusiveMinimum") is True
        self.exclusive_maximum = get("exclusiveMaximum") is True
        self.multiple_of = get("multipleOf")
        self.min_length, self.max_length = get("minLength"), get("maxLength")
        self.min_items, self.max_items = get("minItems"), get("maxItems")
        self.min_properties, self.max_properties = get("minProperties"), get("maxProperties")
        self.unique_items = get("uniqueItems") is True
        self.required = tuple(get("required") or ())
        self.default = get("default")
        self.embedded = get("x-kubernetes-embedded-resource") is True
        self.preserve_unknown = get("x-kubernetes-preserve-unknown-fields") is True
        self.map_type = get("x-kubernetes-map-type") or ""
        self.rules = tuple(get("x-kubernetes-validations") or ())
        self.asked = Asked.of(self.name, schema) if self.builtin else None
        self._read_list_type()
        self._read_children()
        narrow = not _NARROWING.isdisjoint(schema) or bool(self.special)
        if self.builtin and (kind == "boolean" or self.format == "int64"):
            narrow = False
        elif self.builtin and kind == "string":
            narrow = self.format in {"byte", "datetime"} or bool(self.special)
        self.plain = None if narrow or not isinstance(kind, str) else _PLAIN.get(kind)

    def _read_list_type(self) -> None:
        get = self.schema.get
        self.list_type = get("x-kubernetes-list-type") or ""
        self.list_map_keys = tuple(get("x-kubernetes-list-map-keys") or ())
        if not self.list_type and "merge" in (get("x-kubernetes-patch-strategy") or "").split(","):
            key = get("x-kubernetes-patch-merge-key")
            self.list_type = "map" if key else "set"
            self.list_map_keys = (key,) if key else ()

    def _read_children(self) -> None:
        schema, of = self.schema, self._of
        properties = schema.get("properties")
        self.properties = {name: of(each) for name, each in properties.items()} if properties else {}
        additional = schema.get("additionalProperties")
        self.additional = of(additional) if isinstance(additional, dict) else additional
        items = schema.get("items")
        self.items = of(items) if isinstance(items, dict) else None
        self.all_of = tuple(map(of, schema.get("allOf") or ()))
        self.any_of = tuple(map(of, schema.get("anyOf") or ()))
        self.one_of = tuple(map(of, schema.get("oneOf") or ()))
        self.not_ = of(schema["not"]) if isinstance(schema.get("not"), dict) else None
        self.combined = bool(self.all_of or self.any_of or self.one_of or self.not_)

    def child(self, key: str) -> Node | None:
        """Return the schema of what stands under a key of a map, None where the schema has none for it."""
        found = self.properties.get(key)
        return found if found is not None else self.additional if isinstance(self.additional, Node) else None

    def _of(self, schema: Mapping[str, Any]) -> Node:
        return self._nodes.of(schema, builtin=self.builtin)


class Nodes:
    """Nodes of one set of documents. A component is compiled once, however many kinds use it."""

    def __init__(self, resolve: Callable[[str], Mapping[str, Any] | None]) -> None:
        """``resolve`` gives the schema of a component by its name, or None."""
        self._resolve = resolve
        self._named: dict[str, Node] = {}

    def named(self, name: str) -> Node:
        """Return the node of a component; one that nobody knows takes everything."""
        found = self._named.get(name)
        if found is None:
            schema = self._resolve(name) or {"x-kubernetes-preserve-unknown-fields": True}
            found = self._named.setdefault(name, Node(schema, self, name=name, builtin=is_builtin(name)))
        return found

    def of(self, schema: Mapping[str, Any], *, builtin: bool = False) -> Node:
        """Return the node of a schema; ``builtin`` says that it stands in a type of Kubernetes' own."""
        reference = schema.get("$ref")
        if reference is None:
            every = schema.get("allOf")
            if every is not None and len(every) == 1 and _OWN_WORDS.isdisjoint(schema):
                reference = every[0].get("$ref")
        if reference is None:
            return Node(schema, self, builtin=builtin)
        node = self.named(cast("str", reference).rpartition("/")[2])
        default = schema.get("default")
        if any(default == nothing for nothing in _NO_DEFAULTS):
            return node
        return Node({**node.schema, "default": default}, self, name=node.name, builtin=node.builtin)


def is_builtin(name: str) -> bool:
    """Say whether a component is a type of Kubernetes' own."""
    return name.startswith(_BUILTIN)


def node_of(schema: Mapping[str, Any], resolve: Callable[[str], Mapping[str, Any] | None]) -> Node:
    """Return the node of a schema of a document; nodes of several schemas are better made by one `Nodes`."""
    return Nodes(resolve).of(schema)


def _format(types: tuple[str, ...], written: object) -> str:
    """Return a format that the server checks for these types, without dashes; nothing for another."""
    if not isinstance(written, str):
        return ""
    if len(types) == 1 and types[0] != "string":
        return written if written in _NUMBER_FORMATS.get(types[0], ()) else ""
    name = written.replace("-", "")
    return name if name in FORMATS else ""
