"""What the tests of backups and restores share: odd documents, a backup made, raw contents."""

from datetime import datetime
from pathlib import Path
from typing import Any

import bson
from bson import (
    Binary,
    Code,
    DatetimeMS,
    DBRef,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)
from bson.raw_bson import RawBSONDocument

from exports.rules.restoring import RestorePlan, Selection
from exports.services.backups import finish, write_backup
from exports.services.extended_json import WRITE, split
from exports.services.restoring import RestoreReport, plan_restore, restore
from segmentacion.mongo.clients import main_collection, main_database
from tests.factories import ACTOR

SECTIONS = ("segmentadores", "batches", "trash", "operations", "saved_views")


def odd_values() -> dict[str, Any]:
    """Return a value of every type MongoDB has, and what JSON cannot say."""
    return {
        "int": 1,
        "double": 1.0,
        "minus zero": -0.0,
        "tiny": 5e-324,
        "nan": float("nan"),
        "infinity": float("-inf"),
        "long": Int64(5),
        "longest": Int64(2**63 - 1),
        "decimal": Decimal128("1.10"),
        "decimal nan": Decimal128("NaN"),
        "date": datetime(2025, 10, 15, 1, 28, 43, 196000),
        "first date": datetime(1, 1, 1),
        "far date": DatetimeMS(2**55),
        "bytes": b"\x00\xff",
        "uuid": Binary(b"a" * 16, 4),
        "regex": Regex("a.b", "im"),
        "code": Code("x()"),
        "scope": Code("x()", {"$a": 1}),
        "timestamp": Timestamp(7, 9),
        "min": MinKey(),
        "max": MaxKey(),
        "reference": DBRef("c", ObjectId(), "db"),
        "looks like an id": {"$oid": "x"},
        "looks like a date": {"$date": "2025-10-15T01:28:43.196Z"},
        "dollars": {"a": 1, "$b": {"$$c": [{"$d": datetime(2020, 1, 1)}]}},
        "looks like bson": {"$bson": "AA=="},
        "empty": {},
        "empty list": [],
        "nested": [[{"a": [1, {"b": None}]}]],
        "": {"": 1},
        "dotted.name": 1,
        "text": '\u2028\n\x00ñ🎉"\\',
    }


def repeated_field() -> bytes:
    """Return a document with the same field twice, which Python cannot hold."""
    body = bson.encode({"_id": "twice", "a": 1})[4:-1] + b"\x10a\x00\x02\x00\x00\x00\x00"
    return (len(body) + 4).to_bytes(4, "little") + body


def not_utf8() -> bytes:
    return bson.encode({"_id": "latin", "s": "abc"}).replace(b"abc\0", b"\xf1bc\0")


def insert_raw(name: str, *raws: bytes) -> None:
    main_collection(name).insert_many([RawBSONDocument(raw) for raw in raws])


def raw_contents(name: str) -> set[bytes]:
    """Return every document of a collection as the server stores it."""
    found: set[bytes] = set()
    for stretch in main_collection(name).find_raw_batches({}):
        found.update(split(stretch))
    return found


def everything() -> dict[str, set[bytes]]:
    return {name: raw_contents(name) for name in SECTIONS}


def backup(folder: Path) -> Path:
    return finish(write_backup(folder)).path


def staging_left() -> list[str]:
    names = main_database().list_collection_names()
    return [name for name in names if name.startswith("restore_")]


def put_back(path: Path, **selected: Any) -> RestoreReport:
    options = {"actor": ACTOR, "backups": path.parent / "safety"}
    return finish(restore(path, Selection(**selected), **options))


def planned(path: Path, **selected: Any) -> RestorePlan:
    return finish(plan_restore(path, Selection(**selected), actor=ACTOR))


def forget_restores(documents: set[bytes]) -> list[bytes]:
    """Return documents without the event and the version that restoring adds."""
    found = []
    for raw in documents:
        document: dict[str, Any] = bson.decode(raw, WRITE)
        document["history"] = [
            e for e in document["history"] if e["changes"][0]["field"] != "respaldo"
        ]
        document.pop("version", None)
        found.append(document)
    return sorted(bson.encode(document) for document in found)


def assert_batches_came_back(before: set[bytes], after: set[bytes]) -> None:
    """Assert that batches are equal byte for byte, but for what restoring adds to them."""
    assert forget_restores(after) == forget_restores(before)
