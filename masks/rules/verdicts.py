"""What verifying an archive found, and what that makes of it. No Django, no MongoDB, no clock."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from batches.rules.verdicts import VERDICT_LABELS, VerdictKind

__all__ = [
    "VERDICT_LABELS",
    "Counts",
    "Finding",
    "Findings",
    "Limits",
    "Member",
    "Trouble",
    "Verdict",
    "VerdictKind",
    "compare_total",
    "conclude",
]

MEGABYTE = 1 << 20
# What a verdict keeps of its members, the ones with something wrong first.
MAX_MEMBERS = 2_000
# How many names a reason gives of each trouble.
MAX_NAMES = 3
MAX_NAME = 200


@dataclass(frozen=True)
class Limits:
    """How much of an archive is read. Memory follows from `pixels_bytes`, `member_bytes` and
    `dictionary_bytes` together; none depends on the archive.

    `ratio` counts from `ratio_from` expanded bytes on, because small things may shrink a lot.
    """

    seconds: float = 8.0
    expanded_bytes: int = 4_096 * MEGABYTE
    members: int = 20_000
    ratio: int = 500
    ratio_from: int = 64 * MEGABYTE
    member_bytes: int = 32 * MEGABYTE
    pixels_bytes: int = 64 * MEGABYTE
    dictionary_bytes: int = 66 * MEGABYTE
    frames: int = 50


class Trouble(StrEnum):
    """One kind of thing that can be wrong with an archive or a member."""

    EMPTY = "empty"
    NOT_AN_ARCHIVE = "not_an_archive"
    NO_IMAGES = "no_images"
    DAMAGED = "damaged"
    STORED_WRONG = "stored_wrong"
    UNDECODABLE = "undecodable"
    ENCRYPTED = "encrypted"
    UNSAFE_NAME = "unsafe_name"
    BOMB = "bomb"
    CUT = "cut"
    NO_MEMBERS = "no_members"
    UNFINISHED = "unfinished"
    TOO_BIG = "too_big"
    BLANK = "blank"
    WRONG_SIZE = "wrong_size"
    LINK = "link"
    DEVICE = "device"
    NOT_IMAGE = "not_image"
    DUPLICATE = "duplicate"
    LEFTOVER = "leftover"
    OTHER_TOTAL = "other_total"


MAKES: dict[Trouble, VerdictKind] = {
    Trouble.EMPTY: VerdictKind.NOT_AN_ARCHIVE,
    Trouble.NOT_AN_ARCHIVE: VerdictKind.NOT_AN_ARCHIVE,
    Trouble.NO_IMAGES: VerdictKind.NOT_AN_ARCHIVE,
    Trouble.DAMAGED: VerdictKind.CORRUPT,
    Trouble.STORED_WRONG: VerdictKind.CORRUPT,
    Trouble.UNDECODABLE: VerdictKind.CORRUPT,
    # Nobody can open it without asking, and nothing in it was seen: no better than broken.
    Trouble.ENCRYPTED: VerdictKind.CORRUPT,
    # Unpacking it would do harm: nobody should take it for usable.
    Trouble.UNSAFE_NAME: VerdictKind.CORRUPT,
    Trouble.BOMB: VerdictKind.CORRUPT,
    Trouble.CUT: VerdictKind.INCOMPLETE,
    Trouble.NO_MEMBERS: VerdictKind.INCOMPLETE,
}
SEVERITY = list(VerdictKind)
# (one, many); {n} is how many, {names} some of them. The others say it themselves, in `detail`.
WORDS: dict[Trouble, tuple[str, str]] = {
    Trouble.UNDECODABLE: ("1 imagen que no se puede abrir", "{n} imágenes que no se pueden abrir"),
    Trouble.ENCRYPTED: ("1 archivo con contraseña", "{n} archivos con contraseña"),
    Trouble.UNSAFE_NAME: (
        "peligroso: 1 nombre que sale de su carpeta",
        "peligroso: {n} nombres que salen de su carpeta",
    ),
    Trouble.TOO_BIG: (
        "1 imagen demasiado grande para comprobarla",
        "{n} imágenes demasiado grandes para comprobarlas",
    ),
    Trouble.BLANK: ("1 máscara vacía", "{n} máscaras vacías"),
    Trouble.WRONG_SIZE: ("1 máscara de otro tamaño", "{n} máscaras de otro tamaño"),
    Trouble.LINK: ("1 enlace, que no se siguió", "{n} enlaces, que no se siguieron"),
    Trouble.DEVICE: ("1 archivo especial", "{n} archivos especiales"),
    Trouble.NOT_IMAGE: ("1 archivo que no es imagen", "{n} archivos que no son imágenes"),
    Trouble.DUPLICATE: ("1 nombre repetido", "{n} nombres repetidos"),
}


@dataclass(frozen=True)
class Finding:
    """One thing wrong, with the member it is about, if any, and what is known of it."""

    trouble: Trouble
    name: str = ""
    detail: str = ""


@dataclass
class Counts:
    """How many of what. `masks` are the images that open; `blank` and `wrong_size` are of those.

    `ignored`: directories and what operating systems leave behind (`__MACOSX`, `.DS_Store`).
    """

    members: int = 0
    images: int = 0
    masks: int = 0
    blank: int = 0
    wrong_size: int = 0
    undecodable: int = 0
    not_images: int = 0
    ignored: int = 0
    expanded_bytes: int = 0


@dataclass(frozen=True)
class Member:
    """A file inside the archive: its name, its size in pixels when it is an image, its troubles."""

    name: str
    size: tuple[int, int] | None = None
    troubles: tuple[str, ...] = ()


@dataclass
class Findings:
    """All troubles of an archive: each counted, the first of each kind named."""

    counted: Counter[Trouble] = field(default_factory=Counter)
    named: dict[Trouble, list[Finding]] = field(default_factory=dict)

    def add(self, trouble: Trouble, name: str = "", detail: str = "") -> None:
        """Take one more into account."""
        self.counted[trouble] += 1
        found = self.named.setdefault(trouble, [])
        if len(found) < MAX_NAMES:
            found.append(Finding(trouble, name[:MAX_NAME], detail))

    def __iter__(self) -> Iterator[Finding]:
        for found in self.named.values():
            yield from found


@dataclass(frozen=True)
class Verdict:
    """What is said of an archive. `finished`: it was read to its end, or to what ended it.

    `truncated`: `members` are not all.
    """

    kind: VerdictKind
    reason: str
    counts: Counts
    members: tuple[Member, ...] = ()
    troubles: tuple[str, ...] = ()
    truncated: bool = False
    finished: bool = True

    def as_document(self) -> dict[str, Any]:
        """Return it as it is stored and sent between processes."""
        document = asdict(self)
        document["kind"] = str(self.kind)
        document["members"] = [
            {
                "name": member.name,
                "size": list(member.size) if member.size else None,
                "troubles": list(member.troubles),
            }
            for member in self.members
        ]
        document["troubles"] = list(self.troubles)
        return document


def conclude(
    findings: Findings,
    counts: Counts,
    *,
    members: Sequence[Member] = (),
    size: tuple[int, int] | None = None,
    truncated: bool = False,
) -> Verdict:
    """Return the verdict that these findings make; `size` is that of most masks."""
    kinds = [MAKES.get(trouble, VerdictKind.WARNING) for trouble in findings.counted]
    kind = max(kinds, key=SEVERITY.index, default=VerdictKind.WHOLE)
    return Verdict(
        kind=kind,
        reason=_reason(findings) or _praise(counts, size),
        counts=counts,
        members=tuple(members),
        troubles=tuple(sorted(map(str, findings.counted))),
        truncated=truncated,
        finished=Trouble.UNFINISHED not in findings.counted,
    )


def compare_total(verdict: Verdict, expected: object) -> Verdict:
    """Return the verdict with a warning when the batch says another number of masks.

    Nothing is compared when the batch gives no number, or the archive was not read to its end.
    """
    if not isinstance(expected, int) or isinstance(expected, bool) or expected <= 0:
        return verdict
    found = verdict.counts.masks
    if found == expected or not verdict.finished or not found:
        return verdict
    words = f"tiene {found:,} máscaras y el batch dice {expected:,}"
    whole = verdict.kind is VerdictKind.WHOLE
    return Verdict(
        kind=VerdictKind.WARNING if whole else verdict.kind,
        reason=words if whole else f"{verdict.reason}; {words}",
        counts=verdict.counts,
        members=verdict.members,
        troubles=(*verdict.troubles, str(Trouble.OTHER_TOTAL)),
        truncated=verdict.truncated,
        finished=verdict.finished,
    )


def _reason(findings: Findings) -> str:
    ordered = sorted(
        findings.counted,
        key=lambda trouble: -SEVERITY.index(MAKES.get(trouble, VerdictKind.WARNING)),
    )
    return "; ".join(_words(trouble, findings) for trouble in ordered)


def _words(trouble: Trouble, findings: Findings) -> str:
    named, number = findings.named[trouble], findings.counted[trouble]
    if trouble not in WORDS:
        return named[0].detail
    one, many = WORDS[trouble]
    names = [f"{f.name}: {f.detail}" if f.detail else f.name for f in named if f.name]
    text = one if number == 1 else many.format(n=f"{number:,}")
    more = f" y {number - len(names):,} más" if number > len(names) else ""
    return f"{text} ({', '.join(names)}{more})" if names else text


def _praise(counts: Counts, size: tuple[int, int] | None) -> str:
    masks = "1 máscara" if counts.masks == 1 else f"{counts.masks:,} máscaras"
    return f"{masks} de {size[0]:,} × {size[1]:,}" if size else masks
