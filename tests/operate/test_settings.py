"""Settings, from wherever the operator put them."""

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.operate.setting import DECLARED
from chatd.operate.settings import (
    Changes,
    Settings,
    SettingsError,
    changed,
    load,
    write_config,
)


class SettingsTests(SynchronousTestCase):
    """What is given is what the server gets."""

    def file(self, text: str | bytes) -> dict[str, Any]:
        """Options that name a file with this text."""
        path = Path(self.mktemp())
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return {"config": str(path)}

    def refused(
        self, options: dict[str, Any], environ: dict[str, str] | None = None
    ) -> str:
        """The one line with which the settings are refused."""
        error = self.assertRaises(SettingsError, load, options, environ or {})
        line = str(error)
        self.assertNotIn("\n", line)
        return line

    def test_defaults(self) -> None:
        """Without anything given the defaults hold."""
        self.assertEqual(load({}, {}), Settings())
        self.assertEqual(load({"port": None}, {"CHATD_PORT": ""}).port, 5050)

    def test_file(self) -> None:
        """Values stand in the file by group and name, in TOML's own types or texts."""
        settings = load(
            self.file(
                'port = 6000\ncommands = ["a.b"]\n[limits]\nthrottle = false\n'
                'line = "16 KiB"\nexempt = ["10.0.0.0/8"]\n[history]\nkeep = "30 d"'
            ),
            {},
        )
        self.assertEqual(settings.port, 6000)
        self.assertEqual(settings.commands, ("a.b",))
        self.assertIs(settings.limits.throttle, False)
        self.assertEqual(settings.limits.line, 16384)
        self.assertEqual(settings.limits.exempt, (ip_network("10.0.0.0/8"),))
        self.assertEqual(settings.history.keep, 30 * 86400.0)
        self.assertEqual(settings.limits.message_chars, 4000)

    def test_order(self) -> None:
        """The command line beats the environment, and that beats the file."""
        options = self.file("port = 1\ntls_port = 1\ntelnet_port = 1")
        environ = {"CHATD_PORT": "2", "CHATD_TLS_PORT": "2"}
        settings = load({**options, "port": "3"}, environ)
        self.assertEqual(
            (settings.port, settings.tls_port, settings.telnet_port), (3, 2, 1)
        )

    def test_file_named_by_environment(self) -> None:
        """CHATD_CONFIG names the file when the command line does not."""
        path = self.file("port = 6000")["config"]
        self.assertEqual(load({}, {"CHATD_CONFIG": path}).port, 6000)

    def test_lists(self) -> None:
        """Lists are repeated options, or words in the environment."""
        self.assertEqual(
            load({"listen": ["tcp:1", "tcp:2"]}, {}).listen, ("tcp:1", "tcp:2")
        )
        settings = load({}, {"CHATD_COMMANDS": "one two"})
        self.assertEqual(settings.commands, ("one", "two"))

    def test_booleans(self) -> None:
        """Yes and no have several words, whatever their case."""
        for word in ("yes", "True", "on", "1"):
            self.assertIs(load({"guests": word}, {}).guests, True)
        for word in ("no", "FALSE", "off", "0"):
            self.assertIs(load({"guests": word}, {}).guests, False)

    def test_wrong_option(self) -> None:
        """A wrong value names the setting, where it came from and what is allowed."""
        self.assertEqual(
            self.refused({"port": "many"}),
            'port (--port): "many" is not allowed; '
            "allowed: a whole number; from 0 to 65535",
        )

    def test_wrong_variable(self) -> None:
        """A wrong variable is named as it stands in the environment."""
        self.assertEqual(
            self.refused({}, {"CHATD_TELNET": "perhaps"}),
            'telnet (CHATD_TELNET): "perhaps" is not allowed; allowed: auto, on or off',
        )

    def test_wrong_values(self) -> None:
        """Each kind of setting refuses what is not of its kind."""
        for line in (
            "port = true",
            "port = 1.5",
            "port = 65536",
            "port = [1]",
            "port = nan",
            "guests = 2",
            "name = 5",
            'commands = "one"',
            "commands = [1]",
            "telnet = false",
            "[history]\nkeep = inf",
            "[log]\nsize = inf",
            "[limits]\nmessage_chars = 0",
            "[limits]\nline = 63",
            '[limits]\nexempt = ["10.0.0.1/8"]',
            '[limits]\nexempt = ["nowhere"]',
        ):
            self.assertIn("is not allowed; allowed: ", self.refused(self.file(line)))

    def test_rooms_kept(self) -> None:
        """What is no room with a limit is refused."""
        for text in ("ops", "ops=", "=3", "ops=-1", "ops=soon"):
            refused = self.refused({"history-rooms": [text]})
            self.assertIn(f'history.rooms: "{text}" is not allowed', refused)

    def test_edges(self) -> None:
        """The smallest and the largest allowed value are allowed."""
        self.assertEqual(load({"port": "65535"}, {}).port, 65535)
        self.assertEqual(load({"port": "0"}, {}).port, 0)
        self.assertEqual(
            load({"limits-message-chars": "1"}, {}).limits.message_chars, 1
        )

    def test_value_of_several_lines(self) -> None:
        """However a wrong value looks, it is told in one line."""
        self.assertIn(r"a\nb", self.refused({"port": "a\nb"}))

    def test_not_utf8(self) -> None:
        """A text that is not UTF-8 is refused."""
        self.assertIn("not allowed", self.refused({"motd": "\udcff"}))

    def test_unknown(self) -> None:
        """An unknown name in the file is refused, with the nearest known one."""
        for text, hint in (
            ("prot = 1", "did you mean port?"),
            ("[limits]\nmesage_chars = 1", "did you mean limits.message_chars?"),
            ("[limit]\nline = 1", "did you mean limits?"),
        ):
            self.assertIn(hint, self.refused(self.file(text)))
        self.assertTrue(
            self.refused(self.file("qqqqqqq = 1")).endswith("there is no such setting")
        )

    def test_value_for_group(self) -> None:
        """A value where a table belongs is refused."""
        self.assertIn("is a table: [limits]", self.refused(self.file("limits = 3")))

    def test_unknown_variable(self) -> None:
        """A variable that is nearly right is refused; a strange one is not ours."""
        self.assertIn(
            "CHATD_MAX_PEOPEL (environment): there is no such setting; "
            "did you mean CHATD_MAX_PEOPLE?",
            self.refused({}, {"CHATD_MAX_PEOPEL": "5"}),
        )
        self.assertEqual(load({}, {"CHATD_PORT_5050_TCP": "tcp://x"}), Settings())

    def test_missing_file(self) -> None:
        """A file that cannot be read is named, with the reason."""
        self.assertEqual(
            self.refused({"config": "nowhere.toml"}),
            "nowhere.toml cannot be read: No such file or directory",
        )

    def test_broken_file(self) -> None:
        """A file that is not TOML, or not text, is named with the place."""
        self.assertIn("is not TOML", self.refused(self.file("port = ")))
        self.assertIn("is not TOML", self.refused(self.file(b"\xff")))

    def test_together(self) -> None:
        """Values that contradict each other are refused; equal ones do not."""
        self.assertIn(
            "history.shown is 11 and history.max is 10",
            self.refused({"history-shown": "11", "history-max": "10"}),
        )
        load({"history-shown": "10", "history-max": "10"}, {})
        self.assertIn("both or neither", self.refused({"tls-key": "x.pem"}))

    def test_declared_well(self) -> None:
        """Each default is one that an operator may write."""
        for setting in DECLARED.values():
            self.assertTrue(setting.help.endswith("."), setting.name)
            if not setting.repeatable and setting.kind is not str:
                shown = setting.show(setting.default).strip('"')
                self.assertEqual(setting.read(shown), setting.default, setting.name)


