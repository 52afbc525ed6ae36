"""Somebody comes in by the page, comes back, and goes."""

import json
import signal
import socket

from tests.e2e.browsing import PageCase, message
from tests.e2e.running import HOST, PASSWORD, wait_until
from tests.e2e.sending import Sender


class ComingTests(PageCase):
    """Who somebody is, and for how long."""

    def test_session(self) -> None:
        """A page that is opened again knows who it is; one that logged out does not."""
        self.start()
        ann = self.window()
        ann.enter("ann", "register")
        ann.say("I was here")
        ann.expect("I was here")
        ann.wait(lambda: "sending" not in ann.text("#log"), "it is not sent")
        stored = ann.js("return JSON.stringify(localStorage)")
        self.assertNotIn(PASSWORD, stored)
        ann.go(self.address)
        ann.come_in()
        ann.expect("I was here")
        ann.expect("ann", "#account")

        token = json.loads(json.loads(stored)["chatd"])["token"]
        ann.click("#account")
        ann.click("#dialog section:last-child button")
        ann.find("#name")
        self.assertNotIn(token, ann.js("return JSON.stringify(localStorage)"))
        with socket.create_connection((HOST, self.port), 5) as line:
            line.sendall(message(do="enter", token=token))
            lines = line.makefile("rb")
            lines.readline()
            self.assertEqual(json.loads(lines.readline())["code"], "wrong-password")

        ann.enter("ann", "login")
        ann.expect("I was here")
        self.assert_sound(ann)

    def test_not_loaded(self) -> None:
        """What is inside is loaded on the way in; if that fails, one is told so."""
        self.start()
        ann = self.window()
        ann.cdp("Network.enable")
        ann.cdp("Network.setBlockedURLs", urls=["*/page.js"])
        ann.fill("#name", "ann")
        ann.click("#come:enabled")
        ann.expect("could not be loaded: reload it", "#said")
        ann.cdp("Network.setBlockedURLs", urls=[])
        ann.go(self.address)
        ann.enter("ann")

    def test_reloaded(self) -> None:
        """A page that is loaded again is where it was; guests are in their rooms."""
        self.start()
        for name, way in (("ann", "register"), ("bob", "guest")):
            person = self.window()
            person.enter(name, way)
            for room in ("art", "ops", "zoo"):
                person.say(f"/join {room}")
                person.expect(f"#{room}", "#title")
            person.say("/leave art")
            person.gone("art", "#rooms")
            person.js("document.querySelectorAll('#rooms button')[1].click()")
            person.expect("#ops", "#title")
            person.say(f"{name} was here")
            person.wait(lambda p=person: not p.text(".sending"), "it is not sent")
            person.go(self.address)
            person.come_in()
            person.expect("#ops", "#title")
            person.expect(f"{name} was here")
            person.expect("zoo", "#rooms")
            self.assertNotIn("art", person.text("#rooms"))
            person.say("and is again")
            person.expect("and is again")
            self.assertEqual(person.messages()[-1], "and is again")
            self.assertEqual(person.text("#title"), "#ops")
            self.assert_sound(person)

    def test_wrong(self) -> None:
        """Who types a wrong password, or a name that is taken, reads what is wrong."""
        self.start()
        self.register("ann")
        window = self.window()
        window.fill("#name", "Ann")
        window.click("#come:enabled")
        window.expect("belongs to somebody", "#said")
        window.fill("#password", "a-wrong-password")
        window.click("#come:enabled")
        window.wait(lambda: "belongs" not in window.text("#said"), "no answer")
        window.expect("password", "#said")
        window.fill("#password", PASSWORD)
        window.click("#come:enabled")
        window.come_in()
        window.expect("ann", "#account")

    def test_spaces(self) -> None:
        """No part of a name or password with spaces is taken for something else."""
        self.start()
        window = self.window()
        window.js("document.querySelector('[value=register]').click()")
        window.fill("#name", "Ann Schmidtberger")
        window.fill("#password", PASSWORD)
        window.click("#come:enabled")
        window.expect("A name has no spaces.", "#said")
        window.fill("#name", "ann")
        window.fill("#password", f"{PASSWORD} battery")
        window.click("#come:enabled")
        window.expect("A password has no spaces.", "#said")
        window.fill("#password", PASSWORD)
        window.click("#come:enabled")
        window.come_in()
        window.expect("ann", "#account")

    def test_promoted(self) -> None:
        """Who is made an operator is told so, and is one."""
        code = self.claim_code(self.start())
        ann = self.window()
        ann.enter("ann", "register")
        ann.say(f"/claim {code}")
        ann.expect("ann is an operator now, by ann.")
        ann.expect("operator", "#account")
        self.assert_sound(ann)

    def test_renamed(self) -> None:
        """Who takes another name is still heard, and so is what is said after it."""
        self.start()
        ann = self.window()
        ann.enter("ann")
        cho = self.nc("cho")
        cho.type("before", "/nick charlotte", "after one", "after two")
        ann.expect("cho is now charlotte")
        ann.expect("after two")
        self.assertEqual(ann.messages(), ["before", "after one", "after two"])
        ann.expect("charlotte", "#persons")
        ann.say("/nick anna")
        ann.expect("anna", "#account")
        ann.click("#account")
        ann.fill("#register-new-password", PASSWORD)
        ann.click("#dialog form button")
        ann.expect("It is yours now.", "#dialog")
        ann.expect("member", "#account")
        self.assert_sound(ann)

    def test_quit(self) -> None:
        """Who quits is asked nothing more, and comes back with an empty field."""
        self.start()
        ann = self.window()
        ann.enter("ann")
        ann.say("/quit")
        ann.expect("Come back", "#banner")
        value = "return document.getElementById('text').value"
        self.assertEqual(ann.js(value), "")
        ann.click("#now")
        ann.come_in()
        self.assertEqual(ann.js(value), "")
        self.assertEqual(ann.text("#log .error"), "")
        ann.say("here again")
        ann.wait(lambda: "here again" in ann.messages(), "it is not said")
        self.assert_sound(ann)

    def test_ended(self) -> None:
        """What was under way when the server ends the session is not sent by itself."""
        self.start()
        ann = self.window()
        ann.enter("ann")
        ann.js(
            "Promise.all([import('./page.js'), import('./saying.js')]).then("
            "([{ chat }, { say }]) => say(chat.current, 'x\\n'.repeat(200_000)))"
        )
        ann.expect("This connection ends", "#banner")
        ann.expect("Not sent. This connection ends", "#log .failed")
        ann.click("#now")
        ann.come_in()
        ann.say("still here")
        ann.wait(lambda: not ann.text(".sending"), "it is not sent")
        self.assertEqual(ann.text("#banner"), "")
        ann.find("#log .failed")

    def test_killed(self) -> None:
        """
        The server is killed and started again while a hundred messages a second flow:
        the page comes back by itself, and shows each once and in order.
        """
        server = self.start("--limits-throttle=false")
        ann = self.window()
        ann.enter("ann")
        many = 420
        robot = Sender(self.port, many, 100)
        ann.expect("number 100")
        server.process.send_signal(signal.SIGKILL)
        server.end()
        ann.find("#banner")
        self.assertTrue(ann.js("return document.getElementById('field').disabled"))
        self.start("--limits-throttle=false")
        ann.come_in()
        ann.expect(f"number {many - 1}")
        wait_until(lambda: robot.said == many, lambda: f"only {robot.said} were said")
        shown = [text for text in ann.messages() if text.startswith("number")]
        self.assertEqual(shown, [f"number {number}" for number in range(many)])
        self.assertFalse(ann.js("return document.getElementById('field').disabled"))
        ann.say("still here")
        ann.wait(lambda: ann.messages()[-1] == "still here", "it is not there")
        self.assert_sound(ann)

    def test_stopped(self) -> None:
        """When the server stops, the page says so, takes no words, and comes back."""
        server = self.start()
        ann = self.window()
        ann.enter("ann", "register")
        ann.js(
            "import('./door.js').then(({ session }) =>"
            " session.connection.socket.onmessage("
            '{ data: \'{"event":"closing","text":"lunch","retry":30}\' }))'
        )
        ann.expect("The server says: lunch. Nothing more can be sent.", "#banner")
        self.stop(server)
        ann.expect("The server is gone. It said: ", "#banner")
        self.assertFalse(
            ann.js("return document.getElementById('text').matches(':enabled')")
        )
        self.assertFalse(
            ann.js("return document.getElementById('search').matches(':enabled')")
        )
        self.start()
        ann.click("#now")
        ann.come_in()
        ann.wait(lambda: not ann.text("#banner"), "it still says so")
