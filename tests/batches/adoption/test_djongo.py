"""Adopting what djongo wrote for Django's own tables."""

from typing import Any

import pytest
from bson import ObjectId
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from batches.services.adoption.run import identity
from segmentacion.mongo.clients import main_collection
from tests.batches.adoption.older import (
    adopt,
)
from tests.factories import stored

pytestmark = pytest.mark.usefixtures("older_server")


def integer_reference(collection: str, **fields: Any) -> None:
    main_collection(collection).insert_one({"id": 1, **fields})


def test_it_reads_djongos_accounts_through_the_orm(djongo: Any) -> None:
    adopt()
    user = User.objects.get(username="lider")
    assert (user.pk, user.is_superuser) == (ObjectId("6b00c3f6262995dd4310e4e5"), True)
    assert main_collection("auth_user").find_one({})["id"] == 1  # type: ignore[index]


def test_it_adopts_djongos_batches_and_keeps_its_other_collections(djongo: Any) -> None:
    report = adopt()
    assert stored("batch_000001F")["metadata"]["total_masks"] == 0
    assert (report["leftovers"], report["people_changed"]) == ([], 0)
    for name in ("django_migrations", "__schema__"):
        kept = list(main_collection(name).find({"_id": {"$in": [d["_id"] for d in djongo[name]]}}))
        assert kept == djongo[name]
    assert adopt()["batches_changed"] == 0


def test_it_migrates_over_djongos_own_migrations(djongo: Any) -> None:
    call_command("migrate", verbosity=0)
    assert User.objects.create_user("nueva").pk
    assert stored("batch_T000044") == djongo["batches"][1]


def test_it_points_djongos_references_at_the_documents(djongo: Any) -> None:
    integer_reference("django_content_type", app_label="djb", model="batch")
    integer_reference("auth_group", name="Líder")
    integer_reference("auth_permission", name="Ver", codename="ver", content_type_id=1)
    integer_reference("auth_user_groups", user_id=1, group_id=1)
    integer_reference("auth_user_user_permissions", user_id=1, permission_id=1)
    integer_reference("auth_group_permissions", group_id=1, permission_id=1)
    integer_reference("django_admin_log", user_id=1, content_type_id=1, action_flag=1)
    report = adopt()
    user = User.objects.get(username="lider")
    assert [group.name for group in user.groups.all()] == ["Líder"]
    assert [p.codename for p in user.user_permissions.all()] == ["ver"]
    assert [p.codename for p in Group.objects.get().permissions.all()] == ["ver"]
    assert user.logentry_set.get().content_type.app_label == "djb"
    assert (report["references"], report["leftovers"]) == (9, [])
    assert adopt()["references"] == 0


def test_it_points_at_the_permission_that_migrate_made_anew(djongo: Any) -> None:
    main_collection("django_content_type").insert_one({"id": 7, "app_label": "x", "model": "y"})
    content_type = ContentType.objects.get(app_label="x")
    anew = Permission.objects.create(codename="ver", name="Ver", content_type=content_type)
    integer_reference("auth_permission", name="Ver", codename="ver", content_type_id=7)
    integer_reference("auth_user_user_permissions", user_id=1, permission_id=1)
    report = adopt()
    assert list(User.objects.get(username="lider").user_permissions.all()) == [anew]
    assert [(item["collection"], item["field"]) for item in report["leftovers"]] == [
        ("auth_permission", "content_type_id")
    ]
    anew.delete()
    content_type.delete()


def test_it_leaves_a_reference_to_nobody(djongo: Any) -> None:
    integer_reference("auth_user_groups", user_id=1, group_id=9)
    report = adopt()
    assert [(i["collection"], i["field"], i["value"]) for i in report["leftovers"]] == [
        ("auth_user_groups", "group_id", "9")
    ]
    assert main_collection("auth_user_groups").find_one({})["group_id"] == 9  # type: ignore[index]


def test_it_lets_new_accounts_into_djongos_collections(djongo: Any) -> None:
    users = main_collection("auth_user")
    users.create_index("id", unique=True, name="__primary_key__")
    report = adopt()
    assert report["indexes_relaxed"] == ["auth_user.__primary_key__"]
    for name in ("una", "otra"):
        User.objects.create_user(name)
    assert "partialFilterExpression" in users.index_information()["djongo_id"]
    assert adopt()["indexes_relaxed"] == []


def test_it_tells_documents_apart_by_the_type_of_their_id() -> None:
    assert identity("batches", 1) != identity("batches", "1")
