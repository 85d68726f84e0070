"""Figures about the work: answered from sums that are kept in MongoDB for all workers."""

from batches.services.metrics.answering import Answer
from batches.services.metrics.asking import ask
from batches.services.metrics.checking import recount

__all__ = ["Answer", "ask", "recount"]
