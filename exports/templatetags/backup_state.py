"""How old the last good backup is, for the pages of those who can make one."""

from typing import Any

from django import template
from django.template.context import Context

from crew.access import may
from crew.rules import Capability
from exports.services.backups.records import last_failed, last_good

register = template.Library()


@register.inclusion_tag("components/backup_state.html", takes_context=True)
def backup_state(context: Context) -> dict[str, Any]:
    """Say how old the last good backup is, and whether one failed since. Two indexed reads."""
    return {"last_backup": last_good(), "failed_backup": last_failed()}


@register.simple_tag(takes_context=True)
def may_back_up(context: Context) -> bool:
    """Tell whether who looks at this page may make backups."""
    return may(context["request"].user, Capability.BACKUP)
