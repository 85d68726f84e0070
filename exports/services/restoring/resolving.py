"""What each document of a backup becomes, beside what is stored now.

A batch that is new or differs comes back with the backup's history and one event more, at a
version that no open form has seen. One that is equal is left alone.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import bson
import orjson
from bson import ObjectId
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from django.utils import timezone

from batches.models import empty_file_info, empty_metadata
from batches.rules.adoption import Setting, adopt_batch, adopt_person, is_usable_name
from exports.rules.backup import BATCHES, OLDER_VERSION, PEOPLE
from exports.rules.restoring import EVENT_FIELD, KEY_FIELDS, NAME_FIELDS, How, Selection
from exports.services.backups.reading import BackupReader, Stretch
from exports.services.extended_json import LOOK, encode, from_json
from exports.services.restoring.matching import Stored, identity, match, stored_of
from segmentacion.actors import Actor
from segmentacion.memory import collector_paused
from segmentacion.mongo.clients import Document, main_collection

INT64 = 2**63
LARGEST = 16 << 20  # what a document may take on the server
RAISED_HERE = frozenset({"version", "history"})
# Two of one of these types that Python calls unequal are unequal as BSON, too (not so: NaN).
PLAIN = (str, int, bool, datetime)


class Resolved(NamedTuple):
    """One document to restore: its name for people, its BSON, what is stored in its place now
    (BSON, or None), and the same two as documents where they could be read."""

    name: str
    raw: bytes
    now: bytes | None
    document: Mapping[str, Any]
    stored: Mapping[str, Any] | None

    @property
    def same(self) -> bool:
        return self.raw == self.now


@dataclass
class Restoring:
    """One restore: from which file, what of it, by whom, under which operation."""

    reader: BackupReader
    selection: Selection
    actor: Actor
    operation: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    # Names of the crew in the file, and of those that selected batches need.
    crew: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    _seen: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.how: dict[str, How] = self.selection.sections(self.reader.sections)
        self.older = self.reader.version == OLDER_VERSION
        # Encoded once: every batch gets this one.
        self._event = RawBSONDocument(encode(self._restored_event()), LOOK)

    def resolved(self, *, counting: bool = False) -> Iterator[tuple[str, list[Resolved]]]:
        """Yield the file's documents, a stretch at a time. Raises BadBackupError.

        `counting`: where nothing is stored, documents are only looked at, not made.
        """
        self._seen = {name: set() for name in self.how}
        self.warnings.clear()
        filled = {n for n in self.how if main_collection(n).find_one({}, {"_id": 1}) is not None}
        for stretch in self.reader.stretches():
            if stretch.section not in self.how:
                continue
            with collector_paused():
                if counting and stretch.section not in filled and self._all_of(stretch.section):
                    yield stretch.section, self._looked_at(stretch)
                    continue
                found = self._documents(stretch)
                stored = stored_of(stretch.section, found) if stretch.section in filled else {}
                resolved = [self._one(stretch.section, d, stored) for d in found]
            yield stretch.section, resolved

    def _all_of(self, section: str) -> bool:
        return not self.older and self.how[section] is How.REPLACE

    def _looked_at(self, stretch: Stretch) -> list[Resolved]:
        found = []
        for place, element in enumerate(stretch.elements, start=stretch.first):
            where = f"{stretch.section}[{place:,}]"
            if not isinstance(element, dict):
                raise self.reader.bad(where, "no es un documento")
            key = element.get("_id", element.get("$bson"))
            self._once(stretch.section, where, orjson.dumps(key).decode())
            found.append(Resolved(name_of(stretch.section, element), b"", None, element, None))
        return found

    def _documents(self, stretch: Stretch) -> list[Mapping[str, Any]]:
        documents = []
        for place, element in enumerate(stretch.elements, start=stretch.first):
            where = f"{stretch.section}[{place:,}]"
            document = self._document(stretch.section, where, element)
            if stretch.section == PEOPLE and isinstance(document.get("name"), str):
                self.crew.add(document["name"])
            if stretch.section == BATCHES and not self.selection.takes_batch(document):
                continue
            self._note(stretch.section, where, document)
            documents.append(document)
        return documents

    def _document(self, section: str, where: str, element: Any) -> Mapping[str, Any]:
        if self.older and section == PEOPLE and isinstance(element, str):
            element = {"name": element}
        try:
            document = from_json(element)
        except (ValueError, TypeError, BSONError) as error:
            raise self.reader.bad(where, f"tiene algo que no es un documento: {error}") from error
        if not self.older and "_id" not in document:
            raise self.reader.bad(f"{where}._id", "falta")
        if self.older and not is_usable_name(document.get(KEY_FIELDS[section])):
            field_name = KEY_FIELDS[section]
            raise self.reader.bad(f"{where}.{field_name}", "falta, o no es un texto")
        return document

    def _note(self, section: str, where: str, document: Mapping[str, Any]) -> None:
        """Refuse what is there twice. A backup of a database that had batches of one id keeps
        them all; what no database can hold is two documents of one `_id`."""
        self._once(section, where, document[KEY_FIELDS[section]] if self.older else document["_id"])

    def _once(self, section: str, where: str, key: Any) -> None:
        seen, mark = self._seen[section], identity(key)
        if mark in seen:
            raise self.reader.bad(where, f"está repetido: {str(key)[:60]}")
        seen.add(mark)

    def _one(self, section: str, document: Mapping[str, Any], stored: Stored) -> Resolved:
        now, current = match(section, document, stored)
        name = name_of(section, document)
        if self.older:
            document = self._completed(section, document, current)
        if now is not None and not (section == BATCHES and self._differ(document, current)):
            raw = _encoded(self.reader, name, document)
            if section != BATCHES or raw == now:
                return Resolved(name, raw, now, document, current)
            if _as_restored(document, current):
                return Resolved(name, now, now, document, current)
        if section == BATCHES:
            changed = self._with_event(document, current)
            raw = _encoded(self.reader, name, changed)
            if len(raw) <= LARGEST:
                return Resolved(name, raw, now, changed, current)
        raw = _encoded(self.reader, name, document)  # no room for the event: as it was
        return Resolved(name, raw, now, document, current)

    def _differ(self, document: Mapping[str, Any], current: Mapping[str, Any] | None) -> bool:
        """Tell whether a glance is enough to say so. Times of the older form are aware."""
        return bool(current) and not self.older and _surely_differ(document, current or {})

    def _completed(
        self, section: str, document: Mapping[str, Any], current: Mapping[str, Any] | None
    ) -> Document:
        """Return an older document as this program keeps it: what the file does not say stays as
        it is stored now, history included; what it says is normalised."""
        key = (current or {}).get("_id", document.get("_id"))
        if isinstance(key, str) and ObjectId.is_valid(key):
            key = ObjectId(key)
        whole = {"_id": key or _made_id(section, document), **(current or {}), **document}
        whole["_id"] = key or whole["_id"]
        zone = timezone.get_current_timezone()
        if section == PEOPLE:
            adoption = adopt_person(whole, zone, keep_name=True)
        else:
            setting = Setting(zone, self.crew, empty_metadata(), empty_file_info())
            adoption = adopt_batch(whole, setting)
            for problem in adoption.problems[:1]:
                self.warnings.append(f"{whole['id']}: {problem.field} {problem.reason}")
        for path, value in adoption.values.items():
            _set(whole, path, value)
        return whole

    def _with_event(
        self, document: Mapping[str, Any], current: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        if isinstance(document, RawBSONDocument):
            return document  # Python cannot hold it: it comes back exactly as it was
        history = document.get("history")
        if history is not None and not isinstance(history, list):
            history = [{"found": history}]
        changed = {**document, "history": [*(history or []), self._event]}
        version = _version_above(document.get("version"), (current or {}).get("version"))
        if version is not None:
            changed["version"] = version
        return changed

    def _restored_event(self) -> Document:
        name = self.reader.path.name.encode(errors="replace").decode()
        return {
            "at": self.at,
            "who": self.actor.name,
            "channel": self.actor.channel.value,
            "operation": self.operation,
            "changes": [{"field": EVENT_FIELD, "old": None, "new": name}],
        }


def _version_above(one: Any, other: Any) -> int | None:
    """Return a version above both; None where a batch's own (the first) is not to be counted."""
    if not isinstance(one, int | None):
        return None
    numbers = [int(v) for v in (one, other) if isinstance(v, int) and not isinstance(v, bool)]
    highest = max(numbers, default=0)
    return highest + 1 if highest < INT64 - 1 else None


