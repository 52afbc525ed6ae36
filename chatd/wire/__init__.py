"""Bytes taken apart: pure, fed bytes, no I/O."""
