"""Verifying archives: each is read in a child process, its verdict kept, its batches told.

    catalogue → cached? → child (masks/verifying) → mask_verdicts → batches → catalogue

The catalogue is written last: what a crash leaves is found outstanding again, and its verdict,
if it got that far, is not made anew.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from queue import SimpleQueue
from typing import Any, BinaryIO

import bson
from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from masks.models import VERDICTS_VERSION, CatalogueFile
from masks.queries.verdicts import verdicts_of
from masks.rules.verdicts import Limits, Verdict, VerdictKind
from masks.services.filling import expected_total, fill_completed
from masks.services.verdicts import refresh_batch_verdicts, store_verdict, summary_of
from masks.services.verifications import Checked, Options, StoreStoppedError, VerifyReport
from masks.verifying.delivery import Delivery, LocalFile, VanishedError
from masks.verifying.worker import Worker
from segmentacion.actors import Actor, new_operation
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection

__all__ = ["Checked", "Options", "StoreStoppedError", "VerifyReport", "verify", "verify_file"]
logger = logging.getLogger("segmentacion.verifying")

# Files between two rounds of telling batches and catalogue.
STRETCH = 50


def verify_file(file: BinaryIO, filename: str = "", *, limits: Limits | None = None) -> Verdict:
    """Return the verdict on a file of this machine; nothing is stored. Its position moves.

    The name says nothing: formats are known by content.
    """
    length = file.seek(0, 2)
    with closing(Worker()) as worker:
        return worker.inspect(LocalFile(file, length), limits or Limits()).verdict


def verify(
    files: Iterable[Document], *, actor: Actor, options: Options, report: VerifyReport
) -> Iterator[Checked]:
    """Verify files of the catalogue, yielding each as it is done; the report fills meanwhile.

    Side effects: verdicts, the batches' `mask_verdict` with history, the catalogue's copies.
    Raises StoreStoppedError when the mask store goes away, after having kept what is known.
    """
    began = time.monotonic()
    run = _Run(actor, options, report, began)
    try:
        yield from run.go(iter(files))
    finally:
        run.tell()
        report.duration_ms = round((time.monotonic() - began) * 1000)


@dataclass
class _Run:
    actor: Actor
    options: Options
    report: VerifyReport
    began: float
    untold: list[tuple[Document, Document]] = field(default_factory=list)

    def go(self, files: Iterator[Document]) -> Iterator[Checked]:
        with ExitStack() as stack:
            workers: SimpleQueue[Worker] = SimpleQueue()
            for _ in range(self.options.workers):
                workers.put(stack.enter_context(closing(Worker())))
            pool = stack.enter_context(ThreadPoolExecutor(self.options.workers))
            while stretch := list(islice(files, STRETCH)):
                fresh = []
                for file, verdict in self._with_cached(stretch):
                    if verdict is None:
                        fresh.append(file)
                    else:
                        yield self._known(file, verdict)
                yield from self._inspect(fresh, pool, workers)
                self.tell()
                if self._is_late():
                    return

    def _with_cached(self, files: list[Document]) -> list[tuple[Document, Document | None]]:
        if self.options.again:
            return [(file, None) for file in files]
        found = {_exact(v["_id"]): v for v in verdicts_of(file["_id"] for file in files)}
        pairs = []
        for file in files:
            verdict = found.get(_exact(file["_id"]))
            same = verdict is not None and verdict.get("length") == file.get("length")
            pairs.append((file, verdict if same else None))
        return pairs

    def _known(self, file: Document, verdict: Document) -> Checked:
        self.report.cached += 1
        self.untold.append((file, verdict))
        return self._noted(file, verdict, cached=True)

    def _inspect(
        self, files: list[Document], pool: ThreadPoolExecutor, workers: "SimpleQueue[Worker]"
    ) -> Iterator[Checked]:
        """Inspect files side by side, never more of them begun than there are workers."""
        waiting = iter(files)
        running: dict[Future[Document | None], Document] = {}
        try:
            while True:
                while len(running) < self.options.workers and not self._is_late():
                    file = next(waiting, None)
                    if file is None:
                        break
                    running[pool.submit(_inspect_one, file, workers, self.options)] = file
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield self._finished(running.pop(future), future)
        finally:
            for future in running:
                future.cancel()

    def _finished(self, file: Document, future: "Future[Document | None]") -> Checked:
        try:
            verdict = future.result()
        except PyMongoError as error:
            logger.exception("the mask store stopped answering")
            raise StoreStoppedError(
                "El almacén de máscaras dejó de responder: lo ya verificado quedó guardado y el "
                "resto no cambió."
            ) from error
        if verdict is None:
            self.report.vanished.append(str(file.get("filename")))
            return Checked(file["_id"], str(file.get("filename")), _batches(file), None, "")
        self.report.verified += 1
        self.report.peak_bytes = max(self.report.peak_bytes, verdict.pop("peak_bytes"))
        store_verdict(file["_id"], verdict, actor=self.actor)
        self.untold.append((file, verdict))
        return self._noted(file, verdict, cached=False)

    def _noted(self, file: Document, verdict: Document, *, cached: bool) -> Checked:
        kind = str(verdict["kind"])
        checked = Checked(
            file["_id"], str(file.get("filename")), _batches(file), kind, str(verdict["reason"]),
            int((verdict.get("counts") or {}).get("masks") or 0), cached,
            int(verdict.get("duration_ms") or 0),
        )  # fmt: skip
        self.report.kinds[kind] = self.report.kinds.get(kind, 0) + 1
        if kind != VerdictKind.WHOLE:
            self.report.doubtful.append(checked)
        return checked

    def tell(self) -> None:
        """Write what batches and catalogue show of the verdicts of this stretch."""
        told, self.untold = self.untold, []
        if not told:
            return
        batch_ids = [batch_id for file, _ in told for batch_id in _batches(file)]
        self.report.batches_updated += refresh_batch_verdicts(
            batch_ids, actor=self.actor, operation=new_operation()
        )
        if self.options.fill_completed:
            for file, verdict in told:
                fill_completed(file, verdict, actor=self.actor, report=self.report)
        main_collection(CatalogueFile.COLLECTION).bulk_write(
            [
                UpdateOne(
                    {"_id": file["_id"], "length": file.get("length")},
                    {"$set": {"verdict": summary_of(verdict)}},
                )
                for file, verdict in told
            ],
            ordered=False,
        )
        versions.bump(VERDICTS_VERSION)

    def _is_late(self) -> bool:
        limit = self.options.seconds
        return limit is not None and time.monotonic() - self.began >= limit


def _inspect_one(
    file: Document, workers: "SimpleQueue[Worker]", options: Options
) -> Document | None:
    """Return the verdict on a file, as it is stored; None when the file vanished. In a thread."""
    worker, began = workers.get(), time.monotonic()
    try:
        inspected = worker.inspect(Delivery(file["_id"], file.get("length")), options.limits)
    except VanishedError:
        return None
    finally:
        workers.put(worker)
    verdict = inspected.verdict
    if options.compare_total:
        verdict = expected_total(verdict, file)
    return {
        **verdict.as_document(),
        "length": file.get("length"),
        "checked_at": _now(),
        "duration_ms": round((time.monotonic() - began) * 1000),
        "peak_bytes": inspected.peak_bytes,
    }


def _now() -> datetime:
    """Return the time as MongoDB keeps it, so that what is kept equals what is read."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _batches(file: Document) -> tuple[str, ...]:
    return tuple(file.get("batches") or ())


def _exact(key: Any) -> bytes:
    return bson.encode({"_": key})
