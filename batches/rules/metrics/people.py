"""Who somebody was: a renamed person stays one person, a name given to another is another."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

NOBODY = ""


@dataclass(frozen=True)
class Rename:
    """At `at`, whoever was called `old` came to be called `new`."""

    old: str
    new: str
    at: datetime


class People:
    """The present name of whoever carried a name at a moment."""

    def __init__(self, renames: Iterable[Rename] = ()) -> None:
        self._renames: dict[str, list[Rename]] = {}
        for rename in sorted(renames, key=lambda one: one.at):
            if rename.old != rename.new:
                self._renames.setdefault(rename.old, []).append(rename)

    def called(self, name: str, at: datetime | None) -> str:
        """Return the present name of who was called `name` then; without a moment, at first."""
        moment = at or datetime.min.replace(tzinfo=UTC)
        while (rename := self._next(name, moment)) is not None:
            name, moment = rename.new, rename.at
        return name

    def names_of(self, name: str) -> list[str]:
        """Return the present names that a name, whenever it was used, may stand for."""
        moments = [None, *(one.at for one in self._renames.get(name, []))]
        return list(dict.fromkeys(self.called(name, at) for at in moments))

    def _next(self, name: str, moment: datetime) -> Rename | None:
        return next((one for one in self._renames.get(name, ()) if one.at > moment), None)
