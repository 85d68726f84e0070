"""The edit form of a batch: which fields a person gets, what a form asks, and a conflict."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from batches.rules.changes import FIELDS, PATHS, Asker
from batches.rules.dates import parse_date
from batches.rules.importing import value_at
from batches.rules.states import Priority, Status
from batches.rules.timeline import LABELS, words
from segmentacion.mongo.clients import Document

COUNTS = {"total_masks", "completed_masks"}
MOST_DIGITS = 19  # longer ones stay texts, which the rules refuse
LEAD_FIELDS = (
    "assignee", "status", "priority", "due_date",
    "completed_masks", "total_masks", "folder", "comments",
)  # fmt: skip
OWN_FIELDS = ("status", "completed_masks", "comments")
KINDS = {
    "assignee": "select",
    "status": "select",
    "priority": "select",
    "due_date": "date",
    "completed_masks": "number",
    "total_masks": "number",
    "comments": "long",
}
STATUS_WORDS = {"NS": "NS · No segmentado", "In": "In · Incompleto", "S": "S · Segmentado"}


@dataclass(frozen=True)
class Field:
    """One field of the form: its value, and what is stored (`seen`), which differs in a draft
    that was refused. `choices` are (value, text); the value is among them."""

    name: str
    label: str
    kind: str
    value: str
    seen: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Difference:
    """One field two people changed: as the form saw it, as it is now, as this person wants it."""

    name: str
    label: str
    seen: str
    theirs: str
    mine: str
    value: str


def fields_for(
    document: Document, asker: Asker, crew: Collection[str], draft: Mapping[str, Any]
) -> list[Field]:
    """Return the fields this person may edit on this batch; none when there are none. `draft` is
    what was asked and refused: it stays in the form."""
    if asker.may_edit:
        names: tuple[str, ...] = LEAD_FIELDS
    elif asker.may_work and asker.holds(document.get("assignee")):
        names = OWN_FIELDS
    else:
        return []
    stored = {name: form_value(document, name) for name in names}
    return [_field(name, str(draft.get(name, seen)), seen, crew) for name, seen in stored.items()]


def form_value(document: Document, name: str) -> str:
    """Return a field's stored value as a form sends it."""
    value = value_at(document, PATHS[name])
    if value is None:
        return "0" if name in COUNTS else ""
    if name == "due_date" and hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d}"
    return str(value).replace("\r\n", "\n")


def asked_from(form: QueryDict) -> dict[str, Any]:
    """Return what a form asks: the fields that differ from what the form says it showed."""
    asked: dict[str, Any] = {}
    for name in FIELDS:
        given = form.get(name)
        if given is None:
            continue
        given = given.replace("\r\n", "\n")
        if form.get(f"seen-{name}", "\0").replace("\r\n", "\n") != given:
            asked[name] = _typed(name, given)
    return asked


def version_from(form: QueryDict) -> int | None:
    """Return the version a form was made from; None when it does not say."""
    given = form.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def differences(current: Document, asked: Mapping[str, Any], form: QueryDict) -> list[Difference]:
    """Return, field by field, what this person asked beside what the batch is now."""
    found = []
    for name, value in asked.items():
        seen = form.get(f"seen-{name}")
        theirs = form_value(current, name) if name in PATHS else ""
        found.append(
            Difference(
                name=name,
                label=LABELS[PATHS.get(name, f"metadata.{name}")],
                seen=shown(name, theirs if seen is None else seen),
                theirs=shown(name, theirs),
                mine=shown(name, str(value)),
                value=str(value),
            )
        )
    return found


def shown(name: str, value: str) -> str:
    """Return a form's value as people read it."""
    if name in COUNTS and value.isascii() and value.isdigit() and len(value) < MOST_DIGITS:
        return f"{int(value):,}"
    if name != "due_date":
        return value
    try:
        return words(PATHS[name], parse_date(value), timezone.get_current_timezone())
    except ValueError:
        return value


def _typed(name: str, given: str) -> Any:
    digits = given.strip()
    if name in COUNTS and digits.isascii() and digits.isdigit() and len(digits) < MOST_DIGITS:
        return int(digits)
    return given


def _field(name: str, value: str, seen: str, crew: Collection[str]) -> Field:
    options = {
        "assignee": [("", "Sin asignar"), *((person, person) for person in crew)],
        "status": [(str(status), STATUS_WORDS[status]) for status in Status],
        "priority": [(str(priority), str(priority)) for priority in Priority],
    }.get(name, [])
    if options and value not in {option for option, _ in options}:
        options = [(value, value or "—"), *options]
    return Field(name, LABELS[PATHS[name]], KINDS.get(name, "text"), value, seen, tuple(options))
