"""Every address of the product and each method it takes: who may, and what is sent along."""

import re
from typing import Any, NamedTuple

from django.test import Client

from crew.rules import Role

L, R, S, V = Role.LEAD, Role.REVIEWER, Role.SEGMENTER, Role.VIEWER
OPEN = "open"  # nobody needs to log in
ALL = frozenset({L, R, S, V})
LEAD, WORKS, REVIEWS = frozenset({L}), frozenset({L, S}), frozenset({L, R})
WHO = str | frozenset[Role]
KEY = "0" * 24
# What stands for the variable parts of an address. Flor is the person of the segmenter's account,
# which did the first operation; the second batch is Ceci's. Keys without a name exist nowhere.
OWN_FILE, OTHERS_FILE = "a" * 24, "b" * 24
OWN_ACT, OTHERS_ACT = "c" * 24, "d" * 24
PARTS = {
    "batch_id": "batch_1", "file_id": OWN_FILE, "image_id": KEY, "key": KEY, "operation": OWN_ACT,
    "digest": "0" * 64, "name": "Flor", "uidb64": "MQ", "token": "x-y",
}  # fmt: skip
OTHERS = PARTS | {
    "batch_id": "batch_2", "file_id": OTHERS_FILE, "operation": OTHERS_ACT, "name": "Ceci",
}  # fmt: skip
NOTHING: dict[str, Any] = {"select": {"ids": []}}


class Door(NamedTuple):
    """One method of one address: who may, and what is sent along (a dict goes as JSON).

    `others`: who may where it is about somebody else's work, if that differs.
    """

    route: str
    method: str
    who: WHO
    body: Any = None
    others: frozenset[Role] | None = None

    @property
    def by_token(self) -> bool:
        """Tell whether a token gets here at all: never to an account."""
        return not self.route.startswith("/cuenta")


