"""The pages of the masks app, a module per page."""
