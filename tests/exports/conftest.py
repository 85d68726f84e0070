"""Who may export, and who may not; a mail server, and people to write to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from crew.rules import Role
from crew.services import add_person
from exports.services.jobs import running, starting
from tests.exports.smtp import MailServer
from tests.factories import PASSWORD, make_batch


@pytest.fixture
def client_of(groups: dict[Role, Group]) -> Any:
    """Return a function that logs in somebody of a role."""

    def log_in(role: Role) -> Client:
        user = User.objects.create_user(f"alguien-{role.name.lower()}", password=PASSWORD)
        user.groups.add(groups[role])
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def mail_server(settings: Any, mongo: None) -> Iterator[MailServer]:
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 30
        settings.DEFAULT_FROM_EMAIL = "Segmentación <avisos@equipo.mx>"
        yield server


@pytest.fixture
def mail_team(mongo: None) -> None:
    """Three with mail and work, one without an address, one without work."""
    for name, address in (
        ("Ceci", "ceci@equipo.mx"), ("Flor", "flor@equipo.mx"), ("Ñandú 😀", "nandu@equipo.mx"),
        ("Sin Correo", ""), ("Sin Trabajo", "nada@equipo.mx"),
    ):  # fmt: skip
        add_person(name=name, email=address)
    make_batch("batch_1", assignee="Flor", status="In")
    make_batch("batch_2", assignee="Flor")
    make_batch("batch_3", assignee="Ceci", status="S")
    make_batch("batch_4", assignee="Ñandú 😀")
    make_batch("batch_5", assignee="Sin Correo")


@pytest.fixture
def backup_folder(mongo: None, tmp_path: Path, settings: Any, monkeypatch: Any) -> Path:
    """Backups in a folder of their own, and the jobs of «Datos» done while they are asked for."""
    settings.BACKUP_DIRECTORY = tmp_path / "backups"
    monkeypatch.setattr(starting, "spawn", running.run)
    return tmp_path / "backups"
