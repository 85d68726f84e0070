"""Attempts to log in, limited for all processes together (state in `login_attempts`).

Three counts, each with growing pauses that end by themselves:
- account and address: the plain case, a person or a program that guesses;
- the account from anywhere: many addresses that guess one password;
- the address for all accounts: one address that tries many accounts.

Whoever logged in from an address before is only held by the first: so nobody can lock a person
out of the places the person works from, nor a whole office by one computer in it.
Names and addresses are stored as keyed digests only.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils.crypto import salted_hmac

from segmentacion.http.addresses import household
from segmentacion.http.pauses import (
    COLLECTION,
    Counted,
    Pace,
    PausedError,
    check,
    count,
    forget,
    give_back,
    paused,
)
from segmentacion.mongo.clients import main_collection

WIDER = 10  # how many times as many failures an account, or an address, has in all
KNOWN_DAYS = 90


class TooManyTriesError(Exception):
    """There were too many wrong passwords; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"Demasiados intentos. Espera {spoken(retry_after)} y vuelve a intentar: la espera "
            "termina sola."
        )
        self.retry_after = retry_after


@dataclass(frozen=True)
class Attempt:
    """A try that was let through, counted as a failure until it is known to have gone well."""

    account: str
    place: str
    counts: tuple[Counted, ...]

    @property
    def pause(self) -> int:
        """Return how many seconds of pause it costs if it fails."""
        return max((counted.pause for counted in self.counts), default=0)


def begin(username: str, address: str) -> Attempt:
    """Count an attempt. Raises TooManyTriesError while there is a pause."""
    account, place = _digest("account", _plain(username)), _digest("place", household(address))
    known = main_collection(COLLECTION).find_one({"_id": _known(account, place)}, {"_id": 1})
    pair, everywhere, everybody = f"{account}:{place}", f"account:{account}", f"place:{place}"
    wide = _pace(WIDER)
    asked = [(pair, _pace(1), {"account": account})]
    if known is None:
        asked += [(everywhere, wide, {"account": account}), (everybody, wide, {"place": place})]
    try:
        check(key for key, _, _ in asked)
        counts = tuple(count(key, pace, **about) for key, pace, about in asked)
    except PausedError as error:
        raise TooManyTriesError(error.seconds) from error
    return Attempt(account, place, counts)


def succeed(attempt: Attempt) -> None:
    """Forget the failures of this account here, and remember the address as one of its own."""
    main_collection(COLLECTION).delete_one({"_id": f"{attempt.account}:{attempt.place}"})
    for counted in attempt.counts[1:]:
        give_back(counted)
    until = datetime.now(UTC) + timedelta(days=KNOWN_DAYS)
    main_collection(COLLECTION).update_one(
        {"_id": _known(attempt.account, attempt.place)},
        {"$set": {"expires_at": until}},
        upsert=True,
    )


def unlock(username: str) -> int:
    """End the pauses of an account; return how many there were."""
    return forget(account=_digest("account", _plain(username)))


def unlock_all() -> int:
    """End all pauses, those of addresses too; return how many there were."""
    ended = forget(account={"$exists": True})
    return ended + forget(place={"$exists": True})


def waiting(usernames: Iterable[str]) -> dict[str, int]:
    """Return which of these accounts are in a pause somewhere, and for how many seconds yet."""
    names = {_digest("account", _plain(name)): name for name in usernames}
    left: dict[str, int] = {}
    for found in paused(account={"$in": list(names)}):
        name = names[found["account"]]
        left[name] = max(left.get(name, 0), found["left"])
    return left


def spoken(seconds: int) -> str:
    """Return `45 segundos`, `2 minutos`, `1 hora`: rounded up, so that nobody comes too early."""
    for size, noun in ((3600, "hora"), (60, "minuto")):
        if seconds > 1.5 * size:
            whole = -(-seconds // size)
            return f"{whole} {noun}{'' if whole == 1 else 's'}"
    return f"{seconds} segundo{'' if seconds == 1 else 's'}"


def _pace(times: int) -> Pace:
    return Pace(
        free=times * settings.LOGIN_TRIES,
        first=settings.LOGIN_PAUSE_SECONDS,
        longest=settings.LOGIN_MAX_PAUSE_SECONDS,
    )


def _plain(username: str) -> str:
    """Return a name as it is counted: what only looks different is the same."""
    return unicodedata.normalize("NFKC", username[:200]).casefold().strip()


def _digest(kind: str, text: str) -> str:
    return salted_hmac(f"segmentacion.logins.{kind}", text).hexdigest()[:32]


def _known(account: str, place: str) -> str:
    return f"known:{account}:{place}"
