"""Working in the folders: one process at a time, whichever host it is on.

A lock on a file keeps out other processes of this host and goes with a process that dies; a lease
in MongoDB keeps out other hosts. Whoever has the lock and finds a lease of this host knows that
its holder is dead, and need not wait.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from masks.intake.folders import Folders
from masks.intake.services.errors import BusyError
from segmentacion.actors import Actor
from segmentacion.mongo.leases import Lease, LeaseTaken, end_of_dead, held

LEASE_SECONDS = 30.0


@dataclass
class Work:
    """The right to work in these folders, for as long as the block of `working` runs."""

    folders: Folders
    identity: str
    lease: Lease
    actor: Actor
    position: int | None = None  # of the next image that is taken, once it was asked for


def the_folders() -> Folders:
    """Return this installation's folders; they may not be there yet."""
    return Folders(Path(settings.DATA_DIRECTORY))


def lease_name(identity: str) -> str:
    return f"intake:{identity}"


@contextmanager
def working(actor: Actor) -> Iterator[Work]:
    """Hold the folders while the block runs; they are made if they are missing.

    Raises BusyError when another process works in them, FolderError, PyMongoError.
    """
    folders = the_folders()
    folders.prepare()
    identity = folders.ensure_identity()
    name = lease_name(identity)
    with folders.locked() as ours:
        if not ours:
            raise BusyError
        end_of_dead(name)
        try:
            with held(name, seconds=LEASE_SECONDS, info={"who": actor.name}) as lease:
                yield Work(folders, identity, lease, actor)
        except LeaseTaken as taken:
            raise BusyError(str(taken.holder.get("holder") or "")) from taken
