"""The image intake: one image after the other from a folder into the store, none lost."""
