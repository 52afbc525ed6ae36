"""How people come in, take names, and become members."""

from dataclasses import replace
from typing import Any

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from chatd.chat import entrance
from chatd.chat.account import Account, Person, Role
from chatd.chat.errors import Banned, NameTaken
from chatd.chat.events import (
    Arrived,
    CaughtUp,
    Closing,
    Departed,
    Done,
    Entered,
    Failed,
    Greeting,
    Listing,
    Notice,
    Past,
    Renamed,
    RoleChanged,
    Said,
    Welcome,
)
from chatd.chat.hub import Hub
from chatd.chat.request import Enter, Invoke, LogOut, Typed
from chatd.chat.session import Session
from chatd.store.memory import MemoryStore
from chatd.testing import FakeDoor, connect, join, make_hub, result, turn, type_in

SECRET = "three-green-lamps"


def codes(door: FakeDoor) -> list[str]:
    """Why requests failed."""
    return [failed.code for failed in door.of(Failed)]


def names(hub: Hub) -> list[str]:
    """Who is here."""
    return [here.person.name for here in hub.presence]


class EntranceCase(SynchronousTestCase):
    """A hub whose store can be held."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.hub = make_hub(store=self.store)

    def enter(self, *requests: Enter) -> list[tuple[Session, FakeDoor]]:
        """All ask in one turn, each by a connection of their own."""
        come = [connect(self.hub) for _ in requests]
        for (session, _), request in zip(come, requests, strict=True):
            session.submit(request)
        return come

    def check_tidy(self) -> None:
        """Places are those of the people who are here."""
        self.assertEqual(len(self.hub.places), len(self.hub.presence))


class GuestTests(EntranceCase):
    """Guests take any free name."""

    def test_welcome(self) -> None:
        """A guest is welcomed, is in the lobby, and others are told."""
        _, ann = join(self.hub, "ann")
        _, bob = join(self.hub, "bob")
        (welcome,) = bob.of(Welcome)
        self.assertEqual(welcome.person.name, "bob")
        self.assertEqual(welcome.role, Role.GUEST)
        self.assertEqual(welcome.people, ("ann", "bob"))
        self.assertEqual([room.name for room in welcome.rooms], ["lobby"])
        self.assertEqual([e.person.name for e in ann.of(Arrived)], ["ann", "bob"])

    def test_two_at_once(self) -> None:
        """Of two guests who ask for one name in one turn, the first has it."""
        self.store.hold(questions=True)
        (_, one), (_, two) = self.enter(Enter("ann"), Enter("ANN"))
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(one.of(Welcome)), 1)
        self.assertEqual(codes(two), ["name-taken"])
        self.assertEqual(names(self.hub), ["ann"])
        self.check_tidy()

    def test_last_place(self) -> None:
        """Of two who ask for the last place in one turn, the first has it."""
        self.hub.rules = replace(self.hub.rules, max_people=1)
        self.store.hold(questions=True)
        (_, one), (_, two) = self.enter(Enter("ann"), Enter("bob"))
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(one.of(Welcome)), 1)
        self.assertEqual(codes(two), ["full"])
        self.assertIn("full", two.of(Failed)[0].text)

    def test_place_given_back(self) -> None:
        """Who cannot come in after all leaves name and place to others."""
        self.hub.rules = replace(self.hub.rules, max_people=1)
        self.store.failing = True
        ((_, one),) = self.enter(Enter("ann"))
        turn(self.hub)
        self.assertEqual(codes(one), ["store-down"])
        self.store.failing = False
        ((_, two),) = self.enter(Enter("ann"))
        turn(self.hub)
        self.assertEqual(len(two.of(Welcome)), 1)

    def test_gone_before(self) -> None:
        """Who is gone before coming in was never here."""
        _, ann = join(self.hub, "ann")
        ann.take()
        self.store.hold(questions=True)
        ((session, door),) = self.enter(Enter("bob"))
        session.end("")
        self.store.release()
        turn(self.hub)
        self.assertEqual((ann.events, door.events), ([], []))
        self.assertEqual(names(self.hub), ["ann"])
        self.check_tidy()

    def test_gone_meanwhile(self) -> None:
        """Who is gone while being welcomed has come and left."""
        _, ann = join(self.hub, "ann")
        ann.take()
        session, _ = connect(self.hub)
        answers = []
        self.store.hold(questions=True)
        session.submit(Enter("bob"))
        for _ in range(20):
            if "bob" in names(self.hub):
                break
            # One question after another.
            waiting, self.store._held = self.store._held or [], []
            answers.append(len(waiting))
            for answer in waiting:
                answer()
        self.assertIn("bob", names(self.hub))
        session.end("")
        self.store.release()
        turn(self.hub)
        self.assertEqual([type(e) for e in ann.events], [Arrived, Departed])
        self.check_tidy()

    def test_store_fails_meanwhile(self) -> None:
        """Whom the server cannot welcome is nobody, and may try again."""
        _, ann = join(self.hub, "ann")
        result(self.hub.store.accounts())
        session, door = connect(self.hub)
        add_token = self.store.add_token

        async def fail(*args: object) -> None:
            raise RuntimeError("a bug")

        self.store.add_token = fail  # type: ignore[method-assign, assignment]
        session.submit(Enter("bob", ref=1))
        turn(self.hub)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(codes(door), ["internal"])
        self.assertIsNone(session.person)
        self.assertEqual(names(self.hub), ["ann"])
        self.check_tidy()
        self.assertEqual(ann.of(Departed), [])
        self.assertEqual([e.person.name for e in ann.of(Arrived)], ["ann"])
        self.store.add_token = add_token  # type: ignore[method-assign]
        self.hub.clock.advance(self.hub.rules.entering - 1)  # type: ignore[attr-defined]
        session.submit(Enter("bob", ref=2))
        turn(self.hub)
        self.assertEqual(len(door.of(Welcome)), 1)
        self.assertEqual(names(self.hub), ["ann", "bob"])

    def test_not_for_ever(self) -> None:
        """But not for ever: a connection without anybody ends in time."""
        session, door = connect(self.hub)

        async def fail(*args: object) -> None:
            raise RuntimeError("a bug")

        self.store.add_token = fail  # type: ignore[method-assign, assignment]
        session.submit(Enter("bob", ref=1))
        turn(self.hub)
        self.flushLoggedErrors(RuntimeError)
        self.hub.clock.advance(self.hub.rules.entering)  # type: ignore[attr-defined]
        self.assertFalse(door.open)

    def test_who_is_here(self) -> None:
        """Strangers are told who is here, unless only members come in."""
        join(self.hub, "ann", password=SECRET)
        for guests in (True, False):
            self.hub.rules = replace(self.hub.rules, guests=guests)
            session, door = connect(self.hub)
            self.hub.connections.greet(session)
            type_in(self.hub, session, "/who")
            (greeting,) = door.of(Greeting)
            self.assertEqual(greeting.people, ("ann",) if guests else ())
            self.assertEqual(len(door.of(Listing)), int(guests))
            self.assertEqual(codes(door), [] if guests else ["not-entered"])

    def test_no_guests(self) -> None:
        """Where guests are not taken, they are told what to do instead."""
        self.hub.rules = replace(self.hub.rules, guests=False)
        ((_, door),) = self.enter(Enter("ann"))
        turn(self.hub)
        self.assertEqual(codes(door), ["closed"])
        self.assertIn("/register", door.of(Failed)[0].text)
        self.check_tidy()

    def test_bad_names(self) -> None:
        """Spaces, command words and odd characters are refused with the reason."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "ann smith", "login", "Help", "a/b")
        self.assertEqual(
            codes(door), ["bad-name", "name-taken", "name-taken", "bad-name"]
        )
        self.assertIsNone(session.person)

    def test_twice(self) -> None:
        """Who is here already cannot come in again by the same connection."""
        session, door = join(self.hub, "ann")
        session.submit(Enter("bob"))
        turn(self.hub)
        self.assertEqual(codes(door), ["bad-request"])

    def test_motd(self) -> None:
        """Newcomers are shown the message of the day."""
        self.hub.rules = replace(self.hub.rules, motd="Be kind.")
        _, door = join(self.hub, "ann")
        self.assertEqual(door.of(Welcome)[0].motd, "Be kind.")


