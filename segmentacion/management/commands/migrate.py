"""`manage.py migrate`, on databases of djongo too."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate

from segmentacion.mongo.djongo import relax_integer_keys


class Command(DjangoMigrate):
    """Django's own, after making room for documents without djongo's integer keys."""

    def handle(self, *args: Any, **options: Any) -> None:
        relax_integer_keys()
        super().handle(*args, **options)
