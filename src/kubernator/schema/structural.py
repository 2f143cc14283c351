"""What is wrong with a manifest by its schema, as server-side apply with strict validation would find it.

The API server asks in two steps. The types of the schema decide whether it can keep track of who owns what: an unknown
field, a value of another type and a key that is there twice are refused in every kind. Then built-in kinds are
converted to Go, where text becomes quantities and times, and checked by Go code, which is not in their schemas: their
``required`` and ``enum`` are remarks. Custom resources are defaulted and checked against all that their definition
says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.model.diagnostics import Severity
from kubernator.schema import embedded, quantity, values
from kubernator.schema.defaults import defaulted
from kubernator.schema.fault import Fault, Reason, api_path
from kubernator.schema.formats import is_base64, is_micro_time, is_time
from kubernator.schema.lists import list_faults, unique_fault
from kubernator.schema.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.model.resource import Manifest
    from kubernator.model.sourcemap import Path

__all__ = ["NEWEST", "Looked", "as_kept", "check", "check_default", "look"]

#: The minor version of Kubernetes whose checks these are.
NEWEST: Final = 37

#: So many faults may be told with a guess what was meant, which takes a while.
_GUESSES: Final = 100
_INT32: Final = range(-(2**31), 2**31)
_TOO_WIDE: Final = "the value has more than 32 bits, of which the server drops the upper ones"
_NOTHING: Final = "null in a list is taken for an empty value"
#: Types of items -> what null is taken for, which for all others is an empty map.
_ZEROS: Final = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}


class Looked(NamedTuple):
    """What one walk over a manifest finds: what its schema says is wrong, and what Go code would say is missing."""

    faults: list[Fault]
    asked: list[Fault]


def check(manifest: Manifest, node: Node, *, custom: bool, minor: int = NEWEST) -> list[Fault]:
    """Return what is wrong with a manifest by its schema, as `look` does."""
    return look(manifest, node, custom=custom, minor=minor).faults


def look(manifest: Manifest, node: Node, *, custom: bool, minor: int = NEWEST) -> Looked:
    """Return what is wrong with a manifest, in the order of its fields.

    ``node`` is the schema of the whole object, and ``custom`` says that a definition made its kind. Places are those of
    the manifest as it is, also where a default stands beside it. Nothing is said of values that need Go code to judge.
    ``minor`` is the server's minor version: older ones check less of custom kinds.
    """
    walk = _Walk(minor=minor)
    try:
        if custom:
            walk.custom(defaulted(manifest, node), node, (), structure=True, kept=False)
        else:
            walk.builtin(manifest, node, ())
    except RecursionError:
        message = "the manifest is nested too deeply to be checked here, the server decides"
        walk.faults.append(Fault((), Reason.UNDECIDED, message, Severity.WARNING))
    return Looked(list(dict.fromkeys(walk.faults)), walk.asked)


def as_kept(manifest: Manifest, faults: Iterable[Fault], node: Node | None = None) -> Manifest:
    """Return a manifest with values as the server keeps them, where one of the faults says that it takes them so."""
    for fault in faults:
        if fault.message in {_TOO_WIDE, _NOTHING}:
            manifest = _with_kept(manifest, fault.path, node)
    return manifest


def _with_kept(value: Any, path: Path, node: Node | None) -> Any:
    if not path:
        return _zero(node) if value is None else (int(value) - _INT32.start) % len(_INT32) + _INT32.start
    step: Any = path[0]
    changed = value.copy()
    below = (node.child(step) if isinstance(step, str) else node.items) if node is not None else None
    changed[step] = _with_kept(value[step], path[1:], below)
    return changed


def _zero(node: Node | None) -> Any:
    """Return what Go makes of null: the empty value of its type."""
    kind = node.types[0] if node is not None and node.types else ""
    return _ZEROS.get(kind, {})


def check_default(value: Any, node: Node, *, minor: int = NEWEST) -> list[Fault]:
    """Return what is wrong with a default of a custom kind's schema: it must be valid as it stands.

    Unlike a value of a manifest it gets no defaults itself, and its lists may hold the same thing twice.
    """
    walk = _Walk(lists=False, minor=minor)
    walk.custom(value, node, (), structure=True, kept=False)
    return walk.faults


class _Walk:
    """One walk over one manifest, collecting faults."""

    __slots__ = ("asked", "faults", "lists", "minor", "seen")

    def __init__(self, *, minor: int, lists: bool = True) -> None:
        self.faults: list[Fault] = []
        self.asked: list[Fault] = []
        self.lists = lists
        self.minor = minor
        self.seen = 0

    def builtin(self, value: Any, node: Node, path: Path) -> None:
        """Check a value of a built-in kind; null stands for nothing everywhere."""
        if value is None:
            return
        if node.special:
            self._special(value, node, path)
        elif isinstance(value, dict):
            self._builtin_map(value, node, path)
        elif isinstance(value, list):
            self._builtin_list(value, node, path)
        elif node.types and not values.fits(value, node.types):
            self.faults.append(values.mistyped(value, node, path))
        elif isinstance(value, str):
            self._builtin_text(value, node, path)
        elif node.format == "int32" and int(value) not in _INT32:
            self.faults.append(Fault(path, Reason.INVALID, _TOO_WIDE, Severity.WARNING))

    def _builtin_map(self, value: dict[str, Any], node: Node, path: Path) -> None:
        if node.types and node.types[0] != "object":
            self.faults.append(values.mistyped(value, node, path))
            return
        asked, before = node.asked, len(self.asked)
        if asked is not None:
            asked.missing(value, path, self.asked)
        properties = node.properties
        additional = node.additional
        for key, item in value.items():
            child = properties.get(key)
            if child is None:
                if isinstance(additional, Node):
                    child = additional
                elif properties or additional is False:
                    if not node.preserve_unknown:
                        self._unknown((*path, key), properties)
                    continue
                else:
                    continue
            if item.__class__ is not child.plain and item is not None:
                self.builtin(item, child, (*path, key))
        if asked is not None and asked.dropped and len(self.asked) > before:
            depth = len(path)
            self.asked[before:] = [each for each in self.asked[before:] if each.path[depth] not in asked.dropped]

    def _builtin_list(self, value: list[Any], node: Node, path: Path) -> None:
        if node.types and node.types[0] != "array":
            self.faults.append(values.mistyped(value, node, path))
            return
        if node.list_type:
            self.faults.extend(list_faults(value, node, path))
        items = node.items
        if items is not None:
            for index, item in enumerate(value):
                if item.__class__ is not items.plain:
                    place = (*path, index)
                    self.builtin(self._nothing(node, place) if item is None else item, items, place)

    def _nothing(self, node: Node, path: Path) -> Any:
        """Return what the server takes null in a list for; in a list with keys it was refused before.

        An item of no type is kept as it is, such as one of ``enum`` in the schema of a definition.
        """
        if node.list_type in {"map", "set"} or node.items is None or node.items.special or not node.items.types:
            return None
        self.faults.append(Fault(path, Reason.INVALID, _NOTHING, Severity.WARNING))
        return _zero(node.items)

    def _builtin_text(self, value: str, node: Node, path: Path) -> None:
        if node.format == "byte" and not is_base64(value):
            self.faults.append(Fault(path, Reason.INVALID, "Invalid value: must be base64"))

    def _unknown(self, path: Path, known: Iterable[str]) -> None:
        """Add a field that the schema does not have, with the name that was meant, if one is like it."""
        import difflib  # noqa: PLC0415 - for a message

        few = len(self.faults) < _GUESSES
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.75) if few else ()
        meant = f', did you mean "{near[0]}"' if near else ""
        self.faults.append(Fault(path, Reason.UNKNOWN, f'unknown field "{api_path(path)}"{meant}'))

    def _special(self, value: Any, node: Node, path: Path) -> None:
        fault = None
        match node.special:
            case "quantity" if not quantity.is_quantity(value):
                fault = Fault(path, Reason.INVALID, f"Invalid value: {quantity.MESSAGE}")
            case "time" | "micro-time" if not isinstance(value, str):
                fault = Fault(path, Reason.TYPE, f'Invalid value: must be of type string: "{values.type_name(value)}"')
            case "time" if not is_time(value):
                fault = Fault(
                    path, Reason.INVALID, "Invalid value: must be a time as of RFC 3339, such as 2006-01-02T15:04:05Z"
                )
            case "micro-time" if not is_micro_time(value):
                fault = Fault(
                    path,
                    Reason.INVALID,
                    "Invalid value: must be a time with microseconds, such as 2006-01-02T15:04:05.000000Z",
                )
            case "int-or-string" if not values.fits(value, node.types):
                fault = values.mistyped(value, node, path)
            case "int-or-string" if not isinstance(value, str) and int(value) not in _INT32:
                fault = Fault(path, Reason.INVALID, "Invalid value: must have no more than 32 bits")
        if fault:
            self.faults.append(fault)

    def custom(self, value: Any, node: Node, path: Path, *, structure: bool, kept: bool) -> None:
        """Check a value of a custom resource, whose defaults are in it.

        ``structure`` says that the node tells which fields there are, and does not only narrow down another one;
        ``kept`` that unknown fields are kept here, because of a node above.
        """
        self.seen += 1
        if node.builtin:
            self.builtin(value, node, path)
            return
        if value is None:
            self._null(node, path)
            return
        if node.types and not values.fits(value, node.types):
            self.faults.append(values.mistyped(value, node, path))
            return
        kept = kept or node.preserve_unknown
        if isinstance(value, dict):
            self._custom_map(value, node, path, structure=structure, kept=kept)
        elif isinstance(value, list):
            self._custom_list(value, node, path, structure=structure, kept=kept)
        elif isinstance(value, str):
            self.faults.extend(values.text_faults(value, node, path, minor=self.minor))
        elif not isinstance(value, bool):
            self.faults.extend(values.number_faults(value, node, path, minor=self.minor))
        if node.enum and (fault := values.enum_fault(value, node, path)):
            self.faults.append(fault)
        if node.combined:
            self._combined(value, node, path)

    def _null(self, node: Node, path: Path) -> None:
        if node.types and not node.nullable:
            self.faults.append(values.mistyped(None, node, path))
        if node.enum:
            self.faults.extend(filter(None, [values.enum_fault(None, node, path)]))

    def _custom_map(self, value: dict[str, Any], node: Node, path: Path, *, structure: bool, kept: bool) -> None:
        properties = node.properties
        meta = embedded.META if node.embedded and structure else ()
        for key, item in value.items():
            child = properties.get(key)
            if child is None and isinstance(node.additional, Node):
                child = node.additional
            if key in meta:
                self._meta(key, item, child, path)
            elif child is None:
                self._undeclared((*path, key), node, told=structure and not kept)
            elif item.__class__ is not child.plain:
                self.custom(item, child, (*path, key), structure=structure, kept=kept)
        for name in node.required:
            if name not in value:
                self.faults.append(Fault((*path, name), Reason.REQUIRED, "Required value"))
        self.faults.extend(values.size_faults(value, node, path))
        if meta:
            self.faults.extend(embedded.faults(value, path))

    def _meta(self, key: str, value: Any, node: Node | None, path: Path) -> None:
        """Check one of the fields that every object has, whether the schema around it knows them or not."""
        if key == "metadata":
            self.builtin(value, embedded.METADATA, (*path, key))
        if node is not None:
            self.custom(value, node, (*path, key), structure=False, kept=True)

    def _undeclared(self, path: Path, node: Node, *, told: bool) -> None:
        if node.additional is False or (told and node.additional is None and node.properties):
            self._unknown(path, node.properties)
        elif told and node.additional is None:
            message = "the schema has no fields here, so the server drops what is written"
            self.faults.append(Fault(path, Reason.UNKNOWN, message, Severity.WARNING))

    def _custom_list(self, value: list[Any], node: Node, path: Path, *, structure: bool, kept: bool) -> None:
        items = node.items
        if items is not None:
            for index, item in enumerate(value):
                if item.__class__ is not items.plain:
                    self.custom(item, items, (*path, index), structure=structure, kept=kept)
        if structure and self.lists and node.list_type:
            self.faults.extend(list_faults(value, node, path))
        self.faults.extend(values.size_faults(value, node, path))
        if node.unique_items and (fault := unique_fault(value, path)):
            self.faults.append(fault)

    def _combined(self, value: Any, node: Node, path: Path) -> None:
        for every in node.all_of:
            self.faults.extend(self._against(value, every, path).faults)
        if node.any_of:
            found = [self._against(value, each, path) for each in node.any_of]
            if all(each.faults for each in found):
                self._none_of(path, "must validate at least one schema (anyOf)", found)
        if node.one_of:
            found = [self._against(value, each, path) for each in node.one_of]
            valid = sum(not each.faults for each in found)
            if valid == 0:
                self._none_of(path, "must validate one and only one schema (oneOf). Found none valid", found)
            elif valid > 1:
                message = f"must validate one and only one schema (oneOf). Found {valid} valid alternatives"
                self.faults.append(Fault(path, Reason.INVALID, f"Invalid value: {message}"))
        if node.not_ is not None and not self._against(value, node.not_, path).faults:
            self.faults.append(Fault(path, Reason.INVALID, "Invalid value: must not validate the schema (not)"))

    def _none_of(self, path: Path, message: str, found: list[_Walk]) -> None:
        """Add that no alternative fits, and what is wrong by the first of those that looked at most values."""
        self.faults.append(Fault(path, Reason.INVALID, f"Invalid value: {message}"))
        self.faults.extend(max(found, key=lambda each: each.seen).faults)

    def _against(self, value: Any, node: Node, path: Path) -> _Walk:
        """Check a value by a schema that narrows down another."""
        walk = _Walk(minor=self.minor)
        walk.custom(value, node, path, structure=False, kept=True)
        return walk
