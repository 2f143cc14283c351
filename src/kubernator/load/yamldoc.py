"""YAML as kubectl reads it, with the line and column of every key and item, and as it is written for it.

PyYAML's libyaml parser gives events, of which `composer` makes data; these two alone import ``yaml``.
"""

from __future__ import annotations

import functools
import gc
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import yaml
from yaml.events import DocumentEndEvent, DocumentStartEvent, StreamEndEvent
from yaml.reader import ReaderError

from kubernator import errors
from kubernator.load import findings, places
from kubernator.load import text as texts
from kubernator.load.composer import Composer, Repeated, Stop
from kubernator.load.document import Document
from kubernator.model.diagnostics import Diagnostic, Severity
from kubernator.model.sourcemap import SourceMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kubernator.model.origin import Origin

__all__ = ["Repeated", "dump", "parse"]

# Definitions list operators like `=`, for which PyYAML knows a tag and no meaning. Scripts that read them with PyYAML
# themselves find it text, as it is for kubectl and was in the reference (compat.md, 3.11).
yaml.resolver.Resolver.yaml_implicit_resolvers.pop("=", None)

#: Unquoted text that kubectl takes for a boolean or number and PyYAML for text.
_NOT_TEXT: Final = (
    r"(?:[yYnN]"
    r"|[-+]?0[oObBxX][-+0-9a-fA-F_]+"
    r"|[-+]?[0-9._]*[0-9][0-9._]*(?:[eE][-+0-9_]+)?"
    r")\Z"
)

#: What YAML 1.1 (5.1) does not call printable.
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse(
    text: str | bytes,
    *,
    origin: Origin,
    repeated: Repeated = "error",
    problems: list[Diagnostic] | None = None,
    lines: Sequence[int] | None = None,
) -> list[Document]:
    """Return the documents of a YAML text; empty ones are left out.

    ``origin`` names the file whose lines the text consists of. Everything wrong with it is collected, except that
    nothing is read behind a syntax error. With ``problems`` the findings are appended there and the documents without
    any are returned; without, they are raised as one `LoadError`. Warnings (an unquoted word that became a boolean, a
    repeated key under ``"warn"``) are in ``notes`` of their document. ``lines`` are the lines of
    the template that those of a rendered text come from; every place then is the template's.
    """
    found: list[Diagnostic] = []
    documents: list[Document] = []
    try:
        plain = texts.decode(text, origin=origin) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except errors.LoadError as error:
        found.append(findings.as_finding(error))
    else:
        with _without_collector():
            notes = findings.Notes(origin=origin, found=found, lines=lines)
            documents = _Stream(plain, origin=origin, repeated=repeated, notes=notes).documents()
    if problems is not None:
        problems.extend(found)
    elif found:
        raise findings.as_error(found)
    return documents


def dump(data: Any, *, indent: int = 2, width: int = 80, one_line: bool = False) -> str:
    """Return JSON-like data as YAML: block style, sorted keys, as ``yaml.safe_dump`` writes it.

    Two differences, both so that what is written is what kubectl reads: a string that would not come back unquoted
    (``y``, ``1e3``, ``0o7``) is quoted, and a part that occurs twice is written twice. ``one_line`` writes a string
    with line breaks as an escaped double-quoted one. Raise `LoadError` for what JSON cannot hold.
    """
    style = '"' if one_line and isinstance(data, str) and "\n" in data else None
    dumper = _dumper()
    try:
        return str(
            yaml.dump(data, Dumper=dumper, default_style=style, default_flow_style=False, indent=indent, width=width)
        )
    except yaml.YAMLError as error:
        kind = type(error.args[1]).__name__ if len(error.args) > 1 else type(data).__name__
        raise errors.LoadError(
            f"`{kind}` cannot be written as YAML", hint="use maps, lists, text and numbers"
        ) from error
    except RecursionError as error:
        raise errors.LoadError("data that contains itself cannot be written as YAML") from error
    except UnicodeEncodeError as error:
        raise errors.LoadError("text with half a surrogate pair cannot be written as YAML") from error


