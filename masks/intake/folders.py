"""The three folders on disk: what is in them, and moves that a crash cannot cut in half.

A file is never overwritten and never removed before a copy of it was read back. Names that are
not UTF-8 are shown, and kept in the database, with their odd bytes as `\\xNN`.
"""

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import os
import stat
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from masks.intake.rules import Folder, Seal, why_skipped

IDENTITY = ".intake-id"
CODES = "codes.txt"
PIECE = 1024 * 1024
PARTS = ".intake-parts"  # inside a folder: copies that are not finished
AT_FDCWD, RENAME_NOREPLACE = -100, 1
_libc = ctypes.CDLL(None, use_errno=True)


class FolderError(Exception):
    """The folders cannot be used as they are: no image is at fault. The message says why."""


class ChangedError(Exception):
    """A file changed while it was copied: somebody still writes it."""


@dataclass(frozen=True)
class Entry:
    """Something in a folder; `skipped` says why it is no image to take, "" when it is one."""

    path: Path
    name: str
    seal: Seal
    skipped: str


@dataclass(frozen=True)
class Folders:
    """The three folders of an intake, under one root."""

    root: Path

    def of(self, folder: Folder) -> Path:
        return self.root / folder.value

    def path(self, folder: Folder, name: str) -> Path:
        """Return the path of a file by its name as shown."""
        path = self.of(folder) / name
        if "\\x" in name and not os.path.lexists(path):
            return next((e.path for e in self.entries(folder) if e.name == name), path)
        return path

    def prepare(self) -> None:
        """Make the folders that are missing. Raises FolderError."""
        for folder in Folder:
            with _explained(self.of(folder)):
                self.of(folder).mkdir(parents=True, exist_ok=True)

    def identity(self) -> str | None:
        """Return the id of these folders, the same on every host that has them; None before the
        first work in them. Raises FolderError."""
        try:
            return (self.root / IDENTITY).read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise FolderError(f"No se puede leer {self.root / IDENTITY}: {error}") from error

    def ensure_identity(self) -> str:
        """Return the id, given to the folders if they have none. Raises FolderError."""
        if found := self.identity():
            return found
        fresh = self.root / f"{IDENTITY}.{uuid.uuid4().hex}"
        with _explained(self.root), contextlib.ExitStack() as cleaning:
            cleaning.callback(fresh.unlink, missing_ok=True)
            with fresh.open("x", encoding="ascii") as file:
                file.write(uuid.uuid4().hex + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another was quicker: its id holds
                rename_new(fresh, self.root / IDENTITY)
            sync_folder(self.root)
        return self.identity() or ""

    @contextlib.contextmanager
    def locked(self) -> Iterator[bool]:
        """Keep other processes of this host out while the block runs; False: one is at work.

        The system frees the lock when the process dies, however it dies.
        """
        descriptor = os.open(self.root / IDENTITY, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            yield False
            return
        try:
            yield True
        finally:
            os.close(descriptor)

    def entries(self, folder: Folder) -> list[Entry]:
        """Return what is in a folder, in no order. Raises FolderError."""
        found = []
        with _explained(self.of(folder)), os.scandir(self.of(folder)) as listing:
            for item in listing:
                with contextlib.suppress(FileNotFoundError):  # went away meanwhile
                    found.append(_entry(item))
        return found

    def listing(self, folder: Folder) -> list[tuple[str, str]]:
        """Return what is in a folder by name, and why it is no image to take, or "": cheaper than
        `entries`, no file is looked at. Raises FolderError."""
        with _explained(self.of(folder)), os.scandir(self.of(folder)) as items:
            return [(name := shown(item.name), _skipped(item, name)) for item in items]

    def is_taken(self, folder: Folder, name: str) -> bool:
        """Tell whether a file cannot get this name: it, or a file archived before, has it."""
        return any(os.path.lexists(self.of(place) / name) for place in (folder, Folder.DONE))

    def sweep(self) -> int:
        """Remove copies that were never finished, of ours; return how many. Raises FolderError."""
        swept = 0
        for folder in (Folder.WORK, Folder.DONE):
            parts = self.of(folder) / PARTS
            with _explained(parts), contextlib.suppress(FileNotFoundError):
                for part in list(parts.iterdir()):
                    part.unlink(missing_ok=True)
                    swept += 1
                parts.rmdir()
        return swept

    def codes(self) -> Path | None:
        """Return the file of codes, beside the folders or among the images, if there is one."""
        places = (self.root / CODES, self.of(Folder.WAITING) / CODES)
        return next((place for place in places if place.is_file()), None)

    def check_writable(self, *folders: Folder) -> None:
        """Raise FolderError unless a file can be made in each of these folders, now."""
        for folder in folders:
            probe = self.of(folder) / f"{IDENTITY}.{uuid.uuid4().hex}"
            with _explained(self.of(folder)):
                probe.touch(exist_ok=False)
                probe.unlink()


def seal_of(path: Path) -> Seal | None:
    """Return the seal of a regular file; None when there is none (a link is none)."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return _seal(found) if stat.S_ISREG(found.st_mode) else None


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raises OSError."""
    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same_content(one: Path, other: Path) -> bool:
    """Tell whether two files have the same bytes."""
    return one.stat().st_size == other.stat().st_size and digest(one) == digest(other)


def pieces(path: Path, size: int) -> Iterator[bytes]:
    """Yield a file in pieces. Raises OSError; a link is not followed."""
    with _opened(path) as file:
        while piece := file.read(size):
            yield piece


def move(source: Path, target: Path) -> None:
    """Move a file, never over another one; `sync_folder` on both folders makes it last.

    Across file systems it is copied, the copy read back, then the original removed. Raises
    FileExistsError, ChangedError, OSError: the original is then where it was.
    """
    try:
        rename_new(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target)
        sync_folder(target.parent)
        source.unlink()


def sync_file(path: Path) -> None:
    """Make what others wrote into a file survive a power cut."""
    with _opened(path) as file:
        os.fsync(file.fileno())


def remove(path: Path) -> None:
    """Remove a file of which a copy was found whole."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def rename_new(source: Path, target: Path) -> None:
    """Rename in one step; FileExistsError where the name is taken (rename(2) would overwrite)."""
    rename = getattr(_libc, "renameat2", None)
    if rename is not None:
        names = os.fsencode(source), os.fsencode(target)
        if rename(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in {errno.ENOSYS, errno.EINVAL}:
            raise OSError(number, os.strerror(number), str(source), None, str(target))
    # A file system without it: nobody else works in these folders, so looking first will do.
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def shown(name: str) -> str:
    """Return a name as it is shown and stored: odd bytes as `\\xNN`."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _copy(source: Path, target: Path) -> None:
    before = seal_of(source)
    parts = target.parent / PARTS
    part = parts / uuid.uuid4().hex
    parts.mkdir(exist_ok=True)
    try:
        sent = hashlib.sha256()
        with part.open("xb") as copy:
            for piece in pieces(source, PIECE):
                sent.update(piece)
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
        if seal_of(source) != before or digest(part) != sent.hexdigest() or before is None:
            raise ChangedError(str(source))
        os.utime(part, ns=(before.mtime_ns, before.mtime_ns))
        rename_new(part, target)
    finally:
        part.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others of ours are in it, after a crash
            parts.rmdir()


@contextlib.contextmanager
def _explained(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FolderError(f"No se puede usar {place}: {error.strerror or error}") from error


def _opened(path: Path) -> BufferedReader:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _entry(item: "os.DirEntry[str]") -> Entry:
    name = shown(item.name)
    seal = _seal(item.stat(follow_symlinks=False))
    return Entry(Path(item.path), name, seal, _skipped(item, name))


def _skipped(item: "os.DirEntry[str]", name: str) -> str:
    """Return why something is no image to take, or ""."""
    regular = item.is_file(follow_symlinks=False)
    reason = why_skipped(name, regular=regular, kind="" if regular else _kind(item))
    return "lista de códigos" if not reason and name == CODES else reason


def _kind(item: "os.DirEntry[str]") -> str:
    if item.is_symlink():
        return "un enlace"
    return "una carpeta" if item.is_dir(follow_symlinks=False) else "otra cosa"


def _seal(found: os.stat_result) -> Seal:
    return Seal(found.st_ino, found.st_size, found.st_mtime_ns)
