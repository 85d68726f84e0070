"""What happened to a batch, in words: its history as entries of a timeline, newest first.

Field names and values of the document become what people call them. The sync's own marks, which
come in long rows, are folded into one entry per row. Times in values are shown in `zone`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from batches.rules.verdicts import VERDICT_LABELS

LABELS = {
    "assignee": "Responsable",
    "status": "Estatus",
    "comments": "Notas",
    "folder": "Carpeta",
    "mongo_uploaded": "Cargado a Mongo",
    "file_info.file_count": "Archivos",
    "mask_verdict": "Veredicto de las máscaras",
    "metadata.priority": "Prioridad",
    "metadata.due_date": "Fecha límite",
    "metadata.review_status": "Revisión",
    "metadata.review_comment": "Comentario de la revisión",
    "metadata.reviewed_by": "Revisó",
    "metadata.rework_count": "Veces devuelto",
    "metadata.total_masks": "Máscaras en total",
    "metadata.completed_masks": "Máscaras terminadas",
    "metadata.assigned_at": "Asignado el",
    "comment_thread": "Comentarios",
    "respaldo": "Respaldo",
    "completed_at": "Terminado el",
    "reviewed_at": "Revisado el",
}
CHANNELS = {
    "web": "en la página",
    "api": "por la API",
    "admin": "en Administración",
    "command": "con un comando",
    "sync": "sincronización",
}
# What only follows from another change of the same event says nothing more to people.
FOLLOWING = {
    "metadata.assigned_at",
    "metadata.reviewed_by",
    "metadata.review_comment",
    "metadata.rework_count",
    "completed_at",
    "reviewed_at",
}
NOT_UNDOABLE = {"comment_thread", "papelera", "id", "respaldo"}
# Found out about the batch, not done to it: neither undone nor counted as a change by people.
FOUND = {"mask_verdict"}
DATES = {"metadata.due_date"}
MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
LONG = 160


@dataclass(frozen=True)
class Line:
    """One field of a change, in words; "" is nothing."""

    field: str
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """One act on a batch, or a row of the sync's marks (`folded` tells how many).

    `found`: no act, but what verifying found in its masks. `said`: a comment, nothing else.
    """

    title: str
    who: str
    channel: str
    at: Any
    operation: str
    comment: str
    lines: tuple[Line, ...]
    quiet: bool
    undoable: bool
    folded: int = 1
    found: bool = False
    said: bool = False

    @property
    def is_beside(self) -> bool:
        """Tell whether undoing passes over it: the sync's, a verdict, or a comment."""
        return self.quiet or self.found or self.said


def entries(events: Iterable[Any], zone: tzinfo) -> list[Entry]:
    """Return entries for events given newest first; what is not an event is left out."""
    found: list[Entry] = []
    for event in events:
        if not isinstance(event, Mapping):
            continue
        entry = _entry(event, zone)
        last = found[-1] if found else None
        if last and last.quiet and entry.quiet:
            found[-1] = _fold(last, entry)
        else:
            found.append(entry)
    return found


def last_act(shown: Iterable[Entry]) -> Entry | None:
    """Return the newest entry that undoing does not pass over, or None."""
    return next((entry for entry in shown if not entry.is_beside), None)


def since(events: Iterable[Any], count: int) -> list[Any]:
    """Return the newest `count` events that raised the version: no marks, comments, verdicts."""
    return [event for event in events if isinstance(event, Mapping) and _raises(event)][:count]


def words(field: str, value: Any, zone: tzinfo) -> str:
    """Return a stored value as people write it; "" for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}"
    if field == "mask_verdict":
        return VERDICT_LABELS.get(str(value), str(value))
    if isinstance(value, datetime):
        return _moment(value, zone, with_time=field not in DATES)
    text = str(value)
    return text if len(text) <= LONG else f"{text[:LONG].rstrip()}…"


def _entry(event: Mapping[str, Any], zone: tzinfo) -> Entry:
    changes = [change for change in _list(event.get("changes")) if isinstance(change, Mapping)]
    fields = {str(change.get("field")) for change in changes}
    channel = str(event.get("channel") or "")
    shown = [change for change in changes if str(change.get("field")) not in FOLLOWING] or changes
    plain = [change for change in shown if str(change.get("field")) not in NOT_UNDOABLE]
    return Entry(
        title=_title(event, fields),
        who=str(event.get("who") or ""),
        channel=CHANNELS.get(channel, channel),
        at=event.get("at"),
        operation=str(event.get("operation") or ""),
        comment=str(event.get("comment") or ""),
        lines=tuple(_line(change, zone) for change in plain),
        quiet=channel == "sync",
        undoable=bool(plain and event.get("operation")) and not fields & (NOT_UNDOABLE | FOUND),
        found=bool(fields) and fields <= FOUND,
        said=fields == {"comment_thread"},
    )


TITLES = {
    "id": "creó el batch",
    "papelera": "lo sacó de la papelera",
    "respaldo": "lo restauró de un respaldo",
    "comment_thread": "comentó",
}


def _title(event: Mapping[str, Any], fields: set[str]) -> str:
    for field, title in TITLES.items():
        if field in fields:
            return title
    if event.get("undo_of"):
        return "deshizo un cambio"
    if fields == {"mask_verdict"}:
        return "verificó las máscaras"
    return ""


def _line(change: Mapping[str, Any], zone: tzinfo) -> Line:
    field = str(change.get("field"))
    old, new = (words(field, change.get(side), zone) for side in ("old", "new"))
    return Line(field, LABELS.get(field, field), old, new)


def _fold(newer: Entry, older: Entry) -> Entry:
    """Join two marks of the sync: from what was before the older to what is after the newer."""
    lines = {line.field: line for line in older.lines}
    for line in newer.lines:
        before = lines.get(line.field)
        old = before.old if before else line.old
        lines[line.field] = Line(line.field, line.label, old, line.new)
    return Entry(
        newer.title, newer.who, newer.channel, newer.at, newer.operation, newer.comment,
        tuple(lines.values()), quiet=True, undoable=False, folded=newer.folded + older.folded,
    )  # fmt: skip


def _raises(event: Mapping[str, Any]) -> bool:
    fields = [change.get("field") for change in _list(event.get("changes")) if change]
    return event.get("channel") != "sync" and fields not in (["comment_thread"], ["mask_verdict"])


def _moment(value: datetime, zone: tzinfo, *, with_time: bool) -> str:
    if not with_time:
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    local = aware.astimezone(zone)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
