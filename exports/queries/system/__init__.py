"""How the system is: servers, work, disks, requests. Each part is read on its own, and what does
not answer leaves the others standing."""

from exports.queries.system.reading import read_system

__all__ = ["read_system"]
