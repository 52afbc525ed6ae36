"""What the operator meets."""
