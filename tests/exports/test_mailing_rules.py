"""What mail says, and to what it may be written."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.rules.mailing import (
    MailKind,
    campaign_of,
    mailing_key,
    message_id,
    one_line,
    usable_address,
)


def test_a_campaign_is_an_iso_week() -> None:
    assert campaign_of(date(2027, 1, 1)) == "2026-W53"
    assert mailing_key(MailKind.WORKLOAD, "2026-W53", "x") == "workload:2026-W53:x"
    assert message_id("a", 1, "x.mx") != message_id("a", 2, "x.mx")


@pytest.mark.parametrize(
    "address", ["", "flor", "a@b.mx\nBcc: c@d.mx", "a b@c.mx", "ñ@b.mx", "a@b.mx\x00", None, 7]
)
def test_what_is_no_address_is_not_written_to(address: object) -> None:
    assert usable_address(address) == ""


@given(st.text())
def test_one_line_has_no_line_ends(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line
