"""Seeded choices, with words for what manifests are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

__all__ = ["LEFT_OUT", "Draw", "Specimen", "given"]

_Any = TypeVar("_Any")


class _LeftOut:
    """Marks a field that is not said."""


LEFT_OUT: Final = _LeftOut()

_ANNOTATIONS: Final = (
    "plain",
    "example.com/with.dots-and_more",
    "a.b.c.example.com/x",
    "prometheus.io/scrape",
    "checksum/config",
)
_TEXTS: Final = (
    "x",
    "",
    "true",
    "0123",
    "1e3",
    "~",
    "null",
    "line one\nline two\n",
    "tab\there",
    'quote " and \\ backslash',
    "größer und ÄÖÜ",
    "日本語 text",
    "emoji \U0001f600",
    "trailing space ",
    "# no comment",
    "{{ template }} ${VAR} $(VAR)",
    "long " * 200,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A kind that can be made.

    ``body`` gives all beside ``metadata``. ``named`` is the name where it is not free. ``apart`` marks what acts upon
    other objects of its namespace and so stands in one of its own.
    """

    api_version: str
    kind: str
    body: Callable[[Draw], dict[str, Any]]
    namespaced: bool = True
    named: str = "{name}"
    apart: bool = False

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"


def given(**fields: Any) -> dict[str, Any]:
    """Return a map without what is left out; a trailing underscore of a name is for Python's sake."""
    return {key.rstrip("_"): value for key, value in fields.items() if value is not LEFT_OUT}


class Draw:
    """A source of choices for one object, which knows its name and namespace."""

    def __init__(self, random: Random, *, name: str, namespace: str) -> None:
        self.random = random
        self.name = name
        self.namespace = namespace

    def pick(self, *options: _Any) -> _Any:
        """Return one of them."""
        return self.random.choice(options)

    def maybe(self, *options: Any, chance: float = 0.5) -> Any:
        """Return one of them, or nothing."""
        return self.random.choice(options) if self.random.random() < chance else LEFT_OUT

    def call(self, function: Callable[[], Any], chance: float = 0.5) -> Any:
        """Return what a function gives, or nothing."""
        return function() if self.random.random() < chance else LEFT_OUT

    def some(self, options: Sequence[_Any], *, least: int = 0) -> list[_Any]:
        """Return several of them, in an order of their own."""
        return self.random.sample(list(options), self.random.randint(min(least, len(options)), len(options)))

    def number(self, least: int, most: int) -> int:
        """Return a number."""
        return self.random.randint(least, most)

    def text(self) -> str:
        """Return a text that is hard to carry over."""
        return self.pick(*_TEXTS)

    def cpu(self) -> Any:
        """Return an amount of processors, in any notation."""
        return self.pick("100m", "0.1", "1", 1, "1000m", 2, "1.5", "1500m", "250m", 0.5, "1e0", "0.25", "2000m")

    def memory(self) -> Any:
        """Return an amount of bytes, in any notation."""
        return self.pick(
            "64Mi",
            "128Mi",
            "0.5Gi",
            "1Gi",
            "1024Mi",
            134217728,
            "134217728",
            "1G",
            "1000M",
            "1e9",
            "1.5Gi",
            "131072Ki",
            "128974848000m",
            "500M",
            "0.25Gi",
        )

    def labels(self) -> dict[str, str]:
        """Return labels."""
        names = self.some(["tier", "app.kubernetes.io/name", "example.com/part", "empty"], least=1)
        return {name: "" if name == "empty" else self.pick("a", "b", "web", "0", "true", "1.0") for name in names}

    def metadata(self) -> dict[str, Any]:
        """Return labels and annotations."""
        return given(
            labels=self.call(self.labels, 0.7),
            annotations=self.call(lambda: {name: self.text() for name in self.some(_ANNOTATIONS, least=1)}, 0.6),
        )

    def selector(self) -> dict[str, Any]:
        """Return a label selector with expressions."""
        return given(
            matchLabels=self.call(self.labels, 0.7),
            matchExpressions=self.call(
                lambda: [
                    {"key": "tier", "operator": self.pick("In", "NotIn"), "values": self.some("abc", least=1)},
                    *self.some([{"key": "z", "operator": "Exists"}, {"key": "y", "operator": "DoesNotExist"}]),
                ]
            ),
        )
