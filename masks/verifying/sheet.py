"""A contact sheet of an archive's masks: some of them, evenly taken, small and with contrast.

Two readings, because how many there are is known at the end: one of names, one of pictures.
"""

from io import BytesIO
from typing import cast

from PIL import Image, ImageOps

from masks.rules.sheets import Sheet
from masks.rules.verdicts import Limits
from masks.verifying.budget import Bomb, Budget, Stop
from masks.verifying.images import FORMATS, NAMED_IMAGE, check_size
from masks.verifying.inspection import open_archive, printable
from masks.verifying.members import Entry, Type, is_ignored
from masks.verifying.source import StoredFile

MOST = 24
SIDE = 160
GAP = 8
COLUMNS = 6
MAX_BYTES = 400 << 10
QUALITIES = (80, 60, 40, 20)
PAPER = (128, 132, 140)


def make_sheet(source: StoredFile, limits: Limits) -> Sheet:
    """Return the sheet; with a `reason` and no image when the archive cannot be read.

    An archive that breaks off in the middle gives a sheet of what could be read.
    """
    sheet = Sheet()
    thumbnails: list[Image.Image] = []
    budget = Budget(limits)
    try:
        sheet.total = _count(source, budget)
    except (Stop, MemoryError) as stop:
        sheet.reason = _words(stop)
        if isinstance(stop, Bomb):
            return sheet
    try:
        _gather(source, Budget(limits), sheet, thumbnails)
    except (Stop, MemoryError) as stop:
        sheet.reason = sheet.reason or _words(stop)
    if not thumbnails:
        sheet.reason = sheet.reason or "no contiene imágenes que se puedan abrir"
        return sheet
    _paint(sheet, thumbnails)
    return sheet


def _count(source: StoredFile, budget: Budget) -> int:
    source.seek(0)
    total = 0
    for entry in open_archive(source, budget):
        budget.member()
        total += _is_picture(entry)
    return total


def _gather(
    source: StoredFile,
    budget: Budget,
    sheet: Sheet,
    thumbnails: list[Image.Image],
) -> None:
    """Take the chosen pictures; the first ones when it is not known how many there are."""
    source.seek(0)
    chosen, place = _chosen(sheet.total), -1
    for entry in open_archive(source, budget):
        budget.member()
        if not _is_picture(entry):
            continue
        place += 1
        if sheet.total and place not in chosen:
            continue
        if len(thumbnails) == MOST or entry.size > budget.limits.member_bytes:
            continue
        thumbnail, size = _thumbnail(entry, budget)
        if thumbnail is not None:
            thumbnails.append(thumbnail)
            sheet.shown.append((printable(entry.name), *size))


def _words(stop: BaseException) -> str:
    return printable(str(stop)) or "necesita demasiada memoria"


def _chosen(total: int) -> set[int]:
    """Return the places of at most MOST pictures, evenly spread over all."""
    most = min(MOST, total)
    return {number * total // most for number in range(most)}


def _is_picture(entry: Entry) -> bool:
    named = NAMED_IMAGE.search(entry.name) is not None
    return entry.type is Type.FILE and named and not is_ignored(entry.name)


def _thumbnail(entry: Entry, budget: Budget) -> tuple[Image.Image | None, tuple[int, int]]:
    """Return a picture small and visible, and its true size; None when it does not open."""
    try:
        with Image.open(entry.read(entry.size), formats=FORMATS) as image:
            check_size(image, budget)
            size = image.size
            image.draft(image.mode, (SIDE, SIDE))
            return _visible(image), size
    except (Stop, MemoryError):
        raise
    except Exception:  # decoders raise whatever a broken file makes them trip over
        return None, (0, 0)


def _visible(image: Image.Image) -> Image.Image:
    """Return a thumbnail whose labels can be told apart: 0 and 1 become black and white."""
    if image.mode == "P":  # a mask's labels are the indexes, whatever its palette shows
        image = Image.frombytes("L", image.size, image.tobytes())
    elif image.mode.startswith("I") or image.mode == "F":
        image = _to_bytes(image)
    elif image.mode in {"LA", "PA", "RGBA", "1", "CMYK", "YCbCr", "LAB", "HSV"}:
        image = image.convert("L" if image.mode in {"LA", "1"} else "RGB")
    if image.mode in {"L", "RGB"}:
        image = ImageOps.autocontrast(image)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return image.convert("RGB")


def _to_bytes(image: Image.Image) -> Image.Image:
    """Return deep grey values spread over 0 to 255."""
    image.thumbnail((SIDE, SIDE), Image.Resampling.NEAREST)
    deep = image.convert("F")
    low, high = cast("tuple[float, float]", deep.getextrema())
    scale = 255.0 / (high - low) if high > low else 0.0
    return deep.point(lambda value: value * scale - low * scale).convert("L")


def _paint(sheet: Sheet, thumbnails: list[Image.Image]) -> None:
    """Put the thumbnails on one picture, in the best quality that is not too heavy."""
    columns = min(COLUMNS, len(thumbnails))
    rows = -(-len(thumbnails) // columns)
    step = SIDE + GAP
    paper = Image.new("RGB", (columns * step + GAP, rows * step + GAP), PAPER)
    for place, thumbnail in enumerate(thumbnails):
        row, column = divmod(place, columns)
        left = GAP + column * step + (SIDE - thumbnail.width) // 2
        top = GAP + row * step + (SIDE - thumbnail.height) // 2
        paper.paste(thumbnail, (left, top))
    sheet.width, sheet.height = paper.size
    for quality in QUALITIES:
        content = BytesIO()
        paper.save(content, "WEBP", quality=quality, method=4)
        sheet.image = content.getvalue()
        if len(sheet.image) <= MAX_BYTES:
            return
