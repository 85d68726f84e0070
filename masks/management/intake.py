"""What each action of `manage.py intake` does: a report as JSON, as lines, and whether all is
well."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from masks.intake import queries, services
from masks.intake.services import Progress, RunReport
from masks.presenting.intake_reports import image_json, recovered_json, run_json, status_json
from segmentacion.actors import Actor, Channel
from segmentacion.reporting import ReportCommand, progress_bar

Outcome = tuple[dict[str, Any], list[str], bool]
Action = Callable[[ReportCommand, dict[str, Any]], Outcome]

ACTOR = Actor("intake", Channel.COMMAND)
LISTED = 20


def status(command: ReportCommand, options: dict[str, Any]) -> Outcome:
    found = queries.status()
    shown = status_json(found)
    lines = [
        f"📥 En espera: {shown['queue']:,}",
        f"🖼️  Imagen actual: {shown['current_image'] or 'ninguna'} ({shown['state']})",
        f"📤 Procesadas, falta subir: {shown['pending_uploads']:,}",
        f"✅ Archivadas: {shown['archived']:,}",
        *([f"⚠️  Archivadas sin confirmar: {found.forced:,}"] if found.forced else []),
        *([f"🔁 Se intentan otra vez: {found.retrying:,}"] if found.retrying else []),
        *([f"❌ Necesitan a una persona: {found.failed:,}"] if found.failed else []),
        *([f"❓ Ya no están: {found.missing:,}"] if found.missing else []),
        *([f"⏳ Trabajando: {found.working}"] if found.working else []),
        *([f"❌ {found.trouble}"] if found.trouble else []),
        *_listed("⏭️  No se toman", dict(found.skipped)),
    ]
    return shown, lines, not found.trouble


def process(command: ReportCommand, options: dict[str, Any]) -> Outcome:
    image = services.process_next(actor=ACTOR)
    code = f", código {image['code']}" if image.get("code") else ""
    size = f"{image.get('width')}×{image.get('height')}"
    line = f"✅ {image['name']!r}: procesada ({size}{code}). Falta subirla."
    return {"success": True, "awaiting_upload": True, **image_json(image)}, [line], True


def upload(command: ReportCommand, options: dict[str, Any]) -> Outcome:
    done = services.upload_current(actor=ACTOR)
    report = {"success": True, "next_image": done.next_image, **image_json(done.image)}
    known = ": su contenido ya estaba en MongoDB" if report["duplicate"] else ""
    lines = [
        f"✅ {done.image['name']!r}: confirmada y archivada{known}.",
        f"➡️  Sigue: {done.next_image or 'nada'}",
    ]
    return report, lines, True


def run(command: ReportCommand, options: dict[str, Any]) -> Outcome:
    report = RunReport()
    with progress_bar(None, "Imágenes", unit="imagen") as bar:
        for step in services.run(actor=ACTOR, report=report):
            bar.total = step.total
            bar.set_postfix_str(repr(step.name)[:40])
            bar.update(step.done - bar.n if step.done > bar.n else 1)
    return run_json(report), _run_lines(report), not report.failed


def watch(command: ReportCommand, options: dict[str, Any]) -> Outcome:
    """Stay until SIGTERM or Ctrl+C, or until the supervisor that started it is gone."""
    stop, report = threading.Event(), RunReport()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    supervisor = os.environ.get("SUPERVISOR_PID", "")
    if supervisor.isdigit():
        threading.Thread(target=_end_with, args=(int(supervisor), stop), daemon=True).start()

    def tell(step: Progress) -> None:
        command.say(options, f"{step.name!r}: {step.state}")

    command.say(options, "👀 Esperando imágenes…")
    services.watch(
        actor=ACTOR,
        report=report,
        stop=stop,
        progress=tell,
        trouble=lambda text: command.say(options, f"❌ {text}"),
    )
    return run_json(report), _run_lines(report), True


def recover(command: ReportCommand, options: dict[str, Any]) -> Outcome:
    report = services.recover(actor=ACTOR)
    labels = {
        "Movimientos terminados": report.moves,
        "Pasos que se repiten": report.interrupted,
        "Adoptadas de images_sources": report.adopted,
        "Ya no están": report.lost,
        "Aparecieron otra vez": report.found,
    }
    lines = [f"   • {label}: {_some(names)}" for label, names in labels.items() if names]
    lines += _listed("⏭️  No se toman", report.skipped)
    head = "🔧 Se puso en orden:" if report.anything else "✅ Todo estaba en orden."
    return recovered_json(report), [head, *lines], True


def retry(command: ReportCommand, options: dict[str, Any]) -> Outcome:
    report = services.retry(options["images"] or None, actor=ACTOR)
    lines = [f"🔁 Se intentarán otra vez: {_some(report.again)}"] if report.again else []
    if report.missing:
        lines.append(f"❓ Su archivo no está: {_some(report.missing)}")
    shown = {"success": not report.missing, "again": report.again, "missing": report.missing}
    return shown, lines, not report.missing


def force_archive(command: ReportCommand, options: dict[str, Any]) -> Outcome:
    name = options["images"][0] if options["images"] else None
    image = services.force_archive(name, actor=ACTOR, reason=options["reason"])
    line = f"⚠️  {image['name']!r}: archivada sin confirmar. Quedó registrado."
    return {"success": True, "archived": image["name"], "file": image["file"]}, [line], True


ACTIONS: dict[str, Action] = {
    "status": status,
    "process": process,
    "upload": upload,
    "run": run,
    "watch": watch,
    "recover": recover,
    "retry": retry,
    "force-archive": force_archive,
}


def _run_lines(report: RunReport) -> list[str]:
    lines = [f"✅ Archivadas: {report.archived:,} ({report.bytes / 1e6:,.1f} MB)"]
    if report.duplicates:
        lines.append(f"   • Su contenido ya estaba en MongoDB: {report.duplicates:,}")
    lines += _listed("❌ Necesitan a una persona", report.failed)
    lines += _listed("🔁 Se intentarán otra vez", report.retrying)
    lines += _listed("⏭️  No se toman", report.skipped)
    if report.unsettled:
        lines.append(f"⏳ Todavía se están copiando: {_some(report.unsettled)}")
    return lines


def _listed(title: str, reasons: dict[str, str]) -> list[str]:
    if not reasons:
        return []
    shown = [f"   • {name!r}: {why}" for name, why in sorted(reasons.items())[:LISTED]]
    more = [f"   … y {len(reasons) - LISTED:,} más"] if len(reasons) > LISTED else []
    return [f"{title}: {len(reasons):,}", *shown, *more]


def _some(names: list[str]) -> str:
    more = f" … y {len(names) - LISTED:,} más" if len(names) > LISTED else ""
    return ", ".join(repr(name) for name in names[:LISTED]) + more


def _end_with(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent:
        if stop.wait(1.0):
            return
    stop.set()
