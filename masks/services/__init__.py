"""Every write of the masks app, by topic."""
