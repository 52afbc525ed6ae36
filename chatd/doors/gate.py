"""Where connections are let in, or told why not, before they reach any door."""

from collections import Counter
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime, ITransport
from twisted.logger import Logger

from chatd.chat.admission import Admission, Visit
from chatd.chat.errors import ChatError
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
        visit = self.admission.arrive(
            self._clock.seconds(), lambda why: abort(transport)
        )
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
            self._note(error, address)
            return error
        return None

    def leave(self, visit: Visit, transport: ITransport) -> None:
        """A connection is gone."""
        self.admission.leave(visit)
        visits.pop(transport, None)

    def _note(self, error: ChatError, address: str) -> None:
        self._repeated[error.code] += 1
        if self._repeated[error.code] == 1:
            _log.info(
                "a connection from {address} was refused ({code}): {text}",
                address=address,
                code=error.code,
                text=error.text,
            )
            self._clock.callLater(SUMMED_UP, self._sum_up, error.code)

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
