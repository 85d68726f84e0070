"""What leaves the system, in plain Python: cells, columns, names. No Django, no MongoDB."""
