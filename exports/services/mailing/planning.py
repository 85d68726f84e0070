"""What would be sent to whom. Nothing is written; what is sent is composed again when it goes."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from io import BytesIO

from django.conf import settings
from django.utils import timezone

from crew import queries as crew_queries
from crew.queries import Member
from crew.rules import UnknownPersonError
from exports.queries.mailings import lead_addresses, records_of
from exports.rules.asking import Asked, Format
from exports.rules.mailing import (
    Letter,
    MailKind,
    MailState,
    campaign_of,
    mailing_key,
    summary_letter,
    usable_address,
    usable_addresses,
    workload_letter,
)
from exports.rules.sheets import SUMMARY
from exports.services import exporting
from segmentacion.mongo.clients import Document


class MailError(Exception):
    """A mailing that cannot be; the message is for the person asking."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes along; `rows` without its head."""

    filename: str
    rows: int
    content: bytes = b""


@dataclass(frozen=True)
class Composed:
    """A mail as it goes out, or for a preview without the contents of its attachments."""

    letter: Letter
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class Message:
    """A mail of a campaign to one recipient, and how far it is. `compose` makes it, whole."""

    key: str
    kind: MailKind
    campaign: str
    recipient: str
    address: str
    preview: Composed
    compose: Callable[[], Composed]
    state: MailState = MailState.NEW
    error: str = ""
    at: datetime | None = None


@dataclass
class MailPlan:
    """The messages of a campaign, and who gets none: no address to write to, or no work."""

    kind: MailKind
    campaign: str
    messages: list[Message] = field(default_factory=list)
    without_address: list[str] = field(default_factory=list)
    without_work: list[str] = field(default_factory=list)

    def chosen(self, keys: Iterable[str]) -> list[Message]:
        """Return the messages with these keys, in the plan's order."""
        wanted = set(keys)
        return [message for message in self.messages if message.key in wanted]


@dataclass(frozen=True)
class _Mail:
    """A mail that a plan is about to hold; `who` tells its recipient from the others for good."""

    who: str
    recipient: str
    address: str
    preview: Composed
    compose: Callable[[], Composed]

    def of(self, plan: MailPlan, records: Mapping[str, Document]) -> Message:
        """Return it as a message of this plan, as far as its record says it is."""
        key = mailing_key(plan.kind, plan.campaign, self.who)
        return Message(
            key,
            plan.kind,
            plan.campaign,
            self.recipient,
            self.address,
            self.preview,
            self.compose,
            **_so_far(records.get(key)),
        )


def plan_workloads(names: Sequence[str] = ()) -> MailPlan:
    """Plan this week's mail to each active person, or to those named.

    Raises UnknownPersonError, and MailError for somebody who is not active.
    """
    plan = MailPlan(MailKind.WORKLOAD, campaign_of(timezone.localdate()))
    records = records_of(plan.kind, plan.campaign)
    for member in _members(names):
        export = exporting.workload(member.name, Asked())
        if not export.total:
            plan.without_work.append(member.name)
        elif address := usable_address(member.email):
            preview = _workload_mail(member.name, plan.campaign, export.filename, export.total)
            compose = _workload_composer(member.name, plan.campaign)
            mail = _Mail(member.key, member.name, address, preview, compose)
            plan.messages.append(mail.of(plan, records))
        else:
            plan.without_address.append(member.name)
    return plan


def plan_summary(to: Sequence[str] = ()) -> MailPlan:
    """Plan this week's summary: to these addresses, else SUMMARY_MAIL_TO, else the leads.

    Raises MailError when an address is none, or nobody is left to write to.
    """
    plan = MailPlan(MailKind.SUMMARY, campaign_of(timezone.localdate()))
    addresses = _summary_addresses(to)
    records = records_of(plan.kind, plan.campaign)
    preview = _summary_mail(plan.campaign, whole=False)
    compose = cache(lambda: _summary_mail(plan.campaign, whole=True))
    for address in addresses:
        mail = _Mail(address.casefold(), address, address, preview, compose)
        plan.messages.append(mail.of(plan, records))
    return plan


def _summary_addresses(to: Sequence[str]) -> list[str]:
    given = [*to] or [*settings.SUMMARY_MAIL_TO]
    if wrong := [address for address in given if not usable_address(address)]:
        raise MailError(f"No es un correo: {', '.join(wrong)}")
    addresses = usable_addresses(given or lead_addresses())
    if not addresses:
        raise MailError(
            "No hay a quién enviar el resumen: pon el correo de las cuentas de Líder, o define "
            "SUMMARY_MAIL_TO."
        )
    return addresses


def _members(names: Sequence[str]) -> list[Member]:
    members = crew_queries.all_members()
    if not names:
        return [member for member in members if member.active]
    by_name = {member.name: member for member in members}
    found = []
    for name in dict.fromkeys(names):
        spelled = unicodedata.normalize("NFC", " ".join(name.split()))
        member = by_name.get(name) or by_name.get(spelled)
        if member is None:
            raise UnknownPersonError(name)
        if not member.active:
            raise MailError(f"'{name}' no está en activo")
        found.append(member)
    return found


def _workload_composer(name: str, campaign: str) -> Callable[[], Composed]:
    """Return what makes the mail from the work held at that moment."""

    def compose() -> Composed:
        rows = 0

        def count() -> None:
            nonlocal rows
            rows += 1

        export = exporting.workload(name, Asked()).told(count)
        content = b"".join(exporting.chunks(export))
        return _workload_mail(name, campaign, export.filename, rows, content)

    return compose


def _workload_mail(
    name: str, campaign: str, filename: str, rows: int, content: bytes = b""
) -> Composed:
    letter = workload_letter(name, rows, campaign, filename)
    return Composed(letter, (Attachment(filename, rows, content),))


def _summary_mail(campaign: str, *, whole: bool) -> Composed:
    """Return the summary; text, CSV and workbook hold the same rows. A preview has no files."""
    export = exporting.summary(Asked())
    rows = list(export.rows)
    attachments = []
    for form in (Format.CSV, Format.XLSX):
        file = BytesIO()
        filename = f"{export.filename.removesuffix('.csv')}.{form}"
        if whole:
            exporting.write(exporting.Export(filename, form, SUMMARY, iter(rows)), file)
        attachments.append(Attachment(filename, len(rows), file.getvalue()))
    return Composed(summary_letter(rows, campaign), tuple(attachments))


def _so_far(record: Document | None) -> Document:
    """Return how far a message is, by its record."""
    if record is None:
        return {}
    return {
        "state": MailState(str(record["state"])),
        "error": str(record.get("error") or ""),
        "at": record.get("at"),
    }
