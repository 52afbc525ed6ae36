"""The page, in real browsers: people meet there, and with people in terminals."""

import json
import signal
import socket
import time

from tests.e2e.browsing import PHONE, PageCase, Window, message
from tests.e2e.running import HOST, PASSWORD, wait_until
from tests.e2e.sending import Sender


class PageTests(PageCase):
    """What people do on the page."""

    def test_talking(self) -> None:
        """Two people with browsers and one with nc talk, to all and in private."""
        self.start()
        cho = self.nc("cho")
        ann = self.window()
        ann.enter("ann", "register")
        bob = self.window()
        bob.enter("bob")
        ann.expect("bob", "#persons")
        ann.say("hello everybody")
        bob.expect("hello everybody")
        cho.expect("ann: hello everybody\r\n")
        cho.type("hello from a terminal", "/me waves")
        for window in (ann, bob):
            window.expect("hello from a terminal")
            window.expect("cho waves")

        bob.click("#persons li:nth-child(2) button")  # the first is everyone
        bob.expect("ann", "#title")
        bob.say("psst")
        ann.expect("bob\n1", "#talks")
        self.assertEqual(ann.js("return document.title[1]"), "1")
        ann.click("#talks button")
        ann.expect("psst")
        ann.say("yes?")
        bob.expect("yes?")
        self.assertNotIn("psst", cho.heard)

        ann.say("/msg cho only for you")
        cho.expect("ann -> you: only for you\r\n")
        cho.type("/reply thanks")
        ann.expect("thanks")

        ann.click("#rooms button")
        ann.say("@whois cho")
        ann.expect("a guest")
        ann.say("@login cho hidden")
        ann.say("!login cho hidden")
        ann.expect("That looks like a password")
        ann.fill("#text", "")
        ann.say("that was all")
        cho.expect("ann: that was all\r\n")
        self.assertNotIn("hidden", cho.heard)
        cho.type("/quit")
        ann.expect("cho left")
        ann.gone("cho", "#persons")
        self.assert_sound(ann, bob)

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

    def test_harmless(self) -> None:
        """What people say is text: no script, links to the web only, nothing turned."""
        self.start()
        window = self.window()
        window.enter("ann")
        cho = self.nc("cho")
        lines = [
            "<script>window.hit = 1</script>",
            '<img src=x onerror="window.hit = 1">',
            "javascript:window.hit=1 and data:text/html,x",
            "http://javascript:alert(1)@x/ https://ok.example/a?b=<b>",
            "&lt;b&gt; \N{RIGHT-TO-LEFT OVERRIDE}gpj.exe ${1+1} {{1+1}}",
        ]
        cho.type(*lines[:4])
        cho.type(lines[4])
        cho.type("/topic <b>topic</b>", "the end")
        window.expect("the end")
        shown = window.text("#log")
        for line in lines[:4]:
            self.assertIn(line, shown)
        self.assertIn("&lt;b&gt; gpj.exe ${1+1} {{1+1}}", shown)
        script = (
            "return [window.hit ?? null, document.querySelectorAll("
            "'#log script, #log img, #log b, #topic b').length,"
            "[...document.querySelectorAll('#log a')].map(a => [a.protocol, a.rel])]"
        )
        hit, elements, links = window.js(script)
        self.assertEqual((hit, elements), (None, 0))
        for protocol, rel in links:
            self.assertIn(protocol, ("http:", "https:"))
            self.assertEqual(rel, "noopener noreferrer")
        self.assertIn("https://ok.example/a?b=", shown)
        self.assert_sound(window)

    def test_sending(self) -> None:
        """One's own words are there at once: first as being sent, then as sent."""
        server = self.start()
        ann = self.window()
        ann.enter("ann")
        server.process.send_signal(signal.SIGSTOP)
        self.addCleanup(server.process.send_signal, signal.SIGCONT)
        ann.say("is anybody there?")
        ann.expect("is anybody there?", ".message.sending")
        ann.expect("sending", ".message.sending .state")
        server.process.send_signal(signal.SIGCONT)
        ann.wait(lambda: not ann.text(".message.sending"), "it is not sent")
        self.assertEqual(ann.messages(), ["is anybody there?"])

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

    def test_odd_event(self) -> None:
        """An event that the page cannot make sense of costs that event alone."""
        self.start()
        ann = self.window()
        ann.enter("ann")
        for odd in ('{"event":"said","room":"lobby"}', '{"event":"arrived"}'):
            ann.js(
                "import('./door.js').then(({ session }) =>"
                " session.connection.socket.onmessage({ data: arguments[0] }))",
                odd,
            )
        cho = self.nc("cho")
        cho.type("go on")
        ann.expect("go on")
        self.assertEqual(ann.messages(), ["go on"])
        found = ann.complaints()
        self.assertEqual(len(found), 2, found)

    def test_retry(self) -> None:
        """What was refused can be sent again, and then is there once."""
        self.start()
        cho = self.nc("cho")
        cho.type("/join ops")
        cho.expect("ops")
        ann = self.window()
        ann.enter("ann")
        ann.say("/join ops")
        ann.expect("#ops", "#title")
        cho.type("/mute ann")
        ann.expect("cho muted ann")
        ann.say("important")
        ann.expect("Not sent.", ".failed")
        ann.say("wrong")
        ann.wait(lambda: ann.text("#log").count("Not sent.") == 2, "it was sent")
        ann.js("document.querySelectorAll('.failed button')[3].click()")  # discard
        ann.gone("wrong")
        cho.type("/unmute ann")
        ann.expect("lets ann speak")
        ann.click(".retry")
        cho.expect("ann: important\r\n")
        ann.wait(lambda: not ann.text(".failed"), "it is not sent")
        self.assertEqual(ann.messages().count("important"), 1)

    def test_people_elsewhere(self) -> None:
        """Who is in other rooms alone can be picked, too, while they are there."""
        self.start()
        ann = self.window()
        ann.enter("ann")
        cho = self.nc("cho")
        ann.expect("cho", "#persons")
        cho.type("/join ops", "/leave lobby")
        ann.expect("cho", "#others")
        ann.expect("Elsewhere", "#people")
        self.assertNotIn("cho", ann.text("#persons"))
        ann.go(self.address)
        ann.come_in()
        ann.expect("cho\nguest", "#others")
        ann.click("#others button")
        ann.say("psst")
        cho.expect("ann -> you: psst\r\n")
        ann.click("#rooms button")
        cho.type("/join lobby")
        ann.expect("cho\nguest", "#persons")
        cho.type("/leave lobby")
        ann.expect("cho\nguest", "#others")
        ann.click("#others button")
        cho.type("/quit")
        cho.expect("Bye.")
        enter = "document.getElementById('people').onpointerenter()"
        ann.wait(lambda: (ann.js(enter), ann.text("#others") == "")[1], "cho is there")
        self.assertNotIn("Elsewhere", ann.text("#people"))
        ann.expect("cho was a guest and has left.", "#topic")
        self.assert_sound(ann)

    def test_nobody(self) -> None:
        """What is written to nobody is handed back, with the reason, once."""
        self.start()
        self.register("dan").type("/quit")
        ann = self.window()
        ann.enter("ann")
        ann.say("/msg nobody are you there?")
        ann.expect("nobody", "#log .error")
        self.assertEqual(ann.text("#talks"), "")
        self.assertEqual(len(ann.text("#log .error").splitlines()), 1)
        value = "return document.getElementById('text').value"
        self.assertEqual(ann.js(value), "/msg nobody are you there?")
        ann.fill("#text", "")
        ann.say("/msg DAN later")
        ann.expect("later")
        ann.wait(lambda: not ann.text(".sending"), "it is not sent")
        ann.expect("dan", "#talks")
        self.assert_sound(ann)

    def test_no_room(self) -> None:
        """Who is put out of the last room is told so, and goes on by commands."""
        self.start()
        ann = self.window()
        ann.enter("ann")
        cho = self.nc("cho")
        cho.type("/join ops", "old words")
        ann.say("/join ops")
        ann.expect("old words")
        ann.say("/leave lobby")
        ann.gone("lobby", "#rooms")
        cho.type("/kick ann Enough.")
        ann.expect("No room", "#title")
        ann.expect("cho put you out of #ops: Enough.")
        ann.expect("You are in no room. Join one to talk.")
        self.assertNotIn("old words", ann.text("#log"))
        ann.say("hello?")
        ann.expect("You are in no room. Join one first.", "#log .error")
        ann.fill("#text", "/who")
        ann.press("\n", selector="#text")
        ann.expect("cho", "#log .note:last-child")
        ann.say("/join lobby")
        ann.expect("#lobby", "#title")
        ann.gone("no room")
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

    def test_official(self) -> None:
        """The message of the day and what operators do are told on the page, too."""
        server = self.start("--motd=Backup at six.")
        code = self.claim_code(server)
        olga = self.register("olga")
        ann = self.window()
        ann.enter("ann")
        ann.expect("Message of the day: Backup at six.", "#log .note")
        ann.go(self.address)
        ann.come_in()
        ann.expect("Message of the day: Backup at six.", "#log .note")
        olga.type(f"/claim {code}", "/motd Backup at seven.", "/history off")
        ann.expect("olga set the message of the day: Backup at seven.")
        ann.expect("olga changed the room: it is public, and what is said is not kept")
        olga.type("/lockdown on", "/lockdown off")
        ann.expect("olga locked the server down: only members come in")
        ann.expect("olga ended the lock-down.")
        self.assert_sound(ann)

    def test_promoted(self) -> None:
        """Who is made an operator is told so, and is one."""
        code = self.claim_code(self.start())
        ann = self.window()
        ann.enter("ann", "register")
        ann.say(f"/claim {code}")
        ann.expect("ann is an operator now, by ann.")
        ann.expect("operator", "#account")
        self.assert_sound(ann)

    def test_too_long(self) -> None:
        """What is too long stays in the field, with the reason, and nothing is cut."""
        self.start("--limits-message-chars=30", "--limits-paste-lines=3")
        ann = self.window()
        ann.enter("ann")
        put = (
            "const field = document.getElementById('text'); field.value = arguments[0]"
        )
        for text, why in (
            ("x" * 31, "at most 30 characters, and yours 31."),
            ("a\nb\nc\nd", "and yours 4 lines and 7 bytes."),
            ("\n".join(["x" * 100_000] * 3), "yours 3 lines and 300002 bytes."),
        ):
            ann.js(put, text)
            ann.click("#send")
            ann.expect(why, "#log .error:last-child")
            self.assertEqual(
                ann.js("return document.getElementById('text').value"), text
            )
        for text in ("a\nb\nc", "\N{SLICE OF PIZZA}" * 30):
            ann.js(put, text)
            ann.click("#send")
            ann.expect(text)
        ann.wait(lambda: not ann.text(".sending"), "it is not sent")
        self.assertEqual(ann.text(".failed"), "")
        ann.js(
            "Promise.all([import('./page.js'), import('./saying.js')]).then("
            "([{ chat }, { say }]) => say(chat.current, 'y'.repeat(31)))"
        )  # as if the limit were another by now
        ann.expect("Not sent. A message has at most 30", ".failed")
        self.assertEqual(ann.text(".failed button"), "Discard")

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

    def test_history(self) -> None:
        """A long history is loaded as one reads up, stays in place, and is found."""
        self.start("--limits-throttle=false")
        robot = Sender(self.port, 700, 3_000)
        wait_until(lambda: robot.said == 700, lambda: f"{robot.said} of 700 are said")
        ann = self.window()
        ann.enter("ann")
        ann.expect("number 699")
        self.assertNotIn("number 600", ann.messages())
        top = "return document.querySelector('#log .text').innerText"
        while "number 0" not in ann.messages():
            before = ann.js(top)
            ann.js("document.getElementById('log').scrollTop = 0")
            ann.wait(lambda was=before: ann.js(top) != was, "no more comes")
            self.assertLessEqual(len(ann.messages()), 500)
        messages = ann.messages()
        self.assertEqual(messages[:3], ["number 0", "number 1", "number 2"])
        self.assertNotIn("number 699", messages)
        place = (
            "const log = document.getElementById('log').getBoundingClientRect().top;"
            "return [...document.querySelectorAll('#log .message')].find("
            "e => e.innerText.includes(arguments[0])).getBoundingClientRect().top - log"
        )
        was = ann.js(place, "number 20")
        cho = self.nc("cho")
        cho.type("meanwhile")
        ann.find("#down")
        time.sleep(0.2)
        self.assertAlmostEqual(ann.js(place, "number 20"), was, delta=1)
        ann.click("#down")
        ann.expect("meanwhile")
        ann.expect("number 699")

        ann.click("#search")
        ann.fill("#dialog input", "number 300")
        ann.press("\n", selector="#dialog input")
        ann.click("#dialog .row")
        ann.wait(lambda: "number 300" in ann.text("#log .found"), "it is not shown")
        self.assertIn("number 299", ann.messages())
        self.assertIn("number 301", ann.messages())
        self.assert_sound(ann)

    def test_unread(self) -> None:
        """What came elsewhere is counted, and a line stands where it begins."""
        self.start()
        ann = self.window()
        ann.enter("ann")
        cho = self.nc("cho")
        cho.type("before")
        ann.expect("before")
        ann.say("/join ops")
        ann.expect("#ops", "#title")
        cho.type("while you were away", "ann: are you there?")
        ann.expect("lobby\n2", "#rooms")
        ann.wait(lambda: ann.driver.title.startswith("(1) #ops"), ann.driver.title)
        ann.click("#rooms button")
        ann.expect("New since you left\nC\ncho", "#log")
        self.assertLess(
            ann.text("#log").index("before"), ann.text("#log").index("New since")
        )
        ann.wait(lambda: ann.driver.title.startswith("#lobby"), "it still counts")
        self.assertEqual(ann.text("#rooms .badge"), "")
        self.assertEqual(ann.text("#log .mention mark"), "ann")

    def test_keyboard(self) -> None:
        """Everything goes with the keyboard alone: coming in, completion, people."""
        self.start()
        cho = self.nc("cho")
        ann = self.window()
        tab, down, enter, up = "\ue004", "\ue015", "\ue007", "\ue013"
        ann.js("document.activeElement.blur()")
        ann.press(tab, selector="body")
        for _ in range(10):
            if ann.js("return document.activeElement.id") == "name":
                break
            ann.press(tab)
        ann.press("ann", enter)
        ann.come_in()
        self.assertEqual(ann.js("return document.activeElement.id"), "text")
        ann.press("/wh")
        ann.expect("/whois", "#options")
        ann.press(down, tab)
        value = "return document.getElementById('text').value"
        self.assertEqual(ann.js(value), "/whois ")
        ann.press("ch", tab)
        self.assertEqual(ann.js(value), "/whois cho ")
        ann.press(enter)
        ann.expect("a guest, here for", "#log .note")
        ann.press(up)
        self.assertEqual(ann.js(value), "/whois cho")
        ann.press("\ue009a\ue000", "\ue017")  # all of it is deleted
        ann.press("/topci x", enter)
        ann.expect("Did you mean", "#log .error")
        self.assertEqual(ann.js(value), "/topci x")
        ann.press("\ue009a\ue000", "ch", tab, "hello", enter)
        cho.expect("ann: cho: hello\r\n")
        ann.press("\ue008\ue004\ue000")  # shift and tab: away from the field
        self.assertNotEqual(ann.js("return document.activeElement.id"), "text")
        ann.press("\ue00c")
        self.assertEqual(ann.js("return document.activeElement.id"), "text")

    def test_phone(self) -> None:
        """On a phone the lists slide in, and nothing is wider than the screen."""
        self.start()
        self.nc("cho")
        ann = self.window(PHONE)
        ann.enter("ann")
        ann.say(f"https://example.org/{'long' * 60}")
        ann.expect("example.org")
        ann.click("#open-people")
        ann.click("#persons [aria-pressed=false]")
        ann.expect("cho", "#title")
        ann.click("#open-places")
        ann.click("#rooms button")
        ann.expect("#lobby", "#title")
        widths = "return [document.documentElement.scrollWidth, innerWidth]"
        self.assertEqual(*ann.js(widths))


