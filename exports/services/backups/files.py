"""A backup as a file: written beside its place, read back, and only then given its name."""

import fcntl
import os
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from pymongo.errors import PyMongoError

from exports.rules.backup import PART_NAME, PART_SUFFIX, BackupError, Integrity, file_name
from exports.services.backups.dumping import Dump, is_snapshot_failure
from exports.services.backups.progress import Progress, Stage
from exports.services.backups.reading import BackupReader
from exports.services.saving import why

Engine = Generator[Progress, None, "BackupFile"]


@dataclass(frozen=True)
class BackupFile:
    """A backup that was written, read back and found whole."""

    path: Path
    created_at: datetime
    size: int
    integrity: Integrity
    counts: dict[str, int] = field(default_factory=dict)
    consistent: bool = True


def folder() -> Path:
    """Return where backups go when nobody says otherwise."""
    return Path(settings.BACKUP_DIRECTORY)


def write_backup(to: Path | None = None) -> Engine:
    """Write a backup into a folder; yield progress, return the file.

    Side effects: makes the folder; removes what interrupted backups left in it. Until the
    content is on the disk and was read back, the file is a `.part` that nothing takes for a
    backup. Raises BackupError (no space, no permission), PyMongoError.
    """
    place = to or folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
        remove_orphans(place)
        return (yield from _written(place))
    except OSError as error:
        raise BackupError(f"No se pudo guardar el respaldo en {place}: {why(error)}.") from error


def remove_orphans(place: Path) -> list[str]:
    """Remove what backups that were cut off left; one that is being written holds its lock."""
    removed = []
    for part in place.iterdir():
        if PART_NAME.fullmatch(part.name):
            with part.open("rb") as file:
                if lock(file):
                    part.unlink(missing_ok=True)
                    removed.append(part.name)
    return removed


def check_file(path: Path) -> Generator[Progress, None, BackupReader]:
    """Read a backup to its end. Raises BadBackupError when it is not whole."""
    reader = BackupReader(path)
    done = 0
    for stretch in reader.stretches():
        done += len(stretch.elements)
        yield Progress(Stage.CHECK, done, reader.total)
    return reader


def _written(place: Path) -> Engine:
    dump = Dump()
    part = place / f"{dump.name}.{os.getpid()}{PART_SUFFIX}"
    with part.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)  # names and e-mail addresses of people
        lock(file)
        try:
            dump = yield from _fill(file, dump)
            yield from _check_same(part, dump)
            path = _give_name(part, place, dump)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        size = file.tell()
    assert dump.integrity is not None
    return BackupFile(path, dump.moment, size, dump.integrity, dump.counts, dump.snapshot)


def _fill(file: IO[bytes], dump: Dump) -> Generator[Progress, None, Dump]:
    """Write the bytes and bring them to the disk. A point in time that the server cannot keep
    for long enough is given up for a backup that says it has none."""
    try:
        for piece in dump:
            file.write(piece)
            yield Progress(Stage.WRITE, dump.written, dump.total)
    except PyMongoError as error:
        if not (dump.snapshot and is_snapshot_failure(error)):
            raise
        file.seek(0)
        file.truncate()
        dump = Dump(snapshot=False)
        for piece in dump:
            file.write(piece)
            yield Progress(Stage.WRITE, dump.written, dump.total)
    file.flush()
    os.fsync(file.fileno())
    return dump


def _check_same(part: Path, dump: Dump) -> Generator[Progress, None, None]:
    reader = yield from check_file(part)
    if reader.integrity != dump.integrity:
        raise BackupError(f"{dump.name}: el disco no devuelve lo que se escribió.")


def _give_name(part: Path, place: Path, dump: Dump) -> Path:
    """Give the file its name, never that of another backup, and bring that to the disk too."""
    stem, number = datetime.strptime(dump.name[-20:-5], "%Y%m%d_%H%M%S"), 0  # noqa: DTZ007
    while True:
        path = place / file_name(stem, number)
        try:
            os.link(part, path)
        except FileExistsError:
            number += 1
            continue
        except OSError:  # a file system without links
            if path.exists():
                number += 1
                continue
            part.rename(path)
        part.unlink(missing_ok=True)
        break
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path


def lock(file: IO[Any]) -> bool:
    """Lock an open file for as long as it is open; tell whether nobody else has."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