class ChangedTests(SynchronousTestCase):
    """A reload tells what it does."""

    def test_nothing(self) -> None:
        """Equal settings differ in nothing."""
        self.assertEqual(changed(Settings(), Settings()), Changes((), ()))

    def test_both(self) -> None:
        """What a reload applies and what needs a restart are told apart."""
        new = replace(load({"limits-line": "9000"}, {}), port=1, motd="Hi")
        self.assertEqual(
            changed(Settings(), new), Changes(("motd", "limits.line"), ("port",))
        )


class WriteConfigTests(SynchronousTestCase):
    """The written file is a start for one's own."""

    def back(self, settings: Settings) -> Settings:
        """What is loaded from the file that is written."""
        path = Path(self.mktemp())
        path.write_text(write_config(settings), "utf-8")
        return load({"config": str(path)}, {})

    def test_defaults(self) -> None:
        """The defaults are all there, and all commented out."""
        text = write_config(Settings())
        for setting in DECLARED.values():
            name = setting.name.rpartition(".")[2]
            self.assertIn(f"\n# {name} = {setting.show(setting.default)}\n", text)
        self.assertEqual(self.back(Settings()), Settings())

    def test_manual(self) -> None:
        """docs/chatd.toml is what --write-config prints."""
        manual = Path(__file__).parents[2] / "docs" / "chatd.toml"
        self.assertEqual(
            manual.read_text("utf-8"),
            write_config(Settings()),
            "run: chatd --write-config > docs/chatd.toml",
        )

    def test_uncommented(self) -> None:
        """The comments are right: uncommented they give the defaults again."""
        path = Path(self.mktemp())
        lines = write_config(Settings()).splitlines()
        path.write_text(
            "\n".join(
                line.removeprefix("# ")
                for line in lines
                if " = " in line or line.startswith("[")
            )
        )
        self.assertEqual(load({"config": str(path)}, {}), Settings())

    def test_everything_changed(self) -> None:
        """Whatever is set comes back the same."""
        options: dict[str, Any] = {}
        for setting in DECLARED.values():
            if setting.repeatable:
                options[setting.option] = ["10.9.0.0/16", "fd00::/8"]
            elif setting.kind is bool:
                options[setting.option] = "no" if setting.default else "yes"
            elif setting.kind is str:
                options[setting.option] = 'Grüß "Gott"\n\x7f\t\\ \U0001f600'
            elif setting.kind in (int, float):
                options[setting.option] = str(setting.default + 1)
        options["history-rooms"] = ["ops=90d", "grüße=5000"]
        settings = load(options, {})
        self.assertEqual(self.back(settings), settings)
