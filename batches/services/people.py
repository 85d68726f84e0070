"""What happens to batches when a person is renamed or removed (the crew's `Work`)."""

from datetime import UTC, datetime
from typing import Any

from batches.models import Batch
from batches.queries import board
from batches.rules.filters import BatchFilter
from batches.rules.states import Status
from batches.services import operations, writing
from batches.services.operations import Kind
from crew.rules import CrewError
from crew.work import Load
from segmentacion.actors import Actor
from segmentacion.mongo.clients import main_collection


class BatchWork:
    """The batches, seen from the crew."""

    def loads(self) -> dict[str, Load]:
        """Return the load of each assignee now: counted anew only after somebody wrote."""
        return {name: load for name, load in board.loads(BatchFilter()).items() if name}

    def held_by(self, name: str) -> int:
        """Return how many batches this person holds, counted now."""
        return main_collection(Batch.COLLECTION).count_documents({"assignee": name})

    def check_unassignable(self, name: str) -> None:
        """Raise CrewError when the person holds segmented batches: S needs an assignee."""
        finished = main_collection(Batch.COLLECTION).count_documents(
            {"assignee": name, "status": Status.SEGMENTED}
        )
        if finished:
            noun = "batch segmentado" if finished == 1 else "batches segmentados"
            raise CrewError(
                f"'{name}' tiene {finished:,} {noun} (S), que no pueden quedar sin responsable: "
                "pásalos a otra persona o desactiva a esta sin eliminarla"
            )

    def record(self, summary: str, *, actor: Actor, operation: str) -> None:
        """Record an act on a person that changes no batch; one already recorded stays as it is."""
        operations.begin(
            operation, kind=Kind.PERSON, actor=actor, keys=[], fields=[], summary=summary
        )
        operations.finish(operation, changed=0)

    def rename(self, old: str, new: str, *, actor: Actor, operation: str) -> int:
        """Write the new name on all batches of the old one; when they were assigned stays."""
        comment = f"{old} ahora se llama {new}"
        values = {"assignee": new}
        return _give(old, values, comment, actor=actor, operation=operation)

    def transfer(self, name: str, to: str | None, *, actor: Actor, operation: str) -> int:
        """Give all batches of a person to another, or to nobody."""
        values = {"assignee": to, "metadata.assigned_at": datetime.now(UTC) if to else None}
        comment = f"{name} salió del equipo"
        return _give(name, values, comment, actor=actor, operation=operation)

    def moved_by(self, operation: str) -> int:
        """Return how many batches an operation of the crew changed."""
        return int((operations.head(operation) or {}).get("changed") or 0)


def _give(name: str, values: dict[str, Any], comment: str, *, actor: Actor, operation: str) -> int:
    """Write these values on all of a person's batches, as one recorded operation."""
    collection = main_collection(Batch.COLLECTION)
    keys = [document["_id"] for document in collection.find({"assignee": name}, {"_id": 1})]
    if not keys:
        return 0
    operations.begin(
        operation, kind=Kind.PERSON, actor=actor, keys=keys, fields=["assignee"], summary=comment
    )
    pipeline = writing.change_pipeline(
        values, actor=actor, operation=operation, now=datetime.now(UTC), comment=comment
    )
    changed = writing.change_many({"assignee": name}, pipeline)
    operations.finish(operation, changed=changed)
    return changed
