"""Reading a document field by field: what was understood, and what was not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST_SHOWN = 60
Reader = Callable[[Any], Any]


class _Missing:
    """A field that is not there, which is not the same as null."""

    def __repr__(self) -> str:
        return "(falta)"


MISSING = _Missing()


@dataclass(frozen=True)
class Problem:
    """A value that stays as it is: where, what, and why (Spanish)."""

    field: str
    value: Any
    reason: str


@dataclass(frozen=True)
class Adoption:
    """What a document becomes: path → new value, and the problems that are left."""

    values: dict[str, Any]
    problems: tuple[Problem, ...]


@dataclass
class Reading:
    """A document under reading; collects new values and problems."""

    document: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def read(self, path: str, reader: Reader) -> None:
        """Read one field. `reader` returns the very object it got when nothing changes, a new
        one when it understood it, and raises ValueError or OverflowError when it did not."""
        found = found_at(self.document, path)
        try:
            new = reader(None if found is MISSING else found)
        except OverflowError:
            self.leave(path, "está fuera del rango de fechas que se puede guardar")
        except ValueError as error:
            self.leave(path, str(error))
        else:
            if found is MISSING or new is not found:
                self.values[path] = new

    def read_if_there(self, path: str, reader: Reader) -> None:
        """Read a field that may be absent for good."""
        if found_at(self.document, path) is not MISSING:
            self.read(path, reader)

    def leave(self, path: str, reason: str) -> None:
        """Record that a value stays as it is."""
        self.problems.append(Problem(path, self.now_at(path), reason))

    def now_at(self, path: str) -> Any:
        """Return the value a field has after adoption; None when it has none."""
        value = self.values.get(path, found_at(self.document, path))
        return None if value is MISSING else value

    def result(self) -> Adoption:
        return Adoption(self.values, tuple(self.problems))


def found_at(document: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path, or MISSING."""
    value: Any = document
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return MISSING
        value = value[name]
    return value


def shown(value: Any) -> str:
    """Return a value as a short text for a report."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
