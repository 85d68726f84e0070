"""What a page says after the next click ("Hecho."), kept meanwhile in a cookie or the session."""

from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest

WITHOUT = "/api/"


class PageMessagesMiddleware(MessageMiddleware):
    """Django's, for pages: what programs ask has no next page that could say anything."""

    def process_request(self, request: HttpRequest) -> None:
        if not request.path.startswith(WITHOUT):
            super().process_request(request)
