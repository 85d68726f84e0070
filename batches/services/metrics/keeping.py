"""Which sums are those of now: kept ones, kept ones brought to now, or all counted anew.

A write of ours raises the data version, and any program's moves the server's own count of writes:
what is kept is never older than the data. Then only what changed is read (`following`). Where that
cannot be (a standalone server, too much at once), all histories are; sums that took long to make
so (a second or more) are used for ten times as long, a minute at most, and then made anew by one
worker while the others go on using them: many writers do not keep every reader waiting. Once a day
everything is counted anew in any case. An answer says of when it is.
"""

from datetime import UTC, datetime, timedelta
from secrets import token_hex
from time import monotonic

import pymongo
from django.utils import timezone
from pymongo.errors import DuplicateKeyError

from batches.models import DATA_VERSION, Batch
from batches.queries import metrics as queries
from batches.rules.metrics.people import People
from batches.rules.metrics.tally import Tally
from batches.rules.metrics.weeks import Calendar
from batches.services.metrics import following, storing
from batches.services.metrics.shares import Gathering
from batches.services.metrics.storing import COLLECTION, MAKING, Head
from segmentacion.mongo import versions
from segmentacion.mongo.changes import token_of
from segmentacion.mongo.clients import Document, main_collection

CREW_VERSION = "crew"
FORM = 3  # raised when the form of what is kept changes
# Where the server does not tell its writes, those of other programs are seen after this long. It
# tells those of their transactions before they are committed: where looking is cheap, it is done.
MAX_AGE, LOOK_AGAIN = timedelta(minutes=2), timedelta(seconds=30)
LONG_SECONDS, TIMES, LONGEST_USE = 1.0, 10, timedelta(seconds=60)
# How often to look again when somebody else was quicker to bring the sums to now.
ATTEMPTS = 5


def sums() -> tuple[Head, Tally | None]:
    """Return the sums of now: those kept (only their head), or others, made and kept."""
    for attempt in range(ATTEMPTS):
        state, kept = present_state(), storing.find_head()
        if kept is None or not _is_alike(kept, state):
            break
        if _is_current(kept, state):
            return storing.head_of(kept), None
        try:
            return following.follow(kept, state) or _made_anew(kept)
        except following.OvertakenError:
            if attempt == ATTEMPTS - 1:
                return storing.head_of(kept), None
    return make()


def make() -> tuple[Head, Tally]:
    """Add up all histories anew, and keep the sums. The state is read before the data."""
    with pymongo.timeout(None):  # a page's deadline is for reads that are small
        state, started = present_state(), monotonic()
        position = token_of(main_collection(Batch.COLLECTION))
        tally, gathering, renames = _counted(keep_shares=position is not None)
        head = Head(token_hex(8), tally.calendar.now, tally.people())
        storing.add_parts(head, tally)
        if gathering.is_small():
            storing.add(gathering.documents(head), "block")
        else:
            position = None
        about = {
            "state": state, "took": monotonic() - started, "position": position,
            "renames": renames, "base": gathering.place.base, "blocks": gathering.place.blocks,
        }  # fmt: skip
        storing.keep(head, about)
    return head, tally


def _counted(*, keep_shares: bool) -> tuple[Tally, Gathering, str]:
    """Add up all histories; return the sums, the shares, and by which renames they are."""
    now = timezone.now().replace(microsecond=0)
    calendar = Calendar(timezone.get_current_timezone(), now)
    renames = queries.renames()
    tally, gathering = Tally(calendar), Gathering(token_hex(8))
    for key, share in queries.shares(calendar, People(renames)):
        tally.add(share)
        if keep_shares:
            gathering.add(key, share)
    return tally, gathering, following.fingerprint(renames)


def present_state() -> Document:
    """Return what the sums depend on. A day more makes more overdue."""
    return {
        "form": FORM,
        "zone": str(timezone.get_current_timezone()),
        "day": str(timezone.localdate()),
        "versions": [versions.current(DATA_VERSION), versions.current(CREW_VERSION)],
        "writes": versions.writes_of(Batch.COLLECTION),
    }


def _is_alike(kept: Document, state: Document) -> bool:
    """Tell whether kept sums are of today, and in today's form: younger data changes only them."""
    return all(kept["state"].get(name) == state[name] for name in ("form", "zone", "day"))


def _is_current(kept: Document, state: Document) -> bool:
    if kept["state"] != state:
        return False
    if kept.get("position") is not None:
        return _age(kept) < LOOK_AGAIN
    return bool(state["writes"]) or _age(kept) < MAX_AGE


def _made_anew(kept: Document) -> tuple[Head, Tally | None]:
    """Return new sums; or the kept ones, where those took long and another makes new ones now."""
    if kept["took"] >= LONG_SECONDS:
        use = min(timedelta(seconds=TIMES * kept["took"]), LONGEST_USE)
        if _age(kept) < use or not _is_ours_to_make():
            return storing.head_of(kept), None
    return make()


def _age(kept: Document) -> timedelta:
    made: datetime = kept["at"]
    return datetime.now(UTC) - made


def _is_ours_to_make() -> bool:
    """Claim to make long sums anew; false while somebody else began to, a minute at most."""
    now = datetime.now(UTC)
    free = {"_id": MAKING, "at": {"$lte": now - LONGEST_USE}}
    claim = {"$set": storing.lasting(MAKING, now)}
    try:
        main_collection(COLLECTION).update_one(free, claim, upsert=True)
    except DuplicateKeyError:
        return False
    return True
