"""How much an object holds, for tests of bounds on memory."""

import gc
import sys
from types import BuiltinFunctionType, FunctionType, ModuleType


def held(value: object) -> int:
    """Count the bytes of everything reachable from a value, code aside."""
    seen: set[int] = set()
    waiting = [value]
    total = 0
    while waiting:
        one = waiting.pop()
        code = (type, ModuleType, FunctionType, BuiltinFunctionType)
        if id(one) in seen or isinstance(one, code):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        waiting.extend(gc.get_referents(one))
    return total
