"""The whole inspection of one archive: format, members, images, verdict."""

from collections import Counter
from dataclasses import dataclass, field

from masks.rules.verdicts import (
    MAX_MEMBERS,
    MAX_NAME,
    Counts,
    Findings,
    Limits,
    Member,
    Trouble,
    Verdict,
    conclude,
)
from masks.verifying.budget import (
    Bomb,
    Budget,
    Cut,
    Damaged,
    Locked,
    NotAnArchive,
    Stop,
    Unfinished,
)
from masks.verifying.compression import Expanded, codec_of
from masks.verifying.images import NAMED_IMAGE, NotAnImage, Picture, TooBig, Undecodable, examine
from masks.verifying.members import Entry, Type, is_ignored, is_unsafe
from masks.verifying.source import StoredFile
from masks.verifying.tar import Tar, looks_like_tar
from masks.verifying.zip import START, Zip

HEAD = 4096
NOTHING_KNOWN = "no es un archivo de máscaras: no es .tar.xz, .tar.gz, .tar ni .zip"
NO_MEMORY = "no se terminó de verificar: necesita demasiada memoria"
STOPS: dict[type[Stop], Trouble] = {
    Cut: Trouble.CUT,
    Damaged: Trouble.DAMAGED,
    NotAnArchive: Trouble.NOT_AN_ARCHIVE,
    Bomb: Trouble.BOMB,
    Unfinished: Trouble.UNFINISHED,
}
# How many names of each size are remembered, until it is known which size is the odd one.
NAMES_PER_SIZE = 50
MAX_SIZES = 500


def inspect(source: StoredFile, limits: Limits) -> Verdict:
    """Read an archive and say what was found. Raises nothing of the archive's making."""
    return Inspection(Budget(limits)).run(source)


