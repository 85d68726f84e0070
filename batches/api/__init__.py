"""The JSON API of batches. `reading` comes last: fixed paths win over `<id>`."""

from batches.api import changing, deleting, distributing, metrics, reading, undoing, views
from batches.api.router import router

__all__ = [
    "changing",
    "deleting",
    "distributing",
    "metrics",
    "reading",
    "router",
    "undoing",
    "views",
]
