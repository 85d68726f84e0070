"""How images of the intake are shown: states in words, facts, what can be done next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from masks.intake.gallery import Gallery
from masks.intake.rules import Folder, State
from masks.intake.services import Retried, Uploaded
from masks.intake.services.turns import Turn
from segmentacion.mongo.clients import Document
from segmentacion.templatetags.spanish import filesize, number

# Words, tone and mark of each state.
STATES: dict[str, tuple[str, str, str]] = {
    State.WAITING: ("en espera", "", "clock"),
    State.TAKING: ("tomándose de source", "info", "clock"),
    State.TAKEN: ("falta procesarla", "", "clock"),
    State.PROCESSING: ("procesándose", "info", "sync"),
    State.WAITING_UPLOAD: ("lista para subir", "warn", "upload"),
    State.UPLOADING: ("subiéndose", "info", "sync"),
    State.CONFIRMED: ("confirmada en MongoDB", "good", "check"),
    State.FORCING: ("archivándose a la fuerza", "warn", "alert"),
    State.ARCHIVED: ("archivada", "good", "check"),
    State.FORCED: ("archivada a la fuerza", "warn", "alert"),
    State.FAILED: ("con problema", "bad", "alert"),
    State.MISSING: ("ya no está", "bad", "alert"),
}
PREVIEW_SIDE = 512
# The pace of images archived longer ago says nothing of those that wait.
STILL_GOING = timedelta(minutes=5)
CAN_BE_FORCED = {State.TAKEN, State.WAITING_UPLOAD, State.FAILED}


@dataclass(frozen=True)
class Shown:
    """An image as the page shows it. `version` goes into the addresses of its pictures."""

    id: str
    name: str
    state: str
    label: str
    tone: str
    mark: str
    facts: list[str]
    code: str
    notes: list[str]
    error: str
    attempts: int
    next_attempt_at: datetime | None
    at: datetime | None
    where: str
    has_preview: bool
    has_mask: bool
    version: str
    preview_size: tuple[int, int]
    is_duplicate: bool

    @property
    def may_force(self) -> bool:
        return self.state in CAN_BE_FORCED and self.where == Folder.WORK


def shown(image: Document) -> Shown:
    """Return an image as the page shows it."""
    label, tone, mark = STATES.get(image["state"], (str(image["state"]), "", "alert"))
    error, extra = image.get("error") or {}, image.get("extra") or {}
    processed = image.get("processed_at")
    return Shown(
        id=str(image["_id"]),
        name=str(image["name"]),
        state=str(image["state"]),
        label=label,
        tone=tone,
        mark=mark,
        facts=_facts(image),
        code=str(image.get("code") or ""),
        notes=[str(note) for note in extra.get("notes") or []],
        error=str(error.get("message") or ""),
        attempts=int(image.get("attempts") or 0),
        next_attempt_at=image.get("next_attempt_at"),
        at=image.get("archived_at") or image.get("updated_at"),
        where=str(image.get("where") or ""),
        has_preview=bool(image.get("has_preview")),
        has_mask=bool(image.get("has_mask")),
        version=f"{processed.timestamp():.0f}" if isinstance(processed, datetime) else "0",
        preview_size=_preview_size(image),
        is_duplicate=image.get("duplicate_of") is not None,
    )


def page_of(found: Gallery, now: datetime) -> dict[str, object]:
    """Return the page's parts, as its templates take them."""
    work, status, queue = [shown(image) for image in found.work], found.status, found.queue
    current = work[0] if work else None
    archived, failed = status.archived + status.forced, status.failed + status.missing
    return {
        "queue": queue,
        "more": queue.count - len(queue.first),
        "current": current,
        "others": work[1:],
        "failed": [shown(image) for image in found.failed],
        "done": [shown(image) for image in found.done],
        "status": status,
        "figures": {
            "queue": queue.count,
            "pending": status.pending_uploads,
            "failed": failed,
            "archived": archived,
            "last_hour": found.last_hour,
            "left": _left(queue.count + len(work), found.done, now),
        },
        "is_new": not (queue.count or work or archived or failed or status.trouble),
        "may_upload": current is not None and current.state == State.WAITING_UPLOAD,
    }


def _preview_size(image: Document) -> tuple[int, int]:
    """Return what the preview measures, so that nothing on the page moves when it arrives."""
    width, height = int(image.get("width") or 1), int(image.get("height") or 1)
    share = min(1.0, PREVIEW_SIDE / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


def _left(images: int, done: list[Document], now: datetime) -> str:
    """Return how long so many images take at the pace of those archived last; "" when none was
    archived lately."""
    times = sorted(image["archived_at"] for image in done if image.get("archived_at"))
    if not images or len(times) < 2 or now - times[-1] > STILL_GOING:
        return ""
    seconds = images * (times[-1] - times[0]).total_seconds() / (len(times) - 1)
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{number(round(minutes / 60))} h"


def _facts(image: Document) -> list[str]:
    facts = []
    if image.get("width"):
        facts.append(f"{number(image['width'])} × {number(image['height'])}")
    if image.get("format"):
        facts.append(str(image["format"]))
    if image.get("length"):
        facts.append(filesize(image["length"]))
    return facts


def uploaded_words(done: Uploaded) -> str:
    """Return what is said after an upload."""
    words = f"{done.image['name']} está en MongoDB, confirmada y archivada."
    if done.image.get("duplicate_of") is not None:
        words += " Su contenido ya estaba: no se subió otra vez."
    return words


def retried_words(done: Retried) -> str:
    """Return what is said after asking for another attempt."""
    count = len(done.again)
    words = [f"{done.again[0] if count == 1 else f'{count:,} imágenes'}: se intenta otra vez."]
    gone = len(done.missing)
    lost = done.missing[0] if gone == 1 else f"{gone:,} imágenes"
    return " ".join(
        [*(words if count else []), *([f"{lost}: su archivo ya no está."] * bool(gone))]
    )


def forced_words(image: Document) -> str:
    return f"{image['name']} pasó a images_old sin confirmarse; quedó registrado."


def turn_json(turn: Turn) -> dict[str, object]:
    """Return what a turn did, for the page that asks for the next one."""
    report = turn.report
    return {
        "archived": report.archived,
        "failed": [{"image": name, "error": error} for name, error in report.failed.items()],
        "retrying": [{"image": name, "error": error} for name, error in report.retrying.items()],
        "remaining": turn.remaining,
    }
