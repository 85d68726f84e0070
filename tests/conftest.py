"""Fixtures shared by all tests: a clean database, the cast, clients logged in."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.test.utils import setup_databases, teardown_databases

from crew.rules import Role
from segmentacion.mongo.clients import close_clients, main_database, store_client
from tests.factories import PASSWORD


def pytest_configure() -> None:
    """Static files without the manifest that `collectstatic` makes; a hasher that costs nothing."""
    django_settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    django_settings.WHITENOISE_AUTOREFRESH = True  # no client reads the folder of static files
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Make the test database once. The mask store gets a test name too."""
    django_settings.TRAINING_DB = "test_" + django_settings.TRAINING_DB
    with django_db_blocker.unblock():
        created = setup_databases(verbosity=0, interactive=False)
        django_settings.CREW_DB = django_settings.MONGO_DB = main_database().name
        yield
        store_client().drop_database(django_settings.TRAINING_DB)
        teardown_databases(created, verbosity=0)
        close_clients()


@pytest.fixture
def mongo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let a test use the databases, and empty every collection after it."""
    with django_db_blocker.unblock():
        yield
        _empty()


def _empty() -> None:
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    database = main_database()
    for name in database.list_collection_names():
        if name not in kept and not name.startswith("system."):
            database[name].delete_many({})
    store_client().drop_database(django_settings.TRAINING_DB)


@pytest.fixture
def groups(mongo: None) -> dict[Role, Group]:
    return {role: Group.objects.create(name=role.value) for role in Role}


def _user(groups: dict[Role, Group], name: str, role: Role) -> User:
    user = User.objects.create_user(name, password=PASSWORD)
    user.groups.add(groups[role])
    return user


@pytest.fixture
def lead(groups: dict[Role, Group]) -> User:
    user = _user(groups, "lider", Role.LEAD)
    user.is_staff = user.is_superuser = True
    user.save()
    return user


@pytest.fixture
def segmenter(groups: dict[Role, Group]) -> User:
    return _user(groups, "flor", Role.SEGMENTER)


@pytest.fixture
def viewer(groups: dict[Role, Group]) -> User:
    return _user(groups, "lectora", Role.VIEWER)


@pytest.fixture
def lead_client(lead: User) -> Client:
    client = Client()
    client.force_login(lead)
    return client


@pytest.fixture
def viewer_client(viewer: User) -> Client:
    client = Client()
    client.force_login(viewer)
    return client


@pytest.fixture
def stranger(mongo: None) -> Client:
    return Client()
