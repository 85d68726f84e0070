"""`make bench`: how far the product is from what the server can do at best.

Everything is measured in one run on one scratch mongod, as ratios to a floor measured beside it;
absolute times on a shared machine mean little. `BENCH_BATCHES` and `BENCH_FILES` set the size;
`BENCH_ONLY=sync` (or several: `pages,http`) measures some topics alone.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from segmentacion.mongo.embedded import EmbeddedMongo

TOPICS = ("sync", "pages", "exports", "changing", "masks", "backups", "intake", "figures", "http")


def parse_arguments() -> argparse.Namespace:
    """Return what is to be measured; the environment gives the defaults."""
    given = os.environ.get
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--batches", type=int, default=int(given("BENCH_BATCHES", "100000")))
    parser.add_argument("--files", type=int, default=int(given("BENCH_FILES", "300000")))
    parser.add_argument(
        "--only", default=given("BENCH_ONLY", ""), metavar="TOPIC[,TOPIC]", help=", ".join(TOPICS)
    )
    asked = parser.parse_args()
    asked.topics = tuple(filter(None, asked.only.split(","))) or TOPICS
    if unknown := set(asked.topics) - set(TOPICS):
        parser.error(f"no such topic: {', '.join(sorted(unknown))}")
    return asked


def main() -> None:
    asked = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stopped: the server is, too
    folder = Path(tempfile.mkdtemp(prefix="segmentacion-bench-"))
    server = EmbeddedMongo(folder / "mongo", cache_gb=1.0)
    try:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="segmentacion.settings",
            ENV_FILE=os.devnull,
            SECRET_KEY="only-for-benchmarks-0123456789-abcdefghijklmnopqrstuvwxyz",
            MONGO_URI=server.ensure(),
            MONGO_DB="bench_segmentacion",
            TRAINING_DB="bench_quality",
            MASKS_BUCKET="training_metrics.masks",
            STATE_DIRECTORY=str(folder / "state"),
        )
        import django

        django.setup()
        from benchmarks.run import run_all

        run_all(batches=asked.batches, files=asked.files, topics=asked.topics)
    finally:
        server.release()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
