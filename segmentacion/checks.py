"""What `manage.py check --deploy` says about our own settings, besides what Django says."""

from typing import Any

from django.conf import settings
from django.core import checks

ANY_HOST = checks.Warning(
    "ALLOWED_HOSTS tiene «*»: el sitio contesta con el nombre que le digan.",
    hint=(
        "Pon los nombres del sitio, por ejemplo ALLOWED_HOSTS=seg.example.com. Con «*», quien pide "
        "un enlace para recuperar la contraseña de otro decide a qué sitio lleva."
    ),
    id="segmentacion.W001",
)


@checks.register(checks.Tags.security, deploy=True)
def check_allowed_hosts(app_configs: Any, **options: Any) -> list[checks.Warning]:
    """Warn about a site that takes any name: Django looks only whether there is one."""
    return [ANY_HOST] if "*" in settings.ALLOWED_HOSTS else []
