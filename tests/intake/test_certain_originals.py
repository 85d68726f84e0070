"""How certain MongoDB has to be of an original before its file moves on, by the commands that the
driver sends. Why its chunks need not wait themselves: docs/decisions/0027."""

from masks.intake.rules import State
from masks.intake.services import process_next, upload_current
from masks.models import IntakeImage
from tests.commands import CERTAIN, Commands, listening
from tests.intake.place import WHO, Place

CHUNKS, FILES = "intake.images.chunks", "intake.images.files"
UNACKNOWLEDGED = 0


def upload() -> Commands:
    process_next(actor=WHO)
    with listening() as commands:
        upload_current(actor=WHO)
    return commands


def confirmed(commands: Commands) -> int:
    """Return where in the order the image is written down as confirmed; that waits too."""
    (written,) = [
        one
        for one in commands.writes(IntakeImage.COLLECTION)
        if one.command["update"]["$set"].get("state") == State.CONFIRMED
    ]
    assert written.concern == CERTAIN
    return commands.sent.index(written)


def test_an_original_is_confirmed_when_all_of_it_is_certain_and_was_read_back(place: Place) -> None:
    place.put("img_1.png")
    commands = upload()
    chunks, document = commands.writes(CHUNKS, FILES)
    assert (chunks.collection, document.collection) == (CHUNKS, FILES)
    assert chunks.concern.get("w") != UNACKNOWLEDGED
    assert document.concern == CERTAIN
    after = commands.sent[commands.sent.index(document) + 1 : confirmed(commands)]
    assert [sent.collection for sent in after if sent.name == "find"] == [FILES, CHUNKS]


def test_a_content_that_is_there_already_is_made_certain_before_it_counts(place: Place) -> None:
    place.put("img_1.png")
    place.put("img_2.png")
    upload()
    commands = upload()
    (document,) = commands.writes(CHUNKS, FILES)
    assert (document.collection, document.concern) == (FILES, CERTAIN)
    assert commands.sent.index(document) < confirmed(commands)
    place.check()
