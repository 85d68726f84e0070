"""Staging: what the collections will be, loaded beside them, indexed and checked."""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NoReturn

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from batches.models import Batch
from crew.models import Segmenter
from exports.models import RestoreJournal
from exports.rules.backup import BackupError, ChangedMeanwhileError
from exports.rules.restoring import How
from exports.services.backups.progress import Progress, Stage
from exports.services.contents import Contents, contents_of, digest_of, insert
from exports.services.extended_json import LOOK, split
from exports.services.restoring.resolving import Restoring
from exports.services.restoring.spool import Spool
from segmentacion.mongo.clients import Document, main_collection

DECLARED: dict[str, Any] = {model.COLLECTION: model for model in (Batch, Segmenter)}
DUPLICATE_KEY = 11000
BEHIND = 2  # stretches that may wait to be written, of some megabytes each


def staging_name(operation: str, section: str) -> str:
    return f"restore_{operation}_{section}"


def staging(operation: str, section: str) -> Collection[Document]:
    """Return the staging collection of a section, in the database of its target."""
    return main_collection(section).database[staging_name(operation, section)]


def load(run: Restoring, spool: Spool) -> Generator[Progress, None, None]:
    """Fill, index and check the staging collections of a restore; yield progress.

    Raises BackupError when what was loaded is not what it should be, ChangedMeanwhileError when
    what it was merged with is no longer what was planned with.
    """
    before = {section: _start(run, section) for section in run.how}
    yield from _fill(run, spool)
    # Durable by a majority, and with it all that was written before: what is compared now stays.
    main_collection(RestoreJournal.COLLECTION).update_one(
        {"_id": run.operation}, {"$set": {"loaded": True}}
    )
    yield from _finish(run, spool, before)


def _fill(run: Restoring, spool: Spool) -> Generator[Progress, None, None]:
    done = 0
    with _Writer() as writer:
        for section, came, gone in spool.frames():
            raws = split(came)
            writer.write(staging(run.operation, section), split(gone), raws)
            done += len(raws)
            yield Progress(Stage.LOAD, done, spool.documents)


def _finish(
    run: Restoring, spool: Spool, before: dict[str, Contents]
) -> Generator[Progress, None, None]:
    """Index each staging collection and compare it, all of them at once: the server works."""
    with ThreadPoolExecutor(len(before) + 1, "restore") as pool:
        indexed = [pool.submit(_index, run, section) for section in before]
        for number, (section, contents) in enumerate(before.items(), start=1):
            if not _is_as_planned(run, spool, section, contents):
                _refuse(run, section)
            yield Progress(Stage.VERIFY, number, len(before))
        for number, index in enumerate(indexed, start=1):
            index.result()
            yield Progress(Stage.INDEX, number, len(indexed))


def _is_as_planned(run: Restoring, spool: Spool, section: str, before: Contents) -> bool:
    """Compare what was loaded with what was to be: at one stroke where the server gives it back
    in the order it came, document by document otherwise."""
    place = staging(run.operation, section)
    if run.how[section] is How.REPLACE and digest_of(place) == spool.digest(section):
        return True
    return contents_of(place) == before.plus(spool.gain(section))


def _refuse(run: Restoring, section: str) -> NoReturn:
    if run.how[section] is How.MERGE:
        raise ChangedMeanwhileError(
            f"{run.reader.path.name}: {section} cambió mientras se preparaba la restauración, o "
            "no quedó igual al cargarlo. No se cambió nada: intenta de nuevo."
        )
    raise BackupError(
        f"{run.reader.path.name}: {section} no quedó igual al cargarlo. No se cambió nada."
    )


def drop(operation: str, sections: Sequence[str]) -> None:
    """Remove staging collections; those that are not there are no matter."""
    for section in sections:
        staging(operation, section).drop()


def _start(run: Restoring, section: str) -> Contents:
    """Make the staging collection: empty, or a copy of what is stored, made on the server."""
    target, name = main_collection(section), staging_name(run.operation, section)
    if run.how[section] is How.REPLACE:
        target.database.create_collection(name)
        return Contents()
    target.aggregate([{"$match": {}}, {"$out": name}])
    return contents_of(staging(run.operation, section))


class _Writer:
    """Writes beside the reading, in order, a few stretches behind it at most.

    The server works while the next stretch is made. Leaving waits for what is under way; what
    failed is raised at the next write or at the end.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "restore")
        self._behind: deque[Future[None]] = deque()

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._thread.shutdown(cancel_futures=kind is not None)
        while self._behind and kind is None:
            self._behind.popleft().result()

    def write(self, place: Collection[Document], gone: list[bytes], raws: list[bytes]) -> None:
        """Insert, after deleting what is replaced."""
        if len(self._behind) == BEHIND:
            self._behind.popleft().result()
        self._behind.append(self._thread.submit(_write, place, gone, raws))


def _write(place: Collection[Document], gone: list[bytes], raws: list[bytes]) -> None:
    if gone:
        keys = [RawBSONDocument(raw, LOOK).get("_id") for raw in gone]
        place.delete_many({"_id": {"$in": keys}})
    insert(place, raws)


def _index(run: Restoring, section: str) -> None:
    """Give the staging collection the indexes of its target and those the model declares."""
    target, place = main_collection(section), staging(run.operation, section)
    specs = [_specification(index) for index in target.list_indexes() if index["name"] != "_id_"]
    known = [list(spec["key"].items()) for spec in specs]
    model = DECLARED.get(section)
    for index in model.INDEXES if model else ():
        if list(index.keys) not in known:
            specs.append({"key": dict(index.keys), "name": index.name, "unique": index.unique})
    if not specs:
        return
    try:
        place.database.command("createIndexes", place.name, indexes=specs)
    except OperationFailure as error:
        if error.code != DUPLICATE_KEY:
            raise
        run.warnings.append(
            f"{section}: hay repetidos, como en el respaldo; su índice queda sin ser único. "
            "Después ejecuta adopt_database."
        )
        specs = [{name: v for name, v in spec.items() if name != "unique"} for spec in specs]
        place.database.command("createIndexes", place.name, indexes=specs)


def _specification(index: Any) -> dict[str, Any]:
    return {name: value for name, value in dict(index).items() if name not in ("v", "ns")}