class PasswordTests(EntranceCase):
    """A registered name asks for its password."""

    def setUp(self) -> None:
        super().setUp()
        ann, _ = join(self.hub, "ann", password=SECRET)
        ann.end("")
        turn(self.hub)

    def test_asked(self) -> None:
        """Who types a registered name is asked, and the next line is not shown."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "Ann")
        self.assertEqual(codes(door), ["password-needed"])
        self.assertEqual((session.asking, door.secrets[-1]), ("Ann", True))
        type_in(self.hub, session, SECRET)
        self.assertEqual(door.of(Welcome)[0].role, Role.MEMBER)
        self.assertEqual((session.asking, door.secrets[-1]), ("", False))
        self.assertEqual(names(self.hub), ["ann"])

    def test_pasted(self) -> None:
        """Name and password may come in one go."""
        session, door = connect(self.hub)
        session.receive("ann")
        session.receive(SECRET)
        turn(self.hub)
        self.assertEqual(len(door.of(Welcome)), 1)

    def test_wrong(self) -> None:
        """After a wrong password the next line is one again, never a name."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "ann", "three-green-lamp")
        self.assertEqual(codes(door), ["password-needed", "wrong-password"])
        self.assertEqual(door.of(Failed)[-1].line, "")
        self.assertIn("press Enter", door.of(Failed)[-1].text)
        self.assertTrue(door.secrets[-1])
        type_in(self.hub, session, SECRET)
        self.assertEqual(len(door.of(Welcome)), 1)
        self.assertEqual(names(self.hub), ["ann"])

    def test_another_name(self) -> None:
        """An empty line ends the question, and another name can be taken."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "ann", "")
        self.assertFalse(door.secrets[-1])
        self.assertEqual(session.failed_logins, 0)
        type_in(self.hub, session, "bob")
        self.assertEqual(door.of(Welcome)[0].person.name, "bob")

    def test_too_many(self) -> None:
        """Five wrong passwords end the connection, with the reason."""
        session, door = connect(self.hub)
        type_in(self.hub, session, "ann", *["wrong-password"] * 4)
        self.assertTrue(door.open)
        type_in(self.hub, session, "wrong-password")
        self.assertFalse(door.open)
        self.assertIn("wrong passwords", door.of(Closing)[0].text)

    def test_too_many_by_command(self) -> None:
        """So do five wrong ones given to /login, also by somebody who is here."""
        session, door = join(self.hub, "bob")
        type_in(self.hub, session, *["/login ann wrong-password"] * 4)
        self.assertTrue(door.open)
        self.assertNotIn("wrong-password", " ".join(f.line for f in door.of(Failed)))
        type_in(self.hub, session, "/login ann wrong-password")
        self.assertFalse(door.open)

    def test_programs_are_not_asked(self) -> None:
        """A program is told that a password is needed, and nothing is asked."""
        ((session, door),) = self.enter(Enter("ann", ref=7))
        turn(self.hub)
        self.assertEqual(codes(door), ["password-needed"])
        self.assertEqual(door.of(Failed)[0].ref, 7)
        self.assertEqual(session.asking, "")

    def test_guest_against_owner(self) -> None:
        """A guest cannot have a name while its owner comes in, and is asked."""
        self.store.hold(questions=True)
        (_, owner), (_, guest) = self.enter(Enter("ann", SECRET), Enter("ann"))
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(owner.of(Welcome)), 1)
        self.assertEqual(codes(guest), ["password-needed"])
        self.check_tidy()

    def test_look_alike_of_an_account(self) -> None:
        """A name that looks like a member's is refused, here or not."""
        join(self.hub, "bill", password=SECRET)[0].end("")
        turn(self.hub)
        ((_, door),) = self.enter(Enter("bi11"))
        turn(self.hub)
        self.assertEqual(codes(door), ["name-taken"])

    def test_full(self) -> None:
        """When it is full, a member is turned away too; a guest changes places."""
        self.hub.rules = replace(self.hub.rules, max_people=1)
        bob, door = join(self.hub, "bob")
        ((_, ann),) = self.enter(Enter("ann", SECRET))
        turn(self.hub)
        self.assertEqual(codes(ann), ["full"])
        type_in(self.hub, bob, f"/login ann {SECRET}")
        self.assertEqual(codes(door), [])
        self.assertEqual(names(self.hub), ["ann"])
        self.check_tidy()

    def test_several_sessions(self) -> None:
        """Somebody here twice is one person, announced once, with one place."""
        self.hub.rules = replace(self.hub.rules, max_people=2)
        _, bob = join(self.hub, "bob", "ops")
        one, _ = join(self.hub, "ann", "ops", password=SECRET)
        bob.take()
        two, door = join(self.hub, "ann", password=SECRET)
        self.assertEqual(bob.events, [])
        welcome = door.of(Welcome)[0]
        self.assertEqual([room.name for room in welcome.rooms], ["lobby", "ops"])
        type_in(self.hub, one, "hello")
        self.assertEqual([e.text for e in door.of(Said)], ["hello"])
        one.end("")
        turn(self.hub)
        self.assertEqual([type(e) for e in bob.events], [Said])
        two.end("")
        turn(self.hub)
        self.assertEqual(type(bob.events[-1]), Departed)
        self.check_tidy()

    def test_rooms_are_kept(self) -> None:
        """A member comes back to the rooms of last time, and to no others."""
        session, _ = join(self.hub, "ann", "ops", "dev", password=SECRET)
        type_in(self.hub, session, "/leave dev")
        session.end("")
        turn(self.hub)
        _, door = join(self.hub, "ann", password=SECRET)
        rooms = door.of(Welcome)[0].rooms
        self.assertEqual([room.name for room in rooms], ["lobby", "ops"])

    def test_rooms_not_allowed_any_more(self) -> None:
        """A member does not come back to a room that is closed to them by now."""
        boss, _ = join(self.hub, "boss", "ops")
        ann, _ = join(self.hub, "ann", "ops", password=SECRET)
        ann.end("")
        turn(self.hub)
        type_in(self.hub, boss, "/ban ann")
        _, door = join(self.hub, "ann", password=SECRET)
        rooms = door.of(Welcome)[0].rooms
        self.assertEqual([room.name for room in rooms], ["lobby"])

    def test_nowhere(self) -> None:
        """Who may not even enter the lobby is here all the same, in no room."""
        boss, _ = join(self.hub, "boss", password=SECRET)
        self.hub.rooms.lobby.moderators.add(boss.somebody().id)
        type_in(self.hub, boss, "/ban ann")
        session, door = join(self.hub, "ann", password=SECRET)
        self.assertEqual(door.of(Welcome)[0].rooms, ())
        self.assertIsNone(session.room)
        type_in(self.hub, session, "hello")
        self.assertEqual(codes(door), ["not-in-room"])

    def test_departing_and_returning(self) -> None:
        """Who goes and comes back while a message is stored is here afterwards."""
        bob, _ = join(self.hub, "bob", "ops")
        ann, _ = join(self.hub, "ann", "ops", password=SECRET)
        type_in(self.hub, ann, "/leave lobby")
        self.store.hold()
        bob.receive("wait")
        turn(self.hub)
        ann.end("")
        session, door = connect(self.hub)
        session.submit(Enter("ann", SECRET))
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertIn("ann", names(self.hub))
        self.assertEqual(len(door.of(Welcome)), 1)
        person = session.somebody().id
        for room in self.hub.rooms:
            self.assertEqual(person in room.present, session in room.readers)
        self.assertEqual(set(self.hub.presence.rooms_of(person)), {"lobby", "ops"})


