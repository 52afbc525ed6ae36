"""What is claimed about speed and size, repeatable: `python -m benchmarks`."""
