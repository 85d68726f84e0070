"""Telling people that something needs them: the log, e-mail, and a signed message to a URL.

One message per occasion, however many images: those that nobody was told of yet.
"""

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.core.mail import send_mail
from pymongo.errors import PyMongoError

from masks.intake.rules import State
from masks.intake.services.errors import ImageError
from masks.intake.services.records import images
from masks.intake.services.working import the_folders
from segmentacion.http.json import dumps, iso_utc
from segmentacion.mongo.clients import Document

logger = logging.getLogger("segmentacion.intake")

NAMED = 50
SECONDS = 10
_turn = threading.Lock()
SIGNATURE = "X-Segmentacion-Signature"
TIMESTAMP = "X-Segmentacion-Timestamp"


def tell_people(*, trouble: str = "") -> int:
    """Tell of the images that need a person and of a trouble that does not pass; return of how
    many images. A message that does not go out is logged, and sent again at the next occasion.
    """
    with _turn:  # or two would tell of the same image
        return _tell(trouble)


@contextmanager
def telling() -> Iterator[None]:
    """Tell people when the block ends because an image needs a person."""
    try:
        yield
    except ImageError as error:
        if error.state == State.FAILED:
            tell_soon()
        raise


def tell_soon() -> None:
    """Tell people, from a thread of its own: whoever asked for the step does not wait for mail."""
    threading.Thread(target=_tell_quietly, name="intake-telling").start()


def _tell_quietly() -> None:
    try:
        tell_people()
    except Exception:
        logger.exception("intake: people could not be told")


def _tell(trouble: str) -> int:
    try:
        untold = _untold()
    except PyMongoError:
        untold = []
    if not (untold or trouble):
        return 0
    for image in untold:
        logger.error("intake: %r needs a person: %s", image["name"], _reason(image))
    if trouble:
        logger.error("intake: needs a person: %s", trouble)
    if _mailed(untold, trouble) & _posted(untold, trouble):
        _told(untold)
    return len(untold)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of `timestamp.body`, as the header carries it."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def _untold() -> list[Document]:
    identity = the_folders().identity()
    condition = {"folder": identity, "state": State.FAILED.value, "told": False}
    return list(images().find(condition, {"name": 1, "error": 1}).sort("position", 1))


def _told(untold: list[Document]) -> None:
    try:
        ids = [image["_id"] for image in untold]
        images().update_many(
            {"_id": {"$in": ids}, "state": State.FAILED.value}, {"$set": {"told": True}}
        )
    except PyMongoError:
        logger.exception("intake: it could not be written that people were told")


def _mailed(untold: list[Document], trouble: str) -> bool:
    if not settings.INTAKE_MAIL_TO:
        return True
    lines = [f"• {image['name']!r}: {_reason(image)}" for image in untold[:NAMED]]
    if len(untold) > NAMED:
        lines.append(f"… y {len(untold) - NAMED:,} más")
    text = "\n".join([*([trouble, ""] if trouble else []), *lines])
    try:
        send_mail(
            "Segmentación: la entrada de imágenes necesita a una persona",
            f"{text}\n\nNada se perdió: las imágenes siguen en sus carpetas.\n",
            None,
            settings.INTAKE_MAIL_TO,
        )
    except OSError:  # smtplib's errors are of this kind
        logger.exception("intake: the e-mail could not be sent")
        return False
    return True


def _posted(untold: list[Document], trouble: str) -> bool:
    if not settings.INTAKE_WEBHOOK_URL:
        return True
    body = dumps(
        {
            "event": "intake.needs_person",
            "at": iso_utc(datetime.now(UTC)),
            "trouble": trouble,
            "count": len(untold),
            "images": [{"name": i["name"], "error": _reason(i)} for i in untold[:NAMED]],
        }
    )
    try:
        _post(settings.INTAKE_WEBHOOK_URL, body)
    except (OSError, ValueError):  # URLError and HTTPError are OSErrors
        logger.exception("intake: the webhook could not be called")
        return False
    return True


def _post(url: str, body: bytes) -> None:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("INTAKE_WEBHOOK_URL: http:// or https:// only")
    timestamp = str(int(time.time()))
    headers = {"Content-Type": "application/json", TIMESTAMP: timestamp}
    if settings.INTAKE_WEBHOOK_SECRET:
        headers[SIGNATURE] = signature(settings.INTAKE_WEBHOOK_SECRET, timestamp, body)
    request = Request(url, body, headers, method="POST")  # noqa: S310 - scheme checked above
    with build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
        answer.read(1024)


class _NoRedirect(HTTPRedirectHandler):
    """A signed message goes where the settings say and nowhere else."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        raise URLError("the webhook answered with a redirect")


def _reason(image: Document) -> str:
    return str((image.get("error") or {}).get("message") or "")
