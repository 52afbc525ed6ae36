"""Where many read or much is said, writing is shared out over several turns."""

from random import Random
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import outbox
from chatd.chat.account import Person
from chatd.chat.events import Arrived, Departed, Notice, Said
from chatd.testing import join, make_hub, turn, type_in
from tests.chatting import PASSWORD, Chatting


class TogetherTests(Chatting):
    """Those who were just shown much answer together, and are shown together."""

    def setUp(self) -> None:
        super().setUp()
        _, self.door = join(self.hub, "ann")
        _, slow = join(self.hub, "bob")
        self.clock.advance(1)
        send = slow.send

        def take_time(data: bytes) -> None:
            self.clock.rightNow += 0.001
            send(data)

        self.patch(slow, "send", take_time)
        self.door.take()
        self.door.writes = 0

    def say(self, times: int) -> list[str]:
        """Something is said so often in one turn; what ann is shown at its end."""
        for number in range(times):
            event = Said(room="lobby", sender=Person(9, "x"), text=f"{number}")
            self.hub.outbox.put(event, self.hub.rooms.find("lobby"))
        self.clock.advance(0)
        return [event.text for event in self.door.take() if isinstance(event, Said)]

    def test_alone(self) -> None:
        """Who speaks alone is shown at once."""
        for _ in range(3):
            self.assertEqual(self.say(1), ["0"])

    def test_answers(self) -> None:
        """Who speaks just after much was shown waits as long as showing it took."""
        self.assertEqual(len(self.say(outbox.FEW + 1)), outbox.FEW + 1)
        self.assertEqual(self.say(1), [])
        self.clock.advance(0.0005)
        self.assertEqual(self.door.writes, 1)
        self.clock.advance(0.0006)
        self.assertEqual(self.door.writes, 2)
        self.door.take()
        self.assertEqual(self.say(1), ["0"])

    def test_company(self) -> None:
        """As soon as as many have spoken as before, all are shown in one write."""
        self.say(outbox.FEW + 1)
        self.assertEqual(self.say(outbox.FEW), [])
        self.assertEqual(len(self.say(1)), outbox.FEW + 1)
        self.assertEqual(self.door.writes, 2)

    def test_later(self) -> None:
        """Who speaks a moment later does not wait."""
        self.say(outbox.FEW + 1)
        self.clock.advance(outbox.TOGETHER)
        self.assertEqual(self.say(1), ["0"])


class Turns(Clock):
    """What is put off for no time waits for the next turn, as in a reactor."""

    def callLater(  # noqa: N802
        self, delay: float, *more: Any, **kw: Any
    ) -> DelayedCall:
        """Not in this turn."""
        return super().callLater(max(delay, 0.001), *more, **kw)

    def advance(self, amount: float) -> None:
        """One turn."""
        super().advance(max(amount, 0.001))


class ManyTests(SynchronousTestCase):
    """Very many readers are written to in several turns; the others do not wait."""

    def setUp(self) -> None:
        self.clock = Turns()
        self.hub = make_hub(clock=self.clock)
        self.people = [join(self.hub, f"u{number}") for number in range(11)]
        self.ann, self.door = join(self.hub, "ann", "ops")
        self.people.append((self.ann, self.door))
        for _, door in self.people:
            door.take()
            door.writes = 0
        # Time is up at once, and looked at after each second reader.
        self.patch(outbox, "LONGEST", -1.0)
        self.patch(outbox, "PORTION", 2)

    def say(self, text: str) -> None:
        """Something is said in the lobby, and as many as there is time for read it."""
        person = Person(9, "x")
        self.hub.outbox.put(
            Said(room="lobby", sender=person, text=text), self.hub.rooms.find("lobby")
        )
        self.clock.advance(0)

    def shown(self) -> list[int]:
        """How many lines of the lobby each was shown."""
        return [len(door.texts()) for _, door in self.people]

    def test_turns(self) -> None:
        """Some are written to in each turn, everybody once."""
        self.say("one")
        self.assertEqual(self.shown(), [0] * 12)
        for turns in range(1, 6):
            self.clock.advance(0)
            # Two in any case, however little time there is.
            self.assertEqual(self.shown(), [1] * 2 * turns + [0] * (12 - 2 * turns))
        self.clock.advance(0)
        self.assertEqual([door.writes for _, door in self.people], [1] * 12)
        self.assertEqual(self.hub.outbox._blocked, set())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_order(self) -> None:
        """What is said meanwhile comes behind, in the same order for everybody."""
        for text in "abcdefghij":
            self.say(text)
        for _ in range(30):
            self.clock.advance(0)
        for _, door in self.people:
            self.assertEqual("".join(door.texts()), "abcdefghij")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answers(self) -> None:
        """Who is answered meanwhile does not wait, and is shown all before that."""
        self.say("one")
        self.say("two")
        self.assertEqual(self.door.events, [])
        self.ann.tell(Notice("answer"))
        self.clock.advance(0)
        self.assertEqual(self.door.kinds(), ["Said", "Said", "Notice"])
        self.assertEqual(self.people[-2][1].texts(), [])
        for _ in range(12):
            self.clock.advance(0)
        self.assertEqual(self.shown(), [2] * 12)

    def test_other_rooms(self) -> None:
        """Who is told something elsewhere meanwhile is shown all in order."""
        self.say("one")
        self.say("two")
        event = Said(room="ops", sender=Person(9, "x"), text="three")
        self.hub.outbox.put(event, self.hub.rooms.find("ops"))
        self.clock.advance(0)
        self.assertEqual(self.door.texts(), ["one", "two", "three"])

    def test_leaving(self) -> None:
        """Who leaves meanwhile is shown what was said before."""
        self.say("one")
        self.say("two")
        self.hub.outbox.finish(self.ann)
        self.assertEqual(self.door.texts(), ["one", "two"])

    def test_random(self) -> None:
        """Whatever happens, everybody is shown everything once and in order."""
        random = Random(4)
        orders: list[list[str]] = [[] for _ in self.people]
        for number in range(300):
            match random.randrange(4):
                case 0:
                    place = random.randrange(len(self.people))
                    self.people[place][0].tell(Notice(f"{number}"))
                    orders[place].append(f"{number}")
                case 1:
                    event = Said(room="ops", sender=Person(9, "x"), text=f"{number}")
                    self.hub.outbox.put(event, self.hub.rooms.find("ops"))
                    orders[-1].append(f"{number}")
                case _:
                    self.say(f"{number}")
                    for order in orders:
                        order.append(f"{number}")
        for _ in range(300):
            self.clock.advance(0)
        for order, (_, door) in zip(orders, self.people, strict=True):
            self.assertEqual([getattr(e, "text", "") for e in door.events], order)


