"""Bringing kept sums to now at the price of what changed, whoever changed it.

    majority write → renames → change stream since the kept position → those batches read again
      → in one transaction: their former shares taken away, the new ones added, a new head

The stream tells every program's writes, deletions and restorations too. A worker that is killed
leaves nothing half-done; of two that follow at once one finds the head taken, and uses the other's.
What the stream does not tell (renames; that the collection was replaced; what is older than the
server remembers; more than is worth following) is counted anew: see `keeping`.
"""

import hashlib
import logging
from dataclasses import replace
from secrets import token_hex

import pymongo
from django.utils import timezone
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.write_concern import WriteConcern

from batches.models import Batch
from batches.queries import metrics as queries
from batches.rules.metrics.people import People, Rename
from batches.rules.metrics.tally import Share, Tally
from batches.rules.metrics.weeks import Calendar
from batches.services.metrics import shares, storing
from batches.services.metrics.storing import COLLECTION, HEAD, Head
from segmentacion.mongo.changes import changes_since
from segmentacion.mongo.clients import Document, main_collection, main_database

logger = logging.getLogger("segmentacion.metrics")

# More than this, or longer, is not worth following.
MOST_CHANGES = 5_000
MOST_SECONDS = 5.0
TRANSIENT = "TransientTransactionError"

Sums = tuple[Head, Tally | None]


class OvertakenError(Exception):
    """Somebody else brought the sums to a later state meanwhile, or is about to."""


class LostError(Exception):
    """These sums cannot be followed; the reason is for the log."""


def follow(kept: Document, state: Document) -> Sums | None:
    """Return the sums as of `state` or later, from those of `kept`, and keep them; None when they
    cannot be followed, then or later. Raises OvertakenError."""
    if kept.get("position") is None:
        return None
    try:
        with pymongo.timeout(MOST_SECONDS):
            return _followed(kept, state)
    except (LostError, shares.MissingError, KeyError, ValueError) as lost:
        why = repr(lost)
    except PyMongoError as error:
        if not error.timeout:
            raise
        why = "took too long"
    logger.info("figures are counted anew: %s", why)
    given_up = {"$set": {"position": None}}
    main_collection(COLLECTION).update_one({"_id": HEAD, "token": kept["token"]}, given_up)
    return None


def fingerprint(renames: list[Rename]) -> str:
    """Return a digest of who came to be called what, and when."""
    known = sorted({(one.old, one.new, one.at.isoformat()) for one in renames})
    return hashlib.sha256(repr(known).encode()).hexdigest()


def _followed(kept: Document, state: Document) -> Sums:
    _await_majority()
    renames = queries.renames()
    if fingerprint(renames) != kept["renames"]:
        raise LostError("somebody was renamed")
    batches = main_collection(Batch.COLLECTION)
    changes = changes_since(batches, kept["position"], limit=MOST_CHANGES)
    if changes.ended:
        raise LostError(f"the change stream: {changes.ended}")
    now = timezone.now().replace(microsecond=0)
    calendar = Calendar(timezone.get_current_timezone(), now)
    if str(calendar.today) != state["day"]:
        raise OvertakenError
    named = {shares.name_of(key): key for key in changes.ids}
    found = queries.shares(calendar, People(renames), list(named.values())) if named else ()
    present = {shares.name_of(key): share for key, share in found}
    about = {"state": state, "position": changes.token}
    return _written(kept, calendar, {name: present.get(name) for name in named}, about)


def _await_majority() -> None:
    """Write with majority: whatever any program wrote before is in the stream then."""
    asked = {"$set": storing.lasting(storing.MAKING, timezone.now()), "$inc": {"times": 1}}
    durable = main_collection(COLLECTION).with_options(write_concern=WriteConcern("majority"))
    durable.update_one({"_id": "asked"}, asked, upsert=True)


def _written(
    kept: Document, calendar: Calendar, present: dict[str, Share | None], about: Document
) -> Sums:
    """Keep the sums with these shares in the place of what the batches had added before."""
    try:
        with main_database().client.start_session() as session, session.start_transaction():
            head, tally = _replaced(kept, calendar, present, session)
            values = {**storing.lasting(head.token, head.at), "people": head.people, **about}
            unchanged = {"_id": HEAD, "token": kept["token"], "position": kept["position"]}
            result = main_collection(COLLECTION).update_one(
                unchanged, {"$set": values}, session=session
            )
            if not result.matched_count:
                raise OvertakenError
    except OperationFailure as error:
        if error.has_error_label(TRANSIENT) and not error.timeout:
            raise OvertakenError from error
        raise
    storing.forget_before(head, kept["base"])
    return head, tally


def _replaced(
    kept: Document,
    calendar: Calendar,
    present: dict[str, Share | None],
    session: ClientSession,
) -> Sums:
    head = replace(storing.head_of(kept), at=calendar.now)
    opened = shares.Opened(shares.Place(kept["base"], kept["blocks"]), present, session)
    pairs = [(opened.replace(name, share), share) for name, share in present.items()]
    differing = [(before, share) for before, share in pairs if before != share]
    if not differing:  # comments, marks of the sync: the answers made from these sums stay
        return head, None
    tally = storing.load(head)
    if tally is None:
        raise LostError("parts of the sums are gone")
    tally.calendar = calendar
    for before, share in differing:
        if before is not None:
            tally.remove(before)
        if share is not None:
            tally.add(share)
    opened.save()
    head = Head(token_hex(8), calendar.now, tally.people())
    storing.add_parts(head, tally, session)
    return head, tally
