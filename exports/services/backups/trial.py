"""A trial: the backup loaded into a scratch database of the same server, compared, dropped."""

import secrets
from collections.abc import Generator
from pathlib import Path

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

SKIPPED = "sin restauración de prueba: la cuenta no puede crear otra base en este servidor"


def try_restore(path: Path) -> Generator[Progress, None, str]:
    """Load a backup into a database of its own, compare and drop it.

    Returns "" when it came back whole, or the reason why it could not be tried. Raises
    BackupError when what came back is not what the file holds.
    """
    name = f"{settings.MONGO_DB[:40]}_prueba_{secrets.token_hex(4)}"
    scratch: Database[Document] = main_database().client[name]
    try:
        yield from _load(BackupReader(path), scratch)
    except OperationFailure as error:
        if not is_permission_error(error):
            raise
        return SKIPPED
    finally:
        _drop(scratch)
    return ""


def _load(reader: BackupReader, scratch: Database[Document]) -> Generator[Progress, None, None]:
    wanted = {section: Contents() for section in reader.sections}
    done = 0
    for stretch in reader.stretches():
        raws = [encode(from_json(element)) for element in stretch.elements]
        insert(scratch[stretch.section], raws)
        wanted[stretch.section].add(raws)
        done += len(raws)
        yield Progress(Stage.TRIAL, done, reader.total)
    for section, contents in wanted.items():
        if contents_of(scratch[section]) != contents:
            raise BackupError(
                f"{reader.path.name}: al restaurarlo de prueba, {section} no es igual."
            )


def _drop(scratch: Database[Document]) -> None:
    try:
        scratch.client.drop_database(scratch.name)
    except OperationFailure as error:
        if not is_permission_error(error):
            raise
