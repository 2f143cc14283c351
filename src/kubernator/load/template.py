"""The template engine of files and template bodies: Jinja2 with delimiters that Helm and YAML leave alone.

``{${ value }$}`` prints; ``{% %}`` and ``{# #}`` are statements and comments. A file takes part only when it contains
``{${``; without, it is taken literally and Jinja2, the only importer of which this is, is not even loaded.
"""

from __future__ import annotations

import functools
import re
import threading
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.model.origin import Origin

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping
    from types import CodeType, TracebackType

    import jinja2
    from jinja2 import nodes
    from jinja2.runtime import Context

__all__ = ["CLOSE", "OPEN", "Template", "TemplateEngine", "is_template"]

OPEN: Final = "{${"
CLOSE: Final = "}$}"

#: Printed values that are templates may print values that are templates; deeper than this they refer to each other.
_MAX_DEPTH: Final = 32

#: The file name compiled templates bear, by which their frames are found in a traceback.
_FILENAME: Final = "<kubernator template>"

_UNNAMED: Final = Origin(path=PurePath("<template>"))

#: Tells in a rendered text from which line of the template what follows comes. YAML has no such character.
_MARK: Final = "\0{}\0"
_MARKED: Final = re.compile("\0([0-9]+)\0|\r\n|[\r\n\x85\u2028\u2029]")


def is_template(text: str) -> bool:
    """Return whether a file with this text is rendered."""
    return OPEN in text


