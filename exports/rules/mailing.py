"""Mails with the work: what they say, when one may go out, and the key that keeps it from doubling.

A campaign is an ISO week. Within it a person gets a mail once; what failed may be sent again, what
was sent or may have been sent only when somebody asks for just that (`again`).
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from crew.rules import EMAIL

MAX_ADDRESS = 254


class MailKind(StrEnum):
    WORKLOAD = "workload"
    SUMMARY = "summary"


class MailState(StrEnum):
    """How far a message is, as `mailings` keeps it; NEW is one that it does not know."""

    NEW = "new"
    SENDING = "sending"  # claimed; whether it left is not known
    SENT = "sent"
    FAILED = "failed"


STATE_LABELS = {
    MailState.NEW: "pendiente",
    MailState.SENDING: "sin confirmar",
    MailState.SENT: "enviado",
    MailState.FAILED: "falló",
}
OPEN_STATES = (MailState.NEW, MailState.FAILED)


@dataclass(frozen=True)
class Letter:
    """What a mail says: one line, and plain text."""

    subject: str
    text: str


def campaign_of(day: date) -> str:
    """Return the ISO week a local day is in, as `2026-W47`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def mailing_key(kind: MailKind, campaign: str, recipient: str) -> str:
    """Return the `_id` of a message: the same for the same recipient in the same campaign."""
    return f"{kind}:{campaign}:{recipient}"


def message_id(key: str, attempt: int, domain: str) -> str:
    """Return the Message-ID of an attempt, by which mail programs recognise a repetition."""
    digest = hashlib.sha256(f"{key}\0{attempt}".encode()).hexdigest()[:32]
    return f"<{digest}@{domain}>"


def may_go(state: MailState, *, again: bool) -> bool:
    """Tell whether a message in this state is sent."""
    return again or state in OPEN_STATES


def one_line(text: str) -> str:
    """Return a text as a header may carry it: no line ends, no characters that cannot be seen."""
    visible = (
        " " if unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} else character
        for character in text
    )
    return " ".join("".join(visible).split())


def usable_address(value: object) -> str:
    """Return an e-mail address as it can be written to, or "" when it is none.

    Other programs write addresses too: one that would break a header is no address.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not text.isascii() or not text.isprintable() or len(text) > MAX_ADDRESS:
        return ""
    return text if EMAIL.fullmatch(text) else ""


def usable_addresses(values: Iterable[object]) -> list[str]:
    """Return the usable ones, each once whatever its letter case, in their order."""
    found: dict[str, str] = {}
    for value in values:
        if address := usable_address(value):
            found.setdefault(address.casefold(), address)
    return list(found.values())


def workload_letter(person: str, batches: int, campaign: str, filename: str) -> Letter:
    """Return what goes with a person's list."""
    name, held = one_line(person), _batches(batches)
    text = (
        f"Hola, {name}:\n\n"
        f"Va tu carga de trabajo: {held}. Está en el archivo adjunto,\n{filename}\n\n"
        "Ábrelo en Excel, llena la columna Estatus de los que hayas avanzado y regrésalo:\n"
        "  NS  no segmentado\n"
        "  In  incompleto\n"
        "  S   segmentado\n\n"
        "Los que dejes en blanco se quedan como están.\n"
    )
    return Letter(f"Tu carga de trabajo ({campaign}): {held}", text)


def summary_letter(rows: Sequence[Sequence[Any]], campaign: str) -> Letter:
    """Return what goes with the summary of the team; rows are those of the summary's table."""
    total, open_, begun, done = (sum(row[n] for row in rows) for n in (1, 2, 3, 4))
    lines = [f"  {one_line(str(row[0]))}: {_counts(row)}" for row in rows]
    text = (
        f"Resumen del equipo, semana {campaign}\n\n"
        f"{_batches(total)}: {open_:,} NS, {begun:,} In, {done:,} S "
        f"({100 * done / total if total else 0:.1f} %).\n\n"
        + "\n".join(lines)
        + "\n\nEl detalle va adjunto, en CSV y en Excel.\n"
    )
    return Letter(f"Resumen del equipo ({campaign}): {done:,} de {total:,} segmentados", text)


def _counts(row: Sequence[Any]) -> str:
    return f"{_batches(row[1])}, {row[2]:,} NS, {row[3]:,} In, {row[4]:,} S ({100 * row[5]:.1f} %)"


def _batches(number: int) -> str:
    return f"{number:,} batch" if number == 1 else f"{number:,} batches"
