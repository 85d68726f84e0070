"""A number per kind of data that rises with each write, shared by all processes.

What is computed from the data (counters, ETags) is cached with the number it was computed at.
The document lives in `app_state`.
"""

from pymongo import UpdateOne

from segmentacion.mongo.clients import main_collection

COLLECTION = "app_state"


def current(name: str) -> int:
    """Return the number of this kind of data; 0 before its first write."""
    document = main_collection(COLLECTION).find_one({"_id": f"version:{name}"})
    return int(document["value"]) if document else 0


def bump(*names: str) -> None:
    """Raise the numbers. Call it after the write, so that a reader never keeps older data."""
    raised = [
        UpdateOne({"_id": f"version:{name}"}, {"$inc": {"value": 1}}, upsert=True) for name in names
    ]
    main_collection(COLLECTION).bulk_write(raised, ordered=False)
