"""Reads of mailing: what was sent in a campaign, and where the leads read their mail."""

from django.contrib.auth.models import User

from crew.models import Segmenter
from crew.rules import Role
from exports.models import Mailing
from exports.rules.mailing import MailKind
from segmentacion.mongo.clients import Document, main_collection


def records_of(kind: MailKind, campaign: str) -> dict[str, Document]:
    """Return what is recorded of a campaign's messages, by key."""
    condition = {"campaign": campaign, "kind": str(kind)}
    return {record["_id"]: record for record in main_collection(Mailing.COLLECTION).find(condition)}


def lead_addresses() -> list[str]:
    """Return the addresses of the accounts that are leads, as stored: the account's own, else
    that of the person it is linked to. Superusers are leads."""
    leads = {user.pk: user for user in User.objects.filter(is_superuser=True, is_active=True)}
    grouped = User.objects.filter(groups__name=Role.LEAD.value, is_active=True)
    leads |= {user.pk: user for user in grouped}
    people = main_collection(Segmenter.COLLECTION).find(
        {"login": {"$in": [user.get_username() for user in leads.values()]}},
        {"login": 1, "email": 1},
    )
    linked = {person["login"]: str(person.get("email") or "") for person in people}
    found = [user.email or linked.get(user.get_username(), "") for user in leads.values()]
    return sorted(address for address in found if address)
