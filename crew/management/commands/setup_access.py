"""`manage.py setup_access`: what a new installation needs before anybody can log in."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import IntegrityError

from crew import services
from crew.access import ensure_groups
from crew.rules import Role
from segmentacion.reporting import DatabaseCommand


class Command(DatabaseCommand):
    help = (
        "Crea los grupos, el equipo inicial y la primera cuenta de administración si no existen, "
        "y termina lo que un corte dejó a medias. Se puede repetir."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_groups()
        pending = services.complete_pending()
        if pending:
            self.stdout.write(f"👥 Cambios de equipo interrumpidos que se completaron: {pending}")
        added = services.add_initial_crew()
        if added:
            self.stdout.write(f"👥 Equipo inicial: {', '.join(added)}")
        self._first_admin()

    def _first_admin(self) -> None:
        """Create the first lead unless somebody can already administer. Prints a password once."""
        leads = User.objects.filter(is_superuser=True, is_active=True)
        if any(user.has_usable_password() for user in leads):
            return
        username = settings.ADMIN_USERNAME
        password = settings.ADMIN_PASSWORD or secrets.token_urlsafe(12)
        try:
            user = User.objects.create_superuser(username, password=password)
        except IntegrityError:
            self.stdout.write(
                f"⚠️  La cuenta «{username}» existe pero nadie puede administrar: usa "
                f"«manage.py changepassword {username}» o define ADMIN_USERNAME."
            )
            return
        user.groups.add(Group.objects.get(name=Role.LEAD.value))
        shown = "la de ADMIN_PASSWORD" if settings.ADMIN_PASSWORD else password
        self.stdout.write(f"🔑 Primera cuenta: usuario {username} · contraseña {shown}")
        if not settings.ADMIN_PASSWORD:
            self.stdout.write("   Guárdala: no se vuelve a mostrar. Cámbiala en Tu cuenta.")
