"""A value of a manifest, where it stands, and what is found out about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kubernator.model.diagnostics import Severity
from kubernator.schema.fault import Fault, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubernator.model.sourcemap import Path

__all__ = ["NEWEST", "Field"]

#: The minor version of Kubernetes whose rules are known best.
NEWEST: Final = 37

_new: Final = object.__new__


class _Shared(NamedTuple):
    """What all fields of one manifest share."""

    path: Path
    faults: list[Fault]
    minor: int


class Field:
    """A value, its path, and the list that faults go to; ``minor`` is the version of Kubernetes that is asked about.

    ``step`` is its key or index in ``above``, the field that it was read from, if there is one.

    What is absent, null or of another type than asked for reads as nothing: the structural check says what is wrong
    with types, so that rules need not look at them.
    """

    __slots__ = ("above", "shared", "step", "value")

    def __init__(self, value: Any, path: Path = (), *, minor: int = NEWEST) -> None:
        self.value = value
        self.shared = _Shared(path, [], minor)
        self.above: Field | None = None
        self.step: str | int = ""

    def __bool__(self) -> bool:
        """Say whether the field is there and not null."""
        return self.value is not None

    def __getitem__(self, key: str) -> Field:
        """Return a field of a map; one without a value where it has none."""
        value = self.value
        found = _new(Field)  # twice as fast as a call of a constructor, some sixty times an object
        found.value = value.get(key) if isinstance(value, dict) else None
        found.above = self
        found.step = key
        found.shared = self.shared
        return found

    def __contains__(self, key: str) -> bool:
        """Say whether a field of a map is there and not null, which is quicker than to look at it."""
        value = self.value
        return isinstance(value, dict) and value.get(key) is not None

    def given(self, keys: Iterable[str]) -> list[Field]:
        """Return those fields of a map that are there and not null."""
        value = self.value
        return [self[key] for key in keys if value.get(key) is not None] if isinstance(value, dict) else []

    def items(self) -> Sequence[Field]:
        """Return the items of a list."""
        if not isinstance(self.value, list):
            return ()
        return [self._below(index, value) for index, value in enumerate(self.value)]

    def entries(self) -> Sequence[tuple[str, Field]]:
        """Return the keys of a map with their fields."""
        if not isinstance(self.value, dict):
            return ()
        return [(key, self._below(key, value)) for key, value in self.value.items()]

    def instead(self, value: Any) -> Field:
        """Return a field at the same place, with another value."""
        found = self._below(self.step, value)
        found.above = self.above
        return found

    def _below(self, step: str | int, value: Any) -> Field:
        found = _new(Field)
        found.value = value
        found.above = self
        found.step = step
        found.shared = self.shared
        return found

    @property
    def path(self) -> Path:
        """The keys and indices down to the value, put together only where something is wrong."""
        steps: list[str | int] = []
        field = self
        while field.above is not None:
            steps.append(field.step)
            field = field.above
        return (*self.shared.path, *reversed(steps))

    @property
    def faults(self) -> list[Fault]:
        """All that is found out about the manifest."""
        return self.shared.faults

    @property
    def minor(self) -> int:
        """The minor version of Kubernetes."""
        return self.shared.minor

    @property
    def text(self) -> str:
        """The value if it is text, else nothing."""
        value = self.value
        return value if isinstance(value, str) else ""

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

    def complain(self, complaint: str) -> None:
        """Say what is wrong with the value in the words of a rule, which says nothing of what is right."""
        if complaint:
            self.invalid(complaint)

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