class ProvedTests(EntranceCase):
    """A door may know by itself who somebody is."""

    def come(self, proved: Account | Person) -> tuple[Session, FakeDoor]:
        """Somebody whom the door knows."""
        ((session, door),) = self.enter(Enter(proved.name, proved=proved, show=True))
        turn(self.hub)
        return session, door

    def account(self, name: str) -> Account:
        """An account whose owner is not here."""
        session, _ = join(self.hub, name, password=SECRET)
        session.end("")
        turn(self.hub)
        account = result(self.hub.login.owner(name))
        assert account is not None
        return account

    def change_secret(self, account: Account, secret: str) -> None:
        """The account has another one."""
        store = self.hub.store
        self.assertTrue(
            result(store.keep_secret(account.id, secret, was=account.secret))
        )

    def test_guest(self) -> None:
        """By several ways at once a guest is one person, also after a /nick."""
        guest = self.hub.entrance.guest("ann")
        first, _ = self.come(guest)
        type_in(self.hub, first, "/nick anna")
        second, _ = self.come(guest)
        self.assertEqual(first.person, second.person)
        self.assertEqual(names(self.hub), ["anna"])
        self.check_tidy()

    def test_guest_against_owner(self) -> None:
        """A guest whose name was registered meanwhile is asked for the password."""
        guest = self.hub.entrance.guest("ann")
        self.account("ann")
        session, door = self.come(guest)
        self.assertEqual(codes(door), ["password-needed"])
        self.assertEqual(session.asking, "ann")

    def test_reserved(self) -> None:
        """Nobody is called by a reserved word."""
        self.assertRaises(NameTaken, self.hub.entrance.guest, "root")

    def test_member(self) -> None:
        """An account needs nothing more."""
        account = self.account("ann")
        session, _ = self.come(account)
        self.assertEqual(session.account, account)
        self.check_tidy()

    def test_password_changed(self) -> None:
        """What was proved before the password was changed is worth nothing."""
        account = self.account("ann")
        self.change_secret(account, "another")
        _, door = self.come(account)
        self.assertEqual(codes(door), ["wrong-password"])
        self.check_tidy()

    def test_banned(self) -> None:
        """A ban holds here as well."""
        account = self.account("ann")
        operator, _ = join(self.hub, "cho", password=SECRET)
        code = result(self.hub.login.open_claim())
        type_in(self.hub, operator, f"/claim {code}", "/serverban ann")
        _, door = self.come(account)
        self.assertEqual(codes(door), ["banned"])

    def test_owner(self) -> None:
        """A name has an owner while somebody can log in by it."""
        self.assertIsNone(result(self.hub.login.owner("ann")))
        self.assertIsNone(result(self.hub.login.owner("no name at all")))
        account = self.account("ann")
        self.assertEqual(result(self.hub.login.owner("ANN")), account)
        self.change_secret(account, "")
        self.assertIsNone(result(self.hub.login.owner("ann")))

    def test_key(self) -> None:
        """A key belongs to one account, and the address of its owner is known."""
        ann = self.account("ann")
        key = self.hub.secrets.public_key("ssh-ed25519 AAAA")
        result(self.hub.store.add_key(ann.id, key))
        self.assertEqual(result(self.hub.login.key_owner(key)), ann.id)
        other = self.hub.secrets.public_key("ssh-ed25519 BBBB")
        self.assertEqual(result(self.hub.login.key_owner(other)), 0)
        session, _ = connect(self.hub, address="192.0.2.9")
        result(self.hub.login.keep_address(session, ann))
        self.assertIn("192.0.2.9", result(self.hub.store.addresses(ann.id)))


