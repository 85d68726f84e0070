"""Archives of every sort, each with its verdict. Real child processes, real limits."""

import io
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing

import pytest

from masks.rules.verdicts import Limits, Verdict, VerdictKind
from masks.verifying import worker as caller
from masks.verifying.inspection import inspect
from masks.verifying.source import StoredFile
from masks.verifying.worker import Worker
from tests.masks import archives
from tests.masks.archives import FORMATS, blank, described, inspected, mask, masks, tar, zipped

SOAK = os.environ.get("SOAK") == "1"
FLIPS = 2_000 if SOAK else 100
CUTS = 200 if SOAK else 10
MOST_MEMORY = 200 << 20
# So that a busy machine changes no verdict; what ends early does so for another reason.
PATIENT = Limits(seconds=120)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with closing(Worker()) as worker:
        yield worker


def verdict_on(worker: Worker, archive: bytes, limits: Limits = PATIENT) -> Verdict:
    found = inspected(worker, archive, limits)
    assert found.peak_bytes < MOST_MEMORY
    return found.verdict


def contents(archive: bytes) -> list[tuple[str, bytes]]:
    """What somebody who unpacks it gets."""
    if archive.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return [(info.filename, opened.read(info)) for info in opened.infolist()]
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        found = [(m.name, opened.extractfile(m)) for m in opened if m.isfile()]
        return [(name, content.read()) for name, content in found if content]


@pytest.mark.parametrize("extension", FORMATS)
def test_a_whole_archive_is_whole_and_counted(worker: Worker, extension: str) -> None:
    verdict = verdict_on(worker, FORMATS[extension](masks(5)))
    assert (verdict.kind, verdict.reason) == (VerdictKind.WHOLE, "5 máscaras de 48 × 32")
    assert (verdict.counts.members, verdict.counts.masks) == (5, 5)
    assert [member.name for member in verdict.members] == [name for name, _ in masks(5)]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF"])
def test_it_opens_the_usual_kinds_of_images(worker: Worker, form: str) -> None:
    archive = zipped([("uno", mask(form=form)), (f"dos.{form.lower()}", mask(2, form=form))])
    assert verdict_on(worker, archive).kind is VerdictKind.WHOLE


@pytest.mark.parametrize("extension", FORMATS)
def test_a_cut_archive_is_never_whole(worker: Worker, extension: str) -> None:
    archive = FORMATS[extension](masks(5))
    for n in range(CUTS):
        length = 1 + n * (len(archive) - 2) // (CUTS - 1)
        verdict = verdict_on(worker, archive[:length])
        if extension == ".tar" and verdict.kind is VerdictKind.WHOLE:
            assert contents(archive[:length]) == contents(archive)
        else:
            assert verdict.kind not in {VerdictKind.WHOLE, VerdictKind.CORRUPT}, (n, verdict)


