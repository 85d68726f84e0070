"""Putting a file where it belongs in one step: whole, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from segmentacion.disks import is_disk_full


def why(error: OSError) -> str:
    """Return why a file could not be written, for the person asking."""
    return "no queda espacio" if is_disk_full(error) else (error.strerror or str(error))


@contextmanager
def whole_file(target: Path) -> Iterator[IO[bytes]]:
    """Give a temporary file beside the target; it takes the target's name when all went well.

    Whatever is raised inside, the target is as it was and the temporary file is gone. A process
    that is killed leaves only a file that ends in `.incompleto`.
    """
    with NamedTemporaryFile(
        dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".incompleto", delete=False
    ) as file:
        part = Path(file.name)
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.chmod(0o644)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
