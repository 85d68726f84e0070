"""What of a batch's document is understood (specification, section 1.1)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Any

from batches.rules.adoption.reading import MISSING, Adoption, Reading, found_at
from batches.rules.adoption.values import (
    read_choice,
    read_count,
    read_date,
    read_flag,
    read_names,
    read_text,
    read_time,
    tidy,
    whole_number,
    words_for,
)
from batches.rules.names import parse_batch_id
from batches.rules.states import Priority, Review, Status, check_state

STATUS_WORDS = words_for(Status) | {
    "no segmentado": str(Status.NOT_SEGMENTED),
    "incompleto": str(Status.IN_PROGRESS),
    "segmentado": str(Status.SEGMENTED),
}
PRIORITY_WORDS = words_for(Priority)
REVIEW_WORDS = words_for(Review)
TIMES = ("created_at", "updated_at", "completed_at", "reviewed_at")
MAX_FILES = 5
STATE_FIELDS = ("status", "assignee", "metadata.priority", "metadata.review_status")


@dataclass(frozen=True)
class Setting:
    """What a batch is read with: the local zone, the crew's names, and what an empty `metadata`
    and `file_info` hold."""

    zone: tzinfo
    crew: Collection[str]
    metadata: Mapping[str, Any]
    file_info: Mapping[str, Any]


def is_usable_name(value: object) -> bool:
    """Tell whether a value can identify a batch or a person: a text that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def adopt_batch(document: Mapping[str, Any], setting: Setting) -> Adoption:
    """Return what is understood of a batch's document, and what is left as it is.

    A batch whose `version` is not a number cannot be written at all: its other problems are
    still listed, and it has no new values.
    """
    reading = Reading(document)
    _read_id(reading)
    _read_top(reading, setting)
    _read_metadata(reading, setting)
    _read_file_info(reading, setting)
    _read_history(reading)
    _check_together(reading, setting)
    if any(problem.field == "version" for problem in reading.problems):
        reading.values.clear()
    return reading.result()


def _read_id(reading: Reading) -> None:
    identifier = reading.document.get("id")
    if not is_usable_name(identifier):
        return
    canonical = parse_batch_id(str(identifier))
    if canonical is None:
        reading.leave("id", "no tiene la forma de un id de batch: sus máscaras no se reconocerán")
    elif canonical != identifier:
        reading.leave("id", f"se escribe {canonical}: así como está no se reconocen sus máscaras")


def _read_top(reading: Reading, setting: Setting) -> None:
    default = str(Status.NOT_SEGMENTED)
    reading.read("assignee", partial(_read_assignee, crew=setting.crew))
    reading.read("status", partial(read_choice, words=STATUS_WORDS, default=default))
    reading.read("folder", read_text)
    reading.read("comments", read_text)
    reading.read("mongo_uploaded", read_flag)
    reading.read("version", _read_version)
    for name in TIMES:
        reading.read_if_there(name, partial(read_time, zone=setting.zone))


def _read_assignee(value: Any, *, crew: Collection[str]) -> Any:
    """A name that the crew has exactly so stays, even untidy: that is how the two are linked."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("no es un nombre")
    if value in crew:
        return value
    name = tidy(value)
    if not name:
        return None
    return value if name == value else name


def _read_version(value: Any) -> Any:
    """Every write raises the version, so what is written is one more than what is understood."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = 0 if value is None else whole_number(value)
    if number is None:
        raise ValueError("no es un número: este batch no se puede cambiar mientras siga así")
    return number + 1


def _read_metadata(reading: Reading, setting: Setting) -> None:
    metadata = reading.document.get("metadata")
    if metadata is None:
        reading.values["metadata"] = dict(setting.metadata)
        return
    if not isinstance(metadata, dict):
        reading.leave("metadata", "no es un objeto")
        return
    zone, readers = setting.zone, {"total_masks": read_count, "completed_masks": read_count}
    priority, review = str(Priority.MEDIUM), str(Review.PENDING)
    reading.read("metadata.assigned_at", partial(read_time, zone=zone))
    reading.read("metadata.due_date", partial(read_date, zone=zone))
    reading.read("metadata.priority", partial(read_choice, words=PRIORITY_WORDS, default=priority))
    reading.read("metadata.review_status", partial(read_choice, words=REVIEW_WORDS, default=review))
    for name, reader in readers.items():
        reading.read(f"metadata.{name}", reader)


def _read_file_info(reading: Reading, setting: Setting) -> None:
    """Read `file_info`; where it is missing, `training_metrics_info` says the same. The older
    field stays where it is."""
    older = reading.document.get("training_metrics_info")
    current = reading.document.get("file_info")
    converted = dict(setting.file_info)
    if older is not None:
        converted |= _converted_info(reading, setting.zone)
    if current is None:
        reading.values["file_info"] = converted
    elif not isinstance(current, dict):
        reading.leave("file_info", "no es un objeto")
    else:
        _read_files(reading, "file_info", "last_file_upload", setting.zone)
        count = reading.now_at("file_info.file_count")
        has_files = isinstance(count, int | float) and count > 0
        reading.read("file_info.has_files", lambda v: has_files if v is None else read_flag(v))


def _read_files(reading: Reading, section: str, upload: str, zone: tzinfo) -> None:
    reading.read(f"{section}.file_count", read_count)
    reading.read(f"{section}.{upload}", partial(read_time, zone=zone))
    reading.read(f"{section}.files", read_names)


def _converted_info(reading: Reading, zone: tzinfo) -> dict[str, Any]:
    """Return the file_info that `training_metrics_info` amounts to; its problems are kept."""
    section = "training_metrics_info"
    if not isinstance(reading.document[section], dict):
        reading.leave(section, "no es un objeto")
        return {}
    older = Reading(reading.document)
    _read_files(older, section, "latest_upload", zone)
    reading.problems += older.problems
    wrong = {problem.field for problem in older.problems}
    info = {
        name: older.now_at(path)
        for name, path in (
            ("file_count", f"{section}.file_count"),
            ("last_file_upload", f"{section}.latest_upload"),
            ("files", f"{section}.files"),
        )
        if path not in wrong
    }
    files = info.get("files", [])
    if found_at(reading.document, f"{section}.file_count") in (MISSING, None):
        info["file_count"] = len(files)
    count = info.get("file_count", len(files))
    return info | {"file_count": count, "has_files": count > 0, "files": files[:MAX_FILES]}


def _read_history(reading: Reading) -> None:
    """A history is a list of events. What another program left there becomes its first entry,
    as in `batches.services.writing`; one that is missing begins with the next event."""
    history = reading.document.get("history")
    if history is not None and not isinstance(history, list):
        reading.values["history"] = [{"found": history}]


def _check_together(reading: Reading, setting: Setting) -> None:
    """Record what does not go together, once each value by itself is right."""
    assignee = reading.now_at("assignee")
    wrong = {problem.field for problem in reading.problems}
    if isinstance(assignee, str) and assignee not in setting.crew:
        reading.leave("assignee", "no está en el equipo")
        return
    if wrong & {*STATE_FIELDS, "metadata", "comments"}:
        return
    defaults = {"metadata.priority": Priority.MEDIUM, "metadata.review_status": Review.PENDING}
    state = {path.rpartition(".")[2]: reading.now_at(path) or defaults.get(path)
             for path in STATE_FIELDS}  # fmt: skip
    comment = str(reading.now_at("comments") or "")
    for reason in check_state(state, crew=setting.crew, review_comment=comment):
        reading.leave("status", reason)
