"""The report of an adoption, as lines for people and as JSON for programs."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from batches.services.adoption import AdoptionReport, DuplicateGroup, Leftover

Section = tuple[str, list[str]]


def as_json(report: AdoptionReport) -> dict[str, Any]:
    """Return the report as one object; every leftover is in it."""
    return {"success": True, **asdict(report)}


def sections(report: AdoptionReport) -> Iterator[Section]:
    """Yield each title of the report with the lines under it; only titles that say something."""
    verb = "se normalizarían" if report.dry_run else "normalizadas"
    yield (
        f"👥 Personas: {report.people:,} · {verb}: {report.people_changed:,}",
        [f"{path}: {count:,}" for path, count in report.people_fields.items()],
    )
    verb = "se normalizarían" if report.dry_run else "normalizados"
    yield (
        f"📋 Batches: {report.batches:,} · {verb}: {report.batches_changed:,}",
        [f"{path}: {count:,}" for path, count in report.fields.items()],
    )
    away = "Irían a la papelera" if report.dry_run else "Movidos a la papelera"
    counted: list[Section] = [
        (f"🔗 Referencias de djongo: {report.references:,}", [""] * report.references),
        (f"🗑️  {away}: {report.set_aside:,}", [""] * report.set_aside),
    ]
    yield from ((title, []) for title, lines in counted if lines)
    yield from ((title, lines) for title, lines in _warnings(report) if lines)


def _warnings(report: AdoptionReport) -> Iterator[Section]:
    relaxed = list(report.indexes_relaxed)
    yield "🔗 Índices de djongo que admiten documentos sin id entero:", relaxed
    groups = [_group_line(group) for group in report.duplicates]
    yield f"⚠️  Ids y nombres repetidos: {len(groups):,}", groups
    without = list(report.without_id)
    yield f"⚠️  Sin id o sin nombre: {len(without):,}", without
    left = [_leftover_line(leftover) for leftover in report.leftovers]
    yield f"⚠️  Quedan como estaban: {len(left):,}", left
    conflicts = list(report.conflicts)
    yield "⚠️  Cambiaron mientras tanto y no se tocaron (vuelve a ejecutar):", conflicts
    yield "⚠️  Índices que aún no son únicos:", list(report.indexes_pending)


def _group_line(group: DuplicateGroup) -> str:
    line = f"{group.collection} · {group.name}: {group.documents:,} documentos"
    if not group.set_aside:
        return f"{line} (elige con --duplicates keep-first|keep-newest)"
    return f"{line}; queda {', '.join(group.kept)}; a la papelera {', '.join(group.set_aside)}"


def _leftover_line(leftover: Leftover) -> str:
    place = f"{leftover.collection} · {leftover.key}"
    if not leftover.field:
        return f"{place}: {leftover.reason}"
    return f"{place} · {leftover.field} «{leftover.value}»: {leftover.reason}"