def _as_restored(document: Mapping[str, Any], current: Mapping[str, Any] | None) -> bool:
    """Tell whether what is stored is the backup's batch, restored before and untouched since."""
    if not current or not _is_restored_event(current):
        return False
    return bson.encode(_bare(document)) == bson.encode(_bare(current))


def _surely_differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell at a glance that two batches differ in more than restoring adds; False: look closer."""
    if isinstance(one, RawBSONDocument):
        return False
    if (one.keys() ^ other.keys()) - RAISED_HERE:
        return True
    return any(
        value.__class__ in PLAIN
        and value.__class__ is other[name].__class__
        and value != other[name]
        for name, value in one.items()
        if name not in RAISED_HERE
    )


def _is_restored_event(document: Mapping[str, Any]) -> bool:
    try:
        return bool(document["history"][-1]["changes"][0]["field"] == EVENT_FIELD)
    except (KeyError, IndexError, TypeError):
        return False


def _bare(document: Mapping[str, Any]) -> Document:
    """Return a batch without what restoring adds to it."""
    bare = {name: value for name, value in document.items() if name != "version"}
    while _is_restored_event(bare):
        bare["history"] = bare["history"][:-1]
    return bare


def name_of(section: str, document: Mapping[str, Any]) -> str:
    """Return what a document is called in a plan."""
    return str(document.get(NAME_FIELDS.get(section, "_id"), document.get("_id")))[:80]


def _made_id(section: str, document: Mapping[str, Any]) -> ObjectId:
    """Return an `_id` for a document that has none: the same one each time the file is read."""
    text = f"{section}:{document[KEY_FIELDS[section]]}".encode()
    return ObjectId(hashlib.sha256(text).digest()[:12])


def _encoded(reader: BackupReader, name: str, document: Mapping[str, Any]) -> bytes:
    try:
        return encode(document)  # type: ignore[arg-type]
    except (BSONError, OverflowError, TypeError, ValueError) as error:
        raise reader.bad(name, f"no se puede guardar: {error}") from error


def _set(document: Document, path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        document[parent] = dict(document.get(parent) or {})
        document = document[parent]
    document[name] = value
