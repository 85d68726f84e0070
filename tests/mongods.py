"""The MongoDB servers that tests start: replica sets, or standalone ones when asked for those.

`TEST_MONGO_STANDALONE=1` (make test-standalone) makes every server that a test gives to the
product one without transactions, snapshots and change streams. The server that `serve` brings
along is always a replica set.
"""

import os
from pathlib import Path

from segmentacion.mongo.embedded import EmbeddedMongo

STANDALONE = os.environ.get("TEST_MONGO_STANDALONE") == "1"


def server_in(folder: Path) -> EmbeddedMongo:
    """Return a server that keeps its data there; `ensure` starts it."""
    return EmbeddedMongo(folder, replica_set=not STANDALONE)
