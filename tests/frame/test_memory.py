"""Pausing the cycle collector: it always comes back."""

import gc

import pytest

from segmentacion.memory import collector_paused


def test_it_pauses_while_the_block_runs() -> None:
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_inner_pause_does_not_end_the_outer_one() -> None:
    with collector_paused():
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_comes_back_after_an_error() -> None:
    with pytest.raises(ValueError, match="roto"), collector_paused():
        raise ValueError("roto")
    assert gc.isenabled()
