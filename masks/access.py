"""Who may put an archive into the store for a batch, and who may take one out."""

from batches.rules.changes import Asker
from segmentacion.mongo.clients import Document


def may_upload(asker: Asker, batch: Document) -> bool:
    """Tell whether this person may upload masks for this batch: one's own, or whoever edits."""
    return asker.may_edit or (asker.may_work and asker.holds(batch.get("assignee")))


def may_download(asker: Asker, batches: list[Document]) -> bool:
    """Tell whether this person may take a file of these batches: of one's own, or who reviews."""
    own = any(asker.holds(batch.get("assignee")) for batch in batches)
    return asker.may_edit or asker.may_review or own
