"""What a person may do about the own account: the password, and sessions elsewhere."""

import logging
import threading
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from crew import audit
from crew.events import Event
from segmentacion.actors import Actor, Channel

logger = logging.getLogger("segmentacion.accounts")


def end_other_sessions(user: Model, current: str | None) -> int:
    """End all sessions of an account but the current one; return how many there were.

    Sessions do not carry their account outside of their signed content: all are read.
    """
    ended = 0
    key = str(user.pk)
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.session_key == current or session.get_decoded().get(SESSION_KEY) != key:
            continue
        SessionStore(session.session_key).delete()
        ended += 1
    return ended


def tell_logout(request: HttpRequest, name: str) -> None:
    """Tell that somebody logged out. What cannot be told goes to the server's log: logging out is
    never held up."""
    try:
        if name:
            audit.note(request, Event.LOGOUT, who=name)
    except Exception:
        logger.exception("A logout is missing in the log of accesses")


def send_reset(form: Any, *, place: str, **options: Any) -> threading.Thread:
    """Mail the link to set a new password, and record it, in a thread of its own.

    Whoever asks is answered in the same time whether the address is an account's or nobody's.
    """
    arguments = (form, place, options)
    thread = threading.Thread(target=_send_reset, args=arguments, name="reset")
    thread.start()
    return thread


def _send_reset(form: Any, place: str, options: dict[str, Any]) -> None:
    try:
        for user in form.get_users(form.cleaned_data["email"]):
            _record_asked(user, place)
        form.save(**options, from_email=settings.DEFAULT_FROM_EMAIL)
    except Exception:
        logger.exception("A password reset could not be sent")


def _record_asked(user: User, place: str) -> None:
    name = user.get_username()
    actor = Actor(name, Channel.WEB)
    audit.write(Event.PASSWORD_ASKED, actor=actor, about=name, place=place)
