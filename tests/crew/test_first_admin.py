"""The first account of a new installation."""

import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import call_command

pytestmark = pytest.mark.usefixtures("mongo")


def setup_access() -> str:
    out = StringIO()
    call_command("setup_access", stdout=out)
    return out.getvalue()


def test_it_has_the_name_and_the_password_of_the_settings_and_is_made_once(settings: Any) -> None:
    settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD = "jefa", "clave-de-prueba-1"
    said = setup_access()
    assert "jefa" in said
    assert "clave-de-prueba-1" not in said
    user = authenticate(username="jefa", password="clave-de-prueba-1")
    assert isinstance(user, User)
    assert list(user.groups.values_list("name", flat=True)) == ["Líder"]
    setup_access()
    assert User.objects.count() == 1


def test_without_a_password_one_is_made_and_said_once(settings: Any) -> None:
    settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD = "jefa", ""
    found = re.search(r"contraseña (\S+)", setup_access())
    assert found
    assert authenticate(username="jefa", password=found[1])
    assert "contraseña" not in setup_access()


def test_a_name_that_somebody_without_rights_has_is_said(settings: Any) -> None:
    User.objects.create_user("jefa", password="otra-clave-1")
    settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD = "jefa", "clave-de-prueba-1"
    assert "ADMIN_USERNAME" in setup_access()
    assert not User.objects.get(username="jefa").is_superuser
