"""Waiting until a mongod of ours accepts writes, and bringing its replica set to that point."""

from __future__ import annotations

import logging
import socket
import time
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from .errors import EmbeddedStartError
from .process import REPLICA_SET, Running

logger = logging.getLogger(__name__)

_POLL = 0.02
_NOT_YET_INITIALIZED = 94
_ALREADY_INITIALIZED = 23

_Client = MongoClient[dict[str, Any]]


class MongodExited(Exception):
    """The process ended before it accepted writes; the caller knows where its log is."""


def wait_until_writable(running: Running, *, timeout: float) -> str:
    """Return mongod's version once it is a writable primary.

    Initiates the replica set where there is none yet, and gives its one member the present
    port where the server has moved. Raises MongodExited, or EmbeddedStartError after
    ``timeout`` seconds; the process is then left to go on: a long recovery may need it, and
    the next call joins it.
    """
    deadline = time.monotonic() + timeout
    while not _accepts_connections(running.port):
        _pause(running, deadline)
    with _connect(running.port) as client:
        while (version := _version_once_writable(client, running)) is None:
            _pause(running, deadline)
        return version


def _connect(port: int) -> _Client:
    """A client whose every operation ends, so that the deadline is looked at."""
    return MongoClient(
        "127.0.0.1",
        port,
        directConnection=True,
        serverSelectionTimeoutMS=1000,
        socketTimeoutMS=20_000,
    )


def _pause(running: Running, deadline: float) -> None:
    if not running.is_alive():
        raise MongodExited
    if time.monotonic() >= deadline:
        raise EmbeddedStartError(
            "MongoDB tarda demasiado en quedar listo. Sigue arrancando en segundo plano: "
            "espera un momento e intenta de nuevo.",
            detail=f"mongod {running.process.pid} on port {running.port} is not writable yet",
        )
    time.sleep(_POLL)


def _accepts_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _version_once_writable(client: _Client, running: Running) -> str | None:
    """One look. Any failure means "not yet": what is final ends the process or the wait."""
    try:
        if not _serves_our_data(client, running):
            return None
        if client.admin.command("hello").get("isWritablePrimary"):
            return str(client.admin.command("buildInfo")["version"])
        if running.replica_set:
            _advance_replica_set(client, f"127.0.0.1:{running.port}")
    except PyMongoError as error:
        logger.debug("mongod on port %d is not ready: %s", running.port, error)
    return None


def _serves_our_data(client: _Client, running: Running) -> bool:
    """Nobody else's mongod, which took the port before ours did, is ever configured."""
    options = client.admin.command("getCmdLineOpts")["parsed"]
    return bool(options["storage"]["dbPath"] == str(running.data))


def _advance_replica_set(client: _Client, host: str) -> None:
    config = _replica_set_config(client)
    if config is None:
        _initiate(client, host)
    elif config["members"][0]["host"] != host:
        config["members"][0]["host"] = host
        config["version"] += 1
        # Forced, because a node that is no member of its own set cannot be elected first.
        client.admin.command("replSetReconfig", config, force=True)
        logger.info("replica set of the embedded server moved to %s", host)


def _replica_set_config(client: _Client) -> dict[str, Any] | None:
    try:
        config: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code == _NOT_YET_INITIALIZED:
            return None
        raise
    return config


def _initiate(client: _Client, host: str) -> None:
    members = [{"_id": 0, "host": host}]
    try:
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    except OperationFailure as error:
        # A node that is still loading its configuration says first that it has none, then this.
        if error.code != _ALREADY_INITIALIZED:
            raise
