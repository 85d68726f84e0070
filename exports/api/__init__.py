"""The JSON API of exports, backups and restore: a module per topic."""

from exports.api import backups, exports
from exports.api.router import router

__all__ = ["backups", "exports", "router"]
