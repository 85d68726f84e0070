from django.apps import AppConfig


class CrewConfig(AppConfig):
    """People: the crew, what each login may do, API tokens."""

    name = "crew"
    verbose_name = "Equipo"