@dataclass
class Inspection:
    """What is known so far of an archive being read."""

    budget: Budget
    counts: Counts = field(default_factory=Counts)
    findings: Findings = field(default_factory=Findings)
    troubled: list[Member] = field(default_factory=list)
    fine: list[Member] = field(default_factory=list)
    sizes: "Counter[tuple[int, int]]" = field(default_factory=Counter)
    names: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def run(self, source: StoredFile) -> Verdict:
        try:
            self._read(open_archive(source, self.budget))
        except Stop as stop:
            self.findings.add(STOPS[type(stop)], detail=printable(str(stop)))
        except MemoryError:
            self.findings.add(Trouble.UNFINISHED, detail=NO_MEMORY)
        self.counts.expanded_bytes = self.budget.expanded
        return self._verdict()

    def _read(self, archive: "Tar | Zip") -> None:
        for entry in archive:
            self.budget.member()
            self.counts.members += 1
            self._look_at(entry)
        if archive.leftover:
            self.findings.add(
                Trouble.LEFTOVER, detail="el final del archivo no es como debe: sobra o falta algo"
            )
        if not self.counts.members:
            self.findings.add(Trouble.NO_MEMBERS, detail="no contiene ningún archivo")
        elif not self.counts.images:
            self.findings.add(
                Trouble.NO_IMAGES, detail="no es un archivo de máscaras: no contiene imágenes"
            )

    def _look_at(self, entry: Entry) -> None:
        name = printable(entry.name)
        if is_unsafe(entry.name):
            self._note(name, Trouble.UNSAFE_NAME)
        if entry.type is Type.LINK:
            self._note(name, Trouble.LINK)
        elif entry.type is Type.DEVICE:
            self._note(name, Trouble.DEVICE)
        elif entry.type is Type.DIRECTORY or is_ignored(entry.name):
            self.counts.ignored += 1
        else:
            self._look_at_file(entry, name)

    def _look_at_file(self, entry: Entry, name: str) -> None:
        if (key := hash(entry.name)) in self.seen:
            self._note(name, Trouble.DUPLICATE)
        self.seen.add(key)
        named = NAMED_IMAGE.search(entry.name) is not None
        try:
            self._weigh(entry)
            picture = examine(entry.read(entry.size), self.budget)
        except Locked:
            self.counts.images += named
            self._note(name, Trouble.ENCRYPTED)
        except Undecodable:
            self._undecodable(name)
        except (NotAnImage, TooBig) as reason:
            self._unseen(name, reason, named=named)
        else:
            self._picture(name, picture)

    def _unseen(self, name: str, reason: NotAnImage | TooBig, *, named: bool) -> None:
        """What no decoder took: by its name it was to be an image, or it was not."""
        if not named:
            self.counts.not_images += 1
            self._note(name, Trouble.NOT_IMAGE)
        elif isinstance(reason, TooBig):
            self.counts.images += 1
            self._note(name, Trouble.TOO_BIG, str(reason))
        else:
            self._undecodable(name)

    def _weigh(self, entry: Entry) -> None:
        """Refuse a member too big to hold, having still read it for its checksum (a zip's)."""
        if entry.size > self.budget.limits.member_bytes:
            entry.read(0)
            raise TooBig(f"{entry.size >> 20:,} MB")

    def _undecodable(self, name: str) -> None:
        self.counts.images += 1
        self.counts.undecodable += 1
        self._note(name, Trouble.UNDECODABLE)

    def _picture(self, name: str, picture: Picture) -> None:
        self.counts.images += 1
        self.counts.masks += 1
        size = picture.size
        if size in self.sizes or len(self.sizes) < MAX_SIZES:
            self.sizes[size] += 1
            names = self.names.setdefault(size, [])
            if len(names) < NAMES_PER_SIZE:
                names.append(name)
        if picture.blank:
            self.counts.blank += 1
            self._note(name, Trouble.BLANK, size=size)
        elif len(self.fine) < MAX_MEMBERS:
            self.fine.append(Member(name, size))

    def _note(
        self, name: str, trouble: Trouble, detail: str = "", size: tuple[int, int] | None = None
    ) -> None:
        self.findings.add(trouble, name, detail)
        if len(self.troubled) < MAX_MEMBERS:
            self.troubled.append(Member(name, size, (str(trouble),)))

    def _verdict(self) -> Verdict:
        common = self.sizes.most_common(1)[0][0] if self.sizes else None
        odd = self._odd_ones(common)
        members = (odd + self.troubled + self.fine)[:MAX_MEMBERS]
        return conclude(
            self.findings,
            self.counts,
            members=members,
            size=common if len(self.sizes) == 1 else None,
            truncated=self.counts.members - self.counts.ignored > len(members),
        )

    def _odd_ones(self, common: tuple[int, int] | None) -> list[Member]:
        """Note the masks that differ from most in size; return them."""
        odd: list[Member] = []
        for size, number in self.sizes.items():
            if common is None or size == common:
                continue
            self.counts.wrong_size += number
            words = f"{_pixels(size)}; la mayoría, {_pixels(common)}"
            names = self.names[size]
            for place in range(number):
                name = names[place] if place < len(names) else ""
                self.findings.add(Trouble.WRONG_SIZE, name, words)
            odd += [Member(name, size, (str(Trouble.WRONG_SIZE),)) for name in names]
        known = {member.name for member in odd}
        self.fine = [member for member in self.fine if member.name not in known]
        return odd


def open_archive(source: StoredFile, budget: Budget) -> "Tar | Zip":
    """Return the archive by what its first bytes are, whatever its name. Raises NotAnArchive."""
    head = source.read(HEAD)
    source.seek(0)
    if head.startswith(START):
        return Zip(source, budget)
    codec = codec_of(head)
    if not codec and not looks_like_tar(head):
        raise NotAnArchive(NOTHING_KNOWN)
    return Tar(Expanded(source, codec, budget), budget)


def printable(name: str) -> str:
    """Return a member's name as text that can be stored and shown, of bounded length."""
    text = name.encode("utf-8", "replace").decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:MAX_NAME]


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]:,} × {size[1]:,}"
