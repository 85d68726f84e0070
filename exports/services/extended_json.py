"""Documents to JSON and back without losing anything: MongoDB Extended JSON v2.

Texts, booleans, null, 32-bit integers and finite doubles are plain JSON; everything else is
written as Extended JSON (`{"$date": …}`, `{"$numberLong": …}`). Two additions, because Extended
JSON has no way to say them: a field name that begins with `$` gets one more `$`, and a document
that Python cannot hold exactly (a repeated field, text that is not UTF-8) is kept whole as
`{"$bson": "<base64>"}`. orjson does the common types; `json_util` only the rare ones.
"""

import base64
import math
import re
import struct
from bisect import bisect_right
from datetime import datetime
from itertools import accumulate
from typing import Any

import bson
import orjson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion, TypeCodec, TypeRegistry
from bson.errors import BSONError
from bson.int64 import Int64
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

from segmentacion.mongo.clients import Document

CANONICAL = json_util.CANONICAL_JSON_OPTIONS.with_options(
    tz_aware=False, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
# A field whose name begins with `$`: its type, then its name. Chance matches only cost time.
_DOLLAR = re.compile(rb"[\x01-\x13\x7f\xff]\$")


class NotFinite:
    """A double that JSON cannot write: NaN or an infinity."""

    def __init__(self, value: float) -> None:
        self.value = value


class _FloatCodec(TypeCodec):
    python_type = NotFinite  # type: ignore[assignment]
    bson_type = float  # type: ignore[assignment]

    def transform_python(self, value: NotFinite) -> float:
        return value.value

    def transform_bson(self, value: float) -> float | NotFinite:
        return value if math.isfinite(value) else NotFinite(value)


READ: CodecOptions[Document] = CodecOptions(
    tz_aware=False,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    type_registry=TypeRegistry([_FloatCodec()]),
)
WRITE: CodecOptions[Document] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
# Looking into a document that is kept as it is: whatever is in it, reading never fails.
LOOK: CodecOptions[Any] = CodecOptions(
    document_class=RawBSONDocument,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    unicode_decode_error_handler="replace",
)


def to_json(stretch: bytes) -> tuple[bytes, int]:
    """Return documents (BSON, one after another) as the elements of a list that is a member of
    an indented document, joined by commas, and how many they are."""
    try:
        documents = bson.decode_all(stretch, READ)
        if _encoded(documents) == stretch:
            return _elements(_with_dollars(stretch, documents)), len(documents)
    except (BSONError, orjson.JSONEncodeError, UnicodeError):
        pass  # one of them is odd: each by itself finds out which
    elements = [_odd(raw) for raw in split(stretch)]
    return _elements(elements), len(elements)


def split(stretch: bytes) -> list[bytes]:
    """Return the documents of a stretch, each as its own BSON."""
    found, at = [], 0
    while at < len(stretch):
        size = int.from_bytes(stretch[at : at + 4], "little")
        found.append(stretch[at : at + size])
        at += size
    return found


def from_json(element: Any) -> Document | RawBSONDocument:
    """Return the document that an element of a backup is. Raises ValueError when it is none."""
    if not isinstance(element, dict):
        raise ValueError("no es un documento")
    if "$bson" in element:
        try:
            return RawBSONDocument(base64.b64decode(element["$bson"], validate=True), LOOK)
        except (TypeError, ValueError, BSONError) as error:
            raise ValueError("tiene un $bson que no es un documento") from error
    document: Document = _thaw_members(element)
    return document


def encode(document: Document | RawBSONDocument) -> bytes:
    """Return a document's BSON."""
    if isinstance(document, RawBSONDocument):
        return bytes(document.raw)
    return bson.encode(document, codec_options=WRITE)


def _encoded(documents: list[Document]) -> bytes:
    return b"".join([bson.encode(document, codec_options=READ) for document in documents])


def _with_dollars(stretch: bytes, documents: list[Document]) -> list[Document]:
    """Return the documents with the names that begin with `$` told apart from Extended JSON."""
    places = [match.start() for match in _DOLLAR.finditer(stretch)]
    if not places:
        return documents
    starts = list(accumulate((len(raw) for raw in split(stretch)), initial=0))
    for at in {bisect_right(starts, place) - 1 for place in places}:
        documents[at] = _escape(documents[at])
    return documents


def _elements(documents: list[Any]) -> bytes:
    text = orjson.dumps({"": documents}, default=_rare, option=OPTIONS)
    return text[len(b'{\n  "": [\n') : -len(b"\n  ]\n}")] if documents else b""


def _odd(raw: bytes) -> Any:
    """Return a document ready for JSON; whole as base64 when it would not come back the same."""
    try:
        document = _escape(bson.decode(raw, READ))
        again = orjson.loads(orjson.dumps(document, default=_rare, option=OPTIONS))
        if encode(from_json(again)) == raw:
            return document
    except (BSONError, orjson.JSONEncodeError, UnicodeError, ValueError, OverflowError):
        pass
    return {"$bson": base64.b64encode(raw).decode()}


def _escape(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            (f"${name}" if name.startswith("$") else name): _escape(item)
            for name, item in value.items()
        }
    return [_escape(item) for item in value] if isinstance(value, list) else value


def _rare(value: Any) -> Any:
    """Return what orjson writes in the place of a value of a type that JSON lacks."""
    kind = value.__class__
    if kind is datetime:
        text = value.isoformat(timespec="milliseconds")
        return {"$date": f"{text}Z"}
    if kind is ObjectId:
        return {"$oid": str(value)}
    if kind is Int64:
        return {"$numberLong": str(int(value))}
    if kind is NotFinite:
        if math.isnan(value.value) and _bits(value.value) != _bits(math.nan):
            raise TypeError("a NaN with a payload, which Extended JSON would lose")
        return json_util.default(value.value, CANONICAL)
    if kind is int:  # beyond 64 bits there is nothing in MongoDB
        raise TypeError(value)
    return json_util.default(value, CANONICAL)


def _bits(value: float) -> bytes:
    return struct.pack("<d", value)


def _thaw(value: Any) -> Any:
    kind = value.__class__
    if kind is dict:
        return _thaw_members(value)
    if kind is list:
        return [_thaw(item) if item.__class__ in _NESTED else item for item in value]
    return value


_NESTED = frozenset({dict, list})


def _thaw_members(members: Document) -> Any:
    for name in members:
        if name[:1] == "$":
            return _thaw_special(members)
        break
    else:
        return members
    for name, item in members.items():
        kind = item.__class__
        if kind is dict:
            if len(item) == 1 and (text := item.get("$date")).__class__ is str:
                members[name] = _thaw_date(text, item)  # by far the commonest
            else:
                members[name] = _thaw_members(item)
        elif kind is list and item:
            members[name] = [_thaw(one) if one.__class__ in _NESTED else one for one in item]
    return _unescaped(members) if "$$" in "".join(members) else members


def _thaw_date(text: str, members: Document) -> Any:
    if len(text) == 24 and text[-1] == "Z":
        return datetime.fromisoformat(text[:-1])
    return _thaw_special(members)


def _thaw_special(members: Document) -> Any:
    if len(members) == 1:
        ((name, item),) = members.items()
        if name == "$oid" and isinstance(item, str):
            return ObjectId(item)
        if name == "$date" and isinstance(item, str) and len(item) == 24 and item[-1] == "Z":
            return datetime.fromisoformat(item[:-1])
        if name == "$numberLong" and isinstance(item, str):
            return Int64(item)
    if any(name[:2] == "$$" for name in members):
        return _unescaped({name: _thaw(item) for name, item in members.items()})
    thawed = {name: _thaw(item) for name, item in members.items()}
    return json_util.object_hook(thawed, CANONICAL)


def _unescaped(members: Document) -> Document:
    return {name[1:] if name[:2] == "$$" else name: item for name, item in members.items()}
