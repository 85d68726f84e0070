"""The grammar of batch ids (specification, section 1.3)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.rules.names import batch_ids_in, declared_batch_id, parse_batch_id

digits = st.text("0123456789", min_size=1, max_size=12)
six = st.text("0123456789", min_size=6, max_size=6)
tokens = st.one_of(six.map("T{}".format), six.map("{}F".format), digits)
words = (
    st.text("batch", min_size=5, max_size=5)
    .map(lambda _: "batch")
    .flatmap(
        lambda word: st.lists(st.booleans(), min_size=5, max_size=5).map(
            lambda flags: "".join(c.upper() if up else c for c, up in zip(word, flags, strict=True))
        )
    )
)
separators = st.sampled_from(["", "_", "-"])
endings = st.sampled_from(["", ".tar.xz", "_parte1.zip", " copia", "-2.tar.gz", "(1).zip", "\n"])


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("masks_batch_000129F.tar.xz", ["batch_000129F"]),
        ("masks_batch_T000044.tar.xz", ["batch_T000044"]),
        ("BATCH-000129f.zip", ["batch_000129F"]),
        ("Batch t000044", []),
        ("batcht000044.tar", ["batch_T000044"]),
        ("batch_400_part1.zip", ["batch_400"]),
        ("batch_000400.zip", ["batch_000400"]),
        ("batch_0001290F.zip", []),
        ("batch_000129FX.zip", []),
        ("batch_T0000441.zip", []),
        ("batch_T00044.zip", []),
        ("batch_400b.zip", []),
        ("batch_400ñ.zip", []),
        ("batch__400.zip", []),
        ("mascaras_000129F.zip", []),
        ("batch_٤٠٠.zip", []),
        ("batch_000001F_batch_000002F.tar", ["batch_000001F", "batch_000002F"]),
        ("batch_000001F_Batch-000001f.tar", ["batch_000001F"]),
        ("", []),
    ],
)
def test_it_reads_the_ids_a_name_carries(name: str, ids: list[str]) -> None:
    assert list(batch_ids_in(name)) == ids


@given(words, separators, tokens, endings)
def test_it_reads_any_spelling_of_an_id_as_the_same_id(
    word: str, separator: str, token: str, ending: str
) -> None:
    assert batch_ids_in(f"masks_{word}{separator}{token}{ending}") == (f"batch_{token}",)
    assert batch_ids_in(f"{word}{separator}{token.lower()}{ending}") == (f"batch_{token}",)


@given(tokens, st.sampled_from(string.ascii_letters + "éñß漢"))
def test_it_never_reads_a_token_that_a_letter_continues(token: str, letter: str) -> None:
    continued = f"batch_{token}{letter}"
    if len(token) == 6 and letter in "fF":
        assert batch_ids_in(continued) == (f"batch_{token}F",)
    else:
        assert batch_ids_in(continued) == ()


@given(st.lists(tokens, min_size=1, max_size=5))
def test_it_counts_a_name_for_each_id_it_carries_once(ids: list[str]) -> None:
    name = "_".join(f"batch_{token}" for token in ids)
    assert list(batch_ids_in(name)) == list(dict.fromkeys(f"batch_{token}" for token in ids))


@given(st.text(max_size=60))
def test_it_finds_in_any_text_only_ids_that_are_ids(text: str) -> None:
    for batch_id in batch_ids_in(text):
        assert parse_batch_id(batch_id) == batch_id
        assert declared_batch_id(batch_id) == batch_id


def test_a_list_may_leave_out_the_word_and_metadata_may_not() -> None:
    assert parse_batch_id(" 000129f ") == "batch_000129F"
    assert declared_batch_id("000129F") is None
    assert declared_batch_id(" Batch-000129f") == "batch_000129F"


@pytest.mark.parametrize("value", [None, 5, [], {}, "", "batch", "lote_400", "batch_400.zip"])
def test_metadata_that_is_no_id_declares_nothing(value: object) -> None:
    assert declared_batch_id(value) is None
