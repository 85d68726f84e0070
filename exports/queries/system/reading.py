"""All parts together, as this host sees them now."""

import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from exports.queries.system.servers import main_server, same_server, store_server
from exports.queries.system.work import read_work
from exports.rules.system import Folder, System, Traffic
from segmentacion.mongo.clients import Document
from segmentacion.mongo.errors import is_unreachable
from segmentacion.mongo.tallies import day_of


def read_system() -> System:
    """Return how everything is. A server that does not answer is part of the answer."""
    main = main_server()
    work, traffic = None, None
    if main.reachable:
        try:
            work, traffic = read_work(), _traffic(day_of())
        except Exception as error:
            if not is_unreachable(error):
                raise
    return System(
        at=datetime.now(UTC),
        host=socket.gethostname(),
        main=main,
        store=store_server(),
        same_server=same_server(),
        folders=tuple(_folders()),
        work=work,
        traffic=traffic,
    )


def _folders() -> list[Folder]:
    named = {
        "Datos del servidor": settings.DATA_FOLDER,
        "Respaldos": settings.BACKUP_DIRECTORY,
        "Imágenes": settings.DATA_DIRECTORY,
    }
    return [_folder(name, Path(path)) for name, path in named.items()]


def _folder(name: str, path: Path) -> Folder:
    """Return the room of the disk a folder is on; one not made yet will be on its parent's."""
    there = next((place for place in (path, *path.parents) if place.is_dir()), path)
    try:
        usage, disk = shutil.disk_usage(there), there.stat().st_dev
    except OSError:
        return Folder(name, str(path), 0, 0, disk=-1)
    return Folder(name, str(path), usage.free, usage.total, disk=disk)


def _traffic(day: Document) -> Traffic:
    return Traffic(
        requests=int(day.get("requests", 0)),
        errors=int(day.get("errors", 0)),
        slow_count=int(day.get("slow_count", 0)),
        slow=tuple(reversed(day.get("slow", []))),
        failed=tuple(reversed(day.get("failed", []))),
    )
