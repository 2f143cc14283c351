"""Types of expressions from schemas: what the API server lets rules see of a resource.

Source: ``SchemaDeclType`` and ``UnstructuredToVal`` of k8s.io/apiserver 0.37, package ``cel/common``.
"""

from __future__ import annotations

import base64
import binascii
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from kubernator.schema.cel.failures import Failed
from kubernator.schema.cel.times import Timestamp, schema_duration
from kubernator.schema.cel.typesystem import BOOL, DOUBLE, INT, STRING, Field, Type
from kubernator.schema.cel.values import Keyed, Record, Unordered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.node import Node

__all__ = ["LARGEST_REQUEST", "declared", "escaped"]

#: Bytes of the largest request that the API server takes.
LARGEST_REQUEST: Final = 3 * 1024 * 1024
_LONGEST_TEXT: Final = LARGEST_REQUEST - 2
_RESERVED: Final = frozenset(
    {
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)
_ESCAPED: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_ESCAPING: Final = re.compile(r"__|[-./]", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*", re.ASCII)
#: Formats of texts -> the kind and name of the type, its bound, and its least size.
_FORMATS: Final = {
    "duration": ("duration", "google.protobuf.Duration", 32, 3),
    "date": ("timestamp", "google.protobuf.Timestamp", 12, 12),
    "datetime": ("timestamp", "google.protobuf.Timestamp", 32, 21),
}


def escaped(name: str) -> str:
    """Return the name by which expressions know a field, as ``__namespace__``; nothing if they can't name it."""
    if name in _RESERVED:
        return f"__{name}__"
    if not _NAME.fullmatch(name):
        return ""
    return _ESCAPING.sub(lambda found: _ESCAPED[found[0]], name)


class _Sized(Type):
    """A type of a schema, with what it says of sizes."""

    __slots__ = ("bound", "convert", "least")

    def __init__(
        self,
        kind: str,
        name: str,
        parameters: tuple[Type, ...] = (),
        *,
        bound: int | None,
        least: int,
        convert: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(kind, name, parameters)
        self.bound = bound
        self.least = least
        self.convert = convert


class _Object(Type):
    """The type of an object with declared fields, which are read when they are asked for."""

    __slots__ = ("_convert", "_fields", "_least", "_node", "_root")

    bound = 0

    def __init__(self, name: str, node: Node, *, root: bool) -> None:
        super().__init__("object", name)
        self._node = node
        self._root = root
        self._fields: Mapping[str, Field] | None = None
        self._convert: Callable[[Any], Any] | bool | None = False
        self._least = -1

    @property
    def fields(self) -> Mapping[str, Field]:  # type: ignore[override] # read late
        if self._fields is None:
            found: dict[str, Field] = {}
            for key, node in self._node.properties.items():
                name = escaped(key)
                kind = declared(node, name=f"{self.name}.{name}", root=node.embedded) if name else None
                if kind is not None:
                    found[name] = Field(kind, key)
            if self._root:
                found |= {"kind": Field(_PLAIN, "kind"), "apiVersion": Field(_PLAIN, "apiVersion")}
                found["metadata"] = Field(_METADATA, "metadata")
            self._fields = found
        return self._fields

    @property
    def least(self) -> int:  # type: ignore[override] # read late
        """Return the bytes of ``{}`` and of all fields that must be there."""
        if self._least < 0:
            self._least = 2
            keys = {field.key: field.type for field in self.fields.values()}
            nodes = self._node.properties
            for key in set(self._node.required) & keys.keys():
                if key not in nodes or nodes[key].default is None:
                    self._least += len(key) + keys[key].least + 4
        return self._least

    @property
    def convert(self) -> Callable[[Any], Any] | None:  # type: ignore[override] # read late
        if self._convert is False:
            self._convert = None
            if any(field.type.convert or name != field.key for name, field in self.fields.items()):
                self._convert = self._record
        return self._convert  # type: ignore[return-value] # it was the mark for unread

    def _record(self, value: Any) -> Any:
        if value is None:
            return None
        found = Record()
        for name, field in self.fields.items():
            each = value.get(field.key)
            if each is not None:
                convert = field.type.convert
                found[name] = each if convert is None else convert(each)
        return found


def declared(node: Node, *, name: str = "selfType", root: bool = False) -> Type | None:  # noqa: PLR0911 - by type
    """Return the type of values of a schema, None where rules can't see them; ``root`` is for whole resources."""
    if node.int_or_string:
        bound = node.max_length * 4 if node.max_length is not None else _LONGEST_TEXT
        return _Sized("dyn", "dyn", bound=max(bound, 0), least=1)
    kind = node.types[0] if node.types else "object" if root else ""
    match kind:
        case "object":
            return _object(node, name, root=root)
        case "array":
            return _list(node, name)
        case "string":
            return _text(node)
        case "boolean":
            return _BOOLEAN
        case "number":
            return _NUMBER
        case "integer":
            return _INTEGER
        case _:
            return None


def _object(node: Node, name: str, *, root: bool) -> Type | None:
    additional = node.additional
    if additional is None or isinstance(additional, bool) or root:
        return _Object(name, node, root=root)
    value = declared(additional, name=f"{name}.@prop", root=additional.embedded)
    if value is None:
        return None
    most = node.max_properties
    bound = max(most, 0) if most is not None else _LONGEST_TEXT // (value.least + 6)
    convert = value.convert
    found = _Sized("map", "map", (STRING, value), bound=bound, least=2)
    if convert is not None:
        found.convert = lambda values: None if values is None else {key: convert(each) for key, each in values.items()}
    return found


def _list(node: Node, name: str) -> Type | None:
    items = node.items
    value = None if items is None else declared(items, name=f"{name}.@idx", root=items.embedded)
    if value is None:
        return None
    bound = max(node.max_items, 0) if node.max_items is not None else _LONGEST_TEXT // (value.least + 1)
    return _Sized("list", "list", (value,), bound=bound, least=2, convert=_list_convert(node, value))


def _list_convert(node: Node, value: Type) -> Callable[[Any], Any] | None:
    convert = value.convert

    def items(values: Any) -> Any:
        return values if convert is None else [convert(each) for each in values]

    match node.list_type:
        case "set":
            return lambda values: None if values is None else Unordered(items(values))
        case "map":
            keys = tuple(escaped(key) or key for key in node.list_map_keys)
            return lambda values: None if values is None else Keyed(items(values), keys)
        case _:
            return None if convert is None else lambda values: None if values is None else items(values)


def _text(node: Node) -> Type:
    if node.format in _FORMATS:
        kind, name, bound, least = _FORMATS[node.format]
        return _Sized(kind, name, bound=bound, least=least, convert=_CONVERT[node.format])
    most = node.max_length
    if node.format == "byte":
        bound = _LONGEST_TEXT if most is None else max(most, 0)
        return _Sized("bytes", "bytes", bound=bound, least=2, convert=_octets)
    if most is not None:
        bound = max(most, 0) * 4
    elif node.enum:
        bound = max(len(each.encode()) if isinstance(each, str) else 0 for each in node.enum)
    else:
        bound = _LONGEST_TEXT
    return _Sized("string", "string", bound=bound, least=2)


def _octets(text: Any) -> Any:
    if text is None:
        return None
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failed(f"Invalid byte formatted string {text}: {error}") from error


def _double(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        if value is None:
            return None
        raise Failed("invalid data, expected float")
    return float(value)


def _moment(text: Any) -> Any:
    """Read a value of the format ``date-time``, of which the server takes small letters as well."""
    return None if text is None else Timestamp.parse(text.upper().replace(" ", "T"))


_CONVERT: Final[dict[str, Callable[[Any], Any]]] = {
    "duration": lambda text: None if text is None else schema_duration(text),
    "date": lambda text: None if text is None else Timestamp.parse(text, dates=True),
    "datetime": _moment,
}
_BOOLEAN: Final = _Sized(BOOL.kind, BOOL.name, bound=0, least=4)
_INTEGER: Final = _Sized(INT.kind, INT.name, bound=0, least=1)
_NUMBER: Final = _Sized(DOUBLE.kind, DOUBLE.name, bound=0, least=1, convert=_double)
#: Names of resources have no bound in schemas.
_PLAIN: Final = _Sized(STRING.kind, STRING.name, bound=_LONGEST_TEXT, least=2)


class _Metadata(Type):
    __slots__ = ()

    fields = MappingProxyType({"name": Field(_PLAIN, "name"), "generateName": Field(_PLAIN, "generateName")})
    bound = 0
    least = 2


_METADATA: Final = _Metadata("object", "selfType.metadata")