class BudgetTests(PageCase):
    """The page is small."""

    def test_budget(self) -> None:
        """
        On a slow phone and line the door is painted within a second and usable within
        two; it has less than 50 kB, of which less than 20 kB travel, and needs no more
        than six requests.
        """
        self.start()
        window = self.window()
        window.go("about:blank")
        window.cdp("Network.enable")
        window.cdp("Network.setCacheDisabled", cacheDisabled=True)
        self.addCleanup(window.cdp, "Network.setCacheDisabled", cacheDisabled=False)
        window.slow(cpu=4, latency=150, up=200_000, down=200_000)  # 1.6 Mbit/s
        best: dict[str, float] = {}
        for _ in range(8):  # a loaded machine is slow now and then
            window.go(self.address)
            window.find("#come:enabled")
            measured = window.js(_MEASURE)
            for name, value in measured.items():
                best[name] = min(value, best.get(name, value))
            if best["paint"] < 1_000 and best["usable"] < 2_000:
                break
        self.assertLess(best["paint"], 1_000, best)
        self.assertLess(best["usable"], 2_000, best)
        self.assertLess(best["bytes"], 50_000, best)
        self.assertLess(best["packed"], 20_000, best)
        self.assertLessEqual(best["requests"], 6, best)


# The page marks when one can come in. The WebSocket is a request, too.
_MEASURE = """
const resources = performance.getEntriesByType("resource");
const all = [performance.getEntriesByType("navigation")[0], ...resources];
return {
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  usable: performance.getEntriesByName("usable")[0].startTime,
  bytes: all.reduce((sum, one) => sum + one.decodedBodySize, 0),
  packed: all.reduce((sum, one) => sum + one.transferSize, 0),
  requests: all.length + 1,
};
"""


