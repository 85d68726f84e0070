"""Adopting what older programs wrote: what of a document is understood, and what is left.

Each rule takes a document as it is stored and returns an `Adoption`: the values that replace
what was understood, by path, and the problems that stay as they are. A field that is unknown
here is in neither, and so is never touched. Adopting an adopted document changes nothing.
"""

from batches.rules.adoption.batch import Setting, adopt_batch, is_usable_name
from batches.rules.adoption.duplicates import KeepPolicy, choose_kept
from batches.rules.adoption.person import adopt_person
from batches.rules.adoption.reading import Adoption, Problem, shown

__all__ = [
    "Adoption",
    "KeepPolicy",
    "Problem",
    "Setting",
    "adopt_batch",
    "adopt_person",
    "choose_kept",
    "is_usable_name",
    "shown",
]
