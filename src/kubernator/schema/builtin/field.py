"""A value of a manifest, where it stands, and what is found out about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.model.diagnostics import Severity
from kubernator.schema.fault import Fault, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubernator.model.sourcemap import Path

__all__ = ["NEWEST", "Field"]

#: The minor version of Kubernetes whose rules are known best.
NEWEST: Final = 37


_new: Final = object.__new__


class Field:
    """A value, its path, and the list that faults go to; ``minor`` is the version of Kubernetes that is asked about.

    What is absent, null or of another type than asked for reads as nothing: the structural check says what is wrong
    with types, so that rules need not look at them.
    """

    __slots__ = ("faults", "minor", "path", "value")

    def __init__(self, value: Any, path: Path = (), faults: list[Fault] | None = None, minor: int = NEWEST) -> None:
        self.value = value
        self.path = path
        self.faults = faults if faults is not None else []
        self.minor = minor

    def __bool__(self) -> bool:
        """Say whether the field is there and not null."""
        return self.value is not None

    def __getitem__(self, key: str) -> Field:
        """Return a field of a map; one without a value where it has none."""
        value = self.value
        found = _new(Field)  # a third faster than by the constructor, some eighty times an object
        found.value = value.get(key) if isinstance(value, dict) else None
        found.path = (*self.path, key)
        found.faults = self.faults
        found.minor = self.minor
        return found

    def items(self) -> Iterator[Field]:
        """Yield the items of a list."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Field(value, (*self.path, index), self.faults, self.minor)

    def entries(self) -> Iterator[tuple[str, Field]]:
        """Yield the keys of a map with their fields."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield key, Field(value, (*self.path, key), self.faults, self.minor)

    @property
    def text(self) -> str:
        """The value if it is text, else nothing."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def number(self) -> int | None:
        """The value if it is a whole number, else None."""
        return self.value if isinstance(self.value, int) and not isinstance(self.value, bool) else None

    @property
    def flag(self) -> bool:
        """Whether the value is true."""
        return self.value is True

    @property
    def size(self) -> int:
        """How many items or entries there are; 0 for everything else."""
        return len(self.value) if isinstance(self.value, list | dict) else 0

    def required(self, message: str = "") -> None:
        """Say that a value is missing here."""
        self.fault(Reason.REQUIRED, f"Required value: {message}" if message else "Required value")

    def invalid(self, message: str) -> None:
        """Say that the value cannot be; it is not shown, since it may be secret."""
        self.fault(Reason.INVALID, f"Invalid value: {message}")

    def forbidden(self, message: str) -> None:
        """Say that nothing may stand here."""
        self.fault(Reason.FORBIDDEN, f"Forbidden: {message}")

    def duplicate(self) -> None:
        """Say that the value was there before."""
        self.fault(Reason.DUPLICATE, "Duplicate value")

    def unsupported(self, supported: Iterable[str]) -> None:
        """Say that the value is none of those that may stand here."""
        words = ", ".join(f'"{each}"' for each in sorted(supported))
        self.fault(Reason.UNSUPPORTED, f"Unsupported value: supported values: {words}")

    def fault(self, reason: Reason, message: str, severity: Severity = Severity.ERROR) -> None:
        """Add any fault at this field."""
        self.faults.append(Fault(self.path, reason, message, severity))
