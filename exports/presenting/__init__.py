"""What the pages of `exports` show, made ready for their templates."""
