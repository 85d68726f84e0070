from typing import Any

from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_delete, post_save


class CrewConfig(AppConfig):
    """People: the crew, what each login may do, API tokens."""

    name = "crew"
    verbose_name = "Equipo"

    def ready(self) -> None:
        """Have every change of an account, a group or who is in which known to all processes."""
        from django.contrib.auth.models import Group, User  # noqa: PLC0415

        from crew.backends import tell_changed  # noqa: PLC0415

        models: list[Any] = [User, Group]
        for model in models:
            post_save.connect(tell_changed, sender=model)
            post_delete.connect(tell_changed, sender=model)
        for through in (User.groups.through, User.user_permissions.through):
            m2m_changed.connect(tell_changed, sender=through)
        m2m_changed.connect(tell_changed, sender=Group.permissions.through)
