"""What the admin lets people do where forms save nothing: by capability, not by permission."""

from typing import Any, ClassVar

from django.http import HttpRequest

from crew.access import may
from crew.rules import Capability


class ReadOnly:
    """Seen by who has `seen_with`; nobody adds, changes or deletes by a form. Acts are actions."""

    seen_with: ClassVar[Capability]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, self.seen_with)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
