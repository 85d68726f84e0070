"""`mongo_uploaded` and `file_info`: the two fields that belong to the mask sync alone.

Writing them does not raise `version`, so that nobody's open form goes stale; history records
when the mark or the file count changed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from batches.models import DATA_VERSION, Batch
from batches.services import operations
from batches.services.operations import Kind
from batches.services.writing import HISTORY
from segmentacion.actors import Actor
from segmentacion.mongo import versions
from segmentacion.mongo.clients import NAIVE, Document, main_collection

CHUNK = 10_000
# Encoding one chunk overlaps with the server's work on the other.
IN_FLIGHT = 2
BAD_VALUE = 2


class Mark(Protocol):
    """A batch whose mark must be written: what it is now, and what it becomes."""

    @property
    def key(self) -> Any: ...
    @property
    def old_uploaded(self) -> Any: ...
    @property
    def old_count(self) -> Any: ...
    @property
    def has_info(self) -> bool: ...
    @property
    def uploaded(self) -> bool: ...
    @property
    def file_info(self) -> dict[str, Any]: ...
    @property
    def is_recorded(self) -> bool: ...


def marks_of_batches() -> Iterable[Document]:
    """Stream `_id`, `id` and the two fields of every batch; times are naive UTC."""
    return _collection().find({}, {"id": 1, "mongo_uploaded": 1, "file_info": 1}).batch_size(CHUNK)


def marks_of(batch_ids: Sequence[str]) -> Iterable[Document]:
    """Stream the same of some batches."""
    fields = {"id": 1, "mongo_uploaded": 1, "file_info": 1}
    return _collection().find({"id": {"$in": list(batch_ids)}}, fields).batch_size(CHUNK)


def write_marks(
    marks: Sequence[Mark], *, actor: Actor, operation: str, confirm: Callable[[], Document]
) -> Iterator[int]:
    """Write marks, one command per 10,000, yielding how many were written so far.

    Each write is conditional on the values the plan saw. `confirm` is called before each command:
    it may raise to stop, and returns a condition that each write carries too (a lease's guard).
    Side effect: raises the data version.
    """
    if not marks:
        return
    now = datetime.now(UTC)
    _record(marks, actor, operation)
    pending: list[Future[int]] = []
    done = 0
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for start in range(0, len(marks), CHUNK):
            guard = confirm()
            chunk = marks[start : start + CHUNK]
            pending.append(pool.submit(_write, chunk, guard, actor, operation, now))
            while len(pending) > IN_FLIGHT:
                done += pending.pop(0).result()
                yield done
        for item in pending:
            done += item.result()
            yield done
    versions.bump(DATA_VERSION)
    operations.finish(operation, changed=done)


def _record(marks: Sequence[Mark], actor: Actor, operation: str) -> None:
    """Record the run among the operations, with the batches whose history it lengthens."""
    operations.begin(
        operation,
        kind=Kind.SYNC,
        actor=actor,
        keys=[mark.key for mark in marks if mark.is_recorded],
        fields=["mongo_uploaded", "file_info.file_count"],
        summary="máscaras",
    )


def _write(
    chunk: Sequence[Mark], guard: Document, actor: Actor, operation: str, now: datetime
) -> int:
    """Write a chunk; return how many batches still were as the plan saw them."""
    writes = [_update(mark, guard, actor, operation, now) for mark in chunk]
    try:
        return _collection().bulk_write(writes, ordered=False).matched_count
    except BulkWriteError as error:
        failed = error.details["writeErrors"]
        if any(failure["code"] != BAD_VALUE for failure in failed):
            raise
        # Another program left `history` as something else than a list: keep it as an entry.
        repaired = [failure["index"] for failure in failed]
        repairs = [
            _repair(chunk[i], guard, _event(chunk[i], actor, operation, now)) for i in repaired
        ]
        repaired_count = _collection().bulk_write(repairs, ordered=False).matched_count
        return int(error.details["nMatched"]) + repaired_count


def _update(mark: Mark, guard: Document, actor: Actor, operation: str, now: datetime) -> UpdateOne:
    update: Document = {"$set": {"mongo_uploaded": mark.uploaded, **_info(mark)}}
    if mark.is_recorded:
        update["$push"] = {"history": _event(mark, actor, operation, now)}
    return UpdateOne({**_condition(mark), **guard}, update)


def _info(mark: Mark) -> Document:
    """Return what to set of `file_info`: its four fields, so that unknown ones inside it stay."""
    if not mark.has_info:
        return {"file_info": mark.file_info}
    return {f"file_info.{name}": value for name, value in mark.file_info.items()}


def _repair(mark: Mark, guard: Document, event: Document) -> UpdateOne:
    info = {path: {"$literal": value} for path, value in _info(mark).items()}
    values = {"mongo_uploaded": mark.uploaded, **info}
    history = {"$concatArrays": [HISTORY, [{"$literal": event}]]}
    update = [{"$set": {**values, "history": history}}]
    return UpdateOne({**_condition(mark), **guard}, update)


def _condition(mark: Mark) -> Document:
    return {
        "_id": mark.key,
        "mongo_uploaded": mark.old_uploaded,
        "file_info.file_count": mark.old_count,
    }


def _event(mark: Mark, actor: Actor, operation: str, now: datetime) -> Document:
    pairs = (
        ("mongo_uploaded", mark.old_uploaded, mark.uploaded),
        ("file_info.file_count", mark.old_count, mark.file_info["file_count"]),
    )
    return {
        "at": now,
        "who": actor.name,
        "channel": actor.channel.value,
        "operation": operation,
        "changes": [
            {"field": name, "old": old, "new": new} for name, old, new in pairs if old != new
        ],
    }


def _collection() -> Collection[Document]:
    return main_collection(Batch.COLLECTION).with_options(codec_options=NAIVE)
