"""Accounts and groups in the admin speak Spanish, and say what goes with what is deleted."""

import re
from collections.abc import Iterable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from crew.rules import Role

pytestmark = pytest.mark.usefixtures("groups")

ACCOUNTS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
ENGLISH = re.compile(
    r"\b(?:the|this|you|your|are|can|select|delete|object|password|user|group|permission)\b", re.I
)
# What is no word for people: scripts, names of icons and of what the theme's markup is made of.
UNSEEN = re.compile(r"<(script|style|template)\b.*?</\1>|<span class=\"material[^>]*>[^<]*", re.S)


def told(client: Client, address: str) -> str:
    """Return the words of a page, those that only readers of screens hear as well."""
    page = UNSEEN.sub(" ", client.get(address).content.decode())
    named = " ".join(re.findall(r'(?:\saria-label|\splaceholder|\stitle)="([^"]*)"', page))
    return re.sub(r"<[^>]*>", " ", page) + " " + named


def act(client: Client, address: str, chosen: Iterable[object], **more: str) -> str:
    data = {"action": "delete_selected", "_selected_action": [str(key) for key in chosen], **more}
    return client.post(address, data, follow=True).content.decode()


@pytest.mark.parametrize("page", ["", "add/", "{}/change/", "{}/delete/", "{}/history/"])
@pytest.mark.parametrize("place", [ACCOUNTS, GROUPS])
def test_no_page_speaks_english(
    lead_client: Client, segmenter: User, place: str, page: str
) -> None:
    group = segmenter.groups.get()
    key = segmenter.pk if place == ACCOUNTS else group.pk
    assert ENGLISH.findall(told(lead_client, place + page.format(key))) == []


def test_deleting_an_account_says_what_goes_and_what_stays(
    lead_client: Client, segmenter: User
) -> None:
    address = f"{ACCOUNTS}{segmenter.pk}/delete/"
    page = told(lead_client, address)
    assert "Vas a eliminar la cuenta flor." in page
    assert "sus tokens dejan de servir" in page
    lead_client.post(address, {"post": "yes"})
    assert not User.objects.filter(username="flor").exists()


def test_several_accounts_are_named_before_they_are_deleted(
    lead_client: Client, segmenter: User, viewer: User
) -> None:
    keys = [segmenter.pk, viewer.pk]
    page = act(lead_client, ACCOUNTS, keys)
    assert "Vas a eliminar estas cuentas:" in page
    assert "<li>flor</li><li>lectora</li>" in page
    assert User.objects.filter(pk__in=keys).count() == 2
    act(lead_client, ACCOUNTS, keys, post="yes")
    assert User.objects.filter(pk__in=keys).count() == 0


def test_deleting_a_group_keeps_its_accounts(lead_client: Client, segmenter: User) -> None:
    group = Group.objects.get(name=Role.SEGMENTER.value)
    address = f"{GROUPS}{group.pk}/delete/"
    assert "Vas a eliminar el grupo Segmentador." in told(lead_client, address)
    lead_client.post(address, {"post": "yes"})
    assert User.objects.get(username="flor").groups.count() == 0
