"""The pages of batches, a module each."""
