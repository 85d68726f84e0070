"""A request's id, and what is counted and kept of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from segmentacion.http import deadline
from segmentacion.http.tracing import RequestTracingMiddleware
from segmentacion.mongo.clients import main_database
from segmentacion.telemetry.facts import current, note_error
from segmentacion.telemetry.tally import BOUNDS, MOST_ROUTES, MOST_SAMPLES, TALLY, Counts, Tally


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What a test's requests counted; nothing is left for others."""
    monkeypatch.setattr(deadline, "READ_SECONDS", 60.0)  # however busy this machine is
    TALLY.take()
    yield TALLY.take
    TALLY.take()


def serve(view: Any, **headers: str) -> HttpResponse:
    request = RequestFactory().get("/cosa", headers=headers)
    return RequestTracingMiddleware(view)(request)


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def broken(request: HttpRequest) -> HttpResponse:
    note_error(KeyError("adentro"))
    return HttpResponse(status=500)


def test_a_sane_id_is_taken_and_returned() -> None:
    assert serve(ok, x_request_id="abc-DEF_123.4")["X-Request-ID"] == "abc-DEF_123.4"


@pytest.mark.parametrize(
    "given", ["", "corto", "x" * 65, "con espacio 1", "ñandú-1234", 'a"b{}1234']
)
def test_any_other_id_is_replaced(given: str) -> None:
    made = serve(ok, x_request_id=given)["X-Request-ID"]
    assert made != given
    assert len(made) >= 8


def test_two_requests_have_two_ids() -> None:
    assert serve(ok)["X-Request-ID"] != serve(ok)["X-Request-ID"]


def test_afterwards_nothing_is_under_way() -> None:
    serve(ok)
    assert current() is None


def test_a_request_is_counted_under_its_pattern_method_and_status(
    counts: Any, lead_client: Client
) -> None:
    counts()
    lead_client.get("/batch/batch_no_esta")
    lead_client.get("/no-existe")
    assert set(counts().requests) == {
        ("/batch/<path:batch_id>", "GET", 404),
        ("unmatched", "GET", 404),
    }


def test_the_commands_of_a_request_are_counted(counts: Any, mongo: None) -> None:
    def asks(request: HttpRequest) -> HttpResponse:
        main_database().command("ping")
        main_database().command("ping")
        return HttpResponse()

    serve(asks)
    taken = counts()
    assert taken.requests["unmatched", "GET", 200].commands == 2
    assert taken.commands["ping"].count == 2


def test_a_stream_is_counted_once_it_has_ended(counts: Any) -> None:
    def streams(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(iter([b"a", b"b"]))

    response: Any = serve(streams)
    assert not counts().requests
    b"".join(response.streaming_content)
    response.close()
    assert counts().requests["unmatched", "GET", 200].count == 1


def test_an_error_of_ours_is_kept_without_its_words(counts: Any) -> None:
    answer = serve(broken)
    taken = counts()
    (kept,) = taken.failed
    assert (kept["status"], kept["error"], taken.failed_count) == (500, "KeyError", 1)
    assert kept["request"] == answer["X-Request-ID"]
    assert "adentro" not in str(kept)


def test_a_slow_request_is_kept(counts: Any, settings: Any) -> None:
    settings.SLOW_REQUEST_MS = 0
    serve(ok)
    (kept,) = counts().slow
    assert (kept["route"], kept["status"]) == ("unmatched", 200)


def test_a_quick_good_one_is_only_counted(counts: Any, settings: Any) -> None:
    settings.SLOW_REQUEST_MS = 60_000
    serve(ok)
    taken = counts()
    assert not taken.slow
    assert not taken.failed


def test_a_method_nobody_knows_makes_no_name_of_its_own(counts: Any) -> None:
    RequestTracingMiddleware(ok)(RequestFactory().generic("INVENTADO", "/x"))
    assert list(counts().requests) == [("unmatched", "OTHER", 200)]


def test_times_fall_into_their_class() -> None:
    tally = Tally()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] + 0.001, BOUNDS[-1] + 1):
        tally.add_request(("/x", "GET", 200), seconds, 0)
    classes = tally.take().requests["/x", "GET", 200].classes
    assert (classes[0], classes[1], classes[-1], sum(classes)) == (2, 1, 1, 4)


def test_counts_stay_bounded_whatever_is_asked() -> None:
    tally = Tally()
    for number in range(MOST_ROUTES + 50):
        tally.add_request((f"/{number}", "GET", 200), 0.1, 0)
        tally.add_slow({"n": number})
    taken = tally.take()
    assert len(taken.requests) == MOST_ROUTES + 1
    assert taken.requests["other", "GET", 200].count == 50
    assert len(taken.slow) == MOST_SAMPLES
    assert taken.slow_count == MOST_ROUTES + 50


def test_what_is_given_back_is_added_to_what_came_meanwhile() -> None:
    tally = Tally()
    tally.add_request(("/x", "GET", 200), 0.1, 3)
    tally.add_command("find", 10, failed=False)
    taken = tally.take()
    tally.add_request(("/x", "GET", 200), 0.2, 4)
    tally.add_command("find", 20, failed=True)
    tally.give_back(taken)
    total: Counts = tally.take()
    assert total.requests["/x", "GET", 200].count == 2
    assert total.requests["/x", "GET", 200].commands == 7
    assert (total.commands["find"].micros, total.commands["find"].failed) == (30, 1)