class AccessibilityTests(PageCase):
    """Who sees little or nothing can use it: axe-core finds nothing serious."""

    def check(self, window: Window, state: str, *rules: str) -> None:
        """Look at the page as it is now, by all rules or some."""
        self.assertEqual(window.harm(*rules), [], state)

    def test_states(self) -> None:
        """Everything that the page can show, light and dark, wide and narrow."""
        self.start()
        cho = self.enter("cho")
        window = self.window()
        self.check(window, "door")
        window.js("document.querySelector('[value=register]').click()")
        window.look(dark=True)
        self.check(window, "door, dark", "color-contrast")
        window.enter("ann", "register")
        cho.type("ann: look at https://example.org/", "/msg ann psst")
        window.expect("cho", "#talks")
        window.say("/who")
        window.expect("2 people", "#log .note")
        window.say("/nonsense")
        window.expect("There is no command", "#log .error")
        for dark in (False, True):
            window.look(dark=dark)
            self.check(window, f"chat, dark: {dark}")
        window.fill("#text", "/")
        window.find("#options")
        self.check(window, "completion")
        self.assertIn("/away", window.text("#options"))  # they stay
        window.press("\ue00c", "\ue003")
        for opener in ("#search", "#account", "#join"):
            window.click(opener)
            window.find("#dialog[open]")
            self.check(window, opener)
            window.click("#dialog [aria-label=Close]")
        window.look(PHONE)
        window.click("#open-people")
        self.check(window, "people on a phone")
        window.click("#persons [aria-pressed=false]")
        window.expect("psst")
        self.check(window, "private, on a phone")
        window.click("#open-places")
        self.check(window, "rooms on a phone, dark")
