"""An archive that somebody uploads: received, verified, stored, and shown on its batch.

body → temporary file → verdict → store (services/uploads.py) → catalogue and marks. Memory stays
flat, and nothing reaches the store before its verdict.
"""

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Protocol

from bson import ObjectId
from django.conf import settings
from pymongo.errors import PyMongoError

from batches.rules.verdicts import VERDICT_LABELS, VerdictKind
from masks import store
from masks.queries.verdicts import file_of
from masks.rules.uploads import UploadError, check_length, stored_name
from masks.rules.verdicts import MEGABYTE, Limits, Verdict
from masks.services.sync import SyncBusyError, SyncError, run_sync, wait_for_run
from masks.services.uploads import (
    Archive,
    StoreDownError,
    put_archive,
    refuse_duplicate,
    sweep_abandoned,
)
from masks.services.verdicts import store_verdict
from masks.services.verifying import Options, VerifyReport, verify, verify_file
from segmentacion.actors import Actor
from segmentacion.disks import is_disk_full

logger = logging.getLogger("segmentacion.uploads")

PIECE_BYTES = 1_048_576
# What must stay free on the disk beside the archive itself.
ROOM_BYTES = 256 * 1_048_576
BUSY_SECONDS = 10.0
# An archive is read whole before it is kept, however long a button's verification may take.
LIMITS = Limits(seconds=120.0, expanded_bytes=16_384 * MEGABYTE)
ACCEPTED = {VerdictKind.WHOLE, VerdictKind.WARNING}


class Body(Protocol):
    """What is read of a request: OSError when the client went away, short when it hung up."""

    def read(self, size: int, /) -> bytes: ...


class NoRoomError(UploadError):
    def __init__(self) -> None:
        super().__init__(
            "El servidor no tiene espacio para recibir este archivo. No se guardó nada; avisa a "
            "quien opera el sistema."
        )


class InterruptedUploadError(UploadError):
    def __init__(self, received: int, length: int) -> None:
        super().__init__(
            f"La subida se interrumpió: llegaron {received:,} de {length:,} bytes. "
            "No se guardó nada; intenta de nuevo."
        )


class RefusedArchiveError(UploadError):
    """The archive is corrupt, cut or none at all; `verdict` says what was found."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(
            f"El archivo no sirve ({VERDICT_LABELS[verdict.kind]}): {verdict.reason}. "
            "No se guardó nada."
        )
        self.verdict = verdict


@dataclass(frozen=True)
class Upload:
    """What is asked: a file of `length` bytes, under this name, for this batch."""

    batch_id: str
    filename: str
    length: int
    uploaded_by: str


@dataclass(frozen=True)
class Stored:
    """What became of it. `unmarked` says why the ✅ does not show yet; empty when it does."""

    file_id: ObjectId
    filename: str
    length: int
    sha256: str
    verdict: Verdict
    unmarked: str


def receive(upload: Upload, body: Body, *, actor: Actor) -> Stored:
    """Take an archive in. Side effects: file, verdict, catalogue, marks; sweeps what was left.

    Raises an UploadError that says why it was refused: too large, another batch's name, no
    archive, cut off, no room, the store away, or (DuplicateUploadError) there already. After any
    of them nothing of it stays.
    """
    filename = check(upload)
    sweep_abandoned()
    with _temporary_file(upload.length) as file:
        sha256 = _copy(body, file, upload.length)
        refuse_duplicate(upload.batch_id, sha256)
        verdict = _verify(file, filename)
        archive = Archive(
            file, upload.length, sha256, upload.batch_id, filename, upload.uploaded_by
        )
        file_id = put_archive(archive)
    unmarked = _mark(actor) or _show_verdict(file_id, verdict, upload.length, actor)
    return Stored(file_id, filename, upload.length, sha256, verdict, unmarked)


def check(upload: Upload) -> str:
    """Return the name an upload would have in the store, before a byte of it is read.

    Raises an UploadError when it would be refused whatever its content.
    """
    check_length(upload.length, limit_mb=settings.UPLOAD_MAX_MB)
    filename = stored_name(upload.batch_id, upload.filename)
    try:
        store.file_document(ObjectId())
    except PyMongoError as error:
        raise StoreDownError from error
    return filename


@contextmanager
def _temporary_file(length: int) -> Iterator[BinaryIO]:
    """Give a file that has no name: whatever happens to this process, it is gone with it."""
    folder = settings.UPLOAD_FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < length + ROOM_BYTES:
            raise NoRoomError
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed below)
    except OSError as error:
        logger.exception("no temporary file in %s", folder)
        raise NoRoomError from error
    with file:
        yield file


def _copy(body: Body, file: BinaryIO, length: int) -> str:
    """Copy the body into the file; return its SHA-256. Raises an UploadError."""
    digest, received = hashlib.sha256(), 0
    while received < length:
        try:
            piece = body.read(min(PIECE_BYTES, length - received))
        except OSError as error:
            raise InterruptedUploadError(received, length) from error
        if not piece:
            raise InterruptedUploadError(received, length)
        digest.update(piece)
        received += len(piece)
        _append(file, piece)
    return digest.hexdigest()


def _append(file: BinaryIO, piece: bytes) -> None:
    try:
        file.write(piece)
        file.flush()
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise NoRoomError from error


def _verify(file: BinaryIO, filename: str) -> Verdict:
    """Return the archive's verdict. Raises RefusedArchiveError when it is not one to keep."""
    verdict = verify_file(file, filename, limits=LIMITS)
    if verdict.kind not in ACCEPTED:
        raise RefusedArchiveError(verdict)
    return verdict


def _mark(actor: Actor) -> str:
    """Sync, so that the ✅ shows at once; return why it does not, or "".

    The archive is stored whatever happens here: the next sync marks it.
    """
    try:
        try:
            run_sync(actor=actor)
        except SyncBusyError as busy:  # it may have read the store before this file was there
            wait_for_run(busy.run_id, seconds=BUSY_SECONDS)
            run_sync(actor=actor)
    except SyncError as error:
        return str(error)
    except PyMongoError:
        logger.exception("the sync after an upload failed")
        return "La base principal no respondió."
    return ""


def _show_verdict(file_id: ObjectId, verdict: Verdict, length: int, actor: Actor) -> str:
    """Keep the verdict and show it on catalogue and batch; return why not, or "".

    Lost, it costs a verification more, and nothing else.
    """
    now = datetime.now(UTC)
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    try:
        kept = {**verdict.as_document(), "length": length, "checked_at": now}
        store_verdict(file_id, kept, actor=actor)
        file = file_of(file_id)
        if file is None:
            return "El catálogo todavía no conoce el archivo."
        list(verify([file], actor=actor, options=Options(workers=1), report=VerifyReport()))
    except PyMongoError:
        logger.exception("the verdict of upload %s was not shown", file_id)
    return ""
