"""How the system is, and what of it needs somebody. Plain Python, no clock: time is an argument."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

SYNC_OLD = timedelta(hours=1)
BACKUP_LATE = timedelta(hours=26)
BACKUP_OLD = timedelta(days=3)
GIGABYTE = 1 << 30
# Below this share, or this many bytes, a folder is short of room; then nearly full.
LITTLE_ROOM, LITTLE_BYTES = 0.10, 2 * GIGABYTE
NO_ROOM, NO_BYTES = 0.03, GIGABYTE // 2


class State(StrEnum):
    """How something is; the worst of several is theirs together."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Server:
    """A database server as it answered, or why it did not."""

    reachable: bool
    database: str
    kind: str = ""
    version: str = ""
    hosts: tuple[str, ...] = ()
    data_bytes: int | None = None
    disk_bytes: int | None = None
    documents: int | None = None
    error: str = ""


@dataclass(frozen=True)
class Watcher:
    """The program that follows the mask store, when one does."""

    host: str
    mode: str


@dataclass(frozen=True)
class Intake:
    """Images by where they are; `failed` need a person, `trouble` says what is wrong with the
    folders."""

    queue: int = 0
    pending: int = 0
    retrying: int = 0
    failed: int = 0
    archived: int = 0
    working: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Work:
    """What the product does by itself: sync, watcher, backups, intake."""

    last_sync: datetime | None = None
    sync_failed: str = ""
    uploaded: int = 0
    batches: int = 0
    nothing_yet: bool = False  # neither batches nor files of masks: nothing to be late with
    watcher: Watcher | None = None
    last_backup: datetime | None = None
    backup_bytes: int | None = None
    backup_failed: str = ""
    backups: int = 0
    intake: Intake = Intake()


@dataclass(frozen=True)
class Folder:
    """A folder of ours and the room of the disk it is on; `total` 0 when it cannot be told."""

    name: str
    path: str
    free: int
    total: int
    disk: int = 0  # equal for folders of one disk


@dataclass(frozen=True)
class Traffic:
    """Requests of today, of all workers and hosts; the newest slow and failed ones first."""

    requests: int = 0
    errors: int = 0
    slow_count: int = 0
    slow: tuple[dict[str, Any], ...] = ()
    failed: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class System:
    """All of it, as one host saw it. What needs the main database is None while that is down."""

    at: datetime
    host: str
    main: Server
    store: Server
    same_server: bool
    folders: tuple[Folder, ...] = ()
    work: Work | None = None
    traffic: Traffic | None = None


@dataclass(frozen=True)
class Problem:
    """Something that needs somebody: what it is, and what to do about it."""

    state: State
    text: str
    advice: str


@dataclass
class _Found:
    problems: list[Problem] = field(default_factory=list)

    def warn(self, text: str, advice: str) -> None:
        self.problems.append(Problem(State.WARN, text, advice))

    def bad(self, text: str, advice: str) -> None:
        self.problems.append(Problem(State.BAD, text, advice))


def worst(states: list[State]) -> State:
    """Return the worst of them; GOOD of none."""
    return max(states, key=list(State).index, default=State.GOOD)


def room(folder: Folder) -> State:
    """Tell whether a folder's disk has room left."""
    if not folder.total:
        return State.BAD
    share = folder.free / folder.total
    if share < NO_ROOM or folder.free < NO_BYTES:
        return State.BAD
    return State.WARN if share < LITTLE_ROOM or folder.free < LITTLE_BYTES else State.GOOD


def by_disk(folders: Iterable[Folder]) -> list[list[Folder]]:
    """Return the folders in groups that share a disk, in their order."""
    disks: dict[int, list[Folder]] = {}
    for folder in folders:
        disks.setdefault(folder.disk, []).append(folder)
    return list(disks.values())


def backup_age(last: datetime | None, now: datetime) -> State:
    """Tell whether the last good backup is recent enough."""
    if last is None or now - last > BACKUP_OLD:
        return State.BAD if last else State.WARN
    return State.WARN if now - last > BACKUP_LATE else State.GOOD


