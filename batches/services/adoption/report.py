"""What an adoption says: how far it is, and what it found and did."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from batches.rules.adoption import Problem, shown


class Stage(StrEnum):
    """What is being worked on; the values are for the person watching."""

    CREW = "Equipo"
    REFERENCES = "Referencias de djongo"
    DUPLICATES = "Ids repetidos"
    BATCHES = "Batches"


@dataclass(frozen=True)
class Progress:
    """How much of a stage is done, of how much."""

    stage: Stage
    done: int
    total: int


@dataclass(frozen=True)
class Leftover:
    """A value left as it is. `key` is the batch's id, the person's name, or else the `_id`."""

    collection: str
    key: str
    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class DuplicateGroup:
    """Documents that share an id (or a name), by `_id`: without a policy all of them stay."""

    collection: str
    name: str
    documents: int
    kept: tuple[str, ...]
    set_aside: tuple[str, ...]


@dataclass(frozen=True)
class AdoptionReport:
    """What an adoption found and did; with `dry_run`, what it would do.

    `people_fields` and `fields` count the values normalised by path. `without_id` and `conflicts`
    (changed by somebody else meanwhile: run it again) name documents as collection and `_id`.
    `indexes_pending` are the unique indexes that the data does not allow yet.
    """

    operation: str
    dry_run: bool
    people: int
    people_changed: int
    people_fields: dict[str, int]
    batches: int
    batches_changed: int
    fields: dict[str, int]
    references: int
    indexes_relaxed: tuple[str, ...]
    set_aside: int
    duplicates: tuple[DuplicateGroup, ...]
    without_id: tuple[str, ...]
    conflicts: tuple[str, ...]
    leftovers: tuple[Leftover, ...]
    indexes_pending: tuple[str, ...]

    @property
    def changes(self) -> int:
        """Return how many documents and indexes were, or would be, changed or moved."""
        return (
            self.people_changed
            + self.batches_changed
            + self.references
            + self.set_aside
            + len(self.indexes_relaxed)
        )


@dataclass
class Tally:
    """The report while it is being filled."""

    people: int = 0
    people_changed: int = 0
    people_fields: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    batches_changed: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    references: int = 0
    indexes_relaxed: list[str] = field(default_factory=list)
    set_aside: int = 0
    duplicates: list[DuplicateGroup] = field(default_factory=list)
    without_id: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    indexes_pending: list[str] = field(default_factory=list)

    def leave(self, collection: str, key: object, problems: Iterable[Problem]) -> None:
        """Record the problems of one document."""
        self.leftovers += [
            Leftover(collection, shown(key), problem.field, shown(problem.value), problem.reason)
            for problem in problems
        ]

    def report(self, operation: str, *, dry_run: bool) -> AdoptionReport:
        return AdoptionReport(
            operation=operation,
            dry_run=dry_run,
            people=self.people,
            people_changed=self.people_changed,
            people_fields=dict(sorted(self.people_fields.items())),
            batches=self.batches,
            batches_changed=self.batches_changed,
            fields=dict(sorted(self.fields.items())),
            references=self.references,
            indexes_relaxed=tuple(self.indexes_relaxed),
            set_aside=self.set_aside,
            duplicates=tuple(self.duplicates),
            without_id=tuple(self.without_id),
            conflicts=tuple(self.conflicts),
            leftovers=tuple(self.leftovers),
            indexes_pending=tuple(self.indexes_pending),
        )
