"""Tests of what takes bytes apart."""
