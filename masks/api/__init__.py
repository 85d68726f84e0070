"""The JSON API of the masks app, a module per topic."""

from masks.api import sync, uploads, verifying
from masks.api.router import router

__all__ = ["router", "sync", "uploads", "verifying"]
