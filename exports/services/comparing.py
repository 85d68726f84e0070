"""Comparing two backups: which batches and people were added, changed and removed, and how.

Three readings of files, never both in memory: the digests of the first, the second against them,
and the first again for the old values of what changed.
"""

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from exports.rules.backup import BATCHES, PEOPLE
from exports.rules.restoring import differences
from exports.services.backups.progress import Progress, Stage
from exports.services.backups.reading import BackupReader
from exports.services.extended_json import from_json
from exports.services.restoring.resolving import name_of

COMPARED = (BATCHES, PEOPLE)
# Rows that are kept to be looked at, and changed documents told field by field.
MAX_ROWS = 20_000
MAX_DETAILED = 5_000
Key = tuple[str, str]


@dataclass
class Comparison:
    """How two backups differ: exact counts per section, and rows to show."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def count(self, kind: str, section: str) -> None:
        self.counts.setdefault(section, {"added": 0, "changed": 0, "removed": 0, "same": 0})
        self.counts[section][kind] += 1

    def add(self, kind: str, key: Key, fields: dict[str, tuple[str, str]] | None = None) -> None:
        self.count(kind, key[0])
        if len(self.rows) < MAX_ROWS:
            told = [[name, old, new] for name, (old, new) in (fields or {}).items()]
            self.rows.append({"kind": kind, "section": key[0], "name": key[1], "fields": told})

    def summary(self) -> dict[str, Any]:
        different = sum(n for c in self.counts.values() for kind, n in c.items() if kind != "same")
        return {"counts": self.counts, "different": different, "rows": len(self.rows)}


def compare(first: Path, second: Path) -> Generator[Progress, None, Comparison]:
    """Compare two backups; yield progress, return the comparison. Raises BadBackupError."""
    comparison = Comparison()
    one, other = BackupReader(first), BackupReader(second)
    steps = _Steps(2 * one.total + other.total)
    known: dict[Key, bytes] = {}
    for key, element in _elements(one):
        known[key] = _digest(element)
        yield steps.next()
    changed = yield from _beside(known, other, comparison, steps)
    for key, element in _elements(one):
        if key in changed:
            new = changed[key]
            fields = differences(from_json(element), from_json(new)) if new is not None else {}
            comparison.add("changed", key, fields)
        yield steps.next()
    return comparison


def _beside(
    known: dict[Key, bytes], other: BackupReader, comparison: Comparison, steps: "_Steps"
) -> Generator[Progress, None, dict[Key, Any]]:
    """Read the second backup beside the digests of the first, which are used up; say what was
    added and removed, and return what changed, the first ones as they are now."""
    added: list[Key] = []
    changed: dict[Key, Any] = {}
    for key, element in _elements(other):
        digest = known.pop(key, None)
        if digest is None:
            added.append(key)
        elif digest == _digest(element):
            comparison.count("same", key[0])
        else:
            changed[key] = element if len(changed) < MAX_DETAILED else None
        yield steps.next()
    for key in added:
        comparison.add("added", key)
    for key in known:
        comparison.add("removed", key)
    return changed


@dataclass
class _Steps:
    """How many documents were looked at, of those of all readings."""

    total: int
    done: int = 0

    def next(self) -> Progress:
        self.done += 1
        return Progress(Stage.PLAN, self.done, self.total)


def _elements(reader: BackupReader) -> Iterator[tuple[Key, Any]]:
    """Yield what is compared, by section and name; of several of one name, each by its turn."""
    seen: dict[Key, int] = {}
    for stretch in reader.stretches():
        if stretch.section not in COMPARED:
            continue
        for element in stretch.elements:
            document = element if isinstance(element, dict) else {"name": element}
            key = (stretch.section, name_of(stretch.section, document))
            seen[key] = seen.get(key, 0) + 1
            turn = seen[key]
            yield (key if turn == 1 else (key[0], f"{key[1]} ({turn})")), document


def _digest(element: Any) -> bytes:
    text = orjson.dumps(element, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=16).digest()
