"""Fixtures shared by all tests: a clean database, the cast, clients logged in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from pymongo.database import Database

from crew.rules import Role
from segmentacion.http import deadline
from segmentacion.mongo.clients import close_clients, main_database, store_client
from segmentacion.mongo.embedded import EmbeddedMongo
from tests.factories import PASSWORD


def pytest_configure() -> None:
    """Static files without the manifest that `collectstatic` makes; a hasher that costs nothing.

    Pages get a minute for their reading, and Hypothesis all it takes, however busy the machine.
    """
    deadline.READ_SECONDS = 60.0
    hypothesis.settings.register_profile(
        "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("busy")
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
    cache.clear()
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    database = main_database()
    names = {name for name in database.list_collection_names() if not name.startswith("system.")}
    for name in _filled(database, sorted(names - kept)):
        database[name].delete_many({})
    store_client().drop_database(django_settings.TRAINING_DB)


def _filled(database: Database[Any], names: list[str]) -> list[str]:
    """Return which of these collections hold a document: one question for all of them."""

    def one_of(name: str) -> list[dict[str, Any]]:
        return [{"$limit": 1}, {"$project": {"_id": False, "name": {"$literal": name}}}]

    if not names:
        return []
    unions = [{"$unionWith": {"coll": name, "pipeline": one_of(name)}} for name in names[1:]]
    found = database[names[0]].aggregate([*one_of(names[0]), *unions])
    return [one["name"] for one in found]


@pytest.fixture(scope="session")
def replica_set(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URI of a replica set: the tests' own server, or one more beside a standalone one."""
    with django_db_blocker.unblock():
        is_one = "setName" in main_database().command("hello")
    if is_one:
        yield django_settings.MONGO_URI
        return
    server = EmbeddedMongo(tmp_path_factory.mktemp("replica-set") / "mongo")
    yield server.ensure()
    server.release()


@pytest.fixture
def main_on_replica_set(mongo: None, replica_set: str) -> Iterator[None]:
    """Keep both databases on a replica set during a test of what only that has."""
    with _kept_on(replica_set, "MONGO_URI"):
        yield


@pytest.fixture
def store_on_replica_set(mongo: None, replica_set: str) -> Iterator[None]:
    """Keep the mask store on a replica set during a test, wherever the main database is."""
    with _kept_on(replica_set, "TRAINING_MONGO_URI"):
        yield


@contextmanager
def _kept_on(uri: str, setting: str) -> Iterator[None]:
    before = getattr(django_settings, setting)
    if uri == django_settings.MONGO_URI:
        yield
        return
    close_clients()
    setattr(django_settings, setting, uri)
    try:
        yield
        _empty()
    finally:
        close_clients()
        setattr(django_settings, setting, before)


@pytest.fixture
def groups(mongo: None) -> dict[Role, Group]:
    made = Group.objects.bulk_create(Group(name=role.value) for role in Role)
    return dict(zip(Role, made, strict=True))


def _user(groups: dict[Role, Group], name: str, role: Role, **flags: bool) -> User:
    user = User.objects.create_user(name, password=PASSWORD, **flags)
    user.groups.add(groups[role])
    return user


@pytest.fixture
def lead(groups: dict[Role, Group]) -> User:
    return _user(groups, "lider", Role.LEAD, is_staff=True, is_superuser=True)


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
