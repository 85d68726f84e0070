"""Pages go out compressed, what must stay as it is does not."""

import gzip

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from segmentacion.http.compression import PageCompressionMiddleware

PAGE = b"<p>Segmentaci\xc3\xb3n</p>" * 200


def answered(response: HttpResponse | StreamingHttpResponse, **headers: str) -> HttpResponse:
    request = RequestFactory().get("/", headers={"Accept-Encoding": "gzip", **headers})
    return PageCompressionMiddleware(lambda _: response)(request)  # type: ignore[return-value,arg-type]


def test_a_page_is_smaller_on_the_way_and_the_same_at_the_end() -> None:
    response = answered(HttpResponse(PAGE))
    assert response["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response["Vary"]
    assert len(response.content) < len(PAGE) / 10
    assert gzip.decompress(response.content) == PAGE


def test_who_does_not_accept_it_gets_it_as_it_is() -> None:
    assert answered(HttpResponse(PAGE), **{"Accept-Encoding": "identity"}).content == PAGE


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(PAGE, content_type="application/json", headers={"ETag": '"7"'}),
        StreamingHttpResponse(iter([PAGE]), content_type="text/html"),
        StreamingHttpResponse(iter([PAGE]), content_type="text/csv"),
    ],
)
def test_json_and_streams_stay_as_they_are(
    response: HttpResponse | StreamingHttpResponse,
) -> None:
    etag = response.headers.get("ETag")
    out = answered(response)
    assert "Content-Encoding" not in out
    assert out.headers.get("ETag") == etag
