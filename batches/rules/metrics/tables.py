"""The tables behind the charts, as CSV that spreadsheets in Spanish open."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

from batches.rules.cells import guard
from batches.rules.metrics.figures import Counted, Week
from batches.rules.metrics.weeks import ends_on

Row = Sequence[object]
TEAM_HEAD = (
    "Persona", "Asignados", "Terminados", "Aprobados a la primera", "Revisados por primera vez",
    "Aprobados", "Devueltos", "Ciclo: mediana (días)", "Ciclo: 90 % (días)",
    "Terminados con ciclo conocido", "Abiertos hoy", "Vencidos hoy",
)  # fmt: skip
WEEKS_HEAD = ("Semana del", "al", "Asignados", "Terminados", "Aprobados", "Devueltos", "Completa")
BURNUP_HEAD = ("Semana del", "al", "Batches en total", "Terminados (S)", "Por terminar")


def team_table(people: Iterable[Counted], whole: Counted | None) -> list[Row]:
    """Return a row per person, and one for all."""
    rows: list[Row] = [TEAM_HEAD, *(_person(one, one.person) for one in people)]
    return rows + ([_person(whole, "Todo el equipo")] if whole else [])


def weeks_table(weeks: Iterable[Week]) -> list[Row]:
    """Return a row per week: what was done in it."""
    rows: list[Row] = [WEEKS_HEAD]
    for week in weeks:
        counts = (week.assigned, week.done, week.approved, week.rejected)
        rows.append((*_days(week), *counts, "sí" if week.complete else "no"))
    return rows


def burnup_table(weeks: Iterable[Week]) -> list[Row]:
    """Return a row per week: how things stood at its end."""
    rows: list[Row] = [BURNUP_HEAD]
    for week in weeks:
        rows.append((*_days(week), week.total, week.finished, week.total - week.finished))
    return rows


def csv_text(rows: Iterable[Row]) -> str:
    """Return UTF-8 with BOM (as text), commas, CRLF; cells that run as formulas are guarded."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        writer.writerow(["" if cell is None else _cell(cell) for cell in row])
    return buffer.getvalue()


def _person(one: Counted, name: str) -> Row:
    return (
        name, one.assigned, one.done, one.first_approved, one.first_reviewed, one.approved,
        one.rejected, one.median_days, one.most_days, one.timed, one.open, one.overdue,
    )  # fmt: skip


def _days(week: Week) -> tuple[str, str]:
    return date.fromordinal(week.start).isoformat(), ends_on(week.start).isoformat()


def _cell(cell: object) -> object:
    return guard(cell) if isinstance(cell, str) else cell
