"""The filters of templates: values as JSON or YAML inside a YAML file.

Names and arguments are the reference's. Plain functions, so that plugins and scripts can call them too.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from kubernator.load import yamldoc

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "FILTERS",
    "to_json",
    "to_json_yaml_str",
    "to_json_yaml_str_block",
    "to_yaml",
    "to_yaml_str",
    "to_yaml_str_block",
]


#: libyaml counts columns in a C int.
_NO_WIDTH: Final = 2**31 - 1


def to_json(value: Any) -> str:
    """Return a value as JSON on one line."""
    return json.dumps(value, default=_plain)


def to_yaml_str(value: Any) -> str:
    """Return a text as a YAML string on one line, quoted where it has to be, with a line break at the end."""
    return yamldoc.dump(str(value), width=_NO_WIDTH, one_line=True).removesuffix("...\n")


def to_json_yaml_str(value: Any) -> str:
    """Return the JSON of a value as a YAML string."""
    return to_yaml_str(to_json(value))


def to_yaml(value: Any, level_indent: int = 0, indent: int = 2) -> str:
    """Return a value as a YAML block on lines of its own, each indented by ``level_indent`` spaces."""
    text = yamldoc.dump(json.loads(to_json(value)), indent=indent).removesuffix("...\n")
    return "\n" + textwrap.indent(text, " " * level_indent)


def to_yaml_str_block(value: Any, indent: int = 4, pretty_indent: int = 2) -> str:
    """Return a text as a literal block.

    ``indent`` is how far its lines stand from the margin, ``pretty_indent`` how far from the key they belong to. Common
    leading space of the lines is taken away, line breaks at the end are kept.
    """
    return f"|+{pretty_indent}\n" + textwrap.indent(textwrap.dedent(str(value)), " " * indent)


def to_json_yaml_str_block(value: Any, indent: int = 4, pretty_indent: int = 2) -> str:
    """Return the JSON of a value, on several lines, as a literal block."""
    return to_yaml_str_block(json.dumps(value, indent=pretty_indent, default=_plain), indent, pretty_indent)


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"`{type(value).__name__}` is not JSON")


FILTERS: Final[dict[str, Callable[..., str]]] = {
    "to_json": to_json,
    "to_yaml_str": to_yaml_str,
    "to_json_yaml_str": to_json_yaml_str,
    "to_yaml": to_yaml,
    "to_yaml_str_block": to_yaml_str_block,
    "to_json_yaml_str_block": to_json_yaml_str_block,
}
