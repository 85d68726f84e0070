"""The threshold between dark and bright that Otsu's method finds in a histogram.

N. Otsu, "A threshold selection method from gray-level histograms", 1979: of all thresholds, the
one with the greatest variance between the two classes.
"""

from collections.abc import Sequence


def threshold(histogram: Sequence[int]) -> int | None:
    """Return the greatest grey level of the dark class; None when there is only one level.

    Several thresholds may be as good as each other (an empty valley): the middle one is taken.
    """
    total = sum(histogram)
    mass = sum(level * count for level, count in enumerate(histogram))
    best, first, last = 0.0, -1, -1
    dark = dark_mass = 0
    for level, count in enumerate(histogram):
        dark += count
        dark_mass += level * count
        bright = total - dark
        if not dark or not bright:
            continue
        # The variance between classes but for a constant factor; the same along an empty valley.
        variance = (dark_mass * total - mass * dark) ** 2 / (dark * bright)
        if variance > best:
            best, first, last = variance, level, level
        elif variance == best and last == level - 1:
            last = level
    return None if first < 0 else (first + last) // 2
