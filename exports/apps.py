from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """What leaves the system and comes back: exports, backups, restore."""

    name = "exports"
    verbose_name = "Exportaciones"
