from django.apps import AppConfig

from segmentacion import checks  # noqa: F401 registers itself
from segmentacion.telemetry import commands


class SegmentacionConfig(AppConfig):
    """The frame: settings, MongoDB access, HTTP plumbing, `serve` and `mongo` commands."""

    name = "segmentacion"
    verbose_name = "Segmentación"

    def ready(self) -> None:
        """Have both clients count their commands: before any of them is opened."""
        commands.register()