class CrowdTests(Chatting):
    """Comings and goings that follow upon others are told together."""

    def setUp(self) -> None:
        self.patch(outbox, "EACH", 0.1)
        super().setUp()
        self.ann, self.door = join(self.hub, "ann")
        self.bob, _ = join(self.hub, "bob")
        join(self.hub, "cho")
        self.later()
        self.door.take()
        self.door.writes = 0

    def later(self) -> None:
        """Some time passes."""
        for _ in range(3):
            self.clock.advance(1)

    def arrived(self) -> list[str]:
        """Of whom ann was told that they came."""
        return [event.person.name for event in self.door.of(Arrived)]

    def test_first(self) -> None:
        """The first after a while is told of at once."""
        join(self.hub, "dan")
        self.assertEqual(self.arrived(), ["dan"])

    def test_together(self) -> None:
        """Those who come soon after are told of together, in one write."""
        for name in ("dan", "eve", "fay", "gus"):
            join(self.hub, name)
        self.assertEqual(self.arrived(), ["dan"])
        self.later()
        self.assertEqual(self.arrived(), ["dan", "eve", "fay", "gus"])
        self.assertEqual(self.door.writes, 2)

    def test_goings(self) -> None:
        """So are those who go."""
        people = [join(self.hub, name)[0] for name in ("dan", "eve", "fay")]
        self.later()
        self.door.writes = 0
        for session in people:
            session.end("")
            turn(self.hub)
        self.assertEqual(len(self.door.of(Departed)), 1)
        self.later()
        self.assertEqual(len(self.door.of(Departed)), 3)
        self.assertEqual(self.door.writes, 2)

    def test_said(self) -> None:
        """What is said does not wait, and comes behind who came before."""
        join(self.hub, "dan")
        eve, _ = join(self.hub, "eve")
        eve.receive("hello")
        turn(self.hub)
        self.assertEqual(self.door.kinds(), ["Arrived", "Arrived", "Said"])
        self.later()
        self.assertEqual(self.arrived(), ["dan", "eve"])

    def test_answers(self) -> None:
        """Nor do answers, and who is answered is shown once what came before."""
        join(self.hub, "dan")
        _, eve_door = join(self.hub, "eve")
        self.assertEqual(len(eve_door.of(Arrived)), 1)
        self.assertEqual(self.arrived(), ["dan"])
        type_in(self.hub, self.ann, "/version")
        self.assertEqual(self.arrived(), ["dan", "eve"])
        self.later()
        self.assertEqual(self.arrived(), ["dan", "eve"])
        self.assertEqual(len(eve_door.of(Arrived)), 1)

    def test_other_rooms(self) -> None:
        """What is said elsewhere comes behind it, too."""
        for session in (self.ann, self.bob):
            type_in(self.hub, session, "/join ops")
        self.later()
        self.door.take()
        join(self.hub, "dan")
        join(self.hub, "eve")
        self.bob.receive("in ops")
        turn(self.hub)
        self.assertEqual(self.door.kinds(), ["Arrived", "Arrived", "Said"])

    def test_over(self) -> None:
        """When nobody comes any more, nothing is left to do."""
        join(self.hub, "dan")
        join(self.hub, "eve")
        self.later()
        self.assertEqual(self.hub.outbox._patient, {})

    def test_members(self) -> None:
        """Those who come into several rooms are told of together, too."""
        type_in(self.hub, self.bob, "/join ops")
        members = {}
        for name in ("dan", "eve", "fay"):
            members[name], _ = join(self.hub, name, "ops", password=PASSWORD)
        for session in members.values():
            session.end("")
            turn(self.hub)
        self.later()
        gus, gus_door = join(self.hub, "gus", "ops")
        type_in(self.hub, gus, "/leave lobby")
        self.later()
        self.door.take()
        gus_door.take()
        self.door.writes = 0
        for name in members:
            join(self.hub, name, password=PASSWORD)
        self.later()
        self.assertEqual(self.arrived(), ["dan", "eve", "fay"])
        self.assertEqual(self.door.writes, 2)
        told = [event.person.name for event in gus_door.of(Arrived)]
        self.assertEqual(told, ["dan", "eve", "fay"])
