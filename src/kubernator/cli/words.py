"""From the words of a command line to a verb and its options.

The reference has one parser with one optional positional, so its options stand before and after the verb and may be
abbreviated. That stays: an abbreviation is resolved among the options of the reference first, and only where none of
them fits among ours, so that no new option ever changes what an old command line means. Options of a verb are known
only after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kubernator import errors
from kubernator.cli import options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["BadCommandLine", "Invocation", "parse"]


class BadCommandLine(errors.UsageError):
    """A command line that the reference would refuse too, with the code it answers."""

    exit_code = errors.ExitCode.USAGE.compatible


class Invocation(NamedTuple):
    """A command line that was understood. ``rest`` is what a verb that reads its own words was given."""

    verb: str
    args: argparse.Namespace
    rest: tuple[str, ...] = ()

    @property
    def compatible(self) -> bool:
        """Whether the exit codes of the reference apply."""
        return options.VERBS[self.verb].compatible


def parse(argv: Sequence[str]) -> Invocation:
    """Read a command line.

    Raises `errors.UsageError`, or `BadCommandLine` where the reference's exit code counts; and `SystemExit` for
    ``--help`` and ``--version``, which print and end.
    """
    verb: list[str] = []
    try:
        return _parse(argv, verb)
    except errors.UsageError as error:
        if verb and not options.VERBS[verb[0]].compatible:
            raise
        raise BadCommandLine(error.title, hint=error.hint) from None


def _parse(argv: Sequence[str], verb: list[str]) -> Invocation:
    everywhere = [_flags(options.REFERENCE), _flags(options.GLOBAL)]
    before, position = _expand(argv, everywhere)
    word = argv[position] if position is not None else None
    if word is not None and word not in options.VERBS:
        flags = [flag for table in everywhere for flag in table]
        for given in before:  # an option that is not known may have an argument, which is taken for the verb here
            if given.startswith("--") and given.partition("=")[0] not in flags:
                raise _unknown(given.partition("=")[0], flags, what="option")
        raise _unknown(word, options.VERBS, what="verb")
    if word is not None:
        verb.append(word)
    if word is not None and position is not None and options.VERBS[word].raw:
        args, extra = options.parser(None).parse_known_args(before)
        _refuse(extra, before, everywhere)
        args.command = word
        return Invocation(word, args, tuple(argv[position + 1 :]))
    known = [*everywhere, _flags(options.VERBS[word].options if word else ())]
    after = _expand(argv[position + 1 :], known, verb=True)[0] if position is not None else []
    words = [*before, *([word] if word else []), *after]
    parser = options.parser(word)
    mixed = word is not None and options.VERBS[word].positionals  # options may stand between words that may be left out
    args, extra = parser.parse_known_intermixed_args(words) if mixed else parser.parse_known_args(words)
    _refuse(extra, words, known)
    if args.pre_cache_k8s_client_no_patch and not args.pre_cache_k8s_client:
        raise errors.UsageError("`--pre-cache-k8s-client-no-patch` is only used together with `--pre-cache-k8s-client`")
    return Invocation(args.command, args)


def _flags(table: Iterable[options.Option]) -> dict[str, int | str]:
    return {flag: option.values for option in table for flag in option.flags}


def _expand(
    words: Sequence[str], known: Sequence[Mapping[str, int | str]], *, verb: bool = False
) -> tuple[list[str], int | None]:
    """Write long options in full, up to the first word that is neither an option nor its argument.

    Returns the words and the position of that one. With ``verb`` it has been found already, and all words are returned.
    """
    arity = {flag: values for table in known for flag, values in table.items()}
    expanded: list[str] = []
    taken: int | str = 0
    for position, word in enumerate(words):
        if word == "--":
            if verb:
                return [*expanded, *words[position:]], None
            return expanded, position + 1 if position + 1 < len(words) else None
        if not word.startswith("-") or len(word) == 1:
            if taken == "+":
                pass
            elif taken == 1:
                taken = 0
            elif not verb:
                return expanded, position
            expanded.append(word)
            continue
        full = _resolve(word, known, verb=verb)
        expanded.append(full)
        flag, equals, _ = full.partition("=") if full.startswith("--") else (full, "", "")
        taken = 0 if equals else arity.get(flag, 0)
    return expanded, None


def _resolve(word: str, known: Sequence[Mapping[str, int | str]], *, verb: bool) -> str:
    """Return a long option in full; a word that is none, or is unknown, as it stands."""
    name, equals, value = word.partition("=")
    if not word.startswith("--") or any(name in table for table in known):
        return word
    for table in known:
        candidates = [flag for flag in table if flag.startswith(name)]
        if len(candidates) > 1:
            listed = " or ".join(f"`{flag}`" for flag in sorted(candidates))
            raise errors.UsageError(f"`{name}` is ambiguous", hint=f"say {listed}")
        if candidates:
            return f"{candidates[0]}{equals}{value}"
    owners = [owner for owner, found in options.VERBS.items() if name in _flags(found.options)]
    if owners and not verb:
        listed = " or ".join(f"`kubernator {owner} {name}`" for owner in owners)
        raise errors.UsageError(f"option `{name}` belongs after its verb", hint=f"say {listed}")
    if owners:
        raise errors.UsageError(f"option `{name}` belongs to {' and '.join(f'`{owner}`' for owner in owners)}")
    return word


def _refuse(extra: Sequence[str], words: Sequence[str], known: Sequence[Mapping[str, int | str]]) -> None:
    if not extra:
        return
    word = extra[0]
    if word.startswith("-") and len(word) > 1 and word in words:
        raise _unknown(word.partition("=")[0], [flag for table in known for flag in table], what="option")
    raise errors.UsageError(f"`{word}` is one word too many", hint="`kubernator --help` lists verbs and options")


def _unknown(word: str, known: Iterable[str], *, what: str) -> errors.UsageError:
    import difflib  # noqa: PLC0415 - only for a command line that is wrong anyway

    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
    if near:
        hint = f"did you mean `{near[0]}`?"
    elif what == "verb":
        hint = f"verbs are {', '.join(f'`{name}`' for name in options.VERBS)}"
    else:
        hint = "`kubernator --help` lists verbs and options"
    return errors.UsageError(f"unknown {what} `{word}`", hint=hint)
