"""`make bench`: how far the product is from what the server can do at best.

Everything is measured in one run on one scratch mongod, as ratios to a floor measured beside it;
absolute times on a shared machine mean little. `BENCH_BATCHES` and `BENCH_FILES` set the size;
`BENCH_ONLY=sync` measures the sync alone.
"""

import os
import shutil
import tempfile
from pathlib import Path

from segmentacion.mongo.embedded import EmbeddedMongo


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="segmentacion-bench-"))
    server = EmbeddedMongo(folder / "mongo", cache_gb=1.0)
    try:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="segmentacion.settings",
            ENV_FILE=os.devnull,
            SECRET_KEY="only-for-benchmarks",
            MONGO_URI=server.ensure(),
            MONGO_DB="bench_segmentacion",
            TRAINING_DB="bench_quality",
            MASKS_BUCKET="training_metrics.masks",
        )
        import django

        django.setup()
        from benchmarks.run import run_all

        run_all(
            batches=int(os.environ.get("BENCH_BATCHES", "100000")),
            files=int(os.environ.get("BENCH_FILES", "300000")),
            only=os.environ.get("BENCH_ONLY", ""),
        )
    finally:
        server.release()
        shutil.rmtree(folder, ignore_errors=True)


main()
