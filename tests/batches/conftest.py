"""A small team, one of it with a login, and the clients of those who change batches."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from crew.models import Segmenter
from crew.rules import Role
from crew.services import add_person
from segmentacion.mongo.clients import main_collection


@pytest.fixture
def team(mongo: None) -> None:
    """Flor, whose login is `flor`, and Ceci."""
    for name in ("Flor", "Ceci"):
        add_person(name=name)
    main_collection(Segmenter.COLLECTION).update_one({"name": "Flor"}, {"$set": {"login": "flor"}})


@pytest.fixture
def flor_client(segmenter: User) -> Client:
    client = Client()
    client.force_login(segmenter)
    return client


@pytest.fixture
def reviewer(groups: dict[Role, Group]) -> User:
    user = User.objects.create_user("revisora", password="x")
    user.groups.add(groups[Role.REVIEWER])
    return user


@pytest.fixture
def reviewer_client(reviewer: User) -> Client:
    client = Client()
    client.force_login(reviewer)
    return client
