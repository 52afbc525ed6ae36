"""The operator's console, in a real browser, on a real server."""

import contextlib
import http.client
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from tests.e2e.browsing import AXE, DESKTOP, PHONE, PageCase, Window
from tests.e2e.cable import Cable
from tests.e2e.running import HOST, PASSWORD, Program, free_port

# Where screenshots are kept, if somebody wants to look at them.
SHOTS = "CHATD_TEST_SHOTS"

# Seconds after which a line of the log must be in the browser.
AT_ONCE = 0.1

BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"


class ConsoleTests(PageCase):
    """An operator clicks, people in terminals see what comes of it."""

    def setUp(self) -> None:
        super().setUp()
        self.own = free_port()
        self.server = self.begin()
        self.code = self.claim_code(self.server)

    def begin(self) -> Program:
        """A server with its console."""
        return self.start(f"--console=tcp:{self.own}:interface={HOST}")

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.own}/console"

    def claimed(self, size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> Window:
        """Olga, who has become the operator in this window."""
        window = self.window(size, dark=dark)
        window.expect("There is no operator yet", "#door")
        window.fill("#name", "olga")
        window.fill("#password", PASSWORD)
        window.fill("#code", self.code)
        window.click("#log-in-go")
        window.expect("Running", "#state")
        return window

    def logged_in(self) -> Window:
        """Olga, who is the operator already."""
        window = self.window()
        window.fill("#name", "olga")
        window.fill("#password", PASSWORD)
        window.click("#log-in-go")
        window.find("#state")
        return window

    def confirm(self, window: Window, **fields: str) -> None:
        """Fill in the dialog, and go on with it."""
        for name, value in fields.items():
            window.fill(f"#d-{name}", value)
        window.click("#dialog-go")
        window.wait(
            lambda: not window.js("return document.querySelector('dialog').open"),
            "the dialog stays",
        )

    def show(self, window: Window, view: str) -> None:
        """Turn to a view."""
        window.click(f"nav a[href='#{view}']")
        window.find(f"#view-{view}")

    def test_stop_and_move(self) -> None:
        """
        Stop: people are told and nobody can join; the console stays. The port changes,
        the chat starts, and the port is used after a restart, too.
        """
        olga, ann, eve = self.claimed(), self.nc("ann"), self.enter("eve")
        olga.click("#stop")
        self.confirm(olga, reason="Tea.")
        ann.expect("* Tea.\r\n")
        eve.expect("* Tea.\r\n")
        eve.expect_end()
        olga.expect("Stopped", "#state")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((HOST, self.port))
        old, self.port = self.port, free_port()
        olga.fill("#port", str(self.port))
        olga.click("#port-form button")
        self.confirm(olga)
        olga.expect("also after the next start", "#said")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((HOST, self.port))
        olga.click("#start")
        olga.expect("Running", "#state")
        bob = self.nc("bob")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((HOST, old))
        # While people talk: who is here stays.
        new, self.port = self.port, free_port()
        olga.fill("#port", str(self.port))
        olga.click("#port-form button")
        self.confirm(olga)
        bob.expect(
            f"New connections come to port {self.port} from now on, not to {new}"
        )
        cho = self.nc("cho")
        bob.type("still here")
        cho.expect("bob: still here")
        self.assert_sound(olga)
        self.stop(self.server)
        for act in ("stop", f"change the port to {new}", "start"):
            line = f"chatd.audit: olga: {act} (console, from {HOST})"
            self.assertIn(line, self.server.heard)

        chosen, self.port = self.port, old
        self.server = self.begin()  # with --port as the first time
        self.assertIn(f"port {chosen}, chosen by an operator", self.server.heard)
        self.port = chosen
        self.nc("dan")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((HOST, old))
        olga = self.logged_in()
        olga.expect(str(chosen), ".figures")

    def test_port_taken(self) -> None:
        """A port that another program has is refused in words, and nothing changes."""
        olga = self.claimed()
        with socket.create_server((HOST, 0)) as other:
            olga.fill("#port", str(other.getsockname()[1]))
            olga.click("#port-form button")
            olga.click("#dialog-go")
            olga.expect("is in use by another program", "#dialog-problem")
            olga.click("#dialog-cancel")
        self.nc("ann")

    def test_log(self) -> None:
        """A line of the log is in the browser within a tenth of a second."""
        olga = self.claimed()
        self.show(olga, "log")
        olga.expect("live", "#log-state")
        olga.expect("olga is at the console", "#log-lines")
        olga.js(_WATCH)
        took = []
        for number in range(20):
            before = time.time()
            person = self.connect(f"visitor{number}")
            olga.expect(f"visitor{number} came in by text", "#log-lines")
            shown = olga.js("return self.shown[arguments[0]]", f"visitor{number} ")
            took.append(shown / 1000 - before)
        took.sort()
        print(
            f"log: median {took[10] * 1000:.0f} ms, most {took[-1] * 1000:.0f} ms ",
            end="",
        )
        self.assertLess(took[10], AT_ONCE)
        # What was said is not in it.
        person.type("a secret word")
        self.nc("last")
        olga.expect("last came in by text", "#log-lines")
        self.assertNotIn("secret word", olga.text("#log-lines"))

        olga.click("#log-pause")
        self.nc("paused")
        olga.expect("paused, 1 new", "#log-state")
        self.assertNotIn("paused came in", olga.text("#log-lines"))
        olga.click("#log-pause")
        olga.expect("paused came in", "#log-lines")
        olga.fill("#log-find", "visitor7")
        olga.gone("visitor8", "#log-lines")
        olga.expect("visitor7 came in", "#log-lines")
        self.assert_sound(olga)

    def test_proxy(self) -> None:
        """When a proxy has no server the console says so, and each line comes once."""
        cable = Cable(self.own)
        self.addCleanup(cable.close)
        olga = self.claimed()
        olga.go(f"http://{HOST}:{cable.port}/console#log")
        olga.expect("live", "#log-state")
        cable.break_off(BAD_GATEWAY)
        olga.expect("The server does not answer", "#lost")
        olga.expect("not connected", "#log-state")
        time.sleep(7)  # it asks for the log twice meanwhile
        self.nc("meanwhile")
        cable.mend()
        olga.wait(lambda: not olga.text("#lost"), "it still says so")
        olga.expect("Running", "#state")
        olga.expect("live", "#log-state")
        self.nc("later")
        olga.expect("later came in", "#log-lines")
        for line in ("olga is at the console", "meanwhile came in", "later came in"):
            self.assertEqual(olga.text("#log-lines").count(line), 1, line)

    def test_tabs(self) -> None:
        """Eight consoles in one browser work: only the one looked at has the log."""
        olga = self.claimed()
        first = olga.driver.current_window_handle
        for _ in range(7):
            olga.js(_LOOK, False)
            olga.driver.switch_to.new_window("tab")
            self.addCleanup(self.close_tab, olga, olga.driver.current_window_handle)
            olga.go(f"{self.address}#log")
            olga.expect("live", "#log-state")
            olga.expect("olga is at the console", "#log-lines")
        self.nc("ann")
        olga.expect("ann came in", "#log-lines")
        olga.js(_LOOK, False)
        olga.driver.switch_to.window(first)
        olga.js(_LOOK, True)
        self.show(olga, "log")
        olga.expect("live", "#log-state")
        olga.expect("ann came in", "#log-lines")
        self.assertEqual(olga.text("#log-lines").count("ann came in"), 1)
        self.assertEqual(olga.text("#lost"), "")
        self.assert_sound(olga)

    def close_tab(self, window: Window, handle: str) -> None:
        """Leave the first one alone."""
        window.driver.switch_to.window(handle)
        window.driver.close()
        window.driver.switch_to.window(window.driver.window_handles[0])

    def test_people(self) -> None:
        """Kick, ban and lift; a new password; an operator who is none any more."""
        olga, ann = self.claimed(), self.register("ann")
        self.show(olga, "connections")
        olga.click("[aria-label='Kick ann']")
        self.confirm(olga, reason="Enough.")
        ann.expect("* An operator ended this session: Enough.\r\n")
        ann.expect_end()
        self.show(olga, "bans")
        olga.click("#ban-new")
        self.confirm(olga, whom="ann", time="2h", reason="Floods.")
        olga.expect("Floods.", "#view-bans tbody")
        person = self.connect(f"/login ann {PASSWORD}")
        person.expect("You are banned from this server for ")
        person.expect(": Floods.")
        olga.click("[aria-label='Lift ann']")
        olga.expect("Nobody is shut out.", "#view-bans")
        self.show(olga, "accounts")
        olga.click("[aria-label='New password ann']")
        olga.click("#dialog-go")
        password = olga.find("#dialog-text .mono").text
        person.type(f"/login ann {password}")
        person.expect("* You are ann, a member.")
        self.confirm(olga)
        olga.click("[aria-label='Make operator ann']")
        self.confirm(olga)
        olga.find("[aria-label='Make a member ann']")
        person.type("/deop olga")
        olga.find("#log-in")
        self.assert_sound_but(olga, 401)

    def test_shutdown(self) -> None:
        """The server says when and why it stops, and does."""
        olga, ann = self.claimed(), self.nc("ann")
        olga.click("#shutdown")
        self.confirm(olga, seconds="1", reason="Back at ten.")
        ann.expect("* The server stops in 1 second: Back at ten.\r\n")
        ann.expect("* Back at ten.\r\n")
        self.assertEqual(self.server.end(), 0)
        olga.expect("The server does not answer", "#lost")
        olga.expect("No answer", "#state")
        self.server = self.begin()
        olga.find("#log-in")

    def test_shutdown_off(self) -> None:
        """A shutdown that is to come is seen on each view, and can be ended."""
        olga, ann = self.claimed(), self.nc("ann")
        olga.click("#shutdown")
        self.confirm(olga, seconds="50", reason="A new disk.")
        ann.expect("* The server stops in 50 seconds: A new disk.\r\n")
        olga.js("scrollTo(0, 0)")
        self.show(olga, "bans")
        olga.expect("The server stops in 4", "#ending")
        olga.expect(": A new disk.", "#ending")
        if AXE in os.environ:
            self.assertEqual(olga.harm(), [])
        olga.click("#go-on")
        ann.expect("* The server does not stop after all.\r\n")
        olga.wait(lambda: not olga.text("#ending"), "it still says so")
        self.assert_sound(olga)

    def test_forged(self) -> None:
        """A form of another site stops nothing, though olga's browser sends it."""
        olga = self.claimed()
        site = Path(self.folder) / "evil.html"
        site.write_text(
            f"<form method=post enctype=text/plain action='{self.address}/api/stop'>"
            "<input name='{\"reason\":\"' value='\"}'></form>"
            "<script>document.forms[0].submit()</script>"
        )
        olga.go(site.as_uri())
        olga.expect("did not come from the console's own page", "body")
        self.nc("ann")
        status, words = self.raw("stop", {"Cookie": "chatd-console=x"})
        self.assertEqual(status, 403, words)
        status, words = self.raw("stop", {"Host": "evil.example"})
        self.assertEqual(status, 421, words)

    def raw(self, name: str, headers: dict[str, str]) -> tuple[int, str]:
        """What a program is told that asks for an act."""
        asking = http.client.HTTPConnection(HOST, self.own, timeout=10)
        with contextlib.closing(asking):
            asking.request("POST", f"/console/api/{name}", json.dumps({}), headers)
            response = asking.getresponse()
            return response.status, response.read().decode()

    def assert_sound_but(self, window: Window, status: int) -> None:
        """Nothing went wrong but what was meant to."""
        found = [one for one in window.complaints() if f" {status} " not in one]
        self.assertEqual(found, [])

    def test_looks(self) -> None:
        """It can be used by all, on phones and screens, by day and by night."""
        olga = self.claimed()
        self.nc("ann")
        self.register("bob")
        for size, dark in (
            (DESKTOP, False),
            (DESKTOP, True),
            (PHONE, False),
            (PHONE, True),
        ):
            olga.look(size, dark=dark)
            for view in ("overview", "log", "connections", "accounts", "bans", "rooms"):
                self.show(olga, view)
                olga.expect("well", "#store-short")
                wide = "return document.documentElement.scrollWidth - innerWidth"
                self.assertLessEqual(olga.js(wide), 0, view)
                rules = ["color-contrast"] if dark else []
                self.assertEqual(olga.harm(*rules), [], f"{view} {size} {dark}")
                self.shoot(olga, f"{view}-{size[0]}-{'dark' if dark else 'light'}")
        olga.look(DESKTOP)
        self.show(olga, "connections")
        olga.click("[aria-label='Kick ann']")
        self.assertEqual(olga.harm(), [])
        olga.click("#dialog-cancel")
        olga.click("#log-out")
        olga.find("#log-in")
        self.assertEqual(olga.harm(), [])
        self.shoot(olga, "door")

    def shoot(self, window: Window, name: str) -> None:
        """Keep a picture, if somebody wants to look at it."""
        folder = os.environ.get(SHOTS, "")
        if folder:
            window.driver.save_screenshot(str(Path(folder) / f"console-{name}.png"))


class WithoutTests(PageCase):
    """The console's own listener is not there."""

    def test_taken(self) -> None:
        """If its port is taken the chat runs all the same, and the log says so."""
        with socket.create_server((HOST, 0)) as other:
            port = other.getsockname()[1]
            server = self.start(f"--console=tcp:{port}:interface={HOST}")
            self.assertIn("the console does not listen by itself", server.heard)
            self.connect()
            asking = http.client.HTTPConnection(HOST, self.port, timeout=10)
            with contextlib.closing(asking):
                asking.request("GET", "/console/api/session")
                session: Any = json.loads(asking.getresponse().read())
            self.assertFalse(session["own"])


# Without a screen all tabs are shown: what a browser tells those that are not.
_LOOK = """
const [is] = arguments;
Object.defineProperty(document, "hidden", { get: () => !is, configurable: true });
document.dispatchEvent(new Event("visibilitychange"));
"""

_WATCH = """
self.shown = {};
new MutationObserver((changes) => {
  for (const change of changes)
    for (const node of change.addedNodes) {
      const found = /visitor\\d+ /.exec(node.textContent);
      if (found) self.shown[found[0]] = Date.now();
    }
}).observe(document.getElementById("log-lines"), { childList: true });
"""