class TokenTests(EntranceCase):
    """A token lets a cut-off person in again."""

    def come(self, **how: object) -> tuple[Session, FakeDoor, str]:
        """Somebody with a program, and their token."""
        ((session, door),) = self.enter(Enter(**how))  # type: ignore[arg-type]
        turn(self.hub)
        return session, door, door.of(Welcome)[0].token if door.of(Welcome) else ""

    def test_guest(self) -> None:
        """A guest takes the name and the identity back."""
        session, _, token = self.come(name="ann")
        id = session.somebody().id
        session.end("")
        turn(self.hub)
        again, _, other = self.come(token=token)
        self.assertEqual(again.somebody().id, id)
        self.assertEqual(other, token)

    def test_again(self) -> None:
        """Each time a token is used, it is good for as long again."""
        session, _, token = self.come(name="ann")
        days = self.hub.rules.guest_token_seconds
        for _ in range(3):
            session.end("")
            self.hub.clock.advance(days - 1)  # type: ignore[attr-defined]
            session, _, _ = self.come(token=token)
            self.assertEqual(session.somebody().name, "ann")

    def test_log_out(self) -> None:
        """Who logs out leaves no token behind, and nobody who came in with it."""
        join(self.hub, "ann", password=SECRET)[0].end("")
        session, door, token = self.come(name="ann", password=SECRET)
        _, other_door, _ = self.come(token=token)
        elsewhere, _, kept = self.come(name="ann", password=SECRET)
        session.submit(LogOut(ref=1))
        turn(self.hub)
        self.assertEqual(door.events[-1], Done(1, None, {}))
        self.assertFalse(session.ended or elsewhere.ended)
        self.assertFalse(other_door.open)
        self.assertEqual(other_door.of(Closing), [Closing("You have logged out.")])
        _, door, _ = self.come(token=token)
        self.assertEqual([f.code for f in door.of(Failed)], ["wrong-password"])
        self.assertEqual(self.come(token=kept)[0].somebody().name, "ann")

    def test_no_token(self) -> None:
        """Who came in as people in terminals do has no token to give back."""
        session, door = join(self.hub, "ann")
        session.submit(LogOut())
        turn(self.hub)
        self.assertEqual([f.code for f in door.of(Failed)], ["bad-request"])

    def test_while_still_here(self) -> None:
        """So can one whose old connection is not yet known to be dead."""
        session, _, token = self.come(name="ann")
        again, _, _ = self.come(token=token)
        self.assertEqual(again.somebody(), session.somebody())
        self.check_tidy()
        session.end("")
        turn(self.hub)
        self.assertEqual(names(self.hub), ["ann"])

    def test_name_taken_meanwhile(self) -> None:
        """A name that somebody else has by now is not given back."""
        session, _, token = self.come(name="ann")
        session.end("")
        turn(self.hub)
        join(self.hub, "ann")
        _, door, _ = self.come(token=token)
        self.assertEqual(codes(door), ["name-taken"])
        self.check_tidy()

    def test_registered_by_another_meanwhile(self) -> None:
        """Nor is one that somebody registered."""
        session, _, token = self.come(name="ann")
        session.end("")
        turn(self.hub)
        join(self.hub, "ann", password=SECRET)[0].end("")
        turn(self.hub)
        _, door, _ = self.come(token=token)
        self.assertEqual(codes(door), ["password-needed"])
        self.check_tidy()

    def test_renamed(self) -> None:
        """Who has changed names comes back under the new one."""
        session, _, token = self.come(name="ann")
        type_in(self.hub, session, "/nick rose")
        session.end("")
        turn(self.hub)
        again, _, _ = self.come(token=token)
        self.assertEqual(again.somebody().name, "rose")

    def test_renamed_while_here(self) -> None:
        """So does who has an old token while being here under another name."""
        session, _, token = self.come(name="ann")
        again, _, _ = self.come(token=token)
        type_in(self.hub, again, "/nick rose")
        third, _, _ = self.come(token=token)
        self.assertEqual(third.somebody().name, "rose")
        self.assertEqual(session.somebody().name, "rose")

    def test_registered(self) -> None:
        """A guest who became a member comes back as one."""
        session, _, token = self.come(name="ann")
        type_in(self.hub, session, f"/register ann {SECRET}")
        session.end("")
        turn(self.hub)
        again, door, _ = self.come(token=token)
        self.assertEqual(again.role, Role.MEMBER)
        self.assertEqual(codes(door), [])

    def test_member(self) -> None:
        """A member needs no password with a token, until the password is changed."""
        join(self.hub, "ann", password=SECRET)
        session, _, token = self.come(name="ann", password=SECRET)
        again, _, _ = self.come(token=token)
        self.assertEqual(again.role, Role.MEMBER)
        type_in(self.hub, session, f"/password {SECRET} four-blue-doors")
        _, door, _ = self.come(token=token)
        self.assertEqual(codes(door), ["wrong-password"])

    def test_unregistered(self) -> None:
        """The token of an account that is gone lets nobody in."""
        join(self.hub, "ann", password=SECRET)
        session, _, token = self.come(name="ann", password=SECRET)
        id = session.somebody().id
        type_in(self.hub, session, f"/unregister {SECRET}")
        digest = self.hub.secrets.digest(token)
        result(self.store.add_token(digest, Person(id, "ann", guest=False), 9e9))
        _, door, _ = self.come(token=token)
        self.assertEqual(codes(door), ["wrong-password"])

    def test_unknown(self) -> None:
        """A token that nobody was given is refused, and so is one that has expired."""
        session, _, token = self.come(name="ann")
        session.end("")
        _, door, _ = self.come(token="nonsense")
        self.assertEqual(codes(door), ["wrong-password"])
        self.hub.clock.advance(self.hub.rules.guest_token_seconds)  # type: ignore[attr-defined]
        _, door, _ = self.come(token=token)
        self.assertEqual(codes(door), ["wrong-password"])

    def test_no_guests_any_more(self) -> None:
        """A guest's token is no way round a lock-down."""
        session, _, token = self.come(name="ann")
        session.end("")
        turn(self.hub)
        self.hub.lockdown = True
        _, door, _ = self.come(token=token)
        self.assertEqual(codes(door), ["closed"])
        self.check_tidy()


