"""A MongoDB server of our own: started on demand, shared by our processes, stopped by the last.

Needs pymongo and psutil, and no Django.
"""

from .errors import (
    EmbeddedBusy,
    EmbeddedError,
    EmbeddedFolderError,
    EmbeddedInUse,
    EmbeddedStartError,
    EmbeddedStopError,
    EmbeddedUnavailable,
)
from .server import EmbeddedMongo
from .spawn import spawn_guard
from .status import Status

__all__ = [
    "EmbeddedBusy",
    "EmbeddedError",
    "EmbeddedFolderError",
    "EmbeddedInUse",
    "EmbeddedMongo",
    "EmbeddedStartError",
    "EmbeddedStopError",
    "EmbeddedUnavailable",
    "Status",
    "spawn_guard",
]
