"""Long work asked for by a page: a record in MongoDB and a process of its own.

The page may be left and the web server restarted: the process goes on, and its record says how
far it is. A process that died is known by its lease.
"""

from exports.services.jobs.records import find, recent, result_of
from exports.services.jobs.starting import start

__all__ = ["find", "recent", "result_of", "start"]
