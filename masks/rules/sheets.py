"""What is known of a contact sheet of an archive's masks."""

from dataclasses import dataclass, field


@dataclass
class Sheet:
    """The picture (WebP) and what is on it, in order: (name, width, height).

    `total`: the images in the archive. `reason`: why there is no picture, or not of all of it.
    """

    image: bytes = b""
    shown: list[tuple[str, int, int]] = field(default_factory=list)
    total: int = 0
    width: int = 0
    height: int = 0
    reason: str = ""
