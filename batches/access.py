"""Who asks for a change, as the rules of batches see a login; and what figures it may see."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils import timezone

from batches.rules.changes import Asker
from batches.rules.metrics.asking import parse_question
from batches.services.metrics import Answer, ask
from crew import queries
from crew.access import may
from crew.filters import FilterError
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


def figures_for(
    user: AbstractBaseUser | AnonymousUser, params: Mapping[str, Sequence[str]], person: str = ""
) -> Answer:
    """Return the figures these query parameters ask for, as far as the login may see them.

    `person` is one named in the address. Raises FilterError, NotAllowedRefusal,
    UnknownPersonError.
    """
    question = parse_question(params, today=timezone.localdate())
    if person and question.person:
        raise FilterError("person: ya está en la dirección")
    sees_all = may(user, Capability.METRICS)
    own = None if sees_all else queries.person_of(user.get_username())
    asked = replace(question, person=person) if person else question
    return ask(asked, own=own, sees_all=sees_all)
