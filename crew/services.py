"""Writes of the crew. What also touches batches goes through `crew.work`.

Renaming and removing span several documents. The person's own document carries what is under
way (`pending`), so that an interrupted one is completed by `complete_pending` (run at every
start and before each such write), never left half done.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from crew import queries
from crew.models import Segmenter
from crew.rules import (
    INITIAL_CREW,
    CrewError,
    DuplicateNameError,
    HoldsWorkError,
    Person,
    UnknownPersonError,
    clean_email,
    clean_job,
    clean_name,
    clean_person,
)
from crew.work import work
from segmentacion.actors import Actor, Channel, new_operation
from segmentacion.mongo import trash, versions
from segmentacion.mongo.clients import Document, main_collection


def add_person(
    *, name: object, role: object = None, email: object = None, operation: str | None = None
) -> Person:
    """Add somebody to the crew. Repeating an `operation` adds nobody twice.

    Raises InvalidPersonError, DuplicateNameError.
    """
    person = clean_person(name, role, email)
    key = _key_of(operation) if operation else ObjectId()
    if operation and main_collection(Segmenter.COLLECTION).find_one({"_id": key}, {"_id": 1}):
        return person
    document = {
        "_id": key,
        "name": person.name,
        "role": person.role,
        "email": person.email,
        "created_at": datetime.now(UTC),
        "active": True,
    }
    _insert_unique(document)
    versions.bump("crew")
    return person


def add_initial_crew() -> list[str]:
    """Give a new installation its first five people. Does nothing once anybody was there."""
    if queries.team_size() or main_collection(trash.COLLECTION).find_one({"kind": "person"}):
        return []
    for name in INITIAL_CREW:
        add_person(name=name)
    return list(INITIAL_CREW)


def import_people(documents: Iterable[Document]) -> list[str]:
    """Add the people not yet in the crew, as another installation kept them; return names."""
    added = []
    for document in documents:
        try:
            added.append(
                add_person(**{key: document.get(key) for key in ("name", "role", "email")}).name
            )
        except DuplicateNameError:
            continue
    return added


def change_person(name: str, /, *, actor: Actor, **changes: Any) -> int:
    """Change a person: any of `name`, `role`, `email`, `active`, `login`.

    A new name is written on all of the person's batches too. Returns how many those were.
    Raises UnknownPersonError, InvalidPersonError, DuplicateNameError.
    """
    document = queries.find(name)
    new_name = clean_name(changes.pop("name", name))
    cleaners: dict[str, Callable[[Any], Any]] = {
        "role": clean_job,
        "email": clean_email,
        "active": bool,
        "login": str,
    }
    values = {field: cleaners[field](value) for field, value in changes.items()}
    if values:
        main_collection(Segmenter.COLLECTION).update_one({"_id": document["_id"]}, {"$set": values})
        versions.bump("crew")
    return rename_person(name, new_name, actor=actor) if new_name != name else 0


def rename_person(old: str, new: object, *, actor: Actor) -> int:
    """Rename somebody, and the assignee of all their batches, with history.

    Returns how many batches were changed. Raises UnknownPersonError, InvalidPersonError,
    DuplicateNameError.
    """
    complete_pending()
    new = clean_name(new)
    document = queries.find(old)
    operation = new_operation()
    pending = {"rename_from": old, "operation": operation} | _signature(actor)
    _set_unique_name(document["_id"], old=old, new=new, pending=pending)
    return _finish_rename(document["_id"], old, new, actor=actor, operation=operation)


def remove_person(
    name: str,
    *,
    actor: Actor,
    reassign_to: str | None = None,
    unassign: bool = False,
    operation: str | None = None,
) -> int:
    """Take somebody out of the crew; the document goes to the trash, the work where said.

    Returns how many batches changed hands; a repeated `operation`, how many it moved. Raises
    UnknownPersonError; HoldsWorkError when the person holds batches and nothing is said about
    them; CrewError when what is said of them cannot be.
    """
    complete_pending()
    if operation and _was_removed(name, operation):
        return work().moved_by(operation)
    document = queries.find(name)
    to = _check_destination(name, reassign_to)
    held = work().held_by(name)
    if held and to is None and not unassign:
        raise HoldsWorkError(name, held)
    if to is None:
        work().check_unassignable(name)
    pending = {"remove": True, "to": to, "operation": operation or new_operation()}
    pending |= _signature(actor)
    main_collection(Segmenter.COLLECTION).update_one(
        {"_id": document["_id"]}, {"$set": {"pending": pending, "active": False}}
    )
    return _finish_removal({**document, "pending": pending}, actor=actor)


def restore_person(entry_key: str, *, actor: Actor) -> str:
    """Put somebody back from the trash as they were, and return the name. The work does not come
    back: it is with whom it was given to.

    An account that is linked to somebody else meanwhile stays with them. Raises
    UnknownPersonError when the entry is gone, DuplicateNameError when the name is taken again,
    InvalidPersonError when what lies there has no name.
    """
    entry = queries.trashed_person(entry_key)
    document = dict(entry["document"])
    name = clean_name(document.get("name"))
    login = document.get("login")
    if login and queries.person_of(str(login)) not in {None, name}:
        del document["login"]
    people = main_collection(Segmenter.COLLECTION)
    # Interrupted after it was put back: only the entry is left to go.
    if not people.find_one({"_id": document["_id"], "name": document["name"]}, {"_id": 1}):
        _insert_unique(document)
    work().record(f"{name} volvió al equipo", actor=actor, operation=new_operation())
    main_collection(trash.COLLECTION).delete_one({"_id": entry["_id"]})
    versions.bump("crew")
    return name


def complete_pending() -> int:
    """Finish renames and removals that a crash interrupted. Returns how many there were."""
    documents = list(main_collection(Segmenter.COLLECTION).find({"pending": {"$exists": True}}))
    for document in documents:
        pending = document["pending"]
        actor = Actor(str(pending["actor"]), Channel(pending["channel"]))
        if "rename_from" in pending:
            _finish_rename(
                document["_id"],
                pending["rename_from"],
                document["name"],
                actor=actor,
                operation=pending["operation"],
            )
        else:
            _finish_removal(document, actor=actor)
    return len(documents)


def _finish_rename(key: Any, old: str, new: str, *, actor: Actor, operation: str) -> int:
    changed = work().rename(old, new, actor=actor, operation=operation)
    main_collection(Segmenter.COLLECTION).update_one(
        {"_id": key, "pending.operation": operation}, {"$unset": {"pending": ""}}
    )
    versions.bump("crew")
    return changed


def _finish_removal(document: Document, *, actor: Actor) -> int:
    """Move the work, keep a copy of the person, delete, and move what came in meanwhile."""
    pending, name = document["pending"], document["name"]
    operation, to = pending["operation"], pending["to"]
    changed = work().transfer(name, to, actor=actor, operation=operation)
    copy = {field: value for field, value in document.items() if field != "pending"}
    trash.put("person", [copy], reason="eliminado", actor=actor, operation=operation)
    work().record(f"{name} salió del equipo", actor=actor, operation=operation)
    main_collection(Segmenter.COLLECTION).delete_one({"_id": document["_id"]})
    changed += work().transfer(name, to, actor=actor, operation=operation)
    versions.bump("crew")
    return changed


def _was_removed(name: str, operation: str) -> bool:
    """Tell whether this operation, begun before, took the person out of the crew."""
    entry = {"kind": "person", "key": name, "operation": operation}
    gone = main_collection(trash.COLLECTION).find_one(entry, {"_id": 1}) is not None
    return gone and not main_collection(Segmenter.COLLECTION).find_one({"name": name}, {"_id": 1})


def _key_of(operation: str) -> ObjectId:
    return ObjectId(hashlib.sha256(operation.encode()).digest()[:12])


def _check_destination(name: str, reassign_to: str | None) -> str | None:
    if reassign_to is None:
        return None
    if reassign_to == name:
        raise CrewError(f"Los batches de '{name}' no se pueden pasar a la misma persona")
    if queries.find(reassign_to).get("active") is False:
        raise CrewError(f"'{reassign_to}' no está en activo: elige a otra persona")
    return reassign_to


def _insert_unique(document: Document) -> None:
    """Insert a person. The check before makes it right even while older duplicates keep the
    index from being unique; the index makes it right for two callers at once."""
    people = main_collection(Segmenter.COLLECTION)
    if people.find_one({"name": document["name"]}, {"_id": 1}):
        raise DuplicateNameError(document["name"])
    try:
        people.insert_one(document)
    except DuplicateKeyError:
        raise DuplicateNameError(document["name"]) from None


def _set_unique_name(key: Any, *, old: str, new: str, pending: Document) -> None:
    people = main_collection(Segmenter.COLLECTION)
    if people.find_one({"name": new, "_id": {"$ne": key}}, {"_id": 1}):
        raise DuplicateNameError(new)
    try:
        result = people.update_one(
            {"_id": key, "name": old},
            {
                "$set": {"name": new, "pending": pending},
                # By it the figures know that a name in an old event is this person.
                "$push": {"former_names": {"name": old, "until": datetime.now(UTC)}},
            },
        )
    except DuplicateKeyError:
        raise DuplicateNameError(new) from None
    if not result.matched_count:
        raise UnknownPersonError(old)


def _signature(actor: Actor) -> Document:
    return {"actor": actor.name, "channel": actor.channel.value}
