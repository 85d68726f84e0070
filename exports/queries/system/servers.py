"""The two database servers: kind, version, sizes, or why they do not answer."""

from typing import Any

import pymongo
from django.conf import settings
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from exports.rules.system import Server
from segmentacion.mongo.clients import main_database, store_database
from segmentacion.mongo.embedded import EmbeddedError
from segmentacion.mongo.errors import database_cause
from segmentacion.mongo.server import is_embedded

# Each server has its own share of the four seconds that a page may wait.
MAIN_SECONDS, STORE_SECONDS = 1.5, 1.5


def main_server() -> Server:
    with pymongo.timeout(MAIN_SECONDS):
        return _read(settings.MONGO_DB, main_database, embedded=is_embedded())


def store_server() -> Server:
    embedded = is_embedded() and not settings.TRAINING_MONGO_URI
    with pymongo.timeout(STORE_SECONDS):
        return _read(settings.TRAINING_DB, store_database, embedded=embedded)


def same_server() -> bool:
    """Tell whether both are one server by the settings."""
    return settings.TRAINING_MONGO_URI in {"", settings.MONGO_URI}


def _read(name: str, open_database: Any, *, embedded: bool) -> Server:
    try:
        database: Database[dict[str, Any]] = open_database()
        return _answered(database, database.command("hello"), embedded=embedded)
    except (PyMongoError, EmbeddedError) as error:
        return Server(reachable=False, database=name, error=_reason(error))


def _answered(database: Database[Any], hello: dict[str, Any], *, embedded: bool) -> Server:
    sizes = _if_allowed(database, "dbStats")
    kind = kind_of(hello)
    return Server(
        reachable=True,
        database=database.name,
        kind=f"{kind}, incluido" if embedded else kind,
        version=str(_if_allowed(database, "buildInfo").get("version", "")),
        hosts=tuple(sorted(f"{host}:{port}" for host, port in database.client.nodes)),
        data_bytes=_whole(sizes.get("dataSize")),
        disk_bytes=_whole(sizes.get("totalSize", sizes.get("storageSize"))),
        documents=_whole(sizes.get("objects")),
    )


def kind_of(hello: dict[str, Any]) -> str:
    """Return what a server is by its answer to `hello`."""
    if hello.get("msg") == "isdbgrid":
        return "clúster con fragmentos"
    if not hello.get("setName"):
        return "independiente"
    members = len(hello.get("hosts", ()))
    return f"conjunto de réplicas de {members}" if members > 1 else "conjunto de réplicas"


def _if_allowed(database: Database[Any], command: str) -> dict[str, Any]:
    try:
        return dict(database.command(command))
    except OperationFailure:  # an account may be allowed to read and write, and not this
        return {}


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _reason(error: BaseException) -> str:
    cause = database_cause(error)
    if isinstance(cause, OperationFailure):
        return "No permite entrar o leer con la cuenta configurada."
    return "No respondió a tiempo."
