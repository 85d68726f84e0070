"""Texts in the cells of a spreadsheet: what would run as a formula, and the guard against it.

A program that opens a CSV runs a cell that begins with one of these as a formula, also after
blanks and in full width. An apostrophe in front makes it a text. The guard can be taken away
again, so that what was exported is imported as it was: a text that already looks guarded gets
one apostrophe more.
"""

import re

# Blanks of any script, and marks of no width, are skipped by some programs. TAB, CR and LF are
# dangerous in first place themselves.
_RISKY = re.compile("[\\s'\\u200b-\\u200f\\u2060\\ufeff]*(?:[=+\\-@\\t\\r\\n]|[＝＋－＠])")


def looks_risky(text: str) -> bool:
    """Tell whether a spreadsheet could run this text, guards in front of it left aside."""
    return _RISKY.match(text) is not None


def guard(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula: the same, or with `'` in front."""
    return "'" + text if _RISKY.match(text) else text


def unguard(text: str) -> str:
    """Return the text that `guard` was given."""
    return text[1:] if text[:1] == "'" and _RISKY.match(text, 1) else text
