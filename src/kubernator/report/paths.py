"""How fields are named for people: ``spec.template.spec.containers[nginx].image``. Pure.

Items of lists go by what tells them apart: by their name alone, else by all keys
(``ports[containerPort=80,protocol=TCP]``), by their value in a set (``finalizers[="a/b"]``), and only where there is
nothing else by their position (``rules[0]``). Keys of maps that are no plain words are quoted
(``metadata.labels["a.b/c"]``).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from kubernator.model import patch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.model.sourcemap import Path

__all__ = [
    "NAMES",
    "as_the_server",
    "field",
    "keyed",
    "locate",
    "of_elements",
    "of_path",
    "of_pointer",
    "position",
    "valued",
]

#: What tells items of a list apart where managedFields do not say it, in this order of trust.
NAMES: Final = (
    "name",
    "containerPort",
    "port",
    "mountPath",
    "devicePath",
    "ip",
    "topologyKey",
    "key",
    "host",
    "path",
    "id",
    "uid",
    "type",
)

_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_-]*\Z")
_PLAIN_NAME: Final = re.compile(r"(?![0-9]+\Z)[A-Za-z0-9_./:@*-]+\Z")


def field(text: str, key: Any) -> str:
    """Return the name of a field of a map."""
    key = str(key)
    if not _PLAIN.match(key):
        return f"{text}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{text}.{key}" if text else key


def keyed(text: str, keys: Mapping[str, Any]) -> str:
    """Return the name of an item of a list by its keys."""
    if list(keys) == ["name"] and isinstance(keys["name"], str) and _PLAIN_NAME.match(keys["name"]):
        return f"{text}[{keys['name']}]"
    return f"{text}[{','.join(f'{key}={_plain(value)}' for key, value in keys.items())}]"


def valued(text: str, value: Any) -> str:
    """Return the name of a value of a set."""
    return f"{text}[={json.dumps(value, ensure_ascii=False, sort_keys=True)}]"


def position(text: str, at: int) -> str:
    """Return the name of an item by its position."""
    return f"{text}[{at}]"


def of_pointer(pointer: str, manifest: Any) -> str:
    """Return a JSON pointer as a name, items of lists by what the manifest says they are called."""
    return of_path(patch.path_of(pointer), manifest)


def of_path(path: Path, manifest: Any) -> str:
    """Return a path as a name, items of lists by what the manifest says they are called."""
    text = ""
    at = manifest
    for part in path:
        if not isinstance(at, list):
            at = at.get(part) if isinstance(at, dict) else None
            text = field(text, part)
            continue
        number = int(part) if str(part).isdigit() else len(at)
        at = at[number] if number < len(at) else None
        name = at.get("name") if isinstance(at, dict) else None
        text = keyed(text, {"name": name}) if isinstance(name, str) else f"{text}[{part}]"
    return text or "the whole object"


def of_elements(elements: tuple[str, ...]) -> str:
    """Return the path of an owned field as a name."""
    text = ""
    for element in elements:
        form, _, rest = element.partition(":")
        match form:
            case "f":
                text = field(text, rest)
            case "k":
                text = keyed(text, json.loads(rest))
            case "v":
                text = valued(text, json.loads(rest))
            case _:
                text = f"{text}[{rest}]"
    return text


def as_the_server(elements: tuple[str, ...]) -> str:
    """Return the path of an owned field as the server writes it: ``.spec.containers[name="c"].image``."""
    text = ""
    for element in elements:
        form, _, rest = element.partition(":")
        match form:
            case "f":
                text += f".{rest}"
            case "k":
                keys = json.loads(rest)
                text += f"[{','.join(f'{key}={json.dumps(value)}' for key, value in keys.items())}]"
            case "v":
                text += f"[={rest}]"
            case _:
                text += f"[{rest}]"
    return text


def locate(value: Any, elements: tuple[str, ...]) -> tuple[Path, Any] | None:
    """Return where in an object an owned field is, and what stands there; None where it is not."""
    found: list[str | int] = []
    for element in elements:
        form, _, rest = element.partition(":")
        step: str | int | None = None
        if form == "f" and isinstance(value, dict) and rest in value:
            step = rest
        elif isinstance(value, list) and form in {"k", "v", "i"}:
            step = _index(value, form, json.loads(rest))
        if step is None:
            return None
        found.append(step)
        value = value[step]
    return tuple(found), value


def _index(items: list[Any], form: str, wanted: Any) -> int | None:
    for at, item in enumerate(items):
        if form == "i":
            same = at == wanted
        elif form == "v":
            same = item == wanted
        else:
            # a key that is not there is one that the server fills in
            same = isinstance(item, dict) and all(item.get(key, value) == value for key, value in wanted.items())
        if same:
            return at
    return None


def _plain(value: Any) -> str:
    if isinstance(value, str) and (_PLAIN_NAME.match(value) or value.isdigit()):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
