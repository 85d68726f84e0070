"""How certain the store has to be of an archive, by the commands that the driver sends."""

import hashlib
import io
import random

import pytest

from masks import store
from masks.models import MaskUpload
from masks.services.uploads import Archive, put_archive
from tests.commands import CERTAIN, listening

pytestmark = pytest.mark.usefixtures("mongo")

CHUNKS, FILES = "training_metrics.masks.chunks", "training_metrics.masks.files"
RECORD = MaskUpload.COLLECTION


def test_an_archive_its_chunks_and_its_record_wait_for_majority_and_journal() -> None:
    content = random.Random(1).randbytes(store.CHUNK_BYTES * store.CHUNKS_PER_COMMAND + 1)
    digest = hashlib.sha256(content).hexdigest()
    with listening() as commands:
        put_archive(Archive(io.BytesIO(content), len(content), digest, "batch_1", "m.tar", "Flor"))
    written = commands.writes()
    # The record says before the last chunks that this process lives.
    assert [w.collection for w in written] == [RECORD, CHUNKS, RECORD, CHUNKS, FILES, RECORD]
    assert [w.concern for w in written] == [CERTAIN] * len(written)
    document, done = (commands.sent.index(one) for one in written[-2:])
    read_back = [sent.collection for sent in commands.sent[document + 1 : done]]
    assert {FILES, CHUNKS} <= set(read_back)
