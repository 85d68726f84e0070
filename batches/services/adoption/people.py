"""The crew's documents: tidy names, defaults, dates; several people of one name."""

from collections.abc import Iterator, Sequence
from typing import Any

from pymongo.errors import DuplicateKeyError

from batches.rules.adoption import (
    Adoption,
    Problem,
    adopt_person,
    choose_kept,
    is_usable_name,
)
from batches.rules.adoption.values import tidy
from batches.services.adoption.report import DuplicateGroup, Progress, Stage
from batches.services.adoption.run import Run, collection, exactly, identity, label
from crew import queries
from crew.models import Segmenter
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document

NAME = Segmenter.COLLECTION
DATA_VERSION = "crew"
TIMES = ("updated_at", "created_at")


def adopt_people(run: Run) -> Iterator[Progress]:
    """Normalise the crew, and learn its names for the batches (`run.crew`)."""
    documents = list(collection(NAME).find())
    run.tally.people = len(documents)
    _without_name(run, [d for d in documents if not is_usable_name(d.get("name"))])
    named = [document for document in documents if is_usable_name(document.get("name"))]
    shared = _resolve_duplicates(run, named)
    staying = [d for d in named if identity(NAME, d["_id"]) not in run.gone]
    names = set()
    for done, document in enumerate(staying, start=1):
        keep_name = tidy(document["name"]) in shared
        names.add(_adopt(run, document, keep_name=keep_name))
        yield Progress(Stage.CREW, done, len(staying))
    if run.tally.people_changed and not run.dry_run:
        versions.bump(DATA_VERSION)
    run.crew = names if run.dry_run else set(queries.names())


def _without_name(run: Run, documents: Sequence[Document]) -> None:
    run.tally.without_id += [label(NAME, document["_id"]) for document in documents]
    if run.set_aside_without_id:
        run.set_aside(NAME, documents, kind="person", reason="sin nombre")


def _resolve_duplicates(run: Run, documents: Sequence[Document]) -> set[str]:
    """Set aside all but one of each name, if asked. Return the names still shared."""
    by_name: dict[str, list[Document]] = {}
    for document in documents:
        by_name.setdefault(tidy(document["name"]), []).append(document)
    shared = set()
    for name, group in by_name.items():
        if len(group) > 1 and not resolve(run, NAME, name, group, kind="person", times=TIMES):
            shared.add(name)
    return shared


def resolve(
    run: Run, place: str, name: str, group: Sequence[Document], *, kind: str, times: Sequence[str]
) -> bool:
    """Report documents that share an id; with a policy set aside all but one.

    Returns whether one is left.
    """
    keys = [str(document["_id"]) for document in group]
    if run.policy is None:
        run.tally.duplicates.append(DuplicateGroup(place, name, len(group), tuple(keys), ()))
        return False
    kept = choose_kept(group, run.policy, run.zone, times=times)
    others = [document for at, document in enumerate(group) if at != kept]
    run.set_aside(place, others, kind=kind, reason="duplicado")
    gone = [d for d in others if identity(place, d["_id"]) in run.gone]
    away = tuple(str(document["_id"]) for document in gone)
    stay = tuple(key for key in keys if key not in away)
    run.tally.duplicates.append(DuplicateGroup(place, name, len(group), stay, away))
    return len(gone) == len(others)


def _adopt(run: Run, document: Document, *, keep_name: bool) -> str:
    """Write what is understood of a person; return the name the person has then."""
    adoption = adopt_person(document, run.zone, keep_name=keep_name)
    run.tally.leave(NAME, document["name"], adoption.problems)
    if adoption.values and (run.dry_run or _write(run, document, adoption)):
        run.tally.people_changed += 1
        run.tally.people_fields.update(adoption.values.keys())
    return str(adoption.values.get("name", document["name"]))


def _write(run: Run, document: Document, adoption: Adoption) -> bool:
    run.check()
    conditions: list[dict[str, Any]] = [exactly(document, path) for path in adoption.values]
    try:
        result = collection(NAME).update_one(
            {"_id": document["_id"], "$and": conditions}, {"$set": adoption.values}
        )
    except DuplicateKeyError:
        taken = Problem("name", document["name"], "ya hay otra persona con ese nombre")
        run.tally.leave(NAME, document["name"], [taken])
        return False
    if not result.matched_count:
        run.tally.conflicts.append(label(NAME, document["_id"]))
    return bool(result.matched_count)