class ResumeTests(EntranceCase):
    """Who was cut off is shown what was missed, once."""

    def setUp(self) -> None:
        super().setUp()
        self.bob, _ = join(self.hub, "bob")
        ((session, door),) = self.enter(Enter("ann"))
        turn(self.hub)
        self.welcome = door.of(Welcome)[0]
        session.end("")
        turn(self.hub)

    def resume(self) -> FakeDoor:
        """Come back."""
        request = Enter(token=self.welcome.token, resume=self.welcome.cursor)
        ((_, door),) = self.enter(request)
        return door

    def said(self, door: FakeDoor) -> list[str]:
        """All that a door was shown, in order."""
        texts: list[str] = []
        for event in door.events:
            if isinstance(event, Past):
                texts += [e.text for e in event.events if isinstance(e, Said)]
            elif isinstance(event, Said):
                texts.append(event.text)
        return texts

    def test_missed(self) -> None:
        """What was said meanwhile comes in order, then what is said from now on."""
        type_in(self.hub, self.bob, "one", "two")
        door = self.resume()
        turn(self.hub)
        type_in(self.hub, self.bob, "three")
        self.assertEqual(self.said(door), ["one", "two", "three"])
        self.assertEqual(door.of(CaughtUp)[0].gap, False)
        kinds = [type(event) for event in door.events[:3]]
        self.assertEqual(kinds, [Welcome, Past, CaughtUp])

    def test_said_meanwhile(self) -> None:
        """Nothing said while somebody comes back is lost or shown twice."""
        type_in(self.hub, self.bob, "one")
        self.store.hold(questions=True)
        door = self.resume()
        for number in range(30):
            self.bob.receive(f"more {number}")
            turn(self.hub, 1)
            waiting, self.store._held = self.store._held or [], []
            for answer in waiting:
                answer()
        self.store.release()
        turn(self.hub)
        texts = self.said(door)
        self.assertEqual(texts, ["one", *(f"more {number}" for number in range(30))])
        self.assertEqual(len(door.of(CaughtUp)), 1)

    def test_waits_for_the_room(self) -> None:
        """Nor is what was on its way before they came back."""
        self.store.hold()
        self.bob.receive("one")
        turn(self.hub)
        door = self.resume()
        turn(self.hub)
        self.store.release()
        turn(self.hub)
        self.assertEqual(self.said(door), ["one"])

    def test_too_much(self) -> None:
        """Of too much the latest is shown, and that there is a gap."""
        self.patch(entrance, "RESUMED", 3)
        type_in(self.hub, self.bob, *(str(number) for number in range(5)))
        door = self.resume()
        turn(self.hub)
        self.assertEqual(self.said(door), ["2", "3", "4"])
        self.assertTrue(door.of(CaughtUp)[0].gap)

    def test_edge(self) -> None:
        """Just as much as is shown at once is no gap."""
        self.patch(entrance, "RESUMED", 3)
        type_in(self.hub, self.bob, *(str(number) for number in range(3)))
        door = self.resume()
        turn(self.hub)
        self.assertEqual(self.said(door), ["0", "1", "2"])
        self.assertFalse(door.of(CaughtUp)[0].gap)

    def test_bad_cursor(self) -> None:
        """A cursor that this server did not make is refused."""
        for cursor in ("abc", "-1", "1" * 19):
            ((_, door),) = self.enter(Enter("cho", resume=cursor))
            turn(self.hub)
            self.assertEqual(codes(door), ["bad-request"])


