"""The swap, and the journal that lets a restore that was cut off be completed or taken back.

Steps of a journal (`restores`), in order:

- `loading`: staging collections are being filled. Cut off here they are dropped, nothing changed.
- `swapping`: checked; each takes the place of its target, one rename after another. Cut off here
  the rest is renamed; only if none was and the data changed since, all are dropped.
- `done`: renamed, versions raised, operation recorded.
- `abandoned`: dropped; nothing changed.
"""

import re
import secrets
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from batches.models import Batch
from batches.services import operations
from batches.services.operations import Kind
from exports.models import RestoreJournal
from exports.rules.backup import (
    BATCHES,
    PEOPLE,
    SECTIONS,
    BackupError,
    ChangedMeanwhileError,
)
from exports.rules.restoring import RestorePlan
from exports.services.backups.progress import Progress, Stage
from exports.services.restoring.planning import data_versions
from exports.services.restoring.resolving import Restoring
from exports.services.restoring.staging import drop, staging, staging_name
from segmentacion.actors import Actor, Channel
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection
from segmentacion.mongo.leases import COLLECTION as LEASES

RAISED = ("crew", "batches", "batch_ids")
# Collections that are ours to remove: trials of renaming, and staging collections.
LEFT_OVER = re.compile(
    rf"restore_(?:probe_[0-9a-f]{{8}}(?:_to)?|[0-9a-f]{{24}}_(?:{'|'.join(SECTIONS)}))"
)
KEYS_AT_MOST = 200_000
CANNOT_RENAME = (
    "Esta cuenta o este servidor no permite cambiar el nombre de una colección "
    "(renameCollection), y sin eso no se puede restaurar. No se cambió nada."
)

CHANGED = (
    "Alguien cambió datos mientras se preparaba la restauración. No se cambió nada: "
    "intenta de nuevo."
)


def check_may_rename() -> None:
    """Rename an empty collection for trial. Raises BackupError where that is not possible."""
    database = main_collection(BATCHES).database
    name = f"restore_probe_{secrets.token_hex(4)}"
    try:
        database.create_collection(name)
        database.create_collection(f"{name}_to")
        _rename(name, f"{name}_to")
    except OperationFailure as error:
        raise BackupError(CANNOT_RENAME) from error
    finally:
        for made in (name, f"{name}_to"):
            try:
                database.drop_collection(made)
            except OperationFailure:
                continue


def begin(run: Restoring, *, safety: str) -> None:
    """Write the journal before anything is loaded."""
    _journal().insert_one(
        {
            "_id": run.operation,
            "file": str(run.reader.path),
            "step": "loading",
            "started_at": run.at,
            "who": run.actor.name,
            "channel": run.actor.channel.value,
            "safety": safety,
            "renames": ordered(run.how),
            "versions": [],
            "changes": 0,
        }
    )


def ordered(sections: Any) -> list[str]:
    """Return sections in the order they are swapped: people before the batches they hold."""
    first = [name for name in (PEOPLE, BATCHES) if name in sections]
    return first + [name for name in sections if name not in first]


def swap(run: Restoring, plan: RestorePlan) -> Generator[Progress, None, None]:
    """Put what was loaded in its place. Raises ChangedMeanwhileError, nothing changed then."""
    entry = {"step": "swapping", "versions": list(plan.versions), "changes": plan.changes}
    _journal().update_one({"_id": run.operation}, {"$set": entry})
    if data_versions() != plan.versions:
        abandon(run.operation, ordered(run.how))
        raise ChangedMeanwhileError(CHANGED)
    names = ordered(run.how)
    for number, section in enumerate(names, start=1):
        _put_in_place(run.operation, section, first=number == 1)
        yield Progress(Stage.SWAP, number, len(names))
    close(_journal().find_one({"_id": run.operation}) or {})


def close(journal: Document) -> None:
    """Make the swap known: versions, the operation's record, the journal. Repeating is harmless."""
    operation = journal["_id"]
    for name in RAISED:
        versions.bump(name)
    # What the sync remembers is of the batches that were here: its next run reads everything.
    main_collection(LEASES).update_one({"_id": "sync_masks"}, {"$unset": {"state": ""}})
    touched = main_collection(Batch.COLLECTION).find(
        {"history.operation": operation}, {"_id": 1}, limit=KEYS_AT_MOST
    )
    actor = Actor(journal["who"], Channel(journal["channel"]))
    file, safety = (str(journal[name]).rpartition("/")[2] for name in ("file", "safety"))
    operations.begin(
        operation,
        kind=Kind.RESTORE_BACKUP,
        actor=actor,
        keys=[document["_id"] for document in touched],
        fields=[],
        summary=f"{file}; para volver atrás: restore {safety}",
    )
    operations.finish(operation, changed=int(journal.get("changes") or 0))
    done = {"step": "done", "finished_at": datetime.now(UTC)}
    _journal().update_one({"_id": operation}, {"$set": done})


def abandon(operation: str, sections: Sequence[str]) -> None:
    """Drop what was loaded; nothing changed."""
    drop(operation, sections)
    done = {"step": "abandoned", "finished_at": datetime.now(UTC)}
    _journal().update_one({"_id": operation}, {"$set": done})


def pending() -> list[Document]:
    """Return the journals of restores that were cut off, oldest first."""
    found = _journal().find({"step": {"$in": ["loading", "swapping"]}})
    return list(found.sort("started_at"))


def complete(journal: Document) -> bool:
    """Carry a restore that was cut off to its end; return whether the data was replaced."""
    operation, names = journal["_id"], list(journal["renames"])
    waiting = [name for name in names if _exists(operation, name)]
    untouched = len(waiting) == len(names)
    changed = untouched and list(data_versions()) != list(journal["versions"])
    if journal["step"] == "loading" or changed:
        abandon(operation, names)
        return False
    for name in waiting:
        _put_in_place(operation, name, first=False)
    close(journal)
    return True


def left_over() -> list[Collection[Document]]:
    """Return the collections of restores. Where none is pending, a process died between making
    one and saying so, or the server made one after its process had died."""
    found = []
    for database in {c.database.name: c.database for c in map(main_collection, SECTIONS)}.values():
        names = database.list_collection_names(filter={"name": {"$regex": "^restore_"}})
        found += [database[name] for name in names if LEFT_OVER.fullmatch(name)]
    return found


def _exists(operation: str, section: str) -> bool:
    place = staging(operation, section)
    return bool(place.database.list_collection_names(filter={"name": place.name}))


def _put_in_place(operation: str, section: str, *, first: bool) -> None:
    try:
        _rename(staging_name(operation, section), section)
    except OperationFailure as error:
        if not first:
            raise
        raise BackupError(f"{CANNOT_RENAME} ({error.details})") from error


def _rename(name: str, section: str) -> None:
    """Give a collection the name of its target, in the target's database, at once."""
    database = main_collection(section).database
    database.client.admin.command(
        "renameCollection",
        f"{database.name}.{name}",
        to=f"{database.name}.{section}",
        dropTarget=True,
        writeConcern={"w": "majority"},
    )


def _journal() -> Any:
    return main_collection(RestoreJournal.COLLECTION)
