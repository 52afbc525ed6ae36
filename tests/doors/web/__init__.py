"""Tests for L{chatd.doors.web}."""