class RegisteringTests(EntranceCase):
    """Guests and newcomers make accounts."""

    def test_newcomer(self) -> None:
        """Who registers has come in, as a member."""
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/register ann {SECRET}")
        self.assertEqual(door.of(Welcome)[0].role, Role.MEMBER)
        self.assertIn("is yours", door.of(Notice)[-1].text)
        self.assertEqual(names(self.hub), ["ann"])

    def test_nothing_unread(self) -> None:
        """To a new account nothing is new that was said before there was one."""
        bob, _ = join(self.hub, "bob")
        type_in(self.hub, bob, "one", "two")
        ann, door = connect(self.hub)
        ann.submit(Invoke("register", f"ann {SECRET}"))
        turn(self.hub)
        lobby = door.of(Welcome)[0].rooms[0]
        self.assertEqual(lobby.unread, 0)
        self.assertGreater(lobby.seen, 0)
        type_in(self.hub, bob, "three")
        ann.end("")
        turn(self.hub)
        _, door = join(self.hub, "ann", password=SECRET)
        self.assertEqual(door.of(Welcome)[0].rooms[0].unread, 1)

    def test_guest(self) -> None:
        """A guest who registers keeps identity, name, rooms and ignored people."""
        join(self.hub, "bob")
        ann, _ = join(self.hub, "ann", "ops")
        _, cho = join(self.hub, "cho")
        id = ann.somebody().id
        type_in(self.hub, ann, "/ignore bob")
        cho.take()
        type_in(self.hub, ann, f"/register ann {SECRET}")
        self.assertEqual(ann.somebody().id, id)
        self.assertFalse(ann.somebody().guest)
        self.assertEqual(cho.events, [])
        for room in ("lobby", "ops"):
            present = self.hub.rooms.find(room).present[id]
            self.assertFalse(present.guest)
        ann.end("")
        turn(self.hub)
        again, door = join(self.hub, "ann", password=SECRET)
        self.assertEqual(again.somebody().id, id)
        rooms = [room.name for room in door.of(Welcome)[0].rooms]
        self.assertEqual(rooms, ["lobby", "ops"])
        self.assertEqual(len(again.account.ignored if again.account else ()), 1)

    def test_guest_under_another_name(self) -> None:
        """A guest may register another name; the old one is free, others are told."""
        ann, _ = join(self.hub, "ann")
        _, bob = join(self.hub, "bob")
        type_in(self.hub, ann, f"/register rose {SECRET}")
        (renamed,) = bob.of(Renamed)
        self.assertEqual((renamed.person.name, renamed.now.name), ("ann", "rose"))
        join(self.hub, "ann")
        self.assertEqual(sorted(names(self.hub)), ["ann", "bob", "rose"])
        self.check_tidy()

    def test_name_of_a_guest(self) -> None:
        """The name of a guest who is here cannot be registered by another."""
        join(self.hub, "ann")
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/register ann {SECRET}")
        self.assertEqual(codes(door), ["name-taken"])
        self.check_tidy()

    def test_two_at_once(self) -> None:
        """Of two who register one name in one turn, the first has it."""
        self.store.hold(questions=True)
        sessions = [connect(self.hub) for _ in range(2)]
        for session, _ in sessions:
            session.receive(f"/register ann {SECRET}")
        self.store.release()
        turn(self.hub)
        (_, one), (_, two) = sessions
        self.assertEqual(len(one.of(Welcome)), 1)
        self.assertEqual(codes(two), ["name-taken"])
        self.check_tidy()

    def test_guest_and_registering(self) -> None:
        """A guest cannot take a name that somebody is about to register."""
        self.store.hold(questions=True)
        one, door = connect(self.hub)
        one.receive(f"/register ann {SECRET}")
        ((_, guest),) = self.enter(Enter("ann"))
        self.store.release()
        turn(self.hub)
        self.assertEqual(len(door.of(Welcome)), 1)
        self.assertEqual(guest.of(Welcome), [])
        self.check_tidy()

    def test_refused(self) -> None:
        """Who is refused keeps the present name, and gives the other one back."""
        ann, door = join(self.hub, "ann")
        type_in(self.hub, ann, "/register rose 1234")
        self.assertEqual(codes(door), ["bad-password"])
        self.assertEqual(door.of(Failed)[0].line, "")
        join(self.hub, "rose")
        type_in(self.hub, ann, "/register ann 1234")
        ((_, other),) = self.enter(Enter("ann"))
        turn(self.hub)
        self.assertEqual(codes(other), ["name-taken"])
        self.check_tidy()

    def test_gone_meanwhile(self) -> None:
        """Whose line breaks meanwhile has the account, and nobody is confused."""
        ann, _ = join(self.hub, "ann")
        _, bob = join(self.hub, "bob")
        bob.take()
        self.store.hold(questions=True)
        ann.receive(f"/register rose {SECRET}")
        ann.end("")
        self.store.release()
        turn(self.hub)
        self.assertEqual([type(e) for e in bob.events], [Departed])
        self.check_tidy()
        again, _ = join(self.hub, "rose", password=SECRET)
        self.assertEqual(again.role, Role.MEMBER)
        join(self.hub, "ann")

    def test_newcomer_gone_meanwhile(self) -> None:
        """So has a newcomer."""
        session, _ = connect(self.hub)
        self.store.hold(questions=True)
        session.receive(f"/register rose {SECRET}")
        session.end("")
        self.store.release()
        turn(self.hub)
        self.assertEqual(names(self.hub), [])
        self.check_tidy()
        join(self.hub, "rose", password=SECRET)
        self.check_tidy()

    def test_lockdown(self) -> None:
        """While the server is locked down, nobody registers."""
        self.hub.lockdown = True
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/register ann {SECRET}")
        self.assertEqual(codes(door), ["closed"])
        self.check_tidy()

    def test_twice(self) -> None:
        """A member cannot register once more, nor log in again."""
        ann, door = join(self.hub, "ann", password=SECRET)
        type_in(self.hub, ann, f"/register rose {SECRET}", f"/login ann {SECRET}")
        self.assertEqual(codes(door), ["bad-request", "bad-request"])

    def test_reserved(self) -> None:
        """A name that somebody gave up stays reserved."""
        ann, _ = join(self.hub, "ann", password=SECRET)
        type_in(self.hub, ann, f"/unregister {SECRET}")
        session, door = connect(self.hub)
        type_in(self.hub, session, f"/register ann {SECRET}", "ann")
        self.assertEqual(codes(door), ["name-taken", "name-taken"])
        self.assertEqual(session.asking, "")

    def test_programs(self) -> None:
        """A program that registers is given a token."""
        session, door = connect(self.hub)
        plain = session.look
        session.look = replace(plain, shows_latest=False)
        session.submit(Invoke("register", f"ann {SECRET}", ref=1))
        turn(self.hub)
        self.assertEqual(door.of(Welcome)[0].token, "token-1")


class RenamingTests(EntranceCase):
    """Guests change their names."""

    def test_renamed(self) -> None:
        """Everybody is told, and the old name is free."""
        ann, _ = join(self.hub, "ann", "ops")
        _, bob = join(self.hub, "bob")
        type_in(self.hub, ann, "/nick rose")
        (renamed,) = bob.of(Renamed)
        self.assertEqual((renamed.person.name, renamed.now.name), ("ann", "rose"))
        self.assertEqual(renamed.person.id, renamed.now.id)
        self.assertEqual(self.hub.rooms.find("ops").names(), ("rose",))
        join(self.hub, "ann")

    def test_case(self) -> None:
        """The case alone may change."""
        ann, _ = join(self.hub, "ann")
        type_in(self.hub, ann, "/nick Ann")
        self.assertEqual(names(self.hub), ["Ann"])
        self.assertEqual(self.hub.presence.named("ANN"), self.hub.presence.named("ann"))
        ((_, door),) = self.enter(Enter("ann"))
        turn(self.hub)
        self.assertEqual(codes(door), ["name-taken"])

    def test_refused(self) -> None:
        """Taken, reserved and registered names are refused; the present one stays."""
        join(self.hub, "bob")
        join(self.hub, "dan", password=SECRET)[0].end("")
        turn(self.hub)
        ann, door = join(self.hub, "ann")
        type_in(self.hub, ann, "/nick bob", "/nick dan", "/nick help", "/nick ann")
        self.assertEqual(
            codes(door), ["name-taken", "name-taken", "name-taken", "bad-request"]
        )
        self.assertIn("/login dan", door.of(Failed)[1].text)
        self.assertEqual((session_name(ann), ann.asking), ("ann", ""))
        join(self.hub, "dan", password=SECRET)
        self.check_tidy()

    def test_two_at_once(self) -> None:
        """Of two who ask for one name in one turn, the first has it."""
        ann, _ = join(self.hub, "ann")
        bob, door = join(self.hub, "bob")
        self.store.hold(questions=True)
        ann.receive("/nick rose")
        bob.receive("/nick rose")
        self.store.release()
        turn(self.hub)
        self.assertEqual(names(self.hub), ["rose", "bob"])
        self.assertEqual(codes(door), ["name-taken"])

    def test_store_down(self) -> None:
        """When the store cannot tell whether a name is free, it is given back."""
        ann, door = join(self.hub, "ann")
        self.store.failing = True
        type_in(self.hub, ann, "/nick rose")
        self.store.failing = False
        self.assertEqual(codes(door), ["store-down"])
        join(self.hub, "rose")

    def test_gone_meanwhile(self) -> None:
        """Who is gone meanwhile leaves both names free."""
        ann, _ = join(self.hub, "ann")
        self.store.hold(questions=True)
        ann.receive("/nick rose")
        ann.end("")
        self.store.release()
        turn(self.hub)
        join(self.hub, "ann")
        join(self.hub, "rose")
        self.check_tidy()

    def test_member(self) -> None:
        """An account keeps its name."""
        ann, door = join(self.hub, "ann", password=SECRET)
        type_in(self.hub, ann, "/nick rose")
        self.assertEqual(codes(door), ["not-allowed"])


