"""What the history of everybody can be filtered by, and what its kinds of acts are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from batches.rules.timeline import CHANNELS, FOLLOWING, LABELS
from crew.filters import FilterError, parse_period

KINDS = {
    "change": "Cambio",
    "bulk": "Cambio de varios",
    "next": "Siguiente batch",
    "transfer": "Traspaso",
    "distribute": "Reparto",
    "undo": "Se deshizo",
    "delete": "A la papelera",
    "restore": "De la papelera",
    "empty": "Papelera vaciada",
    "import": "Importación",
    "person": "Cambio en el equipo",
    "sync": "Sincronización",
    "verify": "Verificación de máscaras",
    "comment": "Comentario",
    "adopt": "Base adoptada",
    "restore_backup": "Respaldo restaurado",
}
# The others either have no way back or are only put back in another way.
UNDOABLE = frozenset(
    {"change", "bulk", "next", "transfer", "distribute", "undo", "delete", "restore", "import"}
)
FIELDS = {path: label for path, label in LABELS.items() if path not in FOLLOWING}
NAMES = ("who", "batch", "field", "channel", "kind", "from", "to", "cursor")
MAX_TEXT = 200


@dataclass(frozen=True)
class ActivityFilter:
    """Which acts. Empty means: whatever. `start` and `end` are local days, both included."""

    who: str = ""
    batch: str = ""
    field: str = ""
    channel: str = ""
    kind: str = ""
    start: date | None = None
    end: date | None = None
    cursor: str = ""


def parse_activity(params: Mapping[str, str]) -> ActivityFilter:
    """Return the filter of query parameters. Raises FilterError naming what is wrong."""
    unknown = [name for name in params if name not in NAMES]
    if unknown:
        raise FilterError(f"Parámetro desconocido: {', '.join(unknown)}")
    texts = {name: params.get(name, "").strip() for name in NAMES}
    for name in ("who", "batch", "cursor"):
        if len(texts[name]) > MAX_TEXT or "\0" in texts[name]:
            raise FilterError(f"{name}: es demasiado largo")
    for name, known in (("field", FIELDS), ("channel", CHANNELS), ("kind", KINDS)):
        if texts[name] and texts[name] not in known:
            raise FilterError(f"{name}: «{texts[name][:40]}» no existe")
    start, end = parse_period(texts)
    plain = {name: texts[name] for name in ("who", "batch", "field", "channel", "kind", "cursor")}
    return ActivityFilter(**plain, start=start, end=end)
