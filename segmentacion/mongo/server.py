"""Which server is the main one: the one MONGO_URI names, or the embedded one."""

from functools import cache

from django.conf import settings

from segmentacion.mongo.embedded import EmbeddedMongo


@cache
def embedded_server() -> EmbeddedMongo:
    """Return this project's own mongod, not started by this call."""
    return EmbeddedMongo(settings.EMBEDDED_MONGO_FOLDER, binary=settings.MONGOD_BINARY)


def is_embedded() -> bool:
    """Tell whether the main database is the embedded one."""
    return not settings.MONGO_URI


_guarded_uri: str | None = None


def leave_to_guard(uri: str) -> None:
    """From now on, this process and its forks leave the embedded server's life to its guard.

    They then never start it nor wait for it: a request meets a server that is down as it would
    a remote one, with an answer in seconds, while the guard brings it back on the same port.
    """
    global _guarded_uri
    _guarded_uri = uri


def main_uri() -> str:
    """Return the main server's URI. Side effect: starts the embedded server when it is that,
    unless a guard keeps it.

    Raises EmbeddedError when the embedded server cannot be started.
    """
    if not is_embedded():
        return str(settings.MONGO_URI)
    return _guarded_uri or embedded_server().ensure()


def store_uri() -> str:
    """Return the mask store's URI: TRAINING_MONGO_URI, or the main server's."""
    return settings.TRAINING_MONGO_URI or main_uri()