class TemplateEngine:
    """Makes templates. One is enough for a run; what was compiled is kept by its text. Safe to use from threads."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger
        self._failures = 0
        self._lock = threading.Lock()
        self._compiled: dict[tuple[str, bool], CodeType] = {}

    def failures(self) -> int:
        """Return how many renderings failed."""
        return self._failures

    def from_string(self, text: str, *, origin: Origin | None = None, always: bool = True) -> Template:
        """Return the template of a text; raise `LoadError` with its line when it is none.

        ``always=False`` takes a text without ``{${`` literally, as files of the tree are; template bodies are always
        templates.
        """
        template = Template(self, text, origin=origin or _UNNAMED, literal=not always and not is_template(text))
        template.check()
        return template

    def render(self, text: str, variables: Mapping[str, Any], *, origin: Origin) -> str:
        """Return the text of a file of the tree with its values filled in; literally when it has no ``{${``."""
        return self.from_string(text, origin=origin, always=False).render(variables)

    def compiled(self, text: str, origin: Origin, *, marked: bool = False) -> CodeType:
        """Return the code of a template; with ``marked`` it prints where the lines of its own text come from."""
        code = self._compiled.get((text, marked))
        if code is not None:
            return code
        import jinja2  # noqa: PLC0415 - 80 ms that a tree without templates need not pay

        try:
            tree = _environment().parse(text, filename=_FILENAME)
            if marked:
                _mark(tree)
            code = _environment().compile(tree, filename=_FILENAME)
        except jinja2.TemplateSyntaxError as error:
            title = f"not a template: {_lowered(error.message or 'syntax error')}"
            self.failed(title)
            raise errors.LoadError(
                title,
                origin=origin.at(error.lineno),
                hint="`{% raw %}` … `{% endraw %}` takes text with `{%` or `{#` literally",
            ) from error
        with self._lock:
            return self._compiled.setdefault((text, marked), code)

    def failed(self, reason: str) -> None:
        """Count a failure, and log it where a logger was given."""
        with self._lock:
            self._failures += 1
        if self._logger is not None:
            self._logger.warning("template: %s", reason)


class Template:
    """A compiled template, or a text that is taken literally."""

    def __init__(self, engine: TemplateEngine, text: str, *, origin: Origin, literal: bool) -> None:
        self._engine = engine
        self.source = text
        self.origin = origin
        self._literal = literal

    def check(self) -> None:
        """Compile; raise `LoadError` when the text is no template."""
        if not self._literal:
            self._engine.compiled(self.source, self.origin)

    def render(self, context: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> str:
        """Return the text with ``context`` as its variables, and ``defaults`` for those that are not there.

        Raise `LoadError` at the line of the template when a value is missing or an expression fails.
        """
        if self._literal:
            return self.source
        return self._render({**(defaults or {}), **context}, depth=0)

    def render_lines(self, context: Mapping[str, Any]) -> tuple[str, list[int]]:
        """Return what `render` does, and for each line of it the line of the template that it comes from."""
        if self._literal:
            return self.source, list(range(1, len(_MARKED.findall(self.source)) + 2))
        return _unmarked(self._render(context, depth=0, marked=True))

    def _render(self, variables: Mapping[str, Any], depth: int, *, marked: bool = False) -> str:
        environment = _environment()
        code = self._engine.compiled(self.source, self.origin, marked=marked)
        template = environment.template_class.from_code(environment, code, environment.make_globals(None), None)
        try:
            return template.render({**variables, _RENDERING: (self._engine, depth)})
        except errors.LoadError as error:  # in a value that is itself a template
            raise self._located(error, error.title, hint=error.hint, detail=error.detail) from error
        except _MissingError as error:
            raise self._located(error, str(error), hint="set it above, or give it a `| default(…)`") from error
        except Exception as error:
            raise self._located(error, f"the template fails: {type(error).__name__}: {error}") from error

    def _located(
        self, error: Exception, title: str, *, hint: str = "", detail: Iterable[tuple[str, str]] = ()
    ) -> errors.LoadError:
        self._engine.failed(title)
        line = _line(error.__traceback__)
        origin = self.origin.at(line) if line else self.origin
        return errors.LoadError(title, origin=origin, detail=detail, hint=hint)


class _MissingError(Exception):
    """A value is printed that is not there. The text says which."""


#: The variable that carries the engine and the depth to where values are printed.
_RENDERING: Final = "__kubernator_rendering__"


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415

    class Missing(jinja2.ChainableUndefined):
        """Falsy, empty, and undefined all the way down; only printing it is an error."""

        __slots__ = ()

        def __getattr__(self, name: str) -> Missing:
            if name.startswith("__"):
                raise AttributeError(name)
            return self[name]

        def __getitem__(self, key: object) -> Missing:  # type: ignore[override]
            written = f".{key}" if isinstance(key, str) else f"[{key!r}]"
            return type(self)(obj=self._undefined_obj, name=f"{self._undefined_name}{written}")

        def __str__(self) -> str:
            raise _MissingError(_missing_words(self, {}))

        __html__ = __str__

    @jinja2.pass_context
    def finalize(context: Context, value: Any) -> str:
        if isinstance(value, jinja2.Undefined):
            raise _MissingError(_missing_words(value, context.parent))
        text = str(value)
        return _nested(text, context.parent) if OPEN in text and CLOSE in text else text

    environment = jinja2.Environment(  # noqa: S701 - the output is YAML, not HTML
        variable_start_string=OPEN, variable_end_string=CLOSE, undefined=Missing, finalize=finalize, cache_size=0
    )
    from kubernator.load import filters  # noqa: PLC0415 - as Jinja2 itself

    for name, function in filters.FILTERS.items():
        environment.filters[name] = _defined(function)
    return environment


def _nested(text: str, variables: Mapping[str, Any]) -> str:
    """Render a printed value that is itself a template, with the same variables."""
    engine, depth = variables[_RENDERING]
    if depth >= _MAX_DEPTH:
        raise errors.LoadError("values print each other without end", hint="a value must not print itself")
    try:
        return Template(engine, text, origin=_UNNAMED, literal=False)._render(variables, depth + 1)  # noqa: SLF001
    except errors.LoadError as error:
        shown = len(error.origin.lines()) if error.origin else 0
        line = error.origin.line if error.origin else 0
        inner = error.detail[shown:] or ([("in", f"line {line} of the value printed there")] if line else [])
        raise errors.LoadError(error.title, detail=inner, hint=error.hint) from error


def _defined(function: Callable[..., str]) -> Callable[..., str]:
    """Make a filter refuse a missing value as printing does."""

    @functools.wraps(function)
    def filtered(value: Any, *args: Any, **kwargs: Any) -> str:
        import jinja2  # noqa: PLC0415 - loaded already

        if isinstance(value, jinja2.Undefined):
            str(value)
        return function(value, *args, **kwargs)

    return filtered


def _missing_words(value: Any, variables: Mapping[str, Any]) -> str:
    """Say which value is missing, as the template writes it where that can be told."""
    from jinja2.utils import missing  # noqa: PLC0415 - loaded already

    name, owner = value._undefined_name, value._undefined_obj  # noqa: SLF001 - jinja2's documented attributes
    if owner is missing:
        return f"`{name}` is not set"
    seen: set[int] = set()
    holder = next((path for known, held in variables.items() if (path := _path_to(owner, held, known, seen))), None)
    written = f".{name}" if isinstance(name, str) else f"[{name!r}]"
    return f"`{holder}{written}` is not set" if holder else f"`{name}` is not set in a `{type(owner).__name__}`"


def _path_to(wanted: object, value: object, path: str, seen: set[int]) -> str:
    """Return how a template writes an object that a variable holds somewhere, empty where it does not."""
    if value is wanted:
        return path
    if isinstance(value, dict | list) and id(value) not in seen:
        seen.add(id(value))
        pairs = dict.items(value) if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            below = f"{path}.{key}" if isinstance(key, str) else f"{path}[{key!r}]"
            if found := _path_to(wanted, item, below, seen):
                return found
    return ""


def _mark(node: nodes.Node) -> None:
    """Put a mark before each value, and each line of text, that a template prints where it stands.

    What a statement catches (``set``, ``filter``, ``call``, ``macro``, a block, a recursive loop) stays as it is: it
    may be measured or cut.
    """
    from jinja2 import nodes  # noqa: PLC0415 - loaded already

    catching = nodes.AssignBlock | nodes.FilterBlock | nodes.CallBlock | nodes.Macro | nodes.Block
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Output):
            child.nodes = [marked for part in child.nodes for marked in _marked(part)]
        elif not isinstance(child, catching) and not (isinstance(child, nodes.For) and child.recursive):
            _mark(child)


def _marked(part: nodes.Expr) -> list[nodes.Expr]:
    from jinja2 import nodes  # noqa: PLC0415 - loaded already

    if not isinstance(part, nodes.TemplateData):
        return [nodes.TemplateData(_MARK.format(part.lineno), lineno=part.lineno), part]
    lines = part.data.split("\n")
    text = "\n".join(_MARK.format(part.lineno + number) + line for number, line in enumerate(lines))
    return [nodes.TemplateData(text, lineno=part.lineno)]


def _unmarked(text: str) -> tuple[str, list[int]]:
    """Take the marks out of a text; return it, and for each of its lines the mark that is nearest before its text."""
    lines: list[int] = []
    here, current, end = 0, 1, 0
    for found in _MARKED.finditer(text):
        if found.start() > end:
            here = here or current
        end = found.end()
        if found[1] is not None:
            current = int(found[1])
        else:
            lines.append(here or current)
            here = 0
    return re.sub("\0[0-9]+\0", "", text), [*lines, here or current]


def _line(traceback: TracebackType | None) -> int:
    """Return the template's line that a traceback leads through last, or 0."""
    line = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == _FILENAME:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:].removesuffix(".")