def session_name(session: Session) -> str:
    """How somebody is called."""
    return session.somebody().name


class LoggingInTests(EntranceCase):
    """A guest logs in."""

    def test_guest(self) -> None:
        """The guest leaves, and the member is here."""
        join(self.hub, "ann", password=SECRET)[0].end("")
        _, bob = join(self.hub, "bob")
        guest, door = join(self.hub, "visitor")
        bob.take()
        type_in(self.hub, guest, f"/login ann {SECRET}")
        self.assertEqual([type(e) for e in bob.events], [Departed, Arrived])
        self.assertEqual(guest.role, Role.MEMBER)
        self.assertEqual(len(door.of(Welcome)), 2)
        self.check_tidy()
        type_in(self.hub, guest, "hello")
        self.assertEqual(bob.of(Said)[0].sender.name, "ann")

    def test_wrong(self) -> None:
        """With a wrong password the guest stays, and is told the same for any name."""
        join(self.hub, "ann", password=SECRET)[0].end("")
        guest, door = join(self.hub, "visitor")
        type_in(self.hub, guest, "/login ann nope-nope", "/login nobody1 nope-nope")
        one, two = door.of(Failed)
        self.assertEqual((one.code, one.text), (two.code, two.text))
        self.assertEqual(names(self.hub), ["visitor"])


class ClaimTests(EntranceCase):
    """The first operator."""

    def setUp(self) -> None:
        super().setUp()
        self.code = result(self.hub.login.open_claim())
        self.ann, self.door = join(self.hub, "ann", password=SECRET)

    def test_claimed(self) -> None:
        """The code makes an operator, once."""
        type_in(self.hub, self.ann, f"/claim {self.code}")
        self.assertEqual(self.ann.role, Role.OPERATOR)
        self.assertEqual(len(self.door.of(RoleChanged)), 1)
        bob, door = join(self.hub, "bob", password=SECRET)
        type_in(self.hub, bob, f"/claim {self.code}")
        self.assertEqual(codes(door), ["not-found"])
        self.assertEqual(result(self.hub.login.open_claim()), "")

    def test_wrong(self) -> None:
        """A wrong code makes nobody anything."""
        type_in(self.hub, self.ann, "/claim nonsense")
        self.assertEqual(codes(self.door), ["wrong-password"])
        self.assertEqual(self.ann.role, Role.MEMBER)

    def test_not_stored(self) -> None:
        """A code that could not be used, because the store failed, stays good."""
        self.store.failing = True
        type_in(self.hub, self.ann, f"/claim {self.code}")
        self.assertEqual(self.ann.role, Role.MEMBER)
        self.store.failing = False
        self.hub.clock.advance(10)  # type: ignore[attr-defined]
        turn(self.hub)
        self.assertEqual(codes(self.door), ["not-stored"])
        type_in(self.hub, self.ann, f"/claim {self.code}")
        self.assertEqual(self.ann.role, Role.OPERATOR)

    def test_guest(self) -> None:
        """A guest needs an account first."""
        guest, door = join(self.hub, "guest1")
        type_in(self.hub, guest, f"/claim {self.code}")
        self.assertEqual(codes(door), ["not-allowed"])


class BanTests(EntranceCase):
    """Who is banned from the server does not come in."""

    def setUp(self) -> None:
        super().setUp()
        self.boss, _ = join(self.hub, "boss", password=SECRET)
        code = result(self.hub.login.open_claim())
        type_in(self.hub, self.boss, f"/claim {code}")
        self.boss.address = "198.51.100.7"
        self.ann, self.door = join(self.hub, "ann", password=SECRET)

    def test_account(self) -> None:
        """A banned account is ended with the reason, and refused by password."""
        type_in(self.hub, self.boss, "/serverban ann rude words")
        self.assertFalse(self.door.open)
        self.assertIn("rude words", self.door.of(Closing)[0].text)
        ((_, door),) = self.enter(Enter("ann", SECRET))
        turn(self.hub)
        self.assertEqual(codes(door), ["banned"])
        self.check_tidy()

    def test_account_by_token(self) -> None:
        """It is refused by token, too."""
        ((_, door),) = self.enter(Enter("ann", SECRET))
        turn(self.hub)
        token = door.of(Welcome)[0].token
        type_in(self.hub, self.boss, "/serverban ann")
        self.assertFalse(door.open)
        ((_, door),) = self.enter(Enter(token=token))
        turn(self.hub)
        self.assertEqual(codes(door), ["banned"])
        self.check_tidy()

    def test_address(self) -> None:
        """Who is at a banned address is ended; operators never are."""
        _, waiting_door = connect(self.hub)
        type_in(self.hub, self.boss, "/serverban 192.0.2.0/24")
        self.assertFalse(self.door.open)
        self.assertFalse(waiting_door.open)
        self.assertFalse(self.boss.ended)

    def test_address_later(self) -> None:
        """A connection that was there before cannot come in, nor register."""
        (guest, member, newcomer) = (connect(self.hub) for _ in range(3))

        def check(**what: str) -> None:
            raise Banned("You are banned from this server.")

        self.hub.bans.check = check  # type: ignore[method-assign]
        guest[0].submit(Enter("bob"))
        member[0].submit(Enter("ann", SECRET))
        newcomer[0].submit(Typed(f"/register cho {SECRET}"))
        turn(self.hub)
        for _, door in (guest, member, newcomer):
            self.assertEqual(codes(door), ["banned"])
        self.check_tidy()


