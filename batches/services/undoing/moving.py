"""What an operation created goes to the trash, and what it moved there comes back."""

from collections.abc import Mapping, Sequence
from typing import Any

from batches.models import Batch
from batches.services import trash
from batches.services.undoing.report import CHANGED_SINCE, COMMENTED_SINCE, NOT_YOURS, Undoing
from batches.services.undoing.standing import FOUND, SAID, named
from segmentacion.actors import Channel
from segmentacion.mongo.clients import Document, main_collection

REASON = "se deshizo lo que lo creó"


def put_back(undoing: Undoing, entries: Mapping[str, Any]) -> None:
    """Put these entries of the trash back where they were; name those whose place is taken."""
    report = undoing.report
    if undoing.asker.may_edit:
        back = trash.put_back(list(entries), actor=undoing.actor, operation=undoing.new)
        report.restored += back.restored
        report.refused += back.refused
    else:
        keys = list(entries.values())
        report.refused += named(keys, dict.fromkeys(keys, NOT_YOURS))


def take_away(undoing: Undoing, keys: Sequence[Any]) -> None:
    """Move these to the trash, unless somebody did or said anything about them since.

    Only for who may change any batch: an account that made them may have lost that right.
    """
    if not undoing.asker.may_edit:
        undoing.report.refused += named(keys, dict.fromkeys(keys, NOT_YOURS))
        return
    reasons: dict[Any, str] = {}
    for start in range(0, len(keys), trash.AT_ONCE):
        found = main_collection(Batch.COLLECTION).find(
            {"_id": {"$in": keys[start : start + trash.AT_ONCE]}}
        )
        untouched = []
        for document in found:
            reason = _touched(document, undoing.undone)
            if reason:
                reasons[document["_id"]] = reason
            else:
                untouched.append(document)
        stayed = trash.move(untouched, reason=REASON, actor=undoing.actor, operation=undoing.new)
        undoing.report.restored += len(untouched) - len(stayed)
        reasons |= dict.fromkeys(stayed, CHANGED_SINCE)
    undoing.report.refused += named(keys, reasons)


def _touched(document: Document, operation: str) -> str | None:
    """Return why the batch stays: its newest event by people is not the operation's."""
    for event in reversed(document["history"]):
        if not isinstance(event, dict) or event.get("channel") == Channel.SYNC.value:
            continue
        changes = event.get("changes")
        fields = [change.get("field") for change in changes] if isinstance(changes, list) else []
        if fields == [FOUND]:
            continue
        if event.get("operation") == operation:
            return None
        return COMMENTED_SINCE if fields == [SAID] else CHANGED_SINCE
    return CHANGED_SINCE