@pytest.mark.parametrize("extension", FORMATS)
def test_a_flipped_byte_is_noticed_unless_it_changes_nothing(
    worker: Worker, extension: str
) -> None:
    archive = FORMATS[extension](masks(5))
    whole = contents(archive)
    noticed = 0
    for place in archives.places(archive, min(FLIPS, len(archive))):
        damaged = archives.flipped(archive, place)
        verdict = verdict_on(worker, damaged)
        if verdict.kind is VerdictKind.WHOLE:
            assert contents(damaged) == whole, place
        else:
            noticed += 1
    assert noticed > (0 if extension == ".tar" else FLIPS // 2)


@pytest.mark.parametrize(
    "make", [archives.gzip_of_zeros, archives.xz_of_zeros, archives.zip_of_zeros]
)
def test_a_bomb_of_10_gb_is_given_up_early(worker: Worker, make: object) -> None:
    verdict = verdict_on(worker, make(3 if make is archives.zip_of_zeros else 10))  # type: ignore[operator]
    assert verdict.kind is VerdictKind.CORRUPT
    assert "como una bomba" in verdict.reason
    assert verdict.counts.expanded_bytes < 100 << 20


def test_a_million_entries_end_at_the_limit(worker: Worker) -> None:
    verdict = verdict_on(worker, archives.many_entries(1_000_000))
    assert "tiene más de 20,000 archivos" in verdict.reason
    assert (verdict.finished, verdict.truncated) == (False, True)
    assert len(verdict.members) <= 2_000


def test_a_zip_of_a_million_entries_is_not_even_listed(worker: Worker) -> None:
    verdict = verdict_on(worker, archives.zip_of_entries(1_000_000))
    assert (verdict.kind, verdict.finished) == (VerdictKind.WARNING, False)
    assert "su directorio es demasiado grande" in verdict.reason


@pytest.mark.parametrize("name", ["../fuera.png", "/etc/x.png", "C:\\x.png", "a/../../b.png"])
@pytest.mark.parametrize("make", [tar, zipped])
def test_names_that_leave_the_folder_are_refused(worker: Worker, name: str, make: object) -> None:
    verdict = verdict_on(worker, make([*masks(3), (name, mask())]))  # type: ignore[operator]
    assert verdict.kind is VerdictKind.CORRUPT
    assert "peligroso: 1 nombre que sale de su carpeta" in verdict.reason


def test_links_and_devices_are_named_and_not_followed(worker: Worker) -> None:
    link = described("enlace.png", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    hard = described("duro.png", type=tarfile.LNKTYPE, linkname="masks/img_000.png")
    device = described("disco", type=tarfile.BLKTYPE)
    verdict = verdict_on(worker, tar(masks(3), link, hard, device))
    assert verdict.kind is VerdictKind.WARNING
    assert "2 enlaces, que no se siguieron (enlace.png, duro.png)" in verdict.reason
    assert "1 archivo especial (disco)" in verdict.reason


def test_a_link_in_a_zip_is_named_too(worker: Worker) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.png", mask())
        link = zipfile.ZipInfo("enlace.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "1 enlace, que no se siguió (enlace.png)" in verdict_on(worker, out.getvalue()).reason


def test_a_zip_with_a_password_cannot_be_vouched_for(worker: Worker) -> None:
    verdict = verdict_on(worker, archives.locked(zipped(masks(3))))
    assert verdict.kind is VerdictKind.CORRUPT
    assert verdict.reason.startswith("3 archivos con contraseña")


def test_a_blank_mask_is_named(worker: Worker) -> None:
    verdict = verdict_on(
        worker, tar([*masks(3), ("nada.png", blank()), ("todo.png", blank(colour=255))])
    )
    assert (verdict.kind, verdict.counts.blank) == (VerdictKind.WARNING, 2)
    assert verdict.reason == "2 máscaras vacías (nada.png, todo.png)"
    assert verdict.members[0].troubles == ("blank",)


def test_a_mask_of_another_size_is_named_with_both_sizes(worker: Worker) -> None:
    verdict = verdict_on(worker, tar([("otra.png", mask(9, (10, 20))), *masks(3)]))
    assert (verdict.kind, verdict.counts.wrong_size) == (VerdictKind.WARNING, 1)
    assert verdict.reason == "1 máscara de otro tamaño (otra.png: 10 × 20; la mayoría, 48 × 32)"


def test_a_text_named_png_is_an_image_that_does_not_open(worker: Worker) -> None:
    verdict = verdict_on(worker, tar([*masks(3), ("notas.png", b"no soy una imagen")]))
    assert (verdict.kind, verdict.counts.undecodable) == (VerdictKind.CORRUPT, 1)
    assert "notas.png" in verdict.reason


def test_a_cut_image_in_a_whole_archive_is_corrupt(worker: Worker) -> None:
    verdict = verdict_on(worker, tar([*masks(3), ("media.png", mask()[:-30])]))
    assert (verdict.kind, verdict.counts.undecodable) == (VerdictKind.CORRUPT, 1)


def test_what_is_no_image_is_named_and_what_systems_leave_is_not(worker: Worker) -> None:
    others = [("__MACOSX/._img.png", b"x"), (".DS_Store", b"x"), ("leeme.txt", b"hola")]
    verdict = verdict_on(worker, zipped([*masks(3), *others]))
    assert verdict.reason == "1 archivo que no es imagen (leeme.txt)"
    assert (verdict.counts.ignored, verdict.counts.not_images) == (2, 1)


def test_a_nested_archive_is_not_opened(worker: Worker) -> None:
    verdict = verdict_on(worker, tar([*masks(3), ("dentro.zip", zipped(masks(2)))]))
    assert (verdict.kind, verdict.counts.masks) == (VerdictKind.WARNING, 3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "está vacío (0 bytes)"),
        (b"x", "no es un archivo de máscaras"),
        (b"hola que tal " * 900, "no es un archivo de máscaras"),
        (lzma.compress(b"solo un texto " * 90), "no hay un tar dentro"),
        (tar([("leeme.txt", b"hola")]), "no contiene imágenes"),
    ],
)
def test_what_is_something_else_is_not_an_archive(
    worker: Worker, content: bytes, reason: str
) -> None:
    verdict = verdict_on(worker, content)
    assert verdict.kind is VerdictKind.NOT_AN_ARCHIVE
    assert reason in verdict.reason


@pytest.mark.parametrize("empty", [tar([]), zipped([])])
def test_an_archive_of_nothing_is_incomplete(worker: Worker, empty: bytes) -> None:
    assert verdict_on(worker, empty).kind is VerdictKind.INCOMPLETE


def test_an_image_too_big_for_memory_is_not_opened(worker: Worker) -> None:
    huge = archives.saved(archives.Image.new("1", (30_000, 30_000)))
    verdict = verdict_on(worker, lzma.compress(tar([*masks(2), ("mapa.png", huge)])))
    assert verdict.kind is VerdictKind.WARNING
    assert "demasiado grande para comprobarla (mapa.png: 30,000 × 30,000)" in verdict.reason


def test_the_biggest_image_and_dictionary_allowed_fit_in_memory(worker: Worker) -> None:
    big = archives.saved(archives.Image.new("RGB", (4_096, 4_096), (1, 2, 3)), "BMP")
    small = archives.saved(archives.Image.new("L", (8_192, 8_192)), "PNG")
    archive = lzma.compress(tar([("a.bmp", big), ("b.png", small)]), preset=9)
    assert verdict_on(worker, archive).finished


def test_a_huge_dictionary_is_refused(worker: Worker) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    data = bytearray(lzma.compress(tar(masks(2)), filters=filters))
    verdict = verdict_on(worker, bytes(data))
    assert (verdict.kind, verdict.finished) == (VerdictKind.WARNING, False)
    assert "demasiada memoria" in verdict.reason


def test_time_over_is_said_and_not_taken_for_damage(worker: Worker) -> None:
    verdict = verdict_on(worker, tar(masks(5)), Limits(seconds=0))
    assert (verdict.kind, verdict.finished) == (VerdictKind.WARNING, False)
    assert "no se terminó de verificar" in verdict.reason


def test_a_name_twice_is_a_warning(worker: Worker) -> None:
    verdict = verdict_on(worker, tar([("a.png", mask(1)), ("a.png", mask(2))]))
    assert verdict.reason == "1 nombre repetido (a.png)"


def test_something_after_the_end_is_a_warning(worker: Worker) -> None:
    assert verdict_on(worker, tar(masks(2)) + tar(masks(2))).kind is VerdictKind.WARNING


def test_a_long_or_odd_name_is_read_and_shown(worker: Worker) -> None:
    names = ["carpeta/" * 40 + "ñandú.png", "raro\udcff.png"]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", errors="surrogateescape") as archive:
        for name in names:
            archive.addfile(described(name, len(mask())), io.BytesIO(mask()))
    verdict = verdict_on(worker, out.getvalue())
    assert verdict.kind is VerdictKind.WHOLE
    assert [member.name[:8] for member in verdict.members] == ["carpeta/", "raro?.pn"]


def test_a_child_that_hangs_is_killed_and_the_next_archive_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caller, "GRACE_SECONDS", 0.0)
    with closing(Worker()) as worker:
        verdict = verdict_on(worker, tar(masks(1)), Limits(seconds=0.001))
        assert (verdict.kind, verdict.finished) == (VerdictKind.WARNING, False)
        assert verdict_on(worker, tar(masks(1)), PATIENT).kind is VerdictKind.WHOLE


def test_a_child_that_dies_leaves_a_verdict_and_a_successor(worker: Worker) -> None:
    assert verdict_on(worker, tar(masks(1))).kind is VerdictKind.WHOLE
    assert worker._child is not None
    worker._child.kill()
    worker._child.wait()
    assert verdict_on(worker, tar(masks(1))).reason == caller.DIED
    assert verdict_on(worker, tar(masks(1))).kind is VerdictKind.WHOLE


@pytest.mark.parametrize("size", [1, 7, 511, 4096])
def test_it_reads_the_same_whatever_the_size_of_chunks(size: int) -> None:
    archive = FORMATS[".tar.xz"](masks(2))
    pieces = [archive[at : at + size] for at in range(0, len(archive), size)]
    source = StoredFile(pieces.__getitem__, length=len(archive), chunk_size=size)
    assert inspect(source, Limits()).kind is VerdictKind.WHOLE