def sync_age(last: datetime | None, now: datetime) -> State:
    """Tell whether the marks are in line with the store."""
    return State.GOOD if last is not None and now - last <= SYNC_OLD else State.WARN


def problems(system: System) -> list[Problem]:
    """Return what needs somebody, the worst first."""
    found = _Found()
    _servers(system, found)
    if system.work is not None:
        _syncing(system.work, system.at, found)
        _backups(system.work, system.at, found)
        _images(system.work, found)
    _disks(system, found)
    if system.traffic is not None and system.traffic.errors:
        found.warn(
            f"Peticiones que fallaron hoy: {system.traffic.errors:,}",
            "Abajo están las más recientes; con su identificador se hallan en la bitácora.",
        )
    return sorted(found.problems, key=lambda problem: problem.state is State.WARN)


def _servers(system: System, found: _Found) -> None:
    if not system.main.reachable:
        found.bad("La base principal no responde", "Revisa el servidor de MONGO_URI.")
    if not system.store.reachable:
        found.bad(
            "El almacén de máscaras no responde",
            "Lo demás sigue funcionando. Revisa el servidor de TRAINING_MONGO_URI.",
        )


def _syncing(work: Work, now: datetime, found: _Found) -> None:
    if work.sync_failed:
        found.warn("La última sincronización no se hizo", work.sync_failed)
    elif not work.nothing_yet and sync_age(work.last_sync, now) is not State.GOOD:
        found.warn("Las marcas no se han sincronizado hace más de una hora", "Abre Máscaras.")
    if work.watcher is None:
        found.warn(
            "Nadie sigue el almacén en vivo",
            "Lo hace «serve» con SUPERVISE=true, o «manage.py sync_masks --watch» aparte.",
        )


def _backups(work: Work, now: datetime, found: _Found) -> None:
    advice = (
        "Haz uno en Datos. El diario lo hace «serve» con BACKUP_DAILY=true; sin él, programa "
        "«manage.py backup --scheduled»."
    )
    if work.backup_failed:
        found.bad("El último respaldo falló", work.backup_failed)
    state = backup_age(work.last_backup, now)
    if work.last_backup is None:
        found.warn("Todavía no hay un respaldo bueno", advice)
    elif state is State.BAD:
        found.bad("El último respaldo bueno tiene más de tres días", advice)
    elif state is State.WARN:
        found.warn("Ayer no hubo un respaldo bueno", advice)


def _images(work: Work, found: _Found) -> None:
    if work.intake.trouble:
        found.warn("Las carpetas de imágenes no se pueden usar", work.intake.trouble)
    if work.intake.failed:
        found.warn(
            f"Imágenes que no se pudieron procesar o subir: {work.intake.failed:,}",
            "La página Imágenes dice por qué.",
        )


def _disks(system: System, found: _Found) -> None:
    for folders in by_disk(system.folders):
        state = room(folders[0])
        names = ", ".join(folder.name for folder in folders)
        if not folders[0].total:
            found.bad(f"No se puede leer: {names}", folders[0].path)
        elif state is State.BAD:
            found.bad(f"Casi no queda espacio en el disco de: {names}", folders[0].path)
        elif state is State.WARN:
            found.warn(f"Queda poco espacio en el disco de: {names}", folders[0].path)


def latencies(documents: list[dict[str, Any]], classes: int) -> "Iterator[Latency]":
    """Yield the histogram of each route and method, over statuses, from the stored counts."""
    totals: dict[tuple[str, str], Latency] = {}
    for counts in documents:
        key = (str(counts["route"]), str(counts["method"]))
        total = totals.setdefault(key, Latency(*key, [0] * classes))
        total.count += int(counts.get("count", 0))
        total.seconds += float(counts.get("seconds", 0.0))
        total.commands += int(counts.get("commands", 0))
        for number, times in counts.get("classes", {}).items():
            if str(number).isdigit() and int(number) < classes:
                total.classes[int(number)] += int(times)
    yield from (totals[key] for key in sorted(totals))


@dataclass
class Latency:
    """How long the requests of a route took, in classes; what they asked of the databases."""

    route: str
    method: str
    classes: list[int]
    count: int = 0
    seconds: float = 0.0
    commands: int = 0
