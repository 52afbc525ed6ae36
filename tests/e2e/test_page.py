"""The page, in real browsers: people meet there, and with people in terminals."""

import signal
import time

from tests.e2e.browsing import PageCase
from tests.e2e.running import wait_until
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