DOORS = [
    Door("/", "GET", ALL),
    # --- crew
    Door("/login", "GET", OPEN),
    Door("/login", "POST", OPEN),
    Door("/logout", "POST", ALL),
    Door("/team", "GET", ALL),
    Door("/cuenta", "GET", ALL),
    Door("/cuenta/clave", "POST", ALL),
    Door("/cuenta/sesiones", "POST", ALL),
    Door("/cuenta/tokens", "GET", ALL),
    Door("/cuenta/tokens", "POST", ALL),
    Door("/cuenta/tokens/<str:digest>/revocar", "POST", ALL),
    Door("/cuenta/recuperar", "GET", OPEN),
    Door("/cuenta/recuperar", "POST", OPEN),
    Door("/cuenta/recuperar/enviado", "GET", OPEN),
    Door("/cuenta/recuperar/listo", "GET", OPEN),
    Door("/cuenta/recuperar/<str:uidb64>/<str:token>", "GET", OPEN),
    Door("/cuenta/recuperar/<str:uidb64>/<str:token>", "POST", OPEN),
    Door("/historial/accesos", "GET", LEAD),
    Door("/historial/accesos/desbloquear", "POST", LEAD),
    Door("/api/segmentadores", "GET", ALL),
    Door("/api/add-segmentador", "POST", LEAD, {"name": ""}),
    Door("/api/remove-segmentador", "DELETE", LEAD, {"name": ""}),
    # --- batches
    Door("/dashboard", "GET", ALL),
    Door("/dashboard/version", "GET", ALL),
    Door("/dashboard/views", "GET", ALL),
    Door("/dashboard/row/<path:batch_id>", "GET", ALL),
    Door("/metrics", "GET", ALL),
    Door("/historial", "GET", ALL),
    Door("/historial/<str:operation>", "GET", ALL),
    Door("/papelera", "GET", LEAD),
    Door("/papelera/restaurar", "POST", LEAD),
    Door("/papelera/personas", "POST", LEAD),
    Door("/papelera/vaciar", "POST", LEAD),
    Door("/batch-management", "GET", ALL),
    Door("/batch-management/column", "GET", ALL),
    Door("/batch-management/version", "GET", ALL),
    Door("/batch/<path:batch_id>", "GET", ALL),
    Door("/batch/<path:batch_id>", "POST", WORKS, [("completed_masks", "1")], LEAD),
    Door("/mi-trabajo", "GET", ALL),
    Door("/mi-trabajo", "POST", WORKS),
    Door("/api/batches", "GET", ALL),
    Door("/api/batches/bulk", "POST", LEAD, NOTHING),
    Door("/api/batches/bulk/delete", "POST", LEAD, NOTHING),
    Door("/api/batches/<batch_id>", "GET", ALL),
    Door("/api/batches/<batch_id>", "PATCH", WORKS, {"completed_masks": 1}, LEAD),
    Door("/api/batches/<batch_id>", "DELETE", LEAD),
    Door("/api/batches/<batch_id>/comments", "POST", ALL - {V}, {"text": ""}),
    Door("/api/next-batch", "POST", WORKS),
    Door("/api/distribute", "POST", LEAD, NOTHING),
    Door("/api/transfer", "POST", LEAD, {}),
    Door("/api/metrics/summary", "GET", ALL),
    Door("/api/metrics/team", "GET", ALL),
    Door("/api/metrics/throughput", "GET", ALL),
    Door("/api/metrics/burnup", "GET", ALL),
    Door("/api/metrics/person/<path:name>", "GET", ALL, None, ALL - {S}),
    Door("/api/undo/<operation>", "POST", ALL, None, LEAD),
    Door("/api/views", "POST", ALL, {}),
    Door("/api/views/default", "PUT", ALL, {}),
    Door("/api/views/<key>", "PATCH", ALL, {}),
    Door("/api/views/<key>", "DELETE", ALL),
    # --- masks and images
    Door("/masks", "GET", ALL),
    Door("/masks/conciliacion", "GET", ALL),
    Door("/masks/conciliacion", "POST", ALL),
    Door("/masks/sync-state", "GET", ALL),
    Door("/masks/versions/<path:batch_id>", "GET", ALL),
    Door("/masks/preview/<str:file_id>.webp", "GET", ALL),
    Door("/masks/preview/<str:file_id>", "GET", ALL),
    Door("/masks/file/<str:file_id>", "GET", ALL - {V}, None, REVIEWS),
    Door("/intake", "GET", ALL),
    Door("/intake", "POST", REVIEWS, [("action", "retry"), ("image", "no-hay")]),
    Door("/intake/version", "GET", ALL),
    Door("/intake/preview/<str:image_id>.jpg", "GET", ALL),
    Door("/intake/mask/<str:image_id>.png", "GET", ALL),
    Door("/subir/<path:batch_id>", "GET", WORKS, None, LEAD),
    Door("/api/auto-create-batches", "POST", LEAD, {"dry_run": True}),
    Door("/api/masks", "GET", ALL),
    Door("/api/masks/reconcile", "GET", ALL),
    Door("/api/masks/reconcile", "POST", ALL),
    Door("/api/masks/verify", "POST", REVIEWS, {"outstanding": True}),  # segmenters: by batch
    Door("/api/masks/verdict/<file_id>", "GET", ALL),
    Door("/api/sync-batch-files", "POST", ALL, {"dry_run": True}),
    Door("/api/sync-with-training-metrics", "POST", ALL, {"dry_run": True}),
    Door("/api/check-mongo-files", "GET", ALL),
    Door("/api/uploads/<batch_id>", "GET", WORKS, None, LEAD),
    Door("/api/uploads/<batch_id>", "PUT", WORKS, None, LEAD),
    Door("/processing_status", "GET", ALL),
    Door("/process_auto", "POST", REVIEWS),
    Door("/process_final", "POST", REVIEWS),
    Door("/force_archive_image", "POST", LEAD, {}),
    # --- exports, backups, mail, the system
    Door("/api/backup/database", "GET", LEAD),
    Door("/api/export/segmentador/<path:name>", "GET", ALL - {S}),
    Door("/api/export/all-assignments", "GET", ALL - {S}),
    Door("/api/export/batches", "GET", ALL - {S}),
    Door("/sistema", "GET", LEAD),
    Door("/sistema/ahora", "GET", LEAD),
    Door("/metrics/prometheus", "GET", LEAD),
    Door("/data-management", "GET", LEAD),
    Door("/data-management/respaldar", "POST", LEAD),
    Door("/data-management/comparar", "POST", LEAD),
    Door("/data-management/respaldos/<str:key>", "GET", LEAD),
    Door("/data-management/respaldos/<str:key>/comprobar", "POST", LEAD),
    Door("/data-management/respaldos/<str:key>/descargar", "GET", LEAD),
    Door("/data-management/respaldos/<str:key>/eliminar", "POST", LEAD),
    Door("/data-management/restaurar", "POST", LEAD),
    Door("/data-management/importar", "POST", LEAD),
    Door("/data-management/importar/<str:key>", "GET", LEAD),
    Door("/data-management/importar/<str:key>", "POST", LEAD),
    Door("/data-management/importar/<str:key>/descartar", "POST", LEAD),
    Door("/data-management/trabajos/<str:key>", "GET", LEAD),
    Door("/data-management/trabajos/<str:key>/restaurar", "POST", LEAD),
    Door("/data-management/trabajos/<str:key>/volver", "POST", LEAD),
    Door("/data-management/correo", "GET", LEAD),
    Door("/data-management/correo/enviar", "POST", LEAD),
    Door("/data-management/cargas", "GET", LEAD),
    Door("/data-management/cargas", "POST", LEAD),
    Door("/data-management/cargas/aplicar", "POST", LEAD),
    Door("/data-management/cargas/deshacer", "POST", LEAD),
    # --- the frame
    Door("/healthz", "GET", OPEN),
    Door("/readyz", "GET", OPEN),
    Door("/api/openapi.json", "GET", ALL),
    Door("/api/docs", "GET", ALL),
]
# Only there so that other addresses can be made from it: it answers nothing.
NOT_SERVED = {"api-root"}
# What answers any method alike, and changes nothing by it but what a POST there would.
ANY_METHOD = {
    "/", "/login", "/cuenta/recuperar", "/cuenta/recuperar/<str:uidb64>/<str:token>",
    "/api/openapi.json", "/api/docs",
}  # fmt: skip
ADMIN = "/admin/"


def ask(client: Client, door: Door, parts: dict[str, str] = PARTS, **headers: str) -> Any:
    """Ask for one line of the table; return the answer."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: parts[part[1]], door.route)
    if isinstance(door.body, dict):
        send = {"content_type": "application/json", "data": door.body}
    else:
        data = dict(door.body or {})
        send = {"data": data} if door.method in {"GET", "POST"} else {}
    return getattr(client, door.method.lower())(path, **send, headers=headers)


def written() -> str:
    """Return the table as `docs/access.md` has it."""
    head = ["Address", "Method", "Nobody", "Lectura", "Segmentador", "Revisor", "Líder", "Token"]
    lines = [head, ["---"] * 2 + [":-:"] * 6, *(_cells(door) for door in DOORS)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(door: Door) -> list[str]:
    marks = [_mark(door, role) for role in (None, V, S, R, L)]
    return [f"`{door.route}`", door.method, *marks, "yes" if door.by_token else ""]


def _mark(door: Door, role: Role | None) -> str:
    if door.who == OPEN:
        return "yes"
    if role not in door.who:
        return ""
    return "yes" if door.others is None or role in door.others else "own"


if __name__ == "__main__":
    print(written(), end="")
