"""Who a session belongs to: the account with the names of its groups, without the ORM.

Every request asks it; mostly it came along with the session (`segmentacion.mongo.ahead`).
Checking passwords and permissions is Django's.
"""

import time
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User

from segmentacion.mongo import ahead, versions
from segmentacion.mongo.clients import Document, main_collection

FIELDS = [field for field in User._meta.concrete_fields if field.attname != "id"]
ATTRIBUTES = ["id", *(field.attname for field in FIELDS)]
COLUMNS = [str(field.column) for field in FIELDS]

# Names of groups are asked for again after so long: they are roles, and hardly ever renamed.
NAMES_SECONDS = 30.0
_names: tuple[float, dict[Any, str]] = (0.0, {})


class AccountBackend(ModelBackend):
    """Django's accounts, with `role_names` (the groups) on those that a session names."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the account, or None when it is gone or closed."""
        document, groups = ahead.account(user_id) or _read(user_id)
        if document is None:
            return None
        values = [document["_id"], *map(document.get, COLUMNS)]
        user = User.from_db("default", ATTRIBUTES, values)
        if not self.user_can_authenticate(user):
            return None
        user.role_names = _names_of(groups)  # type: ignore[attr-defined]
        return user


def tell_changed(**_: Any) -> None:
    """Have no process go by an account as it was before this change."""
    ahead.forget_accounts()
    versions.bump(ahead.ACCOUNTS_VERSION)


def _read(user_id: Any) -> tuple[Document | None, list[Any]]:
    document = main_collection(ahead.ACCOUNTS).find_one({"_id": user_id})
    found = main_collection(ahead.MEMBERSHIPS).find({"user_id": user_id}, {"group_id": 1})
    return document, [one["group_id"] for one in found]


def _names_of(groups: list[Any]) -> list[str]:
    """Return the names of these groups; all are read anew when one is not known yet."""
    global _names
    read_at, names = _names
    if time.monotonic() - read_at > NAMES_SECONDS or any(group not in names for group in groups):
        found = main_collection("auth_group").find({}, {"name": 1})
        names = {group["_id"]: group["name"] for group in found}
        _names = (time.monotonic(), names)
    return [names[group] for group in groups if group in names]
