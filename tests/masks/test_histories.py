"""Whatever happened to the store, and wherever runs were killed: the sync comes out right."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from masks import feed
from segmentacion.mongo import leases
from segmentacion.mongo.clients import main_collection
from tests.masks import histories
from tests.masks.histories import changes, figures, fresh, outcome, play, start_anew, sync, syncs

pytestmark = pytest.mark.usefixtures("mongo")

History = list[tuple[Any, ...]]
few = given_settings(
    max_examples=20,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
tampering = st.tuples(st.just("tamper"), histories.which)


@few
@given(history=st.lists(st.one_of(changes, changes, syncs), min_size=4, max_size=12))
def test_incremental_runs_by_change_stream_come_out_as_a_fresh_sync(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_anew()
    sync()
    play(history, monkeypatch)
    report = sync()
    if not feed.supports_change_streams():  # what is changed in place is found by a full run
        report = merging_all()
    assert (outcome(), figures(report)) == fresh()


@few
@given(history=st.lists(st.one_of(changes, changes, tampering, syncs), min_size=4, max_size=12))
def test_incremental_runs_by_asking_and_a_full_one_come_out_as_a_fresh_sync(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SYNC_CHANGE_STREAMS", False)
    start_anew()
    sync()
    play(history, monkeypatch)
    sync()
    report = merging_all()
    assert (outcome(), figures(report)) == fresh()


def merging_all() -> Any:
    """Run a full sync, a day after the last one that compared every entry."""
    state = leases.state_of("sync_masks") or {}
    if state:
        day_before = {"state.merged_at": state["merged_at"] - timedelta(days=2)}
        main_collection(leases.COLLECTION).update_one({"_id": "sync_masks"}, {"$set": day_before})
    return sync(full=True)
