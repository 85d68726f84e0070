"""The JSON API of the masks app, a module per topic."""

from masks.api import creating, listing, reconciling, sync, uploads, verifying
from masks.api.intake import router as intake_router
from masks.api.router import router

__all__ = [
    "creating",
    "intake_router",
    "listing",
    "reconciling",
    "router",
    "sync",
    "uploads",
    "verifying",
]
