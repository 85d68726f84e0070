"""What a restore would do: the selection, the plan, and the differences of two documents.

Plain Python: no Django, no MongoDB, no clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from exports.rules.backup import BATCHES, PEOPLE

# The field that tells a document of each section from the others; `_id` where none is said.
KEY_FIELDS = {BATCHES: "id", PEOPLE: "name"}
# What a document is called before people.
NAME_FIELDS = KEY_FIELDS | {"trash": "key", "saved_views": "name"}
SHOWN = 20
SHOWN_FIELDS = 8
LONGEST = 60
# The name of the field, in a batch's history, that a restore is recorded under.
EVENT_FIELD = "respaldo"


class How(StrEnum):
    """What becomes of a section: all of it replaced, or some of its documents."""

    REPLACE = "replace"
    MERGE = "merge"


@dataclass(frozen=True)
class Selection:
    """What of a backup is restored. Empty: all of it."""

    only_crew: bool = False
    assignees: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()

    @property
    def some_batches(self) -> bool:
        return bool(self.assignees or self.ids or self.ranges)

    def sections(self, found: Sequence[str]) -> dict[str, How]:
        """Return the sections to restore, of those a file has, and how. Records of what was done
        are never taken away: those of now stay beside those of the backup."""
        if self.only_crew:
            return {name: How.MERGE for name in found if name == PEOPLE}
        if self.some_batches:
            return {name: How.MERGE for name in found if name in (PEOPLE, BATCHES)}
        return {
            name: How.MERGE if name == "operations" else How.REPLACE for name in found
        }  # fmt: skip

    def takes_batch(self, document: Mapping[str, Any]) -> bool:
        """Tell whether a batch of the backup is restored."""
        if not self.some_batches:
            return True
        if self.assignees and document.get("assignee") not in self.assignees:
            return False
        if not (self.ids or self.ranges):
            return True
        batch_id = document.get("id")
        return isinstance(batch_id, str) and (batch_id in self.ids or self._in_range(batch_id))

    def _in_range(self, batch_id: str) -> bool:
        return any(
            first <= batch_id <= last and len(batch_id) == len(first)
            and batch_id[-1:].isdigit() == first[-1:].isdigit()
            for first, last in self.ranges
        )  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """A document that would change: its name, and field → (now, in the backup)."""

    name: str
    fields: dict[str, tuple[str, str]]


@dataclass
class SectionPlan:
    """What would happen in one collection: exact counts, and the first names of each."""

    name: str
    how: How
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    added_names: list[str] = field(default_factory=list)
    removed_names: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def changes(self) -> int:
        return self.added + self.changed + self.removed

    def add(self, name: str) -> None:
        self.added += 1
        if len(self.added_names) < SHOWN:
            self.added_names.append(name)

    def change(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.changed += 1
        if len(self.differences) < SHOWN:
            self.differences.append(Difference(name, differences(old, new)))


@dataclass
class RestorePlan:
    """What restoring a file would do. `versions` are the data's, when it was compared."""

    file: str
    version: str
    created_at: str
    sections: dict[str, SectionPlan] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    versions: tuple[int, ...] = ()

    @property
    def changes(self) -> int:
        return sum(section.changes for section in self.sections.values())


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the fields that differ, nested ones by their path, as short texts; the first ones
    only. Lists are told by their length."""
    before, after = _flat(old), _flat(new)
    found: dict[str, tuple[str, str]] = {}
    for path in [*before, *(path for path in after if path not in before)]:
        was, becomes = before.get(path, "(falta)"), after.get(path, "(falta)")
        if was != becomes or type(was) is not type(becomes):
            found[path] = (_shown(was), _shown(becomes))
            if len(found) == SHOWN_FIELDS:
                break
    return found


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in document.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and value and prefix.count(".") < 3:
            flat |= _flat(value, f"{path}.")
        else:
            flat[path] = value
    return flat


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "(1 elemento)" if len(value) == 1 else f"({len(value)} elementos)"
    if value is None or isinstance(value, bool):
        return "—" if value is None else "sí" if value else "no"
    if isinstance(value, datetime):
        plain = f"{value:%Y-%m-%d}"
        return plain if value.time() == time() else f"{plain} {value:%H:%M:%S} UTC"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
