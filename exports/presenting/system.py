"""How the system is, in the words of the page «Sistema»."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from exports.rules.system import (
    Folder,
    Server,
    State,
    System,
    Traffic,
    Work,
    backup_age,
    by_disk,
    problems,
    room,
    sync_age,
    worst,
)

MODES = {"stream": "por flujo de cambios", "poll": "preguntando cada pocos segundos"}
SHOWN = 20


@dataclass(frozen=True)
class Line:
    """A figure of the page: how its value is shown (`text`, `count`, `bytes`, `moment`)."""

    label: str
    value: Any
    kind: str = "text"
    state: State | None = None
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A card of the page."""

    key: str
    title: str
    icon: str
    lines: list[Line]

    @property
    def state(self) -> State:
        return worst([line.state for line in self.lines if line.state is not None])


def as_page(system: System) -> dict[str, Any]:
    """Return what the templates show."""
    found = problems(system)
    sections = [_server("main", "Base principal", system.main), _store(system)]
    if system.work is not None:
        sections += _work(system.work, system)
    traffic = system.traffic or Traffic()
    return {
        "at": system.at,
        "host": system.host,
        "problems": found,
        "state": worst([problem.state for problem in found]),
        "sections": sections,
        "disks": [_disk(folders) for folders in by_disk(system.folders)],
        "traffic": traffic,
        "slow": traffic.slow[:SHOWN],
        "failed": traffic.failed[:SHOWN],
        "threshold": settings.SLOW_REQUEST_MS,
    }


def _server(key: str, title: str, server: Server) -> Section:
    if not server.reachable:
        down = Line("Estado", "No responde", state=State.BAD, note=server.error)
        return Section(key, title, "data", [down, Line("Base", server.database)])
    size = Line("En disco", server.disk_bytes, "bytes")
    lines = [
        Line("Estado", "Responde", state=State.GOOD),
        Line("Base", server.database),
        Line("Tipo", server.kind),
        Line("MongoDB", server.version or "—"),
        Line("Servidor", ", ".join(server.hosts)),
        Line("Documentos", server.documents, "count"),
        size,
    ]
    return Section(key, title, "data", lines)


def _store(system: System) -> Section:
    section = _server("store", "Almacén de máscaras", system.store)
    if system.same_server and system.store.reachable:
        section.lines[2:5] = [Line("Servidor", "el mismo de la base principal")]
    return section


def _work(work: Work, system: System) -> list[Section]:
    return [_sync(work, system), _backups(work, system), _images(work)]


def _sync(work: Work, system: System) -> Section:
    state: State | None = sync_age(work.last_sync, system.at)
    if work.sync_failed:
        state = State.WARN
    elif work.nothing_yet:
        state = None
    watcher = work.watcher
    following = Line(
        "En vivo",
        MODES.get(watcher.mode, watcher.mode) if watcher else "nadie sigue el almacén",
        state=State.GOOD if watcher else State.WARN,
        note=f"desde {watcher.host}" if watcher and watcher.host != system.host else "",
    )
    last = Line("Última buena", work.last_sync, "moment", state)
    marks = Line("Cargados a Mongo", f"{work.uploaded:,} de {work.batches:,}")
    failed = [Line("La última", "no se hizo", state=State.WARN)] if work.sync_failed else []
    return Section("sync", "Sincronización", "sync", [last, *failed, following, marks])


def _backups(work: Work, system: System) -> Section:
    state = backup_age(work.last_backup, system.at)
    lines = [Line("Último bueno", work.last_backup, "moment", state)]
    if work.backup_failed:
        lines.append(Line("El más reciente", "falló", state=State.BAD))
    lines += [
        Line("Tamaño", work.backup_bytes, "bytes"),
        Line("Guardados", work.backups, "count"),
    ]
    return Section("backups", "Respaldos", "download", lines)


def _images(work: Work) -> Section:
    intake = work.intake
    failed = State.WARN if intake.failed else State.GOOD
    lines = [
        Line("En espera", intake.queue, "count"),
        Line("Por subir", intake.pending, "count"),
        Line("Se reintentan", intake.retrying, "count"),
        Line("Necesitan a alguien", intake.failed, "count", failed),
        Line("Archivadas", intake.archived, "count"),
    ]
    if intake.working:
        lines.append(Line("Trabaja en ellas", intake.working))
    if intake.trouble:
        lines.insert(0, Line("Carpetas", "no se pueden usar", state=State.WARN))
    return Section("intake", "Imágenes", "image", lines)


def _disk(folders: list[Folder]) -> dict[str, Any]:
    first = folders[0]
    used = first.total - first.free
    return {
        "name": " · ".join(folder.name for folder in folders),
        "paths": [folder.path for folder in folders],
        "free": first.free,
        "total": first.total,
        "used": round(100 * used / first.total) if first.total else 0,
        "state": room(first),
    }
