"""A store that forgets: for tests, and for authors of commands."""

from chatd.store.memory.store import MemoryStore

__all__ = ["MemoryStore"]
