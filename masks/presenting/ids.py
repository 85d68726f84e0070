"""A file's id as text for an address, and back. Ids of the store may be of any BSON type."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import bson
from bson import ObjectId
from bson.errors import BSONError

# What tells an id of another type from an ObjectId's 24 hexadecimal digits.
TAG = "x-"
FIELD = "i"


def as_text(file_id: Any) -> str:
    """Return the id as text of letters, digits, `-` and `_`: the hex of an ObjectId, else `x-`
    and the id's BSON in URL-safe base64 (`400`, `"400"` and `400.0` stay different)."""
    if isinstance(file_id, ObjectId):
        return str(file_id)
    return TAG + urlsafe_b64encode(bson.encode({FIELD: file_id})).rstrip(b"=").decode()


def from_text(text: str) -> Any:
    """Return the id that `as_text` made this text of. Raises ValueError for any other text."""
    try:
        file_id = _parsed(text)
        if as_text(file_id) == text:
            return file_id
    except (BSONError, binascii.Error, ValueError, KeyError, OverflowError) as error:
        raise ValueError("not the id of a file") from error
    raise ValueError("not the id of a file")


def _parsed(text: str) -> Any:
    if not text.startswith(TAG):
        return ObjectId(text)
    body = text.removeprefix(TAG)
    padded = body + "=" * (-len(body) % 4)
    return bson.decode(urlsafe_b64decode(padded.encode("ascii")))[FIELD]
