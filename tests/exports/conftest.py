"""Who may export, and who may not."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from crew.rules import Role
from tests.factories import PASSWORD


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
