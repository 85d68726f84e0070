"""`/api/masks/verify` and `/api/masks/verdict/<file>`: what is really inside the archives.

A call verifies for some seconds and says how many are left, so that a page asks again and again,
shows how far it is, and can be left at any time.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import ConfigDict

from batches.access import asker_of
from batches.queries import by_id
from batches.rules.names import parse_batch_id
from crew.access import actor_of, may, require
from crew.rules import Capability
from masks.api.router import router
from masks.presenting.ids import from_text
from masks.presenting.verdicts import checked_json, verdict_json
from masks.queries import verdicts as queries
from masks.services.verifying import Checked, Options, StoreStoppedError, VerifyReport, verify
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import Done, answers
from segmentacion.http.throttling import limited
from segmentacion.mongo.clients import Document
from segmentacion.mongo.leases import LeaseTaken, acquire

# No archive is begun after this; one that was begun has `Limits.seconds` more at most.
SECONDS = 2.0
# How many calls verify at the same time, whatever the number of servers.
SEATS = 2
# A seat left by a process that died is free again after this; a call never takes as long.
SEAT_SECONDS = 60


class VerifyRequest(Schema):
    """Exactly one of the three. `again`: also what has a verdict (not with `outstanding`)."""

    model_config = ConfigDict(extra="forbid")

    batch: str | None = None
    file: str | None = None
    outstanding: bool = False
    again: bool = False
    skip: int = 0


class Verified(Schema):
    """One file; `kind` is null when it was removed from the store while it was read."""

    file_id: str
    filename: str
    batches: list[str]
    kind: str | None
    label: str
    reason: str
    masks: int
    cached: bool
    duration_ms: int


class VerifyAnswer(Done):
    """`remaining`: how many files of what was asked for are left; ask again until it is 0, with
    `skip` raised by how many `verified` has (for `outstanding`, how many without a kind)."""

    verified: list[Verified]
    remaining: int
    message: str


class VerdictAnswer(Done):
    verdict: dict[str, Any]


@dataclass(frozen=True)
class _Asked:
    files: Iterable[Document]
    total: int


@router.post(
    "/masks/verify", summary="Verificar archivos", response=answers(VerifyAnswer, 404, 409, 429)
)
@limited("verify")
def verify_masks(request: HttpRequest, payload: VerifyRequest) -> HttpResponse:
    if [bool(payload.batch), bool(payload.file), payload.outstanding].count(True) != 1:
        return json_error(400, "Di qué verificar: un batch, un archivo o los pendientes.")
    if not 0 <= payload.skip < 1_000_000:
        return json_error(400, "skip: debe ser un número de 0 a 999999")
    asked = _asked(request, payload)
    if isinstance(asked, HttpResponse):
        return asked
    try:
        return _verify(request, payload, asked)
    except LeaseTaken:
        return json_error(409, "Ya se están verificando otros archivos. Intenta en unos segundos.")
    except StoreStoppedError as error:
        return json_error(503, str(error))


@router.get(
    "/masks/verdict/{file_id}",
    summary="El veredicto completo de un archivo",
    response=answers(VerdictAnswer, 404),
)
def verdict(request: HttpRequest, file_id: str) -> HttpResponse:
    require(request.user, Capability.READ)
    try:
        found = queries.verdict_of(from_text(file_id))
    except ValueError:
        found = None
    if found is None:
        return json_error(404, "Ese archivo no tiene veredicto.")
    return json_response({"success": True, "verdict": verdict_json(found)})


def _asked(request: HttpRequest, payload: VerifyRequest) -> _Asked | HttpResponse:
    """Return what is to be verified, or why not: it must exist, and be of who asks."""
    if payload.outstanding:
        require(request.user, Capability.VERIFY)
        total = max(0, queries.count_to_verify() - payload.skip)
        return _Asked(queries.files_to_verify(skip=payload.skip), total)
    files = _named_files(payload)
    if not files:
        return json_error(404, "No hay tal archivo en el almacén. ¿Falta sincronizar?")
    if not may(request.user, Capability.VERIFY):
        _require_own(request, files)
    left = files[payload.skip :]
    return _Asked(left, len(left))


def _named_files(payload: VerifyRequest) -> list[Document]:
    if payload.batch:
        batch_id = parse_batch_id(payload.batch)
        return queries.files_of_batch(batch_id) if batch_id else []
    try:
        file = queries.file_of(from_text(payload.file or ""))
    except ValueError:
        return []
    return [file] if file else []


def _require_own(request: HttpRequest, files: list[Document]) -> None:
    """Raise PermissionDenied unless all the files are of batches of who asks."""
    require(request.user, Capability.WORK)
    asker = asker_of(request.user)
    batch_ids = {batch_id for file in files for batch_id in file.get("batches") or []}
    found = by_id(batch_ids)
    own = [name for name, batch in found.items() if asker.holds(batch.get("assignee"))]
    if not batch_ids or len(own) < len(batch_ids):
        require(request.user, Capability.VERIFY)


def _verify(request: HttpRequest, payload: VerifyRequest, asked: _Asked) -> HttpResponse:
    again = payload.again and not payload.outstanding
    options = Options(again=again, workers=1, seconds=SECONDS)
    report, done = VerifyReport(), list[Checked]()
    with _seat():
        for checked in verify(asked.files, actor=actor_of(request), options=options, report=report):
            done.append(checked)
    remaining = max(0, asked.total - len(done))
    return json_response(
        {
            "success": True,
            "verified": [checked_json(checked) for checked in done],
            "remaining": remaining,
            "message": _message(len(done), remaining),
        }
    )


@contextmanager
def _seat() -> Iterator[None]:
    """Take one of the few places for verifying in requests. Raises LeaseTaken: none is free."""
    for number in range(1, SEATS + 1):
        try:
            lease = acquire(f"verify_masks:{number}", seconds=SEAT_SECONDS)
        except LeaseTaken:
            if number == SEATS:
                raise
        else:
            break
    try:
        yield
    finally:
        lease.release()


def _message(done: int, remaining: int) -> str:
    text = "1 archivo verificado" if done == 1 else f"{done:,} archivos verificados"
    return f"{text}, faltan {remaining:,}" if remaining else text
