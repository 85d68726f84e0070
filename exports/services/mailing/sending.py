"""Sending a campaign: each message is claimed before it goes, so that none goes twice.

A message is claimed by one atomic write (`sending`), handed in, and recorded as sent or failed. One
that stays `sending` was cut off in between: it may have gone, and goes again only when asked.
"""

import logging
from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from django.core.mail import EmailMessage
from pymongo.errors import DuplicateKeyError

from crew.rules import UnknownPersonError
from exports.models import Mailing
from exports.rules.mailing import MailState, may_go
from exports.services.backups.progress import Progress, Stage
from exports.services.mailing.planning import Message
from exports.services.mailing.postman import (
    Postman,
    RefusedError,
    UncertainError,
    as_mail,
)
from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document, main_collection
from segmentacion.mongo.leases import LeaseLost, LeaseTaken, held

logger = logging.getLogger("segmentacion.mailing")
LEASE = "mailing"
LEASE_SECONDS = 30


class MailBusyError(Exception):
    """Another sending is under way; what this one sent so far is in its report."""

    def __init__(self) -> None:
        super().__init__("Ya hay un envío en curso. Espera un momento y vuelve a intentar.")


class Outcome(StrEnum):
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"  # may have gone: not sent again unless asked
    ALREADY = "already"


STATES = {
    Outcome.SENT: MailState.SENT,
    Outcome.FAILED: MailState.FAILED,
    Outcome.UNCONFIRMED: MailState.SENDING,
}


@dataclass(frozen=True)
class Result:
    """What became of one message."""

    key: str
    recipient: str
    address: str
    outcome: Outcome
    error: str = ""


@dataclass
class MailReport:
    """What a sending did, so far if it was stopped."""

    results: list[Result] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(result.outcome is outcome for result in self.results)

    @property
    def is_good(self) -> bool:
        """Tell whether everybody has their mail."""
        return all(r.outcome in {Outcome.SENT, Outcome.ALREADY} for r in self.results)


def send(
    messages: Sequence[Message],
    *,
    actor: Actor,
    report: MailReport,
    again: Collection[str] = (),
) -> Generator[Progress, None, MailReport]:
    """Send messages one by one, yielding progress; one that fails does not stop the rest.

    `again` are the keys of what goes once more although it was sent, or may have been. `report`
    fills while it runs: whoever stops asking for progress stops between two messages.
    Raises MailBusyError; MailServerError when no connection can be made, also in the middle: the
    rest stays as it was.
    """
    try:
        with held(LEASE, seconds=LEASE_SECONDS) as lease, closing(Postman()) as postman:
            for number, message in enumerate(messages):
                yield Progress(Stage.MAIL, number, len(messages))
                lease.check()
                again_too = message.key in again
                report.results.append(_send_one(message, postman, actor, again=again_too))
    except (LeaseTaken, LeaseLost) as taken:
        raise MailBusyError from taken
    yield Progress(Stage.MAIL, len(messages), len(messages))
    return report


def _send_one(message: Message, postman: Postman, actor: Actor, *, again: bool) -> Result:
    def result(outcome: Outcome, error: str = "") -> Result:
        return Result(message.key, message.recipient, message.address, outcome, error)

    record = main_collection(Mailing.COLLECTION).find_one({"_id": message.key})
    if record is not None and not may_go(MailState(record["state"]), again=again):
        return result(_kept(record), str(record["error"]))
    try:
        composed = message.compose()
    except UnknownPersonError as error:  # renamed or removed since the plan
        return result(Outcome.FAILED, str(error))
    postman.ready()
    attempt = int(record["attempts"]) + 1 if record else 1
    mail = as_mail(composed, message.address, message.key, attempt)
    if not _claim(message, record, attempt, str(mail.extra_headers["Message-ID"]), actor):
        return result(Outcome.ALREADY)
    outcome, error_text = _hand_in(postman, mail)
    _record(message.key, attempt, STATES[outcome], error_text)
    return result(outcome, error_text)


def _hand_in(postman: Postman, mail: EmailMessage) -> tuple[Outcome, str]:
    try:
        postman.deliver(mail)
    except RefusedError as error:
        return Outcome.FAILED, str(error)
    except UncertainError as error:
        return Outcome.UNCONFIRMED, str(error)
    return Outcome.SENT, ""


def _kept(record: Document) -> Outcome:
    sent = record["state"] == MailState.SENT
    return Outcome.ALREADY if sent else Outcome.UNCONFIRMED


def _claim(
    message: Message, seen: Document | None, attempt: int, message_id: str, actor: Actor
) -> bool:
    """Take a message for this sending, if nobody else has since its record was seen."""
    collection = main_collection(Mailing.COLLECTION)
    values = {
        "campaign": message.campaign,
        "kind": str(message.kind),
        "recipient": message.recipient,
        "address": message.address,
        "state": str(MailState.SENDING),
        "attempts": attempt,
        "error": "",
        "message_id": message_id,
        "who": actor.name,
        "at": datetime.now(UTC),
    }
    if seen is None:
        try:
            collection.insert_one({"_id": message.key, **values})
        except DuplicateKeyError:
            return False
        return True
    unchanged = {"_id": message.key, "state": seen["state"], "attempts": seen["attempts"]}
    return collection.update_one(unchanged, {"$set": values}).modified_count == 1


def _record(key: str, attempt: int, state: MailState, error: str = "") -> None:
    """Record how an attempt ended; a later attempt's record is left alone."""
    main_collection(Mailing.COLLECTION).update_one(
        {"_id": key, "attempts": attempt},
        {"$set": {"state": str(state), "error": error, "at": datetime.now(UTC)}},
    )
    if error:
        logger.warning("A mail of the campaign was not confirmed or not taken (%s).", state)
