"""chatd: chat that is already installed."""

__version__ = "0.1.0"
