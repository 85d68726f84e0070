"""Bars for what an engine yields: one at a time, on standard error."""

from typing import Any

from exports.services.backups.progress import Progress, Stage
from segmentacion.reporting import progress_bar


class Bars:
    """A bar per stage; the one before is closed when the next stage begins."""

    def __init__(self, unit: str = "") -> None:
        self.unit = unit
        self._stage: Stage | None = None
        self._bar: Any = None

    def show(self, progress: Progress) -> None:
        if progress.stage is not self._stage:
            self.close()
            self._stage = progress.stage
            self._bar = progress_bar(progress.total or None, progress.stage, unit=self.unit)
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        """Leave the last bar as it stands."""
        if self._bar is not None:
            self._bar.close()
