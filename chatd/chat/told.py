"""What an audience is told in a turn: rendered once for all who share a look."""

from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Protocol

from twisted.logger import Logger

from chatd.chat.account import Person
from chatd.chat.events import Answer, Arrived, Departed, Event
from chatd.chat.look import Look

if TYPE_CHECKING:
    from chatd.chat.reader import Reader


class Audience(Protocol):
    """
    Many who read the same.

    @ivar name: What those call it who are elsewhere.
    @ivar readers: Since which place in the order each of them reads along.
    """

    name: str
    readers: "dict[Reader, int]"


class Item:
    """
    Something to be shown.

    @ivar order: Its place among all that was ever put.
    @ivar skip: Who of the audience is not shown it.
    @ivar reader: Whom it concerns by name, if it does.
    """

    __slots__ = ("_rendered", "event", "order", "reader", "skip")

    def __init__(
        self,
        order: int,
        event: Event | Answer,
        skip: "Collection[Reader]" = (),
        reader: Person | None = None,
    ) -> None:
        self.order = order
        self.event = event
        self.skip = skip
        self.reader = reader
        self._rendered: dict[tuple[Look, bool], bytes] | None = None

    def render(self, look: Look, here: bool) -> bytes:
        """What is sent to those who share a look."""
        if self._rendered is None:
            self._rendered = {}
        data = self._rendered.get((look, here))
        if data is None:
            try:
                data = look.render(self.event, look, here, self.reader)
            except Exception:
                # One event that cannot be shown must not take its neighbours along.
                _log.failure("{kind} was not shown", kind=type(self.event).__name__)
                data = b""
            self._rendered[look, here] = data
        return data


class Block:
    """
    What was put for an audience in one turn, rendered for one look.

    @ivar data: All of it.
    """

    __slots__ = ("_starts", "data")

    def __init__(self, items: Sequence[Item], look: Look, here: bool) -> None:
        parts = _rendered(items, look, here)
        self.data = b"".join(parts)
        self._starts = list(accumulate(map(len, parts), initial=0))

    def cut(
        self,
        without: Iterable[tuple[int, int]],
        extra: Collection[tuple[int, bytes]],
    ) -> bytes:
        """
        The data with changes; their number decides what it costs, not the block's size.

        @param without: From which place up to which to leave items out.
        @param extra: What to put in before which place, in order.
        """
        starts = self._starts
        cuts = [(starts[place], starts[place], data) for place, data in extra]
        cuts += [(starts[start], starts[end], b"") for start, end in without]
        if extra:
            cuts.sort(key=_place)
        whole = memoryview(self.data)
        pieces: list[bytes | memoryview] = []
        at = 0
        for start, end, data in cuts:
            pieces += (whole[at:start], data)
            at = max(at, end)  # it may stand in the middle of what is left out
        pieces.append(whole[at:])
        return b"".join(pieces)


class Told:
    """
    What an audience is told in one turn.

    @ivar items: Of which a reader may be shown all.
    """

    __slots__ = ("_audience", "_blocks", "items")

    def __init__(self, audience: Audience, items: list[Item]) -> None:
        self.items = items
        self._audience = audience
        self._blocks: dict[tuple[Look, bool], Block] = {}

    def block(self, look: Look, room: Audience | None) -> Block:
        """
        For those who share a look.

        @param room: Where they are.
        """
        key = (look, room is self._audience)
        block = self._blocks.get(key)
        if block is None:
            block = self._blocks[key] = Block(self.items, *key)
        return block


def _rendered(items: Sequence[Item], look: Look, here: bool) -> list[bytes]:
    """A part for each item; where many come and go, the first part tells of all."""
    fold = look.fold
    if (
        fold is None
        or not 0 < look.crowd <= len(items)
        or _MOVES.isdisjoint([type(item.event) for item in items])
    ):
        return [item.render(look, here) for item in items]
    parts: list[bytes] = []
    for moving, group in groupby(items, key=_moves):
        some = list(group)
        if moving and len(some) >= look.crowd:
            parts.append(fold([item.event for item in some], look))
            parts += [b""] * (len(some) - 1)
        else:
            parts += [item.render(look, here) for item in some]
    return parts


_MOVES = {Arrived, Departed}


def _moves(item: Item) -> bool:
    return type(item.event) in _MOVES


def _place(cut: tuple[int, int, bytes]) -> tuple[int, int]:
    return cut[:2]


_log = Logger()
