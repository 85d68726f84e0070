"""A number per kind of data that rises with each write, shared by all processes.

What is computed from the data (counters, ETags) is cached with the number it was computed at.
The document lives in `app_state`.
"""

from typing import Any

from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from segmentacion.mongo import ahead
from segmentacion.mongo.ahead import NOT_TOLD
from segmentacion.mongo.ahead import STATE as COLLECTION
from segmentacion.mongo.clients import main_collection


def current(name: str) -> int:
    """Return the number of this kind of data; 0 before its first write."""
    document = main_collection(COLLECTION).find_one({"_id": f"version:{name}"})
    return int(document["value"]) if document else 0


def seen(name: str) -> int:
    """Return the number as it was when this request's session was read, where it only reads; else
    the current one."""
    brought = ahead.seen()
    return current(name) if brought is None else brought.versions.get(name, 0)


def bump(*names: str) -> None:
    """Raise the numbers. Call it after the write, so that a reader never keeps older data."""
    raised = [
        UpdateOne({"_id": f"version:{name}"}, {"$inc": {"value": 1}}, upsert=True) for name in names
    ]
    main_collection(COLLECTION).bulk_write(raised, ordered=False)


def writes_of(collection: str) -> list[Any]:
    """Return the server's own count of writes to a collection, per host: any program's write
    moves it, also one that raises no number here. Empty where the server does not tell.

    It begins anew when the server starts: what is kept by it needs an age limit as well.
    """
    try:
        found = list(main_collection(collection).aggregate([{"$collStats": {"latencyStats": {}}}]))
    except OperationFailure as error:
        if error.code in NOT_TOLD:
            return []
        raise
    return [[one.get("host"), int(one["latencyStats"]["writes"]["ops"])] for one in found]


def writes_seen(collection: str) -> list[Any]:
    """Return `writes_of` as it was when this request's session was read. Empty also where the
    request has no session, changes something, or the collection is not watched."""
    brought = ahead.seen()
    return [] if brought is None else brought.writes.get(collection, [])
