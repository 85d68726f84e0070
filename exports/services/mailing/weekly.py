"""The weekly mail that `serve` sends by itself: once per week, by one host, until it went out."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone
from pymongo.errors import DuplicateKeyError

from exports.models import Mailing
from exports.rules.mailing import campaign_of
from segmentacion.mongo.clients import main_collection

# How long until it is tried again when the mail server could not be reached.
PAUSE = timedelta(hours=1)


def take_turn() -> bool:
    """Tell whether the mail of this week is to go now, and if so keep others from it for an hour.

    It is when its moment has come, and nobody has sent it or is about to.
    """
    moment, now = settings.WEEKLY_MAIL_AT, timezone.localtime()
    if moment is None or not moment.has_come(now):
        return False
    utc = datetime.now(UTC)
    due = {"_id": _key(now), "done": None, "next_at": {"$lte": utc}}
    try:
        main_collection(Mailing.COLLECTION).update_one(
            due, {"$set": {"kind": "week", "next_at": utc + PAUSE}}, upsert=True
        )
    except DuplicateKeyError:  # done, or another's turn
        return False
    return True


def end_turn() -> None:
    """Record that the mail of this week went out; what failed is listed and sent by hand."""
    main_collection(Mailing.COLLECTION).update_one(
        {"_id": _key(timezone.localtime())}, {"$set": {"done": datetime.now(UTC)}}
    )


def _key(now: datetime) -> str:
    return f"week:{campaign_of(now.date())}"
