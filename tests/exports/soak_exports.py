"""The memory of a process that exports 100,000 batches. `make soak`; the ordinary run does not
collect this file."""

import json

from segmentacion.mongo.clients import main_collection, main_database
from tests.factories import batch_document
from tests.frame.processes import answer, on_test_server

MANY, AT_ONCE = 100_000, 10_000
EXPORT = """
import json
from batches.rules.filters import PageRequest
from exports.rules.asking import Asked, Format
from exports.services import exporting

def most():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

asked = Asked(PageRequest(), Format({kind!r}))
next(exporting.batches(asked).rows)  # connected, and everything is imported
open("/proc/self/clear_refs", "w").write("5")  # the most from here on
before = most()
size = exporting.spooled(exporting.batches(asked)).seek(0, 2)
print(json.dumps([size, (most() - before) * 1024]))
"""


def test_exports_of_very_many_take_no_more_memory(mongo: None) -> None:
    for start in range(0, MANY, AT_ONCE):
        main_collection("batches").insert_many(
            [
                batch_document(f"batch_{n:06d}F", comments="x" * 200)
                for n in range(start, start + AT_ONCE)
            ]
        )
    env = on_test_server(main_database().name)
    grown = {}
    for kind in ("csv", "json", "xlsx"):
        size, grown[kind] = answer(EXPORT.format(kind=kind), env)
        print(f"{kind}: {size / 1e6:.0f} MB written, memory grew by {grown[kind] / 1e6:.1f} MB")
        assert size > 3_000_000
    assert max(grown.values()) < 50_000_000, json.dumps(grown)
