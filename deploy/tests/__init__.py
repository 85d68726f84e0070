"""What stands around the product, tried for real: units, nginx, a tunnel, a guarded server."""
