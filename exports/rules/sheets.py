"""The tables that leave the system: their columns, as CSV and XLSX write them."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds; it decides how a cell is written."""

    TEXT = "text"
    NUMBER = "number"
    SHARE = "share"  # 0 to 1, shown as a percentage with one decimal
    DATE = "date"  # local dates; a text where a stored one could not be read
    TIME = "time"  # aware times, written in local time


@dataclass(frozen=True)
class Column:
    """One column: its head, what it holds, how wide it is in characters, its allowed values."""

    title: str
    kind: Kind = Kind.TEXT
    width: int = 16
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A kind of table: the title of its sheet and its columns."""

    title: str
    columns: tuple[Column, ...]


WORKLOAD = Table(
    "Carga de trabajo",
    (
        Column("Batch ID", width=22),
        Column("Responsable", width=24),
        Column("Estatus", width=12, choices=("NS", "In", "S")),
    ),
)
SUMMARY = Table(
    "Resumen del equipo",
    (
        Column("Segmentador", width=24),
        Column("Total Batches", Kind.NUMBER, 14),
        Column("No Segmentados (NS)", Kind.NUMBER, 20),
        Column("Incompletas (In)", Kind.NUMBER, 16),
        Column("Completados (S)", Kind.NUMBER, 16),
        Column("% Completado", Kind.SHARE, 14),
        Column("Lista de Batches", width=80),
    ),
)
BATCHES = Table(
    "Batches",
    (
        Column("Batch", width=22),
        Column("Responsable", width=24),
        Column("Estatus", width=10),
        Column("Prioridad", width=11),
        Column("Revisión", width=14),
        Column("Fecha límite", Kind.DATE, 13),
        Column("Cargado a Mongo", width=17),
        Column("Archivos", Kind.NUMBER, 10),
        Column("Último archivo", Kind.TIME, 20),
        Column("Verificación", width=14),
        Column("Máscaras terminadas", Kind.NUMBER, 20),
        Column("Máscaras totales", Kind.NUMBER, 17),
        Column("Asignado", Kind.TIME, 20),
        Column("Actualizado", Kind.TIME, 20),
        Column("Comentarios", width=48),
        Column("Carpeta", width=36),
    ),
)
UNASSIGNED = "Sin asignar"