@functools.cache
def _dumper() -> type[Any]:
    base: Any = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper

    class Dumper(base):  # type: ignore[misc]
        """Quotes for kubectl's eyes; no anchors; subclasses of dict, list and str are what they derive from."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
            return True

    Dumper.add_implicit_resolver("!kubectl", re.compile(_NOT_TEXT, re.ASCII), list("+-0123456789yYnN."))
    Dumper.add_implicit_resolver("!value", re.compile(r"=\Z"), ["="])
    for kind, represent in (
        (dict, base.represent_dict),
        (list, base.represent_list),
        (tuple, base.represent_list),
        (int, lambda dumper, data: base.represent_int(dumper, int(data))),
        (float, lambda dumper, data: base.represent_float(dumper, float(data))),
        (str, lambda dumper, data: base.represent_str(dumper, str.__str__(data))),
    ):
        Dumper.add_multi_representer(kind, represent)
    return Dumper


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from walking what is being built, a fifth of the time on a large file."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


class _Stream:
    """The documents of one text."""

    def __init__(self, text: str, *, origin: Origin, repeated: Repeated, notes: findings.Notes) -> None:
        self._text = text
        self._origin = origin
        self._repeated: Repeated = repeated
        self._notes = notes

    def documents(self) -> list[Document]:
        """Read all documents up to the end or the first syntax error."""
        documents: list[Document] = []
        try:
            get_event = _parser(self._text).get_event
            composer = Composer(get_event, notes=self._notes, repeated=self._repeated)
            while not isinstance(event := get_event(), StreamEndEvent):
                if isinstance(event, DocumentStartEvent):
                    documents.extend(self._document(get_event, composer))
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except (ReaderError, UnicodeEncodeError):
            self._unprintable()
        except Stop:
            pass
        return documents

    def _document(self, get_event: Callable[[], Any], composer: Composer) -> Iterator[Document]:
        notes = self._notes
        notes.begin()
        before = len(notes.errors)
        first = get_event()
        value, marked = composer.document(first)
        end = get_event()
        assert isinstance(end, DocumentEndEvent)  # noqa: S101 - a parser that breaks its own grammar is a bug
        if value is None or len(notes.errors) > before:
            return
        yield Document(
            value=value,
            origin=notes.place(first.start_mark),
            source_map=SourceMap(places.Places(marked, notes.lines)),
            notes=tuple(notes.warnings),
        )

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark: Any = error.problem_mark or error.context_mark
        index = min(int(mark.index), len(self._text))  # a mark of the end may point past it
        from kubernator.load import wording  # noqa: PLC0415 - for a message

        words = wording.explain(str(error.problem or error.context), self._text[index : index + 1])
        if words.at_start:
            mark = error.context_mark or mark
        self._notes.problem(f"not YAML: {words.message}", mark, hint=words.hint, code="yaml-syntax")

    def _unprintable(self) -> None:
        found = _UNPRINTABLE.search(self._text)
        line, column = texts.locate(self._text, found.start() if found else 0)
        shown = f"U+{ord(found[0]):04X}" if found else "a character"
        self._notes.errors.append(
            Diagnostic(
                severity=Severity.ERROR,
                message=f"not YAML: the control character `{shown}` is not allowed",
                origin=self._origin.at(self._notes.named(line), column),
                hint='write it as an escape in double quotes, as in "\\e[0m", or base64-encode the value',
                code="yaml-syntax",
            )
        )


def _parser(text: str) -> Any:
    """Return libyaml's parser, or PyYAML's own where the library is missing (ten times slower)."""
    if yaml.__with_libyaml__:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]  # noqa: PLC0415 - not there without libyaml

        return CParser(text)
    from yaml.parser import Parser  # noqa: PLC0415
    from yaml.reader import Reader  # noqa: PLC0415
    from yaml.scanner import Scanner  # noqa: PLC0415

    class PlainParser(Reader, Scanner, Parser):
        def __init__(self) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

    return PlainParser()
