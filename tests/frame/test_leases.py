"""One at a time, across processes, by the server's clock."""

import time

import pytest

from segmentacion.mongo.clients import main_collection, main_database
from segmentacion.mongo.leases import COLLECTION, LeaseLost, LeaseTaken, acquire, held
from tests.frame.processes import on_test_server, start

pytestmark = pytest.mark.usefixtures("mongo")

SHORT = 0.05
CONTENDER = """
import sys
from segmentacion.mongo.clients import main_database
from segmentacion.mongo.leases import LeaseTaken, acquire
main_database().command("ping")
print("ready", flush=True)
sys.stdin.readline()
try:
    acquire("sync", seconds=60)
    print("won")
except LeaseTaken:
    print("taken")
"""


def expired() -> None:
    """Wait until a short lease is over."""
    time.sleep(SHORT * 2)


def test_the_second_is_told_who_holds_it_and_for_what() -> None:
    lease = acquire("sync", seconds=60, info={"run_id": "r1", "price": "$5"})
    with pytest.raises(LeaseTaken) as refused:
        acquire("sync", seconds=60)
    assert refused.value.holder["holder"] == lease.holder
    assert refused.value.holder["info"] == {"run_id": "r1", "price": "$5"}


def test_two_names_are_two_leases() -> None:
    acquire("sync", seconds=60)
    assert acquire("import", seconds=60).name == "import"


def test_a_released_lease_is_free_at_once() -> None:
    acquire("sync", seconds=60).release()
    assert acquire("sync", seconds=60).fence == 2


def test_an_expired_one_lets_another_in_with_a_higher_fence() -> None:
    first = acquire("sync", seconds=SHORT)
    expired()
    second = acquire("sync", seconds=60)
    assert second.fence > first.fence


def test_renewing_keeps_it() -> None:
    lease = acquire("sync", seconds=0.3)
    for _ in range(3):
        time.sleep(0.15)
        lease.renew()
    with pytest.raises(LeaseTaken):
        acquire("sync", seconds=60)


def test_renewing_what_another_holds_now_says_that_it_is_lost() -> None:
    lease = acquire("sync", seconds=SHORT)
    expired()
    acquire("sync", seconds=60)
    with pytest.raises(LeaseLost):
        lease.renew()
    with pytest.raises(LeaseLost):
        lease.check()


def test_releasing_a_lost_lease_does_not_free_the_new_one() -> None:
    old = acquire("sync", seconds=SHORT)
    expired()
    acquire("sync", seconds=60)
    old.release()
    with pytest.raises(LeaseTaken):
        acquire("sync", seconds=60)


def test_a_holder_that_was_late_and_found_nobody_keeps_it() -> None:
    lease = acquire("sync", seconds=SHORT)
    expired()
    lease.renew()
    lease.check()


def test_a_held_lease_is_renewed_while_the_block_runs_and_freed_after() -> None:
    with held("sync", seconds=0.3) as lease:
        time.sleep(0.7)
        lease.check()
        with pytest.raises(LeaseTaken):
            acquire("sync", seconds=60)
    assert acquire("sync", seconds=60).fence == lease.fence + 1


def test_a_held_lease_is_freed_after_an_error() -> None:
    with pytest.raises(ValueError, match="roto"), held("sync", seconds=60):
        raise ValueError("roto")
    acquire("sync", seconds=60)


def test_a_block_whose_lease_was_taken_away_notices() -> None:
    with held("sync", seconds=0.3) as lease:
        main_collection(COLLECTION).update_one({"_id": "sync"}, {"$inc": {"fence": 1}})
        assert lease.lost.wait(5)
        with pytest.raises(LeaseLost):
            lease.check()


def test_of_four_processes_at_once_exactly_one_gets_it() -> None:
    env = on_test_server(main_database().name)
    contenders = [start(CONTENDER, env) for _ in range(4)]
    for contender in contenders:
        assert contender.stdout is not None
        assert contender.stdout.readline() == "ready\n"
    for contender in contenders:
        assert contender.stdin is not None
        contender.stdin.write("go\n")
        contender.stdin.flush()
    said = sorted(contender.communicate(timeout=30)[0].strip() for contender in contenders)
    assert said == ["taken", "taken", "taken", "won"]
