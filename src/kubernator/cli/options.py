"""The options of the command line, as tables, and the parser made of them.

The reference's options keep their names, choices, defaults and the attribute names that scripts read from
``ktor.app.args``. What is new belongs to a verb and is known only after it; ``--pre-start-script``, of the original
document, is known everywhere. How abbreviations are resolved is in `cli.words`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from kubernator import __version__, errors

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GLOBAL", "REFERENCE", "VERBS", "Option", "Verb", "duration", "parser"]

LEVELS: Final = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE")


class Option(NamedTuple):
    """One option: its flags, and what argparse is told about it. ``group`` names a mutually exclusive group."""

    flags: tuple[str, ...]
    settings: Mapping[str, Any]
    group: str = ""

    @property
    def values(self) -> int | str:
        """How many arguments it takes: 0, 1 or ``+``."""
        if "nargs" in self.settings:
            return str(self.settings["nargs"])
        return 1 if self.settings.get("action", "store") in {"store", "append"} else 0


def _option(*flags: str, group: str = "", **settings: Any) -> Option:
    return Option(flags, settings, group)


def duration(text: str) -> float:
    """Read a number of seconds, or a number with ``s``, ``m`` or ``h``: ``90``, ``90s``, ``5m``, ``1h``."""
    number, factor = text, 1
    if text[-1:] in {"s", "m", "h"}:
        number, factor = text[:-1], {"s": 1, "m": 60, "h": 3600}[text[-1]]
    try:
        seconds = float(number) * factor
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"`{text}` is no length of time; say `90s`, `5m` or `1h`")
    return seconds


REFERENCE: Final = (
    _option("-h", "--help", action="help", help="show this text and exit"),
    _option("--version", group="instead", action="version", version=__version__, help="print the version and exit"),
    _option(
        "--clear-cache", group="instead", action="store_true", help="remove the cache directory of Kubernator and exit"
    ),
    _option(
        "--clear-k8s-cache",
        group="instead",
        action="store_true",
        help="accepted for the sake of old command lines; there is no client library to remove any more",
    ),
    _option(
        "--pre-cache-k8s-client",
        group="instead",
        action="extend",
        nargs="+",
        type=int,
        metavar="V",
        help="accepted for the sake of old command lines; there is no client library to fetch any more",
    ),
    _option(
        "--pre-cache-k8s-client-no-patch",
        action="store_true",
        default=None,
        help="accepted together with `--pre-cache-k8s-client`",
    ),
    _option(
        "--log-format",
        choices=("human", "json"),
        default="human",
        help="how the log is written (default: %(default)s)",
    ),
    _option("--log-file", metavar="FILE", help="write the log to a file, from its beginning (default: stderr)"),
    _option(
        "-v",
        "--verbose",
        choices=LEVELS,
        default="INFO",
        metavar="LEVEL",
        help=f"how much is logged: {', '.join(LEVELS)} (default: %(default)s)",
    ),
    _option("-f", "--file", metavar="FILE", help="where `dump` writes to (default: stdout)"),
    _option(
        "-o",
        "--output-format",
        choices=("json", "json-pretty", "yaml"),
        default="yaml",
        help="the format in which `dump` writes (default: %(default)s)",
    ),
    _option(
        "-p",
        "--path",
        type=Path,
        default=Path(),
        metavar="DIRECTORY",
        help="where the tree starts (default: %(default)s)",
    ),
    _option(
        "--yes",
        action="store_false",
        dest="dry_run",
        default=True,
        help="let `apply` change things; without it `apply` is a dry run",
    ),
    _option(
        "-I",
        "--include-project",
        action="append",
        default=[],
        metavar="PROJECT",
        help="limit the run to a project and those below it; may be repeated",
    ),
    _option(
        "-X",
        "--exclude-project",
        action="append",
        default=[],
        metavar="PROJECT",
        help="leave a project and those below it out; may be repeated",
    ),
)
"""The options of the reference. An abbreviation means one of these first."""

GLOBAL: Final = (
    _option(
        "--pre-start-script",
        type=Path,
        metavar="FILE",
        help="a script that runs once before plugins start; what it sets is seen in every directory",
    ),
)
"""Options of ours that are known before the verb as well as after it."""

_CONTEXT: Final = _option(
    "--context", metavar="NAME", help="the context of the kubeconfig to use (default: its current one)"
)

_KUBE_VERSION: Final = _option(
    "--kube-version",
    metavar="VERSION",
    help="the version of Kubernetes whose kinds and schemas are used without a cluster, `1.36` (default: the newest)",
)

_POLICIES: Final = _option(
    "--policies",
    action="append",
    type=Path,
    default=[],
    metavar="DIRECTORY",
    help="check every object by the rules in the files of a directory, before anything is written; may be repeated",
)

_LOCKED: Final = _option("--locked", action="store_true", help="refuse to fetch what `kubernator.lock` does not pin")

_CLUSTER: Final = (
    _CONTEXT,
    _option(
        "--field-manager",
        default="kubernator",
        metavar="NAME",
        help="the field manager under which fields are owned (default: %(default)s)",
    ),
    _option(
        "--force-conflicts",
        action="store_true",
        help="take over fields that other field managers own, instead of refusing",
    ),
    _option(
        "--no-preflight",
        dest="preflight",
        action="store_false",
        default=True,
        help="do not ask the server for a dry run before the first write",
    ),
    _POLICIES,
    _LOCKED,
    _option(
        "--cached-repositories",
        action="store_true",
        help="take repositories from the cache without asking their servers; branches and tags are as last seen",
    ),
    _option(
        "--no-cache",
        action="store_true",
        help="fetch and render charts anew, though the cache has what the same inputs gave",
    ),
    _option("--show-secrets", action="store_true", help="show the values of secrets instead of `<secret N>`"),
)

_DUMP: Final = (
    _option(
        "--offline",
        action="store_true",
        help="do without a cluster: everything is taken for new, and checked by the schemas of a version of Kubernetes",
    ),
    _KUBE_VERSION,
)

_APPLY: Final = (
    _option(
        "--keep-going",
        action="store_true",
        help="set aside what is refused and what depends on it, and apply the rest",
    ),
    _option(
        "--no-wait",
        dest="wait",
        action="store_false",
        default=True,
        help="do not wait at the end until what changed is current",
    ),
    _option("--timeout", type=duration, metavar="TIME", help="how long to wait at the end: `90s`, `5m`, `1h`"),
    _option("--report", metavar="FILE", help="write what was done to a file, as JSON"),
)


_DIFF: Final = (
    _option("--full", action="store_true", help="show new objects and what plugins would do as a whole"),
    _option(
        "--all",
        action="store_true",
        help="list objects too that stay as they are, or of which only the owner of fields changes",
    ),
    _option("--detailed-exitcode", action="store_true", help="answer 2 when there are changes"),
    _option(
        "--exit-code-style",
        choices=("kubernator", "diff"),
        default="kubernator",
        help="with `diff`, answer as `kubectl diff` does: 0 without changes, 1 with changes, more after an error",
    ),
)

_GRAPH: Final = (
    _CONTEXT,
    _KUBE_VERSION,
    _LOCKED,
    _option("--cycles", action="store_true", help="show only what refers to itself in a circle"),
)

_STATUS: Final = (
    _CONTEXT,
    _LOCKED,
    *(option for option in _CLUSTER if {"--cached-repositories", "--no-cache", "--show-secrets"} & {*option.flags}),
    _option("--watch", action="store_true", help="go on and show each change, until interrupted or `--timeout`"),
    _option(
        "--timeout",
        type=duration,
        metavar="TIME",
        help="with `--watch`: end when nothing is in progress any more, at the latest after `90s`, `5m`, `1h`",
    ),
)

#: Of verbs that look at what a tree comes to, without a cluster.
_TREE: Final = (
    _KUBE_VERSION,
    _LOCKED,
    *(option for option in _CLUSTER if {"--cached-repositories", "--no-cache", "--show-secrets"} & {*option.flags}),
)

_RENDER: Final = (
    *_TREE,
    _option("--provenance", action="store_true", help="say of each object where it comes from and what changed it"),
    _option("--split", type=Path, metavar="DIRECTORY", help="write a file for each object instead"),
    _option(
        "--split-by",
        choices=("namespace", "kind", "directory", "none"),
        help="with `--split`: what divides the files among sub-directories (default: namespace)",
    ),
    _option("--force", action="store_true", help="with `--split`: overwrite files that `render` did not write"),
)

_VALIDATE: Final = (
    _KUBE_VERSION,
    _option(
        "--server",
        action="store_true",
        help="ask the cluster too, by reading only: its kinds, live objects, policies, and what the tree refers to",
    ),
    _CONTEXT,
    _POLICIES,
    _option("--strict", action="store_true", help="answer 3 for warnings, too"),
    _LOCKED,
    *(option for option in _CLUSTER if {"--cached-repositories", "--no-cache", "--show-secrets"} & {*option.flags}),
)

_LOCK: Final = (
    _CONTEXT,
    _option("--check", action="store_true", help="write nothing; answer 2 when the file would change"),
)


class Verb(NamedTuple):
    """A verb: what it is for, its own options, and whether it reads its own words (``raw``).

    ``formats`` are the choices of ``-o`` of a verb that walks no tree, ``outputs`` those of one that does and has other
    ones than ``dump``; the first is the default. ``own_codes`` is for one that walks a tree and that the reference does
    not have.
    """

    help: str
    options: tuple[Option, ...] = ()
    positionals: tuple[Option, ...] = ()
    formats: tuple[str, ...] = ()
    raw: bool = False
    own_codes: bool = False
    outputs: tuple[str, ...] = ()

    @property
    def walks(self) -> bool:
        """Whether it walks a tree, so that the options of the reference mean something."""
        return not (self.formats or self.raw)

    @property
    def compatible(self) -> bool:
        """Whether the reference has this verb, so that its exit codes apply."""
        return self.walks and not self.own_codes


VERBS: Final[Mapping[str, Verb]] = {
    "dump": Verb("print what `apply` would send, as a list of operations; the default", (*_CLUSTER, *_DUMP)),
    "apply": Verb("make the cluster match the tree; a dry run until `--yes`", (*_CLUSTER, *_APPLY)),
    "diff": Verb(
        "show what `apply` would change, field by field; nothing is written",
        (*_CLUSTER, *_DIFF),
        own_codes=True,
        outputs=("text", "json", "yaml"),
    ),
    "validate": Verb(
        "look for all that is wrong with the tree; no cluster is needed, and nothing is written",
        _VALIDATE,
        own_codes=True,
        outputs=("text", "json", "sarif", "junit"),
    ),
    "graph": Verb(
        "show in which order the tree is applied, and the reason of each step; no cluster is needed",
        _GRAPH,
        own_codes=True,
        outputs=("text", "dot", "mermaid", "json"),
    ),
    "status": Verb(
        "show how what the tree describes stands in the cluster, and why; nothing is written",
        _STATUS,
        own_codes=True,
        outputs=("text", "json", "yaml"),
    ),
    "render": Verb(
        "print the objects of the tree, or write a file for each; no cluster is needed",
        _RENDER,
        positionals=(
            _option("resources", nargs="*", default=[], metavar="RESOURCE", help="the objects meant (default: all)"),
        ),
        own_codes=True,
        outputs=("yaml", "json"),
    ),
    "explain": Verb(
        "show where an object of the tree, or a field of it, comes from; no cluster is needed",
        _TREE,
        positionals=(
            _option(
                "resource",
                metavar="RESOURCE[.FIELD]",
                help="`deployment/web`, `shop/deployment/web.spec.replicas`, `apps/v1/Deployment/shop/web`",
            ),
        ),
        own_codes=True,
        outputs=("text", "json", "yaml"),
    ),
    "lock": Verb("pin what the tree fetches in `kubernator.lock`", _LOCK, own_codes=True),
    "plugins": Verb("list the plugins that scripts can register", formats=("text", "json", "yaml")),
    "cache": Verb(
        "look at the cache directory, verify it, or clear it",
        positionals=(
            _option(
                "action",
                choices=("ls", "verify", "clear"),
                help="`ls` lists its parts and programs, `verify` looks for damage, `clear` removes parts",
            ),
            _option("parts", nargs="*", default=[], metavar="PART", help="the parts meant (default: all)"),
        ),
        formats=("text", "json", "yaml"),
    ),
    "sandbox": Verb("start and stop a throw-away control plane on this machine", raw=True),
}


_LOGGING: Final = frozenset({"--help", "--log-format", "--log-file", "--verbose", "--output-format"})
"""What the help of a verb that does not walk a tree still lists."""


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are `errors.UsageError`; ``--help`` and ``--version`` still end the process."""

    def error(self, message: str) -> NoReturn:
        """Raise, where argparse would print and exit."""
        raise errors.UsageError(message.replace("'", "`"), hint=f"`{self.prog} --help` lists verbs and options")


