"""What people do to each other."""

from chatd.chat.events import Closing, Moderated
from chatd.testing import join, type_in
from tests.chat.talking import TalkCase
from tests.chatting import PASSWORD


class ModeratingTests(TalkCase):
    """Those who are in charge put others out."""

    def test_kicked(self) -> None:
        """Who is kicked sees it, is out, and may come back."""
        type_in(self.hub, self.ann, "/join ops")
        type_in(self.hub, self.bob, "/join ops")
        self.clear()
        type_in(self.hub, self.ann, "/kick bob too loud", "hello")
        (kick,) = self.bob_door.of(Moderated)
        self.assertEqual(kick.reason, "too loud")
        self.assertEqual(self.bob_door.texts(), [])
        self.assertIs(self.bob.room, self.hub.rooms.lobby)
        type_in(self.hub, self.bob, "/join ops")
        self.assertEqual(self.bob_door.codes(), [])

    def test_killed(self) -> None:
        """All sessions of somebody are ended with the reason; others see them leave."""
        boss, boss_door = self.operator("boss")
        join(self.hub, "cho", password=PASSWORD)
        _, one = join(self.hub, "cho", password=PASSWORD)
        self.clear()
        type_in(self.hub, boss, "/kill cho too loud")
        self.assertIn("too loud", one.of(Closing)[0].text)
        self.assertFalse(one.open)
        self.assertEqual(self.ann_door.kinds(), ["Departed"])
        self.assertNotIn("Failed", boss_door.kinds())
