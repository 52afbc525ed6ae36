"""Tests for L{chatd.operate.decided}."""

import socket
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd import __version__
from chatd.chat.rules import Rules
from chatd.operate.decided import rules
from chatd.operate.declared import Doors
from chatd.operate.setting import DECLARED
from chatd.operate.settings import Settings, load

# Settings of the machine, of doors and of what stands beside the chat.
NOT_OF_THE_CHAT = {
    "port",
    "interface",
    "listen",
    "tls_port",
    "telnet_port",
    "telnet",
    "data",
    "keys",
    "commands",
    "console",
    "public_address_url",
    "limits.exempt",
    "limits.undecided",
    "limits.dead_peer",
    "limits.files_kept",
    "limits.paste_from",
    "passwords.memory",
    "passwords.passes",
    "passwords.lanes",
    "passwords.at_once",
    "passwords.waiting",
}
GROUPS_NOT_OF_THE_CHAT = ("doors", "text", "tls", "log", "store", "web", "ssh")


def changed(name: str) -> Settings:
    """The settings with one of them changed."""
    setting = DECLARED[name]
    default: Any = setting.default
    if isinstance(default, bool):
        value = "false" if default else "true"
    elif isinstance(default, int | float):
        value = str(default * 2 if default else 100)
        if name in ("history.shown", "limits.name_chars"):
            value = str(default - 1)
    elif name == "history.rooms":
        value = "ops=90d"
    elif name == "registration":
        value = "closed"
    else:
        value = "other"
    return load({setting.option: [value] if setting.repeatable else value}, {})


class RulesTests(SynchronousTestCase):
    """What an operator sets is what the chat goes by."""

    def test_defaults(self) -> None:
        """Who sets nothing gets the defaults of both sides, which agree."""
        found = rules(Settings(), "openssl …")
        self.assertEqual(found.server, socket.gethostname())
        self.assertEqual(found.version, __version__)
        self.assertEqual(found.encrypt, "openssl …")
        expected = Rules(
            server=found.server,
            version=found.version,
            encrypt=found.encrypt,
            scp=found.scp,
            web="http://{}:5050",
            web_secure="https://{}:5050",
        )
        self.assertEqual(found, expected)

    def test_links(self) -> None:
        """Files are fetched by the server's name, or as each person came in."""
        for name, host in (
            ("", "{}"),
            ("chat.example", "chat.example"),
            ("2001:db8::1", "[2001:db8::1]"),
        ):
            found = rules(Settings(name=name), "", "sha256//abc=")
            self.assertEqual(found.web, f"http://{host}:5050")
            self.assertEqual(found.web_secure, f"https://{host}:5050")
            self.assertEqual(found.curl, "-k --pinnedpubkey sha256//abc=")
        self.assertEqual(found.scp, "-P 5050 {}@[2001:db8::1]")
        self.assertEqual(rules(Settings(), "").curl, "")
        plain = rules(Settings(doors=Doors(tls=False)), "")
        self.assertEqual((plain.web, plain.web_secure), ("http://{}:5050", ""))
        closed = rules(Settings(doors=Doors(web=False, ssh=False)), "")
        self.assertEqual((closed.web, closed.web_secure, closed.scp), ("", "", ""))

    def test_name(self) -> None:
        """The server is called what the operator calls it."""
        self.assertEqual(rules(changed("name"), "").server, "other")

    def test_each(self) -> None:
        """No setting that concerns the chat is forgotten."""
        before = rules(Settings(), "")
        for name in DECLARED:
            if name in NOT_OF_THE_CHAT or name.startswith(GROUPS_NOT_OF_THE_CHAT):
                continue
            self.assertNotEqual(rules(changed(name), ""), before, name)