def parser(verb: str | None) -> Parser:
    """Return the parser for a verb; for None the one of a command line that names none, which means ``dump``."""
    found = VERBS[verb or "dump"]
    made = Parser(
        prog="kubernator",
        usage=f"kubernator [OPTION…] {verb or '[VERB]'} [OPTION…]{_usage(found)}",
        description=_description(verb),
        epilog=None if verb else "Options of a verb are listed by `kubernator VERB --help`.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    groups: dict[str, argparse._MutuallyExclusiveGroup] = {}
    for option in (*REFERENCE, *GLOBAL):
        settings = dict(option.settings)
        choices = found.formats or found.outputs
        if choices and "--output-format" in option.flags:
            settings |= {
                "choices": choices,
                "default": choices[0],
                "help": "the format of the output (default: %(default)s)",
            }
        if found.outputs and "--file" in option.flags:
            settings["help"] = "where the output goes (default: stdout)"
        if not found.walks and not _LOGGING.intersection(option.flags):
            settings["help"] = argparse.SUPPRESS
        if option.group and option.group not in groups:
            groups[option.group] = made.add_mutually_exclusive_group()
        (groups[option.group] if option.group else made).add_argument(*option.flags, **settings)
    if verb:
        made.add_argument("command", choices=[verb], help=argparse.SUPPRESS)
    else:
        made.set_defaults(command="dump")
    for positional in found.positionals:
        made.add_argument(*positional.flags, **positional.settings)
    if found.options:
        own = made.add_argument_group(f"options after `{verb}`") if verb else made
        for option in found.options:
            settings = dict(option.settings) if verb else {**option.settings, "help": argparse.SUPPRESS}
            own.add_argument(*option.flags, **settings)
    return made


def _usage(verb: Verb) -> str:
    return "".join(map(_usage_of, verb.positionals))


def _usage_of(option: Option) -> str:
    word = option.settings.get("metavar") or option.flags[0].upper()
    return f" [{word} …]" if option.values == "*" else f" {word}"


def _description(verb: str | None) -> str:
    if verb:
        return f"{verb}: {VERBS[verb].help}"
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {name:{width}}  {found.help}" for name, found in VERBS.items())
    return f"Makes a Kubernetes cluster match a directory tree.\n\nverbs:\n{verbs}"
