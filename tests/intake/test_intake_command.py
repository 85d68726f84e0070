"""`manage.py intake`, as people and programs run it."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from masks.intake.rules import Folder
from masks.intake.services.working import working
from tests.intake.place import WHO, Place


def intake(*args: str) -> str:
    out = io.StringIO()
    call_command("intake", *args, stdout=out)
    return out.getvalue()


def asked(*args: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(intake(*args, "--json"))
    return report


def test_process_upload_and_status_say_what_they_did(place: Place) -> None:
    place.put("img_1.png")
    place.put("img_2.png", 2)
    assert "'img_1.png': procesada (64×48)" in intake("process")
    assert asked("status")["current_image"] == "img_1.png"
    done = asked("upload")
    assert (done["name"], done["state"], done["next_image"]) == (
        "img_1.png", "archived", "img_2.png",
    )  # fmt: skip
    assert "Archivadas: 1" in intake("status")


def test_run_ends_with_1_when_an_image_needs_a_person(place: Place) -> None:
    place.put("img_1.png")
    place.write("nota.png", b"hola")
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("intake", "run", "--json", stdout=out)
    assert ended.value.code == 1
    report = json.loads(out.getvalue())
    assert (report["archived"], report["success"]) == (1, False)
    assert report["failed"][0]["name"] == "nota.png"
    assert asked("run")["success"] is True  # nothing new failed


def test_nothing_to_do_is_an_error_of_one_step_and_none_of_a_run(place: Place) -> None:
    with pytest.raises(CommandError, match="No hay imágenes en espera"):
        intake("process")
    assert asked("run")["archived"] == 0


def test_retry_names_what_it_will_try(place: Place) -> None:
    place.write("nota.png", b"hola")
    with pytest.raises(SystemExit):
        intake("run")
    assert asked("retry", "nota.png")["again"] == ["nota.png"]
    with pytest.raises(CommandError, match="No hay imágenes que reintentar"):
        intake("retry", "otra.png")


def test_force_archive_asks_first(place: Place) -> None:
    place.put("img_1.png", into=Folder.WORK)
    with pytest.raises(CommandError, match="--yes"):
        intake("force-archive")
    assert place.names(Folder.WORK) == {"img_1.png"}
    assert asked("force-archive", "--yes", "--reason", "prueba")["archived"] == "img_1.png"
    with pytest.raises(CommandError, match="No hay ninguna imagen"):
        intake("force-archive", "--yes")


def test_images_that_an_action_does_not_take_are_wrong_usage(place: Place) -> None:
    for args in (("run", "a.png"), ("force-archive", "a.png", "b.png", "--yes")):
        with pytest.raises(CommandError) as error:
            intake(*args)
        assert error.value.returncode == 2


def test_work_elsewhere_is_said(place: Place) -> None:
    with working(WHO), pytest.raises(CommandError, match="Otro proceso"):
        intake("run")


def test_recover_tells_what_it_put_right_and_makes_no_folders(place: Place) -> None:
    assert asked("recover")["adopted"] == []
    assert not place.root.exists()
    place.put("img_1.png", into=Folder.WORK)
    assert asked("recover")["adopted"] == ["img_1.png"]
    assert "Todo estaba en orden" in intake("recover")
