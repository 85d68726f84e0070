"""What ends the reading of an archive before its end, and how much of it may be read."""

import time
from dataclasses import dataclass, field

from masks.rules.verdicts import Limits


class Stop(Exception):
    """Reading ends here; the message says why, for the person."""


class Cut(Stop):
    """There should be more."""


class Damaged(Stop):
    """What is there is not what was written."""


class NotAnArchive(Stop):
    """It is something else."""


class Locked(Stop):
    """It asks for a password."""


class Bomb(Stop):
    """It is made to fill disks."""


class Unfinished(Stop):
    """Our limits ended the reading, not the archive."""


@dataclass
class Budget:
    """Counts what was read against the limits; raises Bomb or Unfinished when it is too much."""

    limits: Limits
    expanded: int = 0
    members: int = 0
    began: float = field(default_factory=time.monotonic)

    def expand(self, count: int, consumed: int) -> None:
        """Take `count` expanded bytes into account; `consumed` compressed ones were read so far."""
        self.expanded += count
        self.check_time()
        limits = self.limits
        if self.expanded > limits.expanded_bytes:
            raise Unfinished(
                "no se terminó de verificar: descomprimido pasa de "
                f"{limits.expanded_bytes >> 20:,} MB"
            )
        self.announce(self.expanded, consumed)

    def announce(self, expanded: int, consumed: int) -> None:
        """Refuse what grows out of proportion, as counted or as it says of itself."""
        ratio = self.limits.ratio
        if expanded > self.limits.ratio_from and expanded > ratio * max(consumed, 1):
            raise Bomb(f"peligroso: al descomprimirlo crece más de {ratio:,} veces, como una bomba")

    def member(self) -> None:
        """Take one more member into account."""
        self.members += 1
        self.check_time()
        if self.members > self.limits.members:
            raise Unfinished(
                f"no se terminó de verificar: tiene más de {self.limits.members:,} archivos"
            )

    def check_time(self) -> None:
        if time.monotonic() - self.began > self.limits.seconds:
            raise Unfinished(
                f"no se terminó de verificar: necesita más de {self.limits.seconds:g} s"
            )
