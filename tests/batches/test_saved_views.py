"""Saved views: whose they are, what they hold, which one the dashboard opens with."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.queries import views as queries
from batches.services.views import choose_default, save_view

pytestmark = pytest.mark.usefixtures("mongo")


def send(client: Client, method: str, path: str, **payload: Any) -> Any:
    return client.generic(method, path, __import__("json").dumps(payload), "application/json")


def names(account: str) -> list[str]:
    return [view.name for view in queries.visible_to(account)]


def test_it_keeps_filters_and_sort_without_the_place_in_the_list(lead_client: Client) -> None:
    query = "?status=In&assignee=&q=&sort=-due_date&page=3"
    answer = send(lead_client, "POST", "/api/views", name="  Mis   vencidos ", query=query)
    assert answer.status_code == 201
    view = answer.json()["view"]
    assert (view["name"], view["query"]) == ("Mis vencidos", "status=In&assignee=&sort=-due_date")


@pytest.mark.parametrize(
    ("name", "query", "reason"),
    [
        ("", "", "nombre"),
        (5, "", "nombre"),
        ("x" * 61, "", "demasiado largo"),
        ("Una", "status=X", "status"),
        ("Una", "color=rojo", "color"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_reason(
    lead_client: Client, name: Any, query: str, reason: str
) -> None:
    answer = send(lead_client, "POST", "/api/views", name=name, query=query)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]


def test_a_name_is_used_once_by_each_person(lead_client: Client) -> None:
    save_view("flor", name="Hoy", query="")
    assert send(lead_client, "POST", "/api/views", name="Hoy").status_code == 201
    answer = send(lead_client, "POST", "/api/views", name="Hoy")
    assert (answer.status_code, "Ya tienes" in answer.json()["error"]) == (400, True)


def test_private_views_are_seen_by_their_owner_alone() -> None:
    save_view("flor", name="Mía", query="")
    save_view("flor", name="De todos", query="", shared=True)
    assert names("flor") == ["De todos", "Mía"]
    assert names("ceci") == ["De todos"]


def test_only_the_owner_changes_and_deletes(lead_client: Client, viewer_client: Client) -> None:
    key = save_view("lider", name="Una", query="", shared=True).key
    assert send(viewer_client, "PATCH", f"/api/views/{key}", name="Otra").status_code == 404
    assert send(viewer_client, "DELETE", f"/api/views/{key}").status_code == 404
    changed = send(lead_client, "PATCH", f"/api/views/{key}", name="Otra", query="status=S")
    assert (changed.json()["view"]["name"], changed.json()["view"]["query"]) == ("Otra", "status=S")
    assert send(lead_client, "DELETE", f"/api/views/{key}").status_code == 200
    assert names("lider") == []
    assert send(lead_client, "DELETE", "/api/views/nada").status_code == 404


def test_the_dashboard_opens_with_the_persons_default(lead_client: Client) -> None:
    view = save_view("otro", name="Vencidos", query="overdue=true", shared=True)
    assert lead_client.get("/dashboard").status_code == 200
    assert send(lead_client, "PUT", "/api/views/default", key=view.key).status_code == 200
    assert lead_client.get("/dashboard").url == "/dashboard?overdue=true"
    assert lead_client.get("/dashboard?sort=id").status_code == 200
    assert lead_client.get("/dashboard", headers={"HX-Request": "true"}).status_code == 200
    send(lead_client, "PUT", "/api/views/default", key=None)
    assert lead_client.get("/dashboard").status_code == 200


def test_each_person_has_one_default(lead: User) -> None:
    first = save_view("lider", name="Una", query="status=NS")
    second = save_view("lider", name="Dos", query="status=S")
    choose_default("lider", first.key)
    choose_default("lider", second.key)
    default = queries.default_of("lider")
    assert default is not None
    assert default.name == "Dos"


def test_the_menu_lists_them(lead_client: Client) -> None:
    save_view("lider", name="Los de <hoy>", query="status=In")
    html = lead_client.get("/dashboard?sort=id").content.decode()
    assert "Los de &lt;hoy&gt;" in html
    assert "/dashboard?status=In" in html
