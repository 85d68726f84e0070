"""The JSON API of the masks app, a module per topic."""

from masks.api import creating, listing, reconciling, sync, uploads, verifying
from masks.api.router import router

__all__ = ["creating", "listing", "reconciling", "router", "sync", "uploads", "verifying"]
