from django.apps import AppConfig


class SegmentacionConfig(AppConfig):
    """The frame: settings, MongoDB access, HTTP plumbing, `serve` and `mongo` commands."""

    name = "segmentacion"
    verbose_name = "Segmentación"
