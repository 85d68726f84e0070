"""The JSON API of batches. Addresses are tried in this order: the one asked most comes first, and
`reading` last, since fixed paths win over `<id>`."""

from batches.api import listing  # isort: split

from batches.api import changing, deleting, distributing, metrics, reading, undoing, views
from batches.api.router import router

__all__ = [
    "changing",
    "deleting",
    "distributing",
    "listing",
    "metrics",
    "reading",
    "router",
    "undoing",
    "views",
]
