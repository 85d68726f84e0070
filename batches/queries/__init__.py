"""Every read of batches. Hot paths read with PyMongo on plain indexes (see the architecture)."""

from batches.queries.counters import Counters, counters
from batches.queries.lookups import all_ids, by_id, duplicated_ids, find, ids_of_operation
from batches.queries.pages import BatchPage, page

__all__ = [
    "BatchPage",
    "Counters",
    "all_ids",
    "by_id",
    "counters",
    "duplicated_ids",
    "find",
    "ids_of_operation",
    "page",
]
