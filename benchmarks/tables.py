"""C{/tables}: what the process holds, for the benchmarks; see C{--commands}."""

import gc
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

from chatd.api import Call, Listing, Role, command

SIZED = (dict, list, set, deque, frozenset, tuple)


@command("tables", needs=Role.OPERATOR)
async def tables(call: Call) -> None:
    """Count the objects of chatd and Twisted, and what their tables hold."""
    gc.unfreeze()  # what there is since the start is there, too
    gc.collect()
    found: Counter[str] = Counter()
    for one in gc.get_objects():
        kind = type(one)
        module = getattr(kind, "__module__", "")
        if not isinstance(module, str) or isinstance(one, type):
            continue
        if module.startswith(("chatd", "twisted", "OpenSSL")):
            found[f"{module}.{kind.__qualname__}"] += 1
        if module.startswith("chatd"):
            for name, value in _attributes(one):
                if isinstance(value, SIZED):
                    found[f"{kind.__qualname__}.{name}"] += len(value)
    call.reply(Listing("tables", "What there is:", rows=(dict(found),)))


def _attributes(one: Any) -> Iterator[tuple[str, Any]]:
    yield from getattr(one, "__dict__", {}).items()
    for kind in type(one).__mro__:
        for name in getattr(kind, "__slots__", ()):
            yield name, getattr(one, name, None)
