"""The domain in plain Python: no Django, no MongoDB, no clock."""
