"""What writes files, and what puts them back."""
