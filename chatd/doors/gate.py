"""Where connections are let in, or told why not, before they reach any door."""

from collections import Counter
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime, ITransport
from twisted.logger import Logger

from chatd.chat.admission import Admission, Visit
from chatd.chat.errors import ChatError
from chatd.chat.refusals import CROWDED
from chatd.doors.transport import abort, address_of, visits

# Seconds in which refusals for the same reason share a line in the log.
SUMMED_UP = 60.0


class Gate:
    """
    Asks L{Admission} about each connection, and keeps the log readable.

    @ivar admission: Decides.
    """

    def __init__(
        self,
        admission: Admission,
        clock: IReactorTime,
        exempt: Callable[[str], bool],
    ) -> None:
        """
        @param exempt: Whether the limits per address do not apply to an address.
        """
        self.admission = admission
        self._clock = clock
        self._exempt = exempt
        self._repeated: Counter[str] = Counter()

    def arrive(self, transport: ITransport) -> Visit:
        """A connection begins; L{leave} is due at its end."""

        def make_room(why: str) -> None:
            self._count(CROWDED, address_of(transport.getPeer()), why)
            abort(transport)

        visit = self.admission.arrive(self._clock.seconds(), make_room)
        visits[transport] = visit
        return visit

    def check(self, visit: Visit, transport: ITransport) -> ChatError | None:
        """
        Decide, once it is known where a connection comes from.

        @return: Why it is refused, or C{None}.
        """
        address = address_of(transport.getPeer())
        try:
            self.admission.check(
                visit, address, self._clock.seconds(), exempt=self._exempt(address)
            )
        except ChatError as error:
            self._count(error.code, address, error.text)
            return error
        return None

    def leave(self, visit: Visit, transport: ITransport) -> None:
        """A connection is gone."""
        self.admission.leave(visit)
        visits.pop(transport, None)

    def _count(self, code: str, address: str, text: str) -> None:
        self._repeated[code] += 1
        if self._repeated[code] == 1:
            _log.info(
                "a connection from {address} was refused ({code}): {text}",
                address=address,
                code=code,
                text=text,
            )
            self._clock.callLater(SUMMED_UP, self._sum_up, code)

    def _sum_up(self, code: str) -> None:
        more = self._repeated.pop(code) - 1
        if more:
            _log.info(
                "{more} more connections were refused ({code}) within {seconds:.0f} s",
                more=more,
                code=code,
                seconds=SUMMED_UP,
            )


_log = Logger()
