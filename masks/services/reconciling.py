"""Reconciliation: everything that does not agree between batches, catalogue and store.

It reads, and writes only its report, which the page shows until the next one, and the figures as
it counted them.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from batches.rules.metrics.weeks import UNDATED
from batches.rules.verdicts import VerdictKind
from batches.services import metrics
from masks import store
from masks.queries import reconciling as queries
from masks.rules.reconciling import CHECKS, Finding
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.errors import is_permission_error, is_unreachable

COLLECTION = "app_state"
LAST = "reconcile:last"
# How long each look into the store may take; then the report says that it was not finished.
STORE_SECONDS = 20.0
PING_SECONDS = 2.0
BUSY = "Se escribió mientras se contaba: hay que volver a conciliar."
AWAY = "El almacén de máscaras no responde."
MEASURED_ORPHANS = 1_000
NOT_WHOLE = [str(kind) for kind in VerdictKind if kind != VerdictKind.WHOLE]

Progress = Callable[[str, int], None]


@dataclass
class ReconcileReport:
    """What was found, check by check; `store_error` says why the store could not be asked."""

    at: datetime
    findings: list[Finding] = field(default_factory=list)
    store_error: str = ""
    duration_ms: int = 0

    @property
    def found(self) -> list[Finding]:
        """Return the checks that found something, or were not finished."""
        return [finding for finding in self.findings if finding.count or not finding.done]


def reconcile(
    *, store_seconds: float = STORE_SECONDS, progress: Progress | None = None
) -> ReconcileReport:
    """Compare everything and return the report, which is kept as the last one.

    Works with the store down: its checks then say so. Raises PyMongoError when the main database
    does not answer.
    """
    started, tell = time.monotonic(), progress or _silent
    report = ReconcileReport(datetime.now(UTC))
    report.findings = queries.compare_batches(lambda count: tell("batches", count))
    report.findings += _of_catalogue()
    report.findings += [queries.compare_counters(), _recount_figures()]
    report.store_error = _store_error()
    for look in LOOKS:
        finding = _bounded(look, store_seconds, report, tell)
        report.findings.append(finding)
    report.findings.sort(key=lambda finding: list(CHECKS).index(finding.key))
    report.duration_ms = round((time.monotonic() - started) * 1000)
    _keep(report)
    return report


def last_report() -> ReconcileReport | None:
    """Return the report of the last reconciliation, or None before the first."""
    kept = main_collection(COLLECTION).find_one({"_id": LAST})
    if kept is None:
        return None
    findings = [Finding(**finding) for finding in kept["findings"] if finding["key"] in CHECKS]
    return ReconcileReport(kept["at"], findings, kept["store_error"], kept["duration_ms"])


def _keep(report: ReconcileReport) -> None:
    main_collection(COLLECTION).replace_one({"_id": LAST}, asdict(report), upsert=True)


def _of_catalogue() -> Iterator[Finding]:
    conditions: dict[str, dict[str, Any]] = {
        "conflicts": {"conflict": True, "here": True},
        "without_id": {"batches": [], "here": True},
        "unverified": {"here": True, "verdict.kind": None},
        "not_whole": {"here": True, "verdict.kind": {"$in": NOT_WHOLE}},
    }
    for key, condition in conditions.items():
        yield queries.list_files(key, condition)


def _recount_figures() -> Finding:
    """Count the figures of `/metrics` anew, which mends them, and name what was otherwise."""
    finding, differing = Finding("figures_differ"), metrics.recount()
    if differing is None:
        finding.done, finding.note = False, BUSY
    for (series, priority), week, person in differing or ():
        who = person or "Sin responsable"
        finding.add(f"{who}, serie {series}, prioridad {priority}, {_when(week)}")
    return finding


def _when(week: int | None) -> str:
    if week is None:
        return "hoy"
    return f"semana del {date.fromordinal(week)}" if week > UNDATED else "sin fecha"


Look = Callable[[Finding, Progress], None]


def _bounded(
    look: tuple[str, Look], seconds: float, report: ReconcileReport, tell: Progress
) -> Finding:
    """Look into the store for so long at most; what was found until then stays."""
    key, search = look
    finding = Finding(key)
    if report.store_error:
        finding.done, finding.note = False, report.store_error
        return finding
    try:
        with pymongo.timeout(seconds):
            search(finding, tell)
    except PyMongoError as error:
        finding.done = False
        finding.note = _why(error, seconds)
    return finding


def _store_error() -> str:
    """Return why the store does not answer at all, or ""."""
    try:
        with pymongo.timeout(PING_SECONDS):
            store.count()
    except PyMongoError as error:
        return _why(error, PING_SECONDS) if is_permission_error(error) else AWAY
    return ""


def _why(error: PyMongoError, seconds: float) -> str:
    if is_permission_error(error):
        return "La cuenta no puede leer esta parte del almacén de máscaras."
    if error.timeout:
        return f"No terminó en {seconds:g} s: son al menos estos."
    if is_unreachable(error):
        return AWAY
    return "El almacén no tiene el índice {files_id, n} de GridFS, o se interrumpió la lectura."


def _search_catalogue(finding: Finding, tell: Progress) -> None:
    stored, known = store.count(), queries.known_files()
    finding.count = abs(stored - known)
    if finding.count:
        finding.note = f"En el almacén hay {stored:,}; en la lista, {known:,}."


def _search_orphans(finding: Finding, tell: Progress) -> None:
    """Count the ids that chunks name and no file has, and estimate what they occupy."""
    chunks = size = seen = 0
    for owners in store.chunk_owners():
        seen += len(owners)
        for owner in store.without_file(owners):
            finding.add(str(owner))
            if finding.count <= MEASURED_ORPHANS:
                count, octets = store.chunks_of(owner)
                chunks, size = chunks + count, size + octets
            more = "más de " if finding.count > MEASURED_ORPHANS else ""
            finding.note = f"{more}{chunks:,} pedazos, unos {size / 1_048_576:,.1f} MB (estimado)."
        tell("chunks", seen)


def _search_chunks(finding: Finding, tell: Progress) -> None:
    for names in store.files_without_chunks():
        for name in names:
            finding.add(name)
        tell("files", finding.count)


LOOKS: tuple[tuple[str, Look], ...] = (
    ("catalogue_differs", _search_catalogue),
    ("orphan_chunks", _search_orphans),
    ("files_without_chunks", _search_chunks),
)


def _silent(stage: str, count: int) -> None:
    """Show no progress."""
