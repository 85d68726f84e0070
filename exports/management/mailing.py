"""What the commands that send mail share: what would go, how it went, as text and as JSON."""

from contextlib import closing
from typing import Any

from django.core.management.base import CommandError, CommandParser

from crew.rules import UnknownPersonError
from exports.management.progress import Bars
from exports.rules.mailing import STATE_LABELS
from exports.services.backups import finish
from exports.services.mailing import (
    MailBusyError,
    MailError,
    MailPlan,
    MailReport,
    MailServerError,
    Outcome,
    send,
)
from segmentacion.actors import SYSTEM_ACTOR
from segmentacion.http.json import iso_utc
from segmentacion.reporting import ReportCommand

OUTCOMES = {
    Outcome.SENT: "✅ enviado",
    Outcome.FAILED: "❌ falló",
    Outcome.UNCONFIRMED: "⚠️  sin confirmar",
    Outcome.ALREADY: "•  ya se le había enviado",
}


class MailCommand(ReportCommand):
    """Plans a campaign, shows it, sends it. One address that fails does not stop the rest."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="muestra qué se enviaría")
        parser.add_argument(
            "--again",
            action="store_true",
            help="envía también lo ya enviado esta semana y lo que quedó sin confirmar",
        )

    def plan(self, options: dict[str, Any]) -> MailPlan:
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        report = MailReport()
        try:
            plan = self.plan(options)
            self._missing(options, plan)
            if options["dry_run"]:
                self._show(options, plan)
                return
            again = {message.key for message in plan.messages} if options["again"] else ()
            steps = send(plan.messages, actor=SYSTEM_ACTOR, report=report, again=again)
            with closing(Bars(unit="correo")) as bars:
                finish(steps, bars.show)
        except (MailError, UnknownPersonError) as error:
            raise self.fail(options, str(error)) from error
        except (MailServerError, MailBusyError) as error:
            self._tell(options, report)
            raise self.fail(options, str(error), results=_results(report)) from error
        self._report(options, plan, report)

    def _missing(self, options: dict[str, Any], plan: MailPlan) -> None:
        self.say(options, f"✉️  Campaña {plan.campaign}: {len(plan.messages):,} correos")
        for title, names in (
            ("Sin correo, no se les puede enviar:", plan.without_address),
            ("Sin batches, no se les envía:", plan.without_work),
        ):
            if names:
                self.say(options, f"   {title}")
                self.list_some(options, names)

    def _show(self, options: dict[str, Any], plan: MailPlan) -> None:
        for message in plan.messages:
            files = ", ".join(
                f"{a.filename} ({a.rows:,} filas)" for a in message.preview.attachments
            )
            self.say(options, f"── {message.recipient} <{message.address}>")
            self.say(options, f"   Estado: {STATE_LABELS[message.state]} {message.error}".rstrip())
            self.say(options, f"   Asunto: {message.preview.letter.subject}")
            self.say(options, f"   Adjunto: {files}")
        if plan.messages:
            self.say(options, "\nTexto del primero:\n\n" + plan.messages[0].preview.letter.text)
        self.say(options, "Simulación: no se envió nada.")
        if options["json"]:
            self.print_json({"success": True, "dry_run": True, **plan_json(plan)})

    def _tell(self, options: dict[str, Any], report: MailReport) -> None:
        for result in report.results:
            error = f": {result.error}" if result.error else ""
            self.say(options, f"   {OUTCOMES[result.outcome]} {result.recipient}{error}")

    def _report(self, options: dict[str, Any], plan: MailPlan, report: MailReport) -> None:
        self._tell(options, report)
        counts = {str(outcome): report.count(outcome) for outcome in Outcome}
        self.say(options, f"Enviados: {counts['sent']:,} · Fallaron: {counts['failed']:,}")
        if options["json"]:
            shown = plan_json(plan) | {"results": _results(report)} | counts
            self.print_json({"success": report.is_good, "dry_run": False, **shown})
        if report.count(Outcome.FAILED):
            raise CommandError("❌ Hay correos que fallaron; repite el comando para reintentarlos.")
        if report.count(Outcome.UNCONFIRMED):
            raise CommandError(
                "❌ Hay correos sin confirmar: pudieron llegar. Con --again se envían otra vez."
            )


def plan_json(plan: MailPlan) -> dict[str, Any]:
    """Return a plan for programs."""
    return {
        "campaign": plan.campaign,
        "messages": [
            {
                "recipient": m.recipient,
                "address": m.address,
                "state": str(m.state),
                "error": m.error,
                "at": iso_utc(m.at) if m.at else None,
                "subject": m.preview.letter.subject,
                "text": m.preview.letter.text,
                "attachments": [
                    {"filename": a.filename, "rows": a.rows} for a in m.preview.attachments
                ],
            }
            for m in plan.messages
        ],
        "without_address": plan.without_address,
        "without_work": plan.without_work,
    }


def _results(report: MailReport) -> list[dict[str, str]]:
    return [
        {
            "recipient": r.recipient,
            "address": r.address,
            "outcome": str(r.outcome),
            "error": r.error,
        }
        for r in report.results
    ]
