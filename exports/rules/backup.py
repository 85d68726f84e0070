"""The backup's format, in plain Python: names, sections, the last member and its checksum.

A backup is one JSON document with two spaces of indentation. Its last member, `integrity`, holds
the SHA-256 of every byte before the line it begins on, so that a cut or altered file is known for
what it is, and any JSON reader still accepts the whole. docs/backup-format.md has the details.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

VERSION = "2.0"
OLDER_VERSION = "1.0"
SUFFIX = ".json"
PART_SUFFIX = ".part"
NAME = re.compile(r"backup_segmentacion_db_(\d{8})_(\d{6})(?:_\d+)?\.json")
PART_NAME = re.compile(r"backup_segmentacion_db_\d{8}_\d{6}(?:_\d+)?\.json\.(\d+)\.part")
# The collections of a backup, in the order they are written.
SECTIONS = ("segmentadores", "batches", "trash", "operations", "saved_views")
PEOPLE, BATCHES = "segmentadores", "batches"
# The longest the last member can be: a reader looks for it in this many bytes of the end.
TAIL_BYTES = 512
_TAIL = re.compile(
    rb'  "integrity": \{\n    "sha256": "([0-9a-f]{64})",\n    "batches": (\d+),\n'
    rb'    "segmentadores": (\d+),\n    "documents": (\d+),\n'
    rb'    "changed_meanwhile": (true|false)\n  \}\n\}\n\Z'
)


class BackupError(Exception):
    """Something about a backup that cannot be done; the message is for the person."""


class BadBackupError(BackupError):
    """A file that cannot be used: which, where in it, and why."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        super().__init__(f"{file}: {reason} ({place}). No se cambió nada.")
        self.file, self.place, self.reason = file, place, reason


class ChangedMeanwhileError(BackupError):
    """Somebody changed the data while a restore was prepared; it can be tried again."""


@dataclass(frozen=True)
class Integrity:
    """What the last member of a backup says of all that is before it."""

    sha256: str
    batches: int
    people: int
    documents: int
    changed_meanwhile: bool = False


def file_name(moment: datetime, number: int = 0) -> str:
    """Return the name of a backup made at this local time; `number` tells those of one second
    apart."""
    suffix = f"_{number}" if number else ""
    return f"backup_segmentacion_db_{moment:%Y%m%d_%H%M%S}{suffix}{SUFFIX}"


def tail_bytes(integrity: Integrity) -> bytes:
    """Return the end of a backup, from the line of the last member on."""
    body = {
        "sha256": integrity.sha256,
        "batches": integrity.batches,
        "segmentadores": integrity.people,
        "documents": integrity.documents,
        "changed_meanwhile": integrity.changed_meanwhile,
    }
    return indented({"integrity": body}, open_end=False)


def parse_tail(end: bytes) -> tuple[Integrity, int] | None:
    """Return what the last member says and how many bytes it takes, or None when the bytes (the
    last ones of a file) do not end as a whole backup does."""
    match = _TAIL.search(end)
    if match is None:
        return None
    batches, people, documents = (int(match[group]) for group in (2, 3, 4))
    integrity = Integrity(match[1].decode(), batches, people, documents, match[5] == b"true")
    return integrity, len(end) - match.start()


def indented(members: dict[str, Any], *, open_end: bool = True) -> bytes:
    """Return members of the document as they stand in the file, without the opening brace;
    `open_end` when more members follow."""
    text = json.dumps(members, indent=2, ensure_ascii=False)
    inner = text.removeprefix("{\n").removesuffix("\n}")
    return (inner + (",\n" if open_end else "\n}\n")).encode()
