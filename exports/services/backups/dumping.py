"""A backup as a stream of bytes: one point in time where the server can give it.

On a replica set every read is made in one snapshot session. A standalone server has none: the
backup then says `"consistent": false`, and its last member says whether data versions rose while
it was read.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure

from exports.rules.backup import (
    BATCHES,
    PEOPLE,
    SECTIONS,
    VERSION,
    Integrity,
    file_name,
    indented,
    tail_bytes,
)
from exports.services.extended_json import to_json
from segmentacion.http.json import iso_utc
from segmentacion.memory import collector_paused
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection, main_database

DOCUMENTS_AT_ONCE = 500
# SnapshotUnavailable, SnapshotTooOld, and servers that know no snapshot reads.
NO_SNAPSHOT = {246, 239, 20, 72, 123, 263}
WATCHED = ("batches", "crew")


class Dump:
    """One backup under way: iterate it for its bytes, once.

    The first piece has the counts; nothing is sent before the database has answered. After the
    last piece `integrity` says what was written. Raises PyMongoError wherever reading fails:
    without its last member, what was written until then is recognised as cut.
    """

    def __init__(self, *, snapshot: bool | None = None) -> None:
        self.snapshot = has_snapshots() if snapshot is None else snapshot
        self.moment = datetime.now(UTC)
        self.name = file_name(timezone.localtime(self.moment))
        self.counts: dict[str, int] = {}
        self.written = 0
        self.integrity: Integrity | None = None
        self._digest = hashlib.sha256()
        self._before = self._versions()

    def __iter__(self) -> Iterator[bytes]:
        with self._session() as session:
            yield self._add(self._head(session))
            for name in SECTIONS:
                yield from self._section(name, session)
        yield self._tail()

    @property
    def total(self) -> int:
        """Return how many documents were counted before the first was written."""
        return sum(self.counts.values())

    @contextmanager
    def _session(self) -> Iterator[ClientSession | None]:
        if not self.snapshot:
            yield None
            return
        with main_database().client.start_session(snapshot=True) as session:
            yield session

    def _add(self, piece: bytes) -> bytes:
        self._digest.update(piece)
        return piece

    def _head(self, session: ClientSession | None) -> bytes:
        by_status: dict[str, int] = {}
        groups = main_collection(BATCHES).aggregate(
            [{"$group": {"_id": "$status", "n": {"$sum": 1}}}], session=session
        )
        for group in groups:
            name = group["_id"] if isinstance(group["_id"], str) else "otros"
            by_status[name] = by_status.get(name, 0) + group["n"]
        for name in SECTIONS:
            self.counts[name] = main_collection(name).count_documents({}, session=session)
        self._found = dict.fromkeys(SECTIONS, 0)
        info = {
            "version": VERSION,
            "created_at": iso_utc(self.moment),
            "source": {"database": settings.MONGO_DB, "server": server_kind()},
            "time_zone": settings.TIME_ZONE,
            "consistent": self.snapshot,
            "counts": self.counts,
        }
        statistics = {
            "total_batches": self.counts[BATCHES],
            "total_segmentadores": self.counts[PEOPLE],
            "batches_by_status": dict(sorted(by_status.items())),
        }
        return b"{\n" + indented({"backup_info": info, "statistics": statistics})

    def _section(self, name: str, session: ClientSession | None) -> Iterator[bytes]:
        yield self._add(f'  "{name}": ['.encode())
        cursor: Any = main_collection(name).find_raw_batches(
            {}, session=session, batch_size=DOCUMENTS_AT_ONCE
        )
        with cursor:
            for stretch in cursor:
                with collector_paused():
                    text, number = to_json(stretch)
                if not number:
                    continue
                comma = b",\n" if self._found[name] else b"\n"
                self._found[name] += number
                self.written += number
                yield self._add(comma + text)
        yield self._add(b"\n  ],\n" if self._found[name] else b"],\n")

    def _tail(self) -> bytes:
        self.integrity = Integrity(
            sha256=self._digest.hexdigest(),
            batches=self._found[BATCHES],
            people=self._found[PEOPLE],
            documents=self.written,
            changed_meanwhile=not self.snapshot and self._versions() != self._before,
        )
        return tail_bytes(self.integrity)

    def _versions(self) -> tuple[int, ...]:
        return tuple(versions.current(name) for name in WATCHED)


def has_snapshots() -> bool:
    """Tell whether the server can read one point in time: a replica set or a sharded cluster."""
    hello = main_database().command("hello")
    return "setName" in hello or hello.get("msg") == "isdbgrid"


def server_kind() -> str:
    """Return what kind of server the backup is of, as its information names it."""
    hello: dict[str, Any] = main_database().command("hello")
    if hello.get("msg") == "isdbgrid":
        return "sharded"
    return "replica set" if "setName" in hello else "standalone"


def is_snapshot_failure(error: BaseException) -> bool:
    """Tell whether a backup failed only because the server could not keep its point in time."""
    return isinstance(error, OperationFailure) and error.code in NO_SNAPSHOT
