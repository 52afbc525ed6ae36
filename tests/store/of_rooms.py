"""What every store must answer about rooms and the chat as a whole."""

from dataclasses import replace
from typing import Any

from chatd.chat.account import Person
from chatd.chat.events import (
    Act,
    Invited,
    LockdownChanged,
    Moderated,
    MotdChanged,
    RoomChanged,
    RoomOpened,
    ServerBanned,
    ServerUnbanned,
    TopicChanged,
)
from chatd.chat.store import RoomRecord, Sentence, ServerBan, ServerRecord
from tests.store.asking import ANN, BOB, CHO, Asking


class OfRooms(Asking):
    """What events change."""

    def test_room_opened(self) -> None:
        """Who opens a room is its first moderator and member."""
        self.must_keep(
            RoomOpened(id=1, room="ops", sender=ANN, private=True),
            RoomOpened(id=2, room="lab", sender=BOB),
        )
        self.assertEqual(
            self.ask(self.store.rooms()),
            [
                RoomRecord("lab", members=frozenset({2}), moderators=frozenset({2})),
                RoomRecord(
                    "ops",
                    private=True,
                    members=frozenset({1}),
                    moderators=frozenset({1}),
                ),
            ],
        )

    def test_topic(self) -> None:
        """A topic stays until it is changed or cleared."""
        self.must_keep(TopicChanged(id=1, room="ops", sender=ANN, text="a"))
        self.assertEqual(self.room(), RoomRecord("ops", "a"))
        self.must_keep(TopicChanged(id=2, room="ops", sender=ANN, text=""))
        self.assertEqual(self.room(), RoomRecord("ops"))

    def test_room_changed(self) -> None:
        """Who was in a room when it became private may enter it later."""
        self.must_keep(
            RoomOpened(id=1, room="ops", sender=ANN),
            TopicChanged(id=2, room="ops", sender=ANN, text="t"),
            RoomChanged(
                id=3,
                room="ops",
                sender=ANN,
                private=True,
                history=False,
                members=(1, 5, 6),
            ),
        )
        self.assertEqual(
            self.room(),
            RoomRecord("ops", "t", True, False, frozenset({1, 5, 6}), frozenset({1})),
        )
        self.must_keep(
            RoomChanged(id=4, room="ops", sender=ANN, private=False, history=True)
        )
        self.assertEqual((self.room().private, self.room().history), (False, True))
        self.assertEqual(self.room().members, {1, 5, 6})

    def test_invited(self) -> None:
        """An invitation is good for ever, and twice is once."""
        invited = Invited(id=1, room="ops", sender=ANN, person=BOB)
        self.must_keep(invited, replace(invited, id=2))
        self.assertEqual(self.room().members, {2})

    def moderate(self, id: int, act: Act, person: Person = BOB, **more: Any) -> None:
        """Ann uses a right in ops."""
        self.must_keep(
            Moderated(id=id, room="ops", sender=ANN, act=act, person=person, **more)
        )

    def test_mute(self) -> None:
        """A mute is kept with its end and reason until it is lifted or renewed."""
        self.moderate(1, Act.MUTE, until=99.5, reason="loud")
        self.moderate(2, Act.MUTE, CHO)
        self.assertEqual(
            set(self.room().mutes),
            {Sentence(BOB, 99.5, "loud", "Ann"), Sentence(CHO, 0.0, "", "Ann")},
        )
        self.moderate(3, Act.MUTE, until=100.0)
        self.moderate(4, Act.UNMUTE, CHO)
        self.assertEqual(self.room().mutes, (Sentence(BOB, 100.0, "", "Ann"),))
        self.assertEqual(self.room().bans, ())

    def test_ban(self) -> None:
        """Who is banned is no member any more, also when the ban is lifted."""
        self.must_keep(Invited(id=1, room="ops", sender=ANN, person=BOB))
        self.moderate(2, Act.APPOINT)
        self.moderate(3, Act.BAN, reason="rude")
        self.assertEqual(self.room().bans, (Sentence(BOB, 0.0, "rude", "Ann"),))
        self.assertEqual(self.room().members, frozenset())
        self.assertEqual(self.room().moderators, {2})
        self.moderate(4, Act.UNBAN)
        self.assertEqual(self.room(), RoomRecord("ops", moderators=frozenset({2})))

    def test_moderators(self) -> None:
        """Moderators are appointed and dismissed; a kick changes nothing."""
        self.moderate(1, Act.APPOINT)
        self.moderate(2, Act.APPOINT)
        self.moderate(3, Act.KICK)
        self.assertEqual(
            self.room(),
            RoomRecord("ops", members=frozenset({2}), moderators=frozenset({2})),
        )
        self.moderate(4, Act.DISMISS)
        self.assertEqual(self.room(), RoomRecord("ops", members=frozenset({2})))

    def test_motd_and_lockdown(self) -> None:
        """Message of the day and lockdown outlast a restart; a cleared one is empty."""
        self.must_keep(
            MotdChanged(id=1, sender=ANN, text="hi"),
            LockdownChanged(id=2, sender=ANN, on=True),
        )
        self.assertEqual(self.ask(self.store.server()), ServerRecord("hi", True))
        self.must_keep(
            MotdChanged(id=3, sender=ANN, text=""),
            LockdownChanged(id=4, sender=ANN, on=False),
        )
        self.assertEqual(self.ask(self.store.server()), ServerRecord("", False))

    def test_server_bans(self) -> None:
        """Bans from the chat are kept until they are lifted; a new one replaces."""
        ban = ServerBanned(
            id=1, sender=ANN, target="account:bob", shown="Bob", until=9.5, reason="r"
        )
        net = ServerBanned(id=2, sender=ANN, target="network:10.0.0.0/8", shown="10/8")
        self.must_keep(ban, net, replace(ban, id=3, until=0.0))
        self.assertEqual(
            set(self.ask(self.store.server()).bans),
            {
                ServerBan("account:bob", "Bob", 0.0, "r", "Ann"),
                ServerBan("network:10.0.0.0/8", "10/8", 0.0, "", "Ann"),
            },
        )
        self.must_keep(
            ServerUnbanned(id=4, sender=ANN, target="account:bob", shown="Bob")
        )
        self.assertEqual(
            [ban.target for ban in self.ask(self.store.server()).bans],
            ["network:10.0.0.0/8"],
        )

    def test_settings(self) -> None:
        """A value is kept under a name."""
        self.assertEqual(self.ask(self.store.setting("a")), "")
        self.ask(self.store.keep_setting("a", "1"))
        self.ask(self.store.keep_setting("a", "2"))
        self.assertEqual(self.ask(self.store.setting("a")), "2")
