"""Handing mail to the server: one connection, opened again when it was lost between two mails."""

import smtplib
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from exports.rules.mailing import message_id
from exports.services.mailing.planning import Attachment, Composed

MEDIA = {
    "csv": ("text", "csv"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
# Backends that deliver nothing: they print, or throw away.
NOT_MAIL = ("django.core.mail.backends.console.", "django.core.mail.backends.dummy.")


class MailServerError(Exception):
    """No mail can be handed in; nothing was sent."""


class RefusedError(Exception):
    """This mail was not taken, for certain; the message says why."""


class UncertainError(Exception):
    """The connection broke while this mail was handed in: it may have been taken."""


class Postman:
    """A connection to the mail server, made when the first mail is to go. Without a server set,
    making it raises MailServerError."""

    def __init__(self) -> None:
        if settings.EMAIL_BACKEND.startswith(NOT_MAIL):
            raise MailServerError(
                "No hay servidor de correo: define EMAIL_URL (smtp+tls://usuario:clave@host:587)."
            )
        self.backend: Any = get_connection(timeout=settings.EMAIL_TIMEOUT)

    def close(self) -> None:
        """End the connection, if there is one; the next mail makes another."""
        try:
            self.backend.close()
        except OSError:
            self.backend.connection = None

    def ready(self) -> None:
        """Make sure the server listens before a mail is risked. Raises MailServerError."""
        smtp = getattr(self.backend, "connection", None)
        if smtp is not None and _listens(smtp):
            return
        self.close()
        self._open()

    def deliver(self, mail: EmailMessage) -> None:
        """Hand in one mail. Raises RefusedError, UncertainError."""
        try:
            self.backend.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as error:
            code, reason = next(iter(error.recipients.values()))
            raise RefusedError(_said(code, reason)) from error
        except smtplib.SMTPResponseException as error:
            raise RefusedError(_said(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPNotSupportedError, ValueError) as error:
            raise RefusedError(str(error)) from error
        except OSError as error:
            self.close()
            raise UncertainError(
                f"se cortó la conexión mientras se entregaba ({_why(error)})"
            ) from error

    def _open(self) -> None:
        try:
            self.backend.open()
        except smtplib.SMTPAuthenticationError as error:
            raise MailServerError(
                "El servidor de correo no aceptó el usuario o la clave de EMAIL_URL."
            ) from error
        except OSError as error:
            raise MailServerError(
                f"El servidor de correo {settings.EMAIL_HOST}:{settings.EMAIL_PORT} no responde "
                f"({_why(error)})."
            ) from error


def _listens(smtp: smtplib.SMTP) -> bool:
    try:
        return smtp.noop()[0] == 250
    except OSError:  # smtplib's errors are of this kind
        return False


def as_mail(composed: Composed, address: str, key: str, attempt: int) -> EmailMessage:
    """Return the mail to hand in; its Message-ID is that of the key and the attempt."""
    sender = settings.DEFAULT_FROM_EMAIL
    domain = sender.rpartition("@")[2].strip(" >") or "localhost"
    letter = composed.letter
    mail = EmailMessage(
        letter.subject,
        letter.text,
        sender,
        [address],
        headers={
            "Message-ID": message_id(key, attempt, domain),
            "Auto-Submitted": "auto-generated",
        },
    )
    for attachment in composed.attachments:
        mail.attach(_part(attachment))
    return mail


def _part(attachment: Attachment) -> MIMEBase:
    """Return a file byte by byte as it is: line ends and BOM of a CSV are not to be touched."""
    part = MIMEBase(*MEDIA[attachment.filename.rpartition(".")[2]])
    part.set_payload(attachment.content)
    encode_base64(part)
    name = attachment.filename
    part.add_header(
        "Content-Disposition",
        "attachment",
        filename=name if name.isascii() else ("utf-8", "", name),
    )
    return part


def _said(code: int, reason: object) -> str:
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return f"{code} {' '.join(text.split())}"[:300]


def _why(error: OSError) -> str:
    return " ".join((str(error) or type(error).__name__).split())[:200]
