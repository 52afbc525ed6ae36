"""Whatever people do, in whatever order, the chat stays whole."""

from collections.abc import Callable, Collection, Iterable, Sequence
from random import Random

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import outbox
from chatd.chat.account import Person
from chatd.chat.errors import ChatError
from chatd.chat.events import (
    Answer,
    Done,
    Emoted,
    Event,
    Failed,
    Said,
    Stamped,
    Welcome,
)
from chatd.chat.journal import Entry
from chatd.chat.names import person_name
from chatd.chat.request import Enter, Invoke, Say, Typed, Whisper
from chatd.chat.rules import Rules
from chatd.chat.session import Session
from chatd.chat.told import Audience
from chatd.store.memory import MemoryStore
from chatd.testing import FakeDoor, join, make_hub, result, type_in
from tests.chatting import PASSWORD

NAMES = ("ann", "bob", "cho", "dan", "eve")
ROOMS = ("lobby", "ops", "dev")
SEEDS = range(40)
STEPS = 120


class Watched(FakeDoor):
    """
    A door that complains at once about what it must not be shown.

    @ivar session: Whose it is.
    @ivar due: The ids of what was put for it in rooms.
    """

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.world = world
        self.session: Session | None = None
        self.due: list[int] = []
        self.refs: list[int] = []

    def send(self, data: bytes) -> None:
        """Look at what comes."""
        before = len(self.events)
        super().send(data)
        for event in self.events[before:]:
            self.world.check_shown(self, event)


