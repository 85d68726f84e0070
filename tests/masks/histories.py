"""Random histories of a mask store, the sync run in between, and what must come out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import strategies as st

from batches.models import Batch
from batches.services import marks
from masks import store
from masks.queries import files
from masks.rules import EMPTY_FILE_INFO
from masks.services import catalogue
from masks.services.runs import SyncReport
from masks.services.sync import run_sync
from segmentacion.actors import SYNC_ACTOR
from segmentacion.mongo import leases
from segmentacion.mongo.clients import main_collection
from tests.factories import MOMENT, batch_document, make_batches

BATCHES = [f"batch_{n}" for n in range(4)]
NAMES = [*(f"{batch}.zip" for batch in BATCHES), "batch_1_batch_2.zip", "batch_99.tar", "nada.zip"]
KINDS = ["objectid", "late", "future", "text", "number", "document"]
# The steps between which a run may be killed: before and after each.
STEPS: list[tuple[Any, str]] = [
    (leases.Lease, "save_state"),
    (leases.Lease, "confirm"),
    (catalogue, "_merge"),
    (catalogue, "mark_gone"),
    (marks, "_write"),
    (marks, "_record"),
]

which = st.integers(0, 20)
name = st.sampled_from(NAMES)
upload = st.tuples(st.just("upload"), name, st.sampled_from(KINDS))
changes = st.one_of(
    upload,
    upload,
    upload,
    st.tuples(st.just("delete"), which),
    st.tuples(st.just("rename"), which, name),
    st.tuples(st.just("declare"), which, st.sampled_from([*BATCHES, "otro", None])),
    st.tuples(st.just("touch"), which),
)
syncs = st.one_of(
    st.tuples(st.just("sync")),
    st.tuples(st.just("sync")),
    st.tuples(st.just("full")),
    st.tuples(st.just("killed"), st.integers(0, 25)),
)


class Killed(BaseException):
    """What a SIGKILL is to the code it hits: nothing catches it."""


def start_anew() -> None:
    """Empty store, catalogue, position; four batches."""
    store.files().delete_many({})
    for used in (Batch.COLLECTION, files.catalogue().name, leases.COLLECTION, "sync_runs"):
        main_collection(used).delete_many({})
    make_batches(batch_document(batch) for batch in BATCHES)


def play(history: list[tuple[Any, ...]], patch: pytest.MonkeyPatch) -> None:
    """Let a history happen."""
    for number, (act, *arguments) in enumerate(history):
        ACTS[act](number, patch, *arguments)


def sync(**options: Any) -> SyncReport:
    return run_sync(actor=SYNC_ACTOR, force=True, **options)


def outcome() -> tuple[list[Any], dict[Any, Any]]:
    """Return the marks of all batches, and what the catalogue says is there."""
    batches = main_collection(Batch.COLLECTION).find().sort("id")
    shown = [(b["id"], b["mongo_uploaded"], b["file_info"]) for b in batches]
    here = files.catalogue().find({"here": True}, {"seen_at": 0})
    return shown, {files.identity(entry["_id"]): entry for entry in here}


def figures(report: SyncReport) -> dict[str, Any]:
    return {
        "files": report.total_files,
        "batches_with_files": report.batches_with_files,
        "batches": report.total_batches,
        "with_masks": report.with_masks,
        "without": report.without_masks,
        "not_found": report.not_found,
        "unparsed": sorted(report.unparsed),
        "conflicts": sorted((c.filename, c.declared, c.named) for c in report.conflicts),
    }


def fresh() -> tuple[tuple[list[Any], dict[Any, Any]], dict[str, Any]]:
    """Forget everything, read everything; return the outcome and the figures."""
    for used in (files.catalogue().name, leases.COLLECTION):
        main_collection(used).delete_many({})
    unmarked = {"mongo_uploaded": False, "file_info": EMPTY_FILE_INFO}
    main_collection(Batch.COLLECTION).update_many({}, {"$set": unmarked})
    report = sync(full=True)
    return outcome(), figures(report)


def _upload(number: int, patch: pytest.MonkeyPatch, filename: str, kind: str) -> None:
    now = store_now()
    keys: dict[str, Any] = {
        "objectid": ObjectId(),
        "late": ObjectId.from_datetime(now - timedelta(hours=5, seconds=number)),
        "future": ObjectId.from_datetime(now + timedelta(days=900, seconds=number)),
        "text": f"archivo {number}",
        "number": number + 0.5,
        "document": {"programa": "x", "n": number},
    }
    uploaded = MOMENT + timedelta(seconds=number)
    document = {"filename": filename, "uploadDate": uploaded, "length": 100, "metadata": {}}
    store.files().insert_one({"_id": keys[kind], **document})


def store_now() -> Any:
    return leases.server_time()


def _some(number: int, which: int) -> dict[str, Any]:
    there = list(store.files().find({}, {"_id": 1}).sort("_id"))
    return {"_id": there[which % len(there)]["_id"]} if there else {"_id": "ninguno"}


def _delete(number: int, patch: pytest.MonkeyPatch, which: int) -> None:
    store.files().delete_one(_some(number, which))


def _set(number: int, which: int, values: dict[str, Any]) -> None:
    store.files().update_one(_some(number, which), {"$set": values})


def _killed(number: int, patch: pytest.MonkeyPatch, at: int) -> None:
    with killed_at(at, patch):
        try:
            sync()
        except Killed:
            return


@contextmanager
def killed_at(step: int, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Raise Killed before or after one of the steps of a run, counted from 0."""
    passed = iter(range(10_000))

    def stepping(real: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            if next(passed) == step:
                raise Killed
            done = real(*args, **kwargs)
            if next(passed) == step:
                raise Killed
            return done

        return stepped

    with patch.context() as patched:
        for owner, step_name in STEPS:
            patched.setattr(owner, step_name, stepping(getattr(owner, step_name)))
        yield


ACTS: dict[str, Callable[..., None]] = {
    "upload": _upload,
    "delete": _delete,
    "rename": lambda number, patch, which, name: _set(number, which, {"filename": name}),
    "declare": lambda number, patch, which, batch: _set(
        number, which, {"metadata.batch_id": batch}
    ),
    "touch": lambda number, patch, which: _set(number, which, {"length": 200 + number}),
    "sync": lambda number, patch: (sync(), None)[1],
    "full": lambda number, patch: (sync(full=True), None)[1],
    "killed": _killed,
    "tamper": lambda number, patch, which: (
        main_collection(Batch.COLLECTION).update_one(
            {"id": BATCHES[which % len(BATCHES)]}, {"$set": {"mongo_uploaded": which % 2 == 0}}
        ),
        None,
    )[1],
}
