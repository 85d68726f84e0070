"""Telling apart what went wrong with a database, for the person and for the log."""

from django.db import DatabaseError
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
)

from segmentacion.mongo.embedded import EmbeddedError

UNREACHABLE = (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    ServerSelectionTimeoutError,
    EmbeddedError,
)
# Unauthorized, AuthenticationFailed, and the Atlas form of the latter.
PERMISSION_CODES = {13, 18, 8000}


def database_cause(error: BaseException | None) -> BaseException | None:
    """Return the MongoDB error behind an exception (Django wraps it), or None."""
    while error is not None:
        if isinstance(error, (*UNREACHABLE, OperationFailure, ConfigurationError)):
            return error
        error = error.__cause__ or (error.__context__ if isinstance(error, DatabaseError) else None)
    return None


def is_unreachable(error: BaseException | None) -> bool:
    """Tell whether the error means that the server did not answer (down, starting, network)."""
    return isinstance(database_cause(error), UNREACHABLE)


def is_permission_error(error: BaseException | None) -> bool:
    """Tell whether the server answered that this user may not do that."""
    cause = database_cause(error)
    return isinstance(cause, OperationFailure) and cause.code in PERMISSION_CODES
