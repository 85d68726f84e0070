"""Figures about the work, from the histories of batches. Plain Python: events in, figures out.

`lives` reads one batch into facts, `tally` adds facts up by week, person, series and priority,
`figures` answers a question from the sums, `forecast` says when the rest may be finished.
"""
