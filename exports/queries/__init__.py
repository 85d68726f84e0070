"""Every read of what leaves the system."""
