"""A trial: the backup loaded into a scratch database of the same server, compared, dropped.

The scratch database always has the same name, so that an account may be given the right to it and
to no other (`deploy/mongodb_accounts.py`). Each trial has collections of its own in it.
"""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bson import ObjectId
from django.conf import settings
from pymongo.database import Database
from pymongo.errors import OperationFailure

from exports.rules.backup import BackupError
from exports.services.backups.progress import Progress, Stage
from exports.services.backups.reading import BackupReader
from exports.services.contents import Contents, contents_of, insert
from exports.services.extended_json import encode, from_json
from segmentacion.mongo.clients import Document, main_database
from segmentacion.mongo.errors import is_permission_error

SKIPPED = "sin restauración de prueba: la cuenta no puede usar la base {} en este servidor"
# What a trial that was cut off left behind goes with a later one.
LEFT_AFTER = timedelta(hours=24)


def scratch_name() -> str:
    """Return the name of the database that trials use."""
    return f"{settings.MONGO_DB[:50]}_prueba"


def try_restore(path: Path) -> Generator[Progress, None, str]:
    """Load a backup into collections of their own, compare and drop them.

    Returns "" when it came back whole, or the reason why it could not be tried. Raises
    BackupError when what came back is not what the file holds.
    """
    scratch: Database[Document] = main_database().client[scratch_name()]
    trial = ObjectId()
    try:
        _drop_leftovers(scratch)
        yield from _load(BackupReader(path), scratch, trial)
    except OperationFailure as error:
        if not is_permission_error(error):
            raise
        return SKIPPED.format(scratch.name)
    finally:
        _drop(scratch, trial)
    return ""


def _load(
    reader: BackupReader, scratch: Database[Document], trial: ObjectId
) -> Generator[Progress, None, None]:
    wanted = {section: Contents() for section in reader.sections}
    done = 0
    for stretch in reader.stretches():
        raws = [encode(from_json(element)) for element in stretch.elements]
        insert(scratch[f"{trial}.{stretch.section}"], raws)
        wanted[stretch.section].add(raws)
        done += len(raws)
        yield Progress(Stage.TRIAL, done, reader.total)
    for section, contents in wanted.items():
        if contents_of(scratch[f"{trial}.{section}"]) != contents:
            raise BackupError(
                f"{reader.path.name}: al restaurarlo de prueba, {section} no es igual."
            )


def _drop(scratch: Database[Document], trial: ObjectId) -> None:
    try:
        for name in scratch.list_collection_names(filter={"name": {"$regex": f"^{trial}\\."}}):
            scratch.drop_collection(name)
    except OperationFailure as error:
        if not is_permission_error(error):
            raise


def _drop_leftovers(scratch: Database[Document]) -> None:
    before = datetime.now(UTC) - LEFT_AFTER
    for name in scratch.list_collection_names():
        trial = name.partition(".")[0]
        if ObjectId.is_valid(trial) and ObjectId(trial).generation_time < before:
            scratch.drop_collection(name)
