"""Who asks for a change, as the rules of batches see a login."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from batches.rules.changes import Asker
from crew import queries
from crew.access import may
from crew.rules import Capability


def asker_of(user: AbstractBaseUser | AnonymousUser) -> Asker:
    """Return the account, the person it is linked to, and what it may do to batches."""
    account = user.get_username()
    return Asker(
        account=account,
        person=queries.person_of(account),
        may_edit=may(user, Capability.EDIT),
        may_review=may(user, Capability.REVIEW),
        may_work=may(user, Capability.WORK),
    )
