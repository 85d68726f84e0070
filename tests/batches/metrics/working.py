"""A team at work, at random, over the API; time passes because what is stored grows older."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count, cycle
from typing import Any

from django.test import Client
from pymongo import ReplaceOne

from batches.models import Batch
from crew import services as crew
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection
from tests.batches.metrics.by_hand import ZONE, Cast, Document
from tests.batches.metrics.lives import NOW
from tests.batches.metrics.test_figures_properties import PEOPLE, story_of
from tests.factories import ACTOR, batch_document, make_batches

ACTS: list[dict[str, Any]] = [
    *({"assignee": name} for name in (*PEOPLE, None)), {"status": "In"}, {"status": "S"},
    {"status": "S"}, {"status": "S"}, {"review_status": "Aprobado"},
    {"review_status": "No Aprobado", "review_comment": "bordes"}, {},
]  # fmt: skip
IDS = ("batch_{:06d}F", "batch_T{:06d}", "batch_{}", "lote {}")
SPARE = [f"Nora {letter}." for letter in "ABCDEFGHIJKL"]
STORED = ("batches", "segmentadores", "trash", "operations")


class Work:
    """What a lead does with the batches, and with the people."""

    def __init__(self, chance: random.Random, client: Client) -> None:
        self.chance, self.client = chance, client
        self.cast, self.names = Cast(*PEOPLE), list(PEOPLE)
        self.keys, self.done = count(), list[str]()
        for name in PEOPLE:
            crew.add_person(name=name)
        age = datetime.now(UTC) - NOW
        make_batches(older(one, -age) for one in [*self._stories(), *self._imports()])

    def go_on(self, acts: int) -> None:
        """Do so many things, up to a day and a half apart; some of all kinds among them."""
        usual = [*[self.work] * 12, *[self.many] * 4, *[self.undo] * 4, self.remove, self.put_back,
                 self.rename, self.join, self.leave]  # fmt: skip
        rare = cycle([self.rename, self.remove, self.join, self.leave, self.rename, self.put_back])
        for number in range(acts):
            act = next(rare) if number % 3 == 2 else self.chance.choice(usual)
            act()
            self.wait(timedelta(seconds=self.chance.randint(5_000, 130_000)))

    def wait(self, by: timedelta) -> None:
        for name in STORED:
            found = main_collection(name).find()
            aged = [ReplaceOne({"_id": one["_id"]}, older(one, by)) for one in found]
            main_collection(name).bulk_write(aged, ordered=False) if aged else None
        self.cast.people = [[(older(at, by), name) for at, name in p] for p in self.cast.people]
        versions.bump("batches", "crew")

    def _fields(self, number: int) -> dict[str, Any]:
        due = datetime.combine(today(), datetime.min.time(), UTC)
        due += timedelta(days=self.chance.choice([-6, -1, 0, 1, 9]))
        return {"batch_id": self.chance.choice(IDS).format(number),
                "metadata__priority": self.chance.choice(["alta", "media", "baja", "rara"]),
                "metadata__due_date": self.chance.choice([due, due, None])}  # fmt: skip

    def _stories(self) -> list[Document]:
        made = []
        for number in range(25):
            acts = [(self.chance.uniform(0.1, 9), self.chance.choice(ACTS)) for _ in range(9)]
            told = story_of(number, acts).document
            new = batch_document(**self._fields(number))
            made.append(new | told | {"id": new["id"], "metadata": told["metadata"] | {
                name: new["metadata"][name] for name in ("priority", "due_date")}})  # fmt: skip
        return made

    def _imports(self) -> list[Document]:
        """Batches as other programs left them: without a history, with or without moments."""
        made = []
        for number in range(25, 45):
            at = NOW - timedelta(days=self.chance.uniform(0, 80))
            status = self.chance.choice(["NS", "In", "In", "S", "S", "S"])
            dated, closed = self.chance.random() < 0.7, status == "S"
            judged = closed and self.chance.random() < 0.5
            returned = dated and status == "In"
            fields: dict[str, Any] = {
                "status": status,
                "created_at": at - timedelta(days=12) if dated else at,
                "assignee": self.chance.choice(PEOPLE) if closed or dated else None,
                "metadata__assigned_at": at - timedelta(days=5.3) if dated else None,
                "completed_at": at if closed else None,
                "reviewed_at": at if judged or returned else None,
                "metadata__review_status": (
                    "Aprobado" if judged else "No Aprobado" if returned else "Pendiente"
                ),
            }
            made.append(batch_document(**self._fields(number), **fields))
        return made

    def _ask(self, method: Callable[..., Any], path: str, body: Document) -> None:
        key = f"hecho-{next(self.keys):06d}"
        answer = method(path, body, content_type="application/json",
                        headers={"Idempotency-Key": key})  # fmt: skip
        assert answer.status_code in {200, 404, 409, 422}, answer.content
        if answer.status_code == 200:
            self.done.append(key)

    def _ids(self, most: int) -> list[str]:
        found = sorted(main_collection(Batch.COLLECTION).distinct("id"))
        return self.chance.sample(found, most)

    def work(self) -> None:
        asked = self.chance.choice([*ACTS[3:10], {"assignee": self.chance.choice(self.names)}])
        self._ask(self.client.patch, f"/api/batches/{self._ids(1)[0]}", asked)

    def many(self) -> None:
        due = today() + timedelta(days=self.chance.choice([-5, -1, 0, 1]))
        asked = self.chance.choice([
            {"assignee": self.chance.choice(self.names)}, {"due_date": f"{due}"},
            {"status": "S", "assignee": self.chance.choice(self.names)}, *ACTS[5:10],
            {"priority": self.chance.choice(["alta", "baja"])},
        ])  # fmt: skip
        body = {"select": {"ids": self._ids(7)}, "set": asked}
        self._ask(self.client.post, "/api/batches/bulk", body)

    def undo(self) -> None:
        """Undo one of the last acts, or redo it."""
        if self.done:
            key = self.chance.choice(self.done[-3:])
            self._ask(self.client.post, f"/api/undo/{key}", {})

    def remove(self) -> None:
        self._ask(self.client.delete, f"/api/batches/{self._ids(1)[0]}", {})

    def put_back(self) -> None:
        lying = [e["_id"] for e in main_collection("trash").find({"kind": "batch"})]
        self.client.post("/papelera/restaurar", {"entry": lying[:1]})

    def rename(self) -> None:
        old, new = self.chance.choice(self.names), self._free_name()
        self._is_called(next(p for p in self.cast.people if p[-1][1] == old), new)
        crew.change_person(old, name=new, actor=ACTOR)
        self.names[self.names.index(old)] = new

    def join(self) -> None:
        """Somebody new, perhaps called as another once was."""
        person: list[tuple[datetime, str]] = []
        self.cast.people.append(person)
        self._is_called(person, self._free_name())
        crew.add_person(name=person[-1][1])
        self.names.append(person[-1][1])

    def leave(self) -> None:
        if len(self.names) < 3:
            return
        name, heir = self.chance.sample(self.names, 2)
        crew.remove_person(name, reassign_to=heir, actor=ACTOR)
        self.names.remove(name)
        self.done.clear()

    def _is_called(self, person: list[tuple[datetime, str]], name: str) -> None:
        now = datetime.now(UTC)
        person.append((now.replace(microsecond=now.microsecond // 1000 * 1000), name))
        self.done.clear()  # an undo would give work to a name that is another's

    def _free_name(self) -> str:
        """Return a name that nobody has, be it of somebody who left."""
        taken = {person[-1][1] for person in self.cast.people if person}
        return self.chance.choice(sorted({*PEOPLE, "Ignacio", "Ale", "Berta", *SPARE} - taken))


def today() -> date:
    return datetime.now(ZONE).date()


def older(value: Any, by: timedelta) -> Any:
    """Return what is stored as if it had been so much earlier. Dates of the calendar stay."""
    if isinstance(value, datetime):
        return value - by
    if isinstance(value, list):
        return [older(one, by) for one in value]
    if isinstance(value, dict) and value.get("field") != "metadata.due_date":
        return {name: one if name == "due_date" else older(one, by) for name, one in value.items()}
    return value