class World:
    """
    A chat with people who do anything.

    @ivar order: The ids of what happened in rooms, as they were put to be shown.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.clock = Clock()
        self.store = MemoryStore()
        rules = Rules(throttle=False, outbox_bytes=4000, rooms_per_person=3)
        self.hub = make_hub(store=self.store, clock=self.clock, rules=rules)
        self.doors: list[Watched] = []
        self.order: dict[int, int] = {}
        self.tokens: list[str] = []
        self.ref = 0
        self.log: list[str] = []
        self.kept: dict[int, bool] = {}
        self.put = self.hub.outbox.put
        self.hub.outbox.put = self.watch_put  # type: ignore[method-assign]
        self.put_all = self.hub.outbox.put_all
        self.hub.outbox.put_all = self.watch_put_all  # type: ignore[method-assign]
        self.append = self.hub.journal.append
        self.hub.journal.append = self.watch_append  # type: ignore[method-assign]
        self.boss, _ = join(self.hub, "boss", password=PASSWORD)
        code = result(self.hub.login.open_claim())
        type_in(self.hub, self.boss, f"/claim {code}")

    # What is watched

    def watch_put(
        self,
        event: Event,
        audience: Audience,
        skip: Collection[Session] = (),
        named: Iterable[tuple[Person, Collection[Session]]] = (),
        *,
        patient: bool = False,
    ) -> None:
        """Remember who is to be shown what."""
        self.watch(event, audience, skip)
        self.put(event, audience, skip, named, patient=patient)

    def watch_put_all(
        self, events: Sequence[Event], audience: Audience, skip: Collection[Session]
    ) -> None:
        """Likewise; C{put} comes by here, too."""
        for event in events:
            self.watch(event, audience, skip)
        self.put_all(events, audience, skip)

    def watch(
        self, event: Event, audience: Audience, skip: Collection[Session]
    ) -> None:
        """Remember to whom an event is to be shown."""
        if event.id in self.order:
            return
        self.order[event.id] = len(self.order)
        for session in audience.readers:
            if session not in skip and isinstance(session.door, Watched):
                session.door.due.append(event.id)

    def watch_append(self, entry: Entry) -> None:
        """Remember what is to be stored."""
        for event in entry.events:
            self.kept[event.id] = entry.kept
        self.append(entry)

    def check_shown(self, door: Watched, event: Event | Answer) -> None:
        """Fail, if this must not be shown here."""
        if isinstance(event, Welcome) and event.token:
            self.tokens.append(event.token)
        if isinstance(event, (Said, Emoted)):
            assert event.id in door.due, f"{event} is not for {door.session}"
        if isinstance(event, Stamped) and self.kept[event.id]:
            assert event.id in self.store._events, f"{event} is not stored"

    # What people do

    def do_something(self) -> None:
        """One step of somebody."""
        does = self.random.choice(self.deeds())
        self.log.append(does.__name__)
        does()

    def deeds(self) -> list[Callable[[], None]]:
        """What can be done; what is often done more often."""
        often = [self.speak] * 6 + [self.turn] * 5 + [self.type] * 5
        sometimes = [self.come] * 4 + [self.hold, self.release, self.ask] * 2
        rarely = [self.go, self.finish, self.clog, self.drain, self.fail, self.probe]
        rarely += [self.operate]
        return often + sometimes + rarely

    def turn(self) -> None:
        """A turn of the reactor passes."""
        self.clock.advance(0)

    def probe(self) -> None:
        """Time passes."""
        self.clock.advance(self.random.choice((0.1, 1.0, 6.0)))

    def hold(self) -> None:
        """The store is slow."""
        self.store.hold(questions=self.random.random() < 0.5)

    def release(self) -> None:
        """The store answers some, or all."""
        held = self.store._held
        if held and self.random.random() < 0.6:
            held.pop(0)()
        else:
            self.store.release()
            self.store.failing = self.store.unsure = False

    def fail(self) -> None:
        """The store fails."""
        self.store.failing = self.random.random() < 0.5
        self.store.unsure = not self.store.failing

    def come(self) -> None:
        """Somebody comes in, in one of many ways."""
        door = Watched(self)
        try:
            session = self.hub.connections.connect(
                door, kind="fake", address="192.0.2.1", secure=True
            )
        except ChatError:
            return
        door.session = session
        self.doors.append(door)
        name = self.random.choice(NAMES)
        ref = self.next_ref(door)
        match self.random.randrange(4):
            case 0:
                session.submit(Typed(name, ref))
            case 1:
                session.submit(Enter(name, ref=ref))
            case 2:
                session.submit(Enter(name, PASSWORD, ref=ref))
            case _ if self.tokens:
                token = self.random.choice(self.tokens)
                session.submit(Enter(token=token, resume="0", ref=ref))
            case _:
                session.submit(Invoke("register", f"{name} {PASSWORD}", ref=ref))

    def somebody(self) -> Watched | None:
        """A connection that is still there."""
        living = [d for d in self.doors if d.session and not d.session.ended]
        return self.random.choice(living) if living else None

    def next_ref(self, door: Watched) -> int:
        """A number for a request that is to be answered."""
        self.ref += 1
        door.refs.append(self.ref)
        return self.ref

    def speak(self) -> None:
        """Somebody says something, somewhere."""
        door = self.somebody()
        if door is None or door.session is None:
            return
        room = self.random.choice(("", *ROOMS))
        key = self.random.choice(("", "", "a", "b", "c"))
        to = self.random.choice(NAMES)
        ref = self.next_ref(door)
        text = f"{ref} {self.random.choice(NAMES)}"
        match self.random.randrange(5):
            case 0:
                door.session.submit(Whisper(to, text, ref=ref))
            case 1:
                door.session.submit(Invoke("me", text, ref=ref))
            case _:
                door.session.submit(Say(text, room, key, ref))

    def type(self) -> None:
        """Somebody types a command."""
        door = self.somebody()
        if door is None or door.session is None:
            return
        name, room = self.random.choice(NAMES), self.random.choice(ROOMS)
        line = self.random.choice(
            (
                f"/join {room}",
                f"/join {room}",
                f"/join {room}",
                f"/leave {room}",
                f"/leave {room}",
                f"/nick {name}",
                f"/nick {name}",
                f"/register {name} {PASSWORD}",
                f"/login {name} {PASSWORD}",
                f"/msg {name} hello",
                "/topic - ",
                "/away",
                "/back",
                f"/ignore {name}",
                f"/unignore {name}",
                f"/kick {name}",
                f"/ban {name}",
                f"/unban {name}",
                f"/moderator {name}",
                f"/invite {name}",
                "/private",
                "/public",
                "/history off",
                "/history on",
                f"/mute {name} 5s",
                f"/unmute {name}",
                "/catchup",
                "/who",
                "/rooms",
                "/history",
                "/nonsense",
                "/quit",
            )
        )
        door.session.submit(Typed(line, self.next_ref(door)))

    def operate(self) -> None:
        """The operator does something."""
        name = self.random.choice(NAMES)
        line = self.random.choice(
            (
                f"/kill {name} enough",
                f"/op {name}",
                f"/deop {name}",
                f"/serverban {name}",
                f"/serverunban {name}",
                "/announce Hear, hear.",
                "/lockdown on",
                "/lockdown off",
                "/lockdown off",
            )
        )
        self.boss.receive(line)

    def ask(self) -> None:
        """Somebody asks for one thing after another, in one go."""
        door = self.somebody()
        if door is not None and door.session is not None:
            for line in ("/join ops", "hello ops", "/leave ops", "hello again"):
                door.session.submit(Typed(line, self.next_ref(door)))

    def go(self) -> None:
        """A line breaks."""
        door = self.somebody()
        if door is not None and door.session is not None:
            door.session.end("")

    def finish(self) -> None:
        """Somebody says nothing more, and listens on."""
        door = self.somebody()
        if door is not None and door.session is not None:
            door.session.finish()

    def clog(self) -> None:
        """Somebody does not read."""
        door = self.somebody()
        if door is not None and door.session is not None:
            door.session.congested()

    def drain(self) -> None:
        """Somebody reads again."""
        door = self.somebody()
        if door is not None and door.session is not None:
            door.session.drained()

    def settle(self) -> None:
        """Everything that is on its way comes to its end."""
        self.store.failing = self.store.unsure = False
        for _ in range(60):
            self.store.release()
            for door in self.doors:
                if door.session is not None and not door.session.ended:
                    door.session.drained()
            self.clock.advance(6)


class AnythingTests(SynchronousTestCase):
    """Random people, with a store that is slow, fails, and is well again."""

    def check(self, world: World) -> None:
        """What must hold when nothing is on its way."""
        hub = world.hub
        living = [s for s in hub.connections if s.person is not None]
        self.assertEqual(len(hub.journal), 0)
        here = {one.person.id: one for one in hub.presence}
        self.assertEqual(set(here), {s.somebody().id for s in living})
        self.assertEqual(set(hub.connections._people), set(here))
        self.assertEqual(set(hub.places._owners), set(here))
        self.assertEqual(hub.connections.backlog, 0)
        self.assertEqual((hub.outbox._own, hub.outbox._rooms), ({}, {}))
        for id, one in here.items():
            self.assertEqual(hub.places._keys[person_name(one.person.name).key], id)
            self.assertIs(hub.presence.named(one.person.name), one)
            places = hub.places._owners[id]
            self.assertEqual(places.name, person_name(one.person.name))
            self.assertEqual(places.reserved, ())
            self.assertEqual(places.sessions, len(hub.connections.of(id)))
            for session in hub.connections.of(id):
                self.assertEqual(session.person, one.person)
                self.assertTrue(session.plain)
                self.assertEqual(session.caused.number, 0)
                if session.room is None:
                    self.assertEqual(one.rooms, [])
                else:
                    self.assertIn(session.room.name, one.rooms)
        rooms = {room.name for room in hub.rooms}
        for room in hub.rooms:
            inside = {id for id, one in here.items() if room.name in one.rooms}
            self.assertEqual(set(room.present), inside, room.name)
            readers = {s for s in living if s.somebody().id in inside}
            self.assertEqual(set(room.readers), readers, room.name)
        for one in here.values():
            self.assertLessEqual(set(one.rooms), rooms)
        self.assertLessEqual(set(hub.archive._marks), set(here) | hub.archive._moved)
        self.assertLessEqual(set(hub.archive._missed), set(living))
        self.assertLessEqual(set(hub.outbox._reading), set(living))

    def check_door(self, world: World, door: Watched) -> None:
        """What must hold for everybody who was ever here."""
        shown = [e.id for e in door.events if isinstance(e, Stamped)]
        live = [id for id in shown if id in world.order]
        self.assertEqual(len(live), len(set(live)), "shown twice")
        self.assertEqual(live, sorted(live, key=world.order.__getitem__), "order")
        session = door.session
        assert session is not None
        answered = [
            e.ref
            for e in door.events
            if isinstance(e, (Done, Failed, Welcome)) and e.ref is not None
        ]
        self.assertEqual(answered, door.refs[: len(answered)], "answers")
        if not session.ended:
            self.assertEqual(answered, door.refs, "every request has an answer")
            past = {
                event.id
                for past in door.events
                for event in getattr(past, "events", ())
            }
            self.assertEqual(set(door.due) - set(shown) - past, set(), "lost")

    def test_anything(self) -> None:
        """Places, presence, rooms, orders and answers are right after all of it."""
        self.do_anything(SEEDS[::2])

    def test_anything_in_a_crowd(self) -> None:
        """So are they where comings and goings wait for company."""
        self.patch(outbox, "EACH", 0.05)
        self.do_anything(SEEDS[1::2])

    def do_anything(self, seeds: Iterable[int]) -> None:
        """Let people do it, and look."""
        for seed in seeds:
            world = World(seed)
            for _ in range(STEPS):
                world.do_something()
            world.settle()
            try:
                self.check(world)
                for door in world.doors:
                    self.check_door(world, door)
                self.assertEqual(self.flushLoggedErrors(), [])
            except self.failureException as error:
                raise self.failureException(f"seed {seed}: {error}") from error
