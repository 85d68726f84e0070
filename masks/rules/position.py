"""How far the sync has read the store, and when that is not to be trusted.

Plain Python: no clock, no database.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

# Clocks of several writers differ, and a file's id is older than the file by as long as its
# upload took: the store is asked again for this much before the newest seen.
MARGIN = timedelta(hours=1)

ASKED = "la pidieron"
FIRST = "no hay una completa anterior"
INTERRUPTED = "la anterior no terminó, o algo cambió mientras escribía"
OTHER_PLACE = "cambió la base o el almacén"
OTHER_BATCHES = "se crearon, quitaron o devolvieron batches"
NO_CATALOGUE = "el catálogo está vacío"
CHANGES_LOST = "el almacén ya no tiene los cambios desde la anterior"
STORE_REPLACED = "la colección del almacén se borró o se renombró"
TOO_MUCH = "cambiaron muchos archivos"
COUNT_DIFFERS = "el número de archivos no cuadra con los vistos"


@dataclass(frozen=True)
class Position:
    """What a run leaves for the next one.

    `token`: of the store's change stream, or None where files are asked for by `watermark`, the
    newest time in a file's id. `known`: files in the catalogue; `drift`: by how much the store's
    own count differs from that. `pending`: the run that is writing, or did not end. `report`: the
    figures of the last run, as stored in `sync_runs`.
    """

    place: str
    known: int
    drift: int
    batch_count: int
    batch_version: int
    full_at: datetime
    merged_at: datetime
    checked_at: datetime
    token: Any = None
    watermark: datetime | None = None
    pending: str | None = None
    report: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_state(cls, state: Mapping[str, Any] | None) -> "Position | None":
        """Return the position that was kept, or None when there is none of this form."""
        names = {item.name for item in fields(cls)}
        if not state or not names <= state.keys():
            return None
        return cls(**{name: state[name] for name in names})

    def as_state(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)


@dataclass(frozen=True)
class Surroundings:
    """What a position is held against: the time, the place, the batches, the catalogue."""

    now: datetime
    place: str
    batch_count: int
    batch_version: int
    catalogue_count: int


def doubt(position: Position | None, seen: Surroundings, *, full_every: timedelta) -> str | None:
    """Return why the whole store must be read, or None when reading what is new will do."""
    if position is None:
        return FIRST
    batches = (seen.batch_count, seen.batch_version)
    hours = full_every / timedelta(hours=1)
    doubts = {
        INTERRUPTED: bool(position.pending),
        OTHER_PLACE: position.place != seen.place,
        OTHER_BATCHES: (position.batch_count, position.batch_version) != batches,
        NO_CATALOGUE: position.known > 0 and seen.catalogue_count == 0,
        f"la última completa fue hace más de {hours:g} h": seen.now - position.full_at
        >= full_every,
    }
    return next((reason for reason, holds in doubts.items() if holds), None)


def next_watermark(
    watermark: datetime | None, newest: datetime | None, server_now: datetime
) -> datetime:
    """Return the newest time seen, never later than the store's own clock.

    A program whose clock runs ahead cannot push it beyond files that are still to come.
    """
    seen = [moment for moment in (watermark, newest) if moment is not None]
    return min(max(seen), server_now) if seen else server_now


def window_start(watermark: datetime | None, server_now: datetime) -> datetime:
    """Return from when on the store is asked for files."""
    return min(watermark or server_now, server_now) - MARGIN


def count_agrees(position: Position, *, difference: int, counted: int) -> bool:
    """Tell whether the store's count follows from the last one and from what is seen."""
    return counted == position.known + position.drift + difference
