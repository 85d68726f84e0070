"""Accounts made on a served site."""

from crew.rules import Role
from tests.site import PASSWORD, Site, manage

CODE = """
from django.contrib.auth.models import Group, User
user = User.objects.create_user({name!r}, password={password!r})
user.groups.set(Group.objects.filter(name__in={roles!r}))
"""


def add_account(site: Site, name: str, *roles: Role) -> None:
    """Make an account of these roles, with the password of the tests."""
    values = [role.value for role in roles]
    done = manage(
        "shell", "-c", CODE.format(name=name, password=PASSWORD, roles=values), env=site.env
    )
    assert done.returncode == 0, done.stderr
