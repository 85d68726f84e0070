"""Every write of batches, by topic. All of them go through `writing`."""
