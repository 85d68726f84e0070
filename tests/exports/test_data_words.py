"""How plans and comparisons tell values that differ."""

from exports.presenting.data import as_fields


def test_days_and_times_are_told_as_people_here_read_them() -> None:
    fields = [
        ["metadata.assigned_at", "—", "2026-11-21 19:24:55 UTC"],
        ["metadata.due_date", "2026-11-01", "(falta)"],
        ["metadata.priority", "media", "alta"],
    ]
    assert [told[1:] for told in as_fields(fields)] == [
        ["—", "21 nov 2026, 13:24"],
        ["1 nov 2026", "(falta)"],
        ["media", "alta"],
    ]


def test_two_times_of_one_minute_keep_their_seconds() -> None:
    fields = [["metadata.assigned_at", "2026-11-21 19:24:54 UTC", "2026-11-21 19:24:55 UTC"]]
    assert as_fields(fields)[0][1:] == ["2026-11-21 19:24:54 UTC", "2026-11-21 19:24:55 UTC"]
