"""Where connections are let in, or told why not, before they reach any door."""

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime, ITransport

from chatd.chat.admission import Admission, Visit
from chatd.chat.errors import ChatError
from chatd.chat.refusals import CROWDED
from chatd.chat.seldom import Seldom
from chatd.doors.transport import abort, address_of, visits


class Gate:
    """
    Asks L{Admission} about each connection, and keeps the log readable.

    @ivar admission: Decides.
    @ivar log: Where what strangers do is told.
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
        self.log = Seldom(clock)

    def arrive(self, transport: ITransport) -> Visit:
        """A connection begins; L{leave} is due at its end."""

        def make_room(why: str) -> None:
            self.log.refused(CROWDED, address_of(transport.getPeer()), why)
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
            self.log.refused(error.code, address, error.text)
            return error
        return None

    def leave(self, visit: Visit, transport: ITransport) -> None:
        """A connection is gone."""
        self.admission.leave(visit)
        visits.pop(transport, None)
