"""What djongo wrote for Django's own tables: integer keys in `id`, and references to them.

djongo keeps an integer `id` beside `_id`, and points with integers. Django's backend for MongoDB
points with the `_id`. The `id` fields stay. `django_migrations` needs nothing: our migrations
have other names. Sessions are left alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from batches.rules.adoption import Problem
from batches.services.adoption.report import Progress, Stage
from batches.services.adoption.run import CHUNK, Run, collection
from segmentacion.mongo.clients import Document
from segmentacion.mongo.djongo import relax_integer_keys

DUPLICATE_KEY = 11000
IS_NUMBER = {"$type": "number"}


@dataclass(frozen=True)
class Reference:
    """A field that points to another collection."""

    collection: str
    field: str
    target: str


# Permissions first: what points to them may have to point to an equal one.
REFERENCES = (
    Reference("auth_permission", "content_type_id", "django_content_type"),
    Reference("auth_user_groups", "user_id", "auth_user"),
    Reference("auth_user_groups", "group_id", "auth_group"),
    Reference("auth_user_user_permissions", "user_id", "auth_user"),
    Reference("auth_user_user_permissions", "permission_id", "auth_permission"),
    Reference("auth_group_permissions", "group_id", "auth_group"),
    Reference("auth_group_permissions", "permission_id", "auth_permission"),
    Reference("django_admin_log", "user_id", "auth_user"),
    Reference("django_admin_log", "content_type_id", "django_content_type"),
)


def adopt_references(run: Run) -> Iterator[Progress]:
    """Make every integer reference the `_id` it means; report those that mean none."""
    run.tally.indexes_relaxed += relax_integer_keys(dry_run=run.dry_run)
    for done, reference in enumerate(REFERENCES, start=1):
        condition = {reference.field: IS_NUMBER}
        pending: list[Document] = []
        for document in collection(reference.collection).find(condition, {reference.field: 1}):
            pending.append(document)
            if len(pending) >= CHUNK:
                _adopt(run, reference, pending)
                pending = []
        _adopt(run, reference, pending)
        yield Progress(Stage.REFERENCES, done, len(REFERENCES))


def _adopt(run: Run, reference: Reference, documents: Sequence[Document]) -> None:
    if not documents:
        return
    targets = _targets(reference.target, {document[reference.field] for document in documents})
    known = [document for document in documents if document[reference.field] in targets]
    for document in documents:
        if document[reference.field] not in targets:
            _leave(run, reference, document, f"no hay uno solo con ese id en {reference.target}")
    failed = set() if run.dry_run else _write(run, reference, known, targets)
    for at in failed:
        _leave(run, reference, known[at], "ya existe un documento igual con la referencia nueva")
    run.tally.references += len(known) - len(failed)


def _targets(name: str, numbers: set[Any]) -> dict[Any, Any]:
    """Return integer `id` → `_id`, of those that name exactly one document."""
    found: dict[Any, list[Document]] = {}
    for document in collection(name).find({"id": {"$in": list(numbers)}}):
        found.setdefault(document["id"], []).append(document)
    single = {number: group[0] for number, group in found.items() if len(group) == 1}
    if name == "auth_permission":
        return {number: _equal_permission(document) for number, document in single.items()}
    return {number: document["_id"] for number, document in single.items()}


def _equal_permission(permission: Document) -> Any:
    """Return the `_id` of the permission that works: `migrate` may have made the same one anew,
    and then djongo's keeps its integer content type."""
    content_type = permission.get("content_type_id")
    if isinstance(content_type, int | float):
        content_type = _targets("django_content_type", {content_type}).get(content_type)
        twin = collection("auth_permission").find_one(
            {"content_type_id": content_type, "codename": permission.get("codename")}, {"_id": 1}
        )
        return (twin or permission)["_id"]
    return permission["_id"]


def _write(
    run: Run, reference: Reference, documents: Sequence[Document], targets: dict[Any, Any]
) -> set[int]:
    """Write; return the places of those that would be a second one of the same."""
    if not documents:
        return set()
    run.check()
    writes = [
        UpdateOne(
            {"_id": document["_id"], reference.field: document[reference.field]},
            {"$set": {reference.field: targets[document[reference.field]]}},
        )
        for document in documents
    ]
    try:
        collection(reference.collection).bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        failures = error.details["writeErrors"]
        if error.details["writeConcernErrors"] or any(
            failure["code"] != DUPLICATE_KEY for failure in failures
        ):
            raise
        return {failure["index"] for failure in failures}
    return set()


def _leave(run: Run, reference: Reference, document: Document, reason: str) -> None:
    problem = Problem(reference.field, document[reference.field], reason)
    run.tally.leave(reference.collection, document["_id"], [problem])
