"""
Values: what nobody changes, once it is made.

The type checker sees to that, as for any frozen dataclass. Python does not: to let it
guard each field takes three times as long to make one, 1 us a message in all.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, **how: Any) -> Any:
        """A class of values; to be called as C{dataclass(frozen=True, ...)}."""
        return dataclass(unsafe_hash=frozen, **how)


__all__ = ["value"]
