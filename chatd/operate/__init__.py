"""What the operator meets: settings, log, addresses."""