class FullDiskTests(EntranceCase):
    """While nothing can be stored, people come in all the same."""

    def setUp(self) -> None:
        super().setUp()
        _, self.watcher = join(self.hub, "watcher")

    def come(self, request: Enter, *, full: bool = True) -> tuple[Session, Welcome]:
        """Come in; nobody but those who are in is told of."""
        self.store.full = full
        ((session, door),) = self.enter(request)
        turn(self.hub)
        self.assertEqual(codes(door), [])
        (welcome,) = door.of(Welcome)
        self.assertEqual(self.watcher.of(Departed), [])
        return session, welcome

    def test_guest(self) -> None:
        """A guest comes in, without a token."""
        session, welcome = self.come(Enter("ann"))
        self.assertEqual((welcome.token, session.token), ("", ""))
        self.assertIn("ann", names(self.hub))

    def test_member(self) -> None:
        """A member comes in with the password, as a person or a program."""
        join(self.hub, "ann", password=SECRET)[0].end("")
        turn(self.hub)
        self.watcher.take()
        for show in (True, False):
            session, welcome = self.come(Enter("ann", SECRET, show=show))
            self.assertEqual((session.role, welcome.token), (Role.MEMBER, ""))

    def test_outdated(self) -> None:
        """A password that should be hashed anew lets its owner in as it is."""
        join(self.hub, "ann", password=SECRET)[0].end("")
        turn(self.hub)
        self.watcher.take()
        self.patch(self.hub.login._passwords, "outdated", lambda secret: True)
        session, _ = self.come(Enter("ann", SECRET))
        self.assertEqual(session.role, Role.MEMBER)

    def test_log(self) -> None:
        """The log tells who is who, and why somebody had to go."""
        with capturedLogs() as log:
            ann, _ = join(self.hub, "ann")
            type_in(self.hub, ann, "/nick anna")
            ann.close("An operator ended this session.")
            turn(self.hub)
        told = [formatEvent(event) for event in log]
        self.assertIn("ann is called anna now, from 192.0.2.1", told)
        ended = "was told: An operator ended this session."
        self.assertIn(f"anna left: {ended}", told)

    def test_zero(self) -> None:
        """A zero for an o is another's name; one that looks like nobody's is free."""
        join(self.hub, "bob")
        for name, free in (("b0b", False), ("r00t", False), ("r2d20", True)):
            session, _ = connect(self.hub)
            type_in(self.hub, session, name)
            self.assertEqual(session.person is not None, free, name)

    def test_token(self) -> None:
        """A token goes on being good, and is what one has."""
        session, first = self.come(Enter("ann"), full=False)
        again, second = self.come(Enter("", token=first.token))
        self.assertEqual(second.token, first.token)
        self.assertEqual(again.token, session.token)

    def test_rename(self) -> None:
        """A guest who came in before takes another name."""
        session, _ = self.come(Enter("ann"), full=False)
        self.store.full = True
        type_in(self.hub, session, "/nick rose")
        self.assertIn("rose", names(self.hub))

    def test_token_first(self) -> None:
        """Nobody is told of somebody before their token is kept."""
        add, seen = self.store.add_token, []

        async def look(*args: Any) -> None:
            seen.append([one.person.name for one in self.watcher.of(Arrived)])
            await add(*args)

        self.patch(self.store, "add_token", look)
        self.watcher.take()
        self.come(Enter("ann"), full=False)
        self.assertEqual(seen, [[]])
        self.assertEqual(len(self.watcher.of(Arrived)), 1)


class ShowingTests(EntranceCase):
    """What somebody in a terminal is shown on coming in."""

    def test_latest(self) -> None:
        """The last messages of the lobby."""
        ann, _ = join(self.hub, "ann")
        type_in(self.hub, ann, *(f"line {number}" for number in range(12)))
        _, bob = join(self.hub, "bob")
        (past,) = bob.of(Past)
        texts = [e.text for e in past.events if isinstance(e, Said)]
        self.assertEqual(texts, [f"line {number}" for number in range(2, 12)])

    def test_no_latest(self) -> None:
        """None, if the operator says so."""
        self.hub.rules = replace(self.hub.rules, history_shown=0)
        ann, _ = join(self.hub, "ann")
        type_in(self.hub, ann, "hello")
        _, bob = join(self.hub, "bob", "ops")
        self.assertEqual(bob.of(Past), [])

    def test_waiting(self) -> None:
        """Private messages that waited; they wait until something is typed."""
        join(self.hub, "ann", password=SECRET)[0].end("")
        bob, _ = join(self.hub, "bob")
        type_in(self.hub, bob, "/msg ann one", "/msg ann two")
        for _ in range(2):
            ann, door = join(self.hub, "ann", password=SECRET)
            self.assertEqual(door.of(Welcome)[0].whispers, 2)
            waiting = [p for p in door.of(Past) if p.name == "waiting"]
            self.assertEqual([len(p.events) for p in waiting], [2])
            ann.end("")
            turn(self.hub)
        ann, _ = join(self.hub, "ann", password=SECRET)
        type_in(self.hub, ann, "/reply hello")
        ann.end("")
        turn(self.hub)
        _, door = join(self.hub, "ann", password=SECRET)
        self.assertEqual(door.of(Welcome)[0].whispers, 0)

    def test_many_waiting(self) -> None:
        """When more wait than are shown at once, people are told so."""
        self.hub.rules = replace(self.hub.rules, history_max=2)
        join(self.hub, "ann", password=SECRET)[0].end("")
        bob, _ = join(self.hub, "bob")
        type_in(self.hub, bob, *(f"/msg ann {n}" for n in ("one", "two", "three")))
        _, door = join(self.hub, "ann", password=SECRET)
        (waiting,) = [p for p in door.of(Past) if p.name == "waiting"]
        self.assertEqual(len(waiting.events), 2)
        self.assertIn("3 private messages", waiting.title)

    def test_down(self) -> None:
        """Who enters a room while the store is away is in it, without its history."""
        ann, _ = join(self.hub, "ann", "ops")
        type_in(self.hub, ann, "hello")
        bob, door = join(self.hub, "bob", password=SECRET)
        self.store.failing = True
        type_in(self.hub, bob, "/join ops")
        self.assertEqual([e.room.name for e in door.of(Entered)], ["ops"])
        self.assertEqual(codes(door), [])
        self.assertIn("ops", self.hub.presence.rooms_of(bob.somebody().id))
