from django.apps import AppConfig


class MasksConfig(AppConfig):
    """The mask store: what is really uploaded, and the sync that says so on each batch."""

    name = "masks"
    verbose_name = "Máscaras"
