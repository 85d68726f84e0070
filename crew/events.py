"""What the log of accesses tells, in plain Python: its kinds, their words, its filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crew.filters import FilterError, parse_period


class Event(StrEnum):
    """What happened."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGIN_PAUSED = "login_paused"
    UNLOCKED = "unlocked"
    LOGOUT = "logout"
    LOGOUT_OTHERS = "logout_others"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 a kind, not a password
    PASSWORD_ASKED = "password_asked"  # noqa: S105
    PASSWORD_RESET = "password_reset"  # noqa: S105
    TOKEN_CREATED = "token_created"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_REMOVED = "account_removed"
    ROLE_CHANGED = "role_changed"
    EXPORT = "export"
    BACKUP_DOWNLOADED = "backup_downloaded"
    RESTORE = "restore"


LABELS = {
    Event.LOGIN: "Entró",
    Event.LOGIN_FAILED: "Contraseña equivocada",
    Event.LOGIN_PAUSED: "Entrada en pausa",
    Event.UNLOCKED: "Entrada desbloqueada",
    Event.LOGOUT: "Cerró sesión",
    Event.LOGOUT_OTHERS: "Cerró sus otras sesiones",
    Event.PASSWORD_CHANGED: "Cambio de contraseña",
    Event.PASSWORD_ASKED: "Pidió recuperar su contraseña",
    Event.PASSWORD_RESET: "Recuperó su contraseña",
    Event.TOKEN_CREATED: "Token creado",
    Event.TOKEN_REVOKED: "Token revocado",
    Event.ACCOUNT_CREATED: "Cuenta creada",
    Event.ACCOUNT_CHANGED: "Cambio de cuenta o permisos",
    Event.ACCOUNT_REMOVED: "Cuenta eliminada",
    Event.ROLE_CHANGED: "Cambio de un grupo",
    Event.EXPORT: "Exportación",
    Event.BACKUP_DOWNLOADED: "Descarga de respaldo",
    Event.RESTORE: "Restauración",
}
# How serious it is for whoever looks for what should not be.
WARNINGS = frozenset({Event.LOGIN_FAILED, Event.LOGIN_PAUSED})
NAMES = ("who", "kind", "from", "to", "cursor")
MAX_TEXT = 200


@dataclass(frozen=True)
class EventFilter:
    """Which events. Empty means: whatever. `start` and `end` are local days, both included."""

    who: str = ""
    kind: str = ""
    start: date | None = None
    end: date | None = None
    cursor: str = ""


def parse_events(params: Mapping[str, str]) -> EventFilter:
    """Return the filter of query parameters. Raises FilterError naming what is wrong."""
    unknown = [name for name in params if name not in NAMES]
    if unknown:
        raise FilterError(f"Parámetro desconocido: {', '.join(unknown)[:80]}")
    texts = {name: params.get(name, "").strip() for name in NAMES}
    for name in ("who", "cursor"):
        if len(texts[name]) > MAX_TEXT or "\0" in texts[name]:
            raise FilterError(f"{name}: no es válido")
    if texts["kind"] and texts["kind"] not in set(Event):
        raise FilterError(f"kind: «{texts['kind'][:40]}» no existe")
    start, end = parse_period(texts)
    return EventFilter(texts["who"], texts["kind"], start, end, texts["cursor"])
