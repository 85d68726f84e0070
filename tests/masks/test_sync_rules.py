"""What a sync would change, and when it must not: plain Python."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from masks.rules import (
    MAX_NAMES,
    Brakes,
    FileInfo,
    MarkPlan,
    MaskFile,
    StoreContents,
    plan_marks,
    refusal,
)

NOW = datetime(2025, 10, 1, 12)


def contents_of(*files: MaskFile) -> StoreContents:
    contents = StoreContents()
    contents.add(files)
    return contents


def batch(batch_id: str, *, uploaded: object = False, info: object = None) -> dict[str, object]:
    return {"_id": batch_id, "id": batch_id, "mongo_uploaded": uploaded, "file_info": info}


def test_it_counts_files_by_the_batch_in_their_name() -> None:
    contents = contents_of(
        ("masks_batch_400.tar.xz", NOW, None),
        ("Batch-400_2.zip", NOW + timedelta(days=1), None),
        ("batch_000400.zip", NOW, None),
    )
    assert contents.batches["batch_400"].count == 2
    assert contents.batches["batch_400"].last_upload == NOW + timedelta(days=1)
    assert contents.batches["batch_000400"].count == 1


def test_it_counts_a_name_with_two_ids_for_both() -> None:
    contents = contents_of(("batch_1_batch_2.zip", NOW, None))
    assert set(contents.batches) == {"batch_1", "batch_2"}
    assert contents.total_files == 1


def test_a_valid_declared_id_wins_and_disagreement_is_a_conflict() -> None:
    contents = contents_of(("batch_400.zip", NOW, "batch_000129F"))
    assert set(contents.batches) == {"batch_000129F"}
    assert contents.conflicts[0].declared == "batch_000129F"
    assert contents.conflicts[0].named == ("batch_400",)


def test_a_declared_id_that_agrees_or_stands_alone_is_no_conflict() -> None:
    contents = contents_of(
        ("batch_400.zip", NOW, "Batch-400"), ("sin_nombre.zip", NOW, "batch_400")
    )
    assert contents.batches["batch_400"].count == 2
    assert contents.conflict_count == 0


def test_an_invalid_declared_id_leaves_the_name_in_charge() -> None:
    contents = contents_of(("batch_400.zip", NOW, "cualquier cosa"))
    assert set(contents.batches) == {"batch_400"}
    assert contents.conflict_count == 0


def test_a_name_without_id_is_reported() -> None:
    contents = contents_of(("respaldo_viejo.zip", NOW, None))
    assert contents.unparsed == ["respaldo_viejo.zip"]


@given(st.lists(st.tuples(st.text(max_size=8), st.datetimes()), max_size=30), st.randoms())
def test_file_info_does_not_depend_on_the_order_of_files(
    files: list[tuple[str, datetime]], random: object
) -> None:
    shuffled = list(files)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = FileInfo(0, None, []), FileInfo(0, None, [])
    for file in files:
        one.add(*file)
    for file in shuffled:
        other.add(*file)
    assert one == other
    assert one.names == sorted(name for name, _ in files)[:MAX_NAMES]


def test_it_plans_only_what_differs() -> None:
    contents = contents_of(("batch_1.zip", NOW, None), ("batch_2.zip", NOW, None))
    current = contents.batches["batch_1"].as_document()
    plan = plan_marks(
        contents,
        [batch("batch_1", uploaded=True, info=current), batch("batch_2"), batch("batch_3")],
    )
    assert [change.batch_id for change in plan.changes] == ["batch_2"]
    assert (plan.up_to_date, plan.cleared, plan.without_masks) == (1, 0, 1)


def test_applying_a_plan_leaves_nothing_to_plan() -> None:
    contents = contents_of(("batch_1.zip", NOW, None))
    plan = plan_marks(contents, [batch("batch_1"), batch("batch_2", uploaded=True)])
    after = [
        batch(change.batch_id, uploaded=change.uploaded, info=change.file_info)
        for change in plan.changes
    ]
    assert len(after) == 2
    assert plan_marks(contents, after).changes == []


def test_it_clears_a_batch_whose_files_are_gone() -> None:
    plan = plan_marks(contents_of(), [batch("batch_1", uploaded=True, info={"file_count": 3})])
    assert plan.cleared == 1
    assert plan.changes[0].file_info["has_files"] is False


def test_it_leaves_a_batch_that_never_had_files_exactly_as_it_is() -> None:
    for untouched in (batch("batch_1"), {"_id": 1, "id": "batch_2"}, batch("b", uploaded="true")):
        assert plan_marks(contents_of(), [untouched]).changes == []


def test_it_lists_ids_that_no_batch_has() -> None:
    plan = plan_marks(contents_of(("batch_9.zip", NOW, None)), [batch("batch_1")])
    assert plan.not_found == ["batch_9"]


def test_it_marks_every_document_that_shares_an_id() -> None:
    twins = [batch("batch_1"), {**batch("batch_1"), "_id": "otro"}]
    assert len(plan_marks(contents_of(("batch_1.zip", NOW, None)), twins).changes) == 2


def test_history_is_for_a_changed_mark_or_count_not_for_a_new_date() -> None:
    contents = contents_of(("batch_1.zip", NOW, None))
    old = {**contents.batches["batch_1"].as_document(), "last_file_upload": None}
    (change,) = plan_marks(contents, [batch("batch_1", uploaded=True, info=old)]).changes
    assert not change.is_recorded
    (change,) = plan_marks(contents, [batch("batch_1", uploaded=False, info=old)]).changes
    assert change.is_recorded


def test_an_empty_store_is_refused() -> None:
    assert "vacío" in str(refusal(contents_of(), MarkPlan(), Brakes()))


def test_clearing_up_to_a_fifth_or_five_marks_goes_on() -> None:
    full = contents_of(("batch_1.zip", NOW, None))
    assert refusal(full, MarkPlan(marked_before=100, cleared=20), Brakes()) is None
    assert refusal(full, MarkPlan(marked_before=6, cleared=5), Brakes()) is None


def test_clearing_more_than_a_fifth_and_more_than_five_is_refused() -> None:
    full = contents_of(("batch_1.zip", NOW, None))
    assert "21 de 100" in str(refusal(full, MarkPlan(marked_before=100, cleared=21), Brakes()))
    assert refusal(full, MarkPlan(marked_before=6, cleared=6), Brakes()) is not None
