"""`manage.py verify_masks`: what it takes, says and refuses."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from masks.presenting.ids import as_text
from tests.factories import make_batch
from tests.masks.verified import WHOLE, kept, put

pytestmark = pytest.mark.usefixtures("mongo")


def command(*flags: str) -> dict[str, Any]:
    out = StringIO()
    call_command("verify_masks", "--json", *flags, stdout=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def test_the_command_takes_the_outstanding_ones_newest_first() -> None:
    make_batch("batch_1")
    old, new = put(WHOLE, "batch_1", days=1), put(WHOLE[:-50], "batch_2", days=2)
    first = command("--limit", "1")
    assert (first["verified"], kept(old), kept(new)["kind"]) == (1, None, "incomplete")
    assert first["doubtful"][0]["file_id"] == as_text(new)
    assert command()["verified"] == 1
    assert (command()["verified"], command()["cached"]) == (0, 0)


def test_the_command_reports_in_spanish() -> None:
    put(WHOLE[:-50], "batch_1")
    out = StringIO()
    call_command("verify_masks", stdout=out)
    assert "✅ 1 archivos verificados" in out.getvalue()
    assert "masks_batch_1.tar.xz (incompleto): " in out.getvalue()


def test_the_command_takes_one_batch_or_a_time() -> None:
    put(WHOLE, "batch_1", days=1)
    put(WHOLE, "batch_2", days=5)
    assert command("--batch", "1")["verified"] == 1
    assert command("--since", "2025-10-05")["verified"] == 1


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (("--batch", "nada"), 2),
        (("--since", "ayer"), 2),
        (("--limit", "0"), 1),
        (("--batch", "9"), 1),
    ],
)
def test_the_command_refuses_what_makes_no_sense(flags: tuple[str, ...], code: int) -> None:
    with pytest.raises(CommandError) as refused:
        command(*flags)
    assert refused.value.returncode == code


def test_a_store_that_is_away_fails_the_command(request: pytest.FixtureRequest) -> None:
    put(WHOLE, "batch_1")
    request.getfixturevalue("store_away")
    with pytest.raises(CommandError, match="dejó de responder"):
        command()
